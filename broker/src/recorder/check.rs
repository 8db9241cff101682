//! What was true when an item was made is checked again here, under the head lock.

use agreements::Function;

use super::batch::{Answered, Batch};
use super::item::{Condition, Effect, Overtaken, RecordError};
use crate::store::{WriteTx, objects};

impl Batch<'_> {
    /// Checks a condition.
    ///
    /// # Errors
    /// [`RecordError::Overtaken`] when it no longer holds.
    pub(super) async fn check(&mut self, tx: &mut WriteTx, condition: &Condition) -> Result<(), RecordError> {
        let overtaken = match condition {
            Condition::Open { agreement, digest, decided_at } => {
                let today = self.core.today();
                let known = self.standing.agreement(agreement);
                let open = self.policy_epoch == *decided_at
                    && known.is_some_and(|known| known.digest() == *digest && known.is_open(today));
                (!open || self.core.blocked.holds(&agreement.id)).then_some(Overtaken::Agreement)
            }
            Condition::Unchanged { decided_at } => {
                (self.policy_epoch != *decided_at).then_some(Overtaken::Agreement)
            }
            Condition::Vouched { authority, key } => {
                let directory = self.standing.directory(authority);
                let held = directory.is_some_and(|d| d.keys(Function::Statements).any(|held| held == key));
                (!held).then_some(Overtaken::Statement)
            }
            Condition::Enrolled { endpoint } => {
                let enrolled = self.standing.endpoint(endpoint);
                let good = enrolled.is_some_and(|enrolment| enrolment.expires > self.at);
                (!good).then_some(Overtaken::Endpoint)
            }
            Condition::NewRequest { group, request, digest } => {
                let here = self.answered.iter().find(|a| a.group == *group && a.request == *request);
                let known = here
                    .map(|answered| (answered.digest, answered.index))
                    .or_else(|| self.known.get(&(*group, *request)).map(|row| (row.digest, row.idx)));
                known.map(
                    |(same, first)| {
                        if same == *digest { Overtaken::Answered { first } } else { Overtaken::Changed }
                    },
                )
            }
            Condition::KeyWaits { object } => {
                let gone = |effect: &Effect| match effect {
                    Effect::ObjectKeySent { object: sent } | Effect::ObjectOpened { object: sent } => {
                        sent == object
                    }
                    Effect::ObjectsDestroyed { .. } => true,
                    _ => false,
                };
                let waits = !self.effects.iter().any(gone)
                    && objects::get(tx, *object)
                        .await
                        .map_err(RecordError::Store)?
                        .is_some_and(|row| row.key_sealed.is_some());
                (!waits).then_some(Overtaken::KeySent)
            }
            Condition::NewOfficer { number } => {
                if self.standing.officer(number).is_some() {
                    return Err(RecordError::Refused(format!("officer `{number}` exists")));
                }
                None
            }
            Condition::NewDataset { dataset } => {
                if self.standing.dataset(dataset).is_some() {
                    return Err(RecordError::Refused(format!("dataset `{dataset}` is published already")));
                }
                None
            }
        };
        overtaken.map_or(Ok(()), |why| Err(RecordError::Overtaken(why)))
    }

    /// Takes the request id of an item whose conditions hold. Called just before the item is drafted,
    /// so that the request id gets the index of its answer.
    pub(super) fn count(&mut self, condition: &Condition) {
        match condition {
            Condition::NewRequest { group, request, digest } => {
                let index = self.next_index();
                self.answered.push(Answered { group: *group, request: *request, digest: *digest, index });
            }
            Condition::Open { .. }
            | Condition::Unchanged { .. }
            | Condition::Vouched { .. }
            | Condition::Enrolled { .. }
            | Condition::KeyWaits { .. }
            | Condition::NewOfficer { .. }
            | Condition::NewDataset { .. } => {}
        }
    }
}
