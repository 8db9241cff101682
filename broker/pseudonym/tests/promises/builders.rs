//! Small datasets and domains.

use std::collections::BTreeMap;

use agreements::{Dataset, DisclosureId, ElementPath, Transformation};
use pseudonym::{Domain, DomainKey, Plan};
use serde_json::{Value, json};

/// The elements of a declaration: path, kind of value, kind of identifier, subject.
const DECLARATION: [(&str, &str, &str, &str); 16] = [
    ("declaration.number", "text", "declaration-number", ""),
    ("declaration.date", "date", "", ""),
    ("consignee.name", "text", "name", "consignee"),
    ("consignee.eori", "text", "eori", "consignee"),
    ("consignee.passport", "text", "passport", "consignee"),
    ("consignee.phone", "text", "phone", "consignee"),
    ("consignee.born", "date", "birth-date", "consignee"),
    ("consignee.email", "text", "email", "consignee"),
    ("consignee.country", "text", "", ""),
    ("persons.name", "text", "name", "person"),
    ("goods.hs", "hs-code", "", ""),
    ("goods.net_mass", "number", "", ""),
    ("goods.value", "number", "", ""),
    ("remarks", "narrative", "", ""),
    ("urgent", "flag", "", ""),
    ("container", "text", "container", ""),
];

/// A nested JSON dataset.
pub(crate) fn declarations() -> Dataset {
    dataset("json", &DECLARATION)
}

/// The same elements as a CSV dataset, each column named by its path.
pub(crate) fn rows() -> Dataset {
    dataset("csv", &DECLARATION)
}

/// A dataset of those elements.
pub(crate) fn dataset(format: &str, elements: &[(&str, &str, &str, &str)]) -> Dataset {
    let elements: Vec<Value> = elements
        .iter()
        .map(|(path, kind, identifier, subject)| {
            let category = if identifier.is_empty() { "none" } else { "pd:Identifying" };
            let mut element = json!({"path": path, "title": path, "category": category, "kind": kind});
            for (key, value) in [("identifier", identifier), ("subject", subject)] {
                if !value.is_empty() {
                    element[key] = json!(value);
                }
            }
            if format == "csv" {
                element["column"] = json!(path);
            }
            element
        })
        .collect();
    serde_json::from_value(json!({
        "id": "declarations", "title": "Declarations", "controller": "nl-customs",
        "originator": "nl-customs", "format": format, "element": elements,
    }))
    .unwrap()
}

/// The key of a domain of that recipient, under the seed.
pub(crate) fn key_of(recipient: &str, seed: u8) -> DomainKey {
    let domain = Domain {
        agreement: "NL-BE-2026-04".parse().unwrap(),
        recipient: recipient.parse().unwrap(),
        purpose: "customs:RiskManagement".parse().unwrap(),
        epoch: 1,
    };
    DomainKey::derive(&[7; 32], &[seed; 32], &domain).unwrap()
}

/// The key of the domain that most tests use.
pub(crate) fn key() -> DomainKey {
    key_of("be-customs", 1)
}

/// Transformations by element, in their text form.
pub(crate) fn elements(pairs: &[(&str, &str)]) -> BTreeMap<ElementPath, Transformation> {
    pairs
        .iter()
        .map(|(path, form)| (ElementPath::parse(path).unwrap(), Transformation::parse(form).unwrap()))
        .collect()
}

/// A plan for one disclosure in the usual domain.
pub(crate) fn plan(dataset: &Dataset, pairs: &[(&str, &str)]) -> Plan {
    Plan::new(dataset, &elements(pairs), &key(), disclosure(1)).unwrap_or_else(|error| panic!("{error}"))
}

/// A disclosure.
pub(crate) fn disclosure(number: u8) -> DisclosureId {
    DisclosureId::from_bytes([number; 16])
}

/// What one record becomes, without its line end.
pub(crate) fn pass(plan: &Plan, record: &str) -> String {
    let mut pass = plan.begin_part();
    pass.record(record.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let written = String::from_utf8(pass.finish().0.into_bytes()).unwrap();
    written.strip_suffix('\n').unwrap().to_owned()
}
