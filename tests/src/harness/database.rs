//! The database on which a world's broker runs: SQLite, or a new one of a PostgreSQL server.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyConnection, Connection as _};

/// On which database a test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A file in the data folder.
    Sqlite,
    /// A database of its own on the server of `TRANSIRE_TEST_POSTGRES`.
    Postgres,
}

impl On {
    /// Whether it can be had. PostgreSQL may be left out unless `TRANSIRE_TEST_POSTGRES_REQUIRED` is
    /// set, and says so.
    pub fn is_there(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres if setting("TRANSIRE_TEST_POSTGRES").is_some() => true,
            Self::Postgres => {
                assert!(
                    setting("TRANSIRE_TEST_POSTGRES_REQUIRED").is_none(),
                    "TRANSIRE_TEST_POSTGRES is not set, and it is required"
                );
                println!("PostgreSQL: not given");
                false
            }
        }
    }

    /// A new database; none for SQLite, which makes its own.
    pub(super) async fn make(self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(postgres().await),
        }
    }
}

async fn postgres() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = setting("TRANSIRE_TEST_POSTGRES").expect("TRANSIRE_TEST_POSTGRES");
    let name = format!("world_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    let mut admin = AnyConnection::connect(&server).await.expect("the server answers");
    let create = format!("CREATE DATABASE {name} TEMPLATE template0");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut admin).await.expect("a database");
    admin.close().await.expect("it closes");
    let (base, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{name}")
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs each promise, an `async fn (On)`, on both databases.
#[macro_export]
macro_rules! on_both {
    ($($promise:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$promise($crate::harness::On::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                if $crate::harness::On::Postgres.is_there() {
                    super::$promise($crate::harness::On::Postgres).await;
                }
            })*
        }
    };
}
