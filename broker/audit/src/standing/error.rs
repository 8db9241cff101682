//! Why an event does not follow from the entries before it.

use agreements::digest::CanonicalError;
use agreements::directory::DirectoryError;
use agreements::enrolment::EnrolmentError;
use agreements::lifecycle::LifecycleError;
use agreements::{AgreementVersion, AuthorityId, ClauseId, DatasetId, NoteError, OfficerNumber};
use jiff::Timestamp;

/// An event that does not follow from the entries before it.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It names something that no entry before it made.
    #[error("{what} `{name}` is not known at this point of the log")]
    Unknown {
        /// What it should be.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// It makes something that is there already.
    #[error("{what} `{name}` exists already")]
    Exists {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// An act by somebody who may not act.
    #[error("`{0}` is not an active officer at this point of the log")]
    Officer(OfficerNumber),
    /// Roles that one person must not have together (GDPR 38(6)).
    #[error(
        "officer `{officer}` cannot be `{one}` and `{other}`: whoever advises on data protection and \
         controls it is independent, so another person must have one of the two"
    )]
    NotApart {
        /// The officer.
        officer: OfficerNumber,
        /// One role.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A party's root key is not the one that was accepted.
    #[error("the root key of `{0}` is not the one that was accepted for it")]
    Root(AuthorityId),
    /// Two authorities would share a key.
    #[error("the directory of `{0}` has a key of another authority")]
    SharedKey(AuthorityId),
    /// The text of an agreement is not the one that the entry names.
    #[error("the text of `{0}` does not have the id, version or digest that the entry names")]
    Text(AgreementVersion),
    /// The text of an agreement cannot be read.
    #[error("the text of `{agreement}` is not an agreement: {violations}")]
    Document {
        /// The agreement.
        agreement: AgreementVersion,
        /// All that is wrong with it.
        violations: String,
    },
    /// A dataset is not published as the agreement describes it.
    #[error("dataset `{dataset}` is not published as `{agreement}` describes it")]
    Dataset {
        /// The dataset.
        dataset: DatasetId,
        /// The agreement.
        agreement: AgreementVersion,
    },
    /// Another version of the same agreement has not ended.
    #[error("`{0}` has not ended, so no other version of it comes into force")]
    OtherVersion(AgreementVersion),
    /// The policy epoch does not rise by one, or is not that of the time.
    #[error("policy epoch {found}, where {expected} was due")]
    Epoch {
        /// In the entry.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// The epoch of a group does not rise.
    #[error("epoch {found} of a group that is at {previous}")]
    GroupEpoch {
        /// In the entry.
        found: u64,
        /// Before it.
        previous: u64,
    },
    /// A number in a recipient's sequence was left out or used twice.
    #[error("sequence {found} for `{recipient}`, where {expected} was due")]
    Sequence {
        /// The recipient.
        recipient: AuthorityId,
        /// In the entry.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// Something went out under an agreement that is not in force.
    #[error("`{agreement}` is not in force at this point of the log: it is {status}")]
    NotInForce {
        /// The agreement.
        agreement: AgreementVersion,
        /// What it is.
        status: String,
    },
    /// An entry is dated before the one in front of it.
    #[error("it is dated {at}, and the entry before it {last}: time does not go back on record")]
    Earlier {
        /// Its time.
        at: Timestamp,
        /// That of the entry before it.
        last: Timestamp,
    },
    /// A disclosure is not one that its clause gives.
    #[error("clause `{clause}` does not give this: {what}")]
    Clause {
        /// The clause.
        clause: ClauseId,
        /// What differs.
        what: &'static str,
    },
    /// A clause has no room for so many records on that day.
    #[error("the ceiling of clause `{clause}` is reached: {given} records were given that day, {limit} may be")]
    Ceiling {
        /// The clause.
        clause: ClauseId,
        /// Given before, on that day.
        given: u64,
        /// The ceiling, in records a day.
        limit: u64,
    },
    /// A disclosure names no clause.
    #[error("no clause is named for it")]
    NoClause,
    /// Something that an entry says of a recipient does not fit what is known of it.
    #[error("{what} does not belong to what the entry names")]
    Mismatch {
        /// What.
        what: &'static str,
    },
    /// A restated state differs from what the entries add up to.
    #[error("the state restated here is not what the entries before it add up to")]
    State,
    /// A note is malformed or not signed by whom it should be.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A directory may not replace the one before it.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// An enrolment did not hold at the time.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// The step is not open to the agreement.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// Something has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

impl ReplayError {
    pub(super) fn unknown(what: &'static str, name: impl ToString) -> Self {
        Self::Unknown { what, name: name.to_string() }
    }

    pub(super) fn exists(what: &'static str, name: impl ToString) -> Self {
        Self::Exists { what, name: name.to_string() }
    }
}
