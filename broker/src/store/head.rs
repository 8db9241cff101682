//! The head row: the state of the log, and the lock under which entries get their index.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _};
use super::{Reads, StoreError, WriteTx};

/// The state of the log and of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of entries; the index of the next one.
    pub size: u64,
    /// The root of the tree; empty before the first entry.
    pub root: Vec<u8>,
    /// The compact range from which the tree grows, as `audit` writes it.
    pub frontier: Vec<u8>,
    /// The newest signed checkpoint; empty before the first entry.
    pub checkpoint: String,
    /// Raised by whatever changes what may leave.
    pub policy_epoch: u64,
}

/// The head as it stands under the lock. [`advance`] consumes it, so it is moved once.
#[must_use = "the head is locked to be advanced"]
pub struct LockedHead {
    head: Head,
    fence: u64,
}

impl LockedHead {
    /// The state under the lock.
    pub fn head(&self) -> &Head {
        &self.head
    }
}

/// Reads the head without locking it.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn read(store: &mut impl Reads) -> Result<Head, StoreError> {
    let sql = "SELECT size, root, frontier, checkpoint, policy_epoch, fence FROM head WHERE id = 1";
    let row = rows::optional(store.connection(), sql, |_| ()).await?;
    Ok(head_of(&row.ok_or(StoreError::Corrupt { column: "head.id" })?)?.head)
}

/// Locks the head row, first thing in every recording transaction.
///
/// # Errors
/// [`StoreError::Fenced`] when another broker has claimed the store since `fence` was made.
pub async fn lock(tx: &mut WriteTx, fence: u64) -> Result<LockedHead, StoreError> {
    let sql = "UPDATE head SET fence = fence WHERE id = 1 \
               RETURNING size, root, frontier, checkpoint, policy_epoch, fence";
    let row = rows::optional(&mut tx.tx, sql, |_| ()).await?;
    let locked = head_of(&row.ok_or(StoreError::Corrupt { column: "head.id" })?)?;
    if locked.fence == fence {
        Ok(locked)
    } else {
        Err(StoreError::Fenced { held: fence, found: locked.fence })
    }
}

/// Writes the state after this transaction's entries.
///
/// # Errors
/// As [`StoreError`] says; [`StoreError::Stale`] if `next` would take entries back.
pub async fn advance(tx: &mut WriteTx, locked: LockedHead, next: &Head) -> Result<(), StoreError> {
    if next.size < locked.head.size || next.policy_epoch < locked.head.policy_epoch {
        return Err(StoreError::Stale { table: "head" });
    }
    let sql = "UPDATE head SET size = $1, root = $2, frontier = $3, checkpoint = $4, policy_epoch = $5 \
               WHERE id = 1 AND size = $6 AND fence = $7";
    let changed = rows::execute(&mut tx.tx, sql, |args| {
        args.number(next.size).bytes(&next.root).bytes(&next.frontier).text(&next.checkpoint);
        args.number(next.policy_epoch).number(locked.head.size).number(locked.fence);
    })
    .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale { table: "head" }) }
}

/// Makes the row of an empty log, if there is none.
pub(super) async fn make(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let sql = "INSERT INTO head (id, size, root, frontier, checkpoint, policy_epoch, fence) \
               VALUES (1, 0, $1, $1, '', 0, 0) ON CONFLICT DO NOTHING";
    rows::execute(connection, sql, |args| {
        args.bytes(&[]);
    })
    .await?;
    Ok(())
}

pub(super) async fn raise_fence(tx: &mut WriteTx) -> Result<u64, StoreError> {
    let sql = "UPDATE head SET fence = fence + 1 WHERE id = 1 RETURNING fence";
    let row = rows::optional(&mut tx.tx, sql, |_| ()).await?;
    row.ok_or(StoreError::Corrupt { column: "head.id" })?.number("fence")
}

fn head_of(row: &AnyRow) -> Result<LockedHead, StoreError> {
    let head = Head {
        size: row.number("size")?,
        root: row.bytes("root")?,
        frontier: row.bytes("frontier")?,
        checkpoint: row.text("checkpoint")?,
        policy_epoch: row.number("policy_epoch")?,
    };
    Ok(LockedHead { head, fence: row.number("fence")? })
}
