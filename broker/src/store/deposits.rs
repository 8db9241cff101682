//! Deposits: batches of records that a source has given. A deposit is staged in transactions of
//! its own and becomes visible in the one that records its entry.

use agreements::{DatasetId, DepositId};
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _};
use super::{Reads, StoreError, WriteTx};

/// One deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositRow {
    /// Its id.
    pub id: DepositId,
    /// The dataset that its records are of.
    pub dataset: DatasetId,
    /// How many records it has.
    pub records: u64,
    /// Whether its entry is in the log; until then nobody sees its records.
    pub recorded: bool,
    /// When it came.
    pub at: Timestamp,
    /// The last day on which its records may be there.
    pub delete_after: Date,
}

/// Adds a deposit, staged unless `row.recorded`.
///
/// # Errors
/// [`StoreError::Conflict`] when it is there.
pub async fn insert(tx: &mut WriteTx, row: &DepositRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO deposits (id, dataset, records, recorded, at, delete_after) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&row.id).shown(&row.dataset).number(row.records).yes(row.recorded);
        args.time(row.at).shown(&row.delete_after);
    })
    .await?;
    Ok(())
}

/// Makes a staged deposit of `records` records visible, in the transaction that records its entry.
///
/// # Errors
/// [`StoreError::Stale`] when it is not there or was recorded before.
pub async fn record(tx: &mut WriteTx, id: DepositId, records: u64) -> Result<(), StoreError> {
    let sql = "UPDATE deposits SET recorded = 1, records = $1 WHERE id = $2 AND recorded = 0";
    let changed = rows::execute(&mut tx.tx, sql, |args| {
        args.number(records).shown(&id);
    })
    .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale { table: "deposits" }) }
}

/// One deposit, staged or recorded.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(store: &mut impl Reads, id: DepositId) -> Result<Option<DepositRow>, StoreError> {
    let sql = "SELECT id, dataset, records, recorded, at, delete_after FROM deposits WHERE id = $1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(&id);
    })
    .await?;
    row.as_ref().map(deposit_of).transpose()
}

/// The recorded deposits of a dataset, in order of id.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn of_dataset(store: &mut impl Reads, dataset: &DatasetId) -> Result<Vec<DepositRow>, StoreError> {
    let sql = "SELECT id, dataset, records, recorded, at, delete_after FROM deposits \
               WHERE dataset = $1 AND recorded = 1 ORDER BY id";
    let found = rows::all(store.connection(), sql, |args| {
        args.shown(dataset);
    })
    .await?;
    found.iter().map(deposit_of).collect()
}

/// How many recorded records a dataset has.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn count_records(store: &mut impl Reads, dataset: &DatasetId) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(records), 0) AS BIGINT) AS total FROM deposits \
               WHERE dataset = $1 AND recorded = 1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(dataset);
    })
    .await?;
    row.map_or(Ok(0), |row| row.number("total"))
}

/// The deposits that were staged and never recorded: what a crash left behind.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn staged(store: &mut impl Reads) -> Result<Vec<DepositRow>, StoreError> {
    let sql = "SELECT id, dataset, records, recorded, at, delete_after FROM deposits WHERE recorded = 0";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(deposit_of).collect()
}

/// Deletes a staged deposit with its records and blind indexes.
///
/// # Errors
/// [`StoreError::Stale`] when it is not there or was recorded; then nothing may be committed.
pub async fn delete_staged(tx: &mut WriteTx, id: DepositId) -> Result<(), StoreError> {
    for sql in ["DELETE FROM blind WHERE deposit = $1", "DELETE FROM records WHERE deposit = $1"] {
        rows::execute(&mut tx.tx, sql, |args| {
            args.shown(&id);
        })
        .await?;
    }
    let changed = rows::execute(&mut tx.tx, "DELETE FROM deposits WHERE id = $1 AND recorded = 0", |args| {
        args.shown(&id);
    })
    .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Stale { table: "deposits" }) }
}

/// Deletes at most a few thousand rows of a staged deposit, so that a transaction stays small on a
/// disk that is full; `false` once nothing of it is left.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn delete_some_staged(tx: &mut WriteTx, id: DepositId) -> Result<bool, StoreError> {
    let staged = get(tx, id).await?.is_some_and(|row| !row.recorded);
    if !staged {
        return Ok(false);
    }
    for sql in [
        "DELETE FROM blind WHERE (tag, deposit, row_no, element, dataset) IN \
         (SELECT tag, deposit, row_no, element, dataset FROM blind WHERE deposit = $1 LIMIT 4000)",
        "DELETE FROM records WHERE (deposit, row_no) IN \
         (SELECT deposit, row_no FROM records WHERE deposit = $1 LIMIT 1000)",
    ] {
        let deleted = rows::execute(&mut tx.tx, sql, |args| {
            args.shown(&id);
        })
        .await?;
        if deleted > 0 {
            return Ok(true);
        }
    }
    delete_staged(tx, id).await?;
    Ok(true)
}

fn deposit_of(row: &AnyRow) -> Result<DepositRow, StoreError> {
    Ok(DepositRow {
        id: row.parsed("id")?,
        dataset: row.parsed("dataset")?,
        records: row.number("records")?,
        recorded: row.yes("recorded")?,
        at: row.time("at")?,
        delete_after: row.date("delete_after")?,
    })
}
