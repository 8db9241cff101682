//! Pseudonyms link within a domain and not beyond it.

use std::collections::HashSet;

use pseudonym::{Domain, DomainKey, Plan};

use crate::builders::{dataset, disclosure, elements, key_of, pass};

const SUBJECTS: usize = 100_000;

fn pseudonyms(key: &DomainKey, number: u8) -> Vec<String> {
    let data = dataset("csv", &[("id", "text", "trader-number", "importer")]);
    let plan = Plan::new(&data, &elements(&[("id", "pseudonymise")]), key, disclosure(number)).ok().unwrap();
    let mut pass = plan.begin_part();
    for subject in 0..SUBJECTS {
        pass.record(format!("TR{subject:07}").as_bytes()).unwrap();
    }
    let written = String::from_utf8(pass.finish().0.into_bytes()).unwrap();
    written.lines().map(str::to_owned).collect()
}

#[test]
fn two_domains_share_no_pseudonym_over_100_000_subjects() {
    let here: HashSet<String> = pseudonyms(&key_of("be-customs", 1), 1).into_iter().collect();
    assert_eq!(here.len(), SUBJECTS, "two subjects with one pseudonym");
    for (recipient, seed) in [("fr-statistics", 1), ("be-customs", 2)] {
        let there = pseudonyms(&key_of(recipient, seed), 1);
        assert!(there.iter().all(|pseudonym| !here.contains(pseudonym)));
    }
}

#[test]
fn within_a_domain_every_subject_is_linked_from_one_disclosure_to_the_next() {
    assert_eq!(pseudonyms(&key_of("be-customs", 1), 1), pseudonyms(&key_of("be-customs", 1), 2));
}

#[test]
fn every_part_of_a_domain_changes_its_key() {
    let domain = |agreement: &str, recipient: &str, purpose: &str, epoch: u32| Domain {
        agreement: agreement.parse().unwrap(),
        recipient: recipient.parse().unwrap(),
        purpose: purpose.parse().unwrap(),
        epoch,
    };
    let one = |root: [u8; 32], seed: [u8; 32], domain: &Domain| {
        let data = dataset("csv", &[("id", "text", "trader-number", "importer")]);
        let key = DomainKey::derive(&root, &seed, domain).unwrap();
        let plan = Plan::new(&data, &elements(&[("id", "pseudonymise")]), &key, disclosure(1)).ok().unwrap();
        pass(&plan, "TR1")
    };
    let base = domain("A", "b", "c:d", 1);
    let all = [
        one([1; 32], [2; 32], &base),
        one([2; 32], [2; 32], &base),
        one([1; 32], [1; 32], &base),
        one([1; 32], [2; 32], &domain("B", "b", "c:d", 1)),
        one([1; 32], [2; 32], &domain("A", "c", "c:d", 1)),
        one([1; 32], [2; 32], &domain("A", "b", "c:e", 1)),
        one([1; 32], [2; 32], &domain("A", "b", "c:d", 2)),
    ];
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
}

#[test]
fn one_number_as_two_kinds_of_identifier_has_two_pseudonyms() {
    let data = dataset(
        "csv",
        &[
            ("vat", "text", "vat", "a"),
            ("eori", "text", "eori", "a"),
            ("importer", "text", "trader-number", "a"),
            ("declarant", "text", "trader-number", "b"),
        ],
    );
    let named = ["vat", "eori", "importer", "declarant"].map(|path| (path, "pseudonymise"));
    let plan = Plan::new(&data, &elements(&named), &key_of("be-customs", 1), disclosure(1)).ok().unwrap();
    let written = pass(&plan, "X1,X1,X1,X1");
    let shown: Vec<&str> = written.split(',').collect();
    assert_eq!(shown[2], shown[3], "importer and declarant are one trader");
    assert_eq!(shown.iter().collect::<HashSet<_>>().len(), 3);
}

#[test]
fn pseudonyms_stay_what_they_are_from_one_version_of_the_program_to_the_next() {
    let data = dataset(
        "csv",
        &[
            ("name", "text", "name", "a"),
            ("number", "text", "declaration-number", ""),
            ("seal", "text", "seal", ""),
        ],
    );
    let named = [("name", "pseudonymise"), ("number", "pseudonymise:document"), ("seal", "pseudonymise:full")];
    let plan = Plan::new(&data, &elements(&named), &key_of("be-customs", 1), disclosure(1)).ok().unwrap();
    // Computed a second time with the hashlib and hmac of Python.
    let expected =
        ["ps1-yveaglu5wtndzmcj2qln5j55vu", "ps1-c4j34j2dtedv7af4k3fjrisamy", "ps1-6vi47qgr4mpnq3j2wont7hmoka"];
    assert_eq!(pass(&plan, "Anna Müller,41,S1"), expected.join(","));
}
