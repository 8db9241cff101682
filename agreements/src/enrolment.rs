//! How long an endpoint's enrolment holds.

use jiff::{SignedDuration, Timestamp};

use crate::ids::EndpointId;
use crate::statements::Enrolment;

/// Longest life of an enrolment, in days.
pub const MAX_ENROLMENT_DAYS: i64 = 90;
/// How far the clocks of two authorities may differ, in seconds.
pub const CLOCK_LEEWAY_SECONDS: i64 = 300;

/// An enrolment that does not hold at an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    /// Its life is over.
    #[error("the enrolment of endpoint `{endpoint}` expired on {expires}; enrol it again")]
    Expired {
        /// The endpoint.
        endpoint: EndpointId,
        /// When.
        expires: Timestamp,
    },
    /// It was made later than now.
    #[error("the enrolment of endpoint `{endpoint}` is dated {at}, which has not come yet")]
    Future {
        /// The endpoint.
        endpoint: EndpointId,
        /// When it says that it was made.
        at: Timestamp,
    },
    /// It is to hold for longer than 90 days, or for no time at all.
    #[error("the enrolment of endpoint `{0}` must hold for more than nothing and at most 90 days")]
    Life(EndpointId),
}

/// Checks that `enrolment` holds at `now`: its own life is at most 90 days, it is not dated more
/// than five minutes ahead, and it has not expired. Who signed it is checked elsewhere, against the
/// directory of its authority.
///
/// # Errors
/// [`EnrolmentError`] saying which of these does not hold.
pub fn check_enrolment(enrolment: &Enrolment, now: Timestamp) -> Result<(), EnrolmentError> {
    let endpoint = || enrolment.endpoint.clone();
    let life = enrolment.expires.duration_since(enrolment.at);
    if life <= SignedDuration::ZERO || life > SignedDuration::from_hours(24 * MAX_ENROLMENT_DAYS) {
        return Err(EnrolmentError::Life(endpoint()));
    }
    if enrolment.at.duration_since(now) > SignedDuration::from_secs(CLOCK_LEEWAY_SECONDS) {
        return Err(EnrolmentError::Future { endpoint: endpoint(), at: enrolment.at });
    }
    if now >= enrolment.expires {
        return Err(EnrolmentError::Expired { endpoint: endpoint(), expires: enrolment.expires });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::ids::AuthorityId;

    const DAY: i64 = 86_400;

    fn enrolled(at: i64, expires: i64) -> Enrolment {
        Enrolment {
            authority: AuthorityId::parse("be-customs").unwrap(),
            endpoint: EndpointId::parse("be-customs-desk-1").unwrap(),
            leaf_key: Digest::of(b"key"),
            expires: Timestamp::from_second(expires).unwrap(),
            at: Timestamp::from_second(at).unwrap(),
        }
    }

    fn check(at: i64, expires: i64, now: i64) -> Result<(), EnrolmentError> {
        check_enrolment(&enrolled(at, expires), Timestamp::from_second(now).unwrap())
    }

    #[test]
    fn an_enrolment_holds_for_ninety_days_and_not_a_second_longer() {
        assert_eq!(check(0, 90 * DAY, 90 * DAY - 1), Ok(()));
        assert!(matches!(check(0, 90 * DAY, 90 * DAY), Err(EnrolmentError::Expired { .. })));
        assert!(matches!(check(0, 90 * DAY + 1, 1), Err(EnrolmentError::Life(_))));
    }

    #[test]
    fn an_enrolment_without_a_life_or_from_the_future_does_not_hold() {
        assert!(matches!(check(10, 10, 10), Err(EnrolmentError::Life(_))));
        assert!(matches!(check(10, 5, 4), Err(EnrolmentError::Life(_))));
        assert_eq!(check(300, DAY, 0), Ok(()));
        assert!(matches!(check(301, DAY, 0), Err(EnrolmentError::Future { .. })));
    }
}
