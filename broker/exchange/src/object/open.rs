//! Checking and opening an object. Every chunk is authentic before a byte of it is written out;
//! whether the whole is, is known at the end: write to a file that nobody reads, and rename it.

use std::io::{Read, Write};

use aead_stream::DecryptorBE32;
use agreements::Digest;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{
    CHUNK, CHUNK_BYTES, ChunkCipher, NONCE_PREFIX, ObjectDescriptor, ObjectError, ObjectKey, TAG, padded,
    sealed_len,
};

/// Checks size and hash of a ciphertext, without any key: what the receipt `held` says.
///
/// # Errors
/// [`ObjectError`] when it is not what the descriptor says, or reading fails.
pub fn check_ciphertext<R: Read>(descriptor: &ObjectDescriptor, mut source: R) -> Result<(), ObjectError> {
    let object = descriptor.header.object;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut left = descriptor.ciphertext_bytes;
    loop {
        let read = match source.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if read == 0 {
            break;
        }
        left = left.checked_sub(read as u64).ok_or(ObjectError::Size(object))?;
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    if left != 0 {
        return Err(ObjectError::Size(object));
    }
    same(hash, descriptor.ciphertext).ok_or(ObjectError::Hash(object))
}

/// Opens one object.
pub struct ObjectOpener<'a> {
    descriptor: &'a ObjectDescriptor,
    associated_data: Digest,
    stream: DecryptorBE32<ChunkCipher>,
    /// Bytes of records and padding.
    padded: u64,
}

impl<'a> ObjectOpener<'a> {
    /// Checks that the key is the one of the descriptor, and that its sizes fit each other.
    ///
    /// # Errors
    /// [`ObjectError`] naming what does not fit.
    pub fn new(descriptor: &'a ObjectDescriptor, key: &ObjectKey) -> Result<Self, ObjectError> {
        let object = descriptor.header.object;
        let associated_data = descriptor.header.associated_data()?;
        let commitment = key.commitment(object);
        if !bool::from(commitment.as_bytes().ct_eq(descriptor.key_commitment.as_bytes())) {
            return Err(ObjectError::OtherKey(object));
        }
        let padded = padded(descriptor.plaintext_bytes).ok_or(ObjectError::Size(object))?;
        if sealed_len(padded) != Some(descriptor.ciphertext_bytes) {
            return Err(ObjectError::Size(object));
        }
        let stream = DecryptorBE32::new(key.as_bytes().into(), (&NONCE_PREFIX).into());
        Ok(Self { descriptor, associated_data, stream, padded })
    }

    /// Reads the ciphertext from `source` and writes the records to `target`, without the padding.
    /// What was written counts only if this returns `Ok`.
    ///
    /// # Errors
    /// [`ObjectError`] at the first thing that is not as the descriptor says.
    pub fn open<R: Read, W: Write>(self, mut source: R, mut target: W) -> Result<(), ObjectError> {
        let Self { descriptor, associated_data, mut stream, padded } = self;
        let object = descriptor.header.object;
        let chunks = padded.div_ceil(u64::from(CHUNK_BYTES));
        let mut ciphertext = Sha256::new();
        let mut plaintext = Sha256::new();
        let mut records_left = descriptor.plaintext_bytes;
        let mut buffer = Zeroizing::new(Vec::with_capacity(CHUNK + TAG));
        for chunk in 0..chunks - 1 {
            fill(&mut source, CHUNK + TAG, &mut buffer, descriptor)?;
            ciphertext.update(buffer.as_slice());
            stream
                .decrypt_next_in_place(associated_data.as_bytes(), &mut *buffer)
                .map_err(|_| ObjectError::Chunk { object, chunk })?;
            give(&buffer, &mut records_left, &mut plaintext, &mut target, descriptor)?;
        }
        let rest = padded - (chunks - 1) * u64::from(CHUNK_BYTES);
        let rest = usize::try_from(rest).map_err(|_| ObjectError::Size(object))?;
        fill(&mut source, rest + TAG, &mut buffer, descriptor)?;
        ciphertext.update(buffer.as_slice());
        stream
            .decrypt_last_in_place(associated_data.as_bytes(), &mut *buffer)
            .map_err(|_| ObjectError::Chunk { object, chunk: chunks - 1 })?;
        give(&buffer, &mut records_left, &mut plaintext, &mut target, descriptor)?;
        buffer.clear();
        if source.take(1).read_to_end(&mut buffer)? != 0 {
            return Err(ObjectError::Size(object));
        }
        same(ciphertext, descriptor.ciphertext).ok_or(ObjectError::Hash(object))?;
        same(plaintext, descriptor.plaintext).ok_or(ObjectError::Hash(object))?;
        target.flush()?;
        Ok(())
    }
}

/// Reads exactly `size` bytes.
fn fill<R: Read>(
    source: &mut R,
    size: usize,
    buffer: &mut Vec<u8>,
    descriptor: &ObjectDescriptor,
) -> Result<(), ObjectError> {
    buffer.clear();
    if source.by_ref().take(size as u64).read_to_end(buffer)? != size {
        return Err(ObjectError::Size(descriptor.header.object));
    }
    Ok(())
}

/// Writes what is records, and refuses padding that is not zeros.
fn give<W: Write>(
    bytes: &[u8],
    records_left: &mut u64,
    plaintext: &mut Sha256,
    target: &mut W,
    descriptor: &ObjectDescriptor,
) -> Result<(), ObjectError> {
    let here = usize::try_from(*records_left).unwrap_or(usize::MAX).min(bytes.len());
    let (records, padding) = bytes.split_at(here);
    if padding.iter().any(|&byte| byte != 0) {
        return Err(ObjectError::Hash(descriptor.header.object));
    }
    plaintext.update(records);
    target.write_all(records)?;
    *records_left -= here as u64;
    Ok(())
}

fn same(hash: Sha256, expected: Digest) -> Option<()> {
    (Digest::from_bytes(hash.finalize().into()) == expected).then_some(())
}
