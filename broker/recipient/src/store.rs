//! The recipient's own store: one SQLite file in its data folder.
//!
//! One process (`collect`) owns the groups; others (`ask`, `show`) only add or read rows. All that
//! is personal is sealed before it is written: a copy of the file without the vault shows times,
//! officer numbers and sizes. Whatever belongs to one message of an inbox is written in one
//! transaction, so a crash leaves it unread or read, never half.

pub mod agreements;
pub mod attempts;
pub mod groups;
pub mod logs;
pub mod objects;
pub mod officers;
pub mod outbox;
pub mod own_log;
pub mod requests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::sealed::{RowSealer, SealedError};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions as _, Executor as _, Transaction};
use zeroize::Zeroizing;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error("the store failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A sealed row does not open: another vault, or a row that was changed or moved.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// A row does not have the shape that this version writes.
    #[error("a row of `{table}` is malformed: {detail}")]
    Row {
        /// The table.
        table: &'static str,
        /// Which part; never a value.
        detail: String,
    },
    /// Two programs wrote the same group.
    #[error("group `{0}` was written by another program: only one `collect` may run on a data folder")]
    Stale(String),
}

/// The open store.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    sealer: Arc<RowSealer>,
}

/// A write transaction; it holds SQLite's write lock from its first instant.
pub struct WriteTx {
    tx: Transaction<'static, Any>,
    sealer: Arc<RowSealer>,
}

impl Store {
    /// Opens the file, making it where it is missing.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the file cannot be opened or is not such a store.
    pub async fn open(file: &Path, sealer: RowSealer) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let options: AnyConnectOptions = url.parse::<AnyConnectOptions>()?.disable_statement_logging();
        let pool = AnyPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(30))
            .after_connect(|connection, _| {
                Box::pin(async move {
                    for pragma in [
                        "PRAGMA busy_timeout = 10000",
                        "PRAGMA journal_mode = WAL",
                        "PRAGMA synchronous = FULL",
                        "PRAGMA secure_delete = ON",
                    ] {
                        connection.execute(pragma).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        let store = Self { pool, sealer: Arc::new(sealer) };
        let mut tx = store.write().await?;
        for statement in include_str!("store/schema.sql").split_inclusive(';') {
            if statement.contains("CREATE") {
                tx.connection().execute(statement).await?;
            }
        }
        tx.commit().await?;
        Ok(store)
    }

    /// Begins a write transaction (`BEGIN IMMEDIATE`).
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn write(&self) -> Result<WriteTx, StoreError> {
        let tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        Ok(WriteTx { tx, sealer: Arc::clone(&self.sealer) })
    }

    fn unseal(&self, table: &'static str, row: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Ok(self.sealer.open(table, row.as_bytes(), sealed)?)
    }
}

impl WriteTx {
    /// Makes everything written durable.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing of it may be counted on.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }

    fn connection(&mut self) -> &mut AnyConnection {
        &mut self.tx
    }

    fn seal(&self, table: &'static str, row: &str, plaintext: &[u8]) -> Vec<u8> {
        self.sealer.seal(table, row.as_bytes(), plaintext)
    }
}

/// Number as the store keeps it.
fn stored(n: u64) -> Result<i64, StoreError> {
    i64::try_from(n).map_err(|_| malformed("any", "a number beyond 63 bits"))
}

/// Number as the program uses it.
fn counted(table: &'static str, n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|_| malformed(table, "a negative number"))
}

fn malformed(table: &'static str, detail: impl ToString) -> StoreError {
    StoreError::Row { table, detail: detail.to_string() }
}

/// Reads a sealed JSON value without repeating any of it in an error.
fn from_json<T: serde::de::DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|e| malformed(table, format!("{:?} error at column {}", e.classify(), e.column())))
}

fn to_json<T: serde::Serialize>(table: &'static str, value: &T) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    serde_json::to_vec(value).map(Zeroizing::new).map_err(|_| malformed(table, "cannot be written as JSON"))
}
