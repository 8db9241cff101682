//! A crash at any instruction loses no acknowledged disclosure and delivers nothing unrecorded: a
//! hundred kills of the real programs on each database, at random moments while questions run.
//!
//! `TRANSIRE_TEST_KILLS` asks for more of them, `TRANSIRE_TEST_SEED` for others.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use audit::verify::ReceiptFile;
use common::{Rng as _, SeededRng};
use serde_json::Value;
use tests::harness::{Log, On, Question, World, run};

/// Every moment and every victim follow from this.
const SEED: u64 = 20_261_122;
const KILLS: u64 = 100;
/// Every so often the recipient's collector is killed instead of the broker.
const COLLECTOR_EVERY: u64 = 5;

tests::on_both!(a_hundred_kills_lose_nothing_and_deliver_nothing_that_is_not_on_record);

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

struct Dice(SeededRng);

impl Dice {
    fn below(&self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_be_bytes(bytes) % limit
    }
}

async fn a_hundred_kills_lose_nothing_and_deliver_nothing_that_is_not_on_record(on: On) {
    let (seed, kills) = (setting("TRANSIRE_TEST_SEED", SEED), setting("TRANSIRE_TEST_KILLS", KILLS));
    eprintln!("{on:?}, seed {seed}");
    let dice = Dice(SeededRng::new(seed));
    let mut world = World::on(on, 1).await;
    // Questions are asked by processes of their own all the while; most one by one, some in bulk.
    let stop = Arc::new(AtomicBool::new(false));
    let asker = {
        let stop = Arc::clone(&stop);
        let asking = world.recipients[0].asking();
        tokio::spawn(async move {
            let mut asked = BTreeSet::new();
            while !stop.load(Ordering::Relaxed) {
                let mut question = Question { wait_seconds: 0, ..asking.question() };
                if asked.len() % 7 == 3 {
                    question.action = "bulk".to_owned();
                    question.terms.clear();
                }
                if asked.len() % 11 == 5 {
                    question.purpose = "dpv:Marketing".to_owned();
                }
                let said = asking.ask(&question).await;
                asked.insert(said["request"].as_str().expect("a request").to_owned());
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
            asked
        })
    };
    let begun = Instant::now();
    for kill in 0..kills {
        // Up to half a second after the start: in the start itself, in a commit, between two.
        tokio::time::sleep(Duration::from_micros(dice.below(500_000))).await;
        if kill % COLLECTOR_EVERY == 4 {
            world.recipients[0].collector.take().unwrap().kill().await;
            world.recipients[0].collect();
        } else {
            world.kill().await;
            if dice.below(4) == 0 {
                world.kill_while_starting(Duration::from_micros(dice.below(200_000))).await;
            }
            if let Err(error) = world.start().await {
                panic!("after kill {kill} the broker does not start: {error}\n{}", world.said());
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    let asked = asker.await.unwrap();
    eprintln!("{kills} kills in {:?}, {} questions", begun.elapsed(), asked.len());
    assert!(asked.len() as u64 >= kills, "too few questions ran");

    let requests = settled(&world).await;
    let ids: BTreeSet<String> = requests.keys().cloned().collect();
    assert_eq!(ids, asked, "the recipient forgot a question");
    let log = world.log().await;
    let verified = log.verify().await;
    assert_eq!(verified.code, 0, "{verified:?}");
    nothing_twice(&log, &world);
    every_answer_is_on_record(&world, &log, &requests).await;
}

/// Waits until every question has its answer or refusal.
async fn settled(world: &World) -> BTreeMap<String, String> {
    let begun = Instant::now();
    loop {
        let rows = world.recipients[0].requests().await;
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let stand: BTreeMap<_, _> =
            rows.iter().map(|row| (text(row, "request"), text(row, "status"))).collect();
        if stand.values().all(|status| status == "answered" || status == "refused") {
            return stand;
        }
        if begun.elapsed() > Duration::from_secs(45) {
            let open: Vec<_> = stand
                .iter()
                .filter(|(_, status)| !["answered", "refused"].contains(&status.as_str()))
                .collect();
            let status = world.recipients[0].well(&["status"]).await;
            panic!("not settled: {open:?}\n{status}\nbroker: {}\n", world.said());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn nothing_twice(log: &Log, world: &World) {
    let mut messages = BTreeSet::new();
    for entry in &log.entries {
        let leaf: Value = serde_json::from_str(&entry.leaf).unwrap();
        if let Some(message) = leaf["message"].as_str() {
            assert!(messages.insert(message.to_owned()), "entry {}: a message twice", entry.index);
        }
    }
    let mut requests = BTreeSet::new();
    for entry in log.of("disclosure").chain(log.of("refusal")) {
        let request = entry.values["request"].to_string();
        assert!(requests.insert(request), "entry {}: a request decided twice", entry.index);
    }
    let sequences = log.sequences(&world.recipients[0].authority.id);
    let first = sequences[0];
    let dense: Vec<u64> = (first..first + sequences.len() as u64).collect();
    assert_eq!(sequences, dense, "the recipient's sequence is not dense");
}

/// Every answer that the recipient took has a proof that verifies, at an index of its own, for the
/// leaf that the exported record has there.
async fn every_answer_is_on_record(world: &World, log: &Log, requests: &BTreeMap<String, String>) {
    let recipient = &world.recipients[0];
    let mut indices = BTreeSet::new();
    for (at, (request, status)) in requests.iter().enumerate() {
        let file = world.root().join(format!("{request}.json")).display().to_string();
        recipient.well(&["receipt", request, "--out", &file]).await;
        let receipt: ReceiptFile = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert!(indices.insert(receipt.index), "index {} was delivered twice", receipt.index);
        let entry = &log.entries[usize::try_from(receipt.index).unwrap()];
        assert_eq!(entry.leaf, receipt.leaf, "entry {} of the record is another", receipt.index);
        assert_eq!(entry.values["request"], request.as_str(), "{entry:?}");
        let expected: &[&str] =
            if status == "answered" { &["disclosure", "repeated"] } else { &["refusal", "repeated"] };
        assert!(expected.contains(&entry.operation.as_str()), "{status}: {entry:?}");
        audit::verify::verify_receipt(&receipt, Some(&world.log_key)).unwrap();
        if at % 10 == 0 {
            let key = log.key.display().to_string();
            let said = run("transire-verify", &["receipt", &file, "--key", &key]).await;
            assert_eq!(said.code, 0, "{said:?}");
        }
    }
}
