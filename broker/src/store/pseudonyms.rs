//! From a pseudonym that was disclosed under a searchable element back to a blind index, so that a
//! recipient can ask by its own pseudonym and nobody opens anything.

use agreements::ElementPath;

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// One disclosed pseudonym.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PseudonymRow {
    /// The pseudonymisation domain.
    pub domain: String,
    /// The element.
    pub element: ElementPath,
    /// The pseudonym as it was disclosed.
    pub pseudonym: String,
    /// The blind index of the value.
    pub tag: Vec<u8>,
}

static INSERT: Values =
    Values::new("INSERT INTO pseudonym_index (domain, element, pseudonym, tag)", 4, "ON CONFLICT DO NOTHING");

/// Adds pseudonyms; one that is there keeps its blind index.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn insert(tx: &mut WriteTx, rows: &[PseudonymRow]) -> Result<(), StoreError> {
    INSERT
        .execute(&mut tx.tx, rows, |args, row| {
            args.text(&row.domain).shown(&row.element).text(&row.pseudonym).bytes(&row.tag);
        })
        .await?;
    Ok(())
}

/// The blind index of a pseudonym that was disclosed in the domain.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(
    store: &mut impl Reads,
    domain: &str,
    element: &ElementPath,
    pseudonym: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT tag FROM pseudonym_index WHERE domain = $1 AND element = $2 AND pseudonym = $3";
    let row = rows::optional(store.connection(), sql, |args| {
        args.text(domain).shown(element).text(pseudonym);
    })
    .await?;
    row.map(|row| row.bytes("tag")).transpose()
}
