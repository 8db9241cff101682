//! Reading files that hold secrets: only those that nobody else on the machine can read.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Largest secret file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A secret file that is not read.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// The operating system refused.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("`{0}` is not a regular file")]
    NotRegular(PathBuf),
    /// Its permissions let others read it.
    #[error("`{path}` can be read by others (mode {mode:o}): run `chmod 600 {path}`")]
    Loose {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else, who could change or read it.
    #[error("`{path}` belongs to user {owner}, not to the user of this program")]
    Owner {
        /// The file.
        path: PathBuf,
        /// Number of the owner.
        owner: u32,
    },
    /// It is far larger than any secret.
    #[error("`{0}` is larger than 64 KiB")]
    TooLarge(PathBuf),
    /// It is not text, or an empty one.
    #[error("`{0}` does not hold a line of text")]
    NotText(PathBuf),
}

/// The bytes of a secret file, at most 64 KiB.
///
/// # Errors
/// [`PrivateFileError`] when it is absent, not a regular file, owned by somebody else (root may own
/// it), or readable by group or others.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let refuse = |source| PrivateFileError::Io { path: path.to_owned(), source };
    // NONBLOCK: a pipe put in the file's place must not hold the program up.
    let nonblock = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(nonblock).open(path).map_err(refuse)?;
    // Asked of the open file, so that nobody can swap it between the check and the reading.
    let metadata = file.metadata().map_err(refuse)?;
    if !metadata.is_file() {
        return Err(PrivateFileError::NotRegular(path.to_owned()));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PrivateFileError::Loose { path: path.to_owned(), mode });
    }
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(PrivateFileError::Owner { path: path.to_owned(), owner });
    }
    if metadata.len() > MAX_BYTES {
        return Err(PrivateFileError::TooLarge(path.to_owned()));
    }
    // Room for all of it beforehand, so that no half copy stays behind in freed memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1));
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(refuse)?;
    Ok(bytes)
}

/// The first line of a secret file that holds a password or passphrase, without its line end.
///
/// # Errors
/// [`PrivateFileError`] as [`read`], and [`PrivateFileError::NotText`] when the line is empty or not
/// UTF-8.
pub fn read_line(path: &Path) -> Result<Zeroizing<String>, PrivateFileError> {
    let bytes = read(path)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(text) if !text.is_empty() => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(PrivateFileError::NotText(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(mode: u32, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        for mode in [0o640, 0o604, 0o644, 0o620, 0o601] {
            let (_dir, path) = file(mode, b"x\n");
            assert!(matches!(read(&path), Err(PrivateFileError::Loose { .. })), "{mode:o}");
        }
        let (_dir, path) = file(0o600, b"x\n");
        assert_eq!(read(&path).unwrap().as_slice(), b"x\n");
    }

    #[test]
    fn a_folder_a_huge_file_and_an_absent_one_are_refused() {
        let (dir, path) = file(0o600, &vec![b'x'; 70_000]);
        assert!(matches!(read(&path), Err(PrivateFileError::TooLarge(_))));
        assert!(matches!(read(dir.path()), Err(PrivateFileError::NotRegular(_))));
        assert!(matches!(read(&dir.path().join("none")), Err(PrivateFileError::Io { .. })));
    }

    #[test]
    fn the_first_line_is_the_secret_whatever_its_line_end() {
        for (bytes, line) in [(&b"pass word\n"[..], "pass word"), (b"pass\r\nmore", "pass"), (b"pass", "pass")]
        {
            let (_dir, path) = file(0o400, bytes);
            assert_eq!(read_line(&path).unwrap().as_str(), line);
        }
        for bytes in [&b""[..], b"\nx", b"\xff\n"] {
            let (_dir, path) = file(0o600, bytes);
            assert!(matches!(read_line(&path), Err(PrivateFileError::NotText(_))));
        }
    }
}
