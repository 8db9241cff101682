//! The broker's own membership is renewed by its own authority, and ends when that does not.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use tests::harness::{Question, World};

fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::now().checked_add(seconds.seconds()).expect("a time")
}

/// Changes of the group on record, the newest last.
async fn changes(world: &mut World) -> Vec<String> {
    let log = world.log().await;
    let changes = log.of("group-changed").map(|entry| entry.values["change"].as_str().unwrap().to_owned());
    changes.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_whose_enrolment_ended_discloses_nothing_until_it_is_enrolled_again() {
    let mut world = World::new(1).await;
    let question = world.recipients[0].question();
    let answered = world.recipients[0].ask(&question).await;
    assert_eq!(answered["status"], "answered", "{answered}");

    // Its leaf in the group takes the new note over with the next message.
    world.enrol_broker(in_seconds(6)).await;
    let before = changes(&mut world).await.len();
    let answered = world.recipients[0].ask(&question).await;
    assert_eq!(answered["status"], "answered", "{answered}");
    let after = changes(&mut world).await;
    assert_eq!(after.len(), before + 1);
    assert_eq!(after.last().map(String::as_str), Some("refreshed"));

    tokio::time::sleep(Duration::from_secs(6)).await;
    world.stop().await;
    world.start().await.expect("it starts");
    let disclosures = world.log().await.of("disclosure").count();
    let waiting = world.recipients[0].ask(&Question { wait_seconds: 3, ..question.clone() }).await;
    assert_ne!(waiting["status"], "answered", "{waiting}");
    assert_eq!(world.log().await.of("disclosure").count(), disclosures);

    world.enrol_broker(in_seconds(3_600)).await;
    let answered = world.recipients[0].ask(&question).await;
    assert_eq!(answered["status"], "answered", "{answered}\n{}", world.said());
}
