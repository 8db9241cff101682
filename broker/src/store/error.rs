//! What can go wrong in the store, sorted by what the caller can do about it.

use sqlx::error::{DatabaseError, ErrorKind};

/// A failure of the store.
///
/// After [`StoreError::Fatal`] and [`StoreError::CommitUnknown`] the process must end (DESIGN
/// section 9): what the disk holds is no longer known, and the next start reads it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address in the configuration is neither SQLite nor PostgreSQL, or cannot be read.
    #[error("store address is not `sqlite:/path/to/file` or `postgres://user@host/database`")]
    Address,
    /// A setting of the database would let a COMMIT return before it is durable.
    #[error(
        "store setting `{setting}` is `{found}` and must be `{needed}`, or a crash loses what was promised"
    )]
    Weak {
        /// The setting.
        setting: &'static str,
        /// Its value in the database.
        found: String,
        /// The value that keeps the promise.
        needed: &'static str,
    },
    /// The database does not answer, or does not let this program in.
    #[error("database cannot be reached: {text}")]
    Unreachable {
        /// What it or the system said.
        text: String,
    },
    /// A newer version of this program has changed the tables.
    #[error("database was changed by a newer version of this program: start that one, or put a backup back")]
    Newer,
    /// The tables could not be brought to the form that this program needs.
    #[error("tables of the store could not be made or brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// Another broker writes to this store.
    #[error("another broker writes to this store")]
    Claimed,
    /// Another broker has taken over since this one claimed the store.
    #[error("this broker holds fence `{held}`, the store is at `{found}`: another broker has taken over")]
    Fenced {
        /// The fence that this process claimed.
        held: u64,
        /// The fence in the head row.
        found: u64,
    },
    /// The row that was to be changed has another version than the one that was read.
    #[error("row of `{table}` was changed by somebody else since it was read")]
    Stale {
        /// The table.
        table: &'static str,
    },
    /// A row with the same key is there already.
    #[error("row with the same key is already in the store")]
    Conflict(#[source] sqlx::Error),
    /// A row refers to one that does not exist, or breaks a rule of its table.
    #[error("row does not fit the rules of its table")]
    Rule(#[source] sqlx::Error),
    /// Another process kept the store locked for longer than five seconds.
    #[error("store is locked by another process")]
    Busy(#[source] sqlx::Error),
    /// A value in the database does not have the form that this program writes.
    #[error("column `{column}` holds a value that this program did not write")]
    Corrupt {
        /// The column.
        column: &'static str,
    },
    /// A number does not fit in 63 bits.
    #[error("number is too large for the store")]
    Range,
    /// There is no room left for what was to be written. Nothing of the transaction was, and once
    /// there is room the store goes on.
    #[error("disk is full: make room where the database is")]
    Full(#[source] sqlx::Error),
    /// The disk or the connection failed, or the database is damaged. The process must end.
    #[error("store failed and cannot be trusted before a restart")]
    Fatal(#[source] sqlx::Error),
    /// The connection was lost during COMMIT, so nobody knows whether it happened. The process
    /// must end, or stop writing until the log has been read.
    #[error("connection was lost during a commit whose outcome is unknown")]
    CommitUnknown(#[source] sqlx::Error),
    /// Any other refusal by the database.
    #[error("store refused a query")]
    Query(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether the process must end.
    pub fn is_fatal(&self) -> bool {
        matches!(self, StoreError::Fatal(_) | StoreError::CommitUnknown(_))
    }

    /// The error of a first connection.
    pub(super) fn of_reaching(error: &sqlx::Error) -> Self {
        let text = match error {
            sqlx::Error::Database(refusal) => refusal.message().to_owned(),
            sqlx::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        };
        StoreError::Unreachable { text }
    }

    /// The error of bringing the tables up to date.
    pub(super) fn of_migration(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(_) => StoreError::Newer,
            other => StoreError::Migration(other),
        }
    }

    /// The error of a COMMIT: when the answer itself was lost, the outcome is unknown.
    pub(super) fn of_commit(error: sqlx::Error) -> Self {
        match StoreError::from(error) {
            StoreError::Fatal(source) => StoreError::CommitUnknown(source),
            known => known,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) => match refusal.kind() {
                ErrorKind::UniqueViolation | ErrorKind::ExclusionViolation => StoreError::Conflict(error),
                ErrorKind::ForeignKeyViolation | ErrorKind::NotNullViolation | ErrorKind::CheckViolation => {
                    StoreError::Rule(error)
                }
                _ if is_busy(refusal.as_ref()) => StoreError::Busy(error),
                _ if is_full(refusal.as_ref()) => StoreError::Full(error),
                _ if is_damage(refusal.as_ref()) => StoreError::Fatal(error),
                _ => StoreError::Query(error),
            },
            sqlx::Error::Io(cause) if cause.kind() == std::io::ErrorKind::StorageFull => {
                StoreError::Full(error)
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => StoreError::Fatal(error),
            sqlx::Error::PoolTimedOut => StoreError::Busy(error),
            _ => StoreError::Query(error),
        }
    }
}

/// SQLite writes its extended result code as a decimal number of up to four digits, PostgreSQL
/// its SQLSTATE, always of five characters.
fn sqlite_primary_code(code: &str) -> Option<u32> {
    if code.len() >= 5 {
        return None;
    }
    code.parse::<u32>().ok().map(|extended| extended & 0xff)
}

/// SQLITE_BUSY (5) and SQLITE_LOCKED (6); serialization failure, deadlock, lock not available.
fn is_busy(refusal: &dyn DatabaseError) -> bool {
    let Some(code) = refusal.code() else { return false };
    match sqlite_primary_code(&code) {
        Some(primary) => matches!(primary, 5 | 6),
        None => matches!(&*code, "40001" | "40P01" | "55P03"),
    }
}

/// SQLite: FULL (13), with which it also answers a COMMIT that it has taken back. PostgreSQL: disk full.
fn is_full(refusal: &dyn DatabaseError) -> bool {
    let Some(code) = refusal.code() else { return false };
    sqlite_primary_code(&code).map_or(&*code == "53100", |primary| primary == 13)
}

/// SQLite: READONLY (8), IOERR (10), CORRUPT (11), CANTOPEN (14), NOTADB (26).
/// PostgreSQL classes: 08 connection, 53 out of resources, 57P shutdown, 58 system, XX internal.
fn is_damage(refusal: &dyn DatabaseError) -> bool {
    let Some(code) = refusal.code() else { return false };
    match sqlite_primary_code(&code) {
        Some(primary) => matches!(primary, 8 | 10 | 11 | 14 | 26),
        None => ["08", "53", "57P", "58", "XX"].iter().any(|class| code.starts_with(class)),
    }
}
