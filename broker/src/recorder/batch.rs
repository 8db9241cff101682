//! One transaction in the making: checks each submission under the lock and drafts its entries.
//!
//! Nothing here writes to the database. A submission that fails leaves no trace in the batch; the
//! ratchet steps that it used are skipped.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use agreements::{Digest, DisclosureId, EntryId, GroupId, MessageId, RequestId};
use audit::tree::{Hash, leaf_hash};
use audit::{Edge, Event, Leaf, Opening, ReplayError, Standing};
use exchange::content::{Envelope, ParticularsOpening, encode};
use jiff::Timestamp;

use super::change::Scratch;
use super::head::{Head, Ledger};
use super::item::{Condition, Effect, Item, Outgoing, Overtaken, Place, RecordError};
use crate::app::Core;
use crate::personal::PersonalKey;
use crate::store::inbox::InboxKind;
use crate::store::requests::{self, RequestRow};
use crate::store::{StoreError, WriteTx};
use crate::tags;

/// An entry, ready to be written.
pub(super) struct Drafted {
    pub(super) index: u64,
    pub(super) at: Timestamp,
    pub(super) id: EntryId,
    pub(super) leaf: Vec<u8>,
    pub(super) hash: Hash,
    pub(super) event: Event,
    pub(super) particulars: Vec<u8>,
    pub(super) personal: Option<Vec<u8>>,
    pub(super) disclosure: Option<DisclosureId>,
}

/// An inbox row, ready to be written.
pub(super) struct Posted {
    pub(super) group: GroupId,
    pub(super) position: u64,
    pub(super) kind: InboxKind,
    pub(super) index: Option<u64>,
    pub(super) message: MessageId,
    pub(super) bytes: Vec<u8>,
}

/// A question that is answered by an entry of this batch.
pub(super) struct Answered {
    pub(super) group: GroupId,
    pub(super) request: RequestId,
    pub(super) digest: Digest,
    pub(super) index: u64,
}

/// Everything that one transaction will write.
pub(super) struct Batch<'a> {
    pub(super) core: &'a Core,
    pub(super) head: &'a Head,
    pub(super) at: Timestamp,
    pub(super) policy_epoch: u64,
    /// The writer's standing, carried on with every event of this batch: what cannot be replayed is
    /// never recorded.
    pub(super) standing: Standing,
    /// Whether an event of this batch changed the standing that others decide by.
    pub(super) standing_changed: bool,
    pub(super) entries: Vec<Drafted>,
    pub(super) inbox: Vec<Posted>,
    pub(super) effects: Vec<Effect>,
    pub(super) answered: Vec<Answered>,
    /// Groups whose epoch changes in this batch, on copies that replace them after the commit.
    pub(super) scratch: HashMap<GroupId, Scratch>,
    /// Copies that a submission has changed further; they come back when it fails.
    pub(super) replaced: Vec<(GroupId, Scratch)>,
    /// Counters of the groups that this batch touches.
    pub(super) ledgers: HashMap<GroupId, Ledger>,
    /// Questions of this batch that were answered before it.
    pub(super) known: BTreeMap<(GroupId, RequestId), RequestRow>,
    personal: &'a PersonalKey,
}

/// What a commit made true.
pub(super) struct Done {
    pub(super) edge: Edge,
    pub(super) checkpoint: Arc<str>,
    pub(super) policy_epoch: u64,
    pub(super) standing: Standing,
    pub(super) standing_changed: bool,
    pub(super) ledgers: HashMap<GroupId, Ledger>,
    pub(super) scratch: HashMap<GroupId, Scratch>,
    pub(super) woken: Vec<GroupId>,
    pub(super) events: Vec<(u64, Timestamp, Event)>,
}

/// Where the batch stood before a submission.
struct Mark {
    standing: Standing,
    standing_changed: bool,
    entries: usize,
    inbox: usize,
    effects: usize,
    answered: usize,
    ledgers: HashMap<GroupId, Ledger>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(core: &'a Core, head: &'a Head, personal: &'a PersonalKey, before: &'a Standing) -> Self {
        Self {
            core,
            head,
            // On record time does not go back, whatever the clock does.
            at: standing_time(core.clock.now(), before.last()),
            policy_epoch: head.policy_epoch,
            standing: before.clone(),
            standing_changed: false,
            entries: Vec::new(),
            inbox: Vec::new(),
            effects: Vec::new(),
            answered: Vec::new(),
            scratch: HashMap::new(),
            replaced: Vec::new(),
            ledgers: HashMap::new(),
            known: BTreeMap::new(),
            personal,
        }
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.effects.is_empty() && self.inbox.is_empty()
    }

    /// Index that the next entry takes.
    pub(super) fn next_index(&self) -> u64 {
        self.head.edge.size().saturating_add(self.entries.len() as u64)
    }

    /// Reads, for all that was submitted at once, which questions were answered before.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub(super) async fn look_up(
        &mut self,
        tx: &mut WriteTx,
        submitted: &[Vec<Item>],
    ) -> Result<(), StoreError> {
        let conditions = submitted.iter().flatten().flat_map(|item| &item.conditions);
        let asked: Vec<(GroupId, RequestId)> = conditions
            .filter_map(|condition| match condition {
                Condition::NewRequest { group, request, .. } => Some((*group, *request)),
                _ => None,
            })
            .collect();
        if !asked.is_empty() {
            self.known = requests::answered(tx, &asked).await?;
        }
        Ok(())
    }

    /// Takes a submission into the batch, all of it or nothing, and gives the index of each entry.
    ///
    /// # Errors
    /// Why it does not hold now.
    pub(super) async fn take(&mut self, tx: &mut WriteTx, items: Vec<Item>) -> Result<Vec<u64>, RecordError> {
        for condition in items.iter().flat_map(|item| &item.conditions) {
            self.check(tx, condition).await?;
        }
        let mark = self.mark();
        let changing: Vec<GroupId> = self.scratch.keys().copied().collect();
        self.replaced.clear();
        match self.draft_all(items).await {
            Ok(indices) => Ok(indices),
            Err(error) => {
                self.reset(mark);
                // A copy that only this submission made goes with it.
                self.scratch.retain(|group, _| changing.contains(group));
                // The oldest state of each group is restored last.
                while let Some((group, scratch)) = self.replaced.pop() {
                    if changing.contains(&group) {
                        self.scratch.insert(group, scratch);
                    }
                }
                Err(error)
            }
        }
    }

    async fn draft_all(&mut self, items: Vec<Item>) -> Result<Vec<u64>, RecordError> {
        let mut indices = Vec::with_capacity(items.len());
        for item in items {
            if let Some(outgoing) = &item.message {
                self.freshen(outgoing.group).await?;
            }
            for condition in &item.conditions {
                self.count(condition);
            }
            indices.push(self.draft(item).await?);
        }
        Ok(indices)
    }

    /// Drafts one entry, or only the rows of an item that has none.
    pub(super) async fn draft(&mut self, item: Item) -> Result<u64, RecordError> {
        let index = self.next_index();
        let Item { conditions: _, event, personal, message, change, effects, disclosure, tags } = item;
        self.take_effects(effects, index)?;
        let Some(event) = event else { return Ok(index) };
        let disclosure = if tags.is_empty() {
            disclosure
        } else {
            let id = disclosure.unwrap_or_else(|| DisclosureId::from_bytes(self.core.rng.id()));
            self.effects.push(Effect::Tags { rows: tags::rows(self.core, id, tags) });
            Some(id)
        };
        let changed = match change {
            Some(change) => Some(self.change(change).await?),
            None => None,
        };
        let sequence = match &message {
            Some(outgoing) => self.ledger(outgoing.group)?.next_sequence,
            None => 0,
        };
        let place = Place {
            index,
            sequence,
            group_epoch: changed.as_ref().map_or(0, |changed| changed.epoch),
            policy_epoch: self.policy_epoch,
            next_policy_epoch: self.policy_epoch.saturating_add(1),
        };
        let event = event(&place);
        self.apply(&event)?;
        let opening = Opening::new(*self.core.rng.key(), event);
        let sent = match (message, changed.and_then(|changed| changed.handshake)) {
            (Some(outgoing), _) => Some(self.seal(outgoing, &place, &opening).await?),
            (None, Some((group, bytes))) => {
                let digest = Digest::of(&bytes);
                self.post(group, InboxKind::Handshake, Some(index), self.core.message_id(), bytes)?;
                Some(digest)
            }
            (None, None) => None,
        };
        let personal = personal.map(|values| Opening::new(*self.core.rng.key(), values));
        let malformed = |error: agreements::digest::CanonicalError| RecordError::Refused(error.to_string());
        let leaf = Leaf::new(
            EntryId::from_bytes(self.core.rng.id()),
            self.at,
            sent,
            opening.commitment().map_err(malformed)?,
            personal.as_ref().map(Opening::commitment).transpose().map_err(malformed)?,
        );
        let bytes = leaf.to_bytes().map_err(malformed)?;
        let hash = leaf_hash(&bytes);
        let sealed = personal.map(|opening| self.personal.seal(self.core, index, &opening)).transpose();
        self.entries.push(Drafted {
            index,
            at: leaf.at,
            id: leaf.id,
            leaf: bytes,
            hash,
            particulars: self.core.seal_particulars(index, &opening).map_err(RecordError::Refused)?,
            personal: sealed.map_err(RecordError::Refused)?,
            event: opening.values,
            disclosure,
        });
        Ok(index)
    }

    /// Carries the standing on; an event that its rules do not allow is refused.
    fn apply(&mut self, event: &Event) -> Result<(), RecordError> {
        self.standing.apply(self.at, event).map_err(|error| match error {
            ReplayError::Ceiling { clause, .. } => RecordError::Overtaken(Overtaken::Ceiling { clause }),
            other => RecordError::Refused(other.to_string()),
        })?;
        self.policy_epoch = self.standing.policy_epoch();
        self.standing_changed |= changes_standing(event);
        Ok(())
    }

    /// Rows that follow from an item; what needs its place gets it here.
    fn take_effects(&mut self, effects: Vec<Effect>, index: u64) -> Result<(), RecordError> {
        for effect in effects {
            match effect {
                Effect::Notice { group, message, bytes } => {
                    self.post(group, InboxKind::Notice, None, message, bytes)?;
                }
                Effect::GroupStatus { group, status } => self.ledger(group)?.status = status,
                Effect::Object { mut row } => {
                    row.idx = index;
                    self.effects.push(Effect::Object { row });
                }
                other => self.effects.push(other),
            }
        }
        Ok(())
    }

    /// Entries in the log before this batch.
    pub(super) fn begins_at(&self) -> u64 {
        self.head.edge.size()
    }

    /// Id of the key under which this batch seals personal parts.
    pub(super) fn personal_key(&self) -> &str {
        self.personal.id.as_str()
    }

    /// What is true once the batch is committed.
    pub(super) fn done(self, edge: Edge, checkpoint: Arc<str>) -> Done {
        Done {
            edge,
            checkpoint,
            policy_epoch: self.policy_epoch,
            standing: self.standing,
            standing_changed: self.standing_changed,
            ledgers: self.ledgers,
            scratch: self.scratch,
            woken: self.inbox.iter().map(|posted| posted.group).collect(),
            events: self.entries.into_iter().map(|entry| (entry.index, entry.at, entry.event)).collect(),
        }
    }

    async fn seal(
        &mut self,
        outgoing: Outgoing,
        place: &Place,
        opening: &Opening<Event>,
    ) -> Result<Digest, RecordError> {
        let Outgoing { group, kind, id, body } = outgoing;
        let failed = |text: String| RecordError::Group { group, text };
        let envelope = Envelope {
            index: place.index,
            sequence: place.sequence,
            previous: self.head.checkpoint.to_string(),
            opening: ParticularsOpening {
                salt: Digest::from(opening.salt).to_string(),
                values: serde_json::to_value(&opening.values).map_err(|e| failed(e.to_string()))?,
            },
            body,
        };
        let plaintext = encode(&envelope).map_err(|e| failed(e.to_string()))?;
        let sealed = match self.scratch.get_mut(&group) {
            Some(scratch) => scratch.mls.seal(kind, id, &plaintext),
            None => {
                let live = self.core.groups.get(&group).ok_or_else(|| failed("is closed".to_owned()))?;
                live.mls.lock().await.seal(kind, id, &plaintext)
            }
        };
        let bytes = sealed.map_err(|e| failed(e.to_string()))?;
        let digest = Digest::of(&bytes);
        self.ledger(group)?.next_sequence += 1;
        self.post(group, InboxKind::Message, Some(place.index), id, bytes)?;
        Ok(digest)
    }

    /// Puts bytes at the end of a group's inbox.
    pub(super) fn post(
        &mut self,
        group: GroupId,
        kind: InboxKind,
        index: Option<u64>,
        message: MessageId,
        bytes: Vec<u8>,
    ) -> Result<(), RecordError> {
        let ledger = self.ledger(group)?;
        let position = ledger.next_position;
        ledger.next_position += 1;
        self.inbox.push(Posted { group, position, kind, index, message, bytes });
        Ok(())
    }

    /// The counters of a group, as this batch leaves them.
    pub(super) fn ledger(&mut self, group: GroupId) -> Result<&mut Ledger, RecordError> {
        if !self.ledgers.contains_key(&group) {
            let known = self.head.ledgers.get(&group).copied();
            let ledger = known.ok_or_else(|| RecordError::Group { group, text: "is not known".to_owned() })?;
            self.ledgers.insert(group, ledger);
        }
        self.ledgers
            .get_mut(&group)
            .ok_or_else(|| RecordError::Group { group, text: "is not known".to_owned() })
    }

    fn mark(&self) -> Mark {
        Mark {
            standing: self.standing.clone(),
            standing_changed: self.standing_changed,
            entries: self.entries.len(),
            inbox: self.inbox.len(),
            effects: self.effects.len(),
            answered: self.answered.len(),
            ledgers: self.ledgers.clone(),
        }
    }

    fn reset(&mut self, mark: Mark) {
        self.policy_epoch = mark.standing.policy_epoch();
        self.standing = mark.standing;
        self.standing_changed = mark.standing_changed;
        self.entries.truncate(mark.entries);
        self.inbox.truncate(mark.inbox);
        self.effects.truncate(mark.effects);
        self.answered.truncate(mark.answered);
        self.ledgers = mark.ledgers;
    }
}

fn standing_time(now: Timestamp, last: Option<Timestamp>) -> Timestamp {
    last.map_or(now, |last| now.max(last))
}

/// Whether others decide by what the event changes. The rest only counts.
const fn changes_standing(event: &Event) -> bool {
    match event {
        Event::Disclosure(_)
        | Event::Refusal { .. }
        | Event::Problem { .. }
        | Event::Repeated { .. }
        | Event::KeyDelivered { .. }
        | Event::ReceiptOpened { .. }
        | Event::GroupChanged { .. }
        | Event::Deposited { .. }
        | Event::OfficerIdentified { .. }
        | Event::KeyMade { .. }
        | Event::KeyDestroyed { .. }
        | Event::LogRead { .. }
        | Event::Unauthenticated { .. }
        | Event::Started { .. }
        | Event::State { .. } => false,
        Event::RootTrusted { .. }
        | Event::DirectoryChanged { .. }
        | Event::DatasetPublished { .. }
        | Event::Proposed { .. }
        | Event::OpinionGiven { .. }
        | Event::Signed { .. }
        | Event::ConditionAttested { .. }
        | Event::InForce { .. }
        | Event::Suspended { .. }
        | Event::Resumed { .. }
        | Event::Terminated { .. }
        | Event::Expired { .. }
        | Event::Enrolled { .. }
        | Event::EndpointRemoved { .. }
        | Event::OfficerChanged { .. } => true,
    }
}
