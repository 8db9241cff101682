//! Blind indexes and subject tags: finding sealed rows by a value, without its plaintext.
//!
//! Both are HMAC-SHA-256 under a key of the vault, cut to 16 bytes. Equal values give equal tags:
//! a thief of the database without the vault sees equality and frequency, and nothing else.
//! Callers normalise values before they come here.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use agreements::{DatasetId, ElementPath, IdentifierKind};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::derive;
use crate::vault::{Branch, Vault};

/// A blind index or a subject tag: 16 bytes.
pub type Tag = [u8; 16];

type Mac = Hmac<Sha256>;

/// Makes the blind indexes of stored records.
pub struct BlindIndex {
    vault: Arc<Vault>,
    keys: RwLock<HashMap<DatasetId, HashMap<ElementPath, Mac>>>,
}

impl BlindIndex {
    /// The indexes under `vault`.
    pub fn new(vault: Arc<Vault>) -> Self {
        Self { vault, keys: RwLock::default() }
    }

    /// The tag of a normalised value of an element of a dataset.
    pub fn tag(&self, dataset: &DatasetId, element: &ElementPath, normalised: &str) -> Tag {
        let known = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(dataset)
            .and_then(|elements| elements.get(element))
            .cloned();
        cut(known.unwrap_or_else(|| self.key(dataset, element)), normalised)
    }

    fn key(&self, dataset: &DatasetId, element: &ElementPath) -> Mac {
        let branch = Branch::BlindIndex { dataset: dataset.as_str(), element: element.as_str() };
        let mac = derive::mac(&self.vault.branch(&branch));
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.entry(dataset.clone()).or_default().insert(element.clone(), mac.clone());
        mac
    }
}

/// Makes the subject tags of disclosures: which entries speak of a data subject.
pub struct SubjectTags {
    vault: Arc<Vault>,
    keys: RwLock<HashMap<(i16, IdentifierKind), Mac>>,
}

impl SubjectTags {
    /// The tags under `vault`.
    pub fn new(vault: Arc<Vault>) -> Self {
        Self { vault, keys: RwLock::default() }
    }

    /// The tag of a normalised identifier in the calendar year (UTC) of the disclosure. A search
    /// over several years asks with the tag of each.
    pub fn tag(&self, year: i16, kind: IdentifierKind, normalised: &str) -> Tag {
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&(year, kind)).cloned();
        let mac = known.unwrap_or_else(|| {
            let mac = derive::mac(&self.vault.branch(&Branch::SubjectTags { year, kind }));
            self.keys.write().unwrap_or_else(PoisonError::into_inner).insert((year, kind), mac.clone());
            mac
        });
        cut(mac, normalised)
    }
}

fn cut(mut mac: Mac, normalised: &str) -> Tag {
    mac.update(normalised.as_bytes());
    let full: [u8; 32] = mac.finalize().into_bytes().into();
    let (tag, _) = full.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    *tag
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex")
    }
}

impl fmt::Debug for SubjectTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectTags")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;
    use crate::vault::Unlock;

    fn vault(dir: &tempfile::TempDir, seed: u64) -> Arc<Vault> {
        let unlock = Unlock::KeyFileInDataFolder(dir.path().join(format!("key-{seed}")));
        let Unlock::KeyFileInDataFolder(path) = &unlock else { unreachable!() };
        crate::vault::make_key_file(path, &SeededRng::new(seed)).unwrap();
        let vault = dir.path().join(format!("vault-{seed}"));
        Arc::new(Vault::create(&vault, &unlock, &SeededRng::new(seed)).unwrap())
    }

    #[test]
    fn equal_values_are_found_in_their_element_only() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs) = (BlindIndex::new(vault(&dir, 1)), BlindIndex::new(vault(&dir, 2)));
        let (a, b) = (DatasetId::parse("a").unwrap(), DatasetId::parse("b").unwrap());
        let (x, y) = (ElementPath::parse("x").unwrap(), ElementPath::parse("y").unwrap());
        let tag = ours.tag(&a, &x, "value");
        assert_eq!(tag, ours.tag(&a, &x, "value"), "the cached key is the same key");
        assert_ne!(tag, ours.tag(&a, &x, "other"));
        assert_ne!(tag, ours.tag(&a, &y, "value"));
        assert_ne!(tag, ours.tag(&b, &x, "value"));
        assert_ne!(tag, theirs.tag(&a, &x, "value"), "another vault, other tags");
    }

    #[test]
    fn a_subject_tag_belongs_to_one_year_and_one_kind() {
        let dir = tempfile::tempdir().unwrap();
        let tags = SubjectTags::new(vault(&dir, 1));
        let tag = tags.tag(2026, IdentifierKind::Eori, "NL123");
        assert_eq!(tag, tags.tag(2026, IdentifierKind::Eori, "NL123"));
        assert_ne!(tag, tags.tag(2025, IdentifierKind::Eori, "NL123"));
        assert_ne!(tag, tags.tag(2026, IdentifierKind::Vat, "NL123"));
        assert_ne!(tag, tags.tag(2026, IdentifierKind::Eori, "NL124"));
    }
}
