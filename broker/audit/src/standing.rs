//! Standing: what the entries so far add up to. Status, directories, roles, endpoints, groups.
//!
//! A fold over the events of a log. It believes nothing that an entry merely claims: notes are
//! verified again under the keys of their time, documents are read again, and a disclosure must be
//! one that a clause in force gives. The broker decides from it, and checks with it before it
//! appends; the verifier comes to the same one from the files alone.

mod approvals;
mod disclosures;
mod error;
mod members;
mod restate;

use std::collections::BTreeSet;
use std::sync::Arc;

use agreements::directory::Directory;
use agreements::lifecycle::Lifecycle;
use agreements::statements::Enrolment;
use agreements::{
    AgreementId, AgreementVersion, AuthorityId, DatasetId, Digest, EndpointId, GroupId, NoteKey, ObjectId,
    OfficerNumber,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use rpds::RedBlackTreeMapSync as Map;

use crate::ceilings::Ceilings;
use crate::event::Event;
use crate::leaf::whole_seconds;
use crate::state::{AgreementState, EndpointState, GroupState, ObjectState, OfficerState, StepKind};

pub use error::ReplayError;
use members::Changed;

/// What the entries so far add up to. Copies share what is equal, so a clone costs the same however
/// much stands: each batch is tried on one.
#[derive(Clone, Default)]
pub struct Standing {
    /// Time of the last entry.
    last: Option<Timestamp>,
    policy_epoch: u64,
    roots: Map<AuthorityId, NoteKey>,
    directories: Map<AuthorityId, Arc<[Arc<KnownDirectory>]>>,
    datasets: Map<DatasetId, Digest>,
    agreements: Map<AgreementVersion, Arc<KnownAgreement>>,
    officers: Map<OfficerNumber, OfficerState>,
    endpoints: Map<EndpointId, Arc<KnownEndpoint>>,
    groups: Map<GroupId, GroupState>,
    sequences: Map<(AgreementId, AuthorityId), u64>,
    ceilings: Ceilings,
    objects: Map<ObjectId, ObjectState>,
    keys: Map<String, String>,
}

/// A directory and the note that it came in.
struct KnownDirectory {
    directory: Directory,
    note: String,
}

/// An agreement and the record of what happened to it.
#[derive(Clone)]
struct KnownAgreement {
    lifecycle: Lifecycle,
    record: AgreementState,
}

/// An endpoint and its newest enrolment.
#[derive(Clone)]
struct KnownEndpoint {
    enrolment: Enrolment,
    record: EndpointState,
}

impl Standing {
    /// The standing before the first entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next entry into account, made at `at`. An event that is refused changes nothing.
    ///
    /// # Errors
    /// [`ReplayError`] when it does not follow from the entries before it.
    pub fn apply(&mut self, at: Timestamp, event: &Event) -> Result<(), ReplayError> {
        let at = whole_seconds(at);
        if let Some(last) = self.last.filter(|last| at < *last) {
            return Err(ReplayError::Earlier { at, last });
        }
        self.follow(at, event)?;
        self.last = Some(at);
        Ok(())
    }

    /// Time of the last entry, in whole seconds: no entry after it has an earlier one.
    pub const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    fn follow(&mut self, at: Timestamp, event: &Event) -> Result<(), ReplayError> {
        match event {
            Event::Disclosure(disclosure) => self.disclose(at, disclosure),
            Event::Refusal { recipient, agreement, sequence, .. }
            | Event::Problem { recipient, agreement, sequence, .. }
            | Event::Repeated { recipient, agreement, sequence, .. } => {
                self.count(agreement, recipient, *sequence)
            }
            Event::KeyDelivered { recipient, agreement, sequence, disclosure, object, receipt } => {
                let delivery = disclosures::Delivery { recipient, agreement, disclosure, object };
                self.deliver_key(at, &delivery, *sequence, receipt)
            }
            Event::ReceiptOpened { recipient, agreement, receipt } => {
                self.receipt_opened(recipient, agreement, receipt)
            }
            Event::RootTrusted { authority, key, by } => self.trust_root(authority, key, by),
            Event::DirectoryChanged { note, by } => self.acts(by).and_then(|()| self.change_directory(note)),
            Event::DatasetPublished { dataset, digest, by } => self.publish(dataset, *digest, by),
            Event::Proposed { agreement, digest, document, by } => {
                self.propose(agreement, *digest, document, by)
            }
            Event::OpinionGiven { note, by } => self.acts(by).and_then(|()| self.opinion(note)),
            Event::Signed { note, by } => self.acts(by).and_then(|()| self.signature(note)),
            Event::ConditionAttested { note, by } => self.acts(by).and_then(|()| self.condition(note)),
            Event::InForce { agreement, digest, by, policy_epoch } => {
                self.enter_into_force(at, agreement, *digest, by, *policy_epoch)
            }
            Event::Suspended { agreement, by, policy_epoch, .. } => {
                self.step(at, StepKind::Suspended, agreement, Some(by), *policy_epoch)
            }
            Event::Resumed { agreement, by, policy_epoch, .. } => {
                self.step(at, StepKind::Resumed, agreement, Some(by), *policy_epoch)
            }
            Event::Terminated { agreement, by, policy_epoch, .. } => {
                self.step(at, StepKind::Terminated, agreement, Some(by), *policy_epoch)
            }
            Event::Expired { agreement, policy_epoch } => {
                self.step(at, StepKind::Expired, agreement, None, *policy_epoch)
            }
            Event::Enrolled { note, by } => self.acts(by).and_then(|()| self.enrol(at, note)),
            Event::EndpointRemoved { authority, endpoint, by, .. } => {
                self.acts(by).and_then(|()| self.remove_endpoint(authority, endpoint))
            }
            Event::GroupChanged { group, agreement, recipient, epoch, change, endpoints } => {
                let next = Changed { agreement, recipient, epoch: *epoch, endpoints };
                self.change_group(at, *group, &next, *change)
            }
            Event::Deposited { dataset, by, .. } => self.deposit(dataset, by),
            Event::OfficerChanged { officer, roles, active, by } => {
                self.change_officer(officer, OfficerState { roles: roles.clone(), active: *active }, by)
            }
            Event::OfficerIdentified { officer, by, .. } => {
                let known = || ReplayError::unknown("officer", officer);
                self.acts(by).and_then(|()| self.officer(officer).map(|_| ()).ok_or_else(known))
            }
            Event::KeyMade { key, kind } => self.make_key(key, kind),
            Event::KeyDestroyed { key, kind } => self.destroy_key(key, kind),
            Event::LogRead { by, .. } => self.acts(by),
            Event::Unauthenticated { .. } | Event::Started { .. } => Ok(()),
            Event::State { state } => {
                if **state == self.to_state() {
                    Ok(())
                } else {
                    Err(ReplayError::State)
                }
            }
        }
    }

    /// The policy epoch: it rises with every change of what may be disclosed.
    pub const fn policy_epoch(&self) -> u64 {
        self.policy_epoch
    }

    /// The root key that was accepted for an authority.
    pub fn root(&self, authority: &AuthorityId) -> Option<&NoteKey> {
        self.roots.get(authority)
    }

    /// The directory of an authority in use.
    pub fn directory(&self, authority: &AuthorityId) -> Option<&Directory> {
        self.directories.get(authority)?.last().map(|known| &known.directory)
    }

    /// Every directory that an authority has had, oldest first.
    pub fn directories(&self, authority: &AuthorityId) -> impl Iterator<Item = &Directory> {
        let history = self.directories.get(authority).into_iter().flat_map(|history| history.iter());
        history.map(|known| &known.directory)
    }

    /// The note of the directory in use.
    pub fn directory_note(&self, authority: &AuthorityId) -> Option<&str> {
        self.directories.get(authority)?.last().map(|known| known.note.as_str())
    }

    /// Every authority whose root key was accepted.
    pub fn authorities(&self) -> impl Iterator<Item = &AuthorityId> {
        self.roots.keys()
    }

    /// Digest of a published dataset's description.
    pub fn dataset(&self, dataset: &DatasetId) -> Option<Digest> {
        self.datasets.get(dataset).copied()
    }

    /// Every dataset that was published, with its digest.
    pub fn datasets(&self) -> impl Iterator<Item = (&DatasetId, &Digest)> {
        self.datasets.iter()
    }

    /// An agreement at a version, and how far it has come.
    pub fn agreement(&self, agreement: &AgreementVersion) -> Option<&Lifecycle> {
        self.agreements.get(agreement).map(|known| &known.lifecycle)
    }

    /// Every agreement that was proposed.
    pub fn agreements(&self) -> impl Iterator<Item = (&AgreementVersion, &Lifecycle)> {
        self.agreements.iter().map(|(version, known)| (version, &known.lifecycle))
    }

    /// The document of an agreement and the notes about it.
    pub fn agreement_record(&self, agreement: &AgreementVersion) -> Option<&AgreementState> {
        self.agreements.get(agreement).map(|known| &known.record)
    }

    /// The version of an agreement under which disclosures may be made on that day.
    pub fn open(&self, agreement: &AgreementId, today: Date) -> Option<&Lifecycle> {
        self.versions(agreement).find(|(_, lifecycle)| lifecycle.is_open(today)).map(|(_, lifecycle)| lifecycle)
    }

    /// Every version of an agreement that was proposed, oldest first.
    pub fn versions(&self, agreement: &AgreementId) -> impl Iterator<Item = (&AgreementVersion, &Lifecycle)> {
        let at = |version| AgreementVersion { id: agreement.clone(), version };
        let known = self.agreements.range(at(0)..=at(u32::MAX));
        known.map(|(version, known)| (version, &known.lifecycle))
    }

    /// An officer of the provider.
    pub fn officer(&self, officer: &OfficerNumber) -> Option<&OfficerState> {
        self.officers.get(officer)
    }

    /// The provider's officers.
    pub fn officers(&self) -> impl Iterator<Item = (&OfficerNumber, &OfficerState)> {
        self.officers.iter()
    }

    /// The enrolment of an endpoint that was not removed; whether it has expired is the caller's to
    /// check.
    pub fn endpoint(&self, endpoint: &EndpointId) -> Option<&Enrolment> {
        self.endpoints.get(endpoint).filter(|known| known.record.active).map(|known| &known.enrolment)
    }

    /// Every endpoint, removed ones included.
    pub fn endpoints(&self) -> impl Iterator<Item = (&Enrolment, &EndpointState)> {
        self.endpoints.values().map(|known| (&known.enrolment, &known.record))
    }

    /// An exchange group.
    pub fn group(&self, group: &GroupId) -> Option<&GroupState> {
        self.groups.get(group)
    }

    /// Every exchange group.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupId, &GroupState)> {
        self.groups.iter()
    }

    /// The last sequence number used for a recipient under an agreement; 0 before the first.
    pub fn sequence(&self, agreement: &AgreementId, recipient: &AuthorityId) -> u64 {
        self.sequences.get(&(agreement.clone(), recipient.clone())).copied().unwrap_or(0)
    }

    /// Records given today, by what they count against.
    pub const fn ceilings(&self) -> &Ceilings {
        &self.ceilings
    }

    /// An object whose key was not delivered yet.
    pub fn object(&self, object: &ObjectId) -> Option<&ObjectState> {
        self.objects.get(object)
    }

    /// Ids of the keys that the vault must hold.
    pub fn keys(&self) -> BTreeSet<&str> {
        self.keys.keys().map(String::as_str).collect()
    }

    /// Refuses whoever is no active officer of the provider.
    fn acts(&self, by: &OfficerNumber) -> Result<(), ReplayError> {
        match self.officers.get(by) {
            Some(officer) if officer.active => Ok(()),
            _ => Err(ReplayError::Officer(by.clone())),
        }
    }

    fn known(&self, agreement: &AgreementVersion) -> Result<&KnownAgreement, ReplayError> {
        self.agreements
            .get(agreement)
            .map(|known| &**known)
            .ok_or_else(|| ReplayError::unknown("agreement", agreement))
    }
}

/// The day of an entry, in UTC.
fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}
