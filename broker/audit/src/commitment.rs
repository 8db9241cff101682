//! Openings and the salted commitments to them.
//!
//! A leaf holds commitments only, so that what is committed to can be deleted on its date and the
//! tree still verifies. The salt keeps anybody from guessing values of a small range.

use std::fmt;

use agreements::Digest;
use agreements::digest::{CanonicalError, canonical};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What a commitment can be made to.
pub trait Committed: Serialize + DeserializeOwned {
    /// Separates this kind of commitment from every other; ends in a newline.
    const LABEL: &'static str;
}

/// 32 random bytes of one commitment, written as 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Digest", into = "Digest")]
pub struct Salt([u8; 32]);

impl Salt {
    /// Wraps 32 random bytes, used for nothing else.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}

impl From<Digest> for Salt {
    fn from(digits: Digest) -> Self {
        Self(*digits.as_bytes())
    }
}

impl From<Salt> for Digest {
    fn from(salt: Salt) -> Self {
        Self::from_bytes(salt.0)
    }
}

/// Values and the salt under which a leaf commits to them.
///
/// It has no `Debug` of its own values unless they have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "T: Committed")]
pub struct Opening<T> {
    /// The salt.
    pub salt: Salt,
    /// The values.
    pub values: T,
}

impl<T: Committed> Opening<T> {
    /// An opening; the salt is random and used once.
    pub const fn new(salt: [u8; 32], values: T) -> Self {
        Self { salt: Salt(salt), values }
    }

    /// The commitment: SHA-256(label, salt, canonical JSON of the values).
    ///
    /// # Errors
    /// [`CanonicalError`] when the values cannot be written as JSON.
    pub fn commitment(&self) -> Result<Digest, CanonicalError> {
        Ok(commit(T::LABEL, &self.salt, &canonical(&self.values)?))
    }

    /// The canonical JSON of salt and values: what is stored (sealed) and exported.
    ///
    /// # Errors
    /// [`CanonicalError`] when the values cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, CanonicalError> {
        canonical(self)
    }
}

/// The commitment to values that are already in canonical form.
pub(crate) fn commit(label: &str, salt: &Salt, values: &str) -> Digest {
    let hash = Sha256::new().chain_update(label).chain_update(salt.0).chain_update(values);
    Digest::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Personal};

    #[test]
    fn a_commitment_depends_on_label_salt_and_values() {
        let event = |version: &str| Event::Started { version: version.into(), size: 3 };
        let one = Opening::new([1; 32], event("1"));
        let expected = {
            let mut bytes = b"transire/particulars/1\n".to_vec();
            bytes.extend([1; 32]);
            bytes.extend(br#"{"operation":"started","size":3,"version":"1"}"#);
            Digest::of(&bytes)
        };
        assert_eq!(one.commitment().unwrap(), expected);
        assert_ne!(Opening::new([2; 32], event("1")).commitment().unwrap(), expected);
        assert_ne!(Opening::new([1; 32], event("2")).commitment().unwrap(), expected);
        let personal = Opening::new([1; 32], Personal::default()).commitment().unwrap();
        assert_ne!(personal, commit(Event::LABEL, &Salt([1; 32]), "{}"));
        let json = one.to_json().unwrap();
        assert_eq!(serde_json::from_str::<Opening<Event>>(&json).unwrap(), one);
    }
}
