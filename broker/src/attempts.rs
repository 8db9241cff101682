//! Attempts to sign in: guessing stays slow, and nobody is locked out by a stranger.
//!
//! A limit on wrong passwords that counts by officer number alone lets anybody who knows a number keep
//! its officer out. So nothing here locks a number; it makes an attempt wait, and the wait is short
//! unless the caller's own address earned it:
//!
//! | counted by | wrong ones that are free | then one in |
//! |---|---|---|
//! | address and officer number | 5 | 60 s; from this machine 4 s |
//! | officer number, from everywhere | 50 | 4 s |
//! | address, all numbers; not this machine | 100 | 10 s |
//!
//! What is free comes back at the same pace; a right password clears the first count.
//!
//! - A stranger elsewhere soon waits a minute for each guess; the officer, at another address, waits for
//!   nothing, and at most 4 seconds while strangers at many addresses try the same number.
//! - Everybody on this machine, or behind a proxy on it, has one address. There the wait ends after 4
//!   seconds, so that a right password is worked out at that pace at the least. Somebody on the machine
//!   itself who asks without a pause may still be first each time a turn comes; no count can tell the two
//!   apart, and the record, in which failed attempts are entered once a minute, shows it.
//! - A number can so be guessed at 21,600 times a day, which is nothing against a password of 12
//!   characters that is on no list.
//! - A refused attempt does not count and makes no wait longer. Numbers that nobody has are treated like
//!   any other. How much is worked out at once (Argon2id) is bounded by [`common::password::Passwords`].

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use agreements::OfficerNumber;
use jiff::{SignedDuration, Timestamp};

/// Counts that are kept; beyond, the one that would be forgotten first is.
const KEPT: usize = 10_000;

/// How many wrong attempts are free, and the pace of further ones.
struct Rule {
    free: i32,
    pace: SignedDuration,
}

const PAIR: Rule = Rule { free: 5, pace: SignedDuration::from_secs(60) };
const PAIR_HERE: Rule = Rule { free: 5, pace: SignedDuration::from_secs(4) };
const OFFICER: Rule = Rule { free: 50, pace: SignedDuration::from_secs(4) };
const ADDRESS: Rule = Rule { free: 100, pace: SignedDuration::from_secs(10) };

#[derive(Clone, PartialEq, Eq, Hash)]
enum Counted {
    Pair(IpAddr, OfficerNumber),
    Officer(OfficerNumber),
    Address(IpAddr),
}

/// Recent attempts: for each count the time at which all of its free attempts are back.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<Counted, Timestamp>>);

impl Attempts {
    /// Counts an attempt as wrong until [`Self::succeeded`] is told otherwise.
    ///
    /// # Errors
    /// The time to wait, if it may not be made yet; then it is not counted.
    pub fn may(&self, officer: &OfficerNumber, from: IpAddr, now: Timestamp) -> Result<(), SignedDuration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counted(officer, from);
        let wait = |(key, rule): &(Counted, Rule)| all.get(key).and_then(|back| rule.wait(*back, now));
        if let Some(longest) = counted.iter().filter_map(wait).max() {
            return Err(longest);
        }
        for (key, rule) in counted {
            make_room(&mut all, &key, now);
            let back = all.entry(key).or_insert(now);
            *back = rule.taken(*back, now);
        }
        Ok(())
    }

    /// The attempt was right: the address has no wrong ones for this officer, and this one counts
    /// nowhere else.
    pub fn succeeded(&self, officer: &OfficerNumber, from: IpAddr) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, rule) in counted(officer, from) {
            if matches!(key, Counted::Pair(..)) {
                all.remove(&key);
            } else if let Some(back) = all.get_mut(&key) {
                *back = back.checked_sub(rule.pace).unwrap_or(*back);
            }
        }
    }
}

impl Rule {
    /// The wait until one more may be made, if none may now.
    fn wait(&self, back: Timestamp, now: Timestamp) -> Option<SignedDuration> {
        let over = back.duration_since(now);
        // Further off than ever allowed: the clock was put back.
        let sane = over <= self.pace * self.free;
        Some(over - self.pace * (self.free - 1)).filter(|wait| sane && wait.is_positive())
    }

    /// When all is back once one more was made.
    fn taken(&self, back: Timestamp, now: Timestamp) -> Timestamp {
        let sane = back.duration_since(now) <= self.pace * self.free;
        let from = if sane { back.max(now) } else { now };
        from.checked_add(self.pace).unwrap_or(from)
    }
}

fn counted(officer: &OfficerNumber, from: IpAddr) -> Vec<(Counted, Rule)> {
    let from = from.to_canonical();
    let here = from.is_loopback();
    let from = network(from);
    let mut counted = vec![
        (Counted::Pair(from, officer.clone()), if here { PAIR_HERE } else { PAIR }),
        (Counted::Officer(officer.clone()), OFFICER),
    ];
    if !here {
        counted.push((Counted::Address(from), ADDRESS));
    }
    counted
}

/// The address, or for IPv6 its network of 64 bits, of which one caller has them all.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

fn make_room(all: &mut HashMap<Counted, Timestamp>, key: &Counted, now: Timestamp) {
    if all.len() < KEPT || all.contains_key(key) {
        return;
    }
    all.retain(|_, back| *back > now);
    if all.len() >= KEPT
        && let Some(first) = all.iter().min_by_key(|(_, back)| **back).map(|(key, _)| key.clone())
    {
        all.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "127.0.0.1";
    const THERE: &str = "192.0.2.7";

    fn now() -> Timestamp {
        "2026-05-01T10:00:00Z".parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn officer(number: u32) -> OfficerNumber {
        OfficerNumber::parse(&format!("NL-{number}")).unwrap()
    }

    /// Tries without a pause for so long; how many attempts were worked out.
    fn hammer(attempts: &Attempts, officer: &OfficerNumber, from: &str, seconds: i64) -> u32 {
        let tries = (0..seconds * 10).map(|tenth| now() + SignedDuration::from_millis(tenth * 100));
        tries.filter(|at| attempts.may(officer, ip(from), *at).is_ok()).count().try_into().unwrap()
    }

    #[test]
    fn guessing_from_one_address_soon_waits_a_minute_for_each() {
        let attempts = Attempts::default();
        let worked_out = hammer(&attempts, &officer(1), THERE, 3_600);
        assert!((55..=75).contains(&worked_out), "{worked_out} guesses in an hour");
    }

    #[test]
    fn a_stranger_elsewhere_keeps_no_officer_waiting() {
        let attempts = Attempts::default();
        hammer(&attempts, &officer(1), THERE, 600);
        let later = now() + SignedDuration::from_secs(600);
        assert_eq!(attempts.may(&officer(1), ip("192.0.2.8"), later), Ok(()));
        assert_eq!(attempts.may(&officer(1), ip(HERE), later), Ok(()));
    }

    #[test]
    fn an_officer_waits_seconds_at_most_however_many_strangers_try() {
        let attempts = Attempts::default();
        for stranger in 0..5_000 {
            let from = IpAddr::from([198, 51, (stranger >> 8) as u8, stranger as u8]);
            let _ = attempts.may(&officer(1), from, now() + SignedDuration::from_millis(stranger * 10));
        }
        let later = now() + SignedDuration::from_secs(50);
        for from in [HERE, THERE] {
            let wait = attempts.may(&officer(1), ip(from), later).expect_err("strangers were many");
            assert!(wait <= SignedDuration::from_secs(4), "{wait}");
        }
        assert_eq!(attempts.may(&officer(1), ip(THERE), later + SignedDuration::from_secs(4)), Ok(()));
        let later = later + SignedDuration::from_secs(4);
        assert_eq!(attempts.may(&officer(2), ip(THERE), later), Ok(()), "another number");
    }

    #[test]
    fn on_this_machine_a_right_password_is_worked_out_after_seconds_and_guessing_stays_slow() {
        let attempts = Attempts::default();
        let worked_out = hammer(&attempts, &officer(1), HERE, 3_600);
        assert!((850..=920).contains(&worked_out), "{worked_out} guesses in an hour");
        let later = now() + SignedDuration::from_secs(3_604);
        assert_eq!(attempts.may(&officer(1), ip(HERE), later), Ok(()));
        attempts.succeeded(&officer(1), ip(HERE));
        assert!((0..5).all(|_| attempts.may(&officer(1), ip(HERE), later).is_ok()), "begins anew");
    }

    #[test]
    fn one_address_does_not_try_all_numbers() {
        let attempts = Attempts::default();
        let may = |number| attempts.may(&officer(number), ip(THERE), now()).is_ok();
        assert_eq!((0..1_000).filter(|number| may(*number)).count(), 100);
        // One caller has all addresses of an IPv6 network.
        let of = |last| attempts.may(&officer(1), IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]), now());
        assert_eq!((0..50).filter(|last| of(*last).is_ok()).count(), 5);
    }

    #[test]
    fn a_clock_that_is_put_back_keeps_nobody_waiting() {
        let attempts = Attempts::default();
        hammer(&attempts, &officer(1), THERE, 60);
        let before = now() - SignedDuration::from_hours(24);
        assert!((0..5).all(|_| attempts.may(&officer(1), ip(THERE), before).is_ok()));
        assert!(attempts.may(&officer(1), ip(THERE), before).is_err());
    }

    #[test]
    fn made_up_numbers_fill_nothing_and_lock_nobody_out() {
        let attempts = Attempts::default();
        for number in 0..6_000 {
            assert_eq!(attempts.may(&officer(number), ip(HERE), now()), Ok(()));
        }
        assert!(attempts.0.lock().unwrap().len() <= KEPT);
        assert_eq!(attempts.may(&officer(99_999), ip(HERE), now()), Ok(()));
    }
}
