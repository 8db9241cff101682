//! A log as a folder of files, written.
//!
//! `checkpoint`, `tile/<level>/<index>` and `tile/entries/<index>` are as C2SP tlog-tiles has them;
//! beside them `particulars/<index>.jsonl` holds the openings of 256 entries, a line each, and
//! `personal/<index>.jsonl` those of the personal parts, where they were asked for.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use agreements::{Note, NoteError};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::tile::{Edge, FULL, TileError, TilePath, encode_bundle, grouped};
use crate::tree::leaf_hash;

/// Name of the file that holds the newest checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// Folder of the openings of particulars.
pub const PARTICULARS: &str = "particulars";
/// Folder of the openings of personal parts.
pub const PERSONAL: &str = "personal";

/// Why a log cannot be written out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The folder holds something already.
    #[error("`{0}` is not empty: choose a new folder")]
    NotEmpty(PathBuf),
    /// A file cannot be written.
    #[error("`{path}` cannot be written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The checkpoint is not one.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An entry is too long.
    #[error("entry {index}: {source}")]
    Entry {
        /// Its index.
        index: u64,
        /// Why.
        source: TileError,
    },
    /// The entries given are not those that the checkpoint covers.
    #[error("the {given} entries given do not have the root of the checkpoint over {size} entries")]
    Root {
        /// How many were given.
        given: u64,
        /// How many the checkpoint covers.
        size: u64,
    },
}

impl From<NoteError> for ExportError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(error.into())
    }
}

/// One entry to be written out.
pub struct Exported {
    /// The bytes of the leaf.
    pub leaf: Vec<u8>,
    /// The opening of its particulars, as [`crate::Opening::to_json`] gives it.
    pub particulars: Option<String>,
    /// The opening of its personal part, where that is to be written out.
    pub personal: Option<String>,
}

/// Path of the openings of bundle `index`, relative to the log.
pub(crate) fn openings(folder: &str, index: u64) -> String {
    format!("{folder}/{}.jsonl", grouped(index))
}

/// The line of an opening.
pub(crate) fn line(index: u64, opening: &str) -> String {
    format!("{{\"index\":{index},\"opening\":{opening}}}\n")
}

/// Writes a log into a folder, entry by entry, and holds no more than one bundle.
///
/// The checkpoint is written last: a folder without one is not a log.
pub struct LogWriter {
    dir: PathBuf,
    note: String,
    checkpoint: Checkpoint,
    edge: Edge,
    leaves: Vec<Vec<u8>>,
    particulars: String,
    personal: String,
}

impl LogWriter {
    /// Begins to write the log that the signed `checkpoint` covers into a folder that does not
    /// exist or is empty.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn create(dir: &Path, checkpoint: &str) -> Result<Self, ExportError> {
        let claimed = Checkpoint::parse(Note::parse(checkpoint)?.text())?;
        let failed = |source| ExportError::Io { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(failed)?;
        if fs::read_dir(dir).map_err(failed)?.next().is_some() {
            return Err(ExportError::NotEmpty(dir.to_owned()));
        }
        Ok(Self {
            dir: dir.to_owned(),
            note: checkpoint.to_owned(),
            checkpoint: claimed,
            edge: Edge::new(),
            leaves: Vec::new(),
            particulars: String::new(),
            personal: String::new(),
        })
    }

    /// Writes the next entry.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn push(&mut self, entry: Exported) -> Result<(), ExportError> {
        let index = self.edge.size() + self.leaves.len() as u64;
        if let Some(opening) = &entry.particulars {
            self.particulars.push_str(&line(index, opening));
        }
        if let Some(opening) = &entry.personal {
            self.personal.push_str(&line(index, opening));
        }
        self.leaves.push(entry.leaf);
        if self.leaves.len() as u64 == FULL { self.flush() } else { Ok(()) }
    }

    /// Writes what waits, checks that the entries are those of the checkpoint, and writes that.
    ///
    /// # Errors
    /// [`ExportError::Root`] when they are not.
    pub fn finish(mut self) -> Result<Checkpoint, ExportError> {
        self.flush()?;
        let (given, size) = (self.edge.size(), self.checkpoint.size);
        if given != size || self.edge.root() != *self.checkpoint.root.as_bytes() {
            return Err(ExportError::Root { given, size });
        }
        self.write(CHECKPOINT, self.note.as_bytes(), 0o644)?;
        Ok(self.checkpoint)
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        let (first, leaves) = (self.edge.size(), std::mem::take(&mut self.leaves));
        if leaves.is_empty() {
            return Ok(());
        }
        let index = first / FULL;
        let bytes = encode_bundle(&leaves).map_err(|source| ExportError::Entry { index: first, source })?;
        let width = u16::try_from(leaves.len()).unwrap_or(256);
        self.write(&TilePath::Entries { index, width }.to_string(), &bytes, 0o644)?;
        let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        for tile in self.edge.append(&hashes) {
            // A partial tile of a higher level grows with every bundle; only the last is kept.
            if tile.path().is_of(self.checkpoint.size) {
                self.write(&tile.path().to_string(), &tile.bytes(), 0o644)?;
            }
        }
        for (folder, lines) in [
            (PARTICULARS, std::mem::take(&mut self.particulars)),
            (PERSONAL, std::mem::take(&mut self.personal)),
        ] {
            if !lines.is_empty() {
                self.write(&openings(folder, index), lines.as_bytes(), 0o600)?;
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<(), ExportError> {
        let path = self.dir.join(name);
        let write = || -> io::Result<()> {
            if let Some(parent) = path.parent() {
                let folder_mode = if mode == 0o600 { 0o700 } else { 0o755 };
                fs::DirBuilder::new().recursive(true).mode(folder_mode).create(parent)?;
            }
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
            file.write_all(bytes)
        };
        write().map_err(|source| ExportError::Io { path: path.clone(), source })
    }
}

/// Writes a whole log into a folder.
///
/// # Errors
/// [`ExportError`], or what the entries give.
pub fn write_log<E: From<ExportError>>(
    dir: &Path,
    checkpoint: &str,
    entries: impl IntoIterator<Item = Result<Exported, E>>,
) -> Result<Checkpoint, E> {
    let mut writer = LogWriter::create(dir, checkpoint)?;
    for entry in entries {
        writer.push(entry?)?;
    }
    Ok(writer.finish()?)
}
