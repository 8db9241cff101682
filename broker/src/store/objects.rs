//! Bulk objects: what the file in the vault folder is, how far its delivery got, and its key.

use agreements::{AuthorityId, Digest, DisclosureId, GroupId, ObjectId};
use jiff::civil::Date;
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _};
use super::{Reads, StoreError, WriteTx};

/// How far the delivery of an object got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectStatus {
    /// The file can be fetched.
    Lodged,
    /// The recipient has signed that it holds the file; the key may follow.
    Held,
    /// The recipient has signed that it opened it.
    Opened,
    /// File and key are gone.
    Destroyed,
}

impl ObjectStatus {
    fn as_str(self) -> &'static str {
        match self {
            ObjectStatus::Lodged => "lodged",
            ObjectStatus::Held => "held",
            ObjectStatus::Opened => "opened",
            ObjectStatus::Destroyed => "destroyed",
        }
    }
}

impl TryFrom<String> for ObjectStatus {
    type Error = StoreError;
    fn try_from(text: String) -> Result<Self, StoreError> {
        let all = [ObjectStatus::Lodged, ObjectStatus::Held, ObjectStatus::Opened, ObjectStatus::Destroyed];
        all.into_iter().find(|s| s.as_str() == text).ok_or(StoreError::Corrupt { column: "status" })
    }
}

/// One object. No `Debug`: it holds a sealed key.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// Its id, and the name of its file.
    pub object: ObjectId,
    /// The disclosure that it carries.
    pub disclosure: DisclosureId,
    /// The group in which its key goes.
    pub group: GroupId,
    /// The recipient.
    pub recipient: AuthorityId,
    /// Its key, sealed; gone once destroyed.
    pub key_sealed: Option<Vec<u8>>,
    /// The SHA-256 of the file.
    pub ciphertext: Digest,
    /// The size of the file.
    pub bytes: u64,
    /// How far its delivery got.
    pub status: ObjectStatus,
    /// The index of the disclosure's entry.
    pub idx: u64,
    /// The last day on which the file may be there.
    pub delete_after: Date,
    /// The receipt `held`, while its key waits for the agreement to be resumed.
    pub receipt: Option<String>,
}

/// Adds an object.
///
/// # Errors
/// [`StoreError::Conflict`] when it is there.
pub async fn insert(tx: &mut WriteTx, row: &ObjectRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO objects (object, disclosure, group_id, recipient, key_sealed, ciphertext, bytes, \
               status, idx, delete_after, receipt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&row.object).shown(&row.disclosure).shown(&row.group).shown(&row.recipient);
        args.maybe_bytes(row.key_sealed.as_deref()).shown(&row.ciphertext).number(row.bytes);
        args.text(row.status.as_str()).number(row.idx).shown(&row.delete_after);
        args.maybe_text(row.receipt.as_deref());
    })
    .await?;
    Ok(())
}

/// Keeps the receipt of a recipient that holds an object whose key may not go out now.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn hold(tx: &mut WriteTx, object: ObjectId, receipt: &str) -> Result<(), StoreError> {
    let sql = "UPDATE objects SET status = 'held', receipt = $1 WHERE object = $2 \
               AND status IN ('lodged', 'held') AND key_sealed IS NOT NULL";
    rows::execute(&mut tx.tx, sql, |args| {
        args.text(receipt).shown(&object);
    })
    .await?;
    Ok(())
}

/// Drops the key of an object that has been sent to its recipient.
///
/// # Errors
/// [`StoreError::Stale`] when there is no key to send: it went out before, or was destroyed.
pub async fn key_sent(tx: &mut WriteTx, object: ObjectId) -> Result<(), StoreError> {
    let sql = "UPDATE objects SET status = 'held', key_sealed = NULL, receipt = NULL \
               WHERE object = $1 AND key_sealed IS NOT NULL";
    let changed = rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&object);
    })
    .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale { table: "objects" }) }
}

/// Marks an object that its recipient has opened; its file may go.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn opened(tx: &mut WriteTx, object: ObjectId) -> Result<(), StoreError> {
    let sql = "UPDATE objects SET status = 'opened', key_sealed = NULL, receipt = NULL WHERE object = $1 \
               AND status <> 'destroyed'";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&object);
    })
    .await?;
    Ok(())
}

/// Objects of a group that their recipient holds and whose keys wait.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn waiting(store: &mut impl Reads, group: GroupId) -> Result<Vec<ObjectRow>, StoreError> {
    let sql = "SELECT object, disclosure, group_id, recipient, key_sealed, ciphertext, bytes, status, idx, \
               delete_after, receipt FROM objects WHERE group_id = $1 AND status = 'held' \
               AND key_sealed IS NOT NULL AND receipt IS NOT NULL ORDER BY idx";
    let found = rows::all(store.connection(), sql, |args| {
        args.shown(&group);
    })
    .await?;
    found.iter().map(object_of).collect()
}

/// Drops the key of an object and marks it destroyed; `false` when there is no such object.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn destroy(tx: &mut WriteTx, object: ObjectId) -> Result<bool, StoreError> {
    let sql = "UPDATE objects SET status = 'destroyed', key_sealed = NULL, receipt = NULL WHERE object = $1";
    let changed = rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&object);
    })
    .await?;
    Ok(changed == 1)
}

/// Destroys all objects of a group that has ended and says how many.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn destroy_of_group(tx: &mut WriteTx, group: GroupId) -> Result<u64, StoreError> {
    let sql = "UPDATE objects SET status = 'destroyed', key_sealed = NULL, receipt = NULL \
               WHERE group_id = $1 AND status <> 'destroyed'";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&group);
    })
    .await
}

/// One object.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(store: &mut impl Reads, object: ObjectId) -> Result<Option<ObjectRow>, StoreError> {
    let sql = "SELECT object, disclosure, group_id, recipient, key_sealed, ciphertext, bytes, status, idx, \
               delete_after, receipt FROM objects WHERE object = $1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(&object);
    })
    .await?;
    row.as_ref().map(object_of).transpose()
}

/// The objects whose files must be there: the sweep at start deletes all others.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn named(store: &mut impl Reads) -> Result<Vec<ObjectId>, StoreError> {
    let sql = "SELECT object FROM objects WHERE status NOT IN ('destroyed', 'opened') ORDER BY object";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(|row| row.parsed("object")).collect()
}

fn object_of(row: &AnyRow) -> Result<ObjectRow, StoreError> {
    Ok(ObjectRow {
        object: row.parsed("object")?,
        disclosure: row.parsed("disclosure")?,
        group: row.parsed("group_id")?,
        recipient: row.parsed("recipient")?,
        key_sealed: row.maybe_bytes("key_sealed")?,
        ciphertext: row.parsed("ciphertext")?,
        bytes: row.number("bytes")?,
        status: row.parsed("status")?,
        idx: row.number("idx")?,
        delete_after: row.date("delete_after")?,
        receipt: row.maybe_text("receipt")?,
    })
}
