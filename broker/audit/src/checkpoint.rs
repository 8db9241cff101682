//! Checkpoints (C2SP tlog-checkpoint): the signed state of the log, and the one key that signs it.

use agreements::{Digest, Note, NoteError, NoteKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

/// What is wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The text is not origin, size and root.
    #[error("not a checkpoint: {0}")]
    Form(&'static str),
    /// It is the checkpoint of another log.
    #[error("this is a checkpoint of `{found}`, not of `{expected}`")]
    Origin {
        /// Origin in the text, cut to 64 characters.
        found: String,
        /// Name of the key.
        expected: String,
    },
    /// The note or its signature is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// The size and the root of a log. Extension lines are neither written nor read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log, equal to the name of its key.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.as_bytes()))
    }

    /// Reads the text, without any signature.
    ///
    /// # Errors
    /// [`CheckpointError::Form`] naming the line that is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let form = CheckpointError::Form;
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else {
            return Err(form("it does not have exactly three lines"));
        };
        let bytes = BASE64.decode(root).ok().and_then(|b| <[u8; 32]>::try_from(b).ok());
        let read = Self {
            origin: (*origin).to_owned(),
            size: size.parse().map_err(|_| form("its size is not a number"))?,
            root: Digest::from_bytes(bytes.ok_or(form("its root is not 32 bytes in base64"))?),
        };
        if origin.is_empty() {
            return Err(form("it names no log"));
        }
        if read.text() != text {
            return Err(form("it is not written in the one canonical way"));
        }
        Ok(read)
    }

    /// The signed note.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] when the signer is that of another log.
    pub fn sign(&self, signer: &LogSigner) -> Result<String, CheckpointError> {
        self.belongs_to(&signer.key)?;
        let mut note = Note::unsigned(self.text())?;
        note.attach(&signer.key, &signer.secret.sign(note.text().as_bytes()).to_bytes())?;
        Ok(note.to_string())
    }

    /// Reads a signed checkpoint and verifies that it is one of the log with this key.
    ///
    /// # Errors
    /// [`CheckpointError`] when it is malformed, not signed by `key` or of another log.
    pub fn verify(note: &str, key: &NoteKey) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        note.verify(key)?;
        let read = Self::parse(note.text())?;
        read.belongs_to(key)?;
        Ok(read)
    }

    fn belongs_to(&self, key: &NoteKey) -> Result<(), CheckpointError> {
        if self.origin == key.name() {
            return Ok(());
        }
        let found = self.origin.chars().take(64).collect();
        Err(CheckpointError::Origin { found, expected: key.name().to_owned() })
    }
}

/// The private key of a log: the only one that the broker signs notes with. It has no `Debug`.
pub struct LogSigner {
    secret: SigningKey,
    key: NoteKey,
}

impl LogSigner {
    /// The signer with this seed, under the name of the log.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] when the name is not one of a key.
    pub fn from_seed(name: &str, seed: Zeroizing<[u8; 32]>) -> Result<Self, CheckpointError> {
        let secret = SigningKey::from_bytes(&seed);
        let key = NoteKey::new(name, secret.verifying_key().to_bytes())?;
        Ok(Self { secret, key })
    }

    /// The public key, which agreements name.
    pub const fn key(&self) -> &NoteKey {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(name: &str, seed: u8) -> LogSigner {
        LogSigner::from_seed(name, Zeroizing::new([seed; 32])).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "nl-customs/log".into(), size: 7, root: Digest::of(b"root") }
    }

    #[test]
    fn a_signed_checkpoint_is_read_by_its_key_and_by_no_other() {
        let signer = signer("nl-customs/log", 1);
        let note = checkpoint().sign(&signer).unwrap();
        assert_eq!(Checkpoint::verify(&note, signer.key()).unwrap(), checkpoint());
        for other in [self::signer("nl-customs/log", 2), self::signer("be-customs/log", 1)] {
            assert!(Checkpoint::verify(&note, other.key()).is_err());
            assert!(checkpoint().sign(&other).is_ok() == (other.key().name() == "nl-customs/log"));
        }
    }

    #[test]
    fn no_bit_of_a_signed_checkpoint_can_be_changed() {
        let signer = signer("nl-customs/log", 1);
        let note = checkpoint().sign(&signer).unwrap().into_bytes();
        for bit in 0..note.len() * 8 {
            let mut changed = note.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let read = String::from_utf8(changed).map(|text| Checkpoint::verify(&text, signer.key()).is_ok());
            assert!(!read.unwrap_or(false), "bit {bit}");
        }
    }

    #[test]
    fn a_checkpoint_is_written_in_one_way_only() {
        let root = BASE64.encode([7; 32]);
        for bad in
            ["log\n07\nR\n", "log\n+7\nR\n", "log\n7\nR\nmore\n", "\n7\nR\n", "log\n7\nR", "log\n7\nAA==\n"]
        {
            assert!(Checkpoint::parse(&bad.replace('R', &root)).is_err(), "{bad}");
        }
        assert!(Checkpoint::parse(&format!("log\n7\n{root}\n")).is_ok());
    }
}
