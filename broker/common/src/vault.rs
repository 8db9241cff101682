//! The vault: a folder that holds the program's keys, each in a sealed file of its own.
//!
//! - `root`: 32 random bytes, wrapped by a passphrase or a key file. From it follow, by HKDF, the
//!   branches (see [`Branch`]) and the key that seals the other files.
//! - `keys/ID`: one sealed file for each key that must be destroyable on its own.
//! - `mark`: size and root of the log at the last commit (see [`Mark`]).
//!
//! Order, kept by the callers: [`Vault::put`] returns before the transaction that names the key
//! begins; [`Vault::destroy`] is called after the transaction that records the destruction, and
//! again at start; [`Vault::sweep`] runs at start, before the first [`Vault::put`]. One process
//! writes to a vault at a time.

mod branch;
mod key_id;
mod kinds;
mod mark;
mod root;
mod unlock;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use zeroize::Zeroizing;

pub use branch::Branch;
pub use key_id::{KeyId, KeyIdError};
pub use kinds::{KeyKind, KeyRow};
pub use mark::Mark;
pub use unlock::{Unlock, make_key_file};

use crate::aead::{AeadKey, OVERHEAD};
use crate::derive;
use crate::durable::{self, DurableError};
use crate::private_file::PrivateFileError;
use crate::rng::Rng;
use mark::MarkFile;

/// Largest key that is put, in bytes.
pub const MAX_KEY_BYTES: usize = 64 * 1024;
/// First byte of a key file's content: the version of its layout.
const VERSION: u8 = 1;

/// The vault could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no vault in the folder.
    #[error("`{0}` holds no vault: make one first")]
    Absent(PathBuf),
    /// There is one already.
    #[error("`{0}` holds a vault already")]
    Exists(PathBuf),
    /// The passphrase or the key file is not the vault's, or the root has been altered.
    #[error("`{0}` does not open: the passphrase or key file is another one, or the file has been altered")]
    Locked(PathBuf),
    /// The root is wrapped the other way.
    #[error("`{path}` opens with {needs}")]
    OtherUnlock {
        /// The root file.
        path: PathBuf,
        /// What it needs.
        needs: &'static str,
    },
    /// A file of the vault is not one that the vault wrote.
    #[error("`{0}` is damaged or has been altered")]
    Damaged(PathBuf),
    /// The key file lies where a copy of the data would take it along.
    #[error("the key file `{key}` is inside the data folder `{data}`: keep it elsewhere")]
    KeyFileInside {
        /// The key file.
        key: PathBuf,
        /// The data folder.
        data: PathBuf,
    },
    /// The key file does not have the form of one.
    #[error("`{0}` is not a vault key file")]
    KeyFileForm(PathBuf),
    /// A key file or passphrase file is not private, or cannot be read.
    #[error(transparent)]
    Private(#[from] PrivateFileError),
    /// A key of that id is there already; a key is never replaced.
    #[error("key `{0}` exists already")]
    KeyExists(KeyId),
    /// No key of that id is there.
    #[error("there is no key `{0}`: it was never made, or has been destroyed")]
    NoKey(KeyId),
    /// Larger than any key.
    #[error("key `{0}` is larger than 64 KiB")]
    TooLarge(KeyId),
    /// A file could not be written or read.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// A file could not be read.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// An open vault.
pub struct Vault {
    dir: PathBuf,
    root: Zeroizing<[u8; 32]>,
    files: AeadKey,
    /// Keys read before, so that a key of every day costs no file. A destroyed key leaves it at once.
    read: RwLock<BTreeMap<KeyId, Zeroizing<Vec<u8>>>>,
    mark: Mutex<MarkFile>,
}

impl Vault {
    /// Makes a vault in `dir`, which lies in the data folder, and opens it.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when there is one; as [`Self::open`] otherwise.
    pub fn create(dir: &Path, unlock: &Unlock, rng: &dyn Rng) -> Result<Self, VaultError> {
        durable::create_dir(&dir.join("keys"), 0o700)?;
        let path = dir.join("root");
        if path.exists() {
            return Err(VaultError::Exists(dir.to_owned()));
        }
        let root = rng.key();
        let wrapped = root::wrap(&unlock.read(dir)?, &root, rng);
        match durable::write_new(&path, &wrapped, 0o600, rng) {
            Ok(()) => Ok(Self::with(dir, root)),
            Err(DurableError::Exists(_)) => Err(VaultError::Exists(dir.to_owned())),
            Err(other) => Err(other.into()),
        }
    }

    /// Opens the vault in `dir`. The data folder is the one around `dir`; the key file is refused
    /// inside it unless `unlock` says otherwise.
    ///
    /// # Errors
    /// [`VaultError`] when there is none, the passphrase or key file is another one, the key file
    /// can be read by others or lies in the data folder, or the root was altered.
    pub fn open(dir: &Path, unlock: &Unlock) -> Result<Self, VaultError> {
        let path = dir.join("root");
        let Some(wrapped) = read_small(&path, 4096)? else {
            return Err(VaultError::Absent(dir.to_owned()));
        };
        let root = root::unwrap(&unlock.read(dir)?, &wrapped, &path)?;
        Ok(Self::with(dir, root))
    }

    fn with(dir: &Path, root: Zeroizing<[u8; 32]>) -> Self {
        let files = AeadKey::new(&derive::key(root.as_slice(), branch::SALT, "transire/vault/files/1", &[]));
        let mac = derive::key(root.as_slice(), branch::SALT, "transire/vault/mark/1", &[]);
        let mark = Mutex::new(MarkFile::new(dir.join("mark"), mac));
        Self { dir: dir.to_owned(), root, files, read: RwLock::default(), mark }
    }

    /// Wraps the root anew, for another passphrase or key file. The old one opens nothing from then
    /// on, except copies of the old file.
    ///
    /// # Errors
    /// [`VaultError`] when the new key file is refused or the file cannot be written.
    pub fn rewrap(&self, unlock: &Unlock, rng: &dyn Rng) -> Result<(), VaultError> {
        let wrapped = root::wrap(&unlock.read(&self.dir)?, &self.root, rng);
        Ok(durable::replace(&self.dir.join("root"), &wrapped, 0o600, rng)?)
    }

    /// The key of a branch. The same branch gives the same key as long as the vault lives.
    pub fn branch(&self, branch: &Branch<'_>) -> Zeroizing<[u8; 32]> {
        branch.derive(&self.root)
    }

    /// Puts a key: durable when this returns. A key is never replaced.
    ///
    /// # Errors
    /// [`VaultError::KeyExists`], [`VaultError::TooLarge`] or [`VaultError::Durable`].
    pub fn put(&self, id: &KeyId, key: &[u8], rng: &dyn Rng) -> Result<(), VaultError> {
        if key.len() > MAX_KEY_BYTES {
            return Err(VaultError::TooLarge(id.clone()));
        }
        let mut sealed = vec![VERSION];
        self.files.seal_onto(&mut sealed, rng, &context(id), key);
        match durable::write_new(&self.path(id), &sealed, 0o600, rng) {
            Ok(()) => Ok(()),
            Err(DurableError::Exists(_)) => Err(VaultError::KeyExists(id.clone())),
            Err(other) => Err(other.into()),
        }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`VaultError::NoKey`] when it was never put or has been destroyed, [`VaultError::Damaged`]
    /// when its file was altered.
    pub fn get(&self, id: &KeyId) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        if let Some(key) = self.read.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(key.clone());
        }
        // The lock is held while the file is read, so that a destruction in between cannot leave
        // the key behind in memory.
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        let path = self.path(id);
        let Some(sealed) = read_small(&path, MAX_KEY_BYTES + OVERHEAD + 1)? else {
            return Err(VaultError::NoKey(id.clone()));
        };
        let key = match sealed.split_first() {
            Some((&VERSION, rest)) => self.files.open(&context(id), rest).ok(),
            _ => None,
        }
        .ok_or(VaultError::Damaged(path))?;
        read.insert(id.clone(), key.clone());
        Ok(key)
    }

    /// Whether the key is there. Says nothing about the file being whole.
    pub fn holds(&self, id: &KeyId) -> bool {
        self.path(id).exists()
    }

    /// Destroys a key: overwritten, synced, its name taken away. Absent is no error, so that this
    /// can be repeated at start.
    ///
    /// # Errors
    /// [`VaultError::Durable`].
    pub fn destroy(&self, id: &KeyId, rng: &dyn Rng) -> Result<(), VaultError> {
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        read.remove(id);
        Ok(durable::destroy(&self.path(id), rng)?)
    }

    /// The ids of all keys that are there.
    ///
    /// # Errors
    /// [`VaultError::Io`] when the folder cannot be read; [`VaultError::Damaged`] when it holds what
    /// the vault did not put there.
    pub fn list(&self) -> Result<BTreeSet<KeyId>, VaultError> {
        let mut ids = BTreeSet::new();
        for name in self.names()? {
            if !name.starts_with(durable::TEMPORARY) {
                let id =
                    KeyId::parse(&name).map_err(|_| VaultError::Damaged(self.dir.join("keys").join(&name)))?;
                ids.insert(id);
            }
        }
        Ok(ids)
    }

    /// Destroys every key that `named` does not hold, and what crashed writes left behind; gives the
    /// ids of the keys destroyed. Only at start, while nothing else puts keys.
    ///
    /// # Errors
    /// As [`Self::list`] and [`Self::destroy`].
    pub fn sweep(&self, named: &BTreeSet<KeyId>, rng: &dyn Rng) -> Result<BTreeSet<KeyId>, VaultError> {
        let unnamed: BTreeSet<KeyId> = self.list()?.difference(named).cloned().collect();
        for folder in [self.dir.clone(), self.dir.join("keys")] {
            durable::sweep_temporary(&folder, rng)?;
        }
        for id in &unnamed {
            self.destroy(id, rng)?;
        }
        Ok(unnamed)
    }

    /// Notes size and root of the log after a commit. Not synced: it costs a few microseconds, a
    /// killed process loses nothing of it, and after a loss of power it may stand earlier than the
    /// database, never later than what was committed.
    ///
    /// # Errors
    /// [`VaultError::Io`].
    pub fn write_mark(&self, mark: &Mark) -> Result<(), VaultError> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner).write(mark)
    }

    /// The newest mark, or none when no commit was ever noted.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] when there is a mark file and nothing in it holds.
    pub fn read_mark(&self) -> Result<Option<Mark>, VaultError> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner).read()
    }

    /// Begins the marks anew, for a new log: only `transire recover` does this.
    ///
    /// # Errors
    /// [`VaultError::Durable`] or [`VaultError::Io`].
    pub fn reset_mark(&self, rng: &dyn Rng) -> Result<(), VaultError> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner).reset(rng)
    }

    /// The folder of the vault.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn path(&self, id: &KeyId) -> PathBuf {
        self.dir.join("keys").join(id.as_str())
    }

    fn names(&self) -> Result<Vec<String>, VaultError> {
        let keys = self.dir.join("keys");
        let io = |source| VaultError::Io { path: keys.clone(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(&keys).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            names.push(name.into_string().map_err(|name| VaultError::Damaged(keys.join(name)))?);
        }
        Ok(names)
    }
}

fn context(id: &KeyId) -> Vec<u8> {
    derive::frame("transire/vault/key/1", &[id.as_str().as_bytes()])
}

/// A file of at most `most` bytes, or none; a longer one is damaged.
fn read_small(path: &Path, most: usize) -> Result<Option<Vec<u8>>, VaultError> {
    let io = |source| VaultError::Io { path: path.to_owned(), source };
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io(e)),
    };
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() > most {
        return Err(VaultError::Damaged(path.to_owned()));
    }
    Ok(Some(bytes))
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("dir", &self.dir).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
