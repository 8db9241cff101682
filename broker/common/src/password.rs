//! Officers' passwords: Argon2id, away from the async threads, with equal work for unknown names.
//!
//! 19 MiB, two passes, one lane (OWASP's first choice for Argon2id): about 26 ms of processor time,
//! so at most a few are worked out at once and the others wait.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::passphrase::normal;
use crate::rng::Rng;

/// Fewest characters of a new password (NIST SP 800-63B asks for 15 where nothing else is asked,
/// 8 with a second factor; 12 stands until one-time codes come).
pub const FEWEST_CHARACTERS: usize = 12;
/// Most characters of a password.
pub const MOST_CHARACTERS: usize = 256;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Most passwords that are worked out at the same time: 4 x 19 MiB.
const AT_ONCE: usize = 4;

/// A password could not be stored or checked. Never says anything of the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has 12 to 256 characters")]
    Length,
    /// What the store holds is no hash that this program made.
    #[error("the stored password hash is not one that this program made")]
    Stored,
    /// The hash could not be worked out.
    #[error("the password could not be worked out")]
    Work,
}

/// Whether a new password may be taken.
///
/// # Errors
/// [`PasswordError::Length`].
pub fn check_new(password: &str) -> Result<(), PasswordError> {
    let characters = password.chars().count();
    if (FEWEST_CHARACTERS..=MOST_CHARACTERS).contains(&characters) {
        Ok(())
    } else {
        Err(PasswordError::Length)
    }
}

/// The text to store for a new password, with a random salt.
///
/// # Errors
/// [`PasswordError::Length`], [`PasswordError::Work`].
pub fn hash(password: &str, rng: &dyn Rng) -> Result<String, PasswordError> {
    check_new(password)?;
    let hash = argon2()?
        .hash_password_with_salt(normal(password).as_bytes(), &rng.id())
        .map_err(|_| PasswordError::Work)?;
    Ok(hash.to_string())
}

/// Whether `password` is the one of which `stored` was made. Compares in constant time.
///
/// # Errors
/// [`PasswordError::Stored`] when `stored` is not of this program's making: another algorithm, or
/// parameters that could exhaust the machine.
pub fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(|_| PasswordError::Stored)?;
    let ours = stored.algorithm.as_str() == "argon2id"
        && stored.version == Some(Version::V0x13.into())
        && Params::try_from(&stored)
            .is_ok_and(|p| (p.m_cost(), p.t_cost(), p.p_cost()) == (MEMORY_KIB, PASSES, LANES))
        && stored.hash.is_some_and(|hash| hash.len() == 32);
    if !ours {
        return Err(PasswordError::Stored);
    }
    if password.chars().count() > MOST_CHARACTERS {
        verify_unknown(password);
        return Ok(false);
    }
    Ok(argon2()?.verify_password(normal(password).as_bytes(), &stored).is_ok())
}

/// Does the work of [`verify`] for a name that does not exist, so that the time tells nothing.
pub fn verify_unknown(password: &str) {
    let short: Zeroizing<String> = Zeroizing::new(password.chars().take(MOST_CHARACTERS).collect());
    let mut out = Zeroizing::new([0; 32]);
    if let Ok(argon2) = argon2() {
        // The result is of no interest, the work is.
        let _ = argon2.hash_password_into(normal(&short).as_bytes(), &[0; 16], out.as_mut_slice());
    }
    std::hint::black_box(out.as_slice());
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(|_| PasswordError::Work)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes and verifies from async code: on threads of their own, four at a time.
#[derive(Clone)]
pub struct Passwords {
    rng: Arc<dyn Rng>,
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// One for each program.
    pub fn new(rng: Arc<dyn Rng>) -> Self {
        Self { rng, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// As [`hash`].
    ///
    /// # Errors
    /// As [`hash`].
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, PasswordError> {
        let rng = self.rng.clone();
        self.off_thread(move || hash(&password, &*rng)).await
    }

    /// As [`verify`]; `stored` is none when nobody has that name, which takes as long and is `false`.
    ///
    /// # Errors
    /// As [`verify`].
    pub async fn verify(
        &self,
        password: Zeroizing<String>,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.off_thread(move || match stored {
            Some(stored) => verify(&password, &stored),
            None => {
                verify_unknown(&password);
                Ok(false)
            }
        })
        .await
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| PasswordError::Work)?;
        // The turn goes with the work, so that a caller who gives up does not free it too early.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|_| PasswordError::Work)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;

    const PASSWORD: &str = "correct horse battery";

    #[test]
    fn a_password_is_known_again_and_another_is_not() {
        let stored = hash(PASSWORD, &SeededRng::new(1)).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(verify(PASSWORD, &stored), Ok(true));
        assert_eq!(verify("correct horse batterx", &stored), Ok(false));
        assert_eq!(verify("", &stored), Ok(false));
        assert_eq!(verify(&"x".repeat(1 << 20), &stored), Ok(false));
        assert_ne!(stored, hash(PASSWORD, &SeededRng::new(2)).unwrap(), "another salt");
    }

    #[test]
    fn the_same_letters_from_another_keyboard_are_the_same_password() {
        let stored = hash("Stra\u{df}e nach M\u{fc}nchen", &SeededRng::new(1)).unwrap();
        assert_eq!(verify("Stra\u{df}e nach Mu\u{308}nchen", &stored), Ok(true));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        let rng = SeededRng::new(1);
        for bad in ["", "elevenchars", &"x".repeat(257)] {
            assert_eq!(hash(bad, &rng), Err(PasswordError::Length));
        }
        assert!(hash("éééééééééééé", &rng).is_ok(), "characters count, not bytes");
    }

    #[test]
    fn a_stored_text_of_other_making_is_refused_before_any_work() {
        let good = hash(PASSWORD, &SeededRng::new(1)).unwrap();
        for bad in [
            "",
            "x",
            PASSWORD,
            &good.replace("m=19456", "m=4194304"),
            &good.replace("t=2", "t=4000000"),
            &good.replace("argon2id", "argon2i"),
            &good.replace("v=19", "v=16"),
            good.rsplit_once('$').unwrap().0,
        ] {
            assert_eq!(verify(PASSWORD, bad), Err(PasswordError::Stored), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_wrong_and_takes_as_long() {
        let passwords = Passwords::new(Arc::new(SeededRng::new(1)));
        let secret = || Zeroizing::new(PASSWORD.to_owned());
        let stored = passwords.hash(secret()).await.unwrap();
        assert_eq!(passwords.verify(secret(), Some(stored.clone())).await, Ok(true));
        assert_eq!(passwords.verify(secret(), None).await, Ok(false));
        // In turn, and the quickest of each, so that a busy machine does not decide.
        let (mut known, mut unknown) = (u128::MAX, u128::MAX);
        for _ in 0..9 {
            for (quickest, stored) in [(&mut known, Some(stored.clone())), (&mut unknown, None)] {
                let start = std::time::Instant::now();
                passwords.verify(secret(), stored).await.unwrap();
                *quickest = start.elapsed().as_micros().min(*quickest);
            }
        }
        // Work left out would show as a factor of a thousand.
        assert!(unknown * 4 > known && known * 4 > unknown, "{known} and {unknown} microseconds");
    }
}
