//! The authority's own log: which officer asked, opened, exported or showed what, and when.
//!
//! LED 25 asks the recipient for such a log too. It holds officer numbers and request ids, no name
//! and no value.

use agreements::{OfficerNumber, RequestId};
use serde::Serialize;
use sqlx::query_as;

use super::{Store, StoreError, WriteTx};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// An officer asked.
    Asked,
    /// The program received an answer and proved it.
    Received,
    /// An officer saw an answer on the screen.
    Shown,
    /// An officer wrote an answer to a file.
    Exported,
    /// The proof of an answer was written to a file.
    ProofWritten,
    /// A message did not prove right.
    Alarm,
    /// Kept data reached its date and was deleted.
    Deleted,
    /// Somebody let a stopped group be read again.
    Resumed,
    /// An officer was added or changed.
    OfficerChanged,
    /// Somebody gave a wrong password, or the number of nobody who may sign in.
    WrongPassword,
    /// An agreement was added.
    AgreementAdded,
}

impl Act {
    /// The word in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Received => "received",
            Self::Shown => "shown",
            Self::Exported => "exported",
            Self::ProofWritten => "proof-written",
            Self::Alarm => "alarm",
            Self::Deleted => "deleted",
            Self::Resumed => "resumed",
            Self::OfficerChanged => "officer-changed",
            Self::WrongPassword => "wrong-password",
            Self::AgreementAdded => "agreement-added",
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone, Serialize)]
pub struct LogLine {
    /// Number of the line.
    pub n: i64,
    /// When.
    pub at: String,
    /// The officer number, empty when the program acted by itself.
    pub officer: String,
    /// What.
    pub act: String,
    /// The request, or empty.
    pub request: String,
    /// More, without a name or a value.
    pub detail: String,
}

impl Store {
    /// The last `limit` lines, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn own_log(&self, limit: i64) -> Result<Vec<LogLine>, StoreError> {
        let rows: Vec<(i64, String, String, String, String, String)> =
            query_as("SELECT n, at, officer, act, request, detail FROM own_log ORDER BY n DESC LIMIT $1")
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows
            .into_iter()
            .rev()
            .map(|(n, at, officer, act, request, detail)| LogLine { n, at, officer, act, request, detail })
            .collect())
    }
}

impl WriteTx {
    /// Adds a line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log(
        &mut self,
        at: jiff::Timestamp,
        officer: Option<&OfficerNumber>,
        act: Act,
        request: Option<RequestId>,
        detail: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO own_log (at, officer, act, request, detail) VALUES ($1, $2, $3, $4, $5)")
            .bind(at.to_string())
            .bind(officer.map_or("", OfficerNumber::as_str))
            .bind(act.as_str())
            .bind(request.map(|r| r.to_string()).unwrap_or_default())
            .bind(detail)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
