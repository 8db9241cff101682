//! The agreement as the program holds it: what its document says, nothing that happens to it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::digest::{CanonicalError, Digest, digest_of};
use crate::element::Dataset;
use crate::ids::{
    AgreementId, AgreementVersion, AuthorityId, ClauseId, DatasetId, ElementPath, PurposeId, RoleId,
};
use crate::note::NoteKey;
use crate::transformation::Transformation;

/// The one MLS cipher suite that this schema knows (RFC 9420 section 17.1, number 1).
pub const SUITE: &str = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";

/// An agreement between one provider and its recipients, schema 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Version of this schema: 1.
    pub schema: u32,
    /// Name of the agreement.
    pub id: AgreementId,
    /// Its version, from 1.
    pub version: u32,
    /// Title, for people.
    pub title: String,
    /// Cipher suite of its exchange groups: [`SUITE`].
    pub suite: String,
    /// The legal instrument of which this is the technical annex.
    pub instrument: Instrument,
    /// When it may be in force.
    pub validity: Validity,
    /// Conditions outside the program that must be attested before it is in force.
    #[serde(rename = "condition", default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<OutsideCondition>,
    /// The parties: one provider, one or more recipients.
    #[serde(rename = "party")]
    pub parties: Vec<Party>,
    /// The purposes that its clauses use.
    #[serde(rename = "purpose")]
    pub purposes: Vec<Purpose>,
    /// The datasets that its clauses use.
    #[serde(rename = "dataset")]
    pub datasets: Vec<Dataset>,
    /// What may be disclosed.
    #[serde(rename = "clause")]
    pub clauses: Vec<Clause>,
    /// Duties that compile to no rule and are accepted by name.
    #[serde(rename = "organisational", default, skip_serializing_if = "Vec::is_empty")]
    pub organisational: Vec<Organisational>,
}

/// The legal instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Title.
    pub title: String,
    /// Reference, as in the depositary's register.
    pub reference: String,
    /// Date of signature.
    pub date: Date,
    /// Languages of the authentic texts (ISO 639-1).
    pub languages: Vec<String>,
    /// SHA-256 of the signed file.
    pub digest: Digest,
}

/// First day and the day on which it is no longer in force, at 00:00 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// First day.
    pub from: Date,
    /// The day after the last.
    pub until: Date,
}

/// A condition outside the program: ratification, publication, an impact assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutsideCondition {
    /// Name, unique in the agreement.
    pub id: ClauseId,
    /// What must have happened.
    pub text: String,
    /// Whose signatory attests it.
    pub attested_by: AuthorityId,
}

/// Part that an authority has in the agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartyRole {
    /// Holds the data.
    Provider,
    /// Receives data.
    Recipient,
}

/// The law under which a party processes. The rules themselves are data in `agreements/law`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Regime {
    /// Regulation (EU) 2016/679.
    #[serde(rename = "GDPR")]
    Gdpr,
    /// Directive (EU) 2016/680.
    #[serde(rename = "LED")]
    Led,
    /// Regulation (EU) 2018/1725.
    #[serde(rename = "EUDPR")]
    Eudpr,
    /// A law outside the Union; the transfer tool of each clause says what makes it lawful.
    #[serde(rename = "third-country")]
    ThirdCountry,
}

/// A party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The authority.
    pub authority: AuthorityId,
    /// Its name in full.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Its part.
    pub role: PartyRole,
    /// Law under which it processes.
    pub regime: Regime,
    /// The key that signs its directory.
    pub root_key: NoteKey,
    /// The key that signs the checkpoints of its log; the provider has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_key: Option<NoteKey>,
}

/// A purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its code.
    pub id: PurposeId,
    /// What officers read.
    pub title: String,
    /// Broader purposes of the same agreement: a clause for a broader purpose covers this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broader: Vec<PurposeId>,
}

/// What an officer may do with a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Ask for the records that match a question.
    Consult,
    /// Receive a whole dataset.
    Bulk,
}

impl Action {
    /// The word in documents and policy rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consult => "consult",
            Self::Bulk => "bulk",
        }
    }
}

/// A clause: who may have what, for which purpose, in what form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Name, unique in the agreement.
    pub id: ClauseId,
    /// What officers read.
    pub title: String,
    /// Parties that may receive.
    pub recipients: Vec<AuthorityId>,
    /// Roles of their officers.
    pub roles: Vec<RoleId>,
    /// The dataset.
    pub dataset: DatasetId,
    /// What may be done.
    pub actions: Vec<Action>,
    /// For which purposes.
    pub purposes: Vec<PurposeId>,
    /// Elements that may be searched by equality: in clear where the element is given in clear, by
    /// a pseudonym of the asker's own domain where it is pseudonymised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<ElementPath>,
    /// Elements by whose clear value one may ask about somebody whom the asker can already name;
    /// the pseudonyms of the answer are then randomised for that answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search_known: Vec<ElementPath>,
    /// What is done to each element. An element that is not named is withheld.
    pub elements: BTreeMap<ElementPath, Transformation>,
    /// How much.
    pub ceiling: Ceiling,
    /// How long the recipient may keep what it received, in days.
    pub retention_days: u32,
    /// Whether the recipient may pass it on, and to whom; `none` or words.
    pub onward_transfer: String,
    /// Legal basis (GDPR 6, LED 8), as a code or reference.
    pub legal_basis: String,
    /// What makes a transfer to a third country lawful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_tool: Option<String>,
    /// Article of the instrument that the clause carries out.
    pub article: String,
}

/// How much a clause lets out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// Records a day (UTC) for each recipient.
    pub rows_per_day: u64,
}

/// A duty that no rule enforces, accepted by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisational {
    /// Name, unique in the agreement.
    pub id: ClauseId,
    /// The duty.
    pub text: String,
    /// Who answers for it.
    pub accepted_by: AuthorityId,
}

impl Agreement {
    /// The agreement at its version.
    pub fn at_version(&self) -> AgreementVersion {
        AgreementVersion { id: self.id.clone(), version: self.version }
    }

    /// SHA-256 of the canonical form: what parties sign.
    ///
    /// # Errors
    /// [`CanonicalError`]; none is expected of a document that was read.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        digest_of(self)
    }

    /// The digest of each clause: what opinions are given over.
    ///
    /// # Errors
    /// [`CanonicalError`]; none is expected of a document that was read.
    pub fn clause_digests(&self) -> Result<BTreeMap<ClauseId, Digest>, CanonicalError> {
        self.clauses.iter().map(|clause| Ok((clause.id.clone(), digest_of(clause)?))).collect()
    }

    /// The party that holds the data.
    pub fn provider(&self) -> Option<&Party> {
        self.parties.iter().find(|party| party.role == PartyRole::Provider)
    }

    /// The parties that receive.
    pub fn recipients(&self) -> impl Iterator<Item = &Party> {
        self.parties.iter().filter(|party| party.role == PartyRole::Recipient)
    }

    /// The party that `authority` is.
    pub fn party(&self, authority: &AuthorityId) -> Option<&Party> {
        self.parties.iter().find(|party| party.authority == *authority)
    }

    /// The dataset of that name.
    pub fn dataset(&self, id: &DatasetId) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.id == *id)
    }

    /// The clause of that name.
    pub fn clause(&self, id: &ClauseId) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == *id)
    }

    /// `purpose` and every broader purpose of this agreement that contains it.
    pub fn purpose_and_broader(&self, purpose: &PurposeId) -> Vec<PurposeId> {
        let mut found: Vec<PurposeId> = Vec::new();
        let mut waiting = vec![purpose.clone()];
        while let Some(next) = waiting.pop() {
            if found.contains(&next) {
                continue;
            }
            if let Some(purpose) = self.purposes.iter().find(|p| p.id == next) {
                waiting.extend(purpose.broader.iter().cloned());
            }
            found.push(next);
        }
        found
    }
}
