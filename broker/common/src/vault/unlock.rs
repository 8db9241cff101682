//! What opens a vault: a passphrase, or a key file kept away from the data.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::VaultError;
use crate::durable;
use crate::private_file;
use crate::rng::Rng;

/// First line of a key file.
const HEADER: &str = "transire/vault-key/1\n";

/// What opens a vault.
pub enum Unlock {
    /// A passphrase that somebody types, or that a file of its own holds.
    Passphrase(Zeroizing<String>),
    /// A file made by [`make_key_file`]; refused inside the data folder and when others can read it.
    KeyFile(PathBuf),
    /// As [`Self::KeyFile`], but allowed inside the data folder: whoever copies the folder has the
    /// key too. Only `demo` uses this, and says so.
    KeyFileInDataFolder(PathBuf),
}

/// What was read of an [`Unlock`].
pub(super) enum Unlocked {
    Passphrase(Zeroizing<String>),
    Key(Zeroizing<[u8; 32]>),
}

/// Makes a key file of 32 random bytes, readable by its owner alone.
///
/// # Errors
/// [`VaultError::Durable`] when the file exists or cannot be written.
pub fn make_key_file(path: &Path, rng: &dyn Rng) -> Result<(), VaultError> {
    let mut text = Zeroizing::new(String::with_capacity(128));
    text.push_str(HEADER);
    BASE64.encode_string(rng.key().as_slice(), &mut text);
    text.push('\n');
    Ok(durable::write_new(path, text.as_bytes(), 0o600, rng)?)
}

impl Unlock {
    pub(super) fn read(&self, vault: &Path) -> Result<Unlocked, VaultError> {
        match self {
            Self::Passphrase(text) => Ok(Unlocked::Passphrase(text.clone())),
            Self::KeyFile(path) => {
                refuse_inside(path, vault)?;
                Ok(Unlocked::Key(key(path)?))
            }
            Self::KeyFileInDataFolder(path) => Ok(Unlocked::Key(key(path)?)),
        }
    }
}

/// Compares the real places of both, so that neither `..` nor a symbolic link hides anything.
fn refuse_inside(path: &Path, vault: &Path) -> Result<(), VaultError> {
    let real =
        |path: &Path| path.canonicalize().map_err(|source| VaultError::Io { path: path.to_owned(), source });
    let (key, vault) = (real(path)?, real(vault)?);
    let data = vault.parent().unwrap_or(&vault);
    if key.starts_with(data) {
        return Err(VaultError::KeyFileInside { key: path.to_owned(), data: data.to_owned() });
    }
    Ok(())
}

fn key(path: &Path) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let bytes = private_file::read(path)?;
    let mut key = Zeroizing::new([0; 32]);
    let text = bytes.strip_prefix(HEADER.as_bytes()).and_then(|rest| rest.strip_suffix(b"\n"));
    match text.map(|text| BASE64.decode_slice(text, key.as_mut_slice())) {
        Some(Ok(32)) => Ok(key),
        _ => Err(VaultError::KeyFileForm(path.to_owned())),
    }
}

impl fmt::Debug for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase(_) => f.write_str("Passphrase"),
            Self::KeyFile(path) => f.debug_tuple("KeyFile").field(path).finish(),
            Self::KeyFileInDataFolder(path) => f.debug_tuple("KeyFileInDataFolder").field(path).finish(),
        }
    }
}
