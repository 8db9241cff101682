//! Takes arrivals in order, opens each, and gives it to the spine.
//!
//! One collector for each group. Opening is in order, since the ratchet is; answering is not, and
//! up to [`AT_ONCE`] questions of a group are worked on together. An arrival stays undone until the
//! entry that answers it is recorded, so a crash loses none: after a start the group has a fresh
//! epoch, what was sealed before it gets `epoch passed`, and the recipient seals it again.

use std::sync::Arc;
use std::time::Duration;

use agreements::{GroupId, MessageId, RequestId};
use audit::Personal;
use exchange::content::{FromRecipient, decode};
use exchange::wire::Notice;
use exchange::{OpenError, Opened};
use tokio::sync::Semaphore;

use super::authenticate::{Arrived, Unasked, authenticate};
use super::problem::Said;
use super::{SpineError, answer, problem, receipt};
use crate::app::App;
use crate::groups::LiveGroup;
use crate::recorder::{Effect, Item, RecordError};
use crate::store::StoreError;
use crate::store::arrivals::{self, Waiting};

/// Questions of one group that are worked on together.
const AT_ONCE: usize = 64;
/// Arrivals read at once.
const PAGE: u32 = 64;
/// Tries before an arrival is left for the next start.
const TRIES: u32 = 5;

/// Works on the arrivals of a group until it is closed.
pub async fn collect(app: Arc<App>, group: Arc<LiveGroup>) {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let mut after = 0;
    loop {
        let woken = group.arrivals.notified();
        let arrivals = match undone(&app, &group, after).await {
            Ok(arrivals) => arrivals,
            Err(error) => {
                tracing::error!(group = %group.id, %error, "arrivals cannot be read");
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
        };
        if arrivals.is_empty() {
            if app.groups.get(&group.id).is_none() {
                return;
            }
            woken.await;
            continue;
        }
        for arrival in arrivals {
            after = arrival.position;
            let Ok(permit) = Arc::clone(&at_once).acquire_owned().await else { return };
            let opened = group.mls.lock().await.open(&arrival.arrival.bytes);
            let (app, group) = (Arc::clone(&app), Arc::clone(&group));
            tokio::spawn(async move {
                let _permit = permit;
                let position = arrival.position;
                if let Err(error) = take(&app, &group, position, opened).await {
                    tracing::error!(group = %group.id, position, %error, "an arrival could not be answered");
                }
            });
        }
    }
}

async fn undone(app: &App, group: &LiveGroup, after: u64) -> Result<Vec<Waiting>, StoreError> {
    arrivals::undone(&mut app.store.read().await?, group.id, after, PAGE).await
}

/// What a message of a group turned out to be.
async fn take(
    app: &App,
    group: &Arc<LiveGroup>,
    position: u64,
    opened: Result<Opened, OpenError>,
) -> Result<(), SpineError> {
    let opened = match opened {
        Ok(opened) => opened,
        // Opened before a crash, or sealed in an epoch that has passed: its sender seals it again.
        Err(OpenError::EpochPassed { id } | OpenError::Replayed { id }) => {
            return epoch_passed(app, group.id, position, id).await;
        }
        Err(error) => {
            // Not a message that a member sealed for this epoch: nobody is told, nothing is kept.
            tracing::warn!(group = %group.id, position, %error, "an arrival was dropped");
            return drop_arrival(app, group.id, position).await;
        }
    };
    let mut tries = 0;
    loop {
        let result = handle(app, group, position, &opened).await;
        match result {
            Err(SpineError::Store(_) | SpineError::Decision(_)) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(100 << tries)).await;
            }
            Err(SpineError::Record(RecordError::Stopped(reason))) => {
                // Nothing can be told; the arrival is taken up again at the next start.
                return Err(SpineError::Record(RecordError::Stopped(reason)));
            }
            Err(error) => {
                tracing::error!(group = %group.id, position, %error, "an arrival was answered with a problem");
                let unasked = Unasked {
                    request: request_of(&opened),
                    status: 503,
                    code: "unavailable",
                    detail: "the exchange service could not answer; nothing was disclosed; ask again later",
                };
                let said = said_of(app, &opened);
                return problem::record(app, group, position, group.recipient.clone(), unasked, said).await;
            }
            Ok(()) => return Ok(()),
        }
    }
}

/// Who asked what, as far as a message says so: nobody asks unseen, whatever comes of it.
fn said_of(app: &App, opened: &Opened) -> Option<Said> {
    match decode::<FromRecipient>(&opened.plaintext) {
        Ok(FromRecipient::Question { question, statement }) => {
            let short = |text: &str| text.chars().take(4_096).collect::<String>();
            let terms: Vec<_> = question.terms.iter().take(16).map(|t| (&t.element, short(&t.value))).collect();
            let personal = Personal {
                authority: Some(opened.authority.clone()),
                case: Some(short(&question.case)),
                justification: Some(short(&question.justification)),
                query: serde_json::to_value(terms).ok(),
                statement: Some(short(&statement)),
                ..Personal::default()
            };
            Some(Said::of(app, personal, &question))
        }
        Ok(FromRecipient::Receipt { .. }) | Err(_) => None,
    }
}

/// The question that a message asks, where it can be read.
fn request_of(opened: &Opened) -> Option<RequestId> {
    match decode::<FromRecipient>(&opened.plaintext) {
        Ok(FromRecipient::Question { question, .. }) => Some(question.request),
        Ok(FromRecipient::Receipt { .. }) | Err(_) => None,
    }
}

async fn handle(app: &App, group: &Arc<LiveGroup>, position: u64, opened: &Opened) -> Result<(), SpineError> {
    let standing = app.standing.load_full();
    let enrolled = standing.endpoint(&opened.endpoint);
    if enrolled.is_none_or(|enrolment| enrolment.expires <= app.clock.now()) {
        let unasked = Unasked {
            request: request_of(opened),
            status: 401,
            code: "not-enrolled",
            detail: "the enrolment of this program has ended; its authority must renew it",
        };
        let said = said_of(app, opened);
        return problem::record(app, group, position, group.recipient.clone(), unasked, said).await;
    }
    match decode::<FromRecipient>(&opened.plaintext) {
        Ok(FromRecipient::Question { question, statement }) => {
            let request = question.request;
            let arrived = Arrived {
                group: Arc::clone(group),
                authority: opened.authority.clone(),
                endpoint: opened.endpoint.clone(),
                position,
                question,
                note: statement,
            };
            match authenticate(app, arrived) {
                Ok(asked) => answer(app, asked).await,
                Err(unasked) => {
                    debug_assert_eq!(unasked.request, Some(request));
                    let said = said_of(app, opened);
                    problem::record(app, group, position, group.recipient.clone(), unasked, said).await
                }
            }
        }
        Ok(FromRecipient::Receipt { note }) => {
            receipt::take(app, group, position, &opened.endpoint, &note).await
        }
        Err(_) => {
            let unasked = Unasked {
                request: None,
                status: 400,
                code: "malformed",
                detail: "the message cannot be read as a question or a receipt",
            };
            problem::record(app, group, position, group.recipient.clone(), unasked, None).await
        }
    }
}

async fn epoch_passed(app: &App, group: GroupId, position: u64, message: MessageId) -> Result<(), SpineError> {
    let notice = Notice::EpochPassed { message, endpoint: None };
    let bytes = serde_json::to_vec(&notice).map_err(|e| SpineError::Stored(e.to_string()))?;
    let item = Item::without_entry().and(Effect::ArrivalDone { group, position }).and(Effect::Notice {
        group,
        message,
        bytes,
    });
    app.recorder.record(item).await?;
    Ok(())
}

async fn drop_arrival(app: &App, group: GroupId, position: u64) -> Result<(), SpineError> {
    app.recorder.record(Item::without_entry().and(Effect::ArrivalDone { group, position })).await?;
    Ok(())
}
