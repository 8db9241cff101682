//! The statements that functions and endpoints sign, one type for each kind of note.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ids::{
    AgreementId, AgreementVersion, AuthorityId, ClauseId, DisclosureId, EndpointId, ObjectId, OfficerNumber,
    PurposeId, RequestId, RoleId,
};
use crate::note::Statement;

/// What a data protection officer says of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing stands against it.
    Favourable,
    /// It must not come into force as it is.
    Unfavourable,
}

/// A DPO's opinion, clause by clause, made by the function `dpo` of a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// The agreement and its version.
    pub agreement: AgreementVersion,
    /// Its digest.
    pub digest: Digest,
    /// The party whose DPO speaks.
    pub authority: AuthorityId,
    /// The digest of each clause and what is said of it.
    pub clauses: BTreeMap<ClauseId, ClauseOpinion>,
    /// Reasons, for people.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// What is said of one clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseOpinion {
    /// Digest of the clause.
    pub digest: Digest,
    /// What is said.
    pub verdict: Verdict,
}

impl Statement for Opinion {
    const KIND: &'static str = "transire/opinion/1";
}

/// A party's signature of an agreement, made by its function `signatory`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartySignature {
    /// The agreement and its version.
    pub agreement: AgreementVersion,
    /// Its digest.
    pub digest: Digest,
    /// The digest of each clause.
    pub clauses: BTreeMap<ClauseId, Digest>,
    /// The party that signs.
    pub authority: AuthorityId,
    /// When.
    pub at: Timestamp,
}

impl Statement for PartySignature {
    const KIND: &'static str = "transire/signature/1";
}

/// That a condition outside the program is met, stated by the `signatory` of the party named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionMet {
    /// The agreement and its version.
    pub agreement: AgreementVersion,
    /// Its digest.
    pub digest: Digest,
    /// The condition.
    pub condition: ClauseId,
    /// The party that attests.
    pub authority: AuthorityId,
    /// Reference to the proof (gazette, minutes).
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

impl Statement for ConditionMet {
    const KIND: &'static str = "transire/condition/1";
}

/// That an endpoint belongs to an authority, stated by its function `enrolment`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The authority.
    pub authority: AuthorityId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its Ed25519 key: signs its MLS leaf, its outward calls and its receipts. Hexadecimal.
    pub leaf_key: Digest,
    /// First instant at which it is no longer good; 90 days after [`Self::at`] at most.
    pub expires: Timestamp,
    /// When it was made.
    pub at: Timestamp,
}

impl Statement for Enrolment {
    const KIND: &'static str = "transire/enrolment/1";
}

/// That an authority vouches for one request of one of its officers, by its function `statements`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerStatement {
    /// The authority.
    pub authority: AuthorityId,
    /// The officer, by the pseudonym of the year.
    pub officer: OfficerNumber,
    /// The role in which the officer asks.
    pub role: RoleId,
    /// The purpose.
    pub purpose: PurposeId,
    /// The case, as the authority's register names it; may be personal.
    pub case: String,
    /// When the officer asked.
    pub asked_at: Timestamp,
    /// 16 random bytes.
    pub nonce: RequestId,
    /// SHA-256 of the canonical form of the question.
    pub request: Digest,
}

impl Statement for OfficerStatement {
    const KIND: &'static str = "transire/officer/1";
}

/// How far a recipient has come with what it received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptStage {
    /// The object is held complete, its ciphertext checked; the key may follow.
    Held,
    /// Everything was checked and opened.
    Opened,
}

/// A receipt, signed by the endpoint's key: what a recipient can be held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// How far.
    pub stage: ReceiptStage,
    /// The recipient.
    pub authority: AuthorityId,
    /// Its endpoint.
    pub endpoint: EndpointId,
    /// The agreement.
    pub agreement: AgreementId,
    /// The digest of its version in force.
    pub digest: Digest,
    /// The disclosure.
    pub disclosure: DisclosureId,
    /// The question that it answers.
    pub request: RequestId,
    /// Index of its entry in the provider's log.
    pub index: u64,
    /// The object, for a bulk disclosure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectId>,
    /// SHA-256 of what was received: the object's ciphertext, or the sealed message.
    pub received: Digest,
    /// The newest checkpoint that the recipient had checked, whole.
    pub checkpoint: String,
    /// When.
    pub at: Timestamp,
}

impl Statement for Receipt {
    const KIND: &'static str = "transire/receipt/1";
}
