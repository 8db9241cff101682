//! Canonical form (RFC 8785) and SHA-256 digest: what everybody signs and every entry refers to.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::IdError;

/// A SHA-256 value, written as 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Wraps a value computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 small hexadecimal digits.
    ///
    /// # Errors
    /// [`IdError::Form`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let mut bytes = [0; 32];
        let small = !text.bytes().any(|b| b.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if small => Ok(Self(bytes)),
            _ => Err(IdError::Form {
                text: text.chars().filter(|c| !c.is_control()).take(64).collect(),
                what: "a digest",
                rule: "64 small hexadecimal digits",
            }),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Digest {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

/// A value that has no canonical form (a map with keys that are not text, or a number that is
/// not finite); none of our own types is one.
#[derive(Debug, thiserror::Error)]
#[error("value has no canonical form")]
pub struct CanonicalError(#[source] serde_json::Error);

/// The RFC 8785 canonical JSON of `value`.
///
/// # Errors
/// [`CanonicalError`] when the value cannot be written as JSON.
pub fn canonical<T: Serialize>(value: &T) -> Result<String, CanonicalError> {
    serde_json_canonicalizer::to_string(value).map_err(CanonicalError)
}

/// The digest of the canonical form of `value`.
///
/// # Errors
/// [`CanonicalError`] when the value cannot be written as JSON.
pub fn digest_of<T: Serialize>(value: &T) -> Result<Digest, CanonicalError> {
    Ok(Digest::of(canonical(value)?.as_bytes()))
}
