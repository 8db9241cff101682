//! Changes of a group's epoch: made on a scratch copy that takes the group's place after the commit.

use agreements::{AgreementVersion, AuthorityId, GroupId};
use audit::{Event, GroupChange as What};
use exchange::{BrokerGroup, Change};

use super::batch::Batch;
use super::head::Ledger;
use super::item::{GroupChange, Item, RecordError};

/// Steps skipped in one epoch, by commits that failed, after which a new epoch begins. Recipients
/// accept gaps of a thousand.
const MOST_SKIPPED: u32 = 500;

/// A group that is being changed.
pub(super) struct Scratch {
    pub(super) mls: BrokerGroup,
    /// The agreement, at the version under which the group stands after the change.
    pub(super) agreement: AgreementVersion,
    pub(super) recipient: AuthorityId,
}

/// What came of a change.
pub(super) struct Changed {
    pub(super) epoch: u64,
    /// What the members must read; none for a new group.
    pub(super) handshake: Option<(GroupId, Vec<u8>)>,
}

impl Batch<'_> {
    /// A commit with a fresh path before the first message that this process sends in a group, and
    /// after many skipped steps: whatever an earlier process used is never used again.
    pub(super) async fn freshen(&mut self, group: GroupId) -> Result<(), RecordError> {
        let ledger = self.ledger(group)?;
        if ledger.fresh && ledger.skipped < MOST_SKIPPED {
            return Ok(());
        }
        let live = self.core.groups.get(&group);
        let live = live.ok_or_else(|| RecordError::Group { group, text: "is closed".to_owned() })?;
        let (agreement, recipient) = (live.at_version(), live.recipient.clone());
        let item = Item::at(move |place| Event::GroupChanged {
            group,
            agreement,
            recipient,
            epoch: place.group_epoch,
            change: What::Refreshed,
            endpoints: Vec::new(),
        })
        .changing(GroupChange::Refresh { group });
        Box::pin(self.draft(item)).await?;
        Ok(())
    }

    /// Makes a change on a copy.
    pub(super) async fn change(&mut self, change: GroupChange) -> Result<Changed, RecordError> {
        match change {
            GroupChange::Create { group, agreement, digest, recipient } => {
                let failed = |e: exchange::GroupError| RecordError::Group { group, text: e.to_string() };
                let enrolment = self.core.enrolment.load_full();
                let enrolment = enrolment.ok_or_else(|| RecordError::Group {
                    group,
                    text: "this broker has no enrolment by its own authority yet".to_owned(),
                })?;
                let mls = BrokerGroup::create(group, &digest, &recipient, &self.core.endpoint_key, &enrolment)
                    .map_err(failed)?;
                let epoch = mls.epoch();
                self.ledgers.insert(group, Ledger::new());
                self.scratch.insert(group, Scratch { mls, agreement, recipient });
                Ok(Changed { epoch, handshake: None })
            }
            GroupChange::Add { group, packages } => {
                self.on_copy(group, Change { add: packages, ..Change::default() }).await
            }
            GroupChange::Remove { group, endpoints } => {
                self.on_copy(group, Change { remove: endpoints, ..Change::default() }).await
            }
            GroupChange::Refresh { group } => self.on_copy(group, Change::default()).await,
            GroupChange::Agree { group, agreement, digest } => {
                let changed =
                    self.on_copy(group, Change { agreement: Some(digest), ..Change::default() }).await?;
                if let Some(scratch) = self.scratch.get_mut(&group) {
                    scratch.agreement = agreement;
                }
                Ok(changed)
            }
        }
    }

    async fn on_copy(&mut self, group: GroupId, change: Change) -> Result<Changed, RecordError> {
        let failed = |text: String| RecordError::Group { group, text };
        let id = self.core.message_id();
        // Each commit carries the newest enrolment, so that the broker's own leaf never outlives its
        // note; recipients follow no commit by one that has.
        let own = self.standing.endpoint(&self.core.config.endpoint);
        if own.is_none_or(|own| own.expires <= self.at) {
            return Err(failed("cannot change: this broker's own enrolment has ended".to_owned()));
        }
        let enrolment = self.core.enrolment.load_full().map(|note| (*note).clone());
        let change = Change { enrolment, ..change };
        let (changed, agreement, recipient) = match self.scratch.remove(&group) {
            Some(scratch) => {
                let changed = scratch.mls.change(change, id);
                let (agreement, recipient) = (scratch.agreement.clone(), scratch.recipient.clone());
                match changed {
                    Ok(_) => self.replaced.push((group, scratch)),
                    Err(_) => _ = self.scratch.insert(group, scratch),
                }
                (changed, agreement, recipient)
            }
            None => {
                let live = self.core.groups.get(&group).ok_or_else(|| failed("is closed".to_owned()))?;
                let changed = live.mls.lock().await.change(change, id);
                (changed, live.at_version(), live.recipient.clone())
            }
        };
        let changed = changed.map_err(|error| failed(error.to_string()))?;
        let handshake = changed.handshake.encode().map_err(|error| failed(error.to_string()))?;
        let epoch = changed.group.epoch();
        self.scratch.insert(group, Scratch { mls: changed.group, agreement, recipient });
        let ledger = self.ledger(group)?;
        ledger.fresh = true;
        ledger.skipped = 0;
        Ok(Changed { epoch, handshake: Some((group, handshake)) })
    }
}
