//! Published datasets.

use agreements::{DatasetId, Digest};
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _};
use super::{Reads, StoreError, WriteTx};

/// One published dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetRow {
    /// Its name.
    pub id: DatasetId,
    /// The digest of its description.
    pub digest: Digest,
    /// The TOML document.
    pub document: String,
}

/// Adds a dataset.
///
/// # Errors
/// [`StoreError::Conflict`] when one of this name is there.
pub async fn insert(tx: &mut WriteTx, row: &DatasetRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO datasets (id, digest, document) VALUES ($1, $2, $3)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&row.id).shown(&row.digest).text(&row.document);
    })
    .await?;
    Ok(())
}

/// One dataset.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(store: &mut impl Reads, id: &DatasetId) -> Result<Option<DatasetRow>, StoreError> {
    let sql = "SELECT id, digest, document FROM datasets WHERE id = $1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(id);
    })
    .await?;
    row.as_ref().map(dataset_of).transpose()
}

/// All datasets, in order of name.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn all(store: &mut impl Reads) -> Result<Vec<DatasetRow>, StoreError> {
    let sql = "SELECT id, digest, document FROM datasets ORDER BY id";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(dataset_of).collect()
}

fn dataset_of(row: &AnyRow) -> Result<DatasetRow, StoreError> {
    Ok(DatasetRow { id: row.parsed("id")?, digest: row.parsed("digest")?, document: row.text("document")? })
}
