//! The leaf: the only layer of an entry that is hashed into the tree, and is never deleted.
//!
//! It tells nobody who received what: a random id, the time to the second, the hash of the sealed
//! message, and commitments.

use agreements::digest::{CanonicalError, canonical};
use agreements::{Digest, EntryId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::tree::{Hash, leaf_hash};

/// Version of this leaf format.
pub const LEAF_VERSION: u32 = 1;

/// What is wrong with the bytes of a leaf.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// They are not the JSON of a leaf.
    #[error("not a leaf: {0} error at column {1}")]
    Form(&'static str, usize),
    /// They are one, but of another version of the format.
    #[error("a leaf of version {0}; this program knows version {LEAF_VERSION}")]
    Version(u32),
    /// The time has a fraction of a second.
    #[error("its time is not in whole seconds")]
    Time,
    /// They are one, but not in canonical form.
    #[error("not in canonical form")]
    NotCanonical,
    /// The leaf has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// A leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// Version of the format: 1.
    pub v: u32,
    /// Random.
    pub id: EntryId,
    /// When, in whole seconds.
    pub at: Timestamp,
    /// SHA-256 of the sealed message that went out with this entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Digest>,
    /// Commitment to the particulars.
    pub particulars: Digest,
    /// Commitment to the personal part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Digest>,
}

impl Leaf {
    /// A leaf of the present version; the time is cut to whole seconds.
    pub fn new(
        id: EntryId,
        at: Timestamp,
        message: Option<Digest>,
        particulars: Digest,
        personal: Option<Digest>,
    ) -> Self {
        Self { v: LEAF_VERSION, id, at: whole_seconds(at), message, particulars, personal }
    }

    /// The bytes that are hashed into the tree: canonical JSON.
    ///
    /// # Errors
    /// [`CanonicalError`]; none is expected of a leaf.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        Ok(canonical(self)?.into_bytes())
    }

    /// Reads the bytes of a leaf, which have one form only.
    ///
    /// # Errors
    /// [`LeafError`] saying what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf: Self = serde_json::from_slice(bytes).map_err(|e| LeafError::Form(kind(&e), e.column()))?;
        if leaf.v != LEAF_VERSION {
            return Err(LeafError::Version(leaf.v));
        }
        if leaf.at != whole_seconds(leaf.at) {
            return Err(LeafError::Time);
        }
        if leaf.to_bytes()? != bytes {
            return Err(LeafError::NotCanonical);
        }
        Ok(leaf)
    }

    /// The hash of the leaf in the tree.
    ///
    /// # Errors
    /// [`CanonicalError`]; none is expected of a leaf.
    pub fn hash(&self) -> Result<Hash, CanonicalError> {
        Ok(leaf_hash(&self.to_bytes()?))
    }
}

/// The kind of a JSON error in a word; its own text could quote a value.
pub(crate) fn kind(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Io => "reading",
        serde_json::error::Category::Syntax => "syntax",
        serde_json::error::Category::Data => "content",
        serde_json::error::Category::Eof => "end of text",
    }
}

/// The second in which an instant lies: all that a leaf says of time.
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        let at = "2026-05-17T10:00:00.9Z".parse().unwrap();
        Leaf::new(EntryId::from_bytes([7; 16]), at, None, Digest::of(b"p"), Some(Digest::of(b"q")))
    }

    #[test]
    fn a_leaf_has_one_form_and_whole_seconds() {
        let bytes = leaf().to_bytes().unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.starts_with(r#"{"at":"2026-05-17T10:00:00Z","id":"0707"#), "{text}");
        assert_eq!(Leaf::parse(&bytes).unwrap(), leaf());
        let changes = [
            (":00Z", ":00.5Z"),
            ("\"v\":1", "\"v\":2"),
            ("\"v\":1", "\"v\": 1"),
            ("\"v\":1", "\"v\":1,\"w\":1"),
            ("\"v\":1", "\"message\":null,\"v\":1"),
            ("10:00:00Z", "12:00:00+02:00"),
        ];
        for (from, to) in changes {
            assert!(Leaf::parse(text.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }
}
