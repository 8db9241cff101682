//! Why a step is not open to an agreement.

use jiff::civil::Date;

use super::Status;
use crate::digest::{CanonicalError, Digest};
use crate::ids::{AgreementVersion, AuthorityId, ClauseId};

/// A step that is not open to an agreement.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// The statement names another agreement or version.
    #[error("the {what} is about `{found}`, not `{expected}`")]
    OtherAgreement {
        /// Opinion, signature or attestation.
        what: &'static str,
        /// What it names.
        found: AgreementVersion,
        /// This agreement.
        expected: AgreementVersion,
    },
    /// The statement names another text.
    #[error("the {what} of `{authority}` is over digest {found}, and this text has {expected}")]
    OtherDigest {
        /// Opinion, signature or attestation.
        what: &'static str,
        /// Who states.
        authority: AuthorityId,
        /// What it names.
        found: Digest,
        /// This text.
        expected: Digest,
    },
    /// The statement leaves a clause out, names one that is none, or names one by another digest.
    #[error("the {what} of `{authority}` does not name clause `{clause}` with the digest that it has")]
    Clause {
        /// Opinion or signature.
        what: &'static str,
        /// Who states.
        authority: AuthorityId,
        /// The first clause that differs.
        clause: ClauseId,
    },
    /// The authority is no party.
    #[error("`{0}` is not a party to this agreement")]
    NotAParty(AuthorityId),
    /// It was given before.
    #[error("the {what} of `{authority}` has been given already")]
    Given {
        /// Opinion, signature or attestation.
        what: &'static str,
        /// Who states.
        authority: AuthorityId,
    },
    /// The agreement has no such condition.
    #[error("this agreement has no condition `{0}`")]
    UnknownCondition(ClauseId),
    /// Another party attests that condition.
    #[error("condition `{condition}` is attested by `{expected}`, not by `{found}`")]
    OtherAttester {
        /// The condition.
        condition: ClauseId,
        /// Who attests it.
        expected: AuthorityId,
        /// Who did.
        found: AuthorityId,
    },
    /// Something must come first.
    #[error("still missing: {}", .0.join("; "))]
    Missing(Vec<String>),
    /// The step does not follow from the status.
    #[error("an agreement that is {status} cannot be {step}")]
    Step {
        /// What was asked.
        step: &'static str,
        /// How far it has come.
        status: Status,
    },
    /// The day is outside the validity.
    #[error("{today} is outside the validity, which runs from {from} until {until}")]
    OutsideValidity {
        /// The day, UTC.
        today: Date,
        /// First day.
        from: Date,
        /// The day after the last.
        until: Date,
    },
    /// Its last day has not passed.
    #[error("it runs until {until}, and today is {today}")]
    NotYet {
        /// The day, UTC.
        today: Date,
        /// The day after the last.
        until: Date,
    },
    /// The agreement has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}
