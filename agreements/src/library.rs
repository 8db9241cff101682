//! Worked agreements and the datasets that they name. Each is an example, no agreement that
//! exists, and a test; their keys are placeholders.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, value};

use crate::ids::AuthorityId;
use crate::note::NoteKey;

/// The worked agreements: name and document.
pub const AGREEMENTS: &[(&str, &str)] = &[
    ("kcs-import-declarations", include_str!("../library/kcs-import-declarations.toml")),
    ("import-declarations", include_str!("../library/import-declarations.toml")),
    ("aeo-status", include_str!("../library/aeo-status.toml")),
    ("statistics-office", include_str!("../library/statistics-office.toml")),
];

/// The datasets as their controller publishes them: name, equal to the dataset's id, and document.
pub const DATASETS: &[(&str, &str)] = &[
    ("kcs-import-declarations", include_str!("../library/datasets/kcs-import-declarations.toml")),
    ("import-declarations", include_str!("../library/datasets/import-declarations.toml")),
    ("aeo-status", include_str!("../library/datasets/aeo-status.toml")),
];

/// A document that cannot be given real keys.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// It is not TOML.
    #[error("the document is not TOML: {0}")]
    Form(String),
    /// It has no table of that party.
    #[error("the document has no party `{0}`")]
    Party(AuthorityId),
}

/// The worked agreement of that name.
pub fn agreement(name: &str) -> Option<&'static str> {
    AGREEMENTS.iter().find(|(known, _)| *known == name).map(|(_, document)| *document)
}

/// The published dataset of that name.
pub fn dataset(name: &str) -> Option<&'static str> {
    DATASETS.iter().find(|(known, _)| *known == name).map(|(_, document)| *document)
}

/// The document with real keys in the place of its placeholders: of each authority its root key and,
/// where one is given, its log key. All else, comments included, stays as it is.
///
/// # Errors
/// [`LibraryError`] when the document is not TOML or has no party of a given name.
pub fn instantiate(
    document: &str,
    keys: &BTreeMap<AuthorityId, (NoteKey, Option<NoteKey>)>,
) -> Result<String, LibraryError> {
    let mut edited: DocumentMut =
        document.parse().map_err(|e: toml_edit::TomlError| LibraryError::Form(e.message().to_owned()))?;
    for (authority, (root, log)) in keys {
        let party = edited
            .get_mut("party")
            .and_then(|parties| parties.as_array_of_tables_mut())
            .and_then(|parties| {
                parties.iter_mut().find(|party| {
                    party.get("authority").and_then(|name| name.as_str()) == Some(authority.as_str())
                })
            })
            .ok_or_else(|| LibraryError::Party(authority.clone()))?;
        party.insert("root_key", value(root.to_string()));
        if let Some(log) = log {
            party.insert("log_key", value(log.to_string()));
        }
    }
    Ok(edited.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{read, read_dataset};

    #[test]
    fn every_worked_agreement_reads_without_a_violation() {
        for (name, document) in AGREEMENTS {
            let agreement = read(document).unwrap_or_else(|violations| panic!("{name}:\n{violations}"));
            for dataset in &agreement.datasets {
                let published = read_dataset(super::dataset(dataset.id.as_str()).unwrap())
                    .unwrap_or_else(|violations| panic!("{name}:\n{violations}"));
                assert_eq!(*dataset, published, "{name}");
            }
        }
    }

    #[test]
    fn real_keys_take_the_place_of_the_placeholders() {
        let document = agreement("import-declarations").unwrap();
        let other = read(agreement("aeo-status").unwrap()).unwrap();
        let root = other.parties[2].root_key.clone();
        let log =
            NoteKey::new("another.example/log", *other.parties[0].log_key.as_ref().unwrap().public()).unwrap();
        let authority = AuthorityId::parse("nl-customs").unwrap();
        let keys = BTreeMap::from([(authority.clone(), (root.clone(), Some(log.clone())))]);
        let before = read(document).unwrap();
        let after = read(&instantiate(document, &keys).unwrap()).unwrap();
        let party = after.party(&authority).unwrap();
        assert_eq!((&party.root_key, party.log_key.as_ref()), (&root, Some(&log)));
        assert_ne!(before.digest().unwrap(), after.digest().unwrap());
        assert_eq!(before.clauses, after.clauses);
        let unknown = BTreeMap::from([(AuthorityId::parse("xx").unwrap(), (root, None))]);
        assert!(matches!(instantiate(document, &unknown), Err(LibraryError::Party(_))));
    }
}
