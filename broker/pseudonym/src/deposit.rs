//! What a source gives, split into records and checked against its dataset before it is stored.
//!
//! Bytes come in pieces of any size; memory stays below one piece and one record, however long a
//! line pretends to be.

use agreements::{Dataset, ElementPath, RecordFormat, ValueKind};

use crate::csv_line;
use crate::record::{RECORD_BYTES, RecordError};
use crate::shape::{Node, Shape, ShapeError};
use crate::value::Value;
use crate::walk::{Visit, walk};

/// A header that is not the dataset's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Columns are missing or unknown.
    #[error(
        "header is not that of dataset `{dataset}`:{}{}",
        list(" missing", missing),
        list(" unknown", unknown)
    )]
    Columns {
        /// The dataset.
        dataset: String,
        /// Columns of the dataset that the header lacks.
        missing: Vec<String>,
        /// Columns of the header that the dataset does not have, or names a second time.
        unknown: Vec<String>,
    },
    /// The right columns in another order.
    #[error(
        "header of dataset `{dataset}` has its columns in another order: column {column} must be `{expected}`"
    )]
    Order {
        /// The dataset.
        dataset: String,
        /// The first column that is elsewhere, from 1.
        column: usize,
        /// What it must be.
        expected: String,
    },
}

fn list(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = names.iter().take(30).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 30 { format!(" and {} more", names.len() - 30) } else { String::new() };
    format!("{what} {}{more};", shown.join(", "))
}

/// What is wrong with a deposit, and on which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DepositError {
    /// The header.
    #[error("line 1: {0}")]
    Header(#[from] HeaderError),
    /// A record.
    #[error("line {line}: {error}")]
    Record {
        /// The line on which the record begins, from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        error: RecordError,
    },
    /// A CSV deposit without even a header.
    #[error("deposit is empty")]
    Empty,
}

/// One checked record.
pub struct Row<'d> {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The record as it came, without its line end.
    pub bytes: &'d [u8],
}

/// A deposit being read.
pub struct Deposit {
    check: Check,
    buffer: Vec<u8>,
    /// Where the next record begins in the buffer.
    from: usize,
    /// How far the buffer was looked through for its end.
    looked: usize,
    /// Whether that place is inside a quoted CSV field.
    quoted: bool,
    /// The line on which the next record begins.
    line: u64,
    header: bool,
    ended: bool,
}

impl Deposit {
    /// A deposit of records of `dataset`.
    ///
    /// # Errors
    /// [`ShapeError`] when the dataset's elements cannot be told apart.
    pub fn new(dataset: &Dataset) -> Result<Self, ShapeError> {
        Ok(Self {
            check: Check::new(dataset)?,
            buffer: Vec::new(),
            from: 0,
            looked: 0,
            quoted: false,
            line: 1,
            header: dataset.format == RecordFormat::Csv,
            ended: false,
        })
    }

    /// Takes the next piece. All rows should be read with [`Self::row`] before another is pushed.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.from);
        self.looked -= self.from;
        self.from = 0;
        self.buffer.extend_from_slice(piece);
    }

    /// Says that no more pieces come; what is left is the last record.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next checked record; `None` when more bytes are needed, or after the end.
    ///
    /// # Errors
    /// [`DepositError`]; nothing of the deposit should then be kept.
    pub fn row(&mut self) -> Result<Option<Row<'_>>, DepositError> {
        loop {
            let line = self.line;
            let Some(span) = self.next_span()? else {
                if self.ended && self.header {
                    return Err(DepositError::Empty);
                }
                return Ok(None);
            };
            let mut bytes = self.buffer.get(span.clone()).unwrap_or_default();
            if line == 1 {
                bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            }
            if std::mem::take(&mut self.header) {
                self.check.header(bytes)?;
                continue;
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            self.check.record(bytes).map_err(|error| DepositError::Record { line, error })?;
            let start = span.end - bytes.len();
            return Ok(Some(Row { line, bytes: self.buffer.get(start..span.end).unwrap_or_default() }));
        }
    }

    /// The span of the next record without its line end; moves on behind it.
    fn next_span(&mut self) -> Result<Option<std::ops::Range<usize>>, DepositError> {
        let csv = self.check.format == RecordFormat::Csv;
        let mut breaks = 0;
        let mut end = None;
        let from = self.from;
        for (at, byte) in (self.looked..).zip(self.buffer.get(self.looked..).unwrap_or_default()) {
            match byte {
                b'"' if csv => self.quoted = !self.quoted,
                b'\n' if !self.quoted => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
            if at - from > RECORD_BYTES {
                return Err(DepositError::Record { line: self.line, error: self.endless(at) });
            }
        }
        let (end, next) = match end {
            Some(end) => (end, end + 1),
            None if self.ended && from < self.buffer.len() => (self.buffer.len(), self.buffer.len()),
            None => {
                self.looked = self.buffer.len();
                return Ok(None);
            }
        };
        let span = self.buffer.get(from..end).unwrap_or_default();
        breaks += span.iter().filter(|&&b| b == b'\n').count() as u64;
        let end = if span.last() == Some(&b'\r') { end - 1 } else { end };
        (self.from, self.looked, self.quoted) = (next, next, false);
        self.line += breaks + 1;
        Ok(Some(from..end))
    }
}

impl Deposit {
    /// Why a record has no end in sight: a quote that is never closed swallows what follows it.
    fn endless(&self, at: usize) -> RecordError {
        let span = self.buffer.get(self.from..at).unwrap_or_default();
        match csv_line::fields(span, |_, _| Ok(())) {
            Err(quote @ RecordError::Quote { .. }) if self.quoted => quote,
            _ => RecordError::Size,
        }
    }
}

/// The declared elements, against which a record is held.
struct Check {
    dataset: String,
    format: RecordFormat,
    shape: Shape,
    elements: Vec<(ElementPath, ValueKind)>,
    columns: Vec<String>,
}

impl Check {
    fn new(dataset: &Dataset) -> Result<Self, ShapeError> {
        let mut columns = Vec::new();
        for element in &dataset.elements {
            match (dataset.format, &element.column) {
                (RecordFormat::Csv, Some(column)) => columns.push(column.clone()),
                (RecordFormat::Json, None) => {}
                (format, _) => return Err(ShapeError::Column { element: element.path.clone(), format }),
            }
        }
        Ok(Self {
            dataset: dataset.id.to_string(),
            format: dataset.format,
            shape: Shape::of(dataset.elements.iter().map(|element| &element.path))?,
            elements: dataset.elements.iter().map(|e| (e.path.clone(), e.kind)).collect(),
            columns,
        })
    }

    fn header(&self, line: &[u8]) -> Result<(), DepositError> {
        let mut header = Vec::new();
        csv_line::fields(line, |_, field| {
            header.push(field.text.into_owned());
            Ok(())
        })
        .map_err(|error| DepositError::Record { line: 1, error })?;
        let dataset = self.dataset.clone();
        let missing: Vec<String> = self.columns.iter().filter(|c| !header.contains(c)).cloned().collect();
        let mut unknown = Vec::new();
        for (at, name) in header.iter().enumerate() {
            if !self.columns.contains(name) || header.iter().take(at).any(|earlier| earlier == name) {
                unknown.push(name.chars().filter(|c| !c.is_control()).take(64).collect());
            }
        }
        if !missing.is_empty() || !unknown.is_empty() {
            return Err(HeaderError::Columns { dataset, missing, unknown }.into());
        }
        match self.columns.iter().zip(&header).position(|(expected, found)| expected != found) {
            None => Ok(()),
            Some(at) => {
                let expected = self.columns.get(at).cloned().unwrap_or_default();
                Err(HeaderError::Order { dataset, column: at + 1, expected }.into())
            }
        }
    }

    fn record(&self, record: &[u8]) -> Result<(), RecordError> {
        if record.len() > RECORD_BYTES {
            return Err(RecordError::Size);
        }
        match self.format {
            RecordFormat::Json => walk(&self.shape, record, &mut Checking { check: self }),
            RecordFormat::Csv => {
                let found = csv_line::fields(record, |column, field| match self.elements.get(column) {
                    Some(_) if field.text.is_empty() => Ok(()),
                    Some(_) => self.value(column, &Value::Text(field.text)),
                    None => Ok(()),
                })?;
                let expected = self.elements.len();
                if found == expected { Ok(()) } else { Err(RecordError::Ragged { found, expected }) }
            }
        }
    }

    fn value(&self, at: usize, value: &Value<'_>) -> Result<(), RecordError> {
        match self.elements.get(at) {
            Some((element, kind)) if !value.looks_like(*kind) => {
                Err(RecordError::Kind { element: element.clone(), kind: *kind })
            }
            _ => Ok(()),
        }
    }
}

struct Checking<'c> {
    check: &'c Check,
}

impl Visit for Checking<'_> {
    fn leaf(&mut self, leaf: usize, raw: &str) -> Result<bool, RecordError> {
        match (Value::of_json(raw), self.check.elements.get(leaf)) {
            (Some(value), _) => self.check.value(leaf, &value)?,
            (None, Some((element, kind))) => {
                return Err(RecordError::Kind { element: element.clone(), kind: *kind });
            }
            (None, None) => {}
        }
        Ok(true)
    }

    fn not_nested(&mut self, node: &Node) -> Result<(), RecordError> {
        Err(RecordError::NotNested(node.path.clone()))
    }

    /// A name that is no possible element is not repeated: it could be a value in a wrong place.
    fn unknown(&mut self, node: &Node, name: &str) -> Result<(), RecordError> {
        let whole = if node.path.is_empty() { name.to_owned() } else { format!("{}.{name}", node.path) };
        Err(RecordError::Unknown(match ElementPath::parse(&whole) {
            Ok(path) => path.to_string(),
            Err(_) => format!("{}.?", node.path),
        }))
    }
}
