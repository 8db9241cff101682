//! From a passphrase to the key that wraps a secret (Argon2id, RFC 9106).
//!
//! Nothing that seals data is derived from a passphrase itself: it only wraps a random secret, so
//! that it can be changed without sealing anything again.

use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::rng::Rng;

/// How a passphrase is stretched; kept, in clear, beside what it wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Random.
    pub salt: [u8; 16],
}

/// Stretching that this program does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this many passes over this much memory is outside what the program accepts")]
pub struct StretchError;

impl Stretch {
    /// The second recommended option of RFC 9106 section 4: 64 MiB, three passes, four lanes.
    pub fn new(rng: &dyn Rng) -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 4, salt: rng.id() }
    }

    /// The wrapping key of `passphrase`. Takes about a fifth of a second.
    ///
    /// The passphrase is taken in the Unicode form NFKC, so that it is the same from any keyboard.
    ///
    /// # Errors
    /// [`StretchError`] when the parameters, which come from a file, would take more than 1 GiB, 64
    /// passes or 16 lanes, or are none of Argon2's.
    pub fn key(&self, passphrase: &str) -> Result<Zeroizing<[u8; 32]>, StretchError> {
        if self.memory_kib > 1 << 20 || self.passes > 64 || self.lanes > 16 {
            return Err(StretchError);
        }
        let params =
            Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|_| StretchError)?;
        let normal = normal(passphrase);
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(normal.as_bytes(), &self.salt, key.as_mut_slice())
            .map_err(|_| StretchError)?;
        Ok(key)
    }
}

/// `text` in the form NFKC (NIST SP 800-63B asks for one fixed form).
pub(crate) fn normal(text: &str) -> Zeroizing<String> {
    // NFKC makes a character at most 18 times as long; room beforehand, so that no half copy of
    // the secret is left behind when the text grows.
    let mut out = Zeroizing::new(String::with_capacity(text.len().saturating_mul(18)));
    out.extend(text.nfkc());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;

    fn cheap() -> Stretch {
        Stretch { memory_kib: 64, passes: 1, ..Stretch::new(&SeededRng::new(1)) }
    }

    #[test]
    fn composed_and_decomposed_letters_are_the_same_passphrase() {
        assert_eq!(*cheap().key("Zoll M\u{fc}ller").unwrap(), *cheap().key("Zoll Mu\u{308}ller").unwrap());
        assert_ne!(*cheap().key("Zoll Muller").unwrap(), *cheap().key("Zoll Mu\u{308}ller").unwrap());
    }

    #[test]
    fn parameters_that_would_exhaust_the_machine_are_refused() {
        for bad in [
            Stretch { memory_kib: u32::MAX, ..cheap() },
            Stretch { passes: u32::MAX, ..cheap() },
            Stretch { passes: 0, ..cheap() },
            Stretch { lanes: u32::MAX, ..cheap() },
            Stretch { lanes: 0, ..cheap() },
            Stretch { memory_kib: 0, ..cheap() },
        ] {
            assert_eq!(bad.key("x").unwrap_err(), StretchError);
        }
    }
}
