//! Everything that an entry can be about: the particulars, one variant for each operation.
//!
//! A new kind of entry is added here, and then the build stops wherever it matters. The personal
//! part, which goes under a key of its own, is [`Personal`].

use std::collections::BTreeMap;

use agreements::{
    Action, AgreementId, AgreementVersion, AuthorityId, ClauseId, DatasetId, DepositId, Digest, DisclosureId,
    ElementPath, EndpointId, GroupId, NoteKey, ObjectId, OfficerNumber, PurposeId, RequestId, RoleId,
    Transformation,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::commitment::Committed;
use crate::state::State;

/// The particulars of an entry. Never a name, a case, a value or a justification: those are in
/// [`Personal`].
///
/// `by` is the provider's officer who did it or, of a note that somebody else signed, handed it in. `policy_epoch` is the epoch that the event begins,
/// or, of a disclosure, the one in which it was decided. `sequence` counts what was sealed for one
/// recipient under one agreement, from 1 without a gap, so that an omission shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of every variant say what they are by their names and types")]
pub enum Event {
    /// Records were let go to a recipient.
    Disclosure(Box<Disclosure>),
    /// A request was refused.
    Refusal {
        recipient: AuthorityId,
        /// The agreement of the group through which it came and is answered.
        agreement: AgreementId,
        /// The agreement that the question was about, where it is another. The asker named it, so it
        /// may be one that does not exist.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_about: Option<AgreementId>,
        /// Its version that decided, where one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u32>,
        sequence: u64,
        request: RequestId,
        /// Dimension of the refusal, in the words of the policy.
        dimension: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        purpose: Option<PurposeId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<RoleId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dataset: Option<DatasetId>,
    },
    /// A sealed message was answered with a problem of form, authentication or state.
    Problem {
        recipient: AuthorityId,
        agreement: AgreementId,
        sequence: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
        status: u16,
        code: String,
    },
    /// A request that was answered before was answered the same.
    Repeated {
        recipient: AuthorityId,
        agreement: AgreementId,
        sequence: u64,
        request: RequestId,
        /// Index of the entry that answered it first.
        first: u64,
    },
    /// The key of a bulk object was sealed for a recipient that holds it complete.
    KeyDelivered {
        recipient: AuthorityId,
        agreement: AgreementId,
        sequence: u64,
        disclosure: DisclosureId,
        object: ObjectId,
        /// The receipt `held`, a note.
        receipt: String,
    },
    /// A recipient has opened what it received.
    ReceiptOpened {
        recipient: AuthorityId,
        agreement: AgreementId,
        /// The receipt `opened`, a note.
        receipt: String,
    },
    /// The root key of an authority was accepted.
    RootTrusted { authority: AuthorityId, key: NoteKey, by: OfficerNumber },
    /// An authority has a new directory.
    DirectoryChanged { note: String, by: OfficerNumber },
    /// A dataset was published; its description has this digest.
    DatasetPublished { dataset: DatasetId, digest: Digest, by: OfficerNumber },
    /// An agreement was proposed.
    Proposed {
        agreement: AgreementVersion,
        digest: Digest,
        /// The TOML document.
        document: String,
        by: OfficerNumber,
    },
    /// A party's DPO gave an opinion.
    OpinionGiven { note: String, by: OfficerNumber },
    /// A party signed.
    Signed { note: String, by: OfficerNumber },
    /// A condition outside the program was attested.
    ConditionAttested { note: String, by: OfficerNumber },
    /// An agreement came into force.
    InForce { agreement: AgreementVersion, digest: Digest, by: OfficerNumber, policy_epoch: u64 },
    /// An agreement was suspended: no disclosure under it has a later index.
    Suspended { agreement: AgreementVersion, by: OfficerNumber, policy_epoch: u64, grounds: String },
    /// A suspension ended.
    Resumed { agreement: AgreementVersion, by: OfficerNumber, policy_epoch: u64, grounds: String },
    /// An agreement was terminated.
    Terminated { agreement: AgreementVersion, by: OfficerNumber, policy_epoch: u64, grounds: String },
    /// The last day of an agreement has passed: its groups end and what waits is destroyed.
    Expired { agreement: AgreementVersion, policy_epoch: u64 },
    /// An endpoint was enrolled by its authority.
    Enrolled { note: String, by: OfficerNumber },
    /// An endpoint was withdrawn or found compromised.
    EndpointRemoved { authority: AuthorityId, endpoint: EndpointId, grounds: String, by: OfficerNumber },
    /// The members or the epoch of an exchange group changed.
    GroupChanged {
        group: GroupId,
        agreement: AgreementVersion,
        recipient: AuthorityId,
        /// The epoch that begins.
        epoch: u64,
        change: GroupChange,
        /// Endpoints that were added or removed; of a refresh, none.
        endpoints: Vec<EndpointId>,
    },
    /// Records came in from a source.
    Deposited { dataset: DatasetId, deposit: DepositId, records: u64, digest: Digest, by: OfficerNumber },
    /// An officer of the provider was named, has other roles, or left.
    OfficerChanged { officer: OfficerNumber, roles: Vec<String>, active: bool, by: OfficerNumber },
    /// The sealed name of an officer of the provider was opened.
    OfficerIdentified { officer: OfficerNumber, grounds: LogPurpose, by: OfficerNumber },
    /// A key of the vault was made.
    KeyMade { key: String, kind: String },
    /// A key of the vault was destroyed, and with it what it sealed.
    KeyDestroyed { key: String, kind: String },
    /// The log was read.
    LogRead {
        by: OfficerNumber,
        /// One of the four purposes of LED 25(2).
        grounds: LogPurpose,
        /// Kind of filter, never its value.
        filter: String,
        entries: u64,
    },
    /// Calls that could not be authenticated, counted.
    Unauthenticated { attempts: u64, from: Timestamp, until: Timestamp },
    /// The broker started, with a log of this size.
    Started { version: String, size: u64 },
    /// All that replay would give, restated.
    State { state: Box<State> },
}

/// One disclosure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Who receives.
    pub recipient: AuthorityId,
    /// Under which agreement.
    pub agreement: AgreementVersion,
    /// Its digest.
    pub digest: Digest,
    /// Counts what was sealed for this recipient under this agreement, from 1.
    pub sequence: u64,
    /// The question that it answers.
    pub request: RequestId,
    /// Its own id.
    pub disclosure: DisclosureId,
    /// Clauses that cover it.
    pub clauses: Vec<ClauseId>,
    /// Rules that permitted it.
    pub rules: Vec<String>,
    /// Purpose for which it was asked.
    pub purpose: PurposeId,
    /// Role of the officer who asked.
    pub role: RoleId,
    /// What was done with the dataset.
    pub action: Action,
    /// The dataset.
    pub dataset: DatasetId,
    /// Each element that went out, with its form.
    pub elements: BTreeMap<ElementPath, Transformation>,
    /// Records that went out.
    pub records: u64,
    /// Records that it counts for against the day's ceilings: a question about a known person counts
    /// for one even when nothing was found.
    pub counted: u64,
    /// Different data subjects in them, as far as identifiers tell: each party of a record counts by
    /// its strongest identifier.
    pub subjects: u64,
    /// In what shape it went.
    pub form: Form,
    /// Policy epoch in which it was decided.
    pub policy_epoch: u64,
    /// Days after which the recipient must have deleted it.
    pub retention_days: u32,
}

/// Shape of a disclosure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Form {
    /// Inside the sealed message.
    Inline {},
    /// An object of its own, whose key follows a receipt.
    Object {
        /// The object.
        object: ObjectId,
        /// Digest of its header.
        header: Digest,
        /// SHA-256 of its ciphertext.
        ciphertext: Digest,
        /// Length of its ciphertext.
        bytes: u64,
    },
}

/// What happened to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupChange {
    /// It was made.
    Created,
    /// Endpoints were added.
    Added,
    /// Endpoints were removed.
    Removed,
    /// The broker gave it a fresh path.
    Refreshed,
    /// It was put under the next version of its agreement.
    Agreed,
}

/// For what the log may be read (LED 25(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogPurpose {
    /// Verification of the lawfulness of processing.
    Lawfulness,
    /// Self-monitoring.
    SelfMonitoring,
    /// Integrity and security of the data.
    Security,
    /// Criminal proceedings.
    CriminalProceedings,
}

impl Committed for Event {
    const LABEL: &'static str = "transire/particulars/1\n";
}

impl Event {
    /// Every operation, by its word.
    pub const OPERATIONS: [&'static str; 30] = [
        "disclosure",
        "refusal",
        "problem",
        "repeated",
        "key-delivered",
        "receipt-opened",
        "root-trusted",
        "directory-changed",
        "dataset-published",
        "proposed",
        "opinion-given",
        "signed",
        "condition-attested",
        "in-force",
        "suspended",
        "resumed",
        "terminated",
        "expired",
        "enrolled",
        "endpoint-removed",
        "group-changed",
        "deposited",
        "officer-changed",
        "officer-identified",
        "key-made",
        "key-destroyed",
        "log-read",
        "unauthenticated",
        "started",
        "state",
    ];

    /// The word for the operation, as in the JSON form.
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::Disclosure(_) => "disclosure",
            Self::Refusal { .. } => "refusal",
            Self::Problem { .. } => "problem",
            Self::Repeated { .. } => "repeated",
            Self::KeyDelivered { .. } => "key-delivered",
            Self::ReceiptOpened { .. } => "receipt-opened",
            Self::RootTrusted { .. } => "root-trusted",
            Self::DirectoryChanged { .. } => "directory-changed",
            Self::DatasetPublished { .. } => "dataset-published",
            Self::Proposed { .. } => "proposed",
            Self::OpinionGiven { .. } => "opinion-given",
            Self::Signed { .. } => "signed",
            Self::ConditionAttested { .. } => "condition-attested",
            Self::InForce { .. } => "in-force",
            Self::Suspended { .. } => "suspended",
            Self::Resumed { .. } => "resumed",
            Self::Terminated { .. } => "terminated",
            Self::Expired { .. } => "expired",
            Self::Enrolled { .. } => "enrolled",
            Self::EndpointRemoved { .. } => "endpoint-removed",
            Self::GroupChanged { .. } => "group-changed",
            Self::Deposited { .. } => "deposited",
            Self::OfficerChanged { .. } => "officer-changed",
            Self::OfficerIdentified { .. } => "officer-identified",
            Self::KeyMade { .. } => "key-made",
            Self::KeyDestroyed { .. } => "key-destroyed",
            Self::LogRead { .. } => "log-read",
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::Started { .. } => "started",
            Self::State { .. } => "state",
        }
    }

    /// What the entry is about, where its particulars name it outright.
    pub const fn about(&self) -> About<'_> {
        const fn sealed<'a>(
            agreement: &'a AgreementId,
            recipient: &'a AuthorityId,
            sequence: u64,
        ) -> About<'a> {
            About { agreement: Some(agreement), recipient: Some(recipient), sequence: Some(sequence) }
        }
        const NOTHING: About<'static> = About { agreement: None, recipient: None, sequence: None };
        match self {
            Self::Disclosure(d) => sealed(&d.agreement.id, &d.recipient, d.sequence),
            Self::Refusal { agreement, recipient, sequence, .. }
            | Self::Problem { agreement, recipient, sequence, .. }
            | Self::Repeated { agreement, recipient, sequence, .. }
            | Self::KeyDelivered { agreement, recipient, sequence, .. } => {
                sealed(agreement, recipient, *sequence)
            }
            Self::ReceiptOpened { agreement, recipient, .. } => {
                About { agreement: Some(agreement), recipient: Some(recipient), sequence: None }
            }
            Self::GroupChanged { agreement, recipient, .. } => {
                About { agreement: Some(&agreement.id), recipient: Some(recipient), sequence: None }
            }
            Self::Proposed { agreement, .. }
            | Self::InForce { agreement, .. }
            | Self::Suspended { agreement, .. }
            | Self::Resumed { agreement, .. }
            | Self::Terminated { agreement, .. }
            | Self::Expired { agreement, .. } => About { agreement: Some(&agreement.id), ..NOTHING },
            Self::RootTrusted { .. }
            | Self::DirectoryChanged { .. }
            | Self::DatasetPublished { .. }
            | Self::OpinionGiven { .. }
            | Self::Signed { .. }
            | Self::ConditionAttested { .. }
            | Self::Enrolled { .. }
            | Self::EndpointRemoved { .. }
            | Self::Deposited { .. }
            | Self::OfficerChanged { .. }
            | Self::OfficerIdentified { .. }
            | Self::KeyMade { .. }
            | Self::KeyDestroyed { .. }
            | Self::LogRead { .. }
            | Self::Unauthenticated { .. }
            | Self::Started { .. }
            | Self::State { .. } => NOTHING,
        }
    }

    /// Whether a message that goes out with it carries data, or the key to some.
    pub const fn carries_data(&self) -> bool {
        match self {
            // What was repeated points to an answer, and holds none.
            Self::Disclosure(_) | Self::KeyDelivered { .. } => true,
            Self::Refusal { .. }
            | Self::Problem { .. }
            | Self::Repeated { .. }
            | Self::ReceiptOpened { .. }
            | Self::RootTrusted { .. }
            | Self::DirectoryChanged { .. }
            | Self::DatasetPublished { .. }
            | Self::Proposed { .. }
            | Self::OpinionGiven { .. }
            | Self::Signed { .. }
            | Self::ConditionAttested { .. }
            | Self::InForce { .. }
            | Self::Suspended { .. }
            | Self::Resumed { .. }
            | Self::Terminated { .. }
            | Self::Expired { .. }
            | Self::Enrolled { .. }
            | Self::EndpointRemoved { .. }
            | Self::GroupChanged { .. }
            | Self::Deposited { .. }
            | Self::OfficerChanged { .. }
            | Self::OfficerIdentified { .. }
            | Self::KeyMade { .. }
            | Self::KeyDestroyed { .. }
            | Self::LogRead { .. }
            | Self::Unauthenticated { .. }
            | Self::Started { .. }
            | Self::State { .. } => false,
        }
    }

    /// The agreement that the entry is about.
    pub const fn agreement(&self) -> Option<&AgreementId> {
        self.about().agreement
    }

    /// The agreement that a refused question was about, where it came through the exchange of another.
    pub const fn asked_about(&self) -> Option<&AgreementId> {
        match self {
            Self::Refusal { asked_about, .. } => asked_about.as_ref(),
            _ => None,
        }
    }

    /// The recipient that the entry is about.
    pub const fn recipient(&self) -> Option<&AuthorityId> {
        self.about().recipient
    }

    /// The sequence number, of an entry that was sealed for a recipient.
    pub const fn sequence(&self) -> Option<u64> {
        self.about().sequence
    }
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// The agreement.
    pub agreement: Option<&'a AgreementId>,
    /// The recipient.
    pub recipient: Option<&'a AuthorityId>,
    /// Its number among what was sealed for that recipient under that agreement.
    pub sequence: Option<u64>,
}

/// The personal part of an entry. It has no `Debug`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personal {
    /// The officer who asked or acted, by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<OfficerNumber>,
    /// The officer's authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityId>,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// What was asked, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<serde_json::Value>,
    /// The officer statement, a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// Of a refusal the whole explanation, for those who manage the agreement: it is here because the
    /// particulars are opened to the recipient.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explanation: Vec<String>,
}

impl Committed for Personal {
    const LABEL: &'static str = "transire/personal/1\n";
}
