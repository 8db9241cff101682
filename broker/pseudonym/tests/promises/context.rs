//! What is read beside the output.

use pseudonym::Context;
use pseudonym::context::persons;

use crate::builders::{declarations, rows};

#[test]
fn every_identifier_of_a_person_is_found_in_its_normal_form() {
    let record = r#"{"consignee":{"name":"Anna Müller","phone":["+31 20 1","020 2"],"eori":null,"country":"NL"},
        "persons":[{"name":"Рубець"},{"name":""},7],"remarks":"call Anna","container":"MSKU1234565"}"#;
    let context = Context::identifiers(&declarations()).unwrap();
    let found = context.read(record.as_bytes()).unwrap();
    let shown: Vec<_> = found.iter().map(|f| (f.element.path.as_str(), f.normalised.as_str())).collect();
    let expected = [
        ("consignee.name", "anna muller"),
        ("consignee.phone", "+31201"),
        ("consignee.phone", "0202"),
        ("persons.name", "rubets"),
        ("container", "MSKU1234565"),
    ];
    assert_eq!(shown, expected);
    assert_eq!(found[0].element.subject.as_deref(), Some("consignee"));
}

#[test]
fn a_csv_record_is_read_by_its_columns() {
    let context = Context::of(&rows(), |e| ["consignee.eori", "goods.hs"].contains(&e.path.as_str())).unwrap();
    let mut fields = vec![""; 16];
    (fields[3], fields[10]) = ("\"nl 1,2\"", "440890");
    let row = fields.join(",");
    let found = context.read(row.as_bytes()).unwrap();
    let shown: Vec<_> = found.iter().map(|f| (f.element.path.as_str(), f.normalised.as_str())).collect();
    assert_eq!(shown, [("consignee.eori", "NL12"), ("goods.hs", "440890")]);
    assert!(context.read(b"a,b").is_err());
}

/// Who counts in a record, each by element and normal form.
fn counted(record: &str) -> Vec<String> {
    let dataset = declarations();
    let context = Context::identifiers(&dataset).unwrap();
    let found = context.read(record.as_bytes()).unwrap();
    persons(&found).iter().map(|one| format!("{} {}", one.element.path, one.normalised)).collect()
}

#[test]
fn each_party_of_a_record_counts_once_by_its_strongest_identifier() {
    let consignee = r#""name":"Anna","phone":["1234","5678"],"eori":"NL1","born":"1980-01-01""#;
    assert_eq!(counted(&format!(r#"{{"consignee":{{{consignee}}}}}"#)), ["consignee.eori NL1"]);
    let passport = format!(r#"{{"consignee":{{{consignee},"passport":"X1"}}}}"#);
    assert_eq!(counted(&passport), ["consignee.passport X1"]);
    // Two telephones of one party are one party; two names in a list of parties are two.
    assert_eq!(counted(r#"{"consignee":{"phone":["1234","5678"]}}"#), ["consignee.phone 1234"]);
    assert_eq!(
        counted(r#"{"consignee":{"name":"Anna"},"persons":[{"name":"Ben"},{"name":"Carl"}]}"#),
        ["consignee.name anna", "persons.name ben", "persons.name carl"]
    );
    // A record that names nobody counts nobody.
    assert!(counted(r#"{"consignee":{"country":"NL"}}"#).is_empty());
}
