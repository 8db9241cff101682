//! The branches of the vault's root: one key for one use, by HKDF.

use agreements::IdentifierKind;
use zeroize::Zeroizing;

use super::kinds::KeyKind;
use crate::derive;

/// Salt of every derivation from a vault's root.
pub(super) const SALT: &[u8] = b"transire/vault/1";

/// What a key that follows from the root is for. Two different branches never give the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch<'a> {
    /// Seals rows of a table; one key for each year and each series of writing (see
    /// [`crate::sealed`]).
    Columns {
        /// The table.
        table: &'a str,
        /// Calendar year (UTC) of the writing.
        year: i16,
        /// Random number of the run that wrote.
        series: u32,
    },
    /// Blind indexes of one element of one dataset.
    BlindIndex {
        /// The dataset.
        dataset: &'a str,
        /// The element.
        element: &'a str,
    },
    /// Subject tags of one year and one kind of identifier.
    SubjectTags {
        /// Calendar year (UTC) of the disclosure.
        year: i16,
        /// Kind of identifier.
        kind: IdentifierKind,
    },
    /// Root of the pseudonymisation domains: needs a domain's seed beside it to give any key.
    Domains,
    /// Salts of commitments that may be computed again. Not for personal parts: their salts are
    /// random, since nothing that stays may help to guess what was destroyed.
    Commitments,
}

impl Branch<'_> {
    /// The kind of key that this branch gives; so that no branch lacks a row in the reference.
    pub const fn kind(&self) -> KeyKind {
        match self {
            Self::Columns { .. } => KeyKind::Columns,
            Self::BlindIndex { .. } => KeyKind::BlindIndex,
            Self::SubjectTags { .. } => KeyKind::SubjectTags,
            Self::Domains => KeyKind::DomainRoot,
            Self::Commitments => KeyKind::CommitmentSalt,
        }
    }

    pub(super) fn derive(&self, root: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        match *self {
            Self::Columns { table, year, series } => derive::key(
                root,
                SALT,
                "transire/vault/columns/1",
                &[table.as_bytes(), &year.to_be_bytes(), &series.to_be_bytes()],
            ),
            Self::BlindIndex { dataset, element } => derive::key(
                root,
                SALT,
                "transire/vault/blind-index/1",
                &[dataset.as_bytes(), element.as_bytes()],
            ),
            Self::SubjectTags { year, kind } => derive::key(
                root,
                SALT,
                "transire/vault/subject-tags/1",
                &[&year.to_be_bytes(), kind.as_str().as_bytes()],
            ),
            Self::Domains => derive::key(root, SALT, "transire/vault/domains/1", &[]),
            Self::Commitments => derive::key(root, SALT, "transire/vault/commitments/1", &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_branch_has_a_key_of_its_own() {
        let branches = [
            Branch::Columns { table: "entries", year: 2026, series: 1 },
            Branch::Columns { table: "entries", year: 2026, series: 2 },
            Branch::Columns { table: "entries", year: 2027, series: 1 },
            Branch::Columns { table: "records", year: 2026, series: 1 },
            Branch::BlindIndex { dataset: "a", element: "b.c" },
            Branch::BlindIndex { dataset: "a", element: "b" },
            Branch::BlindIndex { dataset: "b", element: "a" },
            Branch::SubjectTags { year: 2026, kind: IdentifierKind::Name },
            Branch::SubjectTags { year: 2026, kind: IdentifierKind::Eori },
            Branch::SubjectTags { year: 2025, kind: IdentifierKind::Eori },
            Branch::Domains,
            Branch::Commitments,
        ];
        let keys: BTreeSet<_> = branches.iter().map(|branch| *branch.derive(&[7; 32])).collect();
        assert_eq!(keys.len(), branches.len());
        assert!(branches.iter().all(|branch| branch.derive(&[7; 32]) == branch.derive(&[7; 32])));
        assert!(branches.iter().all(|branch| branch.derive(&[7; 32]) != branch.derive(&[8; 32])));
    }
}
