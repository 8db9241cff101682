//! Reading one inbox, in order, and sending what waits for that group in between.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use agreements::{Digest, GroupId};
use exchange::content::ContentError;
use exchange::wire::{InboxKind, InboxMessage, InboxPage, Notice};
use exchange::{EndpointGroup, HandshakeError, ReceiveError};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::{CollectError, Shared};
use crate::outward::OutwardError;
use crate::proof::{self, ProofFailure, Recorded};
use crate::store::StoreError;
use crate::store::groups::{GroupRow, GroupStatus};
use crate::store::logs::KeptCheckpoint;
use crate::store::own_log::Act;
use crate::trust::{Signed, Trust, TrustError};

/// How long a call waits for a message.
const WAIT_SECONDS: u64 = 20;
/// How often it is looked whether the own side has added a new version of the agreement.
const OWN_SIDE_EVERY: Duration = Duration::from_secs(1);
/// How often the outbox is looked at.
const SEND_EVERY: Duration = Duration::from_millis(20);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why reading stops.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The store failed: this ends the program.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was trusted does not hold any more.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The provider could not be reached or refuses the call.
    #[error(transparent)]
    Outward(#[from] OutwardError),
    /// No proof, no data.
    #[error(transparent)]
    Proof(#[from] ProofFailure),
    /// A change of the group is refused.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// A message does not open.
    #[error("message {position} does not open: {source}")]
    Open {
        /// Its place.
        position: u64,
        /// Why.
        source: ReceiveError,
    },
    /// What was opened is not as it must be.
    #[error("message {position} is malformed inside: {source}")]
    Content {
        /// Its place.
        position: u64,
        /// Why.
        source: ContentError,
    },
    /// Something else that must not be.
    #[error("{0}")]
    Other(String),
}

/// One group while it is read.
pub(super) struct Reader {
    pub(super) shared: Arc<Shared>,
    pub(super) row: GroupRow,
    /// Absent before the welcome and after removal.
    pub(super) mls: Option<EndpointGroup>,
    pub(super) trust: Trust,
    /// Newest version of the agreement here, for provider and log key.
    pub(super) signed: Signed,
    /// Digests that the own side signed.
    pub(super) digests: BTreeSet<Digest>,
}

/// Reads until stopped, or until something does not prove right.
pub(super) async fn run(
    shared: Arc<Shared>,
    group: GroupId,
    mut stop: watch::Receiver<bool>,
) -> Result<(), CollectError> {
    loop {
        let opened = Reader::open(Arc::clone(&shared), group).await;
        let error = match opened {
            Ok(Some(mut reader)) => match reader.read(&mut stop).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            Ok(None) => return Ok(()),
            Err(error) => error,
        };
        // The group in memory is dropped with the reader: its state stays that of the last message
        // that proved right.
        match error {
            ReadError::Store(error) => return Err(error.into()),
            ReadError::Trust(error) => return Err(error.into()),
            ReadError::Handshake(HandshakeError::UnknownAgreement(digest)) => {
                wait_for_own_side(&shared, group, digest).await?;
            }
            error => return Ok(alarm(&shared, group, &error.to_string()).await?),
        }
        tokio::select! {
            () = tokio::time::sleep(OWN_SIDE_EVERY) => {}
            _ = stop.changed() => return Ok(()),
        }
    }
}

/// The provider has gone over to a text that the own side has not signed or not added here. Nothing
/// is followed and nothing opened until it has.
async fn wait_for_own_side(shared: &Shared, group: GroupId, digest: Digest) -> Result<(), StoreError> {
    let Some((mut row, _)) = shared.home.store.group(group).await? else { return Ok(()) };
    let text = format!(
        "the provider has put this exchange under a text of the agreement that is not known here \
         (digest {digest}): once your side has signed it, add it with `agreement add`"
    );
    if row.alarm.as_ref() == Some(&text) {
        return Ok(());
    }
    tracing::warn!(%group, "{text}");
    row.alarm = Some(text.clone());
    let mut tx = shared.home.store.write().await?;
    tx.put_group(&mut row, None).await?;
    tx.log(shared.home.clock.now(), None, Act::Alarm, None, &format!("group {group}: {text}")).await?;
    tx.commit().await
}

async fn alarm(shared: &Shared, group: GroupId, text: &str) -> Result<(), StoreError> {
    tracing::error!(%group, "ALARM: reading is stopped: {text}");
    let Some((mut row, _)) = shared.home.store.group(group).await? else { return Ok(()) };
    row.status = GroupStatus::Stopped;
    row.alarm = Some(text.to_owned());
    let detail = format!("group {group}: {text}");
    let mut tx = shared.home.store.write().await?;
    tx.put_group(&mut row, None).await?;
    tx.log(shared.home.clock.now(), None, Act::Alarm, None, &detail).await?;
    tx.commit().await
}

impl Reader {
    async fn open(shared: Arc<Shared>, group: GroupId) -> Result<Option<Self>, ReadError> {
        let home = &shared.home;
        let Some((row, state)) = home.store.group(group).await? else { return Ok(None) };
        let trust = Trust::load(home).await?;
        let Some(signed) = trust.newest(&row.agreement).cloned() else { return Ok(None) };
        let digests = trust.digests(&row.agreement);
        let mls = match (&state, row.status) {
            (Some(state), GroupStatus::Open) => {
                Some(EndpointGroup::restore(state, &home.key).map_err(HandshakeError::from)?)
            }
            _ => None,
        };
        Ok(Some(Self { shared, row, mls, trust, signed, digests }))
    }

    /// The agreement may have got a new version, a directory a new holder.
    pub(super) async fn reload_trust(&mut self) -> Result<(), ReadError> {
        self.trust = Trust::load(&self.shared.home).await?;
        if let Some(signed) = self.trust.newest(&self.row.agreement) {
            self.signed = signed.clone();
        }
        self.digests = self.trust.digests(&self.row.agreement);
        Ok(())
    }

    async fn read(&mut self, stop: &mut watch::Receiver<bool>) -> Result<(), ReadError> {
        let mut pause = FIRST_PAUSE;
        let mut ticks = tokio::time::interval(SEND_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let kept = self.shared.home.store.newest_checkpoint(self.signed.log_key.name()).await?;
            let note = kept.as_ref().map(|kept| kept.note.clone()).unwrap_or_default();
            let outward = self.shared.outward.clone();
            let (group, after) = (self.row.group, self.row.position);
            let poll = async move { outward.inbox(group, after, WAIT_SECONDS, &note).await };
            tokio::pin!(poll);
            let page = loop {
                tokio::select! {
                    page = &mut poll => break page,
                    _ = ticks.tick() => self.send().await?,
                    _ = stop.changed() => return Ok(()),
                }
            };
            match page {
                Ok(page) => {
                    pause = FIRST_PAUSE;
                    self.page(page, kept.as_ref()).await?;
                }
                Err(error) => {
                    pause = self.pause(error, pause, stop).await?;
                }
            }
            if *stop.borrow() {
                return Ok(());
            }
        }
    }

    /// Waits before the next call; the provider is away, or refuses.
    async fn pause(
        &self,
        error: OutwardError,
        pause: Duration,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Duration, ReadError> {
        let pause = if error.is_passing() { pause } else { LONGEST_PAUSE };
        tracing::debug!(group = %self.row.group, %error, "an inbox call failed");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
        Ok((pause * 2).min(LONGEST_PAUSE))
    }

    /// Takes one page: first its checkpoint, then its messages, each in a transaction of its own.
    async fn page(&mut self, page: InboxPage, asked_with: Option<&KeptCheckpoint>) -> Result<(), ReadError> {
        let checkpoint = {
            let shared = Arc::clone(&self.shared);
            let _held = shared.log.lock().await;
            let log = self.signed.log_key.name();
            let kept = shared.home.store.newest_checkpoint(log).await?;
            if kept.as_ref() != asked_with {
                // Another group of this log went on meanwhile; the page's proof is from the older
                // checkpoint, so it is asked for again.
                return Ok(());
            }
            if page.checkpoint.is_empty() && kept.is_none() {
                None
            } else {
                let shown =
                    proof::advance(kept.as_ref(), &page.checkpoint, &page.consistency, &self.signed.log_key)?;
                if kept.as_ref().is_none_or(|kept| kept.size != shown.size) {
                    let mut tx = shared.home.store.write().await?;
                    tx.put_checkpoint(log, &shown).await?;
                    tx.commit().await?;
                }
                Some(shown)
            }
        };
        for message in page.messages {
            self.message(message, checkpoint.as_ref()).await?;
            self.shared.did_something();
        }
        Ok(())
    }

    async fn message(
        &mut self,
        message: InboxMessage,
        checkpoint: Option<&KeptCheckpoint>,
    ) -> Result<(), ReadError> {
        let position = message.position;
        if position <= self.row.position {
            return Ok(());
        }
        let due = self.row.position.saturating_add(1);
        if position != due {
            if self.mls.is_some() {
                return Err(ReadError::Other(format!("inbox message {due} is missing: {position} came")));
            }
            // What was deleted before the welcome is no loss, but its sequence is not known.
            self.row.sequence = None;
        }
        match message.kind {
            InboxKind::Handshake => self.handshake(&message, checkpoint).await,
            InboxKind::Message => self.sealed(&message, checkpoint).await,
            InboxKind::Notice => self.notice(&message).await,
        }
    }

    async fn notice(&mut self, message: &InboxMessage) -> Result<(), ReadError> {
        let position = message.position;
        let notice: Notice = serde_json::from_slice(&message.bytes.0)
            .map_err(|_| ReadError::Other(format!("notice {position} is malformed")))?;
        let Notice::EpochPassed { message, .. } = notice;
        let mut row = self.row.clone();
        row.position = position;
        let mut tx = self.shared.home.store.write().await?;
        let again = tx.outbox_again(message).await?;
        tx.put_group(&mut row, None).await?;
        tx.commit().await?;
        if let Some(id) = again {
            tracing::info!(%id, "its epoch passed: it is sealed again");
        }
        self.row = row;
        Ok(())
    }

    /// No proof, no data, and no change of the group: that these bytes are on record, in a line
    /// that stands for nothing else, under the log key that the own agreement file names. So it is
    /// from the first welcome on.
    pub(super) async fn on_record(
        &self,
        message: &InboxMessage,
        checkpoint: Option<&KeptCheckpoint>,
    ) -> Result<Recorded, ReadError> {
        let position = message.position;
        let missing = ProofFailure::Missing { position, missing: "a signed state of the record" };
        let recorded = proof::recorded(message, checkpoint.ok_or(missing)?)?;
        let log = self.signed.log_key.name();
        if self.shared.home.store.index_used(log, recorded.index).await? {
            return Err(ProofFailure::IndexUsed(recorded.index).into());
        }
        Ok(recorded)
    }

    /// Moves past a message that is not for this endpoint; one that was sealed counts.
    pub(super) async fn skip(&mut self, message: &InboxMessage, index: u64) -> Result<(), ReadError> {
        let mut row = self.row.clone();
        row.position = message.position;
        if message.kind == InboxKind::Message {
            row.sequence = row.sequence.map(|n| n.saturating_add(1));
        }
        let mut tx = self.shared.home.store.write().await?;
        tx.put_group(&mut row, None).await?;
        tx.use_index(self.signed.log_key.name(), index).await?;
        tx.commit().await?;
        self.row = row;
        Ok(())
    }
}
