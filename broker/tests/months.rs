//! Time passes: a new month brings a new key for personal parts, a day a state entry, and the record
//! goes on through both and through every start.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test with its helpers")]

use std::path::Path;
use std::sync::Arc;

use agreements::{AuthorityId, EndpointId, OfficerNumber};
use broker::config::{Config, Limits, UnlockConfig};
use broker::govern::Acting;
use broker::govern::officer::{NewOfficer, change, name};
use broker::roles::Role;
use broker::start::{self, Started};
use common::{FixedClock, SeededRng};
use jiff::SignedDuration;
use zeroize::Zeroizing;

fn config(dir: &Path) -> Config {
    let data_dir = dir.join("data");
    Config {
        authority: AuthorityId::parse("nl-customs").unwrap(),
        endpoint: EndpointId::parse("nl-customs-broker").unwrap(),
        unlock: UnlockConfig::KeyFile(dir.join("unlock.key")),
        data_dir,
        database_url: None,
        database_password_file: None,
        inward_listen: "127.0.0.1:0".parse().unwrap(),
        outward_listen: "127.0.0.1:0".parse().unwrap(),
        metrics_listen: None,
        limits: Limits::default(),
    }
}

async fn started(config: &Config, clock: &Arc<FixedClock>, seed: u64) -> Started {
    let clock: Arc<dyn common::Clock> = Arc::clone(clock) as _;
    start::start(config.clone(), clock, Arc::new(SeededRng::new(seed))).await.expect("it starts")
}

fn officer(number: &str) -> NewOfficer {
    NewOfficer {
        number: OfficerNumber::parse(number).unwrap(),
        name: Zeroizing::new("Somebody".to_owned()),
        password: Zeroizing::new("a password that is long".to_owned()),
        roles: vec![Role::Administrator],
    }
}

async fn end(started: Started) {
    started.app.store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_and_a_state_entry_that_fall_together_stop_neither_the_record_nor_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let rng = SeededRng::new(1);
    common::vault::make_key_file(&dir.path().join("unlock.key"), &rng).unwrap();
    start::create(&config, &rng).unwrap();
    let clock = Arc::new(FixedClock::new("2026-11-30T22:00:00Z".parse().unwrap()));
    let by = Acting { officer: OfficerNumber::parse("NL-1").unwrap() };

    let first = started(&config, &clock, 2).await;
    name(&first.app, &by, officer("NL-1")).await.expect("the first officer names itself");
    name(&first.app, &by, officer("NL-2")).await.expect("and another");
    // The broker runs on into the next month, and more than a day passes.
    clock.advance(SignedDuration::from_hours(49));
    let other = OfficerNumber::parse("NL-2").unwrap();
    change(&first.app, &by, other.clone(), vec![Role::Dpo], true).await.expect("the record goes on");
    end(first).await;

    // A start at the turn of a month, with a state entry due.
    clock.advance(SignedDuration::from_hours(24 * 40));
    let second = started(&config, &clock, 3).await;
    change(&second.app, &by, other.clone(), vec![Role::Source], true).await.expect("the record goes on");
    end(second).await;
    let third = started(&config, &clock, 4).await;
    let standing = third.app.standing.load();
    assert_eq!(standing.officer(&other).unwrap().roles, ["source"]);
    let months = standing.keys().into_iter().filter(|key| key.starts_with("personal.")).count();
    assert_eq!(months, 3, "November, December and January each have a key");
    drop(standing);
    end(third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_named_twice_and_nobody_gives_roles_to_oneself() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let rng = SeededRng::new(1);
    common::vault::make_key_file(&dir.path().join("unlock.key"), &rng).unwrap();
    start::create(&config, &rng).unwrap();
    let clock = Arc::new(FixedClock::new("2026-11-30T22:00:00Z".parse().unwrap()));
    let started = started(&config, &clock, 2).await;
    let by = Acting { officer: OfficerNumber::parse("NL-1").unwrap() };
    name(&started.app, &by, officer("NL-1")).await.expect("the first officer names itself");
    let twice = tokio::join!(
        name(&started.app, &by, officer("NL-2")),
        name(&started.app, &by, officer("NL-2")),
        name(&started.app, &by, officer("NL-3")),
    );
    assert!(twice.0.is_ok() != twice.1.is_ok(), "one of the two is refused");
    assert!(twice.2.is_ok(), "and what came with it stays");
    let itself = change(&started.app, &by, by.officer.clone(), vec![Role::Dpo], true).await;
    assert!(itself.is_err());
    end(started).await;
}
