//! An authority's directory: which function is held with which key, signed by its root key.
//!
//! Agreements name functions; directories name keys. So a person may change without a new
//! agreement, and only the authority itself can say so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::AuthorityId;
use crate::note::{Note, NoteError, NoteKey, Statement};

/// An office whose holder acts for the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Signs agreements.
    Signatory,
    /// Data protection officer: gives opinions.
    Dpo,
    /// Decides reversals.
    Approver,
    /// Enrols endpoints.
    Enrolment,
    /// Vouches for officers' requests.
    Statements,
}

impl Function {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signatory => "signatory",
            Self::Dpo => "dpo",
            Self::Approver => "approver",
            Self::Enrolment => "enrolment",
            Self::Statements => "statements",
        }
    }
}

/// One function and the key that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The function.
    pub function: Function,
    /// Title of the office, never a person's name.
    pub office: String,
    /// Its key.
    pub key: NoteKey,
}

/// A directory, statement of the authority's root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Whose directory.
    pub authority: AuthorityId,
    /// From 1, each replacing the one before.
    pub version: u32,
    /// When it was made.
    pub at: Timestamp,
    /// Who holds what.
    pub holders: Vec<Holder>,
}

impl Statement for Directory {
    const KIND: &'static str = "transire/directory/1";
}

impl Directory {
    /// The keys that hold `function`.
    pub fn keys(&self, function: Function) -> impl Iterator<Item = &NoteKey> {
        self.holders.iter().filter(move |holder| holder.function == function).map(|holder| &holder.key)
    }

    /// Reads a statement made by any holder of `function`, and says by which key.
    ///
    /// # Errors
    /// [`NoteError`] when no holder of that function has signed it, or one of them has a line that
    /// does not hold.
    pub fn verified<S: Statement>(&self, note: &Note, function: Function) -> Result<(S, NoteKey), NoteError> {
        for key in self.keys(function) {
            match note.verify(key) {
                Ok(()) => return Ok((S::from_note(note)?, key.clone())),
                Err(NoteError::Unsigned(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Err(NoteError::Unsigned(format!("the {} of {}", function.as_str(), self.authority)))
    }
}
