//! Acts of those who govern: the provider's officers, and the parties through their notes.
//!
//! Each act is an entry with the rows that become true with it. Whether it is allowed is decided by
//! the standing, once, under the head lock: nothing here decides it a second time.

pub mod agreement;
pub mod directory;
pub mod endpoint;
pub(crate) mod housekeeping;
pub mod officer;

use agreements::digest::CanonicalError;
use agreements::violations::Violations;
use agreements::{NoteError, OfficerNumber};

use crate::recorder::RecordError;
use crate::store::StoreError;

/// Why an act was refused. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum GovernError {
    /// A document that is not as it must be: every place at once.
    #[error("the document cannot be accepted:\n{0}")]
    Document(Violations),
    /// A note that is not as it must be.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The standing does not allow it, with the reason.
    #[error("{0}")]
    NotAllowed(String),
    /// It names something that is not there.
    #[error("{0}")]
    Absent(String),
    /// A document that cannot be written canonically.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// A key could not be made.
    #[error("{0}")]
    Vault(String),
    /// The store.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
    /// The record.
    #[error(transparent)]
    Record(RecordError),
}

impl From<RecordError> for GovernError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Refused(text) => Self::NotAllowed(text),
            other => Self::Record(other),
        }
    }
}

/// An officer of the provider who acts, known by a session.
#[derive(Debug, Clone)]
pub struct Acting {
    /// The officer.
    pub officer: OfficerNumber,
}
