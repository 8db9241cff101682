//! How far an agreement has come, and the word for it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far an agreement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Its text is fixed; opinions are awaited.
    Proposed,
    /// The DPO of every party has given a favourable opinion; signatures are awaited.
    Opined,
    /// Every party has signed; conditions outside the program may be awaited.
    Signed,
    /// Disclosures may be made under it, within its validity.
    InForce,
    /// Halted until it is resumed.
    Suspended,
    /// Replaced by its next version.
    Superseded,
    /// Ended for good.
    Terminated,
    /// A DPO's opinion stands against it.
    Rejected,
    /// Its last day has passed.
    Expired,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Proposed,
        Self::Opined,
        Self::Signed,
        Self::InForce,
        Self::Suspended,
        Self::Superseded,
        Self::Terminated,
        Self::Rejected,
        Self::Expired,
    ];

    /// The word in documents, columns and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Opined => "opined",
            Self::Signed => "signed",
            Self::InForce => "in-force",
            Self::Suspended => "suspended",
            Self::Superseded => "superseded",
            Self::Terminated => "terminated",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
