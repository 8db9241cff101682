//! An answer written to a file: to a temporary file beside it, readable by its owner alone, synced
//! and then renamed, so that a file under the name that was asked for is always whole and proved.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use agreements::{ElementPath, RequestId};
use exchange::{Manifest, ObjectError};

use crate::answer::{KeptAnswer, ObjectNote};
use crate::collector::objects;
use crate::home::Home;
use crate::records::{self, FileFormat};
use crate::store::StoreError;
use crate::store::objects::{ObjectRow, Stage};

/// An answer is not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no data for it.
    #[error("request `{0}` has no records here")]
    NoRecords(RequestId),
    /// The object is not here whole, or did not prove right.
    #[error("the object of request `{0}` is not opened yet")]
    NotOpened(RequestId),
    /// A file failed.
    #[error("cannot write `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The object does not open any more.
    #[error("the object does not open: {0}")]
    Object(#[from] ObjectError),
    /// A thread broke off.
    #[error("the object could not be read to its end")]
    Broken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Records that can be written: proved, and opened to the last byte.
#[expect(clippy::large_enum_variant, reason = "made once and moved, never kept in numbers")]
pub enum Records {
    /// In memory.
    Inline {
        /// The cover sheet.
        manifest: Manifest,
        /// The records.
        records: String,
    },
    /// In an object.
    Object(Box<ObjectRow<ObjectNote>>),
}

impl Records {
    /// The records of a request.
    ///
    /// # Errors
    /// [`ExportError`] when there are none, or they are not opened yet.
    pub async fn of(home: &Home, request: RequestId) -> Result<Self, ExportError> {
        let answer = home.store.answer::<KeptAnswer>(request).await?;
        match answer.map(|answer| answer.content) {
            Some(KeptAnswer::Inline { manifest, records }) => Ok(Self::Inline { manifest, records }),
            Some(KeptAnswer::Object { .. }) => {
                let row = home.store.object_of::<ObjectNote>(request).await?;
                let row = row.filter(|row| row.stage == Stage::Opened);
                row.map(|row| Self::Object(Box::new(row))).ok_or(ExportError::NotOpened(request))
            }
            _ => Err(ExportError::NoRecords(request)),
        }
    }

    /// The cover sheet.
    pub const fn manifest(&self) -> &Manifest {
        match self {
            Self::Inline { manifest, .. } => manifest,
            Self::Object(row) => &row.description.manifest,
        }
    }

    /// Writes the records to a file, in place of one of that name.
    ///
    /// # Errors
    /// [`ExportError`]; then no file of that name was made or changed.
    pub fn write(&self, home: &Home, path: &Path, wanted: Option<FileFormat>) -> Result<(), ExportError> {
        let failed = |source| ExportError::Io { path: path.to_owned(), source };
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let temporary = folder.join(format!(".tmp-{}", hex::encode(home.rng.id())));
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).map_err(failed)?;
        let done = self.write_to(home, file, wanted).and_then(|()| {
            fs::rename(&temporary, path).map_err(failed)?;
            File::open(folder).and_then(|dir| dir.sync_all()).map_err(failed)
        });
        if done.is_err() {
            // Best effort: what was written in part is removed.
            let _ = fs::remove_file(&temporary);
        }
        done.map_err(|error| match error {
            ExportError::Io { source, .. } => failed(source),
            other => other,
        })
    }

    fn write_to(&self, home: &Home, file: File, wanted: Option<FileFormat>) -> Result<(), ExportError> {
        let failed = |source| ExportError::Io { path: PathBuf::new(), source };
        let manifest = self.manifest();
        let wanted = wanted.unwrap_or(FileFormat::as_received(manifest.format));
        let elements: Vec<ElementPath> = manifest.elements.keys().cloned().collect();
        let mut to = BufWriter::new(file);
        match self {
            Self::Inline { records, .. } => {
                records::write(records.as_bytes(), manifest.format, wanted, &elements, &mut to)
                    .map_err(failed)?;
            }
            Self::Object(row) if wanted == FileFormat::as_received(manifest.format) => {
                open_to(home, row, &mut to)?;
            }
            Self::Object(row) => {
                // Decrypted through a pipe, so that no file ever holds what is not asked for.
                let (from, mut into) = io::pipe().map_err(failed)?;
                std::thread::scope(|scope| {
                    let opening = scope.spawn(move || open_to(home, row, &mut into));
                    let written = records::write(from, manifest.format, wanted, &elements, &mut to);
                    opening.join().map_err(|_| ExportError::Broken)??;
                    written.map_err(failed)
                })?;
            }
        }
        to.flush().map_err(failed)?;
        to.get_ref().sync_all().map_err(failed)
    }
}

fn open_to(home: &Home, row: &ObjectRow<ObjectNote>, to: &mut dyn Write) -> Result<(), ExportError> {
    let key = objects::object_key(row).ok_or(ExportError::NotOpened(row.request))?;
    let path = objects::sealed_file(home, row.object);
    Ok(objects::open_file(&path, &row.description.descriptor, &key, to)?)
}
