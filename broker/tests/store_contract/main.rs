//! The contract of the store: every promise holds on SQLite and on PostgreSQL alike.
//!
//! Each promise is one function over a [`Database`], and is run on both. The PostgreSQL half needs
//! `TRANSIRE_TEST_POSTGRES`, the URL that `tests/postgres.sh` prints.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod exchange;
mod full;
mod log;
mod parties;
mod records;
mod writers;

use std::sync::atomic::{AtomicU32, Ordering};

use broker::store::{Store, sqlite_url};
use sqlx::Connection as _;

/// A fresh database; several stores can be opened on it.
pub struct Database {
    url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: sqlite_url(&folder.path().join("store of tests?.db")), _folder: Some(folder) }
    }

    /// `None` when no server was given and none is required.
    async fn postgres() -> Option<Self> {
        let Some(server) = setting("TRANSIRE_TEST_POSTGRES") else {
            assert!(
                setting("TRANSIRE_TEST_POSTGRES_REQUIRED").is_none(),
                "TRANSIRE_TEST_POSTGRES is not set, and it is required"
            );
            println!("PostgreSQL: not given");
            return None;
        };
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("contract_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        sqlx::any::install_default_drivers();
        let mut admin = sqlx::AnyConnection::connect(&server).await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        Some(Self { url: format!("{base}/{name}"), _folder: None })
    }

    /// Opens one more store on it.
    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// A change by hand, behind the store's back.
    pub async fn by_hand(&self, sql: &str) {
        let mut connection = sqlx::AnyConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

#[expect(clippy::disallowed_methods, reason = "the test command gives the server by environment")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs each promise on both databases.
macro_rules! promises {
    ($($module:ident::$promise:ident;)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$module::$promise(super::Database::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                if let Some(database) = super::Database::postgres().await {
                    super::$module::$promise(database).await;
                }
            })*
        }
    };
}

promises! {
    log::the_head_moves_forward_only_and_once_a_lock;
    log::entries_come_back_as_they_were_written;
    log::the_dpo_finds_entries_by_every_filter;
    log::a_fuller_tile_replaces_the_partial_one;
    log::staged_tags_count_once_their_disclosure_is_on_record;
    log::what_was_committed_is_there_after_opening_again;
    parties::agreements_and_their_notes_come_back;
    parties::directories_and_roots_come_back;
    parties::datasets_come_back;
    parties::an_officer_who_is_not_active_has_no_session;
    parties::sessions_end;
    parties::a_key_package_is_used_once;
    parties::a_withdrawn_endpoint_has_no_key_package;
    parties::vault_keys_are_named_until_destroyed;
    exchange::a_stale_group_is_not_written;
    exchange::an_inbox_is_read_in_order_by_pages;
    exchange::an_arrival_sent_twice_keeps_its_place;
    exchange::an_arrival_is_done_once;
    exchange::a_request_is_answered_once;
    exchange::an_object_whose_key_waits_keeps_its_receipt;
    exchange::the_key_of_an_object_is_sent_once;
    exchange::a_destroyed_object_has_no_key;
    exchange::pseudonyms_lead_to_the_first_blind_index;
    records::staged_records_are_seen_by_nobody;
    records::pages_walk_through_all_deposits_of_a_dataset;
    records::every_term_must_be_in_the_record;
    records::a_staged_deposit_is_deleted_whole;
    records::a_recorded_deposit_is_not_deleted_as_staged;
    writers::eight_writers_lose_no_update;
    writers::the_same_arrival_from_eight_callers_has_one_place;
    writers::a_dropped_transaction_changes_nothing;
    writers::a_rolled_back_transaction_changes_nothing;
    writers::a_failed_statement_leaves_nothing_behind;
    writers::one_broker_at_a_time_has_the_claim;
    writers::a_broker_that_was_overtaken_is_fenced;
    writers::a_value_that_was_changed_by_hand_is_told;
    writers::opening_twice_changes_nothing;
    writers::a_batch_of_256_is_recorded_in_one_transaction;
}

#[tokio::test]
async fn a_postgres_that_does_not_wait_for_its_disk_is_refused() {
    let Some(database) = Database::postgres().await else { return };
    let (_, name) = database.url().rsplit_once('/').unwrap();
    database.by_hand(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let refused = Store::open(database.url()).await.err().unwrap();
    assert_eq!(
        refused.to_string(),
        "store setting `synchronous_commit` is `off` and must be `on`, or a crash loses what was promised"
    );
}

#[tokio::test]
async fn a_sqlite_file_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Store::open(&sqlite_url(&path)).await.unwrap();
    store.write().await.unwrap().commit().await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn an_address_that_is_no_store_is_refused() {
    for address in ["", "mysql://a/b", "sqlite::memory:", "sqlite:", "sqlite:///a.db?mode=ro", "/tmp/a.db"] {
        let refused = Store::open(address).await.err().unwrap();
        assert!(refused.to_string().starts_with("store address is not"), "{address}: {refused}");
    }
}
