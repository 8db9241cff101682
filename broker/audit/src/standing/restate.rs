//! Standing as a state entry says it, and back again, verified anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use agreements::document;
use agreements::statements::{ConditionMet, Opinion, PartySignature};
use jiff::Timestamp;
use rpds::RedBlackTreeMapSync as Map;

use super::{ReplayError, Standing, day};
use crate::ceilings::Ceilings;
use crate::leaf::whole_seconds;
use crate::state::{AgreementState, NoteKind, State};

impl Standing {
    /// All of it, restated.
    pub fn to_state(&self) -> State {
        let mut sequences = BTreeMap::<_, BTreeMap<_, _>>::new();
        for ((agreement, recipient), last) in &self.sequences {
            sequences.entry(agreement.clone()).or_default().insert(recipient.clone(), *last);
        }
        State {
            policy_epoch: self.policy_epoch,
            roots: owned(&self.roots),
            directories: self
                .directories
                .iter()
                .map(|(authority, history)| {
                    (authority.clone(), history.iter().map(|known| known.note.clone()).collect())
                })
                .collect(),
            datasets: owned(&self.datasets),
            agreements: self.agreements.values().map(|known| known.record.clone()).collect(),
            officers: owned(&self.officers),
            endpoints: self.endpoints.iter().map(|(id, known)| (id.clone(), known.record.clone())).collect(),
            groups: owned(&self.groups),
            sequences,
            ceilings: self.ceilings.to_state(),
            objects: owned(&self.objects),
            keys: owned(&self.keys),
        }
    }

    /// The standing that a state entry, made at `at`, restates: replay goes on after it. Notes are verified under
    /// the directories of their time, documents read, steps taken again.
    ///
    /// # Errors
    /// [`ReplayError`] when a part of it does not hold.
    pub fn from_state(at: Timestamp, state: &State) -> Result<Self, ReplayError> {
        let last = Some(whole_seconds(at));
        let mut standing = Self { roots: shared(&state.roots), last, ..Self::default() };
        for (authority, notes) in &state.directories {
            notes.iter().try_for_each(|note| standing.take_directory(note).map(|_| ()))?;
            if !standing.directories.contains_key(authority) {
                return Err(ReplayError::unknown("directory of", authority));
            }
        }
        // Those in use share no key; older ones may, since a key that was given up is free.
        for authority in state.directories.keys() {
            if standing.directory(authority).is_some_and(|newest| standing.shares_a_key(authority, newest)) {
                return Err(ReplayError::SharedKey(authority.clone()));
            }
        }
        state.agreements.iter().try_for_each(|agreement| standing.restore_agreement(agreement))?;
        for (id, record) in &state.endpoints {
            let mut known = standing.verify_enrolment(&record.note, Some(record.directory))?;
            if known.enrolment.endpoint != *id {
                return Err(ReplayError::Mismatch { what: "the enrolment" });
            }
            known.record.active = record.active;
            standing.endpoints.insert_mut(id.clone(), Arc::new(known));
        }
        let steps = state.agreements.iter().flat_map(|agreement| &agreement.steps);
        let steps = steps.filter(|step| step.kind.begins_an_epoch()).count() as u64;
        if state.policy_epoch != steps {
            return Err(ReplayError::Epoch { found: state.policy_epoch, expected: steps });
        }
        standing.policy_epoch = state.policy_epoch;
        standing.datasets = shared(&state.datasets);
        for (officer, known) in &state.officers {
            if let Some([one, other]) = known.not_apart() {
                return Err(ReplayError::NotApart { officer: officer.clone(), one, other });
            }
        }
        standing.officers = shared(&state.officers);
        standing.groups = shared(&state.groups);
        for (agreement, by_recipient) in &state.sequences {
            for (recipient, last) in by_recipient {
                standing.sequences.insert_mut((agreement.clone(), recipient.clone()), *last);
            }
        }
        standing.ceilings = Ceilings::from_state(&state.ceilings);
        standing.objects = shared(&state.objects);
        standing.keys = shared(&state.keys);
        if standing.to_state() == *state { Ok(standing) } else { Err(ReplayError::State) }
    }

    fn restore_agreement(&mut self, state: &AgreementState) -> Result<(), ReplayError> {
        let agreement = document::read(&state.document).map_err(|_| ReplayError::State)?;
        let version = agreement.at_version();
        self.add_agreement(agreement, &state.document)?;
        for note in &state.notes {
            let directory = Some(note.directory);
            match note.kind {
                NoteKind::Opinion => self.add_note::<Opinion>(&note.note, directory)?,
                NoteKind::Signature => self.add_note::<PartySignature>(&note.note, directory)?,
                NoteKind::Condition => self.add_note::<ConditionMet>(&note.note, directory)?,
            }
        }
        let Some(known) = self.agreements.get_mut(&version).map(Arc::make_mut) else {
            return Err(ReplayError::State);
        };
        for step in &state.steps {
            step.kind.take(&mut known.lifecycle, day(step.at))?;
            known.record.steps.push(*step);
        }
        Ok(())
    }
}

fn owned<K: Ord + Clone, V: Clone>(shared: &Map<K, V>) -> BTreeMap<K, V> {
    shared.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn shared<K: Ord + Clone, V: Clone>(owned: &BTreeMap<K, V>) -> Map<K, V> {
    owned.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}
