//! The records of the provider, each one sealed, and the blind indexes by which they are found
//! without being opened.

use agreements::{DatasetId, DepositId, ElementPath};
use futures_util::TryStreamExt as _;
use sqlx::any::AnyRow;

use super::rows::{self, Args, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// Terms in one question; more would only make the statement long.
pub const MOST_TERMS: usize = 16;

/// The place of a record: a deposit, and the row in it from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The deposit.
    pub deposit: DepositId,
    /// The row, from 0.
    pub row: u64,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Where it is.
    pub place: Place,
    /// The record, sealed.
    pub sealed: Vec<u8>,
}

/// The blind index of one value of one element in one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlindRow {
    /// The element.
    pub element: ElementPath,
    /// The blind index of the value.
    pub tag: Vec<u8>,
    /// The record.
    pub place: Place,
}

static INSERT: Values = Values::new("INSERT INTO records (deposit, row_no, sealed)", 3, "");

static INSERT_BLIND: Values =
    Values::new("INSERT INTO blind (dataset, element, tag, deposit, row_no)", 5, "ON CONFLICT DO NOTHING");

/// Adds records of a staged deposit with their blind indexes; the same index twice in one record
/// counts once. Keep the transaction short, some thousand records: the recorder waits for it.
///
/// # Errors
/// [`StoreError::Rule`] when there is no such deposit, [`StoreError::Conflict`] when a place is taken.
pub async fn insert(
    tx: &mut WriteTx,
    dataset: &DatasetId,
    records: &[RecordRow],
    blind: &[BlindRow],
) -> Result<(), StoreError> {
    INSERT
        .execute(&mut tx.tx, records, |args, row| {
            args.shown(&row.place.deposit).number(row.place.row).bytes(&row.sealed);
        })
        .await?;
    INSERT_BLIND
        .execute(&mut tx.tx, blind, |args, row| {
            args.shown(dataset).shown(&row.element).bytes(&row.tag);
            args.shown(&row.place.deposit).number(row.place.row);
        })
        .await?;
    Ok(())
}

/// The next records of a dataset after a place, in order of place, recorded deposits only: at most
/// `limit`, and no more than `most_bytes` together unless the first alone is larger. An empty page
/// is the end.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn page(
    store: &mut impl Reads,
    dataset: &DatasetId,
    after: Option<Place>,
    limit: u32,
    most_bytes: usize,
) -> Result<Vec<RecordRow>, StoreError> {
    let mut page = Vec::new();
    let mut room = Room { rows: limit, bytes: most_bytes };
    if let Some(place) = after
        && !fill(store, place.deposit, Some(place.row), &mut room, &mut page).await?
    {
        return Ok(page);
    }
    // An id is 32 hexadecimal digits, so the empty text comes before all of them.
    let mut last = after.map_or_else(String::new, |place| place.deposit.to_string());
    while let Some(deposit) = next_deposit(store, dataset, &last).await? {
        if !fill(store, deposit, None, &mut room, &mut page).await? {
            break;
        }
        last = deposit.to_string();
    }
    Ok(page)
}

struct Room {
    rows: u32,
    bytes: usize,
}

async fn next_deposit(
    store: &mut impl Reads,
    dataset: &DatasetId,
    last: &str,
) -> Result<Option<DepositId>, StoreError> {
    let sql = "SELECT id FROM deposits WHERE dataset = $1 AND recorded = 1 AND id > $2 ORDER BY id LIMIT 1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(dataset).text(last);
    })
    .await?;
    row.map(|row| row.parsed("id")).transpose()
}

/// Adds records of one deposit to the page. `false` when the page is full.
async fn fill(
    store: &mut impl Reads,
    deposit: DepositId,
    after: Option<u64>,
    room: &mut Room,
    page: &mut Vec<RecordRow>,
) -> Result<bool, StoreError> {
    let sql = "SELECT deposit, row_no, sealed FROM records WHERE deposit = $1 AND row_no >= $2 \
               ORDER BY row_no LIMIT $3";
    let from = after.map_or(0, |row| row.saturating_add(1));
    let mut found = rows::stream(store.connection(), sql, |args| {
        args.shown(&deposit).number(from).number(room.rows.into());
    })?;
    while let Some(row) = found.try_next().await? {
        let record = record_of(&row)?;
        let size = record.sealed.len();
        if size > room.bytes && !page.is_empty() {
            return Ok(false);
        }
        room.bytes = room.bytes.saturating_sub(size);
        room.rows = room.rows.saturating_sub(1);
        page.push(record);
    }
    Ok(room.rows > 0)
}

/// Up to `limit` recorded records of a dataset in which every one of the terms (element, blind
/// index) occurs, in order of place. No term finds nothing.
///
/// # Errors
/// [`StoreError::Range`] for more than [`MOST_TERMS`], else as [`StoreError`] says.
pub async fn find(
    store: &mut impl Reads,
    dataset: &DatasetId,
    terms: &[(ElementPath, Vec<u8>)],
    limit: u32,
) -> Result<Vec<RecordRow>, StoreError> {
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    if terms.len() > MOST_TERMS {
        return Err(StoreError::Range);
    }
    let mut sql = String::from(
        "SELECT records.deposit AS deposit, records.row_no AS row_no, records.sealed AS sealed FROM blind b0",
    );
    for term in 1..terms.len() {
        sql.push_str(&format!(
            " JOIN blind b{term} ON b{term}.deposit = b0.deposit AND b{term}.row_no = b0.row_no"
        ));
    }
    sql.push_str(
        " JOIN deposits ON deposits.id = b0.deposit AND deposits.recorded = 1 \
         JOIN records ON records.deposit = b0.deposit AND records.row_no = b0.row_no WHERE deposits.dataset = $1",
    );
    let mut args = Args::default();
    args.shown(dataset);
    for (term, (element, tag)) in terms.iter().enumerate() {
        let (first, second) = (2 * term + 2, 2 * term + 3);
        sql.push_str(&format!(
            " AND b{term}.dataset = $1 AND b{term}.element = ${first} AND b{term}.tag = ${second}"
        ));
        args.shown(element).bytes(tag);
    }
    sql.push_str(&format!(" ORDER BY b0.deposit, b0.row_no LIMIT {limit}"));
    rows::all_composed(store.connection(), sql, args).await?.iter().map(record_of).collect()
}

fn record_of(row: &AnyRow) -> Result<RecordRow, StoreError> {
    let place = Place { deposit: row.parsed("deposit")?, row: row.number("row_no")? };
    Ok(RecordRow { place, sealed: row.bytes("sealed")? })
}
