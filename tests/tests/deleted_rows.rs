//! Rows deleted by hand while the broker is stopped: nothing leaves wrongly for it, and the check of
//! the data folder says what differs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use exchange::FromBroker;
use exchange::wire::OCTETS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _};
use tests::harness::{Officer, PASSWORD, Question, World, run};

/// Deletes rows while the broker is stopped; gives what the check says, which must name it.
async fn deleted(world: &mut World, sqls: &[&'static str]) -> Value {
    world.stop().await;
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", world.data().join("broker.db").display());
    let mut db = AnyConnection::connect(&url).await.expect("the database opens");
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut db).await.expect("it is off");
    for sql in sqls {
        let done = sqlx::query(*sql).execute(&mut db).await.expect("it is deleted");
        assert!(done.rows_affected() > 0, "{sql}");
    }
    db.close().await.expect("it closes");
    let checked = check(world).await;
    world.start().await.expect("the broker starts and says what differs");
    checked
}

async fn check(world: &World) -> Value {
    let config = world.provider.dir.join("transire.toml").display().to_string();
    let said = run("transire", &["--json", "audit", "check", "--config", &config]).await;
    let checked: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    assert_eq!(said.code == 0, checked["sound"] == true, "{said:?}");
    checked
}

async fn assert_nothing_is_disclosed(world: &mut World) {
    let desk = &world.recipients[0];
    let said = desk.ask(&Question { wait_seconds: 5, ..desk.question() }).await;
    assert_ne!(said["status"], "answered", "{said}\n{}", world.said());
    assert!(said["data"].is_null());
    let log = world.log().await;
    assert_eq!(log.of("disclosure").count(), 0);
    assert_eq!(log.verify().await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_an_agreement_whose_row_is_deleted_nothing_is_disclosed() {
    let mut world = World::new(1).await;
    assert_eq!(check_while_stopped(&mut world).await["sound"], true, "before anybody touches it");
    let checked = deleted(&mut world, &["DELETE FROM agreements"]).await;
    assert_eq!(checked["agreements_blocked"], json!([world.agreement.id]), "{checked}");
    assert_nothing_is_disclosed(&mut world).await;
}

async fn check_while_stopped(world: &mut World) -> Value {
    world.stop().await;
    let checked = check(world).await;
    world.start().await.expect("it starts");
    checked
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_whose_row_is_deleted_is_nobody_and_the_check_says_so() {
    let mut world = World::new(1).await;
    let sqls = ["DELETE FROM officers WHERE number = 'NL-0002'"];
    let checked = deleted(&mut world, &sqls).await;
    assert_eq!(checked["officers_blocked"], json!(["NL-0002"]), "{checked}");
    let grounds = json!({ "grounds": "a try" });
    let path = world.of_agreement("termination");
    assert_eq!(world.officers.agreements.post(&path, &grounds).await.status, 401, "the session is dead");
    let nobody = Officer::nobody(world.inward);
    let given = json!({ "officer": "NL-0002", "password": PASSWORD });
    assert_eq!(nobody.post("/v1/sessions", &given).await.status, 401);
    // Its number is not free for somebody else.
    let again = json!({ "number": "NL-0002", "name": "X", "password": PASSWORD, "roles": ["agreements"] });
    let named = world.officers.administrator.post("/v1/officers", &again).await;
    assert!((400..500).contains(&named.status), "{named:?}");
    let said = world.recipients[0].ask(&world.recipients[0].question()).await;
    assert_eq!(said["status"], "answered", "what is not touched goes on: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_enrolment_is_deleted_calls_for_nothing() {
    let mut world = World::new(1).await;
    let member = world.member(0, "be-customs-annex").await;
    let sqls = ["DELETE FROM endpoints WHERE endpoint = 'be-customs-annex'"];
    let checked = deleted(&mut world, &sqls).await;
    assert_eq!(checked["agreements_blocked"], json!([world.agreement.id]), "{checked}");
    assert_eq!(member.call(Method::GET, "/v1/outward/groups", b"", OCTETS).await, 401);
    assert_nothing_is_disclosed(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_whose_state_is_deleted_discloses_nothing() {
    let mut world = World::new(1).await;
    let sqls = ["DELETE FROM exchange_groups WHERE recipient = 'be-customs'"];
    let checked = deleted(&mut world, &sqls).await;
    assert_eq!(checked["agreements_blocked"], json!([world.agreement.id]), "{checked}");
    assert_nothing_is_disclosed(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_deleted_from_an_inbox_is_missed_by_its_recipient() {
    let mut world = World::new(1).await;
    let mut member = world.member(0, "be-customs-annex").await;
    world.recipients[0].collector.take().unwrap().end().await;
    let question = member.question();
    let index = member.ask(question).await.index;
    let sqls = ["DELETE FROM inbox WHERE idx = (SELECT MAX(idx) FROM entries WHERE operation = 'disclosure')"];
    deleted(&mut world, &sqls).await;
    // Another message follows, so that the gap shows.
    let question = member.question();
    member.ask(question).await;
    world.recipients[0].collect();
    let mut group = Value::Null;
    for _ in 0..100 {
        group = world.recipients[0].well(&["status"]).await["groups"][0].clone();
        if !group["alarm"].is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(group["status"], "stopped", "{group}");
    assert!(group["alarm"].as_str().unwrap_or_default().contains("missing"), "{group}");
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    assert!(log.of("disclosure").any(|entry| entry.index == index), "the record has it still");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_row_is_deleted_is_not_answered_again() {
    let mut world = World::new(1).await;
    let mut member = world.member(0, "be-customs-annex").await;
    let question = member.question();
    member.ask(question.clone()).await;
    let checked = deleted(&mut world, &["DELETE FROM requests"]).await;
    assert_eq!(checked["agreements_blocked"], json!([world.agreement.id]), "{checked}");
    let again = member.ask(question.clone()).await;
    assert!(!matches!(again.body, FromBroker::Answer { .. }), "it was answered again");
    let mut changed = question;
    changed.terms[0].value = "NL000404".to_owned();
    let changed = member.ask(changed).await;
    assert!(!matches!(changed.body, FromBroker::Answer { .. }), "another question was answered under its id");
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    assert_eq!(log.of("disclosure").count(), 1);
}
