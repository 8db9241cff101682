//! Ceilings: how many records each recipient has had today under each clause.
//!
//! Counted from the disclosures themselves, so nobody gives a recipient more by changing a row, and
//! a verifier finds the entry that went above.

use agreements::{AgreementId, AuthorityId, ClauseId};
use jiff::civil::Date;
use rpds::RedBlackTreeMapSync as Map;

use crate::state::CeilingsState;

/// Records given on the newest day that saw a disclosure, in UTC. Cheap to clone.
///
/// A clock that goes back does not begin a day anew: what was given on a later day still counts.
#[derive(Clone, Default)]
pub struct Ceilings {
    day: Option<Date>,
    given: Map<(AgreementId, AuthorityId, ClauseId), u64>,
}

impl Ceilings {
    /// Records that were given on `day` or later.
    pub fn given(&self, day: Date, agreement: &AgreementId, recipient: &AuthorityId, clause: &ClauseId) -> u64 {
        if self.day.is_none_or(|counted| counted < day) {
            return 0;
        }
        self.given.get(&(agreement.clone(), recipient.clone(), clause.clone())).copied().unwrap_or(0)
    }

    /// Counts records given under a clause.
    pub(crate) fn count(
        &mut self,
        day: Date,
        agreement: &AgreementId,
        recipient: &AuthorityId,
        clause: &ClauseId,
        records: u64,
    ) {
        let before = self.given(day, agreement, recipient, clause);
        if self.day.is_none_or(|counted| counted < day) {
            *self = Self { day: Some(day), given: Map::default() };
        }
        let key = (agreement.clone(), recipient.clone(), clause.clone());
        self.given.insert_mut(key, before.saturating_add(records));
    }

    pub(crate) fn to_state(&self) -> CeilingsState {
        let mut state = CeilingsState { day: self.day, ..CeilingsState::default() };
        for ((agreement, recipient, clause), records) in &self.given {
            let of_agreement = state.given.entry(agreement.clone()).or_default();
            of_agreement.entry(recipient.clone()).or_default().insert(clause.clone(), *records);
        }
        state
    }

    pub(crate) fn from_state(state: &CeilingsState) -> Self {
        let mut given = Map::default();
        for (agreement, by_recipient) in &state.given {
            for (recipient, by_clause) in by_recipient {
                for (clause, records) in by_clause {
                    given.insert_mut((agreement.clone(), recipient.clone(), clause.clone()), *records);
                }
            }
        }
        Self { day: state.day, given }
    }
}
