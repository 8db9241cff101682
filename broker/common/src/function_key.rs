//! Private keys of functions, in files of the persons who hold them.
//!
//! The code that signs for a signatory, a DPO, an approving officer, an enrolment or statements
//! function, and for an authority's root. The command line and the recipient program use it; no
//! server that faces another authority can reach it (architecture test).
//!
//! The file is TOML: `format`, `key` (the public key as a C2SP verifier key) and either `seed`, or
//! `sealed` with the seed sealed under a passphrase. Mode 0600, never in a data folder that is
//! backed up with the rest.

use std::fmt;
use std::path::{Path, PathBuf};

use agreements::note::NoteError;
use agreements::{Note, NoteKey, Statement};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::aead::AeadKey;
use crate::config::line;
use crate::derive;
use crate::durable::{self, DurableError};
use crate::passphrase::{Stretch, StretchError};
use crate::private_file::{self, PrivateFileError};
use crate::rng::Rng;

const FORMAT: &str = "transire/function-key/1";

/// A key file could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum FunctionKeyError {
    /// The file cannot be read, or others can.
    #[error(transparent)]
    Private(#[from] PrivateFileError),
    /// The file cannot be written, or is there already.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// It does not have the form of a key file. Says nothing of what it holds.
    #[error("`{path}` line {line}: not a function key file")]
    Form {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// Seed and public key in the file do not belong together.
    #[error("`{0}`: its seed does not belong to its public key")]
    Mismatch(PathBuf),
    /// It is sealed and no passphrase was given.
    #[error("`{0}` is sealed with a passphrase, and none was given")]
    NeedsPassphrase(PathBuf),
    /// The passphrase is another one, or the file has been altered.
    #[error("`{0}` does not open: the passphrase is another one, or the file has been altered")]
    Locked(PathBuf),
    /// The name cannot sign, or the note cannot be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A private key under the name with which it signs.
pub struct FunctionKey {
    key: NoteKey,
    signing: SigningKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    key: NoteKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    seed: String,
}

impl FunctionKey {
    /// A new key that signs under `name`: `nl-customs/dpo`.
    ///
    /// # Errors
    /// [`FunctionKeyError::Note`] when the name has a space or `+`, or is empty.
    pub fn generate(name: &str, rng: &dyn Rng) -> Result<Self, FunctionKeyError> {
        Self::from_seed(name, &rng.key())
    }

    /// The key of a seed (RFC 8032).
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, FunctionKeyError> {
        let signing = SigningKey::from_bytes(seed);
        let key = NoteKey::new(name, signing.verifying_key().to_bytes())?;
        Ok(Self { key, signing })
    }

    /// The public key.
    pub const fn key(&self) -> &NoteKey {
        &self.key
    }

    /// Signs a note in place.
    ///
    /// # Errors
    /// [`FunctionKeyError::Note`]; never happens for a note that was read or made.
    pub fn sign_note(&self, note: &mut Note) -> Result<(), FunctionKeyError> {
        let signature = self.signing.sign(note.text().as_bytes()).to_bytes();
        Ok(note.attach(&self.key, &signature)?)
    }

    /// The note of a statement, signed.
    ///
    /// # Errors
    /// [`FunctionKeyError::Note`] when the statement has no canonical form.
    pub fn sign<S: Statement>(&self, statement: &S) -> Result<Note, FunctionKeyError> {
        let mut note = statement.to_note()?;
        self.sign_note(&mut note)?;
        Ok(note)
    }

    /// Writes the key to a new file of mode 0600; sealed when there is a passphrase.
    ///
    /// # Errors
    /// [`FunctionKeyError::Durable`] when the file exists or cannot be written.
    pub fn write_new(
        &self,
        path: &Path,
        passphrase: Option<&str>,
        rng: &dyn Rng,
    ) -> Result<(), FunctionKeyError> {
        let mut file = KeyFile { format: FORMAT.to_owned(), key: self.key.clone(), seed: None, sealed: None };
        let seed = Zeroizing::new(self.signing.to_bytes());
        match passphrase {
            None => file.seed = Some(BASE64.encode(seed.as_slice())),
            Some(passphrase) => {
                let stretch = Stretch::new(rng);
                let wrapping =
                    wrapping(&stretch, passphrase).map_err(|_| FunctionKeyError::Locked(path.into()))?;
                file.sealed = Some(Sealed {
                    memory_kib: stretch.memory_kib,
                    passes: stretch.passes,
                    lanes: stretch.lanes,
                    salt: hex::encode(stretch.salt),
                    seed: BASE64.encode(wrapping.seal(rng, &context(&stretch, &self.key), seed.as_slice())),
                });
            }
        }
        let form = |_| FunctionKeyError::Form { path: path.to_owned(), line: 1 };
        let text = Zeroizing::new(toml::to_string(&file).map_err(form)?);
        drop(file.seed.map(Zeroizing::new));
        let whole = Zeroizing::new(format!(
            "# Private key of `{}`. Whoever has this file signs as that function: keep it to yourself.\n{}",
            self.key.name(),
            text.as_str()
        ));
        Ok(durable::write_new(path, whole.as_bytes(), 0o600, rng)?)
    }

    /// Reads a key file. `passphrase` is asked only when the file is sealed, and may give none.
    ///
    /// # Errors
    /// [`FunctionKeyError`], which names the file and never its content.
    pub fn load(
        path: &Path,
        passphrase: impl FnOnce() -> Option<Zeroizing<String>>,
    ) -> Result<Self, FunctionKeyError> {
        let form = |line| FunctionKeyError::Form { path: path.to_owned(), line };
        let bytes = private_file::read(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| form(1))?;
        // The reader's own message may quote what it read, so only the line is kept of it.
        let file: KeyFile = toml::from_str(text)
            .map_err(|error| form(line(text, error.span().map_or(0, |span| span.start))))?;
        if file.format != FORMAT {
            return Err(form(1));
        }
        let seed = match (file.seed, file.sealed) {
            (Some(text), None) => {
                let text = Zeroizing::new(text);
                Zeroizing::new(BASE64.decode(text.as_bytes()).map_err(|_| form(1))?)
            }
            (None, Some(sealed)) => {
                let passphrase =
                    passphrase().ok_or_else(|| FunctionKeyError::NeedsPassphrase(path.to_owned()))?;
                let mut salt = [0; 16];
                hex::decode_to_slice(&sealed.salt, &mut salt).map_err(|_| form(1))?;
                let Sealed { memory_kib, passes, lanes, .. } = sealed;
                let stretch = Stretch { memory_kib, passes, lanes, salt };
                let sealed = BASE64.decode(&sealed.seed).map_err(|_| form(1))?;
                wrapping(&stretch, &passphrase)
                    .map_err(|_| form(1))?
                    .open(&context(&stretch, &file.key), &sealed)
                    .map_err(|_| FunctionKeyError::Locked(path.to_owned()))?
            }
            _ => return Err(form(1)),
        };
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| form(1))?;
        let loaded = Self::from_seed(file.key.name(), seed)?;
        if loaded.key != file.key {
            return Err(FunctionKeyError::Mismatch(path.to_owned()));
        }
        Ok(loaded)
    }
}

fn wrapping(stretch: &Stretch, passphrase: &str) -> Result<AeadKey, StretchError> {
    stretch.key(passphrase).map(|key| AeadKey::new(&key))
}

fn context(stretch: &Stretch, key: &NoteKey) -> Vec<u8> {
    let cost = [stretch.memory_kib, stretch.passes, stretch.lanes].map(u32::to_be_bytes);
    derive::frame("transire/function-key/1", &[key.to_string().as_bytes(), cost.as_flattened(), &stretch.salt])
}

impl fmt::Debug for FunctionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FunctionKey").field(&self.key).finish()
    }
}

#[cfg(test)]
mod tests;
