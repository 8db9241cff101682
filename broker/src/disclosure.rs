//! The spine: one question, from its arrival to the entry that lets its answer go.
//!
//! ```text
//! arrival -> authenticate -> decide -> fetch -> pseudonymise -> record (the only writer) -> deliver
//! ```
//! Each step consumes what the one before made: [`Permitted`] and [`Cleared`] are made here alone,
//! cannot be copied, and travel with the request, the group and the records that they speak of. So
//! neither the wrong order nor the wrong recipient compiles.
//!
//! A permit is used once:
//! ```
//! fn once(permit: broker::disclosure::Permitted, by: fn(broker::disclosure::Permitted)) {
//!     by(permit);
//! }
//! ```
//! It cannot be forged:
//! ```compile_fail
//! let permit = broker::disclosure::Permitted { };
//! ```
//! nor copied:
//! ```compile_fail
//! fn twice(permit: broker::disclosure::Permitted) {
//!     let again = permit.clone();
//! }
//! ```
//! nor used a second time:
//! ```compile_fail
//! fn twice(permit: broker::disclosure::Permitted, by: fn(broker::disclosure::Permitted)) {
//!     by(permit);
//!     by(permit);
//! }
//! ```
//! and the same holds for what was cleared:
//! ```compile_fail
//! let cleared = broker::disclosure::Cleared { };
//! ```
//! ```compile_fail
//! fn twice(cleared: broker::disclosure::Cleared) {
//!     let again = cleared.clone();
//! }
//! ```
//! ```compile_fail
//! fn twice(cleared: broker::disclosure::Cleared, by: fn(broker::disclosure::Cleared)) {
//!     by(cleared);
//!     by(cleared);
//! }
//! ```

mod authenticate;
mod bulk;
mod collect;
mod decide;
mod fetch;
pub(crate) mod key;
mod problem;
mod pseudonymise;
mod receipt;
mod record;
mod refuse;

pub use authenticate::Asked;
pub use collect::collect;
pub use decide::Permitted;
pub use fetch::Fetched;
pub use pseudonymise::Cleared;

use std::sync::Arc;

use agreements::Action;

use crate::app::App;
use crate::recorder::{Overtaken, RecordError};

/// How often a question is decided again because its agreement changed meanwhile.
const MOST_DECISIONS: usize = 3;

/// Why a question could be neither answered nor refused. Nothing left; the arrival stays and is
/// taken up again.
#[derive(Debug, thiserror::Error)]
pub enum SpineError {
    /// The store could not be read.
    #[error("the store could not be read")]
    Store(#[from] crate::store::StoreError),
    /// The decision could not be made: uncertainty lets nothing leave.
    #[error("no decision could be made: {0}")]
    Decision(String),
    /// The entry could not be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A key, a sealed row or a file is not what it must be.
    #[error("stored data cannot be read: {0}")]
    Stored(String),
}

/// Answers one question: with data, a refusal or a problem, each of them an entry.
async fn answer(app: &App, asked: Asked) -> Result<(), SpineError> {
    let mut asked = asked;
    let group = Arc::clone(&asked.group);
    let _alone = match asked.question.action {
        Action::Bulk => Some(group.bulk.lock().await),
        Action::Consult => None,
    };
    for _ in 0..MOST_DECISIONS {
        // Read before the decision: what changes meanwhile has it made again.
        let decided_at = app.standing.load().policy_epoch();
        let decided = match decide::decide(app, asked)? {
            decide::Decided::Permitted(permitted) => fetch::fetch(app, *permitted).await?,
            decide::Decided::Refused(refused) => fetch::Found::Refused(refused),
        };
        let cleared = match decided {
            fetch::Found::Records(fetched) => pseudonymise::pseudonymise(&app.core, *fetched).await?,
            fetch::Found::Refused(refused) => match refuse::record(app, *refused, decided_at).await? {
                None => return Ok(()),
                Some(again) => {
                    asked = again;
                    continue;
                }
            },
            fetch::Found::TooMany { asked, most } => return problem::too_many(app, *asked, most).await,
        };
        match record::record(app, cleared).await {
            Ok(_) => return Ok(()),
            Err((again, RecordError::Overtaken(why))) => match why {
                Overtaken::Agreement => asked = again,
                Overtaken::Ceiling { clause } => {
                    let refused = refuse::ceiling(&app.core, again, &clause);
                    match refuse::record(app, refused, decided_at).await? {
                        None => return Ok(()),
                        Some(again) => asked = again,
                    }
                }
                Overtaken::Answered { first } => return problem::repeated(app, again, first).await,
                Overtaken::Changed => return problem::changed(app, again).await,
                Overtaken::Statement | Overtaken::Endpoint | Overtaken::KeySent => {
                    return problem::unvouched(app, again).await;
                }
            },
            Err((_, other)) => return Err(other.into()),
        }
    }
    problem::busy(app, asked).await
}
