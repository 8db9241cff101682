//! Which keys the vault folder must hold, and which it must not hold any more.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::rows::{self, Columns as _};
use super::{Reads, StoreError, WriteTx};

/// Names a key, in the transaction that first uses it. Its file must already be durable.
///
/// # Errors
/// [`StoreError::Conflict`] when the id was ever used.
pub async fn insert(tx: &mut WriteTx, key: &str, kind: &str, made_at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO vault_keys (key_id, kind, made_at, destroyed_at) VALUES ($1, $2, $3, NULL)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.text(key).text(kind).time(made_at);
    })
    .await?;
    Ok(())
}

/// Marks a key destroyed; its file goes after the commit, and again at start. `false` when there
/// is no such key or it was destroyed before.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn destroy(tx: &mut WriteTx, key: &str, destroyed_at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE vault_keys SET destroyed_at = $1 WHERE key_id = $2 AND destroyed_at IS NULL";
    let changed = rows::execute(&mut tx.tx, sql, |args| {
        args.time(destroyed_at).text(key);
    })
    .await?;
    Ok(changed == 1)
}

/// The ids of the keys that must be there.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn named(store: &mut impl Reads) -> Result<BTreeSet<String>, StoreError> {
    let sql = "SELECT key_id FROM vault_keys WHERE destroyed_at IS NULL";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(|row| row.text("key_id")).collect()
}

/// The ids of the keys that must be gone.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn destroyed(store: &mut impl Reads) -> Result<BTreeSet<String>, StoreError> {
    let sql = "SELECT key_id FROM vault_keys WHERE destroyed_at IS NOT NULL";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(|row| row.text("key_id")).collect()
}
