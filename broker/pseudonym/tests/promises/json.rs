//! JSON records: only what the plan names, exactly as it says.

use std::collections::BTreeSet;

use agreements::ElementPath;
use proptest::prelude::*;
use pseudonym::{Plan, Pseudonym, RecordError, normalise};
use serde_json::{Value, json};

use crate::builders::{declarations, disclosure, elements, key, pass, plan};

#[test]
fn an_element_that_nobody_named_never_leaves() {
    let plan = plan(&declarations(), &[("consignee.country", "keep"), ("goods.hs", "generalise-hs:4")]);
    let record = r#"{"declaration":{"number":"41256141"},"consignee":{"name":"Anna Müller","country":"NL",
        "eori":"NL123456789","secret":{"country":"XX"}},"goods":[{"hs":"440890","value":1.10}],"other":[1,{"a":2}]}"#;
    assert_eq!(pass(&plan, record), r#"{"consignee":{"country":"NL"},"goods":[{"hs":"4408"}]}"#);
}

#[test]
fn numbers_are_given_as_they_were_written() {
    let plan = plan(&declarations(), &[("goods.net_mass", "keep"), ("goods.value", "keep")]);
    let record =
        r#"{"goods":[{"net_mass":1.10,"value":12345678901234567890},{"value":-1.0E+2,"net_mass":"0012.50"}]}"#;
    assert_eq!(pass(&plan, record), record);
}

#[test]
fn arrays_are_transformed_element_by_element() {
    let plan = plan(&declarations(), &[("persons.name", "pseudonymise"), ("consignee.email", "pseudonymise")]);
    let written = pass(
        &plan,
        r#"{"persons":[{"name":"Kowalska"},{"name":null},{"name":["Müller","KOWALSKA"]},{"name":[]}],
            "consignee":{"email":["a@b.example","c@d.example"]}}"#,
    );
    let read: Value = serde_json::from_str(&written).unwrap();
    let (kowalska, both) = (&read["persons"][0]["name"], &read["persons"][2]["name"]);
    assert_eq!(read["persons"][1], json!({"name": null}));
    assert_eq!(read["persons"][3], json!({"name": []}));
    assert_eq!(&both[1], kowalska);
    assert_ne!(&both[0], kowalska);
    assert_ne!(read["consignee"]["email"][0], read["consignee"]["email"][1]);
    assert!(Pseudonym::is_form(kowalska.as_str().unwrap()));
}

#[test]
fn a_value_of_another_shape_is_withheld_and_counted() {
    let named = [
        ("declaration.date", "keep"),
        ("consignee.name", "keep"),
        ("consignee.country", "keep"),
        ("goods.net_mass", "keep"),
        ("urgent", "keep"),
        ("container", "pseudonymise"),
    ];
    let plan = plan(&declarations(), &named);
    let mut pass = plan.begin();
    pass.record(
        br#"{"declaration":{"date":"17.05.2026"},"consignee":"Anna M\u00fcller","goods":[7,{"net_mass":"Anna"},
            {"net_mass":2}],"urgent":"maybe","container":["MSKU1234565",{"name":"Anna"},true," "]}"#,
    )
    .unwrap();
    let (written, seen) = pass.finish();
    let read: Value = serde_json::from_slice(written.as_bytes()).unwrap();
    assert_eq!(read["goods"], json!([null, {}, {"net_mass": 2}]));
    assert_eq!(read["container"].as_array().unwrap()[1..], [json!(null), json!(null), json!(null)]);
    assert_eq!(read.as_object().unwrap().len(), 2, "{read}");
    let counted = [
        ("consignee", 1),
        ("container", 3),
        ("declaration.date", 1),
        ("goods", 1),
        ("goods.net_mass", 1),
        ("urgent", 1),
    ];
    assert_eq!(seen.mismatched.iter().map(|(path, n)| (path.as_str(), *n)).collect::<Vec<_>>(), counted);
}

#[test]
fn nulls_and_empty_texts_stay_what_they_are() {
    let plan = plan(&declarations(), &[("consignee.name", "pseudonymise"), ("remarks", "withhold-text")]);
    let record = r#"{"consignee":{"name":null},"remarks":""}"#;
    assert_eq!(pass(&plan, record), record);
    assert_eq!(pass(&plan, r#"{"consignee":null}"#), r#"{"consignee":null}"#);
    assert_eq!(pass(&plan, "{}"), "{}");
}

#[test]
fn each_transformation_does_what_its_name_says() {
    for (path, form, value, expected) in [
        ("consignee.name", "mask:1,1", json!("Zoë \"Q\" Ünal"), json!("Z**********l")),
        ("consignee.name", "mask:6,6", json!("Anna Müller"), json!("***********")),
        ("consignee.name", "mask:2,0", json!("\"\\x"), json!("\"\\*")),
        ("declaration.date", "generalise-date:day", json!("2026-05-17"), json!("2026-05-17")),
        ("declaration.date", "generalise-date:month", json!("2026-05-17"), json!("2026-05")),
        ("declaration.date", "generalise-date:quarter", json!("2026-05-17"), json!("2026-Q2")),
        ("declaration.date", "generalise-date:year", json!("2026-05-17"), json!("2026")),
        ("goods.value", "generalise-number:1000", json!(1248.7), json!("1000-1999")),
        ("goods.value", "generalise-number:1000", json!("1999.999"), json!("1000-1999")),
        ("goods.value", "generalise-number:1000", json!(-0.5), json!("-1000 to -1")),
        ("goods.hs", "generalise-hs:6", json!("4408901234"), json!("440890")),
        ("goods.hs", "generalise-hs:6", json!("44"), json!("44")),
        ("remarks", "withhold-text", json!("call Anna"), json!("[text withheld]")),
        ("urgent", "keep", json!(true), json!(true)),
    ] {
        let plan = plan(&declarations(), &[(path, form)]);
        let wrap = |value: &Value| path.split('.').rev().fold(value.clone(), |inner, key| json!({key: inner}));
        let written: Value = serde_json::from_str(&pass(&plan, &wrap(&value).to_string())).unwrap();
        assert_eq!(written, wrap(&expected), "{path} {form} {value}");
    }
}

#[test]
fn the_three_policies_of_pseudonymisation_differ_in_what_they_link() {
    let record = r#"{"persons":[{"name":"Anna Müller"},{"name":"MÜLLER, Anna"}]}"#;
    let names = |form: &str, number: u8| -> [String; 2] {
        let plan = Plan::new(&declarations(), &elements(&[("persons.name", form)]), &key(), disclosure(number))
            .ok()
            .unwrap();
        let read: Value = serde_json::from_str(&pass(&plan, record)).unwrap();
        [0, 1].map(|at| read["persons"][at]["name"].as_str().unwrap().to_owned())
    };
    let (first, second) = (names("pseudonymise", 1), names("pseudonymise", 2));
    assert!(first[0] == first[1] && first == second);
    let (first_document, second_document) =
        (names("pseudonymise:document", 1), names("pseudonymise:document", 2));
    assert!(first_document[0] == first_document[1] && first_document[0] != second_document[0]);
    let (first_full, second_full) = (names("pseudonymise:full", 1), names("pseudonymise:full", 2));
    let all = [first[0].clone(), first_document[0].clone(), second_document[0].clone()];
    let distinct: BTreeSet<String> = all.into_iter().chain(first_full).chain(second_full).collect();
    assert_eq!(distinct.len(), 7);
}

#[test]
fn a_tracked_pseudonym_is_kept_once_with_what_it_stands_for() {
    let tracked = ["consignee.eori", "goods.hs", "container"].map(|path| ElementPath::parse(path).unwrap());
    let named =
        [("consignee.eori", "pseudonymise"), ("goods.hs", "keep"), ("container", "pseudonymise:document")];
    let plan = plan(&declarations(), &named).tracking(&BTreeSet::from(tracked));
    let mut pass = plan.begin();
    for eori in ["NL123456789", "nl 123 456 789", "BE0123"] {
        let record =
            json!({"consignee": {"eori": eori}, "goods": [{"hs": "4408"}], "container": "MSKU1234565"});
        pass.record(record.to_string().as_bytes()).unwrap();
    }
    let (written, seen) = pass.finish();
    let text = String::from_utf8(written.into_bytes()).unwrap();
    let kept: Vec<_> = seen.pseudonyms.iter().map(|t| (t.element.as_str(), t.normalised.as_str())).collect();
    assert_eq!(kept, [("consignee.eori", "NL123456789"), ("consignee.eori", "BE0123")]);
    assert!(seen.pseudonyms.iter().all(|t| text.contains(&t.pseudonym)));
    assert_eq!(seen.records, 3);
}

#[test]
fn a_record_that_cannot_be_read_writes_nothing() {
    let plan = plan(&declarations(), &[("consignee.country", "keep")]);
    let deep = format!(r#"{{"consignee":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let deep_leaf = format!(r#"{{"consignee":{{"country":{}{}}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let long = format!(r#"{{"other":"{}"}}"#, "x".repeat(300_000));
    let mut pass = plan.begin();
    for record in [
        "",
        " ",
        "null",
        "[]",
        "{",
        "{}x",
        "{}{}",
        r#"{"consignee":{"country":"NL"}"#,
        r#"{"consignee":{"country":"N}"#,
        r#"{"consignee":{"country":"NL"},"consignee":{"country":"BE"}}"#,
        r#"{"consignee":{"country":"NL","countr\u0079":"BE"}}"#,
        "{'a':1}",
        r#"{"a":01}"#,
        "\u{feff}{}",
        &deep,
        &deep_leaf,
        &long,
    ] {
        assert!(pass.record(record.as_bytes()).is_err(), "{}", record.get(..60).unwrap_or(record));
        assert_eq!(pass.waiting(), 0);
    }
    assert_eq!(pass.record(b"{\"a\":\"M\xfcller\"}"), Err(RecordError::Encoding { byte: 8 }));
    let (written, seen) = pass.finish();
    assert!(written.as_bytes().is_empty() && seen.records == 0);
}

#[test]
fn an_error_never_repeats_a_value() {
    let plan = plan(&declarations(), &[("consignee.country", "keep")]);
    for record in
        [r#"{"consignee":{"country":"Anna" "Anna"}}"#, r#""Anna""#, r#"{"consignee":{"country":Anna}}"#, "Anna"]
    {
        let said = plan.begin().record(record.as_bytes()).unwrap_err().to_string();
        assert!(!said.contains("Anna"), "{said}");
    }
}

#[test]
fn a_plan_that_does_not_fit_its_dataset_is_refused() {
    let refused = |pairs: &[(&str, &str)]| {
        Plan::new(&declarations(), &elements(pairs), &key(), disclosure(1)).err().unwrap().to_string()
    };
    assert_eq!(refused(&[]), "no element is given: all are withheld");
    assert_eq!(refused(&[("consignee.name", "withhold")]), "no element is given: all are withheld");
    assert_eq!(refused(&[("consignee.shoe", "keep")]), "`consignee.shoe` is not an element of the dataset");
    assert!(
        refused(&[("remarks", "keep")])
            .starts_with("`keep` does not fit element `remarks`: a narrative may name anybody")
    );
    assert!(refused(&[("consignee.name", "generalise-date:year")]).contains("does not fit"));
    assert!(refused(&[("consignee.country", "pseudonymise")]).contains("only an element with an `identifier`"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{2,10}|20[0-9]{2}-0[1-9]-1[0-9]".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(
                (
                    "declaration|consignee|persons|goods|number|date|name|eori|hs|value|remarks|x"
                        .prop_map(String::from),
                    inner
                ),
                0..5
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever the rest of the record, a secret put into an element that is not named, or is
    /// pseudonymised, is in the output in no encoding that a reader would look for.
    #[test]
    fn a_secret_never_leaves(shell in any_json(), secret in "[A-Z]{3}[0-9]{9}") {
        let named = [("declaration.date", "keep"), ("consignee.eori", "pseudonymise"), ("goods.value", "keep"),
            ("consignee.name", "mask:1,1"), ("remarks", "withhold-text"), ("goods.hs", "generalise-hs:4")];
        let plan = plan(&declarations(), &named);
        let record = json!({"shell": shell, "remarks": format!("see {secret}"), "container": secret,
            "consignee": {"eori": secret, "name": format!("{secret} Ltd"), "passport": secret, &secret: 1},
            "goods": [{"value": secret, "hs": secret, "declaration": shell}, shell, secret], &secret: secret});
        let written = pass(&plan, &record.to_string());
        prop_assert!(!written.to_lowercase().contains(&secret.to_lowercase()));
        let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
        prop_assert!(!written.to_lowercase().contains(&hex));
    }

    /// The output is always JSON, with no member that the plan does not name.
    #[test]
    fn the_output_is_json_of_named_elements_only(record in any_json()) {
        let named = [("declaration.date", "keep"), ("consignee.name", "pseudonymise"), ("goods.value", "keep"),
            ("persons.name", "mask:2,2"), ("remarks", "withhold-text")];
        let plan = plan(&declarations(), &named);
        let mut pass = plan.begin();
        let passed = pass.record(record.to_string().as_bytes());
        prop_assert_eq!(passed.is_ok(), record.is_object());
        if passed.is_ok() {
            let written: Value = serde_json::from_slice(pass.finish().0.as_bytes()).unwrap();
            let mut paths = BTreeSet::new();
            leaf_paths(&written, "", &mut paths);
            for path in paths {
                prop_assert!(named.iter().any(|(n, _)| *n == path || n.starts_with(&format!("{path}."))), "{path}");
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,40}") {
        let plan = plan(&declarations(), &[("consignee.country", "keep"), ("goods.value", "generalise-number:7")]);
        let mut pass = plan.begin();
        _ = pass.record(&bytes);
        _ = pass.record(format!(r#"{{"goods":{{"value":"{text}"}}}}"#).as_bytes());
        _ = normalise(Some(agreements::IdentifierKind::Phone), &text);
    }
}

fn leaf_paths(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaf_paths(value, &path, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| leaf_paths(item, path, out)),
        _ if path.is_empty() => {}
        _ => _ = out.insert(path.to_owned()),
    }
}
