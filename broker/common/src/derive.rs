//! HKDF-SHA-256 (RFC 5869) with one unambiguous form of `info` for the whole crate.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A 32-byte key from `secret` and `salt`, for the use that `label` and `parts` name.
///
/// `info` is the label, then each part after its length (four bytes, big endian), so that no two
/// lists of parts give the same bytes.
pub(crate) fn key(secret: &[u8], salt: &[u8], label: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    hkdf(secret, salt, &frame(label, parts))
}

/// HKDF-SHA-256 with 32 bytes of output. For this crate and for its test vectors.
pub fn hkdf(secret: &[u8], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    #[expect(clippy::expect_used, reason = "RFC 5869 allows 8,160 bytes; 32 are asked")]
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, out.as_mut_slice()).expect("32 bytes");
    out
}

/// HMAC-SHA-256 (RFC 2104) under `key`. For this crate and for its test vectors.
pub fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).expect("any length")
}

/// `label` and `parts` as one byte string that no other label and parts give.
pub(crate) fn frame(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(label.len() + 1 + parts.iter().map(|p| p.len() + 4).sum::<usize>());
    bytes.extend_from_slice(label.as_bytes());
    bytes.push(0);
    for part in parts {
        // A part is an id or a few numbers: far below four gigabytes.
        bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_slide_into_each_other() {
        assert_ne!(frame("x", &[b"ab", b"c"]), frame("x", &[b"a", b"bc"]));
        assert_ne!(frame("x", &[b""]), frame("x", &[]));
        let one = key(b"secret", b"salt", "x", &[b"ab", b"c"]);
        assert_ne!(*one, *key(b"secret", b"salt", "x", &[b"a", b"bc"]));
        assert_ne!(*one, *key(b"secret", b"other", "x", &[b"ab", b"c"]));
        assert_ne!(*one, *key(b"other", b"salt", "x", &[b"ab", b"c"]));
        assert_ne!(*one, *key(b"secret", b"salt", "y", &[b"ab", b"c"]));
    }
}
