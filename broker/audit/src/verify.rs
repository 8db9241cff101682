//! The verifier: what can be checked of a log, a receipt or two checkpoints by whoever holds them.

use std::path::{Path, PathBuf};

use agreements::{NoteError, NoteKey};
use serde::de::DeserializeOwned;

use crate::leaf::kind;

pub mod checkpoints;
pub mod log;
pub mod receipt;

mod bundle;

pub use checkpoints::{Compared, Evidence, compare};
pub use log::{LogReport, verify_log};
pub use receipt::{ProvenEntry, ReceiptFile, prove_entry, verify_receipt};

/// Why something does not verify, or could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// An entry is bad, and every one before it is good.
    #[error("entry {index}: {what}")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong.
        what: String,
    },
    /// A checkpoint is bad.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// A file is there and is not what it should be.
    #[error("`{path}` is not {what}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should be, and where it is not.
        what: String,
    },
    /// The files to be checked cannot be read: nothing is known of them.
    #[error("`{path}` cannot be read: {why}")]
    Use {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// What was given does not suffice to check anything.
    #[error("{0}")]
    Missing(&'static str),
}

impl Fault {
    /// The exit code: 1 for what does not verify, 2 for what could not be looked at.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Entry { .. } | Self::Checkpoint(_) | Self::Content { .. } => 1,
            Self::Use { .. } | Self::Missing(_) => 2,
        }
    }

    pub(crate) fn entry(index: u64, what: impl Into<String>) -> Self {
        Self::Entry { index, what: what.into() }
    }

    pub(crate) fn checkpoint(error: impl std::fmt::Display) -> Self {
        Self::Checkpoint(error.to_string())
    }
}

/// Reads a text file that must be there.
///
/// # Errors
/// [`Fault::Use`], or [`Fault::Content`] when it is not text.
pub fn read_text(path: &Path) -> Result<String, Fault> {
    let path = path.to_owned();
    match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| Fault::Content { path, what: "UTF-8".to_owned() }),
        Err(error) => Err(Fault::Use { path, why: error.to_string() }),
    }
}

/// Reads a JSON file that must be there; `what` says what it holds, with its article.
///
/// # Errors
/// [`Fault::Use`], or [`Fault::Content`] when it holds something else.
pub fn read_json<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, Fault> {
    serde_json::from_str(&read_text(path)?).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = format!("{what}: {} error at line {line}, column {column}", kind(&error));
        Fault::Content { path: path.to_owned(), what }
    })
}

/// Reads a file that holds a verifier key (`name+hash+base64`).
///
/// # Errors
/// [`Fault::Use`].
pub fn read_key(path: &Path) -> Result<NoteKey, Fault> {
    let wrong = |error: NoteError| Fault::Use { path: path.to_owned(), why: error.to_string() };
    NoteKey::parse(read_text(path)?.trim()).map_err(wrong)
}
