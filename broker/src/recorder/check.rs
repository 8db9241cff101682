//! What was true when an item was made is checked again here, under the head lock.

use std::collections::BTreeMap;

use agreements::{AgreementId, AuthorityId, ClauseId, Function};
use jiff::civil::Date;

use super::batch::{Answered, Batch};
use super::head::CeilingKey;
use super::item::{Condition, Effect, Overtaken, RecordError};
use crate::store::{WriteTx, ceilings, objects, requests};

/// Ceilings as this batch leaves them.
#[derive(Default, Clone)]
pub(super) struct Checked {
    /// Rows given on that day under that clause.
    pub(super) used: BTreeMap<CeilingKey, u64>,
    /// What this batch takes: which ceiling, how many rows, the limit.
    pub(super) taken: Vec<(CeilingKey, u64, u64)>,
}

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
                let known = match here {
                    Some(answered) => Some((answered.digest, answered.index)),
                    None => {
                        let row = requests::get(tx, *group, *request).await.map_err(RecordError::Store)?;
                        row.map(|row| (row.digest, row.idx))
                    }
                };
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
            Condition::Ceilings { agreement, recipient, day, rows, limits } => {
                let mut full = None;
                for (clause, limit) in limits {
                    let key = ceiling(agreement, clause, recipient, *day);
                    let known = self.checked.used.get(&key).or_else(|| self.head.ceilings.get(&key)).copied();
                    let used = match known {
                        Some(used) => used,
                        None => ceilings::used(tx, &key).await.map_err(RecordError::Store)?,
                    };
                    self.checked.used.insert(key, used);
                    if used.saturating_add(*rows) > *limit {
                        full.get_or_insert(Overtaken::Ceiling { clause: clause.clone() });
                    }
                }
                full
            }
        };
        overtaken.map_or(Ok(()), |why| Err(RecordError::Overtaken(why)))
    }

    /// Takes the rows and the request id of an item whose conditions hold. Called just before the
    /// item is drafted, so that the request id gets the index of its answer.
    pub(super) fn count(&mut self, condition: &Condition) {
        match condition {
            Condition::Ceilings { agreement, recipient, day, rows, limits } => {
                for (clause, limit) in limits {
                    let key = ceiling(agreement, clause, recipient, *day);
                    let used = self.checked.used.entry(key.clone()).or_default();
                    *used = used.saturating_add(*rows);
                    self.checked.taken.push((key, *rows, *limit));
                }
            }
            Condition::NewRequest { group, request, digest } => {
                let index = self.next_index();
                self.answered.push(Answered { group: *group, request: *request, digest: *digest, index });
            }
            Condition::Open { .. }
            | Condition::Vouched { .. }
            | Condition::Enrolled { .. }
            | Condition::KeyWaits { .. }
            | Condition::NewOfficer { .. }
            | Condition::NewDataset { .. } => {}
        }
    }
}

fn ceiling(agreement: &AgreementId, clause: &ClauseId, recipient: &AuthorityId, day: Date) -> CeilingKey {
    CeilingKey { agreement: agreement.clone(), clause: clause.clone(), recipient: recipient.clone(), day }
}
