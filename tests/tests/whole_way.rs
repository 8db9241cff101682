//! The whole way with the real programs: asked, decided, disclosed, proved; and what is refused.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use serde_json::Value;
use tests::harness::{On, Question, World};

fn words(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

tests::on_both!(a_question_is_answered_proved_and_on_record_and_a_wrong_one_is_refused);

async fn a_question_is_answered_proved_and_on_record_and_a_wrong_one_is_refused(on: On) {
    let mut world = World::on(on, 2).await;
    let customs = &world.recipients[0];
    let answer = customs.ask(&customs.question()).await;
    assert_eq!(answer["status"], "answered", "{answer}\n{}", world.said());
    assert_eq!(answer["proof_verified"], true);
    let records = answer["data"].as_array().unwrap();
    assert_eq!(records.len(), 20, "one office in six of 120");
    for record in records {
        let text = record.to_string();
        assert!(!text.contains("Zuiderzee"), "a name left in clear: {text}");
        assert!(!text.contains("Kanaalkade"), "a withheld element left: {text}");
        assert_eq!(record["declaration"]["office"], "NL000403");
    }

    let wrong = Question { purpose: "dpv:Marketing".to_owned(), ..customs.question() };
    let refused = customs.ask(&wrong).await;
    assert_eq!(refused["status"], "refused", "{refused}");
    assert!(words(&refused["plain"]).contains("dpv:Marketing"), "{refused}");
    assert!(refused["data"].is_null());

    let statistics = &world.recipients[1];
    let answer = statistics.ask(&statistics.question()).await;
    assert_eq!(answer["status"], "answered", "{answer}");
    assert_eq!(answer["data"][0]["goods"][0]["hs_code"], "8471");
    let hidden = Question { terms: vec!["consignee.eori=NL800000003".to_owned()], ..statistics.question() };
    assert_eq!(statistics.ask(&hidden).await["status"], "refused");

    let log = world.log().await;
    let verified = log.verify().await;
    assert_eq!(verified.code, 0, "{verified:?}");
    assert_eq!(log.of("disclosure").count(), 2);
    assert_eq!(log.of("refusal").count(), 2);
    // Twenty consignees, and the seventeen exporters of whom the harness knows.
    let first = log.of("disclosure").next().unwrap();
    let counts = (first.values["records"].as_u64(), first.values["subjects"].as_u64());
    assert_eq!(counts, (Some(20), Some(37)));
}
