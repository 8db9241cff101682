//! Enrolled endpoints and the key packages with which they can be added to a group.

use agreements::{AuthorityId, Digest, EndpointId};
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// One enrolled endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// Its name.
    pub endpoint: EndpointId,
    /// Whose it is.
    pub authority: AuthorityId,
    /// Its public key.
    pub leaf_key: [u8; 32],
    /// The enrolment note.
    pub note: String,
    /// When the enrolment ends.
    pub expires: Timestamp,
    /// Whether it has not been withdrawn.
    pub active: bool,
}

/// Adds an endpoint, or writes its new enrolment over the old one.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn enrol(tx: &mut WriteTx, row: &EndpointRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO endpoints (endpoint, authority, leaf_key, note, expires, active) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (endpoint) DO UPDATE SET \
               authority = excluded.authority, leaf_key = excluded.leaf_key, note = excluded.note, \
               expires = excluded.expires, active = excluded.active";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&row.endpoint).shown(&row.authority).bytes(&row.leaf_key).text(&row.note);
        args.time(row.expires).yes(row.active);
    })
    .await?;
    Ok(())
}

/// Withdraws an endpoint and drops its key packages; `false` when there is no such endpoint.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn withdraw(tx: &mut WriteTx, endpoint: &EndpointId) -> Result<bool, StoreError> {
    rows::execute(&mut tx.tx, "DELETE FROM key_packages WHERE endpoint = $1", |args| {
        args.shown(endpoint);
    })
    .await?;
    let changed = rows::execute(&mut tx.tx, "UPDATE endpoints SET active = 0 WHERE endpoint = $1", |args| {
        args.shown(endpoint);
    })
    .await?;
    Ok(changed == 1)
}

/// One endpoint.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(store: &mut impl Reads, endpoint: &EndpointId) -> Result<Option<EndpointRow>, StoreError> {
    let sql = "SELECT endpoint, authority, leaf_key, note, expires, active FROM endpoints WHERE endpoint = $1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(endpoint);
    })
    .await?;
    row.as_ref().map(endpoint_of).transpose()
}

/// All endpoints, in order of name.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn all(store: &mut impl Reads) -> Result<Vec<EndpointRow>, StoreError> {
    let sql = "SELECT endpoint, authority, leaf_key, note, expires, active FROM endpoints ORDER BY endpoint";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(endpoint_of).collect()
}

static INSERT_PACKAGES: Values =
    Values::new("INSERT INTO key_packages (id, endpoint, bytes, used)", 4, "ON CONFLICT (id) DO NOTHING");

/// Keeps key packages, each named by its digest, and says how many are new. One that was used
/// stays used.
///
/// # Errors
/// [`StoreError::Rule`] when there is no such endpoint.
pub async fn insert_packages(
    tx: &mut WriteTx,
    endpoint: &EndpointId,
    packages: &[Vec<u8>],
) -> Result<u64, StoreError> {
    INSERT_PACKAGES
        .execute(&mut tx.tx, packages, |args, bytes| {
            args.shown(&Digest::of(bytes)).shown(endpoint).bytes(bytes).yes(false);
        })
        .await
}

/// Takes one unused key package of the endpoint, which is then used for ever.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn take_package(tx: &mut WriteTx, endpoint: &EndpointId) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "UPDATE key_packages SET used = 1 WHERE id = (SELECT MIN(id) FROM key_packages \
               WHERE endpoint = $1 AND used = 0) RETURNING bytes";
    let row = rows::optional(&mut tx.tx, sql, |args| {
        args.shown(endpoint);
    })
    .await?;
    row.map(|row| row.bytes("bytes")).transpose()
}

/// How many unused key packages an endpoint has.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn unused_packages(store: &mut impl Reads, endpoint: &EndpointId) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS unused FROM key_packages WHERE endpoint = $1 AND used = 0";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(endpoint);
    })
    .await?;
    row.map_or(Ok(0), |row| row.number("unused"))
}

fn endpoint_of(row: &AnyRow) -> Result<EndpointRow, StoreError> {
    Ok(EndpointRow {
        endpoint: row.parsed("endpoint")?,
        authority: row.parsed("authority")?,
        leaf_key: row.bytes("leaf_key")?.try_into().map_err(|_| StoreError::Corrupt { column: "leaf_key" })?,
        note: row.text("note")?,
        expires: row.time("expires")?,
        active: row.yes("active")?,
    })
}
