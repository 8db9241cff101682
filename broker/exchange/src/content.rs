//! What is inside a sealed message: questions and receipts one way, answers and keys the other.
//!
//! Types that hold personal data have no `Debug`. Sizes are hidden in buckets by [`encode`].

mod padding;

use std::collections::BTreeMap;

use agreements::{
    Action, AgreementId, AgreementVersion, DatasetId, Digest, DisclosureId, ElementPath, ObjectId, PurposeId,
    RecordFormat, RequestId, Transformation, digest::CanonicalError, digest_of,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use padding::{ContentError, MAX_CONTENT_BYTES, decode, encode, padded_len};

use crate::object::{ObjectDescriptor, ObjectKey};

/// What a sealed message is; in clear on the wire, as associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// From an endpoint: [`FromRecipient::Question`].
    Question = 1,
    /// From an endpoint: [`FromRecipient::Receipt`].
    Receipt = 2,
    /// From the broker: an [`Envelope`].
    Envelope = 3,
    /// From the broker: a commit, and no content.
    Commit = 4,
}

impl Kind {
    /// The kind of that number.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Question),
            2 => Some(Self::Receipt),
            3 => Some(Self::Envelope),
            4 => Some(Self::Commit),
            _ => None,
        }
    }
}

/// Which elements are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// All that the clause gives; `"all"` in JSON.
    All,
    /// These; a list in JSON, never empty.
    These(Vec<ElementPath>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum AskedText {
    Word(String),
    List(Vec<ElementPath>),
}

impl Serialize for Asked {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::These(elements) => elements.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match AskedText::deserialize(deserializer)? {
            AskedText::Word(word) if word == "all" => Ok(Self::All),
            AskedText::List(elements) if !elements.is_empty() => Ok(Self::These(elements)),
            AskedText::Word(_) | AskedText::List(_) => {
                Err(serde::de::Error::custom("elements are `all` or a list that is not empty"))
            }
        }
    }
}

/// A question of an officer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its id: repeated, it is answered the same.
    pub request: RequestId,
    /// Under which agreement.
    pub agreement: AgreementId,
    /// For which purpose.
    pub purpose: PurposeId,
    /// Of which dataset.
    pub dataset: DatasetId,
    /// To look up or to receive whole.
    pub action: Action,
    /// Which elements.
    pub elements: Asked,
    /// Equal to what; all must hold. `where` in JSON.
    #[serde(rename = "where", default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<QuestionTerm>,
    /// The case; may be personal.
    pub case: String,
    /// Why; may be personal.
    pub justification: String,
    /// When the officer asked.
    pub asked_at: Timestamp,
}

/// One term of `where`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionTerm {
    /// The element.
    pub element: ElementPath,
    /// Its value in clear, or a pseudonym of the asker's domain.
    pub value: String,
}

impl Question {
    /// What the officer statement's `request` holds.
    ///
    /// # Errors
    /// [`CanonicalError`]; none is expected.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        digest_of(self)
    }
}

/// What an endpoint says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "made once and moved, never kept in numbers")]
pub enum FromRecipient {
    /// An officer asks.
    Question {
        /// The question.
        question: Question,
        /// Note of an `OfficerStatement` over [`Question::digest`].
        statement: String,
    },
    /// The endpoint signs for what it received.
    Receipt {
        /// Note of a `Receipt`.
        note: String,
    },
}

impl FromRecipient {
    /// The kind under which it must be sealed.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Question { .. } => Kind::Question,
            Self::Receipt { .. } => Kind::Receipt,
        }
    }
}

/// What is inside every message of the broker: the body, and the opening of the entry that
/// records this message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Index of the entry in the provider's log.
    pub index: u64,
    /// Dense number among the sealed messages of this group, from 1.
    pub sequence: u64,
    /// The newest checkpoint before the batch that holds this message; empty when there is none.
    pub previous: String,
    /// Opens the commitment of the leaf to the entry's particulars.
    pub opening: ParticularsOpening,
    /// What is said.
    pub body: FromBroker,
}

/// Salt and values of a commitment, as the audit crate opens them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParticularsOpening {
    /// 32 bytes, hexadecimal.
    pub salt: String,
    /// The particulars.
    pub values: serde_json::Value,
}

/// What the broker says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "made once and moved, never kept in numbers")]
pub enum FromBroker {
    /// A disclosure.
    Answer {
        /// What it is.
        manifest: Manifest,
        /// The records, or where they are.
        body: AnswerBody,
    },
    /// A question that no clause covers.
    Refusal {
        /// The question.
        request: RequestId,
        /// The dimension, as one word.
        dimension: String,
        /// What the officer reads.
        plain: String,
    },
    /// A message that could not be answered.
    Problem {
        /// The question, where it could be read.
        request: Option<RequestId>,
        /// Status, as in HTTP.
        status: u16,
        /// The problem, as one word.
        code: String,
        /// What the officer reads.
        detail: String,
    },
    /// The same question came before and was answered.
    Repeated {
        /// The question.
        request: RequestId,
        /// Index of the entry of the answer.
        first: u64,
    },
    /// The key of an object for which the recipient signed `held`.
    Key {
        /// The disclosure.
        disclosure: DisclosureId,
        /// The object.
        object: ObjectId,
        /// Its key.
        key: ObjectKey,
    },
}

/// Body of an answer.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "made once and moved, never kept in numbers")]
pub enum AnswerBody {
    /// The records themselves.
    Inline {
        /// JSON lines, or CSV with its header.
        records: String,
    },
    /// A bulk object that waits to be fetched.
    Object {
        /// What it is and how it is checked.
        descriptor: ObjectDescriptor,
    },
}

/// What a disclosure is; must agree with the particulars of its entry. Officers read it as the
/// cover sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The disclosure.
    pub disclosure: DisclosureId,
    /// The question that it answers.
    pub request: RequestId,
    /// The agreement and its version.
    pub agreement: AgreementVersion,
    /// Its digest.
    pub digest: Digest,
    /// For which purpose.
    pub purpose: PurposeId,
    /// Of which dataset.
    pub dataset: DatasetId,
    /// Form of the records.
    pub format: RecordFormat,
    /// What was done to each element.
    pub elements: BTreeMap<ElementPath, Transformation>,
    /// How many records.
    pub records: u64,
    /// How long the recipient may keep them, in days.
    pub retention_days: u32,
    /// The day on which they must be gone.
    pub delete_by: Date,
    /// Whether they may be passed on, in words.
    pub onward_transfer: String,
}
