//! Files that are whole or absent, whatever happens in between.
//!
//! Order of every write: temporary file in the same folder, fsync, link or rename to the name,
//! fsync of the folder. When a function returns `Ok` the change survives a loss of power.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
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
    let temporary = temporary(folder, path, bytes, mode, rng)?;
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
    let temporary = temporary(folder, path, bytes, mode, rng)?;
    if let Err(e) = fs::rename(&temporary, path) {
        // Best effort: what stays behind is swept at the next start.
        let _ = fs::remove_file(&temporary);
        return Err(io("write", path)(e));
    }
    sync_dir(folder)
}

/// Writes the bytes of `target` beside it. A failure names the target: the other name means nothing
/// to whoever reads it.
fn temporary(
    folder: &Path,
    target: &Path,
    bytes: &[u8],
    mode: u32,
    rng: &dyn Rng,
) -> Result<PathBuf, DurableError> {
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
            Err(io("write", target)(e))
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

/// Removes the temporary files that crashed writes left in a folder; at start, before any other write.
///
/// A crash between link and unlink leaves two names of one file: then only the temporary name goes,
/// since the bytes are those of the file proper.
///
/// # Errors
/// [`DurableError::Io`].
pub fn sweep_temporary(folder: &Path, rng: &dyn Rng) -> Result<(), DurableError> {
    for entry in fs::read_dir(folder).map_err(io("read the folder", folder))? {
        let entry = entry.map_err(io("read the folder", folder))?;
        if !entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes()) {
            continue;
        }
        let path = entry.path();
        if entry.metadata().map_err(io("read", &path))?.nlink() > 1 {
            fs::remove_file(&path).map_err(io("remove", &path))?;
            sync_dir(folder)?;
        } else {
            destroy(&path, rng)?;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::rng::SeededRng;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_and_no_temporary_one_stays() {
        let (dir, rng) = (tempfile::tempdir().unwrap(), SeededRng::new(1));
        let path = dir.path().join("a");
        write_new(&path, b"one", 0o600, &rng).unwrap();
        assert!(matches!(write_new(&path, b"two", 0o600, &rng), Err(DurableError::Exists(_))));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace(&path, b"three", 0o640, &rng).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn a_write_that_cannot_be_made_changes_nothing() {
        let (dir, rng) = (tempfile::tempdir().unwrap(), SeededRng::new(1));
        fs::create_dir(dir.path().join("folder")).unwrap();
        fs::write(dir.path().join("folder/x"), b"").unwrap();
        assert!(replace(&dir.path().join("folder"), b"", 0o600, &rng).is_err());
        assert!(write_new(&dir.path().join("none/a"), b"", 0o600, &rng).is_err());
        assert!(matches!(write_new(Path::new("/"), b"", 0o600, &rng), Err(DurableError::NotAFile(_))));
        let said = write_new(&dir.path().join("none/a"), b"", 0o600, &rng).unwrap_err().to_string();
        assert!(said.contains("/none/a`: ") && !said.contains(TEMPORARY), "{said}");
        let before = names(dir.path());
        assert_eq!(before, ["folder"]);
    }

    #[test]
    fn folders_are_made_with_the_mode_asked_for_and_a_file_in_the_way_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        create_dir(&deep, 0o700).unwrap();
        create_dir(&deep, 0o700).unwrap();
        for folder in [deep.as_path(), deep.parent().unwrap()] {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
        fs::write(dir.path().join("file"), b"").unwrap();
        assert!(create_dir(&dir.path().join("file"), 0o700).is_err());
        assert!(create_dir(&dir.path().join("file/x"), 0o700).is_err());
    }

    #[test]
    fn a_long_file_is_destroyed_to_its_last_byte() {
        let (dir, rng) = (tempfile::tempdir().unwrap(), SeededRng::new(1));
        let (path, other) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&path, vec![0; 10_001]).unwrap();
        fs::hard_link(&path, &other).unwrap();
        destroy(&path, &rng).unwrap();
        let after = fs::read(&other).unwrap();
        assert_eq!(after.len(), 10_001);
        assert!(after.chunks(100).all(|part| part.iter().any(|byte| *byte != 0) || part.len() == 1));
        destroy(&path, &rng).unwrap();
    }

    #[test]
    fn a_link_in_the_place_of_a_new_file_is_not_followed() {
        let (dir, rng) = (tempfile::tempdir().unwrap(), SeededRng::new(1));
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, b"precious").unwrap();
        symlink(&target, &link).unwrap();
        assert!(matches!(write_new(&link, b"x", 0o600, &rng), Err(DurableError::Exists(_))));
        replace(&link, b"x", 0o600, &rng).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"precious");
    }
}
