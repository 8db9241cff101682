//! What can be recorded: one entry with everything that must become true together with it.

use std::collections::BTreeSet;

use agreements::{
    AgreementVersion, AuthorityId, ClauseId, DatasetId, DepositId, Digest, DisclosureId, EndpointId, GroupId,
    MessageId, NoteKey, ObjectId, OfficerNumber, RequestId,
};
use audit::{Event, Personal};
use common::blind::Tag;
use exchange::content::FromBroker;
use exchange::{CheckedKeyPackage, Kind};
use tokio::sync::oneshot;

use crate::store::agreements::{AgreementNote, AgreementRow};
use crate::store::datasets::DatasetRow;
use crate::store::directories::DirectoryRow;
use crate::store::endpoints::EndpointRow;
use crate::store::groups::GroupStatus;
use crate::store::objects::ObjectRow;
use crate::store::officers::OfficerRow;
use crate::store::pseudonyms::PseudonymRow;
use crate::store::tags::TagRow;

/// One entry and what belongs to it. Made by the spine (`disclosure/`) and by the acts of those who
/// govern (`govern/`); consumed by the recorder.
pub(crate) struct Item {
    /// What must still be true under the head lock.
    pub(crate) conditions: Vec<Condition>,
    /// The particulars, once the recorder has given the place.
    /// None when only rows change that are no act of anybody.
    pub(crate) event: Option<EventAt>,
    /// The personal part.
    pub(crate) personal: Option<Personal>,
    /// What is sealed and put into an inbox.
    pub(crate) message: Option<Outgoing>,
    /// A change of a group's epoch.
    pub(crate) change: Option<GroupChange>,
    /// Rows that become true with the entry.
    pub(crate) effects: Vec<Effect>,
    /// Disclosure under which tags and objects were staged.
    pub(crate) disclosure: Option<DisclosureId>,
    /// Further tags by which the entry is found.
    pub(crate) tags: BTreeSet<Tag>,
}

/// Makes the event from the place that the recorder gives it.
pub(crate) type EventAt = Box<dyn FnOnce(&Place) -> Event + Send + Sync>;

/// Place of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Index in the log.
    pub(crate) index: u64,
    /// Number among the sealed messages of its group, from 1; 0 where nothing is sealed.
    pub(crate) sequence: u64,
    /// Epoch of the group after the change; 0 where no group changes.
    pub(crate) group_epoch: u64,
    /// The policy epoch before this entry.
    pub(crate) policy_epoch: u64,
    /// The policy epoch after this entry, if it is one that raises it.
    pub(crate) next_policy_epoch: u64,
}

/// A message to be sealed.
pub(crate) struct Outgoing {
    pub(crate) group: GroupId,
    pub(crate) kind: Kind,
    pub(crate) id: MessageId,
    pub(crate) body: FromBroker,
}

/// A change of a group's epoch, made on a scratch copy.
pub(crate) enum GroupChange {
    /// A new group, with no member yet but the broker.
    Create { group: GroupId, agreement: AgreementVersion, digest: Digest, recipient: AuthorityId },
    /// Endpoints join.
    Add { group: GroupId, packages: Vec<CheckedKeyPackage> },
    /// Endpoints leave.
    Remove { group: GroupId, endpoints: Vec<EndpointId> },
    /// A fresh path by the broker.
    Refresh { group: GroupId },
    /// The next version of its agreement.
    Agree { group: GroupId, agreement: AgreementVersion, digest: Digest },
}

/// What must hold when the head is locked, whatever was true when the item was made.
pub(crate) enum Condition {
    /// The agreement is in force at this version, and nothing about it has changed since that
    /// policy epoch.
    Open { agreement: AgreementVersion, digest: Digest, decided_at: u64 },
    /// Nothing that could change a decision has happened since that policy epoch.
    Unchanged { decided_at: u64 },
    /// That key still vouches for officers of that authority.
    Vouched { authority: AuthorityId, key: NoteKey },
    /// The endpoint is still enrolled.
    Enrolled { endpoint: EndpointId },
    /// Nobody has asked under this id in this group.
    NewRequest { group: GroupId, request: RequestId, digest: Digest },
    /// There is no such officer yet.
    NewOfficer { number: OfficerNumber },
    /// There is no such dataset yet.
    NewDataset { dataset: DatasetId },
    /// The key of that object has not been sent.
    KeyWaits { object: ObjectId },
}

/// A row, or a change of rows, that becomes true with the entry.
pub(crate) enum Effect {
    AgreementProposed {
        row: AgreementRow,
    },
    AgreementNote {
        agreement: AgreementVersion,
        note: AgreementNote,
    },
    /// The row's status is the one that the record comes to.
    AgreementStatus {
        agreement: AgreementVersion,
    },
    GroupStatus {
        group: GroupId,
        status: GroupStatus,
    },
    Root {
        authority: AuthorityId,
        key: NoteKey,
    },
    Directory {
        row: DirectoryRow,
    },
    Dataset {
        row: DatasetRow,
    },
    Officer {
        row: OfficerRow,
    },
    OfficerRoles {
        number: OfficerNumber,
        roles: Vec<String>,
        active: bool,
    },
    Endpoint {
        row: EndpointRow,
    },
    EndpointInactive {
        endpoint: EndpointId,
    },
    ArrivalDone {
        group: GroupId,
        position: u64,
    },
    DepositRecorded {
        deposit: DepositId,
        records: u64,
    },
    /// The row's index is given when the item gets its place.
    Object {
        row: ObjectRow,
    },
    ObjectHeld {
        object: ObjectId,
        receipt: String,
    },
    ObjectKeySent {
        object: ObjectId,
    },
    ObjectOpened {
        object: ObjectId,
    },
    ObjectsDestroyed {
        group: GroupId,
    },
    InboxDestroyed {
        group: GroupId,
    },
    PseudonymIndex {
        rows: Vec<PseudonymRow>,
    },
    Tags {
        rows: Vec<TagRow>,
    },
    VaultKey {
        id: String,
        kind: String,
    },
    VaultKeyDestroyed {
        id: String,
    },
    Notice {
        group: GroupId,
        message: MessageId,
        bytes: Vec<u8>,
    },
}

/// What became of an item.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Index of the entry.
    pub index: u64,
    /// The signed checkpoint of the commit.
    pub checkpoint: std::sync::Arc<str>,
}

/// Why an item was not recorded. Nothing of it, and nothing that was given with it, became true.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Something changed between the decision and the head lock.
    #[error("overtaken: {0}")]
    Overtaken(Overtaken),
    /// The rules of the record do not allow the event.
    #[error("{0}")]
    Refused(String),
    /// The group could not seal or change.
    #[error("exchange group `{group}`: {text}")]
    Group {
        /// The group.
        group: GroupId,
        /// What it said.
        text: String,
    },
    /// The store could not be read under the lock; nothing was recorded.
    #[error("the record could not be written")]
    Store(#[source] crate::store::StoreError),
    /// The transaction failed; nothing was recorded.
    #[error("the record could not be written: {0}")]
    Failed(String),
    /// The writer has stopped and says why; the operator must act.
    #[error("the record has stopped: {0}")]
    Stopped(String),
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Overtaken {
    /// The agreement's standing is another than the one decided on.
    #[error("the agreement has changed since the decision")]
    Agreement,
    /// The key that vouched holds its function no longer.
    #[error("the officer's statement is no longer vouched for")]
    Statement,
    /// The endpoint is no longer enrolled.
    #[error("the endpoint is no longer enrolled")]
    Endpoint,
    /// The same question was answered before.
    #[error("the question was answered at entry {first}")]
    Answered {
        /// Index of that entry.
        first: u64,
    },
    /// Another question was asked before under the same id.
    #[error("the request id was used for another question")]
    Changed,
    /// The key of the object went out before.
    #[error("the key of the object went out before")]
    KeySent,
    /// A ceiling is reached.
    #[error("the ceiling of clause `{clause}` is reached")]
    Ceiling {
        /// The clause.
        clause: ClauseId,
    },
}

/// Items that are recorded together or not at all.
pub(crate) struct Submission {
    pub(crate) items: Vec<Item>,
    pub(crate) reply: oneshot::Sender<Result<Vec<Recorded>, RecordError>>,
}

impl Item {
    /// An entry that only states an event.
    pub(crate) fn of(event: Event) -> Self {
        Self::at(move |_| event)
    }

    /// An entry whose event needs its place.
    pub(crate) fn at(event: impl FnOnce(&Place) -> Event + Send + Sync + 'static) -> Self {
        Self {
            conditions: Vec::new(),
            event: Some(Box::new(event)),
            personal: None,
            message: None,
            change: None,
            effects: Vec::new(),
            disclosure: None,
            tags: BTreeSet::new(),
        }
    }

    /// Rows that change without an entry: marks of progress that are no act of anybody.
    pub(crate) fn without_entry() -> Self {
        Self {
            conditions: Vec::new(),
            event: None,
            personal: None,
            message: None,
            change: None,
            effects: Vec::new(),
            disclosure: None,
            tags: BTreeSet::new(),
        }
    }

    /// With a row that becomes true with it.
    pub(crate) fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Only while that holds.
    pub(crate) fn while_holds(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Found by those tags. The recorder gives the entry an id that ties them to it, where the item
    /// has none yet.
    pub(crate) fn tagged(mut self, tags: BTreeSet<Tag>) -> Self {
        self.tags = tags;
        self
    }

    /// With a personal part.
    pub(crate) fn by(mut self, personal: Personal) -> Self {
        self.personal = Some(personal);
        self
    }

    /// With a message for a group.
    pub(crate) fn sending(mut self, outgoing: Outgoing) -> Self {
        self.message = Some(outgoing);
        self
    }

    /// With a change of a group.
    pub(crate) fn changing(mut self, change: GroupChange) -> Self {
        self.change = Some(change);
        self
    }
}
