//! A new version of an agreement takes over from the one in force while questions run: every
//! disclosure is under the text of its time, and nobody follows a text that the own side has not
//! signed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use std::time::Duration;

use agreements::statements::ReceiptStage;
use serde_json::Value;
use tests::harness::{On, Question, World, declaration};

tests::on_both!(
    a_new_version_takes_over_while_questions_run,
    nobody_follows_a_text_that_the_own_side_has_not_signed,
    a_recipient_that_is_no_party_any_more_gets_nothing,
    a_halt_is_not_lifted_by_a_new_version,
    what_was_lodged_under_the_old_text_and_not_opened_is_gone,
);

/// The analyst gets the country of the consignor no more, and the value of goods in bands.
fn narrower(text: &str) -> String {
    let (before, clause) = text.split_once("id = \"risk-analysis\"").unwrap();
    let clause = clause
        .replacen("\"consignor.country\" = \"keep\"\n", "", 1)
        .replacen("\"consignor.country\", \"declaration.office\"", "\"declaration.office\"", 1)
        .replacen("\"goods.value\" = \"keep\"", "\"goods.value\" = \"generalise-number:1000\"", 1);
    format!("{before}id = \"risk-analysis\"{clause}")
}

/// Without the statistics office.
fn without_statistics(text: &str) -> String {
    let mut parts: Vec<&str> = text.split("\n[[").collect();
    parts.retain(|part| {
        let party = part.starts_with("party]]") && part.contains("authority = \"fr-statistics\"");
        let clause = part.starts_with("clause]]") && part.contains("recipients = [\"fr-statistics\"]");
        let measure = part.starts_with("organisational]]") && part.contains("\"fr-statistics\"");
        !party && !clause && !measure
    });
    parts.join("\n[[")
}

async fn asked(world: &World, of: usize, wait_seconds: u32) -> Value {
    let recipient = &world.recipients[of];
    recipient.ask(&Question { wait_seconds, ..recipient.question() }).await
}

async fn answered(world: &World, of: usize) -> Value {
    let said = asked(world, of, 30).await;
    assert_eq!(said["status"], "answered", "{said}\n{}", world.said());
    said
}

fn gives_the_country(said: &Value) -> bool {
    said["data"].as_array().unwrap().iter().all(|record| !record["consignor"]["country"].is_null())
}

async fn a_new_version_takes_over_while_questions_run(on: On) {
    let mut world = World::on(on, 2).await;
    assert!(gives_the_country(&answered(&world, 0).await));
    let next = world.amend(narrower).await;
    for recipient in &world.recipients {
        recipient.add_agreement(&world.provider).await;
    }
    assert!(gives_the_country(&answered(&world, 0).await), "the version in force goes on until then");

    let asking: Vec<_> = world.recipients.iter().map(|recipient| recipient.asking()).collect();
    let running: Vec<_> = asking
        .into_iter()
        .flat_map(|desk| std::iter::repeat_n(desk, 24))
        .map(|desk| tokio::spawn(async move { desk.ask(&desk.question()).await }))
        .collect();
    let before = world.log_size().await;
    while world.log_size().await < before + 10 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.bring_into_force(&next).await.well();
    for question in running {
        let said = question.await.unwrap();
        assert_eq!(said["status"], "answered", "every question is answered, before or after: {said}");
    }
    let said = answered(&world, 0).await;
    assert!(!gives_the_country(&said), "{said}");
    answered(&world, 1).await;

    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    let turn = log.of("in-force").last().unwrap().index;
    let (mut old, mut new) = (0, 0);
    for entry in log.of("disclosure") {
        let version = entry.values["agreement"]["version"].as_u64().unwrap();
        assert_eq!(version, if entry.index < turn { 1 } else { 2 }, "{entry:?}");
        let country = !entry.values["elements"]["consignor.country"].is_null();
        let analyst = entry.values["recipient"] == "be-customs";
        assert!(!analyst || country == (version == 1), "{entry:?}");
        if version == 1 { old += 1 } else { new += 1 }
    }
    eprintln!("{old} disclosures under the first version, {new} under the second");
    assert!(old > 2 && new > 2, "the change came before or after all of them");
    let agreed = log.of("group-changed").filter(|entry| entry.values["change"] == "agreed");
    assert_eq!(agreed.count(), 2, "each group went over to the new text");
    // A start finds the groups under the new text.
    world.kill().await;
    world.start().await.expect("it starts");
    assert!(!gives_the_country(&answered(&world, 0).await));
}

async fn nobody_follows_a_text_that_the_own_side_has_not_signed(on: On) {
    let world = World::on(on, 2).await;
    let next = world.amend(narrower).await;
    world.bring_into_force(&next).await.well();
    let waiting = asked(&world, 0, 3).await;
    assert_eq!(waiting["status"], "waiting", "{waiting}");
    let status = world.recipients[0].well(&["status"]).await;
    let told = status["groups"][0]["alarm"].as_str().unwrap_or_default();
    assert!(told.contains("not known here") && told.contains("agreement add"), "{status}");
    assert_ne!(status["groups"][0]["status"], "stopped", "{status}");

    world.recipients[0].add_agreement(&world.provider).await;
    assert!(!gives_the_country(&answered(&world, 0).await));
    let requests = world.recipients[0].requests().await;
    assert!(requests.iter().all(|request| request["status"] == "answered"), "{requests:?}");
    let status = world.recipients[0].well(&["status"]).await;
    assert!(status["groups"][0]["alarm"].is_null(), "{status}");
}

async fn a_recipient_that_is_no_party_any_more_gets_nothing(on: On) {
    let mut world = World::on(on, 2).await;
    answered(&world, 1).await;
    let next = world.amend(without_statistics).await;
    world.recipients[0].add_agreement(&world.provider).await;
    world.bring_into_force(&next).await.well();
    let said = asked(&world, 1, 5).await;
    assert!(["problem", "waiting"].contains(&said["status"].as_str().unwrap()), "{said}");
    assert!(said["data"].is_null());
    answered(&world, 0).await;
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    let turn = log.of("in-force").last().unwrap().index;
    let destroyed: Vec<_> = log.of("key-destroyed").collect();
    assert!(!destroyed.is_empty() && destroyed.iter().all(|entry| entry.index > turn), "its seeds are gone");
    assert!(
        log.of("disclosure").all(|entry| entry.index < turn || entry.values["recipient"] == "be-customs"),
        "it got something after it had left"
    );
}

async fn a_halt_is_not_lifted_by_a_new_version(on: On) {
    let mut world = World::on(on, 2).await;
    let next = world.amend(narrower).await;
    world.suspend().await;
    let refused = world.bring_into_force(&next).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.text.contains("has not ended"), "{refused:?}");
    world.resume().await;
    world.bring_into_force(&next).await.well();
    // Nor does the old version come back.
    let old = world.agreement.clone();
    assert_eq!(world.bring_into_force(&old).await.status, 409);
    assert_eq!(world.log().await.verify().await.code, 0);
}

async fn what_was_lodged_under_the_old_text_and_not_opened_is_gone(on: On) {
    let mut world = World::on(on, 2).await;
    let many: String = (1_000..1_400).map(|n| declaration(n).to_string() + "\n").collect();
    world.deposit(&many).await;
    let mut member = world.member(0, "be-customs-annex").await;
    let lodged = member.bulk().await;
    assert_eq!(member.fetch(&lodged.object).await.0, 200);
    let next = world.amend(narrower).await;
    world.bring_into_force(&next).await.well();
    assert_eq!(member.fetch(&lodged.object).await.0, 404, "it is destroyed");
    // Nor does the key follow: the receipt names the text of then.
    let held = member.signed(&member.receipt(ReceiptStage::Held, &lodged));
    member.collect(1).await;
    member.say(&held).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let log = world.log().await;
    assert_eq!(log.of("key-delivered").count(), 0);
    assert_eq!(log.verify().await.code, 0);
}
