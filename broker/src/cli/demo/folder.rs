//! The demonstration's folder: one that is not its own is never touched.

use std::path::{Path, PathBuf};

use common::Rng;

use crate::cli::CliError;

/// Says that a folder is a demonstration's, and may be replaced by the next.
const MARK: &str = ".transire-demo";

/// The folder.
pub(super) struct Folder {
    pub(super) root: PathBuf,
}

impl Folder {
    /// Makes the folder; an earlier demonstration in it is replaced.
    pub(super) fn make(wanted: Option<PathBuf>, rng: &dyn Rng) -> Result<Self, CliError> {
        let root = match wanted {
            Some(root) => std::path::absolute(root).map_err(|error| CliError::failed(&error))?,
            None => std::env::temp_dir().join(format!("transire-demo-{}", hex::encode(rng.id()))),
        };
        let failed = |error: std::io::Error| CliError::Failed(format!("`{}`: {error}", root.display()));
        if root.join(MARK).is_file() {
            std::fs::remove_dir_all(&root).map_err(failed)?;
        } else if root.exists() {
            let mut entries = std::fs::read_dir(&root).map_err(failed)?;
            if entries.next().is_some() {
                return Err(CliError::Use(format!(
                    "`{}` is not empty and is not a demonstration's: choose another folder",
                    root.display()
                )));
            }
        }
        common::durable::create_dir(&root, 0o700).map_err(|error| CliError::failed(&error))?;
        std::fs::write(root.join(MARK), "This folder is a demonstration's; the next one may replace it.\n")
            .map_err(failed)?;
        Ok(Self { root })
    }

    /// The folder of an authority.
    pub(super) fn of(&self, authority: &str) -> PathBuf {
        self.root.join(authority)
    }

    /// Writes a file that the owner alone can read.
    pub(super) fn write(path: &Path, text: &str, rng: &dyn Rng) -> Result<(), CliError> {
        if let Some(parent) = path.parent() {
            common::durable::create_dir(parent, 0o700).map_err(|error| CliError::failed(&error))?;
        }
        common::durable::write_new(path, text.as_bytes(), 0o600, rng).map_err(|error| CliError::failed(&error))
    }
}
