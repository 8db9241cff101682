//! After an agreement's last day nothing more goes out: not the rows that wait, not the objects that
//! were lodged, not a key. What waits is destroyed, and the record says that it ended.
//!
//! And after thirty days members come in anew with fresh keys, and leave with their enrolment.
//!
//! The real programs make the world; then the broker runs in this process, days later.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test with its helpers"
)]

use std::sync::Arc;

use agreements::ObjectId;
use agreements::statements::ReceiptStage;
use broker::config::Config;
use common::{FixedClock, SystemRng};
use exchange::FromBroker;
use exchange::wire::{InboxPage, inbox_path, messages_path};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Row as _};
use tests::harness::{Member, Officer, PASSWORD, Read, World, declaration};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How much later it is then.
const LATER: SignedDuration = SignedDuration::from_hours(72);

/// The library's agreement, which ends the day after tomorrow.
fn ending(document: &str) -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let until = today.checked_add(2.days()).unwrap();
    assert_eq!(document.matches("until = 2031-04-01").count(), 1);
    document.replace("until = 2031-04-01", &format!("until = {until}"))
}

/// The broker, some days later.
struct Later {
    end: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Later {
    async fn start(world: &mut World, by: SignedDuration) -> Self {
        let file = world.provider.dir.join("transire.toml");
        let config: Config = common::config::load(&file).unwrap();
        let config = config.relative_to(&world.provider.dir);
        let bound = broker::serve::bind(config.inward_listen, config.outward_listen, None).await.unwrap();
        let clock = Arc::new(FixedClock::new(Timestamp::now() + by));
        let started = broker::start::start(config, clock, Arc::new(SystemRng)).await.expect("it starts");
        let (end, ended) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            let until = async move { _ = ended.await };
            broker::serve::serve(started, bound, until).await.expect("it serves");
        });
        world.officers.agreements = Officer::sign_in(world.inward, "NL-0002", PASSWORD).await;
        world.officers.dpo = Officer::sign_in(world.inward, "NL-0004", PASSWORD).await;
        Self { end, served }
    }

    async fn stop(self) {
        self.end.send(()).unwrap();
        self.served.await.unwrap();
    }
}

/// Indices of all that a member can fetch now, from the start of the inbox.
async fn fetched(member: &Member) -> Vec<u64> {
    let path = format!("{}?after=0", inbox_path(member.group));
    let (status, bytes) = member.endpoint.bytes(&path, member.reader.now()).await;
    assert_eq!(status, 200);
    fetched_in(&bytes)
}

fn fetched_in(page: &[u8]) -> Vec<u64> {
    let page: InboxPage = serde_json::from_slice(page).unwrap();
    page.messages.iter().filter_map(|message| message.index).collect()
}

/// State of an object: its status, and whether its key is still there.
async fn object(world: &World, object: ObjectId) -> (String, bool) {
    let mut db = database(world).await;
    let sql = "SELECT status, key_sealed IS NOT NULL AS waits FROM objects WHERE object = $1";
    let row = sqlx::query(sql).bind(object.to_string()).fetch_one(&mut db).await.unwrap();
    (row.get("status"), row.get::<i64, _>("waits") == 1)
}

async fn database(world: &World) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", world.data().join("broker.db").display());
    AnyConnection::connect(&url).await.expect("the database opens")
}

async fn assert_no_key_went_out(world: &mut World) {
    let log = world.log().await;
    assert_eq!(log.of("key-delivered").count(), 0);
    assert_eq!(log.verify().await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_last_day_nothing_that_waits_under_an_agreement_goes_out() {
    let mut world = World::under(1, ending).await;
    let many: String = (1_000..1_400).map(|n| declaration(n).to_string() + "\n").collect();
    world.deposit(&many).await;
    world.recipients[0].collector.take().unwrap().end().await;
    let mut member = world.member(0, "be-customs-annex").await;
    let question = member.question();
    let inline = member.ask(question).await.index;
    let announced = member.bulk().await;
    let named = announced.object.header.object;
    let before = fetched(&member).await;
    assert!(before.contains(&inline) && before.contains(&announced.index), "while it is in force");
    assert_eq!(member.fetch(&announced.object).await.0, 200);
    world.stop().await;

    let later = Later::start(&mut world, LATER).await;
    member.reader.ahead = LATER;
    // The date is noticed by itself; the group ends with it.
    let begun = std::time::Instant::now();
    while object(&world, named).await != ("destroyed".to_owned(), false) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "nobody noticed the last day");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let mut db = database(&world).await;
    let left: i64 = sqlx::query("SELECT COUNT(*) AS n FROM inbox").fetch_one(&mut db).await.unwrap().get("n");
    assert_eq!(left, 0, "no row waits");
    let (status, bytes) = member.endpoint.bytes(&inbox_path(member.group), member.reader.now()).await;
    assert!(status != 200 || fetched_in(&bytes).is_empty(), "{status}");
    assert_eq!(member.fetch(&announced.object).await.0, 404, "the object is gone");
    // Neither a receipt nor a question is taken any more.
    for said in [member.signed(&member.receipt(ReceiptStage::Held, &announced)), {
        let question = member.question();
        member.vouched(question)
    }] {
        let (_, bytes) = member.reader.seal(&said);
        let path = messages_path(member.group);
        let status = member.call(reqwest::Method::POST, &path, &bytes, "application/octet-stream").await;
        assert_eq!(status, 410);
    }
    // Nor does it help to suspend, to resume or to end it.
    let grounds = json!({ "grounds": "a try" });
    let path = world.of_agreement("suspension");
    assert_eq!(world.officers.dpo.post(&path, &grounds).await.status, 404);
    assert_eq!(world.officers.agreements.send(reqwest::Method::DELETE, &path, &grounds).await.status, 404);
    assert_no_key_went_out(&mut world).await;
    later.stop().await;

    let later = Later::start(&mut world, LATER).await;
    let file = world.data().join("objects").join(named.to_string());
    assert!(!file.exists(), "the file went with the start");
    let log = world.log().await;
    assert_eq!(log.of("expired").count(), 1, "it ends once");
    let expired = log.of("expired").next().unwrap().index;
    assert!(log.of("key-destroyed").all(|entry| entry.index > expired) && log.of("key-destroyed").count() > 0);
    assert_no_key_went_out(&mut world).await;
    later.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_days_a_member_has_fresh_keys_and_one_whose_enrolment_ended_is_out() {
    const DAYS: SignedDuration = SignedDuration::from_hours(31 * 24);
    let in_days = |days: i64| Timestamp::now() + SignedDuration::from_hours(24 * days);
    let mut world = World::new(1).await;
    world.recipients[0].collector.take().unwrap().end().await;
    world.enrol_broker(in_days(80)).await;
    let mut short = world.enrolled(0, "be-customs-short", in_days(20)).await;
    short.join().await;
    let mut member = world.enrolled(0, "be-customs-annex", in_days(80)).await;
    member.join().await;
    assert_eq!(member.offer().await, 200, "a package for the time to come");
    let question = member.question();
    assert!(matches!(member.ask(question).await.body, FromBroker::Answer { .. }));
    let stolen = member.reader.state();
    world.stop().await;

    let later = Later::start(&mut world, DAYS).await;
    (member.reader.ahead, short.reader.ahead) = (DAYS, DAYS);
    let mut log = world.log().await;
    let begun = std::time::Instant::now();
    let change = |log: &tests::harness::Log, change: &str, endpoint: &str| {
        let named = serde_json::json!([endpoint]);
        log.of("group-changed")
            .filter(|e| e.values["change"] == change && e.values["endpoints"] == named)
            .count()
    };
    while change(&log, "added", "be-customs-annex") < 2 || change(&log, "removed", "be-customs-short") < 1 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "nobody noticed that time has passed");
        log = world.log().await;
    }
    let first = log.of("group-changed").last().unwrap().index;
    let question = member.question();
    let answer = member.ask(question).await;
    assert!(matches!(answer.body, FromBroker::Answer { .. }));
    // Whoever copied its keys before opens nothing of it.
    let since: Vec<_> = member.inbox.iter().filter(|message| message.index >= Some(first)).cloned().collect();
    member.reader.stolen(&stolen);
    let opened = since.iter().filter(|message| matches!(member.reader.read(message), Read::Opened(_)));
    assert_eq!(opened.count(), 0, "what was stolen before opens what came after");
    let path = inbox_path(short.group);
    let (status, _) = short.endpoint.bytes(&path, short.reader.now()).await;
    assert!(status == 401 || status == 403, "its enrolment has ended: {status}");
    assert_eq!(log.verify().await.code, 0);
    later.stop().await;
}
