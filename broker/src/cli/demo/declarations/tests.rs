//! What the demonstration's declarations promise.

mod validators;

use std::collections::{BTreeMap, BTreeSet};

use agreements::{document, library};
use pseudonym::context::persons;
use pseudonym::{Context, Deposit, normalise};
use serde_json::Value;

use super::declarations;

fn records(count: usize) -> Vec<Value> {
    declarations(count, 7).map(|line| serde_json::from_str(&line).unwrap()).collect()
}

fn texts<'r>(records: &'r [Value], pointer: &str) -> Vec<&'r str> {
    records.iter().filter_map(|record| record.pointer(pointer)).map(|value| value.as_str().unwrap()).collect()
}

#[test]
fn the_same_seed_gives_the_same_declarations() {
    let first: Vec<String> = declarations(300, 1).collect();
    assert_eq!(first.len(), 300);
    assert_eq!(first, declarations(300, 1).collect::<Vec<_>>());
    assert_ne!(first, declarations(300, 2).collect::<Vec<_>>());
    assert!(first.iter().all(|line| !line.contains('\n')));
    assert_eq!(declarations(0, 1).count(), 0);
}

#[test]
fn a_deposit_takes_every_declaration() {
    let dataset = document::read_dataset(library::dataset("import-declarations").unwrap()).unwrap();
    let mut deposit = Deposit::new(&dataset).unwrap();
    for line in declarations(2_000, 2_026) {
        deposit.push(line.as_bytes());
        deposit.push(b"\n");
    }
    deposit.end();
    let mut rows = 0;
    while deposit.row().unwrap().is_some() {
        rows += 1;
    }
    assert_eq!(rows, 2_000);
}

#[test]
fn every_declared_element_occurs() {
    let dataset = document::read_dataset(library::dataset("import-declarations").unwrap()).unwrap();
    let records = records(50);
    for element in &dataset.elements {
        let found = records.iter().any(|record| {
            let mut at = record;
            for segment in element.path.segments() {
                at = at.get(0).unwrap_or(at);
                match at.get(segment) {
                    Some(next) => at = next,
                    None => return false,
                }
            }
            !at.is_null()
        });
        assert!(found, "no declaration has `{}`", element.path);
    }
}

#[test]
fn every_vat_number_is_valid_in_its_member_state() {
    let records = records(3_000);
    let mut states = BTreeSet::new();
    for vat in texts(&records, "/consignee/vat") {
        assert!(validators::vat(vat), "{vat}");
        states.insert(vat[..2].to_owned());
    }
    assert_eq!(states.len(), 16, "{states:?}");
}

#[test]
fn every_eori_number_is_of_its_country_and_short_enough() {
    for record in records(3_000) {
        let eori = record.pointer("/consignee/eori").unwrap().as_str().unwrap();
        let country = record.pointer("/consignee/country").unwrap().as_str().unwrap();
        assert!(eori.starts_with(country) && eori.len() <= 17, "{eori}");
        if country == "FR" {
            assert!(validators::luhn(&eori[2..]), "{eori}");
        }
    }
}

#[test]
fn every_bank_account_is_valid_and_as_long_as_its_country_has_it() {
    for iban in texts(&records(3_000), "/consignee/iban") {
        assert!(validators::iban(iban), "{iban}");
    }
}

#[test]
fn every_passport_number_ends_in_its_check_digit_and_only_natural_persons_have_one() {
    let records = records(3_000);
    let passports = texts(&records, "/consignee/passport");
    assert!(passports.len() > 900 && passports.len() < 1_500, "{}", passports.len());
    for passport in passports {
        assert!(validators::passport(passport), "{passport}");
    }
}

#[test]
fn every_container_and_declaration_number_ends_in_its_check_digit() {
    let records = records(3_000);
    for container in texts(&records, "/container/number") {
        assert!(container.len() == 11 && validators::iso_6346(container), "{container}");
    }
    let numbers = texts(&records, "/declaration/number");
    for number in &numbers {
        assert!(number.len() == 18 && validators::iso_6346(number), "{number}");
    }
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "a number came twice");
}

#[test]
fn one_trader_has_one_set_of_numbers_and_several_declarations() {
    let mut known: BTreeMap<String, (Value, usize)> = BTreeMap::new();
    for record in records(2_000) {
        let consignee = record.get("consignee").unwrap().clone();
        let eori = consignee.get("eori").unwrap().as_str().unwrap().to_owned();
        let (first, times) = known.entry(eori).or_insert((consignee.clone(), 0));
        assert_eq!(*first, consignee);
        *times += 1;
    }
    assert!(known.values().filter(|(_, times)| *times > 1).count() > 250);
}

#[test]
fn names_are_in_many_scripts() {
    let records = records(2_000);
    let mut names: String = texts(&records, "/consignee/name").concat();
    names.push_str(&texts(&records, "/consignor/name").concat());
    for (script, range) in [
        ("Latin with marks", 'À'..='ž'),
        ("Greek", 'Α'..='ω'),
        ("Cyrillic", 'А'..='я'),
        ("Armenian", 'Ա'..='և'),
        ("Hebrew", 'א'..='ת'),
        ("Arabic", 'ء'..='ي'),
        ("Devanagari", 'अ'..='ह'),
        ("Tamil", 'அ'..='ஹ'),
        ("Thai", 'ก'..='ฮ'),
        ("Georgian", 'ა'..='ჰ'),
        ("Katakana", 'ァ'..='ヺ'),
        ("Han", '一'..='龯'),
        ("Hangul", '가'..='힣'),
    ] {
        assert!(names.chars().any(|c| range.contains(&c)), "no name in {script}");
    }
}

#[test]
fn remarks_mention_the_parties_of_their_own_declaration() {
    let records = records(2_000);
    let (mut as_written, mut otherwise, mut numbers) = (0, 0, 0);
    for record in &records {
        let remarks = record.get("remarks").unwrap().as_str().unwrap();
        assert!(!remarks.contains(['{', '}']), "{remarks}");
        let name = record.pointer("/consignee/name").unwrap().as_str().unwrap();
        if remarks.contains(name) {
            as_written += 1;
        } else if remarks.to_uppercase().contains(&name.to_uppercase()) {
            otherwise += 1;
        }
        let packed: String = remarks.split(' ').collect();
        let vat = record.pointer("/consignee/vat").unwrap().as_str().unwrap();
        let iban = record.pointer("/consignee/iban").unwrap().as_str().unwrap();
        numbers += usize::from(packed.contains(vat) || packed.contains(iban));
    }
    assert!(as_written > 400 && otherwise > 100 && numbers > 200, "{as_written} {otherwise} {numbers}");
}

#[test]
fn the_parties_of_the_two_thousand_are_counted_as_persons() {
    let dataset = document::read_dataset(library::dataset("import-declarations").unwrap()).unwrap();
    let context = Context::identifiers(&dataset).unwrap();
    let (mut counted, mut expected) = (BTreeSet::new(), BTreeSet::new());
    for line in declarations(2_000, 2_026) {
        let found = context.read(line.as_bytes()).unwrap();
        let of_record = persons(&found);
        assert_eq!(of_record.len(), 2, "a consignee and a consignor");
        counted.extend(of_record.iter().map(|one| (one.element.identifier, one.normalised.clone())));
        let record: Value = serde_json::from_str(&line).unwrap();
        let strongest = ["passport", "eori", "vat", "iban", "name"];
        for party in ["consignee", "consignor"] {
            let kind = strongest.iter().find(|kind| record[party][**kind].is_string()).unwrap();
            expected.insert((*kind, normalise(None, record[party][*kind].as_str().unwrap())));
        }
    }
    assert_eq!(counted.len(), expected.len());
}
