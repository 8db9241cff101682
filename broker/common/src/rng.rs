//! Chance is an argument: everything that needs random bytes is given an [`Rng`].
//!
//! So a test or a demonstration can be repeated byte for byte, and a reader finds the one place
//! where the operating system is asked.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// A source of random bytes that nobody can foretell.
pub trait Rng: Send + Sync {
    /// Fills `bytes`. Never returns without having filled all of them.
    fn fill(&self, bytes: &mut [u8]);

    /// 16 random bytes: an identifier.
    fn id(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }

    /// 32 random bytes: a key or a salt, wiped when dropped.
    fn key(&self) -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.fill(bytes.as_mut_slice());
        bytes
    }
}

/// The operating system's source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system is asked for chance")]
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Without chance no key, nonce or identifier is safe, and no caller could do better.
            tracing::error!("the operating system gives no random bytes; stopping");
            std::process::abort();
        }
    }
}

/// Bytes that follow from a seed: for tests and demonstrations only.
///
/// Block `n` is SHA-256(label, seed, n); two threads never get the same block.
#[derive(Debug)]
pub struct SeededRng {
    seed: [u8; 32],
    next: AtomicU64,
}

impl SeededRng {
    /// The source that follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed: Sha256::digest(seed.to_be_bytes()).into(), next: AtomicU64::new(0) }
    }
}

impl Rng for SeededRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.next.fetch_add(1, Ordering::Relaxed);
            let mut hash = Sha256::new();
            hash.update(b"transire/seeded/1");
            hash.update(self.seed);
            hash.update(block.to_be_bytes());
            for (byte, random) in chunk.iter_mut().zip(hash.finalize()) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_never_gives_the_same_key_twice() {
        assert_ne!(*SystemRng.key(), *SystemRng.key());
    }

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_another_seed_others() {
        let (one, same, other) = (SeededRng::new(7), SeededRng::new(7), SeededRng::new(8));
        let first = *one.key();
        assert_eq!(first, *same.key());
        assert_ne!(first, *other.key());
        assert_ne!(first, *one.key(), "the source moves on");
    }

    #[test]
    fn a_fill_of_any_length_reaches_the_last_byte() {
        for length in [0, 1, 31, 32, 33, 100] {
            let mut seen = vec![0_u8; length];
            let rng = SeededRng::new(length as u64);
            for _ in 0..64 {
                let mut bytes = vec![0; length];
                rng.fill(&mut bytes);
                seen.iter_mut().zip(bytes).for_each(|(all, byte)| *all |= byte);
            }
            assert!(seen.iter().all(|byte| *byte != 0));
        }
    }
}
