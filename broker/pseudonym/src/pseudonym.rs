//! The text form of a pseudonym: `ps1-` and 26 characters of base32, 128 bits of an HMAC.
//!
//! It says of itself that it is one, so that nobody takes it for a real number, and a question by
//! pseudonym can be told from a question by value.

/// How every pseudonym begins; the digit is the version of the form.
const PREFIX: &str = "ps1-";

/// Base32 of RFC 4648 in small letters.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Characters after the prefix: 128 bits at 5 bits each, the last one carrying 3.
const CHARACTERS: usize = 26;

/// A pseudonym.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    pub(crate) const fn from_tag(tag: [u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = tag;
        Self([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// Whether `text` is written as a pseudonym is, in its one form.
    pub fn is_form(text: &str) -> bool {
        let Some(characters) = text.strip_prefix(PREFIX).map(str::as_bytes) else { return false };
        let value = |c: &u8| ALPHABET.iter().position(|a| a == c);
        characters.len() == CHARACTERS
            && characters.iter().all(|c| value(c).is_some())
            // The last character carries 3 bits; the other 2 are zero.
            && characters.last().and_then(value).is_some_and(|last| last % 4 == 0)
    }

    /// Appends the text form.
    pub fn write(&self, out: &mut String) {
        out.push_str(PREFIX);
        let bits = u128::from_be_bytes(self.0);
        for i in 0..CHARACTERS {
            let position = 123_i32 - 5 * i as i32;
            let five = if position >= 0 { bits >> position } else { bits << -position } & 31;
            out.push(char::from(ALPHABET.get(five as usize).copied().unwrap_or(b'a')));
        }
    }
}

impl std::fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(PREFIX.len() + CHARACTERS);
        self.write(&mut text);
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_told_from_a_value_by_its_form() {
        let shown = Pseudonym([0xff; 16]).to_string();
        assert_eq!(shown, "ps1-77777777777777777777777774");
        assert_eq!(Pseudonym([0; 16]).to_string(), "ps1-aaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert!(Pseudonym::is_form(&shown));
        for other in ["", "ps1-", "Müller", "ps1-77777777777777777777777777", "PS1-AAAAAAAAAAAAAAAAAAAAAAAAAA"]
        {
            assert!(!Pseudonym::is_form(other), "{other}");
        }
    }

    #[test]
    fn the_form_is_base32_of_rfc_4648() {
        // RFC 4648 section 10: "foobar" is MZXW6YTBOI======.
        let shown = Pseudonym(*b"foobarfoobarfoob").to_string();
        assert!(shown.starts_with("ps1-mzxw6ytbojtg633"), "{shown}");
    }
}
