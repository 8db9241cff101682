//! Group state as one blob: a version, the holder, SHA-256 of what follows, a header of our own,
//! and the rows of openmls' memory store.
//!
//! The store seals the blob; here it is plain, so it is overwritten when dropped. The hash is no
//! protection against an attacker: openmls panics on a malformed row, so none may reach it. The
//! rows are in the format of the pinned version; a checked-in blob proves that it still loads.

use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Version of the blob, raised when openmls changes its own format.
const VERSION: u8 = 1;
/// Version, holder and hash.
const FRONT_BYTES: usize = 2 + 32;

/// A blob that cannot be read, or state that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("group state cannot be used: {0}")]
pub struct StateError(&'static str);

impl StateError {
    pub(crate) const NO_GROUP: Self = Self("it holds no group");
    pub(crate) const NO_AGREEMENT: Self = Self("its group names no agreement");
}

/// Whose state a blob is; a blob of another kind is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Holder {
    Broker = 1,
    Endpoint = 2,
    KeyPackage = 3,
}

/// Writes the state that `provider` holds, with `header` in front.
pub(crate) fn dump<H: Serialize>(
    holder: Holder,
    header: &H,
    provider: &OpenMlsRustCrypto,
) -> Result<Zeroizing<Vec<u8>>, StateError> {
    let header = serde_json::to_vec(header).map_err(|_| StateError("its header cannot be written"))?;
    let rows = provider.storage().values.read().map_err(|_| StateError("its store is poisoned"))?;
    let size = rows.iter().map(|(key, value)| 8 + key.len() + value.len()).sum::<usize>();
    let mut blob = Zeroizing::new(Vec::with_capacity(FRONT_BYTES + 4 + header.len() + size));
    blob.extend_from_slice(&[0; FRONT_BYTES]);
    put(&mut blob, &header)?;
    // In order, so that equal state is an equal blob.
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    for (key, value) in sorted {
        put(&mut blob, key)?;
        put(&mut blob, value)?;
    }
    if let Some((front, rest)) = blob.split_first_chunk_mut::<FRONT_BYTES>() {
        *front = front_of(holder, rest);
    }
    Ok(blob)
}

/// Reads the header and a provider that holds the rows of the blob.
pub(crate) fn restore<H: DeserializeOwned>(
    holder: Holder,
    blob: &[u8],
) -> Result<(H, OpenMlsRustCrypto), StateError> {
    let (front, mut rest) = blob.split_first_chunk::<FRONT_BYTES>().ok_or(StateError("it is cut short"))?;
    let [version, of, ..] = *front;
    if version != VERSION {
        return Err(StateError("it is of another version"));
    }
    if of != holder as u8 {
        return Err(StateError("it is of another kind of holder"));
    }
    if *front != front_of(holder, rest) {
        return Err(StateError("it is not what was written"));
    }
    let header = serde_json::from_slice(take(&mut rest)?).map_err(|_| StateError("its header is malformed"))?;
    let provider = OpenMlsRustCrypto::default();
    let mut rows = provider.storage().values.write().map_err(|_| StateError("its store is poisoned"))?;
    while !rest.is_empty() {
        let key = take(&mut rest)?.to_vec();
        rows.insert(key, take(&mut rest)?.to_vec());
    }
    drop(rows);
    Ok((header, provider))
}

fn front_of(holder: Holder, rest: &[u8]) -> [u8; FRONT_BYTES] {
    let mut front = [0; FRONT_BYTES];
    let (kind, hash) = front.split_at_mut(2);
    kind.copy_from_slice(&[VERSION, holder as u8]);
    hash.copy_from_slice(&Sha256::digest(rest));
    front
}

fn put(blob: &mut Vec<u8>, part: &[u8]) -> Result<(), StateError> {
    let len = u32::try_from(part.len()).map_err(|_| StateError("it is too large"))?;
    blob.extend_from_slice(&len.to_be_bytes());
    blob.extend_from_slice(part);
    Ok(())
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], StateError> {
    const SHORT: StateError = StateError("it is cut short");
    let (len, after) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
    let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| SHORT)?;
    let (part, after) = after.split_at_checked(len).ok_or(SHORT)?;
    *rest = after;
    Ok(part)
}
