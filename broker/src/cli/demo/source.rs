//! What is deposited: generated declarations, or a file whose header is that of a dataset in the
//! library.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use agreements::{Dataset, RecordFormat, document, library};
use bytes::Bytes;
use pseudonym::{Deposit, DepositError, HeaderError};
use serde_json::{Map, Value};
use tokio_stream::StreamExt as _;
use tokio_util::io::ReaderStream;

use super::scenario::{GENERATED, KCS, Scenario};
use crate::cli::CliError;

/// Declarations that are generated when no file is given.
const GENERATED_RECORDS: usize = 2_000;
/// Seed of the generation: every run has the same declarations.
const SEED: u64 = 2_026;

/// What is deposited.
pub(super) struct Source {
    pub(super) scenario: &'static Scenario,
    pub(super) dataset: Dataset,
    content: Content,
}

enum Content {
    Generated(Vec<String>),
    File { path: PathBuf, bytes: u64 },
}

/// One declaration as the provider holds it, and how it can be asked for.
pub(super) struct Chosen {
    pub(super) record: Value,
    /// Values of the scenario's `coarse` elements, which no other declaration shares, if possible.
    pub(super) coarse: Vec<String>,
}

impl Source {
    /// Opens the file and checks its header, or generates.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = file else {
            let lines = super::declarations::declarations(GENERATED_RECORDS, SEED).collect();
            let dataset = described(GENERATED.name)?;
            return Ok(Self { scenario: &GENERATED, dataset, content: Content::Generated(lines) });
        };
        let failed = |error: std::io::Error| CliError::Use(format!("`{}`: {error}", path.display()));
        let bytes = std::fs::metadata(path).map_err(failed)?.len();
        let dataset = described(KCS.name)?;
        check_header(&dataset, path)?;
        Ok(Self { scenario: &KCS, dataset, content: Content::File { path: path.to_owned(), bytes } })
    }

    /// Bytes to be sent.
    pub(super) fn bytes(&self) -> u64 {
        match &self.content {
            Content::Generated(lines) => lines.iter().map(|line| line.len() as u64 + 1).sum(),
            Content::File { bytes, .. } => *bytes,
        }
    }

    /// Content type of a deposit.
    pub(super) const fn content_type(&self) -> &'static str {
        match self.dataset.format {
            RecordFormat::Csv => "text/csv",
            RecordFormat::Json => "application/jsonl",
        }
    }

    /// The records as a body; `sent` is told of every piece.
    pub(super) async fn body(
        &self,
        sent: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<reqwest::Body, CliError> {
        Ok(match &self.content {
            Content::Generated(lines) => {
                let mut text = lines.join("\n");
                text.push('\n');
                sent(text.len() as u64);
                reqwest::Body::from(text)
            }
            Content::File { path, .. } => {
                let file = tokio::fs::File::open(path).await.map_err(|error| CliError::failed(&error))?;
                let pieces =
                    ReaderStream::with_capacity(file, 256 * 1024).map(move |piece: std::io::Result<Bytes>| {
                        if let Ok(piece) = &piece {
                            sent(piece.len() as u64);
                        }
                        piece
                    });
                reqwest::Body::wrap_stream(pieces)
            }
        })
    }

    /// The declaration that is shown side by side: one whose coarse values few others share.
    pub(super) fn choose(&self) -> Result<Chosen, CliError> {
        let records = self.records()?;
        let mut shared: HashMap<Vec<String>, (usize, usize)> = HashMap::new();
        for (at, record) in records.iter().enumerate() {
            let key: Vec<String> = self.scenario.coarse.iter().map(|path| text_at(record, path)).collect();
            shared.entry(key).or_insert((0, at)).0 += 1;
        }
        let rarest = shared.into_iter().min_by_key(|(_, (count, at))| (*count, *at));
        let none = || CliError::Use("there is no record to show".to_owned());
        let (coarse, (_, at)) = rarest.ok_or_else(none)?;
        let record = records.into_iter().nth(at).ok_or_else(none)?;
        Ok(Chosen { record, coarse })
    }

    /// A record as it was disclosed, its values under the paths of the elements; a CSV has them under
    /// its columns.
    pub(super) fn by_path(&self, record: &Value) -> Value {
        let Value::Object(fields) = record else { return record.clone() };
        let path = |name: &String| {
            let mut elements = self.dataset.elements.iter();
            let element = elements.find(|element| element.column.as_ref() == Some(name));
            element.map_or_else(|| name.clone(), |element| element.path.to_string())
        };
        Value::Object(fields.iter().map(|(name, value)| (path(name), value.clone())).collect())
    }

    fn records(&self) -> Result<Vec<Value>, CliError> {
        match &self.content {
            Content::Generated(lines) => lines
                .iter()
                .map(|line| serde_json::from_str(line).map_err(|error| CliError::failed(&error)))
                .collect(),
            Content::File { path, .. } => {
                let mut reader = csv::Reader::from_path(path).map_err(|error| CliError::failed(&error))?;
                reader
                    .records()
                    .map(|row| self.object(&row.map_err(|error| CliError::failed(&error))?))
                    .collect()
            }
        }
    }

    fn object(&self, row: &csv::StringRecord) -> Result<Value, CliError> {
        let fields = self.dataset.elements.iter().zip(row.iter());
        let named: Map<String, Value> =
            fields.map(|(element, value)| (element.path.to_string(), Value::from(value))).collect();
        Ok(Value::Object(named))
    }
}

/// The text of a value in a record, by its path: nested in JSON, flat in CSV; of an array the first.
pub(super) fn text_at(record: &Value, path: &str) -> String {
    let found = record.get(path).or_else(|| {
        path.split('.').try_fold(record, |at, segment| match at {
            Value::Array(items) => items.first()?.get(segment),
            other => other.get(segment),
        })
    });
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// The dataset of that name in the library.
pub(super) fn described(name: &str) -> Result<Dataset, CliError> {
    let text = library::dataset(name).ok_or_else(|| CliError::Failed(format!("no dataset `{name}`")))?;
    document::read_dataset(text).map_err(|violations| CliError::Failed(violations.to_string()))
}

fn check_header(dataset: &Dataset, path: &Path) -> Result<(), CliError> {
    use std::io::{BufRead as _, BufReader, Read as _};
    const LONGEST: u64 = 64 * 1024;
    let failed = |error: std::io::Error| CliError::Use(format!("`{}`: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut header = Vec::new();
    BufReader::new(file).take(LONGEST).read_until(b'\n', &mut header).map_err(failed)?;
    let mut deposit = Deposit::new(dataset).map_err(|error| CliError::failed(&error))?;
    deposit.push(&header);
    deposit.end();
    let refused = |error: &HeaderError| CliError::Use(format!("`{}`: {error}", path.display()));
    match deposit.row() {
        Ok(_) => Ok(()),
        Err(DepositError::Header(error)) => Err(refused(&error)),
        Err(error) => Err(CliError::Use(format!("`{}`: {error}", path.display()))),
    }
}
