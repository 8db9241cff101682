//! How agreements come into force and out of it: roots, directories, datasets, documents, notes.

use std::sync::Arc;

use agreements::directory::Directory;
use agreements::lifecycle::{Lifecycle, LifecycleError, Status};
use agreements::note::Statement;
use agreements::statements::{ConditionMet, Opinion, PartySignature};
use agreements::{
    Agreement, AgreementVersion, AuthorityId, DatasetId, Digest, Function, Note, NoteKey, ObjectId,
    OfficerNumber, digest_of, document,
};
use jiff::Timestamp;

use super::{KnownAgreement, KnownDirectory, ReplayError, Standing, day};
use crate::state::{AgreementState, NoteKind, NoteState, Step, StepKind};

/// A note about an agreement: read first to know who claims to speak, believed once verified.
pub(super) trait AboutAgreement: Statement {
    const NOTE: NoteKind;
    const BY: Function;
    fn agreement(&self) -> &AgreementVersion;
    fn authority(&self) -> &AuthorityId;
    fn add(self, lifecycle: &mut Lifecycle) -> Result<(), LifecycleError>;
}

impl AboutAgreement for Opinion {
    const NOTE: NoteKind = NoteKind::Opinion;
    const BY: Function = Function::Dpo;
    fn agreement(&self) -> &AgreementVersion {
        &self.agreement
    }
    fn authority(&self) -> &AuthorityId {
        &self.authority
    }
    fn add(self, lifecycle: &mut Lifecycle) -> Result<(), LifecycleError> {
        lifecycle.add_opinion(self)
    }
}

impl AboutAgreement for PartySignature {
    const NOTE: NoteKind = NoteKind::Signature;
    const BY: Function = Function::Signatory;
    fn agreement(&self) -> &AgreementVersion {
        &self.agreement
    }
    fn authority(&self) -> &AuthorityId {
        &self.authority
    }
    fn add(self, lifecycle: &mut Lifecycle) -> Result<(), LifecycleError> {
        lifecycle.add_signature(self)
    }
}

impl AboutAgreement for ConditionMet {
    const NOTE: NoteKind = NoteKind::Condition;
    const BY: Function = Function::Signatory;
    fn agreement(&self) -> &AgreementVersion {
        &self.agreement
    }
    fn authority(&self) -> &AuthorityId {
        &self.authority
    }
    fn add(self, lifecycle: &mut Lifecycle) -> Result<(), LifecycleError> {
        lifecycle.add_condition(self)
    }
}

impl Standing {
    pub(super) fn trust_root(
        &mut self,
        authority: &AuthorityId,
        key: &NoteKey,
        by: &OfficerNumber,
    ) -> Result<(), ReplayError> {
        self.acts(by)?;
        if self.roots.contains_key(authority) {
            return Err(ReplayError::exists("root key of", authority));
        }
        if self.roots.values().any(|other| other.public() == key.public()) {
            return Err(ReplayError::SharedKey(authority.clone()));
        }
        self.roots.insert_mut(authority.clone(), key.clone());
        Ok(())
    }

    pub(super) fn change_directory(&mut self, note: &str) -> Result<(), ReplayError> {
        let changed = self.take_directory(note)?;
        let newest = self.directory(&changed).ok_or_else(|| ReplayError::unknown("directory of", &changed))?;
        if self.shares_a_key(&changed, newest) {
            self.drop_newest_directory(&changed);
            return Err(ReplayError::SharedKey(changed));
        }
        Ok(())
    }

    /// Whether a directory has a key that another authority's directory in use has.
    pub(super) fn shares_a_key(&self, of: &AuthorityId, directory: &Directory) -> bool {
        let mut others = self.directories.keys().filter(|other| *other != of);
        others.any(|other| self.directory(other).is_some_and(|d| d.shares_key_with(directory).is_some()))
    }

    fn drop_newest_directory(&mut self, of: &AuthorityId) {
        let history = self.directories.get(of).map(|history| history.to_vec()).unwrap_or_default();
        match history.split_last() {
            Some((_, rest)) if !rest.is_empty() => self.directories.insert_mut(of.clone(), rest.into()),
            _ => _ = self.directories.remove_mut(of),
        }
    }

    /// Takes a directory, verified under the root key and after the one before it; whether it shares a
    /// key with another's is the caller's to check.
    pub(super) fn take_directory(&mut self, note: &str) -> Result<AuthorityId, ReplayError> {
        let read = Note::parse(note)?;
        let claimed = Directory::from_note(&read)?.authority;
        let root = self.roots.get(&claimed).ok_or_else(|| ReplayError::unknown("root key of", &claimed))?;
        let directory = <Directory as Statement>::verified(&read, root)?;
        directory.follows(self.directory(&claimed))?;
        let known = KnownDirectory { directory, note: note.to_owned() };
        let mut history: Vec<_> =
            self.directories.get(&claimed).into_iter().flat_map(|h| h.iter().cloned()).collect();
        history.push(Arc::new(known));
        self.directories.insert_mut(claimed.clone(), history.into());
        Ok(claimed)
    }

    pub(super) fn publish(
        &mut self,
        dataset: &DatasetId,
        digest: Digest,
        by: &OfficerNumber,
    ) -> Result<(), ReplayError> {
        self.acts(by)?;
        for (version, lifecycle) in self.agreements() {
            let held = matches!(lifecycle.status(), Status::InForce | Status::Suspended);
            if let Some(described) = lifecycle.agreement().dataset(dataset).filter(|_| held)
                && digest_of(described)? != digest
            {
                let (dataset, agreement) = (dataset.clone(), version.clone());
                return Err(ReplayError::Dataset { dataset, agreement });
            }
        }
        self.datasets.insert_mut(dataset.clone(), digest);
        Ok(())
    }

    pub(super) fn deposit(&self, dataset: &DatasetId, by: &OfficerNumber) -> Result<(), ReplayError> {
        self.acts(by)?;
        self.datasets.get(dataset).map(|_| ()).ok_or_else(|| ReplayError::unknown("dataset", dataset))
    }

    pub(super) fn propose(
        &mut self,
        agreement: &AgreementVersion,
        digest: Digest,
        text: &str,
        by: &OfficerNumber,
    ) -> Result<(), ReplayError> {
        self.acts(by)?;
        let read = document::read(text).map_err(|violations| ReplayError::Document {
            agreement: agreement.clone(),
            violations: violations.to_string(),
        })?;
        if read.at_version() != *agreement || read.digest()? != digest {
            return Err(ReplayError::Text(agreement.clone()));
        }
        self.add_agreement(read, text)
    }

    /// Adds an agreement that was read, the root keys of its parties being the accepted ones.
    pub(super) fn add_agreement(&mut self, agreement: Agreement, text: &str) -> Result<(), ReplayError> {
        let version = agreement.at_version();
        if self.agreements.contains_key(&version) {
            return Err(ReplayError::exists("agreement", version));
        }
        for party in &agreement.parties {
            if self.roots.get(&party.authority) != Some(&party.root_key) {
                return Err(ReplayError::Root(party.authority.clone()));
            }
        }
        let record = AgreementState { document: text.to_owned(), notes: Vec::new(), steps: Vec::new() };
        let known = KnownAgreement { lifecycle: Lifecycle::new(agreement)?, record };
        self.agreements.insert_mut(version, Arc::new(known));
        Ok(())
    }

    pub(super) fn opinion(&mut self, note: &str) -> Result<(), ReplayError> {
        self.add_note::<Opinion>(note, None)
    }

    pub(super) fn signature(&mut self, note: &str) -> Result<(), ReplayError> {
        self.add_note::<PartySignature>(note, None)
    }

    pub(super) fn condition(&mut self, note: &str) -> Result<(), ReplayError> {
        self.add_note::<ConditionMet>(note, None)
    }

    /// Adds a note, verified under version `directory` of its authority's directory or, where none
    /// is named, the one in use.
    pub(super) fn add_note<S: AboutAgreement>(
        &mut self,
        note: &str,
        directory: Option<u32>,
    ) -> Result<(), ReplayError> {
        let read = Note::parse(note)?;
        let claimed = S::from_note(&read)?;
        let directory = self.directory_at(claimed.authority(), directory)?;
        let (statement, _) = directory.verified::<S>(&read, S::BY)?;
        let version = directory.version;
        self.change(claimed.agreement(), |known| {
            statement.add(&mut known.lifecycle)?;
            known.record.notes.push(NoteState { kind: S::NOTE, note: note.to_owned(), directory: version });
            Ok(())
        })
    }

    /// Version `version` of an authority's directory or, where none is named, the one in use.
    pub(super) fn directory_at(
        &self,
        authority: &AuthorityId,
        version: Option<u32>,
    ) -> Result<&Directory, ReplayError> {
        let history = self.directories.get(authority).into_iter().flat_map(|history| history.iter());
        history
            .rev()
            .map(|known| &known.directory)
            .find(|directory| version.is_none_or(|version| directory.version == version))
            .ok_or_else(|| ReplayError::unknown("directory of", authority))
    }

    pub(super) fn enter_into_force(
        &mut self,
        at: Timestamp,
        agreement: &AgreementVersion,
        digest: Digest,
        by: &OfficerNumber,
        policy_epoch: u64,
    ) -> Result<(), ReplayError> {
        self.acts(by)?;
        let known = self.known(agreement)?;
        if known.lifecycle.digest() != digest {
            return Err(ReplayError::Text(agreement.clone()));
        }
        for described in &known.lifecycle.agreement().datasets {
            if self.datasets.get(&described.id) != Some(&digest_of(described)?) {
                let (dataset, agreement) = (described.id.clone(), agreement.clone());
                return Err(ReplayError::Dataset { dataset, agreement });
            }
        }
        // The version in force goes on until a later one is complete; one that is halted is resumed or
        // ended first.
        let other = self.versions(&agreement.id).find(|(version, other)| {
            *version != agreement && matches!(other.status(), Status::InForce | Status::Suspended)
        });
        let superseded = match other {
            Some((version, other))
                if version.version < agreement.version && other.status() == Status::InForce =>
            {
                Some(version.clone())
            }
            Some((version, _)) => return Err(ReplayError::OtherVersion(version.clone())),
            None => None,
        };
        self.next_policy_epoch(policy_epoch)?;
        self.take_step(agreement, StepKind::InForce, at)?;
        self.policy_epoch = policy_epoch;
        if let Some(version) = superseded {
            self.take_step(&version, StepKind::Superseded, at)?;
            self.drop_objects(&version);
        }
        Ok(())
    }

    /// A step that an officer takes or, for `None`, the date.
    pub(super) fn step(
        &mut self,
        at: Timestamp,
        kind: StepKind,
        agreement: &AgreementVersion,
        by: Option<&OfficerNumber>,
        policy_epoch: u64,
    ) -> Result<(), ReplayError> {
        by.map_or(Ok(()), |by| self.acts(by))?;
        self.next_policy_epoch(policy_epoch)?;
        self.take_step(agreement, kind, at)?;
        self.policy_epoch = policy_epoch;
        match kind {
            StepKind::Superseded | StepKind::Terminated | StepKind::Expired => self.drop_objects(agreement),
            StepKind::InForce | StepKind::Suspended | StepKind::Resumed => {}
        }
        Ok(())
    }

    fn take_step(
        &mut self,
        agreement: &AgreementVersion,
        kind: StepKind,
        at: Timestamp,
    ) -> Result<(), ReplayError> {
        self.change(agreement, |known| {
            kind.take(&mut known.lifecycle, day(at))?;
            known.record.steps.push(Step { kind, at });
            Ok(())
        })
    }

    /// What waits under an agreement that has ended is destroyed.
    fn drop_objects(&mut self, agreement: &AgreementVersion) {
        let ended = self.objects.iter().filter(|(_, object)| object.agreement == *agreement);
        let ended: Vec<ObjectId> = ended.map(|(object, _)| *object).collect();
        for object in ended {
            self.objects.remove_mut(&object);
        }
    }

    /// Changes an agreement; a change that is refused leaves it as it was.
    fn change(
        &mut self,
        agreement: &AgreementVersion,
        change: impl FnOnce(&mut KnownAgreement) -> Result<(), ReplayError>,
    ) -> Result<(), ReplayError> {
        let mut known = self.known(agreement)?.clone();
        change(&mut known)?;
        self.agreements.insert_mut(agreement.clone(), Arc::new(known));
        Ok(())
    }

    const fn next_policy_epoch(&self, found: u64) -> Result<(), ReplayError> {
        let expected = self.policy_epoch + 1;
        if found == expected { Ok(()) } else { Err(ReplayError::Epoch { found, expected }) }
    }
}
