//! Agreements in force, ready to decide: built from what the log says, replaced whole, never changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use agreements::lifecycle::Status;
use agreements::{Agreement, AgreementId, Digest, OfficerNumber};
use audit::Standing;
use jiff::civil::Date;
use policy::{Pdp, Refusal};

/// An agreement in force with the policy compiled from it.
pub struct Governed {
    /// The agreement.
    pub agreement: Agreement,
    /// Its digest.
    pub digest: Digest,
    /// Decides under it.
    pub pdp: Pdp,
}

/// Agreements in force, by name.
pub type AllGoverned = HashMap<AgreementId, Arc<Governed>>;

impl Governed {
    /// Whether it may be in force on that day.
    pub fn is_open(&self, today: Date) -> bool {
        self.agreement.validity.from <= today && today < self.agreement.validity.until
    }
}

/// Agreements whose rows differ from the log: nothing is disclosed under them until they agree.
#[derive(Default)]
pub struct Blocked(RwLock<BTreeSet<AgreementId>>, RwLock<BTreeSet<OfficerNumber>>);

impl Blocked {
    /// Stops disclosures under an agreement.
    pub fn add(&self, agreement: AgreementId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(agreement);
    }

    /// Refuses an officer of the provider.
    pub fn add_officer(&self, officer: OfficerNumber) {
        self.1.write().unwrap_or_else(PoisonError::into_inner).insert(officer);
    }

    /// The agreements under which disclosures are stopped.
    pub fn agreements(&self) -> Vec<AgreementId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The officers who are refused.
    pub fn officers(&self) -> Vec<OfficerNumber> {
        self.1.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Whether the officer is refused.
    pub fn holds_officer(&self, officer: &OfficerNumber) -> bool {
        self.1.read().unwrap_or_else(PoisonError::into_inner).contains(officer)
    }

    /// Whether disclosures under it are stopped.
    pub fn holds(&self, agreement: &AgreementId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(agreement)
    }
}

/// The agreements in force as `standing` has them. One that was there before with the same digest
/// is taken over, so that only what is new is compiled.
pub(crate) fn governed(standing: &Standing, before: &AllGoverned) -> AllGoverned {
    let mut all = AllGoverned::new();
    for (version, known) in standing.agreements().filter(|(_, known)| known.status() == Status::InForce) {
        let id = version.id.clone();
        if let Some(same) = before.get(&id).filter(|same| same.digest == known.digest()) {
            all.insert(id, Arc::clone(same));
            continue;
        }
        match compile(known.agreement()) {
            Ok(pdp) => {
                let agreement = known.agreement().clone();
                all.insert(id, Arc::new(Governed { agreement, digest: known.digest(), pdp }));
            }
            // It stays out, and so everything under it is refused.
            Err(error) => tracing::error!(agreement = %id, %error, "the agreement cannot be enforced"),
        }
    }
    all
}

/// Compiles an agreement; done once before it enters into force, so that one that cannot be enforced
/// never does.
pub(crate) fn compile(agreement: &Agreement) -> Result<Pdp, String> {
    let rules = policy::compile(agreement).map_err(|error| error.to_string())?;
    Pdp::new(rules).map_err(|error| error.to_string())
}

/// What an asker is told whose agreement is not open.
pub(crate) fn why_not_open(standing: &Standing, agreement: &AgreementId) -> Refusal {
    let mut versions = standing.versions(agreement);
    if versions.any(|(_, known)| known.status() == Status::Suspended) {
        Refusal::suspended(agreement)
    } else {
        Refusal::not_in_force(agreement)
    }
}
