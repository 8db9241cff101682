//! Agreement documents and the signed notes about them. The status is what the log says, written
//! here so that the two can be compared at start; nothing is decided by it.

use agreements::{AgreementId, AgreementVersion, AuthorityId, Digest};
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _};
use super::{Reads, StoreError, WriteTx};

/// One version of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementRow {
    /// Which agreement, which version.
    pub agreement: AgreementVersion,
    /// The digest of its canonical form.
    pub digest: Digest,
    /// The TOML document.
    pub document: String,
    /// Where it stands, as the lifecycle names it.
    pub status: String,
}

/// One signed note about an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementNote {
    /// What the note is: `opinion`, `signature`, `condition/ID`; one of each kind an authority.
    pub kind: String,
    /// Whose note it is.
    pub authority: AuthorityId,
    /// The text with its signature lines.
    pub note: String,
}

/// Adds a version.
///
/// # Errors
/// [`StoreError::Conflict`] when that version is there.
pub async fn insert(tx: &mut WriteTx, row: &AgreementRow) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO agreements (agreement, version, digest, document, status) VALUES ($1, $2, $3, $4, $5)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&row.agreement.id).number(row.agreement.version.into()).shown(&row.digest);
        args.text(&row.document).text(&row.status);
    })
    .await?;
    Ok(())
}

/// Writes where a version stands; `false` when there is no such version.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn set_status(
    tx: &mut WriteTx,
    agreement: &AgreementVersion,
    status: &str,
) -> Result<bool, StoreError> {
    let sql = "UPDATE agreements SET status = $1 WHERE agreement = $2 AND version = $3";
    let changed = rows::execute(&mut tx.tx, sql, |args| {
        args.text(status).shown(&agreement.id).number(agreement.version.into());
    })
    .await?;
    Ok(changed == 1)
}

/// One version.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(
    store: &mut impl Reads,
    agreement: &AgreementVersion,
) -> Result<Option<AgreementRow>, StoreError> {
    let sql = "SELECT agreement, version, digest, document, status FROM agreements \
               WHERE agreement = $1 AND version = $2";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(&agreement.id).number(agreement.version.into());
    })
    .await?;
    row.as_ref().map(agreement_of).transpose()
}

/// All versions of all agreements, in order of agreement and version.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn all(store: &mut impl Reads) -> Result<Vec<AgreementRow>, StoreError> {
    let sql = "SELECT agreement, version, digest, document, status FROM agreements ORDER BY agreement, version";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(agreement_of).collect()
}

/// Adds a note about a version.
///
/// # Errors
/// [`StoreError::Conflict`] when that authority has given one of this kind,
/// [`StoreError::Rule`] when there is no such version.
pub async fn insert_note(
    tx: &mut WriteTx,
    agreement: &AgreementVersion,
    note: &AgreementNote,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO agreement_notes (agreement, version, kind, authority, note) VALUES ($1, $2, $3, $4, $5)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&agreement.id).number(agreement.version.into()).text(&note.kind);
        args.shown(&note.authority).text(&note.note);
    })
    .await?;
    Ok(())
}

/// All notes about a version, in order of kind and authority.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn notes(
    store: &mut impl Reads,
    agreement: &AgreementVersion,
) -> Result<Vec<AgreementNote>, StoreError> {
    let sql = "SELECT kind, authority, note FROM agreement_notes WHERE agreement = $1 AND version = $2 \
               ORDER BY kind, authority";
    let found = rows::all(store.connection(), sql, |args| {
        args.shown(&agreement.id).number(agreement.version.into());
    })
    .await?;
    let notes = found.iter().map(|row| {
        Ok(AgreementNote {
            kind: row.text("kind")?,
            authority: row.parsed("authority")?,
            note: row.text("note")?,
        })
    });
    notes.collect()
}

fn agreement_of(row: &AnyRow) -> Result<AgreementRow, StoreError> {
    let id: AgreementId = row.parsed("agreement")?;
    Ok(AgreementRow {
        agreement: AgreementVersion { id, version: row.small("version")? },
        digest: row.parsed("digest")?,
        document: row.text("document")?,
        status: row.text("status")?,
    })
}
