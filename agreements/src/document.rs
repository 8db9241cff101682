//! The agreement document and the dataset document: TOML in, model or every violation out.

use serde::de::DeserializeOwned;

use crate::agreement::Agreement;
use crate::element::Dataset;
use crate::violations::Violations;

/// Largest document that is read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 20;

/// Reads an agreement.
///
/// # Errors
/// [`Violations`]: all of them at once.
pub fn read(document: &str) -> Result<Agreement, Violations> {
    model(document)
}

/// Reads a dataset as its controller publishes it: the tables of an agreement's `[[dataset]]` at the
/// top of a file of their own.
///
/// # Errors
/// [`Violations`]: all of them at once.
pub fn read_dataset(document: &str) -> Result<Dataset, Violations> {
    model(document)
}

fn model<T: DeserializeOwned>(document: &str) -> Result<T, Violations> {
    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(Violations::one(1, "the document is larger than 1 MiB"));
    }
    let table: toml::Table =
        toml::from_str(document).map_err(|e| Violations::one(1, e.message().to_owned()))?;
    serde_json::from_value(plain(toml::Value::Table(table))).map_err(|e| Violations::one(1, e.to_string()))
}

fn plain(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        toml::Value::Table(table) => {
            serde_json::Value::Object(table.into_iter().map(|(key, value)| (key, plain(value))).collect())
        }
    }
}
