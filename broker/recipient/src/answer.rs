//! What is kept of an answer, sealed, until its date of deletion.

use agreements::Digest;
use exchange::content::{AnswerBody, Manifest};
use exchange::{FromBroker, ObjectDescriptor};
use serde::{Deserialize, Serialize};

/// What came back for a request. It holds personal data, so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "made once and moved, never kept in numbers")]
pub enum KeptAnswer {
    /// Records, here.
    Inline {
        /// The cover sheet.
        manifest: Manifest,
        /// JSON lines, or CSV with its header.
        records: String,
    },
    /// Records, in an object.
    Object {
        /// The cover sheet.
        manifest: Manifest,
        /// How the object is checked.
        descriptor: ObjectDescriptor,
    },
    /// No clause covers it.
    Refusal {
        /// The dimension, as one word.
        dimension: String,
        /// What the officer reads.
        plain: String,
    },
    /// It could not be answered.
    Problem {
        /// Status, as in HTTP.
        status: u16,
        /// The problem, as one word.
        code: String,
        /// What the officer reads.
        detail: String,
    },
}

impl KeptAnswer {
    /// What is kept of a message; nothing of a key or of a mere repetition.
    pub fn of(body: FromBroker) -> Option<Self> {
        match body {
            FromBroker::Answer { manifest, body: AnswerBody::Inline { records } } => {
                Some(Self::Inline { manifest, records })
            }
            FromBroker::Answer { manifest, body: AnswerBody::Object { descriptor } } => {
                Some(Self::Object { manifest, descriptor })
            }
            FromBroker::Refusal { dimension, plain, .. } => Some(Self::Refusal { dimension, plain }),
            FromBroker::Problem { status, code, detail, .. } => Some(Self::Problem { status, code, detail }),
            FromBroker::Repeated { .. } | FromBroker::Key { .. } => None,
        }
    }

    /// The cover sheet, where there is data.
    pub const fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Inline { manifest, .. } | Self::Object { manifest, .. } => Some(manifest),
            Self::Refusal { .. } | Self::Problem { .. } => None,
        }
    }
}

/// What is kept beside an object until it is opened.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectNote {
    /// The cover sheet.
    pub manifest: Manifest,
    /// How the object is checked.
    pub descriptor: ObjectDescriptor,
    /// Index of the disclosure's entry.
    pub index: u64,
    /// SHA-256 of the message that announced it.
    pub message: Digest,
}
