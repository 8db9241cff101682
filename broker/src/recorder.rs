//! The only writer: gives every act its place in the log, seals what leaves, commits, and only then
//! lets go.
//!
//! It takes what waits and records it in one transaction that first locks the head row, so that
//! order in the log, order of the ratchets and order in the inboxes are one order. It does not
//! linger for company. What was true when an item was made is checked again under the lock; an
//! item that fails leaves the batch and the others stay.
//!
//! After a failed COMMIT it goes forward, never back: what was sealed is dropped, the groups in
//! memory keep their advanced state, and the skipped steps are never used again. When the outcome
//! of a COMMIT is unknown it stops.

mod batch;
mod change;
mod check;
mod head;
mod item;
pub(crate) mod rows;
mod write;

use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use head::{Head, Ledger};
pub(crate) use item::{Condition, Effect, GroupChange, Item, Outgoing, Submission};
pub use item::{Overtaken, RecordError, Recorded};
pub(crate) use write::Writer;

/// Submissions that wait for the writer; more wait for room.
const WAITING: usize = 1_024;
/// Most submissions in one transaction.
const MOST_TOGETHER: usize = 256;

/// The way to the writer.
#[derive(Clone)]
pub struct Recorder {
    sender: mpsc::Sender<Submission>,
    stopped: watch::Sender<Option<String>>,
}

impl Recorder {
    /// Starts the writer.
    pub(crate) fn start(writer: Writer) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (stopped, _) = watch::channel(None);
        let writing = tokio::spawn(run(writer, receiver, stopped.clone()));
        let told = stopped.clone();
        tokio::spawn(async move {
            if writing.await.is_err() {
                stop(&told, "the writer failed");
            }
        });
        Self { sender, stopped }
    }

    /// Records one item.
    ///
    /// # Errors
    /// [`RecordError`]; nothing of the item became true.
    pub(crate) async fn record(&self, item: Item) -> Result<Recorded, RecordError> {
        let mut recorded = self.record_all(vec![item]).await?;
        recorded.pop().ok_or_else(|| RecordError::Stopped("the writer gave no answer".to_owned()))
    }

    /// Records several items together or none of them.
    ///
    /// # Errors
    /// [`RecordError`]; nothing of any item became true.
    pub(crate) async fn record_all(&self, items: Vec<Item>) -> Result<Vec<Recorded>, RecordError> {
        let (reply, answer) = oneshot::channel();
        if self.sender.send(Submission { items, reply }).await.is_err() {
            return Err(self.why());
        }
        answer.await.unwrap_or_else(|_| Err(self.why()))
    }

    /// Why the writer has stopped, once it has.
    pub async fn stopped(&self) -> String {
        let mut stopped = self.stopped.subscribe();
        match stopped.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the broker is ending".to_owned(),
        }
    }

    /// Stops the writer: nothing is recorded from now on, and so nothing leaves.
    pub fn stop(&self, reason: &str) {
        tracing::error!(reason, "the record has stopped");
        stop(&self.stopped, reason);
    }

    fn why(&self) -> RecordError {
        let told = self.stopped.borrow().clone();
        RecordError::Stopped(told.unwrap_or_else(|| "the broker is ending".to_owned()))
    }
}

/// The first reason stays.
fn stop(stopped: &watch::Sender<Option<String>>, reason: &str) {
    stopped.send_if_modified(|told| {
        let first = told.is_none();
        told.get_or_insert_with(|| reason.to_owned());
        first
    });
}

async fn run(
    mut writer: Writer,
    mut receiver: mpsc::Receiver<Submission>,
    stopped: watch::Sender<Option<String>>,
) {
    let mut waiting = Vec::with_capacity(MOST_TOGETHER);
    while receiver.recv_many(&mut waiting, MOST_TOGETHER).await > 0 {
        if stopped.borrow().is_some() {
            // Dropped replies tell why.
            return;
        }
        if let Err(reason) = writer.commit(std::mem::take(&mut waiting)).await {
            tracing::error!(%reason, "the record has stopped");
            stop(&stopped, &reason);
            return;
        }
    }
}
