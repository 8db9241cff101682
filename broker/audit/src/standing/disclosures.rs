//! What went out: that a clause in force gave it, that nothing in a sequence is missing, that a key
//! followed a receipt.

use agreements::note::Statement as _;
use agreements::statements::{Receipt, ReceiptStage};
use agreements::{
    Agreement, AgreementId, AuthorityId, Clause, DisclosureId, Note, NoteKey, ObjectId, PurposeId,
};
use jiff::Timestamp;

use super::{ReplayError, Standing, day};
use crate::event::{Disclosure, Form};
use crate::state::ObjectState;

/// What a delivered key is about.
pub(super) struct Delivery<'a> {
    pub(super) recipient: &'a AuthorityId,
    pub(super) agreement: &'a AgreementId,
    pub(super) disclosure: &'a DisclosureId,
    pub(super) object: &'a ObjectId,
}

impl Standing {
    pub(super) fn disclose(&mut self, at: Timestamp, disclosure: &Disclosure) -> Result<(), ReplayError> {
        let lifecycle = &self.known(&disclosure.agreement)?.lifecycle;
        if lifecycle.digest() != disclosure.digest {
            return Err(ReplayError::Text(disclosure.agreement.clone()));
        }
        if !lifecycle.is_open(day(at)) {
            let status = lifecycle.status_on(day(at)).to_string();
            return Err(ReplayError::NotInForce { agreement: disclosure.agreement.clone(), status });
        }
        if disclosure.policy_epoch != self.policy_epoch {
            let (found, expected) = (disclosure.policy_epoch, self.policy_epoch);
            return Err(ReplayError::Epoch { found, expected });
        }
        given(disclosure, lifecycle.agreement())?;
        self.within_ceilings(at, disclosure, lifecycle.agreement())?;
        let lodged = match &disclosure.form {
            Form::Inline {} => None,
            Form::Object { object, .. } if self.objects.contains_key(object) => {
                return Err(ReplayError::exists("object", object));
            }
            Form::Object { object, ciphertext, .. } => Some((
                *object,
                ObjectState {
                    disclosure: disclosure.disclosure,
                    recipient: disclosure.recipient.clone(),
                    agreement: disclosure.agreement.clone(),
                    ciphertext: *ciphertext,
                },
            )),
        };
        self.count(&disclosure.agreement.id, &disclosure.recipient, disclosure.sequence)?;
        if let Some((object, state)) = lodged {
            self.objects.insert_mut(object, state);
        }
        for clause in &disclosure.clauses {
            let (id, recipient) = (&disclosure.agreement.id, &disclosure.recipient);
            self.ceilings.count(day(at), id, recipient, clause, disclosure.counted);
        }
        Ok(())
    }

    /// Refuses what a clause has no room for on that day.
    fn within_ceilings(
        &self,
        at: Timestamp,
        disclosure: &Disclosure,
        agreement: &Agreement,
    ) -> Result<(), ReplayError> {
        if !(disclosure.records..=disclosure.records.max(1)).contains(&disclosure.counted) {
            return Err(ReplayError::Mismatch { what: "the number of records counted" });
        }
        for id in &disclosure.clauses {
            let limit = agreement.clause(id).map_or(0, |clause| clause.ceiling.rows_per_day);
            let given = self.ceilings.given(day(at), &agreement.id, &disclosure.recipient, id);
            if given.saturating_add(disclosure.counted) > limit {
                return Err(ReplayError::Ceiling { clause: id.clone(), given, limit });
            }
        }
        Ok(())
    }

    /// Takes the next number of a recipient's sequence.
    pub(super) fn count(
        &mut self,
        agreement: &AgreementId,
        recipient: &AuthorityId,
        found: u64,
    ) -> Result<(), ReplayError> {
        let receives = self
            .versions(agreement)
            .any(|(_, known)| known.agreement().recipients().any(|party| party.authority == *recipient));
        if !receives {
            return Err(ReplayError::unknown("recipient", recipient));
        }
        let expected = self.sequence(agreement, recipient) + 1;
        if found != expected {
            return Err(ReplayError::Sequence { recipient: recipient.clone(), found, expected });
        }
        self.sequences.insert_mut((agreement.clone(), recipient.clone()), found);
        Ok(())
    }

    pub(super) fn deliver_key(
        &mut self,
        at: Timestamp,
        delivery: &Delivery<'_>,
        sequence: u64,
        receipt: &str,
    ) -> Result<(), ReplayError> {
        let lodged = self
            .objects
            .get(delivery.object)
            .ok_or_else(|| ReplayError::unknown("object without a key", delivery.object))?;
        let same = lodged.disclosure == *delivery.disclosure
            && lodged.recipient == *delivery.recipient
            && lodged.agreement.id == *delivery.agreement;
        if !same {
            return Err(ReplayError::Mismatch { what: "the object" });
        }
        let lifecycle = &self.known(&lodged.agreement)?.lifecycle;
        if !lifecycle.is_open(day(at)) {
            let status = lifecycle.status_on(day(at)).to_string();
            return Err(ReplayError::NotInForce { agreement: lodged.agreement.clone(), status });
        }
        let receipt = self.receipt(receipt, true)?;
        let held = receipt.stage == ReceiptStage::Held
            && receipt.authority == lodged.recipient
            && receipt.agreement == lodged.agreement.id
            && receipt.digest == lifecycle.digest()
            && receipt.disclosure == lodged.disclosure
            && receipt.object == Some(*delivery.object)
            && receipt.received == lodged.ciphertext;
        if !held {
            return Err(ReplayError::Mismatch { what: "the receipt" });
        }
        self.count(delivery.agreement, delivery.recipient, sequence)?;
        self.objects.remove_mut(delivery.object);
        Ok(())
    }

    pub(super) fn receipt_opened(
        &self,
        recipient: &AuthorityId,
        agreement: &AgreementId,
        receipt: &str,
    ) -> Result<(), ReplayError> {
        // An endpoint may have been removed after it signed: its receipt still counts.
        let receipt = self.receipt(receipt, false)?;
        let opened = receipt.stage == ReceiptStage::Opened
            && receipt.authority == *recipient
            && receipt.agreement == *agreement;
        if opened { Ok(()) } else { Err(ReplayError::Mismatch { what: "the receipt" }) }
    }

    /// Reads a receipt and verifies it under the key of its endpoint.
    fn receipt(&self, note: &str, must_be_active: bool) -> Result<Receipt, ReplayError> {
        let note = Note::parse(note)?;
        let claimed = Receipt::from_note(&note)?;
        let endpoint = self
            .endpoints
            .get(&claimed.endpoint)
            .filter(|known| known.record.active || !must_be_active)
            .filter(|known| known.enrolment.authority == claimed.authority)
            .ok_or_else(|| ReplayError::unknown("endpoint", &claimed.endpoint))?;
        let key = NoteKey::new(claimed.endpoint.as_str(), *endpoint.enrolment.leaf_key.as_bytes())?;
        Ok(Receipt::verified(&note, &key)?)
    }
}

/// Checks that every clause named gives this disclosure, and that together they name its elements.
fn given(disclosure: &Disclosure, agreement: &Agreement) -> Result<(), ReplayError> {
    if disclosure.clauses.is_empty() {
        return Err(ReplayError::NoClause);
    }
    let purposes = agreement.purpose_and_broader(&disclosure.purpose);
    let mut clauses = Vec::new();
    for id in &disclosure.clauses {
        let clause = agreement.clause(id).ok_or_else(|| ReplayError::unknown("clause", id))?;
        covers(disclosure, clause, &purposes)
            .map_err(|what| ReplayError::Clause { clause: id.clone(), what })?;
        clauses.push(clause);
    }
    for (element, form) in &disclosure.elements {
        let mut named =
            clauses.iter().filter_map(|clause| Some((*clause, clause.elements.get(element)?))).peekable();
        let Some((first, _)) = named.peek() else {
            return Err(ReplayError::unknown("element of its clauses", element));
        };
        let first = first.id.clone();
        // In the form of the clause, or in one that lets out less.
        if let Some((clause, _)) = named.find(|(_, given)| given.strictest(*form) != *form) {
            let what = "an element went out in another form";
            return Err(ReplayError::Clause { clause: clause.id.clone(), what });
        }
        if *form == agreements::Transformation::Withhold {
            return Err(ReplayError::Clause { clause: first, what: "an element that is withheld went out" });
        }
    }
    Ok(())
}

fn covers(disclosure: &Disclosure, clause: &Clause, purposes: &[PurposeId]) -> Result<(), &'static str> {
    let checks = [
        (clause.recipients.contains(&disclosure.recipient), "the recipient"),
        (clause.roles.contains(&disclosure.role), "the role"),
        (clause.dataset == disclosure.dataset, "the dataset"),
        (clause.actions.contains(&disclosure.action), "the action"),
        (clause.purposes.iter().any(|purpose| purposes.contains(purpose)), "the purpose"),
        (disclosure.retention_days <= clause.retention_days, "the retention"),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what))
}
