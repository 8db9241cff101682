//! The provider's own officers and their sessions.
//!
//! Roles and standing are what the log says, written here so that the two can be compared at start.

use agreements::{Digest, OfficerNumber};
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _};
use super::{Reads, StoreError, WriteTx};

/// One officer. No `Debug`: it holds a password hash.
#[derive(Clone, PartialEq, Eq)]
pub struct OfficerRow {
    /// The pseudonym by which the log knows the officer.
    pub number: OfficerNumber,
    /// The name, sealed.
    pub name_sealed: Vec<u8>,
    /// The Argon2id hash in PHC form.
    pub password: String,
    /// Names of roles.
    pub roles: Vec<String>,
    /// Whether the officer may sign in.
    pub active: bool,
}

/// One sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The SHA-256 of the token.
    pub token_hash: Digest,
    /// Who signed in.
    pub officer: OfficerNumber,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Adds an officer.
///
/// # Errors
/// [`StoreError::Conflict`] when the number is taken.
pub async fn insert(tx: &mut WriteTx, officer: &OfficerRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO officers (number, name_sealed, password, roles, active) VALUES ($1, $2, $3, $4, $5)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&officer.number).bytes(&officer.name_sealed).text(&officer.password);
        args.text(officer.roles.join(" ")).yes(officer.active);
    })
    .await?;
    Ok(())
}

/// Changes roles and standing, and ends the sessions of an officer who is no longer active.
/// `false` when there is no such officer.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn set_roles(
    tx: &mut WriteTx,
    number: &OfficerNumber,
    roles: &[String],
    active: bool,
) -> Result<bool, StoreError> {
    let sql = "UPDATE officers SET roles = $1, active = $2 WHERE number = $3";
    let changed = rows::execute(&mut tx.tx, sql, |args| {
        args.text(roles.join(" ")).yes(active).shown(number);
    })
    .await?;
    if !active {
        end_sessions_of(tx, number).await?;
    }
    Ok(changed == 1)
}

/// Changes the password and ends all sessions of the officer. `false` when there is no such officer.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn set_password(
    tx: &mut WriteTx,
    number: &OfficerNumber,
    password: &str,
) -> Result<bool, StoreError> {
    let changed = rows::execute(&mut tx.tx, "UPDATE officers SET password = $1 WHERE number = $2", |args| {
        args.text(password).shown(number);
    })
    .await?;
    end_sessions_of(tx, number).await?;
    Ok(changed == 1)
}

/// One officer.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(store: &mut impl Reads, number: &OfficerNumber) -> Result<Option<OfficerRow>, StoreError> {
    let sql = "SELECT number, name_sealed, password, roles, active FROM officers WHERE number = $1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(number);
    })
    .await?;
    row.as_ref().map(officer_of).transpose()
}

/// All officers, in order of number.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn all(store: &mut impl Reads) -> Result<Vec<OfficerRow>, StoreError> {
    let sql = "SELECT number, name_sealed, password, roles, active FROM officers ORDER BY number";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(officer_of).collect()
}

/// Adds a session.
///
/// # Errors
/// [`StoreError::Rule`] when there is no such officer.
pub async fn insert_session(tx: &mut WriteTx, session: &Session) -> Result<(), StoreError> {
    let sql = "INSERT INTO sessions (token_hash, officer, expires_at) VALUES ($1, $2, $3)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&session.token_hash).shown(&session.officer).time(session.expires_at);
    })
    .await?;
    Ok(())
}

/// The session of a token, whether or not it has ended.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn session(store: &mut impl Reads, token_hash: &Digest) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT officer, expires_at FROM sessions WHERE token_hash = $1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(token_hash);
    })
    .await?;
    let session = row.map(|row| {
        Ok(Session {
            token_hash: *token_hash,
            officer: row.parsed("officer")?,
            expires_at: row.time("expires_at")?,
        })
    });
    session.transpose()
}

/// Ends one session; `false` when there was none.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn end_session(tx: &mut WriteTx, token_hash: &Digest) -> Result<bool, StoreError> {
    let changed = rows::execute(&mut tx.tx, "DELETE FROM sessions WHERE token_hash = $1", |args| {
        args.shown(token_hash);
    })
    .await?;
    Ok(changed == 1)
}

/// How many sessions have not ended.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn count_sessions(store: &mut impl Reads, now: Timestamp) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS open FROM sessions WHERE expires_at > $1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.time(now);
    })
    .await?;
    row.map_or(Ok(0), |row| row.number("open"))
}

/// Deletes the sessions that have ended and says how many.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn sweep_sessions(tx: &mut WriteTx, now: Timestamp) -> Result<u64, StoreError> {
    rows::execute(&mut tx.tx, "DELETE FROM sessions WHERE expires_at <= $1", |args| {
        args.time(now);
    })
    .await
}

async fn end_sessions_of(tx: &mut WriteTx, number: &OfficerNumber) -> Result<u64, StoreError> {
    rows::execute(&mut tx.tx, "DELETE FROM sessions WHERE officer = $1", |args| {
        args.shown(number);
    })
    .await
}

fn officer_of(row: &AnyRow) -> Result<OfficerRow, StoreError> {
    Ok(OfficerRow {
        number: row.parsed("number")?,
        name_sealed: row.bytes("name_sealed")?,
        password: row.text("password")?,
        roles: row.text("roles")?.split_whitespace().map(str::to_owned).collect(),
        active: row.yes("active")?,
    })
}
