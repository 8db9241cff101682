//! Whether a document that has the right form makes sense: what refers to what, who is what, and
//! nothing that would let out more than it seems to say.

mod clause;
mod dataset;
mod purposes;

use std::collections::BTreeMap;

use super::draft::{Draft, Row, is_named};
use super::section::Reader;
use crate::agreement::{PartyRole, SUITE};
use crate::element::Dataset;

/// The one schema that is read.
const SCHEMA: u32 = 1;

pub(super) fn agreement(reader: &Reader, draft: &Draft) {
    if draft.schema.is_some_and(|schema| schema != SCHEMA) {
        reader.report("schema", format!("this program reads schema {SCHEMA} only"));
    }
    if draft.version == Some(0) {
        reader.report("version", "versions count from 1");
    }
    if draft.suite.as_ref().is_some_and(|suite| suite != SUITE) {
        reader.report("suite", format!("schema {SCHEMA} has the suite `{SUITE}` only"));
    }
    if let Some(validity) = draft.validity.as_ref().filter(|validity| validity.from >= validity.until) {
        reader.report("validity.until", format!("this is not after {}, the first day", validity.from));
    }
    for (at, language) in draft.instrument.iter().flat_map(|i| i.languages.iter().enumerate()) {
        if language.len() != 2 || !language.bytes().all(|b| b.is_ascii_lowercase()) {
            let path = format!("instrument.languages[{}]", at + 1);
            reader.report(&path, "write a language as two small letters (ISO 639-1)");
        }
    }
    parties(reader, draft);
    duties(reader, draft);
    purposes::check(reader, draft);
    unique(reader, &draft.datasets, "dataset", "id");
    for row in &draft.datasets {
        dataset::check(reader, row);
        controlled_by_provider(reader, row, draft);
    }
    unique(reader, &draft.clauses, "clause", "id");
    for row in &draft.clauses {
        clause::check(reader, row, draft);
    }
    clause::check_expansion(reader, draft);
}

pub(super) fn dataset(reader: &Reader, row: &Row<Dataset>) {
    dataset::check(reader, row);
}

/// Notes every row whose name an earlier row of the same kind has.
fn unique<T>(reader: &Reader, rows: &[Row<T>], kind: &str, key: &str) {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(name) = row.name.as_deref() else { continue };
        if let Some(before) = first.get(name) {
            reader.report(&format!("{}.{key}", row.path), format!("{kind}[{before}] has this name already"));
        } else {
            first.insert(name, at + 1);
        }
    }
}

fn parties(reader: &Reader, draft: &Draft) {
    unique(reader, &draft.parties, "party", "authority");
    let mut providers = 0_usize;
    let mut recipients = 0_usize;
    let mut keys: BTreeMap<[u8; 32], String> = BTreeMap::new();
    for row in &draft.parties {
        let Some(party) = &row.value else { continue };
        let at = |key: &str| format!("{}.{key}", row.path);
        if party.country.len() != 2 || !party.country.bytes().all(|b| b.is_ascii_uppercase()) {
            reader.report(&at("country"), "write a country as two capital letters (ISO 3166-1)");
        }
        match party.role {
            PartyRole::Provider => {
                providers += 1;
                if providers > 1 {
                    reader.report(&at("role"), "there is a provider already, and an agreement has one");
                }
                if party.log_key.is_none() {
                    reader.report(&row.path, "the provider has no `log_key`, by which its log is checked");
                }
            }
            PartyRole::Recipient => {
                recipients += 1;
                if party.log_key.is_some() {
                    reader.report(&at("log_key"), "only the provider has a `log_key`");
                }
            }
        }
        for (name, key) in [("root_key", Some(&party.root_key)), ("log_key", party.log_key.as_ref())] {
            let Some(key) = key else { continue };
            if let Some(other) = keys.insert(*key.public(), at(name)) {
                reader.report(&at(name), format!("this is the key at {other}; no key is used twice"));
            }
        }
    }
    let all_read = !draft.parties.is_empty() && draft.parties.iter().all(|row| row.value.is_some());
    if all_read && providers == 0 {
        reader.report("party", "no party is the provider");
    }
    if all_read && recipients == 0 {
        reader.report("party", "no party is a recipient");
    }
}

fn duties(reader: &Reader, draft: &Draft) {
    unique(reader, &draft.conditions, "condition", "id");
    unique(reader, &draft.organisational, "organisational", "id");
    for row in &draft.conditions {
        if let Some(condition) = &row.value {
            let path = format!("{}.attested_by", row.path);
            is_party(reader, &path, condition.attested_by.as_str(), draft);
        }
    }
    for row in &draft.organisational {
        if let Some(duty) = &row.value {
            is_party(reader, &format!("{}.accepted_by", row.path), duty.accepted_by.as_str(), draft);
        }
    }
}

fn is_party(reader: &Reader, path: &str, name: &str, draft: &Draft) -> bool {
    let known = is_named(&draft.parties, name);
    if !known {
        reader.report(path, format!("`{name}` is not a party"));
    }
    known
}

fn controlled_by_provider(reader: &Reader, row: &Row<Dataset>, draft: &Draft) {
    let Some(dataset) = &row.value else { return };
    let path = format!("{}.controller", row.path);
    let party = draft.parties.iter().filter_map(|row| row.value.as_ref());
    let role = party.clone().find(|party| party.authority == dataset.controller).map(|party| party.role);
    match role {
        Some(PartyRole::Provider) => {}
        Some(PartyRole::Recipient) => reader.report(&path, "the controller of a dataset is the provider"),
        None => {
            is_party(reader, &path, dataset.controller.as_str(), draft);
        }
    }
}
