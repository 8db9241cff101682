//! Who takes part: officers of the provider, endpoints, exchange groups, keys of the vault.

use std::collections::BTreeMap;
use std::sync::Arc;

use agreements::enrolment::check_enrolment;
use agreements::note::Statement as _;
use agreements::statements::Enrolment;
use agreements::{AgreementVersion, AuthorityId, EndpointId, Function, GroupId, Note, OfficerNumber};
use jiff::Timestamp;

use super::{KnownEndpoint, ReplayError, Standing, day};
use crate::event::GroupChange;
use crate::state::{EndpointState, GroupState, OfficerState};

/// What an entry says of a group that changed.
pub(super) struct Changed<'a> {
    pub(super) agreement: &'a AgreementVersion,
    pub(super) recipient: &'a AuthorityId,
    pub(super) epoch: u64,
    pub(super) endpoints: &'a [EndpointId],
}

impl Changed<'_> {
    /// Whether it is the same group after the change: for the same recipient, and under the same
    /// version of its agreement or, where that is the change, under a later one.
    fn continues(&self, old: &GroupState, change: GroupChange) -> bool {
        let agreement = match change {
            GroupChange::Agreed => {
                old.agreement.id == self.agreement.id && old.agreement.version < self.agreement.version
            }
            GroupChange::Created | GroupChange::Added | GroupChange::Removed | GroupChange::Refreshed => {
                old.agreement == *self.agreement
            }
        };
        agreement && old.recipient == *self.recipient
    }
}

impl Standing {
    /// The first officer of all is named by itself; every other by one who may act.
    pub(super) fn change_officer(
        &mut self,
        officer: &OfficerNumber,
        next: OfficerState,
        by: &OfficerNumber,
    ) -> Result<(), ReplayError> {
        let is_first = self.officers.is_empty() && officer == by && next.active;
        if !is_first {
            self.acts(by)?;
        }
        if let Some([one, other]) = next.not_apart() {
            return Err(ReplayError::NotApart { officer: officer.clone(), one, other });
        }
        self.officers.insert_mut(officer.clone(), next);
        Ok(())
    }

    pub(super) fn enrol(&mut self, at: Timestamp, note: &str) -> Result<(), ReplayError> {
        let known = self.verify_enrolment(note, None)?;
        check_enrolment(&known.enrolment, at)?;
        let endpoint = &known.enrolment.endpoint;
        match self.endpoints.get(endpoint) {
            Some(other) if other.enrolment.authority != known.enrolment.authority => {
                return Err(ReplayError::exists("endpoint", endpoint));
            }
            Some(older) if older.enrolment.at > known.enrolment.at => {
                return Err(ReplayError::exists("newer enrolment of endpoint", endpoint));
            }
            // Withdrawn, it comes back by a new act of its authority only.
            Some(older) if !older.record.active && older.enrolment.at >= known.enrolment.at => {
                return Err(ReplayError::exists("withdrawal of endpoint", endpoint));
            }
            Some(_) | None => {}
        }
        self.endpoints.insert_mut(endpoint.clone(), Arc::new(known));
        Ok(())
    }

    /// Verifies an enrolment under version `directory` of its authority's directory or, where none
    /// is named, the one in use.
    pub(super) fn verify_enrolment(
        &self,
        note: &str,
        directory: Option<u32>,
    ) -> Result<KnownEndpoint, ReplayError> {
        let read = Note::parse(note)?;
        let claimed = Enrolment::from_note(&read)?;
        let directory = self.directory_at(&claimed.authority, directory)?;
        let (enrolment, _) = directory.verified::<Enrolment>(&read, Function::Enrolment)?;
        let record = EndpointState { note: note.to_owned(), directory: directory.version, active: true };
        Ok(KnownEndpoint { enrolment, record })
    }

    pub(super) fn remove_endpoint(
        &mut self,
        authority: &AuthorityId,
        endpoint: &EndpointId,
    ) -> Result<(), ReplayError> {
        match self.endpoints.get_mut(endpoint) {
            Some(known) if known.record.active && known.enrolment.authority == *authority => {
                Arc::make_mut(known).record.active = false;
                Ok(())
            }
            _ => Err(ReplayError::unknown("active endpoint", endpoint)),
        }
    }

    pub(super) fn change_group(
        &mut self,
        at: Timestamp,
        group: GroupId,
        next: &Changed<'_>,
        change: GroupChange,
    ) -> Result<(), ReplayError> {
        let lifecycle = &self.known(next.agreement)?.lifecycle;
        if !lifecycle.agreement().recipients().any(|party| party.authority == *next.recipient) {
            return Err(ReplayError::unknown("recipient", next.recipient));
        }
        let must_be_open = matches!(change, GroupChange::Created | GroupChange::Agreed);
        if must_be_open && !lifecycle.is_open(day(at)) {
            let (agreement, status) = (next.agreement.clone(), lifecycle.status_on(day(at)).to_string());
            return Err(ReplayError::NotInForce { agreement, status });
        }
        let mut endpoints = match (self.groups.get(&group), change) {
            (None, GroupChange::Created) => BTreeMap::new(),
            (None, _) => return Err(ReplayError::unknown("group", group)),
            (Some(_), GroupChange::Created) => return Err(ReplayError::exists("group", group)),
            (Some(old), _) if next.epoch <= old.epoch => {
                return Err(ReplayError::GroupEpoch { found: next.epoch, previous: old.epoch });
            }
            (Some(old), _) if !next.continues(old, change) => {
                return Err(ReplayError::Mismatch { what: "the group" });
            }
            (Some(old), _) => old.endpoints.clone(),
        };
        for endpoint in next.endpoints {
            match change {
                GroupChange::Created | GroupChange::Added => {
                    self.may_join(at, endpoint, next.recipient)?;
                    endpoints.insert(endpoint.clone(), at);
                }
                GroupChange::Removed if endpoints.remove(endpoint).is_some() => {}
                GroupChange::Removed => return Err(ReplayError::unknown("member", endpoint)),
                GroupChange::Refreshed | GroupChange::Agreed => {
                    return Err(ReplayError::Mismatch { what: "an endpoint of a change without any" });
                }
            }
        }
        let (agreement, recipient) = (next.agreement.clone(), next.recipient.clone());
        self.groups.insert_mut(group, GroupState { agreement, recipient, epoch: next.epoch, endpoints });
        Ok(())
    }

    fn may_join(
        &self,
        at: Timestamp,
        endpoint: &EndpointId,
        recipient: &AuthorityId,
    ) -> Result<(), ReplayError> {
        match self.endpoint(endpoint) {
            Some(enrolment) if enrolment.authority == *recipient => Ok(check_enrolment(enrolment, at)?),
            _ => Err(ReplayError::unknown("active endpoint", endpoint)),
        }
    }

    pub(super) fn make_key(&mut self, key: &str, kind: &str) -> Result<(), ReplayError> {
        if self.keys.contains_key(key) {
            return Err(ReplayError::exists("key", key));
        }
        self.keys.insert_mut(key.to_owned(), kind.to_owned());
        Ok(())
    }

    pub(super) fn destroy_key(&mut self, key: &str, kind: &str) -> Result<(), ReplayError> {
        if self.keys.get(key).map(String::as_str) != Some(kind) {
            return Err(ReplayError::unknown("key", key));
        }
        self.keys.remove_mut(key);
        Ok(())
    }
}
