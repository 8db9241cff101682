//! AES-256-GCM with a random nonce: the one seal under which things are kept at rest.
//!
//! Layout: nonce (12 bytes), ciphertext, tag (16 bytes). A nonce is random, so one key seals 2^32
//! times at most (NIST SP 800-38D section 8.3); whoever holds a key for long counts, as
//! [`crate::sealed`] does.

use std::fmt;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use zeroize::Zeroizing;

use crate::rng::Rng;

/// Bytes of the nonce.
const NONCE: usize = 12;
/// Bytes of the tag.
const TAG: usize = 16;
/// How much longer the sealed bytes are than what they hold.
pub const OVERHEAD: usize = NONCE + TAG;

/// What was to be opened was not sealed with this key for this place, or has changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("was not sealed with this key for this place, or has been altered")]
pub struct Altered;

/// A key that seals and opens.
#[derive(Clone)]
pub struct AeadKey(Aes256Gcm);

impl AeadKey {
    /// The key of these 32 bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Seals `plaintext` for the place that `context` names; it opens there and nowhere else.
    pub fn seal(&self, rng: &dyn Rng, context: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD);
        self.seal_onto(&mut sealed, rng, context, plaintext);
        sealed
    }

    /// As [`Self::seal`], behind what `out` holds already.
    pub fn seal_onto(&self, out: &mut Vec<u8>, rng: &dyn Rng, context: &[u8], plaintext: &[u8]) {
        out.reserve(plaintext.len() + OVERHEAD);
        let mut nonce = [0; NONCE];
        rng.fill(&mut nonce);
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(plaintext);
        let (_, text) = out.split_at_mut(start);
        #[expect(clippy::expect_used, reason = "AES-GCM refuses only above 64 GiB, which no value here is")]
        let tag = self
            .0
            .encrypt_inout_detached(&Nonce::from(nonce), context, InOutBuf::from(text))
            .expect("shorter than 64 GiB");
        out.extend_from_slice(&tag);
    }

    /// Opens what was sealed for the place that `context` names.
    ///
    /// # Errors
    /// [`Altered`] when a single bit of key, context or sealed bytes is another.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Altered> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(Altered)?;
        let (text, tag) = rest.split_last_chunk::<TAG>().ok_or(Altered)?;
        let mut out = Zeroizing::new(text.to_vec());
        self.0
            .decrypt_inout_detached(
                &Nonce::from(*nonce),
                context,
                InOutBuf::from(out.as_mut_slice()),
                &Tag::from(*tag),
            )
            .map_err(|_| Altered)?;
        Ok(out)
    }
}

impl fmt::Debug for AeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AeadKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let key = AeadKey::new(&[1; 32]);
        let sealed = key.seal(&SeededRng::new(1), b"here", b"text");
        assert_eq!(sealed.len(), 4 + OVERHEAD);
        assert_eq!(key.open(b"here", &sealed).unwrap().as_slice(), b"text");
        assert_eq!(key.open(b"there", &sealed).unwrap_err(), Altered);
        assert_eq!(AeadKey::new(&[2; 32]).open(b"here", &sealed).unwrap_err(), Altered);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let key = AeadKey::new(&[1; 32]);
        let sealed = key.seal(&SeededRng::new(1), b"here", b"text");
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(b"here", &bad).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(b"here", &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_to_the_same_bytes() {
        let (key, rng) = (AeadKey::new(&[1; 32]), SeededRng::new(1));
        assert_ne!(key.seal(&rng, b"", b"text"), key.seal(&rng, b"", b"text"));
    }
}
