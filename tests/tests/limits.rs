//! Limits of the configuration, where an officer or a recipient meets them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use reqwest::Method;
use tests::harness::{Endpoint, World};

/// A world whose broker was started again with another line under `[limits]`.
async fn limited(line: &str) -> World {
    let mut world = World::new(1).await;
    world.stop().await;
    let config = world.root().join("nl-customs/transire.toml");
    let mut config = std::fs::File::options().append(true).open(config).unwrap();
    writeln!(config, "{line}").unwrap();
    world.start().await.expect("the broker starts");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_would_leave_records_out_is_not_given_and_says_so() {
    // 20 records match.
    let mut world = limited("answer_records = 19").await;
    let customs = &world.recipients[0];
    let told = customs.ask(&customs.question()).await;
    assert_eq!(told["status"], "problem", "{told}\n{}", world.said());
    assert!(told["data"].is_null(), "{told}");
    assert!(told.to_string().contains("more than 19 records match"), "{told}");
    assert!(told.to_string().contains("too-many-records"), "{told}");
    let log = world.log().await;
    assert_eq!(log.of("problem").count(), 1);
    assert_eq!(log.of("disclosure").count(), 0);
    assert_eq!(log.verify().await.code, 0);
    drop(world);

    let world = limited("answer_records = 20").await;
    let customs = &world.recipients[0];
    let answer = customs.ask(&customs.question()).await;
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(20), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_waits_no_longer_than_the_provider_lets_it() {
    let world = limited("poll_seconds = 1").await;
    let own = Endpoint::new("be-customs-annex", world.outward);
    let note = world.recipients[0].authority.enrolment(&own.id, own.public());
    world.officers.agreements.text("/v1/endpoints", &note).await.well();
    let groups = own.call(Method::GET, "/v1/outward/groups", b"", "x/y").await.well().json();
    let group = groups["groups"][0]["group"].as_str().expect("a group");
    let path = format!("/v1/outward/groups/{group}/inbox?after=1000000&wait_seconds=30");
    let start = Instant::now();
    own.call(Method::GET, &path, b"", "x/y").await.well();
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(15), "{waited:?}");
}
