//! The worked agreements against the vocabularies and the real file that they speak of.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use agreements::{Category, document, library};

/// The terms of one vocabulary of the W3C Data Privacy Vocabulary 2.2.
fn terms(file: &str) -> Option<BTreeSet<String>> {
    let path = tests::data::data(&format!("customs/dpv-2.2/{file}"))?;
    let mut rows = csv::Reader::from_path(path).unwrap();
    Some(rows.records().map(|row| row.unwrap().get(0).unwrap().to_owned()).collect())
}

#[test]
fn the_library_uses_only_terms_that_the_vocabulary_has() {
    let vocabularies =
        (terms("pd_pd.csv"), terms("dpv_modules_purposes.csv"), terms("legal_eu_gdpr_eu-gdpr.csv"));
    let (Some(data), Some(purposes), Some(law)) = vocabularies else { return };
    for (name, text) in library::AGREEMENTS {
        let agreement = document::read(text).unwrap();
        for element in agreement.datasets.iter().flat_map(|dataset| &dataset.elements) {
            if let Category::Personal(term) = &element.category {
                assert!(data.contains(term.trim_start_matches("pd:")), "{name}: {term}");
            }
        }
        for purpose in &agreement.purposes {
            if let Some(term) = purpose.id.as_str().strip_prefix("dpv:") {
                assert!(purposes.contains(term), "{name}: {term}");
            }
        }
        for clause in &agreement.clauses {
            let codes = std::iter::once(&clause.legal_basis).chain(&clause.transfer_tool);
            for term in codes.filter_map(|code| code.strip_prefix("eu-gdpr:")) {
                assert!(law.contains(term), "{name}: {term}");
            }
        }
    }
}

#[test]
fn the_columns_of_the_real_declarations_are_those_of_the_dataset() {
    let dataset = document::read_dataset(library::dataset("kcs-import-declarations").unwrap()).unwrap();
    let columns: Vec<&str> = dataset.elements.iter().filter_map(|element| element.column.as_deref()).collect();
    assert_eq!(columns.len(), 22);
    for part in ["train", "valid", "test"] {
        let file = format!("customs/kcs-import-declarations/df_syn_{part}_eng.csv");
        let Some(path) = tests::data::data(&file) else { return };
        let mut rows = csv::Reader::from_path(path).unwrap();
        assert_eq!(rows.headers().unwrap().iter().collect::<Vec<_>>(), columns, "{part}");
    }
}
