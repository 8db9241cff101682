//! Whose enrolment counts: that of an endpoint on record, by the enrolment function of its authority.

use std::sync::Arc;

use agreements::statements::Enrolment;
use agreements::{Function, Note, Statement};
use audit::Standing;
use exchange::{EnrolmentCheck, EnrolmentRefused};
use jiff::Timestamp;

/// Checks enrolments against what is on record.
pub(crate) struct Trust(Arc<Standing>);

impl Trust {
    pub(crate) const fn new(standing: Arc<Standing>) -> Self {
        Self(standing)
    }
}

impl EnrolmentCheck for Trust {
    fn check(&self, note: &Note, _now: Timestamp) -> Result<Enrolment, EnrolmentRefused> {
        let claimed = Enrolment::from_note(note)?;
        let directory = self.0.directory(&claimed.authority);
        let directory =
            directory.ok_or_else(|| EnrolmentRefused::UnknownAuthority(claimed.authority.clone()))?;
        let (enrolment, _) = directory.verified::<Enrolment>(note, Function::Enrolment)?;
        // The note must be the one on record, so that a withdrawn endpoint cannot come back by an
        // older one.
        match self.0.endpoint(&enrolment.endpoint) {
            Some(known) if *known == enrolment => Ok(enrolment),
            _ => Err(EnrolmentRefused::Withdrawn(enrolment.endpoint)),
        }
    }
}
