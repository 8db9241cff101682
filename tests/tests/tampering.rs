//! Whoever alters the database by hand opens nothing: rows that differ from the record stop
//! disclosures under them, an altered record or an old copy stops the start.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use agreements::EndpointId;
use common::{Rng as _, SeededRng};
use exchange::FromBroker;
use reqwest::Method;
use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Row as _};
use tests::harness::{On, Question, World};

const SEED: u64 = 20_261_123;

tests::on_both!(
    no_word_in_a_row_lets_out_what_a_suspension_holds,
    a_request_changed_by_hand_is_not_answered_again,
    a_status_set_to_in_force_by_hand_discloses_nothing,
    an_agreement_whose_document_is_changed_by_hand_discloses_nothing,
    a_directory_changed_by_hand_stops_disclosures_of_its_agreements,
    an_endpoint_key_changed_by_hand_stops_disclosures_of_its_agreements,
    a_role_given_by_hand_gives_nothing,
    a_flipped_bit_of_the_record_stops_the_start_and_is_named,
);

async fn database(world: &World) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&world.database_url).await.expect("the database opens")
}

/// Changes one row while the broker is stopped.
async fn alter(world: &World, sql: &'static str) {
    let mut db = database(world).await;
    let done = sqlx::query(sql).execute(&mut db).await.expect("it is changed");
    assert_eq!(done.rows_affected(), 1, "{sql}");
    db.close().await.expect("it closes");
}

/// Stops, changes one row, starts.
async fn with_altered(world: &mut World, sql: &'static str) {
    world.stop().await;
    alter(world, sql).await;
    world.start().await.expect("the broker starts and says what differs");
}

async fn assert_nothing_is_disclosed(world: &mut World) {
    let recipient = &world.recipients[0];
    let said = recipient.ask(&recipient.question()).await;
    let status = said["status"].as_str().unwrap_or_default();
    assert!(["refused", "problem"].contains(&status), "{said}\n{}", world.said());
    assert!(said["data"].is_null());
    assert_eq!(world.log().await.of("disclosure").count(), 0);
}

async fn a_status_set_to_in_force_by_hand_discloses_nothing(on: On) {
    let mut world = World::on(on, 1).await;
    world.suspend().await;
    with_altered(&mut world, "UPDATE agreements SET status = 'in-force'").await;
    assert_nothing_is_disclosed(&mut world).await;
    // Not by undoing the suspension on record either: somebody has to look first.
    world.resume().await;
    assert_nothing_is_disclosed(&mut world).await;
}

async fn an_agreement_whose_document_is_changed_by_hand_discloses_nothing(on: On) {
    let mut world = World::on(on, 1).await;
    let sql = "UPDATE agreements SET document = replace(document, 'rows_per_day = 500', 'rows_per_day = 900')";
    with_altered(&mut world, sql).await;
    assert_nothing_is_disclosed(&mut world).await;
}

async fn a_directory_changed_by_hand_stops_disclosures_of_its_agreements(on: On) {
    let mut world = World::on(on, 1).await;
    let sql = "UPDATE directories SET note = replace(note, 'Office', 'Orifice') WHERE authority = 'be-customs'";
    with_altered(&mut world, sql).await;
    assert_nothing_is_disclosed(&mut world).await;
}

async fn an_endpoint_key_changed_by_hand_stops_disclosures_of_its_agreements(on: On) {
    let mut world = World::on(on, 1).await;
    let sql = "UPDATE endpoints SET expires = '2031-01-01T00:00:00Z' WHERE endpoint = 'be-customs-desk'";
    with_altered(&mut world, sql).await;
    assert_nothing_is_disclosed(&mut world).await;
}

async fn a_role_given_by_hand_gives_nothing(on: On) {
    let mut world = World::on(on, 1).await;
    let sql = "UPDATE officers SET roles = (SELECT roles FROM officers WHERE number = 'NL-0002') \
               WHERE number = 'NL-0003'";
    with_altered(&mut world, sql).await;
    let grounds = json!({ "grounds": "a try" });
    let tried = world.officers.source.post(&world.of_agreement("termination"), &grounds).await;
    assert_eq!(tried.status, 401, "{tried:?}");
    let said = world.recipients[0].ask(&world.recipients[0].question()).await;
    assert_eq!(said["status"], "answered", "what is not touched goes on: {said}");
}

/// Flips one bit of a stored value and gives what was there.
async fn flip(world: &World, table: &str, column: &str, which: &str, dice: &SeededRng) -> Vec<u8> {
    let mut db = database(world).await;
    let read = format!("SELECT {column} AS found FROM {table} WHERE {which}");
    let row = sqlx::query(sqlx::AssertSqlSafe(read)).fetch_one(&mut db).await.expect("a row");
    let was: Vec<u8> = if is_text(column) { row.get::<String, _>("found").into() } else { row.get("found") };
    let mut bytes = was.clone();
    let random = dice.key();
    let at = usize::from(random[0]) * 256 + usize::from(random[1]);
    let length = bytes.len();
    bytes[at % length] ^= 1 << (random[2] % 7);
    put(&mut db, table, column, which, &bytes).await;
    db.close().await.expect("it closes");
    was
}

async fn put(db: &mut AnyConnection, table: &str, column: &str, which: &str, bytes: &[u8]) {
    let write = sqlx::AssertSqlSafe(format!("UPDATE {table} SET {column} = $1 WHERE {which}"));
    let query = sqlx::query(write);
    let query = if is_text(column) {
        query.bind(String::from_utf8(bytes.to_vec()).expect("a flipped low bit leaves ASCII"))
    } else {
        query.bind(bytes.to_vec())
    };
    assert_eq!(query.execute(db).await.expect("a change").rows_affected(), 1);
}

fn is_text(column: &str) -> bool {
    column == "checkpoint"
}

async fn a_flipped_bit_of_the_record_stops_the_start_and_is_named(on: On) {
    eprintln!("seed {SEED}");
    let dice = SeededRng::new(SEED);
    let mut world = World::on(on, 1).await;
    let said = world.recipients[0].ask(&world.recipients[0].question()).await;
    let index = said["index"].as_u64().expect("an index");
    world.stop().await;
    let entry = format!("entry {index}");
    let row = format!("idx = {index}");
    let cases = [
        ("entries", "leaf", row.as_str(), entry.as_str()),
        ("entries", "particulars", row.as_str(), entry.as_str()),
        ("tiles", "bytes", "level = 0 AND idx = 0", "entry "),
        ("head", "checkpoint", "id = 1", "signed state"),
        ("head", "root", "id = 1", "root"),
        ("head", "frontier", "id = 1", "head row"),
    ];
    for _ in 0..3 {
        for (table, column, which, named) in cases {
            let was = flip(&world, table, column, which, &dice).await;
            let error = world.start().await.expect_err(&format!("{table}.{column} was altered unseen"));
            assert!(error.contains(named), "{table}.{column}: {error}");
            let mut db = database(&world).await;
            put(&mut db, table, column, which, &was).await;
            db.close().await.expect("it closes");
        }
    }
    world.start().await.expect("what was put back is as it was");
    assert_eq!(world.log().await.verify().await.code, 0);
}

fn copy(from: &Path, to: &Path) {
    for name in ["broker.db", "broker.db-wal", "broker.db-shm"] {
        let _ = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).expect("a copy");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_old_database_is_noticed_before_it_speaks_to_anyone() {
    let mut world = World::new(1).await;
    let backup = world.root().join("backup");
    std::fs::create_dir(&backup).unwrap();
    world.stop().await;
    copy(&world.data(), &backup);
    world.start().await.expect("it starts");
    let said = world.recipients[0].ask(&world.recipients[0].question()).await;
    assert_eq!(said["status"], "answered", "{said}");
    world.stop().await;
    copy(&backup, &world.data());
    let error = world.start().await.expect_err("an old database was taken");
    assert!(error.contains("older copy"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_endpoint_gets_nothing_of_the_next_disclosure() {
    let mut world = World::new(1).await;
    let endpoint = EndpointId::parse("be-customs-annex").unwrap();
    let annex = world.annex(&endpoint).await;
    let collector = annex.collecting();
    annex.joined().await;
    let said = annex.ask(&annex.question()).await;
    assert_eq!(said["status"], "answered", "while it is a member: {said}");
    let grounds = json!({ "grounds": "the machine was stolen" });
    let path = format!("/v1/endpoints/{endpoint}");
    world.officers.dpo.send(Method::DELETE, &path, &grounds).await.well();

    let desk = &world.recipients[0];
    let begun = Instant::now();
    loop {
        // The group's next epoch; a question sealed in the one before is sealed again.
        let said = desk.ask(&desk.question()).await;
        if said["status"] == "answered" {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{said}");
    }
    let said = annex.ask(&Question { wait_seconds: 2, ..annex.question() }).await;
    assert_eq!(said["status"], "waiting", "a removed endpoint was answered: {said}");
    drop(collector);
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    assert_eq!(log.of("disclosure").count(), 2);
    let removal = log.of("endpoint-removed").next().expect("the removal is on record").index;
    let changed = log.of("group-changed").last().expect("the group changed");
    assert!(changed.index > removal && changed.values["change"] == "removed", "{changed:?}");
}

async fn no_word_in_a_row_lets_out_what_a_suspension_holds(on: On) {
    let mut world = World::on(on, 1).await;
    let mut member = world.member(0, "be-customs-annex").await;
    let question = member.question();
    member.ask(question).await;
    let before = world.log().await.of("disclosure").count();
    let said = member.vouched(member.question());
    member.say(&said).await;
    while world.log().await.of("disclosure").count() == before {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.suspend().await;
    let opened = member.opened.len();
    for sql in [
        "UPDATE entries SET operation = 'refusal' WHERE operation = 'disclosure'",
        "UPDATE entries SET particulars = (SELECT particulars FROM entries WHERE operation = 'suspended')",
        "UPDATE inbox SET idx = NULL WHERE kind = 'message'",
        "UPDATE inbox SET kind = 'notice' WHERE kind = 'message'",
    ] {
        member.collect(1).await;
        let got = member.opened[opened..].iter().filter(|one| matches!(one.body, FromBroker::Answer { .. }));
        assert_eq!(got.count(), 0, "before: {sql}");
        let mut db = database(&world).await;
        let done = sqlx::query(sql).execute(&mut db).await.expect("it is changed");
        assert!(done.rows_affected() > 0, "{sql}");
        db.close().await.expect("it closes");
    }
    member.collect(1).await;
    let got = member.opened[opened..].iter().filter(|one| matches!(one.body, FromBroker::Answer { .. }));
    assert_eq!(got.count(), 0, "data went out while the agreement was suspended");
}

async fn a_request_changed_by_hand_is_not_answered_again(on: On) {
    let mut world = World::on(on, 1).await;
    let mut member = world.member(0, "be-customs-annex").await;
    let question = member.question();
    member.ask(question.clone()).await;
    with_altered(&mut world, "UPDATE requests SET request = substr(request, 2) || '0'").await;
    let again = member.ask(question).await;
    assert!(!matches!(again.body, FromBroker::Answer { .. }), "the same question was answered again");
    assert_eq!(world.log().await.of("disclosure").count(), 1);
}
