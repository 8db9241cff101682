//! A removed endpoint cannot read the next disclosure: not with its own programs and folders, not
//! with a state that it kept, not with all bytes that a colleague fetches for it, and not by a race
//! of its removal with admissions.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test with its helpers"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use agreements::EndpointId;
use common::{Rng as _, SeededRng};
use exchange::wire::InboxMessage;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use tests::harness::{Desk, Log, Member, Question, Read, Reader, Relay, World, declaration};

/// Every moment follows from this; change it to try others.
const SEED: u64 = 20_261_124;
const ROUNDS: usize = 12;
/// Endpoints that are admitted while another is withdrawn.
const ADMITTED: usize = 5;
const OFFERS: usize = 3;

async fn remove(world: &World, endpoint: &EndpointId) {
    let path = format!("/v1/endpoints/{endpoint}");
    let grounds = json!({ "grounds": "the machine was stolen" });
    world.officers.dpo.send(Method::DELETE, &path, &grounds).await.well();
}

/// Index of the entry of the removal.
fn removed_at(log: &Log, endpoint: &EndpointId) -> u64 {
    let mut removals = log.of("endpoint-removed");
    removals.find(|entry| entry.values["endpoint"] == endpoint.as_str()).expect("it is on record").index
}

/// The members of the groups, as the record has them.
fn members(log: &Log) -> BTreeSet<String> {
    let mut members = BTreeSet::new();
    for entry in log.of("group-changed") {
        for endpoint in entry.values["endpoints"].as_array().unwrap() {
            let endpoint = endpoint.as_str().unwrap().to_owned();
            match entry.values["change"].as_str().unwrap() {
                "added" => assert!(members.insert(endpoint), "entry {}: added twice", entry.index),
                "removed" => assert!(members.remove(&endpoint), "entry {}: no member", entry.index),
                _ => {}
            }
        }
    }
    members
}

/// Indices of the entries that these keys open among these messages.
fn opens(reader: &mut Reader, messages: &[InboxMessage]) -> Vec<u64> {
    let mut opened = Vec::new();
    for message in messages {
        if let Read::Opened(envelope) = reader.read(message) {
            opened.push(envelope.index);
        }
    }
    opened
}

async fn answered(desk: &Desk, question: &Question) -> Value {
    let said = desk.ask(question).await;
    assert_eq!(said["status"], "answered", "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_endpoint_opens_nothing_of_all_that_a_colleague_fetches() {
    let mut world = World::new(1).await;
    let many: String = (1_000..1_400).map(|n| declaration(n).to_string() + "\n").collect();
    world.deposit(&many).await;
    let mut mole = world.member(0, "be-customs-mole").await;
    let mut thief = world.member(0, "be-customs-thief").await;
    thief.ask(thief.question()).await;
    answered(&world.recipients[0], &world.recipients[0].question()).await;
    mole.collect(0).await;
    thief.collect(0).await;
    let (kept, had) = (thief.reader.state(), thief.opened.len());
    let position = thief.inbox.last().unwrap().position;
    assert!(had >= 2, "while it is a member it reads what all of them read");

    remove(&world, &thief.endpoint.id).await;
    assert_eq!(thief.collect(0).await, 401, "its own calls are refused");
    let (opened_before, desk) = (mole.opened.len(), &world.recipients[0]);
    answered(desk, &desk.question()).await;
    let bulk = Question {
        action: "bulk".to_owned(),
        terms: Vec::new(),
        out: Some(world.root().join("bulk.jsonl")),
        ..desk.question()
    };
    answered(desk, &bulk).await;
    let announced = mole.bulk().await;
    mole.open(&announced).await;
    mole.collect(0).await;
    assert!(mole.opened.len() >= opened_before + 5, "two answers, two objects, two keys for the members");
    assert_eq!(thief.fetch(&announced.object).await.0, 401);

    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    let removal = removed_at(&log, &thief.endpoint.id);
    let since: Vec<InboxMessage> = mole.inbox.iter().filter(|m| m.position > position).cloned().collect();
    assert!(since.iter().filter(|message| message.index > Some(removal)).count() >= 5);
    assert_eq!(opens(&mut thief.reader, &since), [0_u64; 0], "it follows, as an honest program does");
    thief.reader.restore(&kept);
    let sealed: Vec<InboxMessage> = since.into_iter().filter(|m| m.leaf.is_some()).collect();
    assert_eq!(opens(&mut thief.reader, &sealed), [0_u64; 0]);
    let mut reversed = sealed.clone();
    reversed.reverse();
    thief.reader.restore(&kept);
    assert_eq!(
        opens(&mut thief.reader, &reversed),
        [0_u64; 0],
        "with the state that it kept, in another order"
    );
    let from_the_start = opens(&mut thief.reader, &mole.inbox);
    assert!(from_the_start.iter().all(|index| *index < removal), "{from_the_start:?}, removed at {removal}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        let target = to.join(file.file_name());
        if file.file_type().expect("a type").is_dir() {
            copy(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).expect("a copy");
        }
    }
}

/// How many messages of the broker the program has opened, those for its colleagues included.
async fn received(desk: &Desk) -> usize {
    let log = desk.well(&["log", "--limit", "10000"]).await["log"].clone();
    log.as_array().unwrap().iter().filter(|line| line["act"] == "received").count()
}

/// Collects through the accomplice and asks once more; gives how many messages are opened then.
async fn collects_through(relay: &Relay, desk: &Desk) -> usize {
    let before = relay.answered();
    let collector = desk.collecting();
    let said = desk.ask(&Question { wait_seconds: 3, ..desk.question() }).await;
    assert_ne!(said["status"], "answered", "a removed endpoint was answered: {said}");
    assert!(said["data"].is_null());
    let group = desk.well(&["status"]).await["groups"][0].clone();
    assert_eq!(group["status"], "removed", "{group}");
    assert!(group["alarm"].is_null(), "{group}");
    assert!(relay.answered() > before + 1, "the accomplice fetched nothing for it");
    collector.end().await;
    received(desk).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_of_a_removed_endpoint_opens_nothing_that_an_accomplice_fetches_for_it() {
    let mut world = World::new(1).await;
    let mole = world.member(0, "be-customs-mole").await;
    let relay = Relay::start(world.outward, mole.endpoint.clone()).await;
    let endpoint = EndpointId::parse("be-customs-annex").unwrap();
    let annex = world.annex_through(&endpoint, relay.address).await;
    let collector = annex.collecting();
    annex.joined().await;
    answered(&annex, &annex.question()).await;
    // It opens what its colleague asked, too.
    let before = received(&annex).await;
    answered(&world.recipients[0], &world.recipients[0].question()).await;
    for _ in 0..100 {
        if received(&annex).await > before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    collector.end().await;
    let (kept, had) = (world.root().join("kept"), received(&annex).await);
    assert!(had > before, "as a member it opens every message of its group");
    copy(&annex.data(), &kept);

    remove(&world, &endpoint).await;
    relay.betray();
    let desk = &world.recipients[0];
    for _ in 0..3 {
        answered(desk, &desk.question()).await;
    }
    // The folder as it was left, then the copy of it that was made in time.
    assert_eq!(collects_through(&relay, &annex).await, had);
    answered(&world.recipients[0], &world.recipients[0].question()).await;
    std::fs::remove_dir_all(annex.data()).unwrap();
    copy(&kept, &annex.data());
    assert_eq!(collects_through(&relay, &annex).await, had);
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    assert!(!members(&log).contains(endpoint.as_str()));
}

/// Offers key packages until it is refused or has offered enough.
async fn offers(mut member: Member) -> Member {
    for _ in 0..OFFERS {
        let status = member.offer().await;
        assert!(matches!(status, 200 | 401), "{status}");
    }
    member
}

/// One more endpoint that is enrolled and offers itself, while others come and go.
async fn comes(world: &World, name: &str) -> Member {
    let until = Timestamp::now() + SignedDuration::from_hours(24);
    offers(world.enrolled(0, name, until).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_removed_while_many_are_admitted_is_in_no_group_and_reads_nothing_more() {
    eprintln!("seed {SEED}");
    let dice = SeededRng::new(SEED);
    let mut world = World::new(1).await;
    let mut mole = world.member(0, "be-customs-mole").await;
    let (mut stay, mut gone) = (BTreeSet::new(), Vec::new());
    for round in 0..ROUNDS {
        let until = Timestamp::now() + SignedDuration::from_hours(24);
        let victim = world.enrolled(0, &format!("be-victim-{round}"), until).await;
        let id = victim.endpoint.id.clone();
        let wait = Duration::from_micros(u64::from(dice.id()[0]) * 100);
        let names: Vec<String> = (0..ADMITTED).map(|n| format!("be-desk-{round}-{n}")).collect();
        let admitted = futures_util::future::join_all(names.iter().map(|name| comes(&world, name)));
        let removal = async {
            tokio::time::sleep(wait).await;
            remove(&world, &id).await;
        };
        let (_, victim, ()) = tokio::join!(admitted, offers(victim), removal);
        stay.extend(names);
        gone.push(victim);
    }
    // Whatever is still on its way comes to its end.
    for _ in 0..100 {
        if stay.is_subset(&members(&world.log().await)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    answered(&world.recipients[0], &world.recipients[0].question()).await;
    mole.ask(mole.question()).await;
    mole.collect(0).await;

    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    let members = members(&log);
    assert!(stay.is_subset(&members), "{:?} were never admitted", stay.difference(&members));
    let mut were_members = 0;
    for mut victim in gone {
        let id = victim.endpoint.id.clone();
        assert!(!members.contains(id.as_str()), "`{id}` is a member after its removal");
        assert_eq!(victim.offer().await, 401);
        let removal = removed_at(&log, &id);
        let came = log
            .of("group-changed")
            .find(|entry| entry.values["change"] == "added" && entry.values["endpoints"][0] == id.as_str());
        were_members += usize::from(came.is_some_and(|entry| entry.index < removal));
        let opened = opens(&mut victim.reader, &mole.inbox);
        assert!(opened.iter().all(|index| *index < removal), "{id}: {opened:?}, removed at {removal}");
        assert_eq!(victim.reader.has_joined(), came.is_some(), "its keys open what it was welcomed to");
    }
    eprintln!("{were_members} of {ROUNDS} were members when they were removed");
    world.stop().await;
    world.start().await.expect("the record replays");
    answered(&world.recipients[0], &world.recipients[0].question()).await;
}
