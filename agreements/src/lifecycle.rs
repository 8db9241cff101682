//! From proposed to in force and out of it again: what has happened to one version of an agreement.
//!
//! A pure state machine over verified statements. Whoever calls it has verified the notes against
//! the directories; it checks that each statement is about this agreement, by a party, in order and
//! not given twice. Nothing else decides what may come into force.

mod error;
mod status;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::agreement::Agreement;
use crate::digest::Digest;
use crate::ids::{AgreementVersion, AuthorityId, ClauseId};
use crate::statements::{ConditionMet, Opinion, PartySignature, Verdict};

pub use error::LifecycleError;
pub use status::Status;

/// What was done to an agreement once everybody had signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Pending,
    InForce,
    Suspended,
    Superseded,
    Terminated,
    Expired,
}

/// One version of an agreement and what has happened to it.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    agreement: Agreement,
    digest: Digest,
    clause_digests: BTreeMap<ClauseId, Digest>,
    opinions: BTreeMap<AuthorityId, Opinion>,
    signatures: BTreeMap<AuthorityId, PartySignature>,
    conditions: BTreeMap<ClauseId, ConditionMet>,
    course: Course,
}

impl Lifecycle {
    /// A proposed agreement, as it was read from its document.
    ///
    /// # Errors
    /// [`LifecycleError::Canonical`]; none is expected of a document that was read.
    pub fn new(agreement: Agreement) -> Result<Self, LifecycleError> {
        Ok(Self {
            digest: agreement.digest()?,
            clause_digests: agreement.clause_digests()?,
            agreement,
            opinions: BTreeMap::new(),
            signatures: BTreeMap::new(),
            conditions: BTreeMap::new(),
            course: Course::Pending,
        })
    }

    /// The agreement.
    pub const fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// Its digest.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The opinions, by party.
    pub const fn opinions(&self) -> &BTreeMap<AuthorityId, Opinion> {
        &self.opinions
    }

    /// The signatures, by party.
    pub const fn signatures(&self) -> &BTreeMap<AuthorityId, PartySignature> {
        &self.signatures
    }

    /// How far it has come, by what happened alone. It is [`Status::Expired`] only once that was put on
    /// record; see [`Self::status_on`].
    pub fn status(&self) -> Status {
        match self.course {
            Course::InForce => Status::InForce,
            Course::Suspended => Status::Suspended,
            Course::Superseded => Status::Superseded,
            Course::Terminated => Status::Terminated,
            Course::Expired => Status::Expired,
            Course::Pending if self.is_rejected() => Status::Rejected,
            Course::Pending if !self.missing_opinions().is_empty() => Status::Proposed,
            Course::Pending if !self.missing_signatures().is_empty() => Status::Opined,
            Course::Pending => Status::Signed,
        }
    }

    /// How far it has come, with the day taken into account.
    pub fn status_on(&self, today: Date) -> Status {
        match self.status() {
            ended @ (Status::Superseded | Status::Terminated | Status::Rejected) => ended,
            _ if today >= self.agreement.validity.until => Status::Expired,
            status => status,
        }
    }

    /// Whether disclosures may be made under it on that day.
    pub fn is_open(&self, today: Date) -> bool {
        self.status_on(today) == Status::InForce && today >= self.agreement.validity.from
    }

    /// What is still missing before it can come into force, in plain words.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = self.missing_opinions();
        missing.extend(self.missing_signatures());
        missing.extend(
            self.agreement
                .conditions
                .iter()
                .filter(|condition| !self.conditions.contains_key(&condition.id))
                .map(|condition| format!("attestation of `{}` by {}", condition.id, condition.attested_by)),
        );
        missing
    }

    /// Adds the opinion of a party's DPO, its note verified. One unfavourable verdict rejects the
    /// agreement.
    ///
    /// # Errors
    /// [`LifecycleError`] when it is about another text, by no party, incomplete, late or a second one.
    pub fn add_opinion(&mut self, opinion: Opinion) -> Result<(), LifecycleError> {
        const WHAT: &str = "opinion";
        let authority = opinion.authority.clone();
        self.about_this(WHAT, &opinion.agreement, opinion.digest, &authority)?;
        let named = opinion.clauses.iter().map(|(clause, said)| (clause, said.digest));
        self.names_every_clause(WHAT, &authority, &named.collect())?;
        if self.opinions.contains_key(&authority) {
            return Err(LifecycleError::Given { what: WHAT, authority });
        }
        match self.status() {
            Status::Proposed => {}
            status => return Err(LifecycleError::Step { step: "given an opinion", status }),
        }
        self.opinions.insert(authority, opinion);
        Ok(())
    }

    /// Adds the signature of a party, its note verified. It comes after the opinions of all DPOs.
    ///
    /// # Errors
    /// [`LifecycleError`] when it is about another text, by no party, incomplete, too early, late or
    /// a second one.
    pub fn add_signature(&mut self, signature: PartySignature) -> Result<(), LifecycleError> {
        const WHAT: &str = "signature";
        let authority = signature.authority.clone();
        self.about_this(WHAT, &signature.agreement, signature.digest, &authority)?;
        let named = signature.clauses.iter().map(|(clause, digest)| (clause, *digest));
        self.names_every_clause(WHAT, &authority, &named.collect())?;
        if self.signatures.contains_key(&authority) {
            return Err(LifecycleError::Given { what: WHAT, authority });
        }
        match self.status() {
            Status::Opined => {}
            Status::Proposed => return Err(LifecycleError::Missing(self.missing_opinions())),
            status => return Err(LifecycleError::Step { step: "signed", status }),
        }
        self.signatures.insert(authority, signature);
        Ok(())
    }

    /// Adds the attestation of a condition outside the program, its note verified.
    ///
    /// # Errors
    /// [`LifecycleError`] when it is about another text, an unknown condition, by another party,
    /// late or a second one.
    pub fn add_condition(&mut self, met: ConditionMet) -> Result<(), LifecycleError> {
        const WHAT: &str = "attestation";
        self.about_this(WHAT, &met.agreement, met.digest, &met.authority)?;
        let condition = self
            .agreement
            .conditions
            .iter()
            .find(|condition| condition.id == met.condition)
            .ok_or_else(|| LifecycleError::UnknownCondition(met.condition.clone()))?;
        if condition.attested_by != met.authority {
            return Err(LifecycleError::OtherAttester {
                condition: met.condition,
                expected: condition.attested_by.clone(),
                found: met.authority,
            });
        }
        if self.conditions.contains_key(&met.condition) {
            return Err(LifecycleError::Given { what: WHAT, authority: met.authority });
        }
        match self.status() {
            Status::Proposed | Status::Opined | Status::Signed => {}
            status => return Err(LifecycleError::Step { step: "given an attestation", status }),
        }
        self.conditions.insert(met.condition.clone(), met);
        Ok(())
    }

    /// Brings it into force on that day.
    ///
    /// # Errors
    /// [`LifecycleError`] when something is missing, the day is outside the validity, or the
    /// status does not allow it.
    pub fn enter_into_force(&mut self, today: Date) -> Result<(), LifecycleError> {
        match self.status() {
            Status::Proposed | Status::Opined | Status::Signed => {}
            status => return Err(LifecycleError::Step { step: "brought into force", status }),
        }
        let missing = self.missing();
        if !missing.is_empty() {
            return Err(LifecycleError::Missing(missing));
        }
        let validity = &self.agreement.validity;
        if today < validity.from || today >= validity.until {
            let (from, until) = (validity.from, validity.until);
            return Err(LifecycleError::OutsideValidity { today, from, until });
        }
        self.course = Course::InForce;
        Ok(())
    }

    /// Halts it.
    ///
    /// # Errors
    /// [`LifecycleError::Step`] when it is not in force.
    pub fn suspend(&mut self) -> Result<(), LifecycleError> {
        self.step("suspended", &[Course::InForce], Course::Suspended)
    }

    /// Ends the halt.
    ///
    /// # Errors
    /// [`LifecycleError::Step`] when it is not suspended.
    pub fn resume(&mut self) -> Result<(), LifecycleError> {
        self.step("resumed", &[Course::Suspended], Course::InForce)
    }

    /// Ends it for good.
    ///
    /// # Errors
    /// [`LifecycleError::Step`] when it is neither in force nor suspended.
    pub fn terminate(&mut self) -> Result<(), LifecycleError> {
        self.step("terminated", &[Course::InForce, Course::Suspended], Course::Terminated)
    }

    /// Ends it because the next version has come into force. One that is halted is not replaced: the
    /// halt would be lifted by the way.
    ///
    /// # Errors
    /// [`LifecycleError::Step`] when it is not in force.
    pub fn supersede(&mut self) -> Result<(), LifecycleError> {
        self.step("superseded", &[Course::InForce], Course::Superseded)
    }

    /// Ends it because its last day has passed.
    ///
    /// # Errors
    /// [`LifecycleError`] when it is neither in force nor suspended, or the day has not come.
    pub fn expire(&mut self, today: Date) -> Result<(), LifecycleError> {
        let validity = &self.agreement.validity;
        if today < validity.until {
            return Err(LifecycleError::NotYet { today, until: validity.until });
        }
        self.step("ended by its date", &[Course::InForce, Course::Suspended], Course::Expired)
    }

    fn step(&mut self, step: &'static str, from: &[Course], to: Course) -> Result<(), LifecycleError> {
        if !from.contains(&self.course) {
            return Err(LifecycleError::Step { step, status: self.status() });
        }
        self.course = to;
        Ok(())
    }

    fn is_rejected(&self) -> bool {
        let mut verdicts = self.opinions.values().flat_map(|opinion| opinion.clauses.values());
        verdicts.any(|said| said.verdict == Verdict::Unfavourable)
    }

    fn missing_opinions(&self) -> Vec<String> {
        self.parties_without(|authority| self.opinions.contains_key(authority), "opinion of the DPO of")
    }

    fn missing_signatures(&self) -> Vec<String> {
        self.parties_without(|authority| self.signatures.contains_key(authority), "signature of")
    }

    fn parties_without(&self, has: impl Fn(&AuthorityId) -> bool, what: &str) -> Vec<String> {
        let parties = self.agreement.parties.iter().map(|party| &party.authority);
        parties.filter(|authority| !has(authority)).map(|authority| format!("{what} {authority}")).collect()
    }

    fn about_this(
        &self,
        what: &'static str,
        agreement: &AgreementVersion,
        digest: Digest,
        authority: &AuthorityId,
    ) -> Result<(), LifecycleError> {
        let expected = self.agreement.at_version();
        if *agreement != expected {
            return Err(LifecycleError::OtherAgreement { what, found: agreement.clone(), expected });
        }
        if self.agreement.party(authority).is_none() {
            return Err(LifecycleError::NotAParty(authority.clone()));
        }
        if digest != self.digest {
            let (authority, expected) = (authority.clone(), self.digest);
            return Err(LifecycleError::OtherDigest { what, authority, found: digest, expected });
        }
        Ok(())
    }

    fn names_every_clause(
        &self,
        what: &'static str,
        authority: &AuthorityId,
        named: &BTreeMap<&ClauseId, Digest>,
    ) -> Result<(), LifecycleError> {
        let every: BTreeSet<&ClauseId> = self.clause_digests.keys().chain(named.keys().copied()).collect();
        for clause in every {
            if self.clause_digests.get(clause) != named.get(clause) {
                return Err(LifecycleError::Clause {
                    what,
                    authority: authority.clone(),
                    clause: clause.clone(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
