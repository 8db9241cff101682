//! The transaction: lock, draft, write, commit, and only then let go.

use std::sync::Arc;
use std::time::Instant;

use agreements::{Digest, GroupId};
use audit::{Checkpoint, Edge, Standing, Tile};
use common::vault::{KeyId, Mark};

use super::batch::{Batch, Done};
use super::change::Scratch;
use super::head::Head;
use super::item::{Item, RecordError, Recorded, Submission};
use super::rows;
use crate::app::Core;
use crate::groups::LiveGroup;
use crate::store::groups::GroupStatus;
use crate::store::{StoreError, WriteTx, head};
use crate::{domains, governed, personal};

/// Entries after which the standing is restated.
const STATE_EVERY: u64 = 10_000;

/// The writer. It alone owns the end of the log.
pub(crate) struct Writer {
    core: Arc<Core>,
    head: Head,
    /// Replayed from the log, and carried on with each commit.
    standing: Standing,
    /// Size of the log at the newest state entry, and its time.
    stated: (u64, jiff::Timestamp),
    personal: Option<personal::PersonalKey>,
    /// Whether an entry names that key.
    personal_is_named: bool,
}

impl Writer {
    pub(crate) fn new(core: Arc<Core>, head: Head, standing: Standing, stated: (u64, jiff::Timestamp)) -> Self {
        Self { core, head, standing, stated, personal: None, personal_is_named: false }
    }

    /// Records what was submitted, in one transaction, and answers everybody.
    ///
    /// # Errors
    /// Why the writer must stop; everybody was answered before.
    pub(super) async fn commit(&mut self, submissions: Vec<Submission>) -> Result<(), String> {
        let (items, replies): (Vec<_>, Vec<_>) = submissions.into_iter().map(|s| (s.items, s.reply)).unzip();
        match self.try_commit(items).await {
            Ok((results, checkpoint)) => {
                for (result, reply) in results.into_iter().zip(replies) {
                    let recorded = |index| Recorded { index, checkpoint: Arc::clone(&checkpoint) };
                    let _ = reply.send(result.map(|indices| indices.into_iter().map(recorded).collect()));
                }
                Ok(())
            }
            Err(Failed { reason, fatal }) => {
                for reply in replies {
                    let reason = reason.clone();
                    let why = if fatal { RecordError::Stopped(reason) } else { RecordError::Failed(reason) };
                    let _ = reply.send(Err(why));
                }
                if fatal { Err(reason) } else { Ok(()) }
            }
        }
    }

    async fn try_commit(
        &mut self,
        submissions: Vec<Vec<Item>>,
    ) -> Result<(Vec<Result<Vec<u64>, RecordError>>, Arc<str>), Failed> {
        let core = Arc::clone(&self.core);
        let month = self.month().map_err(Failed::passing)?;
        let none = || Failed::passing("there is no key for personal parts".to_owned());
        let personal = self.personal.as_ref().ok_or_else(none)?;
        let mut batch = Batch::new(&core, &self.head, personal, &self.standing);
        let (mut tx, locked) = begin(&core, &self.head).await.map_err(Failed::of)?;
        if let Some(item) = month {
            batch.draft(item).await.map_err(|error| Failed::passing(error.to_string()))?;
        }
        if self.state_is_due(batch.at) {
            // Restates what stands after everything before it, the month's key included.
            let state = Box::new(batch.standing.to_state());
            // A start must be able to go on from it.
            match Standing::from_state(batch.at, &state) {
                Ok(_) => {
                    let drafted = batch.draft(Item::of(audit::Event::State { state })).await;
                    if let Err(error) = drafted {
                        tracing::error!(%error, "the standing could not be restated; it is tried again");
                    }
                }
                Err(error) => tracing::error!(%error, "the standing cannot be restated; it is tried again"),
            }
        }
        batch.look_up(&mut tx, &submissions).await.map_err(Failed::of)?;
        let mut results = Vec::with_capacity(submissions.len());
        for items in submissions {
            match batch.take(&mut tx, items).await {
                Err(RecordError::Store(error)) => return Err(Failed::of(error)),
                result => results.push(result),
            }
        }
        if batch.is_empty() {
            tx.roll_back().await.map_err(Failed::of)?;
            return Ok((results, Arc::clone(&self.head.checkpoint)));
        }
        let mut edge = self.head.edge.clone();
        let hashes: Vec<_> = batch.entries.iter().map(|entry| entry.hash).collect();
        let tiles = edge.append(&hashes);
        let checkpoint: Arc<str> = if hashes.is_empty() {
            Arc::clone(&self.head.checkpoint)
        } else {
            let origin = core.log_key().name().to_owned();
            let checkpoint = Checkpoint { origin, size: edge.size(), root: Digest::from_bytes(edge.root()) };
            Arc::from(checkpoint.sign(&core.log).map_err(|error| Failed::passing(error.to_string()))?)
        };
        if let Err(error) = write(tx, locked, &core, &batch, &edge, &tiles, &checkpoint).await {
            let touched: Vec<GroupId> = batch.ledgers.keys().copied().collect();
            self.skip(&touched);
            return Err(Failed::of(error));
        }
        let done = batch.done(edge, Arc::clone(&checkpoint));
        self.publish(done).await;
        Ok((results, checkpoint))
    }

    /// Whether the standing must be restated.
    fn state_is_due(&self, now: jiff::Timestamp) -> bool {
        let size = self.head.edge.size();
        let due = size >= self.stated.0.saturating_add(STATE_EVERY)
            || now.duration_since(self.stated.1).as_hours() >= 24;
        due && size > self.stated.0
    }

    /// Takes the key of the month, and gives the entry that names it until that entry is recorded.
    fn month(&mut self) -> Result<Option<Item>, String> {
        let now = self.core.clock.now();
        let id = personal::id_at(now).map_err(|error| error.to_string())?;
        if self.personal.as_ref().is_none_or(|known| known.id != id) {
            self.personal = Some(personal::at(&self.core, now).map_err(|error| error.to_string())?);
            self.personal_is_named = self.standing.keys().contains(id.as_str());
        }
        Ok((!self.personal_is_named).then(|| domains::made(&id, "personal-part")))
    }

    /// After a failed commit: the steps that were used are skipped, and counted.
    fn skip(&mut self, touched: &[GroupId]) {
        for group in touched {
            if let Some(ledger) = self.head.ledgers.get_mut(group) {
                ledger.skipped = ledger.skipped.saturating_add(1);
            }
        }
    }

    /// Makes a commit visible: memory first, then those who wait.
    async fn publish(&mut self, done: Done) {
        let core = Arc::clone(&self.core);
        self.head.edge = done.edge;
        self.head.checkpoint = done.checkpoint;
        self.head.policy_epoch = done.policy_epoch;
        self.head.ledgers.extend(done.ledgers.into_iter().map(|(group, ledger)| (group, ledger.stored())));
        for (group, scratch) in done.scratch {
            let Scratch { mls, agreement, recipient } = scratch;
            match core.groups.get(&group) {
                Some(live) => {
                    *live.mls.lock().await = mls;
                    live.put_under(agreement);
                }
                None => {
                    let live = Arc::new(LiveGroup::new(group, agreement, recipient, mls));
                    core.groups.insert(Arc::clone(&live));
                    let _ = core.opened.send(live);
                }
            }
        }
        for (index, at, event) in &done.events {
            if let audit::Event::KeyDestroyed { key, .. } = event {
                destroy(&core, key);
            }
            if matches!(event, audit::Event::State { .. }) {
                self.stated = (*index, *at);
            }
        }
        self.standing = done.standing;
        // Its entry, where one was due, was the first of this batch.
        self.personal_is_named = self.personal.is_some();
        core.checkpoint.store(Arc::new(Arc::clone(&self.head.checkpoint)));
        let standing = Arc::new(self.standing.clone());
        core.standing.store(Arc::clone(&standing));
        if done.standing_changed {
            let before = core.governed.load_full();
            core.governed.store(Arc::new(governed::governed(&standing, &before)));
            if core.take_enrolment(&standing) {
                // Each group gets the new note with the next message that is sealed in it.
                self.head.ledgers.values_mut().for_each(|ledger| ledger.fresh = false);
            }
        }
        self.close_ended();
        for group in done.woken {
            if let Some(live) = core.groups.get(&group) {
                live.inbox.notify_waiters();
            }
        }
        let mark = Mark { size: self.head.edge.size(), root: self.head.edge.root() };
        if let Err(error) = core.vault.write_mark(&mark) {
            tracing::warn!(%error, "the mark beside the vault could not be written");
        }
    }
}

impl Writer {
    /// Forgets groups that have ended.
    fn close_ended(&mut self) {
        let core = &self.core;
        self.head.ledgers.retain(|group, ledger| {
            if ledger.status != GroupStatus::Ended {
                return true;
            }
            if let Some(live) = core.groups.get(group) {
                core.groups.remove(group);
                live.arrivals.notify_one();
                live.inbox.notify_waiters();
            }
            false
        });
    }
}

/// A transaction that did not happen.
struct Failed {
    reason: String,
    /// The writer must stop.
    fatal: bool,
}

impl Failed {
    const fn passing(reason: String) -> Self {
        Self { reason, fatal: false }
    }

    fn of(error: StoreError) -> Self {
        let fatal = error.is_fatal()
            || matches!(
                error,
                StoreError::Fenced { .. } | StoreError::Stale { .. } | StoreError::Corrupt { .. }
            );
        Self { reason: error.to_string(), fatal }
    }
}

/// Destroys a key whose destruction is on record. What fails here is done at the next start.
fn destroy(core: &Core, key: &str) {
    let Ok(id) = KeyId::parse(key) else { return };
    if let Err(error) = core.vault.destroy(&id, &*core.rng) {
        tracing::error!(%id, %error, "a key could not be destroyed; the next start tries again");
    }
}

/// Begins the transaction, locks the head and compares it with what the writer knows.
async fn begin(core: &Core, head: &Head) -> Result<(WriteTx, head::LockedHead), StoreError> {
    let mut tx = core.store.write().await?;
    let locked = head::lock(&mut tx, head.fence).await?;
    if locked.head().size != head.edge.size() || locked.head().root != known_root(head) {
        return Err(StoreError::Stale { table: "head" });
    }
    Ok((tx, locked))
}

fn known_root(head: &Head) -> Vec<u8> {
    if head.edge.size() == 0 { Vec::new() } else { head.edge.root().to_vec() }
}

/// Writes a batch and commits it.
async fn write(
    mut tx: WriteTx,
    locked: head::LockedHead,
    core: &Core,
    batch: &Batch<'_>,
    edge: &Edge,
    tiles: &[Tile],
    checkpoint: &str,
) -> Result<(), StoreError> {
    let began = Instant::now();
    rows::write(&mut tx, core, batch, tiles).await?;
    let next = head::Head {
        size: edge.size(),
        root: if edge.size() == 0 { Vec::new() } else { edge.root().to_vec() },
        frontier: edge.frontier().to_bytes(),
        checkpoint: checkpoint.to_owned(),
        policy_epoch: batch.policy_epoch,
    };
    head::advance(&mut tx, locked, &next).await?;
    let written = Instant::now();
    tx.commit().await?;
    let (whole, commit) = (began.elapsed(), written.elapsed());
    let events = batch.entries.iter().map(|entry| &entry.event);
    core.metrics.committed(events, whole.as_secs_f64(), commit.as_secs_f64());
    Ok(())
}
