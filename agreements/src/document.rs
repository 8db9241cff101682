//! The agreement document and the dataset document: TOML in, model or every violation out.
//!
//! A library reads the TOML; here each table is walked key by key, so that one mistake hides no
//! other. What could be read is then checked for sense, even where the rest could not.

mod draft;
mod form;
mod reader;
mod section;
mod sense;
mod tables;
mod write;

use toml::de::DeTable;

use crate::agreement::Agreement;
use crate::element::Dataset;
use crate::violations::{Violation, Violations};
use reader::Reader;

pub(crate) use section::Section;

pub use write::{WriteError, write};

/// Largest document that is read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 20;

/// Reads an agreement.
///
/// # Errors
/// [`Violations`]: all of them at once.
pub fn read(document: &str) -> Result<Agreement, Violations> {
    walk(document, |reader, section| {
        let draft = tables::agreement(section);
        sense::agreement(reader, &draft);
        draft.finished()
    })
}

/// Reads a dataset as its controller publishes it: the keys of an agreement's `[[dataset]]` at the
/// top of a file of their own, its elements as `[[element]]`.
///
/// # Errors
/// [`Violations`]: all of them at once.
pub fn read_dataset(document: &str) -> Result<Dataset, Violations> {
    walk(document, |reader, section| {
        let row = tables::dataset(section);
        sense::dataset(reader, &row);
        row.value
    })
}

/// Walks a document from its top table, and gives the model or every violation.
pub(crate) fn walk<T>(
    document: &str,
    model: impl for<'r> FnOnce(&'r Reader, Section<'r>) -> Option<T>,
) -> Result<T, Violations> {
    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(Violations::one(1, "the document is larger than 1 MiB"));
    }
    let reader = Reader::new(document);
    let (table, errors) = DeTable::parse_recoverable(document);
    if !errors.is_empty() {
        let malformed = errors.iter().map(|error| Violation {
            path: String::new(),
            place: String::new(),
            line: error.span().map_or(1, |span| reader.line(span.start)),
            text: error.message().chars().filter(|c| !c.is_control()).take(200).collect(),
        });
        Violations::of(malformed.collect())?;
    }
    let read = model(&reader, Section::document(&reader, table.get_ref()));
    Violations::of(reader.into_found())?;
    read.ok_or_else(|| Violations::one(1, "the document cannot be read"))
}
