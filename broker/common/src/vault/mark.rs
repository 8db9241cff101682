//! The mark: size and root of the log at the last commit, kept outside the database.
//!
//! A database that is behind the mark was restored from an old copy, and the broker stops before
//! its first entry. Two slots are written in turn, each with a MAC under the vault, so that a write
//! cut short never takes the one before with it. No fsync: see [`super::Vault::write_mark`].

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{VaultError, read_small};
use crate::rng::Rng;
use crate::{derive, durable};

/// Bytes of a slot: count of writes, size, root, MAC.
const SLOT: usize = 8 + 8 + 32 + 32;

/// Where the log stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Entries in the log.
    pub size: u64,
    /// Root hash of the tree of that size.
    pub root: [u8; 32],
}

pub(super) struct MarkFile {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
    /// The open file and the number of the next write.
    open: Option<(File, u64)>,
}

impl MarkFile {
    pub(super) const fn new(path: PathBuf, key: Zeroizing<[u8; 32]>) -> Self {
        Self { path, key, open: None }
    }

    pub(super) fn write(&mut self, mark: &Mark) -> Result<(), VaultError> {
        if self.open.is_none() {
            let next = self.newest()?.map_or(0, |(count, _)| count.saturating_add(1));
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.path);
            self.open = Some((file.map_err(|e| self.io(e))?, next));
        }
        let Some((file, count)) = &mut self.open else { return Ok(()) };
        let mut slot = [0; SLOT];
        let (fields, mac) = slot.split_at_mut(SLOT - 32);
        let parts = count.to_be_bytes().into_iter().chain(mark.size.to_be_bytes()).chain(mark.root);
        fields.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        mac.copy_from_slice(&code(&self.key, fields).finalize().into_bytes());
        let offset = (*count % 2) * SLOT as u64;
        let written = file.write_all_at(&slot, offset);
        *count = count.saturating_add(1);
        written.map_err(|e| self.io(e))
    }

    pub(super) fn read(&self) -> Result<Option<Mark>, VaultError> {
        Ok(self.newest()?.map(|(_, mark)| mark))
    }

    pub(super) fn reset(&mut self, rng: &dyn Rng) -> Result<(), VaultError> {
        self.open = None;
        Ok(durable::destroy(&self.path, rng)?)
    }

    /// The slot written last, with its number.
    fn newest(&self) -> Result<Option<(u64, Mark)>, VaultError> {
        match read_small(&self.path, 2 * SLOT)? {
            None => Ok(None),
            // The file was made and the process killed before the first write.
            Some(bytes) if bytes.is_empty() => Ok(None),
            Some(bytes) => bytes
                .chunks(SLOT)
                .filter_map(|slot| self.slot(slot))
                .max_by_key(|(count, _)| *count)
                .map(Some)
                .ok_or_else(|| VaultError::Damaged(self.path.clone())),
        }
    }

    fn slot(&self, bytes: &[u8]) -> Option<(u64, Mark)> {
        let (fields, mac) = bytes.split_last_chunk::<32>()?;
        let (count, rest) = fields.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let root = rest.try_into().ok()?;
        code(&self.key, fields).verify_slice(mac).ok()?;
        Some((u64::from_be_bytes(*count), Mark { size: u64::from_be_bytes(*size), root }))
    }

    fn io(&self, source: std::io::Error) -> VaultError {
        VaultError::Io { path: self.path.clone(), source }
    }
}

fn code(key: &[u8; 32], fields: &[u8]) -> Hmac<Sha256> {
    let mut mac = derive::mac(key);
    mac.update(fields);
    mac
}
