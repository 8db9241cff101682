//! Attempts to sign in, limited for each officer number: guessing stays slow.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use agreements::OfficerNumber;
use jiff::{SignedDuration, Timestamp};

/// Failed attempts within [`WINDOW`] after which an officer number must wait.
const MOST: u32 = 10;
/// Time for which failed attempts count.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// Officer numbers that are kept in mind; the oldest are forgotten.
const KEPT: usize = 10_000;

/// Recent attempts.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<OfficerNumber, (u32, Timestamp)>>);

impl Attempts {
    /// Counts an attempt, and says whether it may be made.
    pub fn may(&self, officer: &OfficerNumber, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT {
            all.retain(|_, (_, since)| now.duration_since(*since) < WINDOW);
            if all.len() >= KEPT && !all.contains_key(officer) {
                return false;
            }
        }
        let (count, since) = all.entry(officer.clone()).or_insert((0, now));
        if now.duration_since(*since) >= WINDOW {
            (*count, *since) = (0, now);
        }
        *count = count.saturating_add(1);
        *count <= MOST
    }

    /// Forgets the attempts of an officer who has signed in.
    pub fn succeeded(&self, officer: &OfficerNumber) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(officer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_stopped_for_a_minute_and_for_that_number_alone() {
        let (attempts, now) = (Attempts::default(), "2026-05-01T10:00:00Z".parse::<Timestamp>().unwrap());
        let (one, other) = (OfficerNumber::parse("NL-1").unwrap(), OfficerNumber::parse("NL-2").unwrap());
        assert!((0..MOST).all(|_| attempts.may(&one, now)));
        assert!(!attempts.may(&one, now));
        assert!(attempts.may(&other, now));
        assert!(attempts.may(&one, now + WINDOW));
    }

    #[test]
    fn an_officer_who_signed_in_begins_anew() {
        let (attempts, now) = (Attempts::default(), "2026-05-01T10:00:00Z".parse::<Timestamp>().unwrap());
        let one = OfficerNumber::parse("NL-1").unwrap();
        assert!((0..MOST).all(|_| attempts.may(&one, now)));
        attempts.succeeded(&one);
        assert!(attempts.may(&one, now));
    }
}
