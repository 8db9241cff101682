//! An entry as the DPO reads it: what the tree hashes, what it opens to, and the personal part while
//! its key is there.

use agreements::EntryId;
use audit::{Committed, Event, Leaf, Opening, Personal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::app::Core;
use crate::personal::PersonalKey;
use crate::store::entries::Entry;

/// An entry, opened. It may name persons, so it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct Read {
    /// Its place in the record.
    pub index: u64,
    /// Its id.
    pub id: EntryId,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub event: Event,
    /// Who and why, while the key of its month is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Personal>,
}

/// One line of an export.
#[derive(Serialize)]
pub struct ExportedLine {
    /// Its place in the record.
    pub index: u64,
    /// The leaf, as it is hashed.
    pub leaf: String,
    /// Salt and particulars, in the canonical form to which the leaf commits.
    pub particulars: Option<Box<RawValue>>,
    /// Salt and personal part, in theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Box<RawValue>>,
}

/// Opens an entry.
pub(crate) fn read(core: &Core, row: &Entry, personal: bool) -> Result<Read, String> {
    let leaf = Leaf::parse(&row.leaf).map_err(|error| format!("entry {}: {error}", row.idx))?;
    let particulars = particulars(core, row)?.ok_or_else(|| format!("entry {}: deleted", row.idx))?;
    let personal = if personal { of_person(core, row)?.map(|opening| opening.values) } else { None };
    Ok(Read { index: row.idx, id: leaf.id, at: leaf.at, event: particulars.values, personal })
}

/// An entry for an export.
pub(crate) fn exported(core: &Core, row: &Entry, personal: bool) -> Result<ExportedLine, String> {
    Ok(ExportedLine {
        index: row.idx,
        leaf: String::from_utf8(row.leaf.clone()).map_err(|_| format!("entry {}: not text", row.idx))?,
        particulars: particulars(core, row)?.as_ref().map(raw).transpose()?,
        personal: if personal { of_person(core, row)?.as_ref().map(raw).transpose()? } else { None },
    })
}

fn raw<T: Committed>(opening: &Opening<T>) -> Result<Box<RawValue>, String> {
    let json = opening.to_json().map_err(|error| error.to_string())?;
    RawValue::from_string(json).map_err(|error| error.to_string())
}

fn particulars(core: &Core, row: &Entry) -> Result<Option<Opening<Event>>, String> {
    row.particulars.as_ref().map(|sealed| core.open_particulars(row.idx, sealed)).transpose()
}

fn of_person(core: &Core, row: &Entry) -> Result<Option<Opening<Personal>>, String> {
    let (Some(sealed), Some(key)) = (&row.personal, &row.personal_key) else { return Ok(None) };
    match PersonalKey::of(&core.vault, key) {
        Ok(key) => key.open(row.idx, sealed).map(Some),
        // The key was destroyed: that was the deletion.
        Err(common::vault::VaultError::NoKey(_)) => Ok(None),
        Err(other) => Err(other.to_string()),
    }
}
