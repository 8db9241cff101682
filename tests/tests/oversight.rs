//! What a data protection officer must be able to find, and what nobody may be: everything about a
//! person, asked or given; who holds which office; and no list that is short without saying so.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use serde_json::{Value, json};
use tests::harness::{Officer, Question, World};

/// Operations of the entries about one identifier, newest first.
async fn about(dpo: &Officer, kind: &str, value: &str) -> Vec<String> {
    let body = json!({ "grounds": "lawfulness", "identifier": kind, "value": value });
    let page = dpo.post("/v1/log/subjects", &body).await.well().json();
    let entries = page["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["event"]["operation"].as_str().unwrap().to_owned()).collect()
}

async fn entries(dpo: &Officer, query: &str) -> Value {
    dpo.get(&format!("/v1/log/entries?grounds=lawfulness&{query}")).await.well().json()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_asked_or_given_about_a_person_is_found_by_each_identifier() {
    let world = World::new(2).await;
    let dpo = &world.officers.dpo;
    let (customs, statistics) = (&world.recipients[0], &world.recipients[1]);
    assert_eq!(customs.ask(&customs.question()).await["status"], "answered");
    // The record of declaration 3 is among them: by person, by container, by declaration.
    for (kind, value) in [
        ("eori", "NL800000003"),
        ("name", "Zuiderzee Handelsmaatschappij 3"),
        ("container", "MSKU0000003"),
        ("declaration-number", "24NL00000000000003"),
    ] {
        assert_eq!(about(dpo, kind, value).await, ["disclosure"], "{kind}");
    }
    // Of declaration 4 nothing was given; a refused question names its consignee all the same.
    assert!(about(dpo, "eori", "NL800000004").await.is_empty());
    let hidden = Question { terms: vec!["consignee.eori=NL800000004".to_owned()], ..statistics.question() };
    assert_eq!(statistics.ask(&hidden).await["status"], "refused");
    assert_eq!(about(dpo, "eori", "nl 8000 00004").await, ["refusal"]);
    // One that found nothing, and one by an element that nobody has described.
    let unknown = customs.ask(&customs.question_about("NL999999999B99")).await;
    assert_eq!(unknown["status"], "answered", "{unknown}");
    assert_eq!(about(dpo, "vat", "NL999999999B99").await, ["disclosure"]);
    let odd = Question { terms: vec!["consignee.vatt=NL777777777B77".to_owned()], ..customs.question() };
    assert_eq!(customs.ask(&odd).await["status"], "refused");
    assert_eq!(about(dpo, "vat", "NL777777777B77").await, ["refusal"]);
    // A value of an element that identifies nobody is no tag.
    assert!(about(dpo, "vat", "NL000403").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_names_nothing_is_an_error_and_a_list_that_is_cut_says_so() {
    let world = World::new(1).await;
    let dpo = &world.officers.dpo;
    for (query, code, known) in [
        ("operation=refusals", "unknown-operation", "`refusal`"),
        ("recipient=be-custom", "unknown-recipient", "`be-customs`"),
        ("agreement=NL-BE-2026-99", "unknown-agreement", world.agreement.id.as_str()),
        ("from=yesterday", "query", "2026-11-22"),
    ] {
        let answer = dpo.get(&format!("/v1/log/entries?grounds=lawfulness&{query}")).await;
        assert_eq!(answer.code(), code, "{}", answer.text);
        assert!(answer.text.contains(known), "{}", answer.text);
    }
    let plate = json!({ "grounds": "lawfulness", "identifier": "plate", "value": "X" });
    let answer = dpo.post("/v1/log/subjects", &plate).await;
    assert_eq!(answer.code(), "unknown-identifier", "{}", answer.text);
    assert!(answer.text.contains("`eori`") && answer.text.contains("`container`"), "{}", answer.text);
    let future = json!({ "grounds": "lawfulness", "identifier": "eori", "value": "X", "since": 9_999 });
    assert_eq!(dpo.post("/v1/log/subjects", &future).await.code(), "since");

    // Days are those of UTC; every entry is of today or of the day before.
    let old = entries(dpo, "until=2025-12-31").await;
    assert_eq!(old["entries"].as_array().unwrap().len(), 0, "{old}");
    assert!(!entries(dpo, "from=2025-12-31").await["entries"].as_array().unwrap().is_empty());

    // Each reading is an entry: more than two pages of them.
    for _ in 0..230 {
        entries(dpo, "operation=state").await;
    }
    let (mut before, mut seen) = (u64::MAX >> 1, Vec::new());
    loop {
        let page = entries(dpo, &format!("operation=log-read&before={before}")).await;
        let indices = page["entries"].as_array().unwrap().iter().map(|entry| entry["index"].as_u64().unwrap());
        seen.extend(indices);
        match page["before"].as_u64() {
            Some(next) => {
                assert_eq!(Some(&next), seen.last());
                before = next;
            }
            None => break,
        }
    }
    assert!(seen.len() > 230 && seen.windows(2).all(|two| two[0] > two[1]), "{}", seen.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_another_agreement_is_found_under_the_one_that_it_was_about() {
    let mut world = World::new(1).await;
    let mut member = world.member(0, "be-customs-annex").await;
    let elsewhere = "NL-FR-2026-03".parse().unwrap();
    let question = exchange::content::Question { agreement: elsewhere, ..member.question() };
    let index = member.ask(question).await.index;
    let dpo = &world.officers.dpo;
    for (agreement, about) in
        [("NL-FR-2026-03", "NL-FR-2026-03"), (world.agreement.id.as_str(), "NL-FR-2026-03")]
    {
        let page = entries(dpo, &format!("operation=refusal&agreement={agreement}")).await;
        assert_eq!(page["entries"][0]["index"].as_u64(), Some(index), "{page}");
        assert_eq!(page["entries"][0]["event"]["asked_about"], about);
    }
    // A refusal of a question about the carrying agreement names no other.
    let wrong = exchange::content::Question {
        purpose: agreements::PurposeId::parse("dpv:Marketing").unwrap(),
        ..member.question()
    };
    member.ask(wrong).await;
    let page = entries(dpo, "operation=refusal").await;
    assert!(page["entries"][0]["event"]["asked_about"].is_null(), "{page}");
    assert_eq!(world.log().await.verify().await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_told_who_holds_which_function_and_who_an_officer_is_and_both_are_controlled() {
    let mut world = World::new(1).await;
    let officers = world.officers.clone();
    let directories = officers.dpo.get("/v1/directories").await.well().json();
    let own = directories.as_array().unwrap().iter().find(|one| one["authority"] == "nl-customs").unwrap();
    let dpo = own["holders"].as_array().unwrap().iter().find(|held| held["function"] == "dpo").unwrap();
    assert_eq!(dpo["key_id"].as_str().unwrap().len(), 8, "{dpo}");
    assert!(dpo["key"].as_str().unwrap().contains(dpo["key_id"].as_str().unwrap()), "{dpo}");
    assert_eq!(dpo["since"], own["at"]);

    let named = officers.dpo.get("/v1/officers/NL-0002?grounds=lawfulness").await.well().json();
    assert_eq!(named["name"], "Somebody");
    assert_eq!(officers.dpo.get("/v1/officers/NL-0002").await.status, 400, "without grounds nothing is opened");
    assert_eq!(officers.dpo.get("/v1/officers/NL-9999?grounds=lawfulness").await.status, 404);
    let opened = entries(&officers.dpo, "operation=officer-identified").await;
    assert_eq!(opened["entries"].as_array().unwrap().len(), 1, "{opened}");
    assert_eq!(opened["entries"][0]["event"]["officer"], "NL-0002");
    assert_eq!(opened["entries"][0]["event"]["by"], "NL-0004");

    // Whoever handed a note in is on record.
    for operation in ["enrolled", "directory-changed", "opinion-given", "signed"] {
        let page = entries(&officers.dpo, &format!("operation={operation}")).await;
        assert_eq!(page["entries"][0]["event"]["by"], "NL-0002", "{operation}");
    }

    // Who controls neither governs nor names officers.
    for other in ["agreements", "administrator"] {
        let both = json!({
            "number": "NL-0009", "name": "Somebody", "password": "nobody guesses this one", "roles": ["dpo", other],
        });
        let answer = officers.administrator.post("/v1/officers", &both).await;
        assert_eq!((answer.status, answer.code().as_str()), (409, "not-allowed"), "{}", answer.text);
        assert!(answer.text.contains("independent"), "{}", answer.text);
        let change = json!({ "roles": [other, "dpo"], "active": true });
        let answer = officers.administrator.send(reqwest::Method::PATCH, "/v1/officers/NL-0003", &change).await;
        assert_eq!(answer.status, 409, "{}", answer.text);
    }
    assert_eq!(world.log().await.verify().await.code, 0);
}
