//! Guessing an officer's password is slow, told plainly and on the own log.

use std::sync::Arc;

use agreements::OfficerNumber;
use common::{Clock as _, FixedClock, SystemClock, SystemRng};
use jiff::SignedDuration;
use recipient::Home;
use recipient::desk::{self, DeskError};
use zeroize::Zeroizing;

use crate::world::{PASSWORD, World, officer};

/// A desk whose clock the test holds.
async fn desk() -> (World, Home, Arc<FixedClock>) {
    let world = World::new().await;
    let clock = Arc::new(FixedClock::new(SystemClock.now()));
    let home = Home::open(&world.home.dir, Arc::clone(&clock) as _, Arc::new(SystemRng)).await.unwrap();
    (world, home, clock)
}

async fn attempt(home: &Home, number: &OfficerNumber, password: &str) -> Result<(), DeskError> {
    desk::sign_in(home, number, Zeroizing::new(password.to_owned())).await.map(|_| ())
}

async fn wrong(home: &Home, number: &OfficerNumber, times: usize) {
    for _ in 0..times {
        assert!(matches!(attempt(home, number, "a wrong password").await, Err(DeskError::SignIn)));
    }
}

async fn lines(home: &Home) -> Vec<String> {
    let log = home.store.own_log(1000).await.unwrap();
    log.into_iter()
        .filter(|line| line.act == "wrong-password")
        .map(|line| line.officer + " " + &line.detail)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_make_the_next_attempt_wait_longer_each_time_and_a_restart_forgets_none() {
    let (world, home, clock) = desk().await;
    wrong(&home, &officer(), 3).await;
    let refused = attempt(&home, &officer(), PASSWORD).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "too many wrong passwords were given for officer `BE-0417`: wait 5 seconds, then try again"
    );
    clock.advance(SignedDuration::from_secs(5));
    wrong(&home, &officer(), 1).await;
    drop(home);
    let home = Home::open(&world.home.dir, Arc::clone(&clock) as _, Arc::new(SystemRng)).await.unwrap();
    clock.advance(SignedDuration::from_millis(4_500));
    let refused = attempt(&home, &officer(), PASSWORD).await;
    assert!(matches!(refused, Err(DeskError::Wait { seconds: 6, .. })), "{:?}", refused.err());
    clock.advance(SignedDuration::from_millis(5_500));
    attempt(&home, &officer(), PASSWORD).await.unwrap();
    // The right one begins anew.
    wrong(&home, &officer(), 2).await;
    attempt(&home, &officer(), PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_password_is_on_the_own_log_and_no_other_number_waits_for_it() {
    let (_world, home, _) = desk().await;
    let nobody = OfficerNumber::parse("BE-9999").unwrap();
    wrong(&home, &nobody, 3).await;
    assert!(matches!(attempt(&home, &nobody, PASSWORD).await, Err(DeskError::Wait { .. })));
    attempt(&home, &officer(), PASSWORD).await.unwrap();
    wrong(&home, &officer(), 1).await;
    let expected = [
        "BE-9999 wrong password, 1",
        "BE-9999 wrong password, 2",
        "BE-9999 wrong password, 3",
        "BE-0417 wrong password, 1",
    ];
    assert_eq!(lines(&home).await, expected.map(|line| format!("{line} in a row")));
    assert!(!lines(&home).await.concat().contains("a wrong"), "the password itself is never entered");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_none_goes_uncounted() {
    let (_world, home, _) = desk().await;
    let home = Arc::new(home);
    let mut guesses = Vec::new();
    for n in 0..40 {
        let home = Arc::clone(&home);
        guesses.push(tokio::spawn(
            async move { attempt(&home, &officer(), &format!("guess number {n:04}")).await },
        ));
    }
    let mut wrong = 0;
    for guess in guesses {
        wrong += usize::from(matches!(guess.await.unwrap(), Err(DeskError::SignIn)));
    }
    assert!(wrong >= 3);
    assert!(matches!(attempt(&home, &officer(), PASSWORD).await, Err(DeskError::Wait { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_later_old_guesses_are_forgotten() {
    let (_world, home, clock) = desk().await;
    wrong(&home, &officer(), 3).await;
    clock.advance(SignedDuration::from_hours(24));
    wrong(&home, &officer(), 2).await;
    attempt(&home, &officer(), PASSWORD).await.unwrap();
}
