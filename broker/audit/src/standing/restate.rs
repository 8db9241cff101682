//! Standing as a state entry says it, and back again, verified anew.

use std::sync::Arc;

use agreements::document;
use agreements::statements::{ConditionMet, Opinion, PartySignature};

use super::approvals::Turn;
use super::{ReplayError, Standing, day};
use crate::state::{AgreementState, NoteKind, State, StepKind};

impl Standing {
    /// All of it, restated.
    pub fn to_state(&self) -> State {
        State {
            policy_epoch: self.policy_epoch,
            roots: self.roots.clone(),
            directories: self
                .directories
                .iter()
                .map(|(authority, history)| {
                    (authority.clone(), history.iter().map(|known| known.note.clone()).collect())
                })
                .collect(),
            datasets: self.datasets.clone(),
            agreements: self.agreements.values().map(|known| known.record.clone()).collect(),
            officers: self.officers.clone(),
            endpoints: self.endpoints.iter().map(|(id, known)| (id.clone(), known.record.clone())).collect(),
            groups: self.groups.clone(),
            sequences: self.sequences.clone(),
            objects: self.objects.clone(),
            keys: (*self.keys).clone(),
        }
    }

    /// The standing that a state entry restates: replay goes on after it. Notes are verified under
    /// the directories of their time, documents read, steps taken again.
    ///
    /// # Errors
    /// [`ReplayError`] when a part of it does not hold.
    pub fn from_state(state: &State) -> Result<Self, ReplayError> {
        let mut standing = Self { roots: state.roots.clone(), ..Self::default() };
        for (authority, notes) in &state.directories {
            notes.iter().try_for_each(|note| standing.change_directory(note))?;
            if !standing.directories.contains_key(authority) {
                return Err(ReplayError::unknown("directory of", authority));
            }
        }
        state.agreements.iter().try_for_each(|agreement| standing.restore_agreement(agreement))?;
        for (id, record) in &state.endpoints {
            let mut known = standing.verify_enrolment(&record.note, Some(record.directory))?;
            if known.enrolment.endpoint != *id {
                return Err(ReplayError::Mismatch { what: "the enrolment" });
            }
            known.record.active = record.active;
            standing.endpoints.insert(id.clone(), Arc::new(known));
        }
        // Each step of an agreement begins a policy epoch, and nothing else does.
        let steps = state.agreements.iter().map(|agreement| agreement.steps.len() as u64).sum::<u64>();
        if state.policy_epoch != steps {
            return Err(ReplayError::Epoch { found: state.policy_epoch, expected: steps });
        }
        standing.policy_epoch = state.policy_epoch;
        standing.datasets = state.datasets.clone();
        standing.officers = state.officers.clone();
        standing.groups = state.groups.clone();
        standing.sequences = state.sequences.clone();
        standing.objects = state.objects.clone();
        standing.keys = Arc::new(state.keys.clone());
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
            match step.kind {
                StepKind::InForce => known.lifecycle.enter_into_force(day(step.at))?,
                StepKind::Suspended => drop(Turn::Suspend.take(&mut known.lifecycle)?),
                StepKind::Resumed => drop(Turn::Resume.take(&mut known.lifecycle)?),
                StepKind::Terminated => drop(Turn::Terminate.take(&mut known.lifecycle)?),
            }
            known.record.steps.push(*step);
        }
        Ok(())
    }
}
