//! Session tokens: what a signed-in officer carries, and what the store keeps of it.
//!
//! The store keeps the SHA-256 only, so a stolen database signs nobody in. No salt: a token has
//! 256 random bits, which nobody guesses.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::rng::Rng;

/// A text that is no session token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session token")]
pub struct SessionTokenError;

/// 32 random bytes that sign an officer in.
pub struct SessionToken(Zeroizing<[u8; 32]>);

impl SessionToken {
    /// A new token.
    pub fn new(rng: &dyn Rng) -> Self {
        Self(rng.key())
    }

    /// Reads the text that a client sends.
    ///
    /// # Errors
    /// [`SessionTokenError`] when it is not 43 characters of base64url.
    pub fn parse(text: &str) -> Result<Self, SessionTokenError> {
        let mut bytes = Zeroizing::new([0; 32]);
        match BASE64.decode_slice(text, bytes.as_mut_slice()) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(SessionTokenError),
        }
    }

    /// The text for the client: given out once, at sign-in.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(self.0.as_slice()))
    }

    /// What the store keeps and looks up: SHA-256 in hexadecimal.
    pub fn stored(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_slice()))
    }

    /// Whether `stored` is of this token, in constant time.
    pub fn is(&self, stored: &str) -> bool {
        self.stored().as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;

    #[test]
    fn a_token_comes_back_from_its_text_and_the_store_does_not_hold_it() {
        let token = SessionToken::new(&SeededRng::new(1));
        let text = token.text();
        let again = SessionToken::parse(&text).unwrap();
        assert!(again.is(&token.stored()));
        assert!(!token.stored().contains(text.as_str()));
        assert!(!SessionToken::new(&SeededRng::new(2)).is(&token.stored()));
    }

    #[test]
    fn a_text_of_another_form_is_no_token() {
        let text = SessionToken::new(&SeededRng::new(1)).text();
        let long = format!("{}A", text.as_str());
        let padded = format!("{}=", text.as_str());
        for bad in ["", "x", &text[..42], &long, &padded, &"é".repeat(22), &text.replace(|_: char| true, "+")]
        {
            assert!(SessionToken::parse(bad).is_err(), "{bad}");
        }
    }
}
