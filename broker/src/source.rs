//! The provider's records as they are held: deposited, sealed row by row, found by blind index.

pub mod deposit;

use agreements::{Dataset, DatasetId, Element, ElementPath};
use common::blind::Tag;
use zeroize::Zeroizing;

use crate::app::Core;
use crate::disclosure::SpineError;
use crate::store::records::{self, Place, RecordRow};

/// Most bytes of sealed records that are read at once.
const PAGE_BYTES: usize = 4 << 20;

/// One term of a search, as the store can answer it.
pub(crate) struct Sought {
    /// The element.
    pub(crate) element: ElementPath,
    /// The blind index of its value.
    pub(crate) tag: Vec<u8>,
}

/// The blind index of a normalised value.
pub(crate) fn blind(core: &Core, dataset: &DatasetId, element: &Element, normalised: &str) -> Tag {
    core.blind.tag(dataset, &element.path, normalised)
}

/// The records that match every term, opened; none if there are more than `most`, since an answer
/// is whole or is not given.
pub(crate) async fn matching(
    core: &Core,
    dataset: &Dataset,
    sought: &[Sought],
    most: u32,
) -> Result<Option<Vec<Zeroizing<Vec<u8>>>>, SpineError> {
    let terms: Vec<_> = sought.iter().map(|term| (term.element.clone(), term.tag.clone())).collect();
    let mut store = core.store.read().await?;
    let rows = records::find(&mut store, &dataset.id, &terms, most.saturating_add(1)).await?;
    drop(store);
    if rows.len() > usize::try_from(most).unwrap_or(usize::MAX) {
        return Ok(None);
    }
    open_page(core, &rows).map(Some).map_err(SpineError::Stored)
}

/// The next records of a dataset, sealed.
pub(crate) async fn page(
    core: &Core,
    dataset: &DatasetId,
    after: Option<Place>,
    most: u32,
) -> Result<Vec<RecordRow>, SpineError> {
    let mut store = core.store.read().await?;
    Ok(records::page(&mut store, dataset, after, most, PAGE_BYTES).await?)
}

/// Opens records.
pub(crate) fn open_page(core: &Core, rows: &[RecordRow]) -> Result<Vec<Zeroizing<Vec<u8>>>, String> {
    let open = |row: &RecordRow| core.rows.open("records", &place(row.place), &row.sealed);
    rows.iter().map(|row| open(row).map_err(|error| error.to_string())).collect()
}

/// What names the row of a record for good.
pub(crate) fn place(place: Place) -> [u8; 24] {
    let mut bytes = [0; 24];
    let (id, row) = bytes.split_at_mut(16);
    id.copy_from_slice(place.deposit.as_bytes());
    row.copy_from_slice(&place.row.to_be_bytes());
    bytes
}
