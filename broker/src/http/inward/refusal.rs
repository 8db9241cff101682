//! Errors of the inside as problems, with the status that fits.

use common::problem::Problem;

use crate::govern::GovernError;
use crate::recorder::RecordError;
use crate::source::deposit::RefusedDeposit;
use crate::store::StoreError;

/// A failure of the store.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` asks for")]
pub(super) fn store_failed(error: StoreError) -> Problem {
    tracing::error!(%error, "the store failed");
    Problem::unavailable("unavailable", "the exchange service cannot answer now; try again")
}

/// A refused act.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` asks for")]
pub(super) fn govern(error: GovernError) -> Problem {
    match &error {
        GovernError::Document(_) => Problem::unprocessable("document", error.to_string()),
        GovernError::Note(_) => Problem::unprocessable("note", error.to_string()),
        GovernError::NotAllowed(_) => Problem::conflict("not-allowed", error.to_string()),
        GovernError::Absent(_) => Problem::not_found("absent", error.to_string()),
        GovernError::Canonical(_) | GovernError::Vault(_) | GovernError::Store(_) | GovernError::Record(_) => {
            tracing::error!(%error, "an act failed");
            Problem::unavailable("unavailable", "the act could not be recorded; nothing has changed")
        }
    }
}

/// A refused deposit.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` asks for")]
pub(super) fn deposit(error: RefusedDeposit) -> Problem {
    match &error {
        RefusedDeposit::Unknown(_) => Problem::not_found("unknown-dataset", error.to_string()),
        RefusedDeposit::Line(_) | RefusedDeposit::Empty => Problem::unprocessable("deposit", error.to_string()),
        RefusedDeposit::TooLarge(_) => Problem::too_large("deposit", error.to_string()),
        RefusedDeposit::BrokenOff => Problem::bad_request("broken-off", error.to_string()),
        RefusedDeposit::Record(RecordError::Refused(_)) => Problem::conflict("not-allowed", error.to_string()),
        RefusedDeposit::Full(_) => {
            tracing::error!(%error, "a deposit failed");
            Problem::unavailable("disk-full", error.to_string())
        }
        RefusedDeposit::Description(_) | RefusedDeposit::Store(_) | RefusedDeposit::Record(_) => {
            tracing::error!(%error, "a deposit failed");
            Problem::unavailable("unavailable", "the deposit could not be recorded; nothing of it was kept")
        }
    }
}
