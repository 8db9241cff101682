//! The store: every table of the broker, on SQLite by default and on PostgreSQL by URL.
//!
//! No SQL stands anywhere else. Each aggregate has a file of its own with free functions: those
//! that read take `&mut impl Reads` ([`ReadConn`] or [`WriteTx`]), those that write take
//! `&mut WriteTx`, so that nothing is written outside a named transaction. All that can hold
//! personal data comes in sealed; the store has no key.

pub mod agreements;
pub mod arrivals;
pub mod datasets;
pub mod deposits;
pub mod directories;
pub mod endpoints;
pub mod entries;
mod error;
pub mod groups;
pub mod head;
pub mod inbox;
pub mod keys;
pub mod objects;
pub mod officers;
mod open;
pub mod pseudonyms;
pub mod records;
pub mod requests;
mod reserve;
mod rows;
pub mod tags;
pub mod tiles;
mod wal;

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, SqlSafeStr as _, SqlStr, Transaction};

pub use error::StoreError;
pub use open::{Claim, sqlite_url};

/// Which database the store runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One file in the data folder.
    Sqlite,
    /// A server, named by URL.
    Postgres,
}

/// The open store. Clones share their connections.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    /// One connection: writers queue here instead of in the database.
    writer: AnyPool,
    readers: AnyPool,
    /// Only on SQLite: the task that moves the write-ahead log into the file.
    wal: Option<Arc<wal::Task>>,
    address: Arc<str>,
    /// Only on SQLite: room that is given up when the disk is full.
    reserve: Option<Arc<reserve::Reserve>>,
}

impl Store {
    /// Gives up the room that was kept for a full disk, so that something can be deleted; `false`
    /// when there is none.
    pub fn give_up_reserve(&self) -> bool {
        self.reserve.as_ref().is_some_and(|reserve| reserve.give_up())
    }

    /// Moves the whole write-ahead log into the file and cuts it, then keeps room again where there
    /// is some.
    ///
    /// # Errors
    /// As [`StoreError`] says.
    pub async fn make_room(&self) -> Result<(), StoreError> {
        if self.backend == Backend::Sqlite {
            let mut connection = self.writer.acquire().await?;
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
        }
        Ok(())
    }

    /// Moves the write-ahead log into the file, as far as readers let it. Whoever writes much calls it
    /// between two transactions: on a full disk only so much can be taken back as the reserve has
    /// room for.
    ///
    /// # Errors
    /// As [`StoreError`] says.
    pub async fn move_log(&self) -> Result<(), StoreError> {
        if self.backend == Backend::Sqlite {
            let mut connection = self.readers.acquire().await?;
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut *connection).await?;
        }
        Ok(())
    }

    /// Keeps room for a full disk again.
    pub fn keep_reserve(&self) {
        if let Some(reserve) = &self.reserve {
            reserve.keep();
        }
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Begins the transaction in which all writing happens. One at a time, on both databases: what
    /// it reads stays true until it commits. Dropped without [`WriteTx::commit`] it changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process keeps the store locked, else as [`StoreError`] says.
    pub async fn write(&self) -> Result<WriteTx, StoreError> {
        let begin = match self.backend {
            Backend::Sqlite => SqlStr::from_static("BEGIN IMMEDIATE"),
            // One round trip. Without the lock two read-modify-write transactions lose updates
            // silently on PostgreSQL (measured).
            Backend::Postgres => "BEGIN; SELECT pg_advisory_xact_lock(8390876182543721)".into_sql_str(),
        };
        Ok(WriteTx { tx: self.writer.begin_with(begin).await? })
    }

    /// A connection that can only read. Each query sees what was committed when it began.
    ///
    /// # Errors
    /// As [`StoreError`] says.
    pub async fn read(&self) -> Result<ReadConn, StoreError> {
        Ok(ReadConn { connection: self.readers.acquire().await? })
    }

    /// Resolves when the store's own task has met a failure after which the process must end;
    /// otherwise never.
    pub async fn failed(&self) -> Arc<StoreError> {
        match &self.wal {
            Some(task) => task.failed().await,
            None => std::future::pending().await,
        }
    }

    /// Closes all connections; on SQLite this moves the write-ahead log into the file.
    pub async fn close(&self) {
        if let Some(task) = &self.wal {
            task.stop();
        }
        self.readers.close().await;
        self.writer.close().await;
    }
}

mod sealed {
    /// What can run a query; only this module can reach the connection.
    pub trait Connected {
        /// The connection.
        fn connection(&mut self) -> &mut sqlx::AnyConnection;
    }
}
use sealed::Connected;

/// Where reading functions read: a [`ReadConn`], or a [`WriteTx`] that sees its own changes.
pub trait Reads: sealed::Connected + Send {}

/// A pooled connection that can only read.
pub struct ReadConn {
    connection: PoolConnection<Any>,
}

impl Connected for ReadConn {
    fn connection(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}
impl Reads for ReadConn {}

/// The writing transaction.
pub struct WriteTx {
    tx: Transaction<'static, Any>,
}

impl Connected for WriteTx {
    fn connection(&mut self) -> &mut AnyConnection {
        &mut self.tx
    }
}
impl Reads for WriteTx {}

impl WriteTx {
    /// Commits. When it returns `Ok`, the changes outlive a crash of process, system and power.
    /// Do not drop this future before it is done: then the outcome is unknown.
    ///
    /// # Errors
    /// [`StoreError::CommitUnknown`] when the answer was lost; after any other error nothing was
    /// written.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await.map_err(StoreError::of_commit)
    }

    /// Takes everything back at once, instead of at the next use of the connection.
    ///
    /// # Errors
    /// As [`StoreError`] says; nothing was written all the same.
    pub async fn roll_back(self) -> Result<(), StoreError> {
        Ok(self.tx.rollback().await?)
    }
}
