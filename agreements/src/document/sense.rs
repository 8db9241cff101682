//! Whether a document that has the right form makes sense: what refers to what, who is what, and
//! nothing that would let out more than it seems to say.

mod clause;
mod dataset;
mod purposes;

use std::collections::BTreeMap;

use super::draft::{DatasetParts, Draft, Row, is_named};
use super::reader::Reader;
use crate::agreement::{PartyRole, Regime, SUITE};
use crate::element::Dataset;
use crate::law;

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
    for (at, language) in draft.languages.iter().enumerate() {
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
    let abroad = draft.parties.iter().filter(|row| row.parts.regime.is_some_and(needs_transfer_tool));
    let abroad = abroad.filter_map(|row| row.name.as_deref()).collect();
    for row in &draft.clauses {
        clause::check(reader, row, draft, &abroad);
    }
    clause::check_expansion(reader, draft);
}

pub(super) fn dataset(reader: &Reader, row: &Row<Dataset, DatasetParts>) {
    dataset::check(reader, row);
}

/// Whether data goes to a party under this regime only with a transfer tool; if in doubt, it does.
fn needs_transfer_tool(regime: Regime) -> bool {
    law::rules(regime).map_or(true, |rules| rules.transfer_tool_needed)
}

/// Notes every row whose name an earlier row of the same kind has.
fn unique<T, P>(reader: &Reader, rows: &[Row<T, P>], kind: &str, key: &str) {
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
    let mut provider: Option<&str> = None;
    let mut keys: BTreeMap<[u8; 32], String> = BTreeMap::new();
    for row in &draft.parties {
        let (party, at) = (&row.parts, |key: &str| format!("{}.{key}", row.path));
        let two_capitals =
            |country: &String| country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        if party.country.as_ref().is_some_and(|country| !two_capitals(country)) {
            reader.report(&at("country"), "write a country as two capital letters (ISO 3166-1)");
        }
        match party.role {
            Some(PartyRole::Provider) => {
                if let Some(other) = provider.replace(&row.path) {
                    reader.report(&at("role"), format!("{other} is the provider already, and there is one"));
                }
                if party.log_key == Some(None) {
                    reader.report(&row.path, "the provider has no `log_key`, by which its log is checked");
                }
            }
            Some(PartyRole::Recipient) => {
                if matches!(party.log_key, Some(Some(_))) {
                    reader.report(&at("log_key"), "only the provider has a `log_key`");
                }
            }
            None => {}
        }
        let log_key = party.log_key.as_ref().and_then(Option::as_ref);
        for (name, key) in [("root_key", party.root_key.as_ref()), ("log_key", log_key)] {
            let Some(key) = key else { continue };
            if let Some(other) = keys.insert(*key.public(), at(name)) {
                reader.report(&at(name), format!("this is the key at {other}; no key is used twice"));
            }
        }
    }
    let is = |role| draft.parties.iter().any(|row| row.parts.role.is_none_or(|read| read == role));
    if !draft.parties.is_empty() && !is(PartyRole::Provider) {
        reader.report("party", "no party is the provider");
    }
    if !draft.parties.is_empty() && !is(PartyRole::Recipient) {
        reader.report("party", "no party is a recipient");
    }
}

fn duties(reader: &Reader, draft: &Draft) {
    unique(reader, &draft.conditions, "condition", "id");
    unique(reader, &draft.organisational, "organisational", "id");
    let conditions = draft.conditions.iter().map(|row| (&row.path, "attested_by", &row.parts));
    let duties = draft.organisational.iter().map(|row| (&row.path, "accepted_by", &row.parts));
    for (path, key, party) in conditions.chain(duties) {
        if let Some(party) = party {
            is_party(reader, &format!("{path}.{key}"), party.as_str(), draft);
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

fn controlled_by_provider(reader: &Reader, row: &Row<Dataset, DatasetParts>, draft: &Draft) {
    let Some(controller) = &row.parts.controller else { return };
    let path = format!("{}.controller", row.path);
    let mut parties = draft.parties.iter();
    match parties.find(|party| party.name.as_deref() == Some(controller.as_str())).map(|party| party.parts.role)
    {
        Some(Some(PartyRole::Provider) | None) => {}
        Some(Some(PartyRole::Recipient)) => {
            reader.report(&path, "the controller of a dataset is the provider");
        }
        None => {
            is_party(reader, &path, controller.as_str(), draft);
        }
    }
}
