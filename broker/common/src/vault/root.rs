//! The file `root`: the vault's random root, wrapped.
//!
//! Layout, all of fixed length: header line, kind of unlocking (1 byte), memory in KiB, passes and
//! lanes of Argon2id (4 bytes each, big endian, 0 for a key file), salt (16 bytes), sealed root (60
//! bytes). Everything before the sealed root is its associated data, so no bit can be changed.

use std::path::Path;

use zeroize::Zeroizing;

use super::VaultError;
use super::unlock::Unlocked;
use crate::aead::AeadKey;
use crate::derive;
use crate::passphrase::Stretch;
use crate::rng::Rng;

const HEADER: &[u8] = b"transire/vault-root/1\n";
const PASSPHRASE: u8 = 1;
const KEY_FILE: u8 = 2;

pub(super) fn wrap(unlocked: &Unlocked, root: &[u8; 32], rng: &dyn Rng) -> Vec<u8> {
    let stretch = match unlocked {
        Unlocked::Passphrase(_) => Stretch::new(rng),
        Unlocked::Key(_) => Stretch { memory_kib: 0, passes: 0, lanes: 0, salt: rng.id() },
    };
    let mut bytes = HEADER.to_vec();
    bytes.push(unlocked.kind());
    for number in [stretch.memory_kib, stretch.passes, stretch.lanes] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes.extend_from_slice(&stretch.salt);
    #[expect(clippy::expect_used, reason = "the parameters are the ones written in `Stretch::new`")]
    let wrapping = unlocked.wrapping_key(&stretch).expect("our own parameters");
    let header = bytes.clone();
    wrapping.seal_onto(&mut bytes, rng, &header, root);
    bytes
}

pub(super) fn unwrap(
    unlocked: &Unlocked,
    bytes: &[u8],
    path: &Path,
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let damaged = || VaultError::Damaged(path.to_owned());
    let rest = bytes.strip_prefix(HEADER).ok_or_else(damaged)?;
    let (&[kind], rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let (memory, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let (passes, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let (lanes, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let (salt, sealed) = rest.split_first_chunk().ok_or_else(damaged)?;
    if kind != unlocked.kind() {
        return Err(match kind {
            PASSPHRASE => VaultError::OtherUnlock { path: path.to_owned(), needs: "a passphrase" },
            KEY_FILE => VaultError::OtherUnlock { path: path.to_owned(), needs: "a key file" },
            _ => damaged(),
        });
    }
    let stretch = Stretch {
        memory_kib: u32::from_be_bytes(*memory),
        passes: u32::from_be_bytes(*passes),
        lanes: u32::from_be_bytes(*lanes),
        salt: *salt,
    };
    let header = bytes.len().checked_sub(sealed.len()).and_then(|end| bytes.get(..end)).ok_or_else(damaged)?;
    let opened = unlocked
        .wrapping_key(&stretch)
        .ok_or_else(damaged)?
        .open(header, sealed)
        .map_err(|_| VaultError::Locked(path.to_owned()))?;
    let mut root = Zeroizing::new([0; 32]);
    if opened.len() != root.len() {
        return Err(damaged());
    }
    root.copy_from_slice(&opened);
    Ok(root)
}

impl Unlocked {
    const fn kind(&self) -> u8 {
        match self {
            Self::Passphrase(_) => PASSPHRASE,
            Self::Key(_) => KEY_FILE,
        }
    }

    /// None when the parameters, which came from the file, are outside what is accepted.
    fn wrapping_key(&self, stretch: &Stretch) -> Option<AeadKey> {
        let key = match self {
            Self::Passphrase(text) => stretch.key(text).ok()?,
            Self::Key(key) => derive::key(key.as_slice(), &stretch.salt, "transire/vault/unlock/1", &[]),
        };
        Some(AeadKey::new(&key))
    }
}
