//! What is read beside the output.

use pseudonym::Context;

use crate::builders::{declarations, rows};

#[test]
fn every_identifier_of_a_person_is_found_in_its_normal_form() {
    let record = r#"{"consignee":{"name":"Anna Müller","phone":["+31 20 1","020 2"],"eori":null,"country":"NL"},
        "persons":[{"name":"Рубець"},{"name":""},7],"remarks":"call Anna","container":"MSKU1234565"}"#;
    let context = Context::subjects(&declarations()).unwrap();
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
