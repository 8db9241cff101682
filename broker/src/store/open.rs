//! Opening the store: settings, the check that a COMMIT is durable, the tables, the single writer.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::{Arc, Once};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Row as _};

use super::reserve::Reserve;
use super::rows::Columns as _;
use super::{Backend, Store, StoreError, head, rows, wal};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
static DRIVERS: Once = Once::new();

/// How long a caller waits for a connection or a lock.
const WAIT: Duration = Duration::from_secs(30);

/// How long a server gets to answer a first connection.
const REACHING: Duration = Duration::from_secs(10);

/// Settings of every SQLite connection that writes. The write-ahead log is moved into the file by
/// a task of its own (see [`wal`]), never by the writer.
const SQLITE_WRITER: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0; \
    PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000";

/// Settings of every SQLite connection that only reads.
const SQLITE_READER: &str = "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000";

/// Settings of every PostgreSQL connection that writes. Its statements look up a handful of rows by
/// key; a plan that was made and kept while a table was empty must not scan it when it is large.
const POSTGRES_WRITER: &str = "SET lock_timeout = '30s'; SET enable_seqscan = off; \
    SET enable_hashjoin = off; SET enable_mergejoin = off; \
    SET idle_in_transaction_session_timeout = '10s'";

/// The lock that the writing broker holds on PostgreSQL as long as it runs; one on each database.
const CLAIM: &str = "SELECT CAST(pg_try_advisory_lock(8390876182543722) AS INT) AS held";

/// How often the claim's session shows that its broker lives.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// After so many seconds without a sign of life the server ends the claim's session, and a
/// transaction that was left half done.
const SILENT: &str = "SET idle_session_timeout = '10s'";

/// The address of a SQLite store in the file `path`, whatever characters the path has.
pub fn sqlite_url(path: &Path) -> String {
    let mut url = String::from("sqlite://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => url.push(char::from(*byte)),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}

impl Store {
    /// Opens the store at `url` and makes its tables if they are missing. A SQLite file is made
    /// readable by its owner only.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::Weak`], [`StoreError::Migration`], or what the
    /// database says.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        let reserve = sqlite_path(url)?.map(|path| Arc::new(Reserve::beside(&path)));
        if let Some(reserve) = &reserve {
            reserve.give_up_if_needed();
        }
        let store = match Self::open_once(url).await {
            // A full disk: what was kept for it is given up, and it is tried again.
            Err(StoreError::Full(error)) => match &reserve {
                Some(reserve) if reserve.give_up() => Self::open_once(url).await?,
                _ => return Err(StoreError::Full(error)),
            },
            opened => opened?,
        };
        Ok(Store { reserve, ..store })
    }

    async fn open_once(url: &str) -> Result<Store, StoreError> {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let backend = if url.starts_with("sqlite:") {
            Backend::Sqlite
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Backend::Postgres
        } else {
            return Err(StoreError::Address);
        };
        if let Some(path) = sqlite_path(url)? {
            make_private(&path)?;
        }
        let options = options(url)?;
        reach(&options).await?;
        let writer = pool(backend, &options, 1, false).await?;
        let readers = pool(backend, &options, readers(backend), true).await?;
        let mut connection = writer.acquire().await?;
        check_durability(backend, &mut connection).await?;
        MIGRATIONS.run_direct(None, &mut *connection, false).await.map_err(StoreError::of_migration)?;
        head::make(&mut connection).await?;
        drop(connection);
        let wal = match backend {
            Backend::Sqlite => Some(Arc::new(wal::Task::start(connect(backend, &options).await?))),
            Backend::Postgres => None,
        };
        Ok(Store { backend, writer, readers, wal, address: Arc::from(url), reserve: None })
    }

    /// Claims the store for this broker, the only one that writes, and raises its fence. The claim
    /// ends when the value is dropped or the process dies.
    ///
    /// # Errors
    /// [`StoreError::Claimed`] when another broker has it.
    pub async fn claim(&self) -> Result<Claim, StoreError> {
        let holder = match sqlite_path(&self.address)? {
            Some(path) => Holder::File { _lock: lock_file(&path)? },
            None => Holder::Session(self.claim_session().await?),
        };
        let mut tx = self.write().await?;
        let fence = head::raise_fence(&mut tx).await?;
        tx.commit().await?;
        Ok(Claim { fence, holder })
    }

    async fn claim_session(&self) -> Result<AnyConnection, StoreError> {
        let mut connection = connect(self.backend, &options(&self.address)?).await?;
        let held: i32 = sqlx::query(CLAIM).fetch_one(&mut connection).await?.try_get("held")?;
        if held != 1 {
            connection.close().await?;
            return Err(StoreError::Claimed);
        }
        sqlx::raw_sql(SILENT).execute(&mut connection).await?;
        Ok(connection)
    }
}

/// The right to write, held by one broker at a time.
pub struct Claim {
    fence: u64,
    holder: Holder,
}

enum Holder {
    /// An advisory lock of the operating system on a file beside the database.
    File { _lock: File },
    /// A session that holds an advisory lock of PostgreSQL; it ends with the connection.
    Session(AnyConnection),
}

impl Claim {
    /// The fence of this claim; [`head::lock`] compares it with the head row.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Resolves when the claim is lost: on PostgreSQL its session may be cut. Asking is also what
    /// keeps it: the server ends a session that is silent for ten seconds, so that a stand-by
    /// can follow a broker that hangs.
    pub async fn lost(&mut self) -> StoreError {
        let Holder::Session(connection) = &mut self.holder else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            match tokio::time::timeout(WAIT, connection.ping()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return StoreError::Fatal(error),
                Err(_) => return StoreError::Fatal(sqlx::Error::PoolTimedOut),
            }
        }
    }
}

fn readers(backend: Backend) -> u32 {
    match backend {
        Backend::Sqlite => 4,
        Backend::Postgres => 8,
    }
}

/// Tries one connection, so that an address that leads nowhere is told at once and for what it is.
async fn reach(options: &AnyConnectOptions) -> Result<(), StoreError> {
    match tokio::time::timeout(REACHING, options.connect()).await {
        Ok(Ok(connection)) => Ok(connection.close().await?),
        Ok(Err(error)) => Err(StoreError::of_reaching(&error)),
        Err(_) => {
            Err(StoreError::Unreachable { text: format!("no answer within {} seconds", REACHING.as_secs()) })
        }
    }
}

/// Statements are not logged: the text is harmless, but it is noise on the hot path.
fn options(url: &str) -> Result<AnyConnectOptions, StoreError> {
    let options = AnyConnectOptions::from_str(url).map_err(|_| StoreError::Address)?;
    Ok(options.disable_statement_logging())
}

async fn pool(
    backend: Backend,
    options: &AnyConnectOptions,
    size: u32,
    read_only: bool,
) -> Result<AnyPool, StoreError> {
    let settings = settings(backend, read_only);
    let pool = AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(is_at_rest(connection)))
        .after_connect(move |connection, _| {
            Box::pin(async move { sqlx::raw_sql(settings).execute(connection).await.map(|_| ()) })
        });
    Ok(pool.connect_with(options.clone()).await?)
}

/// Whether a connection has no transaction left over. SQLite takes some transactions back by itself,
/// when the disk is full for one; then sqlx counts one too many, and the connection must go.
async fn is_at_rest(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // Behind a rollback that is still on its way.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

async fn connect(backend: Backend, options: &AnyConnectOptions) -> Result<AnyConnection, StoreError> {
    let mut connection = options.connect().await?;
    sqlx::raw_sql(settings(backend, false)).execute(&mut connection).await?;
    Ok(connection)
}

fn settings(backend: Backend, read_only: bool) -> &'static str {
    match (backend, read_only) {
        (Backend::Sqlite, false) => SQLITE_WRITER,
        (Backend::Sqlite, true) => SQLITE_READER,
        (Backend::Postgres, false) => POSTGRES_WRITER,
        (Backend::Postgres, true) => "SET default_transaction_read_only = on",
    }
}

/// What must hold so that a COMMIT that returned survives a crash of the machine.
async fn check_durability(backend: Backend, connection: &mut AnyConnection) -> Result<(), StoreError> {
    match backend {
        Backend::Sqlite => {
            let mode: String =
                sqlx::query("PRAGMA journal_mode").fetch_one(&mut *connection).await?.try_get(0)?;
            strong("journal_mode", mode, "wal", |found| found == "wal")?;
            let level: i64 = sqlx::query("PRAGMA synchronous").fetch_one(&mut *connection).await?.try_get(0)?;
            // 2 is FULL, 3 is EXTRA.
            strong("synchronous", level.to_string(), "2", |found| found == "2" || found == "3")?;
            let keys: i64 = sqlx::query("PRAGMA foreign_keys").fetch_one(&mut *connection).await?.try_get(0)?;
            strong("foreign_keys", keys.to_string(), "1", |found| found == "1")
        }
        Backend::Postgres => {
            for setting in ["fsync", "full_page_writes"] {
                let found = postgres_setting(connection, setting).await?;
                strong(setting, found, "on", |found| found == "on")?;
            }
            let found = postgres_setting(connection, "synchronous_commit").await?;
            // `local` waits for this server's disk, the remote ones for a stand-by's as well.
            let waits = ["on", "local", "remote_write", "remote_apply"];
            strong("synchronous_commit", found, "on", |found| waits.contains(&found))
        }
    }
}

async fn postgres_setting(connection: &mut AnyConnection, setting: &str) -> Result<String, StoreError> {
    let row = rows::optional(connection, "SELECT current_setting($1) AS found", |args| {
        args.text(setting);
    })
    .await?;
    row.ok_or(StoreError::Corrupt { column: "found" })?.text("found")
}

fn strong(
    setting: &'static str,
    found: String,
    needed: &'static str,
    holds: impl Fn(&str) -> bool,
) -> Result<(), StoreError> {
    if holds(&found) { Ok(()) } else { Err(StoreError::Weak { setting, found, needed }) }
}

/// The file of a SQLite store; `None` for PostgreSQL.
fn sqlite_path(url: &str) -> Result<Option<PathBuf>, StoreError> {
    if !url.starts_with("sqlite:") {
        return Ok(None);
    }
    // The same reading as sqlx: `sqlite:PATH` or `sqlite://PATH`, percent-encoded.
    let encoded = url.trim_start_matches("sqlite:").trim_start_matches("//");
    if encoded.is_empty() || encoded.starts_with(':') || encoded.contains('?') {
        return Err(StoreError::Address);
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (code, after) = rest.split_at_checked(2).ok_or(StoreError::Address)?;
        rest = after;
        let mut byte = [0];
        hex::decode_to_slice(code, &mut byte).map_err(|_| StoreError::Address)?;
        bytes.extend(byte);
    }
    String::from_utf8(bytes).map(|path| Some(path.into())).map_err(|_| StoreError::Address)
}

/// SQLite gives its write-ahead log the mode of the database file.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.map(|_| ()).map_err(|error| StoreError::from(sqlx::Error::Io(error)))
}

fn lock_file(database: &Path) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push("-broker");
    let fatal = |error| StoreError::from(sqlx::Error::Io(error));
    let options = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).to_owned();
    let file = options.open(PathBuf::from(path)).map_err(fatal)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Claimed),
        Err(TryLockError::Error(error)) => Err(fatal(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_survives_the_way_through_a_url() {
        for path in ["/data/transire/store.db", "/tmp/a b%c?d#e/st\u{f6}re.db"] {
            assert_eq!(sqlite_path(&sqlite_url(Path::new(path))).unwrap().unwrap(), Path::new(path));
        }
    }

    #[test]
    fn an_address_in_memory_is_refused() {
        assert!(matches!(sqlite_path("sqlite::memory:"), Err(StoreError::Address)));
    }
}
