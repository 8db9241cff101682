//! Signed notes (C2SP signed-note): text, a blank line, one line for each signature.
//!
//! Everything that one party must be able to show to another is a note: directories, opinions,
//! signatures, enrolments, officers' statements, receipts, checkpoints. This module reads,
//! verifies and assembles them. It holds no private key: whoever signs does so elsewhere and
//! hands over 64 bytes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::digest::{CanonicalError, canonical};

/// Largest note that is read, in bytes.
pub const MAX_NOTE_BYTES: usize = 1 << 20;
/// Most signatures that are read on one note.
const MAX_SIGNATURES: usize = 100;
/// C2SP signature type of Ed25519.
const ED25519: u8 = 0x01;

/// What is wrong with a note or a key.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// The text does not have the form of a signed note.
    #[error("not a signed note: {0}")]
    Form(&'static str),
    /// The verifier key is not `name+hash+base64` of an Ed25519 key.
    #[error("not a verifier key: {0}")]
    Key(&'static str),
    /// None of the expected keys has signed it.
    #[error("no signature by `{0}`")]
    Unsigned(String),
    /// A signature that names an expected key does not hold.
    #[error("the signature by `{0}` does not hold")]
    Forged(String),
    /// The note is of another kind than the one expected.
    #[error("this note is `{found}`, not `{expected}`")]
    Kind {
        /// Kind in the note, cut to 64 characters.
        found: String,
        /// Kind that was asked for.
        expected: &'static str,
    },
    /// The statement inside is not of its kind's shape, or not in canonical form.
    #[error("the statement in this `{kind}` note is malformed: {detail}")]
    Statement {
        /// Kind of the note.
        kind: &'static str,
        /// What the reader said; never a value.
        detail: String,
    },
    /// The statement has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// A public key by the name under which it signs, in the C2SP form `name+hash+base64`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoteKey {
    name: String,
    public: [u8; 32],
}

impl NoteKey {
    /// A key under a name.
    ///
    /// # Errors
    /// [`NoteError::Key`] when the name is empty or has a space, a control or `+`, or the bytes are
    /// not an Ed25519 public key.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.len() > 200 || name.contains(bad) {
            return Err(NoteError::Key("its name is empty or has a space or `+`"));
        }
        let key = VerifyingKey::from_bytes(&public).map_err(|_| NoteError::Key("not a point of the curve"))?;
        if key.is_weak() {
            return Err(NoteError::Key("a weak key"));
        }
        Ok(Self { name: name.to_owned(), public })
    }

    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    /// [`NoteError::Key`] when a part is missing or the hash does not belong to the key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, rest) = text.split_once('+').ok_or(NoteError::Key("no `+`"))?;
        let (hash, key) = rest.split_once('+').ok_or(NoteError::Key("no second `+`"))?;
        let bytes = BASE64.decode(key).map_err(|_| NoteError::Key("not base64"))?;
        let (&kind, public) = bytes.split_first().ok_or(NoteError::Key("empty"))?;
        let public: [u8; 32] = public.try_into().map_err(|_| NoteError::Key("not 32 bytes"))?;
        if kind != ED25519 {
            return Err(NoteError::Key("not Ed25519"));
        }
        let parsed = Self::new(name, public)?;
        if hash != hex::encode(parsed.id()) {
            return Err(NoteError::Key("its hash does not belong to it"));
        }
        Ok(parsed)
    }

    /// The name under which the key signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Ed25519 public key.
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Key id: the first four bytes of SHA-256(name, newline, type, key).
    pub fn id(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(self.public);
        let full: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, ..] = full;
        [a, b, c, d]
    }

    /// Whether `signature` over `message` is this key's, checked strictly.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.public)
            .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(&self.public);
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), BASE64.encode(bytes))
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for NoteKey {
    type Error = NoteError;
    fn try_from(text: String) -> Result<Self, NoteError> {
        Self::parse(&text)
    }
}

impl From<NoteKey> for String {
    fn from(key: NoteKey) -> String {
        key.to_string()
    }
}

/// A note as it is written: its text and the signature lines, none of them verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Note {
    /// A note that nobody has signed yet. Its text ends with a newline.
    ///
    /// # Errors
    /// [`NoteError::Form`] when the text does not end in a newline or has control characters.
    pub fn unsigned(text: String) -> Result<Self, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::Form("the text does not end in a newline"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::Form("control character in the text"));
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note. Signatures are read, not verified.
    ///
    /// # Errors
    /// [`NoteError::Form`] naming the part that is wrong.
    pub fn parse(bytes: &str) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Form("larger than 1 MiB"));
        }
        let split = bytes.rfind("\n\n").ok_or(NoteError::Form("no blank line before the signatures"))?;
        let (text, rest) = bytes.split_at(split + 1);
        let lines = rest
            .strip_prefix('\n')
            .and_then(|r| r.strip_suffix('\n'))
            .ok_or(NoteError::Form("the last line does not end in a newline"))?;
        let mut note = Self::unsigned(text.to_owned())?;
        for line in lines.split('\n') {
            if note.signatures.len() >= MAX_SIGNATURES {
                return Err(NoteError::Form("more than 100 signatures"));
            }
            note.signatures.push(SignatureLine::parse(line)?);
        }
        Ok(note)
    }

    /// The text, with its last newline: what is signed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds a signature made elsewhere over [`Self::text`].
    ///
    /// # Errors
    /// [`NoteError::Forged`] when it does not hold: no note with a bad signature is ever made.
    pub fn attach(&mut self, key: &NoteKey, signature: &[u8; 64]) -> Result<(), NoteError> {
        if !key.verifies(self.text.as_bytes(), signature) {
            return Err(NoteError::Forged(key.name.clone()));
        }
        self.signatures.push(SignatureLine { name: key.name.clone(), id: key.id(), bytes: signature.to_vec() });
        Ok(())
    }

    /// Checks that `key` has signed this note.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`] when no line names the key, [`NoteError::Forged`] when one does and
    /// does not hold.
    pub fn verify(&self, key: &NoteKey) -> Result<(), NoteError> {
        let id = key.id();
        let mut lines = self.signatures.iter().filter(|s| s.name == key.name && s.id == id).peekable();
        if lines.peek().is_none() {
            return Err(NoteError::Unsigned(key.name.clone()));
        }
        for line in lines {
            let holds = <&[u8; 64]>::try_from(line.bytes.as_slice())
                .is_ok_and(|signature| key.verifies(self.text.as_bytes(), signature));
            if !holds {
                return Err(NoteError::Forged(key.name.clone()));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let mut bytes = line.id.to_vec();
            bytes.extend_from_slice(&line.bytes);
            writeln!(f, "\u{2014} {} {}", line.name, BASE64.encode(bytes))?;
        }
        Ok(())
    }
}

impl SignatureLine {
    fn parse(line: &str) -> Result<Self, NoteError> {
        const WRONG: NoteError = NoteError::Form("a signature line is not `\u{2014} name base64`");
        let (name, bytes) = line.strip_prefix("\u{2014} ").and_then(|r| r.split_once(' ')).ok_or(WRONG)?;
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(bad) {
            return Err(WRONG);
        }
        let bytes = BASE64.decode(bytes).map_err(|_| WRONG)?;
        match bytes.split_first_chunk::<4>() {
            Some((id, rest)) if !rest.is_empty() => {
                Ok(Self { name: name.to_owned(), id: *id, bytes: rest.to_vec() })
            }
            _ => Err(WRONG),
        }
    }
}

/// Something that a key of an authority states: the first line of the note is [`Self::KIND`], the
/// second the statement in canonical JSON, and nothing follows.
pub trait Statement: Serialize + DeserializeOwned {
    /// Kind and version, as `transire/opinion/1`.
    const KIND: &'static str;

    /// The note that is to be signed.
    ///
    /// # Errors
    /// [`NoteError`] when the statement has no canonical form.
    fn to_note(&self) -> Result<Note, NoteError> {
        Note::unsigned(format!("{}\n{}\n", Self::KIND, canonical(self)?))
    }

    /// Reads the statement of a note without verifying any signature.
    ///
    /// # Errors
    /// [`NoteError`] when the note is of another kind, malformed or not in canonical form.
    fn from_note(note: &Note) -> Result<Self, NoteError> {
        let (kind, rest) = note.text().split_once('\n').ok_or(NoteError::Form("no first line"))?;
        if kind != Self::KIND {
            return Err(NoteError::Kind { found: kind.chars().take(64).collect(), expected: Self::KIND });
        }
        let malformed = |detail: String| NoteError::Statement { kind: Self::KIND, detail };
        let json = rest.strip_suffix('\n').ok_or(NoteError::Form("no second line"))?;
        let statement: Self = serde_json::from_str(json)
            .map_err(|e| malformed(format!("{:?} error at column {}", e.classify(), e.column())))?;
        if canonical(&statement)? != json {
            return Err(malformed("not in canonical form".to_owned()));
        }
        Ok(statement)
    }

    /// Reads a note and verifies that `key` has signed it.
    ///
    /// # Errors
    /// [`NoteError`] when it is malformed, of another kind, or not signed by `key`.
    fn verified(note: &Note, key: &NoteKey) -> Result<Self, NoteError> {
        note.verify(key)?;
        Self::from_note(note)
    }
}
