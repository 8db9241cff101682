//! Directories of functions and keys, signed by each authority's root key, and the root keys that
//! the provider trusts.

use std::collections::BTreeMap;

use agreements::{AuthorityId, NoteKey};

use super::rows::{self, Columns as _};
use super::{Reads, StoreError, WriteTx};

/// One version of an authority's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRow {
    /// Whose directory.
    pub authority: AuthorityId,
    /// Its version, from 1.
    pub version: u32,
    /// The signed note.
    pub note: String,
}

/// Adds a version.
///
/// # Errors
/// [`StoreError::Conflict`] when that version is there.
pub async fn insert(tx: &mut WriteTx, row: &DirectoryRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO directories (authority, version, note) VALUES ($1, $2, $3)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&row.authority).number(row.version.into()).text(&row.note);
    })
    .await?;
    Ok(())
}

/// All versions of all directories, in order of authority and version.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn all(store: &mut impl Reads) -> Result<Vec<DirectoryRow>, StoreError> {
    let sql = "SELECT authority, version, note FROM directories ORDER BY authority, version";
    let found = rows::all(store.connection(), sql, |_| ()).await?;
    let directories = found.iter().map(|row| {
        Ok(DirectoryRow {
            authority: row.parsed("authority")?,
            version: row.small("version")?,
            note: row.text("note")?,
        })
    });
    directories.collect()
}

/// Trusts a root key.
///
/// # Errors
/// [`StoreError::Conflict`] when that authority has one.
pub async fn insert_root(tx: &mut WriteTx, authority: &AuthorityId, key: &NoteKey) -> Result<(), StoreError> {
    let sql = "INSERT INTO roots (authority, root_key) VALUES ($1, $2)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(authority).shown(key);
    })
    .await?;
    Ok(())
}

/// All trusted root keys.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn roots(store: &mut impl Reads) -> Result<BTreeMap<AuthorityId, NoteKey>, StoreError> {
    let found = rows::all(store.connection(), "SELECT authority, root_key FROM roots", |_| ()).await?;
    found.iter().map(|row| Ok((row.parsed("authority")?, row.parsed("root_key")?))).collect()
}
