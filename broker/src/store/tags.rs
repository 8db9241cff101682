//! Subject tags: which disclosures were about a person, found by an HMAC and never by a name.
//!
//! The tags of a small disclosure are written in its recording transaction with [`insert`]. Those
//! of a bulk are staged before it, in transactions of their own, with [`stage`]; they count once
//! the log has an entry of that disclosure, and [`sweep`] deletes them at start if it never got one.

use std::collections::BTreeSet;

use agreements::DisclosureId;

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// One tag of one disclosure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRow {
    /// The HMAC of the subject's identifier.
    pub tag: Vec<u8>,
    /// The disclosure.
    pub disclosure: DisclosureId,
    /// The month after which it goes, `2031-11`.
    pub month: String,
}

static INSERT: Values =
    Values::new("INSERT INTO subject_tags (tag, disclosure, month)", 3, "ON CONFLICT DO NOTHING");

/// Adds tags; the same one twice counts once.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn insert(tx: &mut WriteTx, tags: &[TagRow]) -> Result<(), StoreError> {
    INSERT
        .execute(&mut tx.tx, tags, |args, row| {
            args.bytes(&row.tag).shown(&row.disclosure).text(&row.month);
        })
        .await?;
    Ok(())
}

static STAGES: Values = Values::new("INSERT INTO tag_stages (disclosure)", 1, "ON CONFLICT DO NOTHING");

/// Adds tags of disclosures that are not on record yet, in a transaction before that of the entry.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn stage(tx: &mut WriteTx, tags: &[TagRow]) -> Result<(), StoreError> {
    let disclosures: BTreeSet<DisclosureId> = tags.iter().map(|row| row.disclosure).collect();
    let disclosures: Vec<DisclosureId> = disclosures.into_iter().collect();
    STAGES
        .execute(&mut tx.tx, &disclosures, |args, disclosure| {
            args.shown(disclosure);
        })
        .await?;
    insert(tx, tags).await
}

/// Deletes staged tags whose disclosure never got an entry, and says how many.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn sweep(tx: &mut WriteTx) -> Result<u64, StoreError> {
    let orphans = "SELECT disclosure FROM tag_stages WHERE NOT EXISTS (SELECT 1 FROM entries \
                   WHERE entries.disclosure = tag_stages.disclosure)";
    let found = rows::all(&mut tx.tx, orphans, |_| ()).await?;
    let mut deleted = 0;
    for row in found {
        let disclosure: DisclosureId = row.parsed("disclosure")?;
        deleted += rows::execute(&mut tx.tx, "DELETE FROM subject_tags WHERE disclosure = $1", |args| {
            args.shown(&disclosure);
        })
        .await?;
    }
    rows::execute(&mut tx.tx, "DELETE FROM tag_stages", |_| ()).await?;
    Ok(deleted)
}

static SEARCH: Values = Values::new(
    "SELECT DISTINCT entries.idx AS idx FROM subject_tags JOIN entries \
     ON entries.disclosure = subject_tags.disclosure WHERE subject_tags.tag IN (",
    1,
    ")",
);

/// The indexes of the entries of all disclosures that carry one of the tags, in order.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn search(store: &mut impl Reads, tags: &[Vec<u8>]) -> Result<BTreeSet<u64>, StoreError> {
    let found = SEARCH
        .fetch(store.connection(), tags, |args, tag| {
            args.bytes(tag);
        })
        .await?;
    found.iter().map(|row| row.number("idx")).collect()
}
