//! An agreement as its TOML document, for drafts that a program makes: an amendment, a test.

use toml::value::Datetime;
use toml::{Table, Value};

use crate::agreement::Agreement;

/// An agreement that cannot be written; none is expected of a document that was read.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A value has no TOML form.
    #[error("the agreement cannot be written as TOML")]
    Form(#[from] toml::ser::Error),
    /// A date has no TOML form.
    #[error("a date of the agreement cannot be written as TOML")]
    Date(#[from] toml::value::DatetimeParseError),
}

/// Writes the document; reading it gives the same agreement.
///
/// # Errors
/// [`WriteError`]; none is expected of a document that was read.
pub fn write(agreement: &Agreement) -> Result<String, WriteError> {
    let mut document = Table::try_from(agreement)?;
    for (table, key) in [("instrument", "date"), ("validity", "from"), ("validity", "until")] {
        let table = document.get_mut(table).and_then(Value::as_table_mut);
        if let Some(date) = table.and_then(|table| table.get_mut(key))
            && let Some(text) = date.as_str()
        {
            *date = Value::Datetime(text.parse::<Datetime>()?);
        }
    }
    Ok(toml::to_string(&document)?)
}
