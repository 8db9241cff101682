//! A state entry: all that replay gives, restated, so that replay can begin there.
//!
//! It is data only; [`crate::standing::Standing`] verifies it again when it is read. It holds
//! officer numbers, never names.

use std::collections::BTreeMap;

use agreements::lifecycle::{Lifecycle, LifecycleError};
use agreements::{
    AgreementId, AgreementVersion, AuthorityId, ClauseId, DatasetId, Digest, DisclosureId, EndpointId, GroupId,
    NoteKey, ObjectId, OfficerNumber,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Standing state at one index.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Rises with every change of what may be disclosed.
    pub policy_epoch: u64,
    /// Root keys that were accepted.
    pub roots: BTreeMap<AuthorityId, NoteKey>,
    /// Every directory of each authority, as notes, oldest first: approvals are verified under the
    /// one of their time.
    pub directories: BTreeMap<AuthorityId, Vec<String>>,
    /// Datasets published, by the digest of their description.
    pub datasets: BTreeMap<DatasetId, Digest>,
    /// Agreements that were proposed, oldest first.
    pub agreements: Vec<AgreementState>,
    /// The provider's officers.
    pub officers: BTreeMap<OfficerNumber, OfficerState>,
    /// Endpoints that were enrolled.
    pub endpoints: BTreeMap<EndpointId, EndpointState>,
    /// Exchange groups.
    pub groups: BTreeMap<GroupId, GroupState>,
    /// Last sequence number used for each recipient under each agreement.
    pub sequences: BTreeMap<AgreementId, BTreeMap<AuthorityId, u64>>,
    /// Records given today, by what they count against.
    pub ceilings: CeilingsState,
    /// Objects whose key has not been delivered.
    pub objects: BTreeMap<ObjectId, ObjectState>,
    /// Keys of the vault that exist, with their kind.
    pub keys: BTreeMap<String, String>,
}

/// An agreement and what happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementState {
    /// The TOML document.
    pub document: String,
    /// Opinions, signatures and attestations, in the order in which they came.
    pub notes: Vec<NoteState>,
    /// Coming into force and all that followed, in order.
    pub steps: Vec<Step>,
}

/// A note that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteState {
    /// What it states.
    pub kind: NoteKind,
    /// The note.
    pub note: String,
    /// Version of the signing authority's directory under which it was verified.
    pub directory: u32,
}

/// Kinds of notes about an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// A DPO's opinion.
    Opinion,
    /// A party's signature.
    Signature,
    /// An attestation of an outside condition.
    Condition,
}

/// A step of an agreement that an officer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which.
    pub kind: StepKind,
    /// When, in whole seconds.
    pub at: Timestamp,
}

/// Steps of an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// It came into force.
    InForce,
    /// It was suspended.
    Suspended,
    /// It was resumed.
    Resumed,
    /// Its next version came into force.
    Superseded,
    /// It was terminated.
    Terminated,
    /// Its last day has passed.
    Expired,
}

impl StepKind {
    /// Takes the step.
    pub(crate) fn take(self, lifecycle: &mut Lifecycle, today: Date) -> Result<(), LifecycleError> {
        match self {
            Self::InForce => lifecycle.enter_into_force(today),
            Self::Suspended => lifecycle.suspend(),
            Self::Resumed => lifecycle.resume(),
            Self::Superseded => lifecycle.supersede(),
            Self::Terminated => lifecycle.terminate(),
            Self::Expired => lifecycle.expire(today),
        }
    }

    /// Whether a policy epoch begins with it. Supersession is a part of the coming into force of the
    /// next version.
    pub(crate) const fn begins_an_epoch(self) -> bool {
        match self {
            Self::InForce | Self::Suspended | Self::Resumed | Self::Terminated | Self::Expired => true,
            Self::Superseded => false,
        }
    }
}

/// An officer of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerState {
    /// Roles, in the words of the broker.
    pub roles: Vec<String>,
    /// Whether the officer may act.
    pub active: bool,
}

impl OfficerState {
    /// Two roles of this officer that must be apart: who advises and controls neither decides what may
    /// leave nor names who may act (GDPR 38(6)).
    pub fn not_apart(&self) -> Option<[&'static str; 2]> {
        let has = |role: &str| self.roles.iter().any(|given| given == role);
        APART.into_iter().find(|[one, other]| has(one) && has(other))
    }
}

/// Roles that no officer has together, in the words of the broker.
const APART: [[&str; 2]; 2] = [["agreements", "dpo"], ["administrator", "dpo"]];

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointState {
    /// Its newest enrolment, a note.
    pub note: String,
    /// Version of its authority's directory under which that was verified.
    pub directory: u32,
    /// Whether it may be a member; its expiry is in the note.
    pub active: bool,
}

/// An exchange group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupState {
    /// Its agreement.
    pub agreement: AgreementVersion,
    /// Its recipient.
    pub recipient: AuthorityId,
    /// Its epoch.
    pub epoch: u64,
    /// The recipient's endpoints in it, with the time at which each came in with its present keys, in
    /// whole seconds.
    pub endpoints: BTreeMap<EndpointId, Timestamp>,
}

/// Records given on the newest day that saw a disclosure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeilingsState {
    /// The day, in UTC; none before the first disclosure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// Records by agreement, recipient and clause.
    pub given: BTreeMap<AgreementId, BTreeMap<AuthorityId, BTreeMap<ClauseId, u64>>>,
}

/// An object that was lodged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectState {
    /// The disclosure of which it is the body.
    pub disclosure: DisclosureId,
    /// Who receives it.
    pub recipient: AuthorityId,
    /// Under which agreement.
    pub agreement: AgreementVersion,
    /// SHA-256 of its ciphertext.
    pub ciphertext: Digest,
}
