//! Room on the disk that is kept for the day on which it is full: to delete something, SQLite must
//! first write, and to start it must write too.
//!
//! A file of zeros beside the database. It is given up once, and made again when there is room.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

/// Bytes that are kept where there are so many: several times what one step of a deletion writes.
const BYTES: u64 = 16 << 20;

/// Bytes that must be free beside it, so that making it never takes what a start needs.
const MARGIN: u64 = 2 << 20;

/// The file.
pub(super) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// The reserve beside a database; nothing is written yet.
    pub(super) fn beside(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-reserve");
        Self { path: path.into() }
    }

    /// Makes the file where it is not there whole. A disk without room for it is told, and works.
    pub(super) fn keep(&self) {
        let kept = self.path.metadata().map_or(0, |found| found.len());
        if kept >= BYTES {
            return;
        }
        let room = kept.saturating_add(self.free().unwrap_or(u64::MAX - kept));
        let bytes = room.saturating_sub(MARGIN).min(BYTES);
        if bytes <= kept {
            return;
        }
        if bytes < BYTES / 4 || self.fill(bytes).is_err() {
            let _ = std::fs::remove_file(&self.path);
            tracing::warn!(
                folder = %self.folder().display(),
                "little room is left on the disk of this folder: make room before it is full"
            );
        }
    }

    /// Gives the file up where the disk has too little room for a start.
    pub(super) fn give_up_if_needed(&self) {
        if self.free().is_some_and(|free| free < MARGIN) && self.give_up() {
            tracing::warn!(
                folder = %self.folder().display(),
                "the disk of this folder is full: this start uses the room that was kept for it; make room"
            );
        }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// Bytes that are free on the disk; `None` where the system does not say.
    fn free(&self) -> Option<u64> {
        statvfs(self.folder()).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn fill(&self, bytes: u64) -> io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        if fallocate(&file, FallocateFlags::empty(), 0, bytes).is_err() {
            // Not every file system can; then what is there is zeros, written.
            let zeros = [0; 64 * 1024];
            for _ in 0..bytes / zeros.len() as u64 {
                file.write_all(&zeros)?;
            }
        }
        file.sync_all()
    }

    /// Removes the file; `false` when there was none.
    pub(super) fn give_up(&self) -> bool {
        let given = std::fs::remove_file(&self.path).is_ok();
        if given {
            // So that the room is there at once; where that fails, it comes a little later.
            let _ = self.path.parent().map(File::open).transpose().map(|folder| folder.map(|f| f.sync_all()));
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_takes_real_room_and_is_given_up_once() {
        use std::os::unix::fs::MetadataExt as _;
        let dir = tempfile::tempdir().unwrap();
        let reserve = Reserve::beside(&dir.path().join("broker.db"));
        assert!(!reserve.give_up());
        reserve.keep();
        assert!(reserve.path.metadata().unwrap().blocks() * 512 >= BYTES);
        assert!(reserve.give_up());
        assert!(!reserve.give_up());
    }
}
