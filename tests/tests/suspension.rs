//! A suspension takes effect at once: with 64 questions in flight, no disclosure follows it in the
//! log.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::harness::{On, Question, Recipient, World};

const IN_FLIGHT: usize = 64;
const ROUNDS: u64 = 6;

async fn ask_without_waiting(recipient: &Recipient) {
    let question = Question { wait_seconds: 0, ..recipient.question() };
    let asked = futures_util::future::join_all((0..IN_FLIGHT).map(|_| recipient.ask(&question))).await;
    assert!(asked.iter().all(|said| said["request"].is_string()), "{asked:?}");
}

fn is_open(request: &Value) -> bool {
    request["status"] == "waiting" || request["status"] == "coming"
}

async fn settled(world: &World) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let requests = world.recipients[0].requests().await;
        if !requests.iter().any(is_open) {
            return requests;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{requests:?}\n{}", world.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

tests::on_both!(with_64_questions_in_flight_no_disclosure_follows_the_suspension);

async fn with_64_questions_in_flight_no_disclosure_follows_the_suspension(on: On) {
    let mut world = World::on(on, 1).await;
    for round in 0..ROUNDS {
        world.recipients[0].collector.take().unwrap().end().await;
        ask_without_waiting(&world.recipients[0]).await;
        world.recipients[0].collect();
        let before = world.log_size().await;
        // Suspended when so many of them are on record.
        while world.log_size().await < before + 4 + 8 * round {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        world.suspend().await;
        // Time enough for whatever was to come after it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.resume().await;
        let requests = settled(&world).await;
        assert_eq!(requests.len(), IN_FLIGHT * (usize::try_from(round).unwrap() + 1));
    }
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    let (mut suspended, mut cut) = (false, 0);
    for entry in &log.entries {
        match entry.operation.as_str() {
            "suspended" => suspended = true,
            "resumed" => suspended = false,
            "disclosure" | "key-delivered" => {
                assert!(!suspended, "entry {} is a disclosure under a suspension", entry.index);
            }
            "refusal" => {
                assert!(suspended, "entry {} is a refusal without a suspension: {}", entry.index, entry.values);
                cut += 1;
            }
            _ => {}
        }
    }
    assert_eq!(log.of("suspended").count() as u64, ROUNDS);
    let disclosed = log.of("disclosure").count();
    eprintln!("{disclosed} were disclosed, {cut} were cut off");
    assert!(disclosed > 0 && cut > 0, "the suspension came before or after all of them");
    assert_eq!(disclosed + cut, IN_FLIGHT * usize::try_from(ROUNDS).unwrap());
}
