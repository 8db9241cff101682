//! Files that are whole or absent, whatever happens in between.
//!
//! Order of every write: temporary file in the same folder, fsync, link or rename to the name,
//! fsync of the folder. When a function returns `Ok` the change survives a loss of power.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::rng::Rng;

/// How the names of temporary files begin. What is found under such a name at start is what a
/// crash left behind.
pub const TEMPORARY: &str = ".tmp-";

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DurableError {
    /// The operating system refused.
    #[error("cannot {what} `{path}`: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of that name is there already.
    #[error("`{0}` exists already")]
    Exists(PathBuf),
    /// Another process holds the folder.
    #[error("`{0}` is in use by another process")]
    InUse(PathBuf),
    /// The path names no file in a folder.
    #[error("`{0}` is not the path of a file")]
    NotAFile(PathBuf),
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DurableError {
    let path = path.to_owned();
    move |source| DurableError::Io { what, path, source }
}

fn folder(path: &Path) -> Result<&Path, DurableError> {
    match path.parent() {
        Some(parent) if path.file_name().is_some() => {
            Ok(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
        }
        _ => Err(DurableError::NotAFile(path.to_owned())),
    }
}

/// Makes `path` and the folders above it, each with `mode` when it is new, and syncs the parents.
///
/// # Errors
/// [`DurableError::Io`].
pub fn create_dir(path: &Path, mode: u32) -> Result<(), DurableError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_dir(parent, mode)?;
    }
    match fs::DirBuilder::new().mode(mode).create(path) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        Err(e) => return Err(io("make the folder", path)(e)),
    }
    folder(path).map_or(Ok(()), sync_dir)
}

/// Makes the names in a folder durable.
///
/// # Errors
/// [`DurableError::Io`].
pub fn sync_dir(path: &Path) -> Result<(), DurableError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(io("sync the folder", path))
}

/// A new file that holds `bytes`; never replaces one.
///
/// # Errors
/// [`DurableError::Exists`] when the name is taken, [`DurableError::Io`] otherwise.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32, rng: &dyn Rng) -> Result<(), DurableError> {
    let folder = folder(path)?;
    let temporary = temporary(folder, bytes, mode, rng)?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary).map_err(io("remove", &temporary))?;
    match linked {
        Ok(()) => sync_dir(folder),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(DurableError::Exists(path.to_owned())),
        Err(e) => Err(io("write", path)(e)),
    }
}

/// A file that holds `bytes`, in place of one of that name if there is one.
///
/// # Errors
/// [`DurableError::Io`].
pub fn replace(path: &Path, bytes: &[u8], mode: u32, rng: &dyn Rng) -> Result<(), DurableError> {
    let folder = folder(path)?;
    let temporary = temporary(folder, bytes, mode, rng)?;
    fs::rename(&temporary, path).map_err(io("write", path))?;
    sync_dir(folder)
}

fn temporary(folder: &Path, bytes: &[u8], mode: u32, rng: &dyn Rng) -> Result<PathBuf, DurableError> {
    let path = folder.join(format!("{TEMPORARY}{}", hex::encode(rng.id())));
    let written =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
    match written {
        Ok(()) => Ok(path),
        Err(e) => {
            // Best effort: what stays behind is swept at the next start.
            let _ = fs::remove_file(&path);
            Err(io("write", &path)(e))
        }
    }
}

/// Overwrites a file with random bytes, syncs it and takes its name away. An absent file is no
/// error, so that a destruction that a crash cut short can be repeated.
///
/// On flash storage and copy-on-write file systems the old bytes may stay on the medium; what
/// makes them worthless there is that they were sealed under the vault's root.
///
/// # Errors
/// [`DurableError::Io`].
pub fn destroy(path: &Path, rng: &dyn Rng) -> Result<(), DurableError> {
    let folder = folder(path)?;
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(io("destroy", path)(e)),
    };
    let overwritten = file.metadata().and_then(|metadata| {
        let mut left = metadata.len();
        let mut noise = [0; 4096];
        while left > 0 {
            rng.fill(&mut noise);
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(noise.len());
            file.write_all(noise.get(..part).unwrap_or_default())?;
            left = left.saturating_sub(part as u64);
        }
        file.sync_all()
    });
    overwritten.map_err(io("destroy", path))?;
    fs::remove_file(path).map_err(io("remove", path))?;
    sync_dir(folder)
}

/// Holds a folder for this process until it is dropped, also against a second start of the program.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder, by a file `lock` in it.
    ///
    /// # Errors
    /// [`DurableError::InUse`] when another process holds it.
    pub fn take(folder: &Path) -> Result<Self, DurableError> {
        let path = folder.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DurableError::InUse(folder.to_owned())),
            Err(TryLockError::Error(e)) => Err(io("lock", &path)(e)),
        }
    }
}
