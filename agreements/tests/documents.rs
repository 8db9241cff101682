//! Promises of the document reader: all violations at once, one text one digest, no input that
//! harms.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::path::Path;

use agreements::document::{MAX_DOCUMENT_BYTES, read, read_dataset, write};
use agreements::{Agreement, Digest, Transformation, canonical, digest_of, library};
use proptest::prelude::*;

fn worked() -> Vec<Agreement> {
    library::AGREEMENTS.iter().map(|(_, document)| read(document).unwrap()).collect()
}

/// The violations of a worked agreement with one piece of its text replaced.
fn changed(name: &str, from: &str, to: &str) -> Vec<String> {
    let document = library::agreement(name).unwrap();
    assert!(document.contains(from), "{from}");
    let read = read(&document.replacen(from, to, 1));
    read.err().map(|all| all.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

#[test]
fn every_violation_of_a_broken_document_is_reported_at_once_with_its_line() {
    let broken = include_str!("broken.toml");
    let violations = read(broken).unwrap_err();
    let listed: String = violations.iter().map(|violation| format!("{violation}\n")).collect();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken.txt");
    #[expect(clippy::disallowed_methods, reason = "asks for new golden files, in tests only")]
    if std::env::var("TRANSIRE_BLESS").is_ok() {
        std::fs::write(&golden, &listed).unwrap();
    }
    assert_eq!(listed, std::fs::read_to_string(golden).unwrap());
    for violation in &violations {
        let line = broken.lines().nth(violation.line as usize - 1).unwrap();
        assert!(!line.trim().is_empty(), "{violation}");
    }
}

#[test]
fn one_mistake_is_one_violation() {
    for (from, to, expected) in [
        (
            r#""consignee.eori" = "pseudonymise""#,
            r#""consignee.eori" = "pseudonymize""#,
            "clause `risk-analysis`, elements.consignee.eori: `pseudonymize` is not a transformation",
        ),
        (
            r#"format = "json""#,
            r#"format = "jsonl""#,
            "dataset `import-declarations`, format: unknown word `jsonl`",
        ),
        (
            r#"category = "pd:Passport""#,
            r#"category = "Passport""#,
            "dataset `import-declarations`, element `consignee.passport`, category: `Passport` is not a category",
        ),
        (r#"role = "recipient""#, r#"role = "receiver""#, "party `be-customs`, role: unknown word `receiver`"),
        (
            r#"id = "dpv:LegalCompliance""#,
            r#"id = "dpv:Legal""#,
            "broader[1]: `dpv:LegalCompliance` is not a purpose",
        ),
        (r#"article = "Article 4 of"#, r#"artikel = "Article 4 of"#, "`article` is missing"),
    ] {
        let found = changed("import-declarations", from, to);
        assert!(found.iter().any(|text| text.contains(expected)), "{from}: {found:#?}");
        let most = if to.starts_with("artikel") { 2 } else { 1 };
        assert_eq!(found.len(), most, "{from}: {found:#?}");
    }
}

#[test]
fn unknown_keys_are_refused_in_every_table() {
    let document = library::agreement("aeo-status").unwrap();
    let mut tables = 0;
    for (at, _) in document.match_indices("]\n").filter(|(at, _)| {
        let line = &document[document[..*at].rfind('\n').map_or(0, |start| start + 1)..*at];
        line.starts_with('[') && line != "[clause.elements"
    }) {
        let (before, after) = document.split_at(at + 2);
        let violations = read(&format!("{before}unknown_key = 1\n{after}")).unwrap_err();
        assert!(violations.iter().any(|v| v.text == "`unknown_key` is not a key here"), "{before}");
        assert_eq!(violations.iter().count(), 1, "{violations}");
        tables += 1;
    }
    assert!(tables > 20, "{tables}");
}

#[test]
fn malformed_toml_is_refused_with_its_line() {
    for (text, line) in
        [("schema = 1\nid = \n", 2), ("a = 1\na = 2\n", 2), ("[[party]\n", 1), ("x = \"unclosed\n", 1)]
    {
        let violations = read(text).unwrap_err();
        assert_eq!(violations.iter().next().map(|first| first.line), Some(line), "{text}: {violations}");
    }
    assert_eq!(read(&" ".repeat(MAX_DOCUMENT_BYTES + 1)).unwrap_err().iter().count(), 1);
    assert!(read("").unwrap_err().iter().any(|v| v.text == "`party` is missing"));
    let deep = format!("a = {}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(read(&deep).is_err());
}

#[test]
fn a_document_made_to_be_slow_is_refused_with_a_bounded_list() {
    let mut many = String::new();
    while many.len() < MAX_DOCUMENT_BYTES - 20 {
        many.push_str(&format!("k{} = 1\n", many.len()));
    }
    let violations = read(&many).unwrap_err();
    assert_eq!(violations.iter().count(), 501);
    assert!(violations.iter().last().unwrap().text.starts_with("and "));
    let wide = format!("party = [{}]", "1,".repeat(400_000));
    assert!(read(&wide).unwrap_err().iter().any(|v| v.text.contains("at most 50")));
}

#[test]
fn the_digest_is_that_of_the_content_and_not_of_its_layout() {
    for (name, document) in library::AGREEMENTS {
        let agreement = read(document).unwrap();
        let spaced = document.replace(" = ", "   =  ").replace("\n[[", "\n# a remark\n\n[[");
        assert_eq!(read(&spaced).unwrap().digest().unwrap(), agreement.digest().unwrap(), "{name}");
        let longer = document.replacen("retention_days = ", "retention_days = 1", 1);
        assert_ne!(read(&longer).unwrap().digest().unwrap(), agreement.digest().unwrap(), "{name}");
    }
}

#[test]
fn the_digests_of_the_worked_agreements_stay_the_same() {
    // A change here means that every signature under schema 1 would be over another digest.
    let digests: Vec<String> =
        worked().iter().map(|agreement| agreement.digest().unwrap().to_string()).collect();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/digests.txt");
    let listed: String = library::AGREEMENTS
        .iter()
        .zip(&digests)
        .map(|((name, _), digest)| format!("{digest}  {name}\n"))
        .collect();
    #[expect(clippy::disallowed_methods, reason = "asks for new golden files, in tests only")]
    if std::env::var("TRANSIRE_BLESS").is_ok() {
        std::fs::write(&golden, &listed).unwrap();
    }
    assert_eq!(listed, std::fs::read_to_string(golden).unwrap());
}

#[test]
fn no_published_dataset_has_an_element_without_a_category() {
    let document = library::dataset("aeo-status").unwrap();
    let violations = read_dataset(&document.replacen("category = \"pd:Name\"\n", "", 1)).unwrap_err();
    assert_eq!(violations.to_string(), "line 17, element `name`, category: `category` is missing");
    let without =
        |from: &str| document.lines().filter(|line| !line.starts_with(from)).collect::<Vec<_>>().join("\n");
    let violations = read_dataset(&without("identifier")).unwrap_err();
    assert!(
        violations.to_string().contains("element `event.reason`: a narrative may name anybody"),
        "{violations}"
    );
}

fn transformations() -> impl Strategy<Value = Transformation> {
    prop::sample::select(vec![
        "keep",
        "withhold",
        "withhold-text",
        "mask:2,3",
        "pseudonymise",
        "pseudonymise:document",
        "pseudonymise:full",
        "generalise-date:quarter",
        "generalise-number:500",
        "generalise-hs:2",
    ])
    .prop_map(|text| Transformation::parse(text).unwrap())
}

prop_compose! {
    /// A worked agreement, amended at random in ways that keep it sound.
    fn amended()(
        which in 0..library::AGREEMENTS.len(),
        version in 1..=u32::MAX,
        title in "[\\p{L}\\p{N} .,:;'\"#=\\[\\]\\\\-]{0,60}x",
        days in 1_u32..=36_525,
        rows in 1_u64..=1_000_000_000_000,
        others in prop::collection::vec(transformations(), 40),
    ) -> Agreement {
        let mut agreement = worked().swap_remove(which);
        agreement.version = version;
        agreement.title.clone_from(&title);
        let datasets = agreement.datasets.clone();
        for clause in &mut agreement.clauses {
            clause.onward_transfer.clone_from(&title);
            clause.retention_days = days;
            clause.ceiling.rows_per_day = rows;
            let searched = clause.search.clone();
            let dataset = datasets.iter().find(|dataset| dataset.id == clause.dataset).unwrap();
            for (element, other) in dataset.elements.iter().zip(&others) {
                if !searched.contains(&element.path) && other.fits(element).is_ok() {
                    clause.elements.insert(element.path.clone(), *other);
                }
            }
        }
        agreement
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_agreement_keeps_its_digest_through_toml_and_json(agreement in amended()) {
        let digest: Digest = agreement.digest().unwrap();
        let text = write(&agreement).unwrap();
        match read(&text) {
            Ok(again) => {
                prop_assert_eq!(&again, &agreement);
                prop_assert_eq!(digest_of(&again).unwrap(), digest);
            }
            // Chance may withhold all that a clause gives, and nothing else may be wrong.
            Err(violations) => prop_assert!(
                violations.iter().all(|v| v.text.starts_with("every element is withheld")), "{}", violations
            ),
        }
        let json = canonical(&agreement).unwrap();
        let again: Agreement = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(canonical(&again).unwrap(), json);
    }

    #[test]
    fn no_damage_to_a_document_makes_the_reader_panic(
        which in 0..library::AGREEMENTS.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), "[\\PC\\n]{0,6}", 0_usize..40), 1..6),
    ) {
        let mut text = library::AGREEMENTS[which].1.to_owned();
        for (at, insert, remove) in cuts {
            let mut from = at.index(text.len());
            while !text.is_char_boundary(from) { from -= 1; }
            let mut to = (from + remove).min(text.len());
            while !text.is_char_boundary(to) { to += 1; }
            text.replace_range(from..to, &insert);
        }
        if let Err(violations) = read(&text) {
            let lines = u32::try_from(text.split('\n').count()).unwrap();
            prop_assert!(violations.iter().count() > 0);
            prop_assert!(violations.iter().all(|v| (1..=lines).contains(&v.line)), "{}", violations);
        }
        let _ = read_dataset(&text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        prop_assert!(read(&text).is_err());
    }
}
