//! A time as people write one: an instant, or a day, which is one of UTC as every time on record is.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// An instant, or a whole day of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    /// An instant.
    Instant(Timestamp),
    /// A day.
    Day(Date),
}

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a day as `2026-11-22` or an instant as `2026-11-22T14:30:00Z`; times are UTC")]
pub struct MomentError;

impl Moment {
    /// The first instant of it.
    pub fn begins(self) -> Timestamp {
        match self {
            Self::Instant(at) => at,
            Self::Day(day) => midnight(day),
        }
    }

    /// The instant before which it is over: an instant is over at once, a day after its last second.
    pub fn ends(self) -> Timestamp {
        match self {
            Self::Instant(at) => at,
            Self::Day(day) => day.checked_add(1.day()).map_or(Timestamp::MAX, midnight),
        }
    }
}

fn midnight(day: Date) -> Timestamp {
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        if let Ok(at) = text.parse() {
            return Ok(Self::Instant(at));
        }
        // Ten letters: a longer text would be an instant that does not say of which place.
        match text.parse() {
            Ok(day) if text.len() == 10 => Ok(Self::Day(day)),
            Ok(_) | Err(_) => Err(MomentError),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(at) => at.fmt(f),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentError;

    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_whole_day_in_utc_and_an_instant_says_its_place() {
        let day: Moment = "2026-11-22".parse().unwrap();
        assert_eq!(day.begins().to_string(), "2026-11-22T00:00:00Z");
        assert_eq!(day.ends().to_string(), "2026-11-23T00:00:00Z");
        let instant: Moment = "2026-11-22T01:00:00+01:00".parse().unwrap();
        assert_eq!((instant.begins(), instant.ends()), (day.begins(), day.begins()));
        for wrong in ["", "yesterday", "2026-11", "2026-11-22T14:30:00", "2026-13-01"] {
            assert_eq!(wrong.parse::<Moment>(), Err(MomentError), "{wrong}");
        }
    }
}
