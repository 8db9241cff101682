//! The name of a key in the vault, which is also the name of its file.

use std::fmt;

/// A name of small letters, digits, `-` and `.`, at most 200, that begins with a letter or digit:
/// `domain-seed.3f2a..`, `personal.led.2026-11`. Never holds personal data: it is seen by whoever
/// lists the folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

/// A text that is no name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's id is small letters, digits, `-` and `.`, at most 200, and begins with a letter or digit")]
pub struct KeyIdError;

impl KeyId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`KeyIdError`] when it has another form; so no id leads out of the folder.
    pub fn parse(text: &str) -> Result<Self, KeyIdError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let first = text.bytes().next().is_some_and(plain);
        if first && text.len() <= 200 && text.bytes().all(|b| plain(b) || b == b'-' || b == b'.') {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyIdError)
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leads_out_of_the_folder() {
        let long = "a".repeat(201);
        for bad in ["", ".", "..", "../root", "a/b", "a\\b", "A", "a b", "a\0", ".tmp-1", "-a", "é", &long] {
            assert!(KeyId::parse(bad).is_err(), "{bad}");
        }
        for good in ["a", "personal.led.2026-11", "0f", &long[1..]] {
            assert_eq!(KeyId::parse(good).unwrap().as_str(), good);
        }
    }
}
