//! Pseudonymisation against vectors and records that others made: key derivation and HMAC by
//! Wycheproof, every row of the Korea Customs Service sample, and several hundred real documents.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use agreements::{
    Agreement, Dataset, DisclosureId, ElementPath, IdentifierKind, Transformation, document, library,
};
use pseudonym::keys::{Mac, hkdf};
use pseudonym::{Context, Deposit, Domain, DomainKey, Plan, Pseudonym, normalise};
use serde_json::{Map, Value, json};
use tests::data;

fn wycheproof(file: &str) -> Option<Value> {
    let path = data(&format!("crypto/wycheproof/{file}"))?;
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn the_derivation_of_a_domain_is_hkdf_as_others_compute_it() {
    let Some(vectors) = wycheproof("hkdf_sha256_test.json") else { return };
    let mut checked = 0;
    for test in
        vectors["testGroups"].as_array().unwrap().iter().flat_map(|group| group["tests"].as_array().unwrap())
    {
        let mut out = vec![0; test["size"].as_u64().unwrap() as usize];
        let derived = hkdf(&bytes(&test["ikm"]), &bytes(&test["salt"]), &bytes(&test["info"]), &mut out);
        assert_eq!(derived.is_ok(), test["result"] == "valid", "{}", test["tcId"]);
        if derived.is_ok() {
            assert_eq!(out, bytes(&test["okm"]), "{}", test["tcId"]);
        }
        checked += 1;
    }
    assert_eq!(checked, vectors["numberOfTests"]);
}

#[test]
fn a_pseudonym_is_hmac_as_others_compute_it() {
    let Some(vectors) = wycheproof("hmac_sha256_test.json") else { return };
    let mut checked = 0;
    for group in vectors["testGroups"].as_array().unwrap() {
        let length = group["tagSize"].as_u64().unwrap() as usize / 8;
        for test in group["tests"].as_array().unwrap() {
            let message = bytes(&test["msg"]);
            let mac = Mac::new(&bytes(&test["key"])).unwrap();
            let tag = mac.tag(&[&message]);
            assert_eq!(tag[..length] == bytes(&test["tag"]), test["result"] == "valid", "{}", test["tcId"]);
            let (begin, end) = message.split_at(message.len() / 2);
            assert_eq!(mac.tag(&[begin, end]), tag, "a key is used again and again");
            checked += 1;
        }
    }
    assert_eq!(checked, vectors["numberOfTests"]);
}

fn key(agreement: &Agreement, recipient: &str) -> DomainKey {
    let domain = Domain {
        agreement: agreement.id.clone(),
        recipient: recipient.parse().unwrap(),
        purpose: "customs:RiskManagement".parse().unwrap(),
        epoch: 1,
    };
    DomainKey::derive(&[1; 32], &[2; 32], &domain).unwrap()
}

fn kcs() -> Option<(Agreement, Vec<(PathBuf, usize)>)> {
    let folder = data("customs/kcs-import-declarations")?;
    let document = library::agreement("kcs-import-declarations").unwrap();
    let agreement = document::read(document).unwrap_or_else(|violations| panic!("{violations}"));
    let files = [("train", 37_385), ("valid", 8134), ("test", 8481)];
    Some((agreement, files.map(|(part, rows)| (folder.join(format!("df_syn_{part}_eng.csv")), rows)).into()))
}

/// Every row of a deposit, as it would be stored.
fn rows_of(dataset: &Dataset, file: &Path) -> Vec<Vec<u8>> {
    let mut deposit = Deposit::new(dataset).unwrap();
    let mut rows = Vec::new();
    for piece in std::fs::read(file).unwrap().chunks(4093) {
        deposit.push(piece);
        while let Some(row) = deposit.row().unwrap_or_else(|error| panic!("{error}")) {
            rows.push(row.bytes.to_vec());
        }
    }
    deposit.end();
    while let Some(row) = deposit.row().unwrap_or_else(|error| panic!("{error}")) {
        rows.push(row.bytes.to_vec());
    }
    rows
}

fn disclose(plan: &Plan, rows: &[Vec<u8>]) -> Vec<csv::StringRecord> {
    let mut pass = plan.begin();
    rows.iter().for_each(|row| pass.record(row).unwrap());
    let (written, seen) = pass.finish();
    assert_eq!((seen.records as usize, seen.mismatched.len()), (rows.len(), 0));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
    reader.records().map(Result::unwrap).collect()
}

#[test]
fn all_54_000_real_declarations_are_read_and_pseudonymised_as_their_clause_says() {
    let Some((agreement, files)) = kcs() else { return };
    let dataset = &agreement.datasets[0];
    let clause = &agreement.clauses[0];
    let plan =
        Plan::new(dataset, &clause.elements, &key(&agreement, "be-customs"), DisclosureId::from_bytes([1; 16]));
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    let given: Vec<(usize, Transformation)> = (dataset.elements.iter().enumerate())
        .filter_map(|(at, element)| clause.elements.get(&element.path).map(|t| (at, *t)))
        .filter(|(_, transformation)| *transformation != Transformation::Withhold)
        .collect();
    let mut persons: HashMap<(IdentifierKind, String), String> = HashMap::new();
    for (file, expected) in files {
        let rows = rows_of(dataset, &file);
        assert_eq!(rows.len(), expected);
        let mut oracle = csv::Reader::from_path(&file).unwrap();
        let header = oracle.headers().unwrap().clone();
        let written = disclose(&plan, &rows);
        let columns: Vec<&str> = given.iter().map(|(at, _)| &header[*at]).collect();
        assert_eq!(written[0].iter().collect::<Vec<_>>(), columns);
        for (row, written) in oracle.records().map(Result::unwrap).zip(&written[1..]) {
            assert_eq!(written.len(), given.len());
            for ((at, transformation), written) in given.iter().zip(written) {
                match (transformation, &row[*at]) {
                    (Transformation::Keep, value) => assert_eq!(written, value),
                    (_, "") => assert_eq!(written, ""),
                    (Transformation::Pseudonymise(_), value) => {
                        assert!(Pseudonym::is_form(written), "{written}");
                        let kind = dataset.elements[*at].identifier.unwrap();
                        let first =
                            persons.entry((kind, value.to_owned())).or_insert_with(|| written.to_owned());
                        assert_eq!(first, written, "one trader has one pseudonym in its domain");
                    }
                    (_, value) => assert!(!written.is_empty() && written != value),
                }
            }
        }
    }
    assert!(persons.len() > 10_000, "{}", persons.len());
    assert_eq!(
        persons.values().collect::<BTreeSet<_>>().len(),
        persons.len(),
        "two traders with one pseudonym"
    );
}

#[test]
fn what_two_recipients_receive_of_real_declarations_has_no_pseudonym_in_common() {
    let Some((agreement, files)) = kcs() else { return };
    let dataset = &agreement.datasets[0];
    let rows = rows_of(dataset, &files[1].0);
    let elements = &agreement.clauses[0].elements;
    let received = ["be-customs", "fr-statistics"].map(|recipient| -> BTreeSet<String> {
        let plan = Plan::new(dataset, elements, &key(&agreement, recipient), DisclosureId::from_bytes([1; 16]));
        let written = disclose(&plan.unwrap_or_else(|error| panic!("{error}")), &rows);
        written.iter().flatten().filter(|field| Pseudonym::is_form(field)).map(str::to_owned).collect()
    });
    assert!(received[0].len() > 1000);
    assert!(received[0].is_disjoint(&received[1]));
}

#[test]
fn every_trader_and_the_number_of_a_real_declaration_are_found_for_the_index_of_subjects() {
    let Some((agreement, files)) = kcs() else { return };
    let dataset = &agreement.datasets[0];
    let rows = rows_of(dataset, &files[1].0);
    let context = Context::identifiers(dataset).unwrap();
    let names = ["Declaration ID", "Declarant ID", "Importer ID", "Seller ID", "Courier ID"];
    let mut oracle = csv::Reader::from_path(&files[1].0).unwrap();
    let header = oracle.headers().unwrap().clone();
    for (row, record) in oracle.records().map(Result::unwrap).zip(&rows) {
        let found = context.read(record).unwrap();
        let found: Vec<(&str, &str)> = (found.iter())
            .map(|found| (found.element.column.as_deref().unwrap_or_default(), found.normalised.as_str()))
            .collect();
        let expected: Vec<(&str, &str)> =
            header.iter().zip(&row).filter(|(name, id)| names.contains(name) && !id.is_empty()).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn the_parties_of_real_declarations_are_as_many_as_there_are_different_traders() {
    let Some((agreement, files)) = kcs() else { return };
    let dataset = &agreement.datasets[0];
    let context = Context::identifiers(dataset).unwrap();
    let (mut counted, mut expected) = (BTreeSet::new(), BTreeSet::new());
    for record in rows_of(dataset, &files[0].0) {
        let found = context.read(&record).unwrap();
        counted.extend(pseudonym::context::persons(&found).iter().map(|one| one.normalised.clone()));
    }
    let mut oracle = csv::Reader::from_path(&files[0].0).unwrap();
    let header = oracle.headers().unwrap().clone();
    for row in oracle.records().map(Result::unwrap) {
        let named = header.iter().zip(&row).filter(|(name, id)| {
            ["Declarant ID", "Importer ID", "Seller ID", "Courier ID"].contains(name) && !id.is_empty()
        });
        expected.extend(named.map(|(_, id)| id.to_owned()));
    }
    assert_eq!(counted.len(), expected.len());
    assert!(expected.len() > 1_000, "{}", expected.len());
}

fn documents() -> Option<Vec<(PathBuf, Value)>> {
    let mut waiting = vec![data("customs")?];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == "json" || e == "jsonld")
                && let Ok(value @ Value::Object(_)) = serde_json::from_slice(&std::fs::read(&path).unwrap())
            {
                found.push((path, value));
            }
        }
    }
    Some(found)
}

/// The paths of single values, as elements name them, and whether each can be an element.
fn paths(value: &Value, path: &str, out: &mut BTreeMap<String, bool>) {
    match value {
        Value::Object(members) => {
            if !path.is_empty() {
                out.entry(path.to_owned()).or_insert(false);
            }
            for (name, value) in members {
                let usable = !name.is_empty() && !name.contains('.');
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if usable && ElementPath::parse(&path).is_ok() {
                    paths(value, &path, out);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, path, out)),
        // A path that also leads to an object is no element.
        Value::Bool(_) | Value::Null => _ = out.insert(path.to_owned(), false),
        Value::Number(_) | Value::String(_) => _ = out.entry(path.to_owned()).or_insert(true),
    }
}

/// The plain way to the same end: a tree, from which everything else is taken out.
fn only(value: &Value, path: &str, elements: &BTreeSet<String>) -> Option<Value> {
    let inner = |p: &str| elements.iter().any(|element| element.starts_with(&format!("{p}.")));
    match value {
        Value::Object(members) => {
            let kept: Map<String, Value> = (members.iter())
                .filter(|(name, _)| !name.contains('.'))
                .filter_map(|(name, value)| {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    if !elements.contains(&path) && !inner(&path) {
                        return None;
                    }
                    let kept = only(value, &path, elements)?;
                    (kept != json!({})).then(|| (name.clone(), kept))
                })
                .collect();
            Some(Value::Object(kept))
        }
        Value::Array(items) => {
            Some(items.iter().map(|item| only(item, path, elements).unwrap_or(Value::Null)).collect())
        }
        Value::Null => Some(Value::Null),
        single => elements.contains(path).then(|| single.clone()),
    }
}

#[test]
fn several_hundred_real_documents_keep_their_named_elements_and_lose_all_others() {
    let Some(documents) = documents() else { return };
    let agreement =
        document::read(library::agreement("import-declarations").unwrap()).unwrap_or_else(|v| panic!("{v}"));
    let (mut checked, mut named) = (0, 0);
    for (file, value) in documents {
        let mut all = BTreeMap::new();
        paths(&value, "", &mut all);
        let usable: Vec<&String> = all.iter().filter(|(_, usable)| **usable).map(|(path, _)| path).collect();
        let elements: Vec<Value> =
            (usable.iter()).map(|path| json!({"path": path, "title": path, "category": "none"})).collect();
        // Every second element is named.
        let chosen: BTreeSet<String> = usable.iter().step_by(2).map(|path| (*path).clone()).collect();
        if chosen.is_empty() {
            continue;
        }
        let dataset: Dataset =
            serde_json::from_value(json!({"id": "d", "title": "d", "controller": "nl-customs",
            "originator": "nl-customs", "format": "json", "element": elements}))
            .unwrap();
        let keep =
            chosen.iter().map(|path| (ElementPath::parse(path).unwrap(), Transformation::Keep)).collect();
        let plan =
            Plan::new(&dataset, &keep, &key(&agreement, "be-customs"), DisclosureId::from_bytes([1; 16]));
        let plan = plan.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut pass = plan.begin();
        pass.record(&std::fs::read(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let written: Value = serde_json::from_slice(pass.finish().0.as_bytes()).unwrap();
        assert_eq!(Some(written), only(&value, "", &chosen), "{}", file.display());
        checked += 1;
        named += chosen.len();
    }
    assert!(checked > 300 && named > 3000, "{checked} documents, {named} elements");
}

#[test]
fn normal_forms_of_names_seldom_make_two_persons_one() {
    let Some(file) = data("pii/name_match_cases.csv") else { return };
    let (mut merged, mut different) = (0, 0);
    let mut reader = csv::Reader::from_path(file).unwrap();
    for row in reader.deserialize::<HashMap<String, String>>().map(Result::unwrap) {
        if row["is_match"] == "false" {
            let same =
                |a, b| normalise(Some(IdentifierKind::Name), a) == normalise(Some(IdentifierKind::Name), b);
            merged += usize::from(same(&row["name1"], &row["name2"]));
            different += 1;
        }
    }
    assert!(different > 150 && merged * 100 < different * 4, "{merged} of {different}");
}
