//! Hash tiles of the tree; a fuller tile replaces the partial one in its place.

use std::collections::BTreeMap;

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// One tile: `width` hashes of 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// The level, 0 above the leaves.
    pub level: u32,
    /// The place in the level, from 0.
    pub idx: u64,
    /// The number of hashes, 1 to 256.
    pub width: u32,
    /// The hashes, one after the other.
    pub bytes: Vec<u8>,
}

static UPSERT: Values = Values::new(
    "INSERT INTO tiles (level, idx, width, bytes)",
    4,
    "ON CONFLICT (level, idx) DO UPDATE SET width = excluded.width, bytes = excluded.bytes",
);

/// Writes tiles over the partial ones that they extend. Of two in the same place the later counts.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn write(tx: &mut WriteTx, tiles: &[Tile]) -> Result<(), StoreError> {
    // PostgreSQL refuses a statement that writes one row twice.
    let last: BTreeMap<_, _> = tiles.iter().map(|tile| ((tile.level, tile.idx), tile)).collect();
    let last: Vec<_> = last.into_values().collect();
    UPSERT
        .execute(&mut tx.tx, &last, |args, tile| {
            args.number(tile.level.into()).number(tile.idx).number(tile.width.into()).bytes(&tile.bytes);
        })
        .await?;
    Ok(())
}

/// One tile.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn read(store: &mut impl Reads, level: u32, idx: u64) -> Result<Option<Tile>, StoreError> {
    let sql = "SELECT width, bytes FROM tiles WHERE level = $1 AND idx = $2";
    let row = rows::optional(store.connection(), sql, |args| {
        args.number(level.into()).number(idx);
    })
    .await?;
    row.map(|row| Ok(Tile { level, idx, width: row.small("width")?, bytes: row.bytes("bytes")? })).transpose()
}

static SELECT: Values = Values::new(
    "SELECT tiles.level, tiles.idx, tiles.width, tiles.bytes FROM tiles JOIN (",
    2,
    ") AS asked ON tiles.level = asked.column1 AND tiles.idx = asked.column2",
);

/// Those of the tiles at (level, place) that exist: what a proof needs, in one go.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn read_many(
    store: &mut impl Reads,
    places: &[(u32, u64)],
) -> Result<BTreeMap<(u32, u64), Tile>, StoreError> {
    let found = SELECT
        .fetch(store.connection(), places, |args, (level, idx)| {
            args.number((*level).into()).number(*idx);
        })
        .await?;
    let tiles = found.iter().map(|row| {
        let (level, idx) = (row.small("level")?, row.number("idx")?);
        Ok(((level, idx), Tile { level, idx, width: row.small("width")?, bytes: row.bytes("bytes")? }))
    });
    tiles.collect()
}
