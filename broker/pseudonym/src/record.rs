//! What can be wrong with a record, said without its values.

use agreements::{ElementPath, ValueKind};

/// Bytes that one record may have at most.
pub const RECORD_BYTES: usize = 256 * 1024;

/// Objects and arrays that may stand inside one another at most.
pub const RECORD_DEPTH: usize = 32;

/// A record that cannot be read or is not what its dataset declares. It names places, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not UTF-8.
    #[error("record is not UTF-8 from byte {byte} on")]
    Encoding {
        /// The first byte that is not, counted from 1 within the record.
        byte: usize,
    },
    /// Longer than [`RECORD_BYTES`].
    #[error("record is longer than {RECORD_BYTES} bytes")]
    Size,
    /// Deeper than [`RECORD_DEPTH`].
    #[error("record has more than {RECORD_DEPTH} levels")]
    Depth,
    /// Not JSON.
    #[error("record is not JSON: {what} at line {line} column {column} of the record")]
    Json {
        /// What the parser expected; it quotes no value.
        what: String,
        /// Line within the record, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// JSON, but no object.
    #[error("record is not a JSON object")]
    NotAnObject,
    /// Two members of one object with the same name.
    #[error("element `{0}` occurs twice in one object")]
    Twice(String),
    /// A member that the dataset does not declare.
    #[error("`{0}` is not an element of the dataset")]
    Unknown(String),
    /// A value that does not look as declared.
    #[error("element `{element}` is not {}", looks(*kind))]
    Kind {
        /// The element.
        element: ElementPath,
        /// What it is declared to be.
        kind: ValueKind,
    },
    /// A single value where an object or an array of objects is declared.
    #[error("`{0}` is neither an object nor an array of objects")]
    NotNested(String),
    /// A CSV record with too few or too many fields.
    #[error("record has {found} fields, the dataset has {expected} columns")]
    Ragged {
        /// Fields in the record.
        found: usize,
        /// Columns of the dataset.
        expected: usize,
    },
    /// A quote that is never closed, or that stands inside a field (RFC 4180).
    #[error("record has a quote in field {field} that is never closed or stands inside the field")]
    Quote {
        /// The field, from 1.
        field: usize,
    },
    /// A line end in a field that is not in quotes.
    #[error("record has a line end in field {field}, which is not in quotes")]
    LineBreak {
        /// The field, from 1.
        field: usize,
    },
}

/// What a value of that kind looks like, in words.
const fn looks(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Text => "a text",
        ValueKind::Narrative => "a text written by people",
        ValueKind::Number => "a number",
        ValueKind::Date => "a date as `YYYY-MM-DD`",
        ValueKind::HsCode => "a Harmonised System code of 2 to 10 digits",
        ValueKind::Flag => "a yes or no, or a 0 or 1",
    }
}
