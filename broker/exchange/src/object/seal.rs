//! Sealing an object: records stream in, chunks stream out, memory stays flat.

use std::io::{self, Write};

use aead_stream::EncryptorBE32;
use agreements::Digest;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    CHUNK, ChunkCipher, NONCE_PREFIX, ObjectDescriptor, ObjectError, ObjectHeader, ObjectKey, TAG, padded,
};

static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// Writes an object: AES-256-GCM in the STREAM construction with a 32-bit counter, 64 KiB a chunk.
/// What is written to it are the records; [`Self::finish`] pads and gives the descriptor.
pub struct ObjectSealer<W: Write> {
    target: W,
    header: ObjectHeader,
    key_commitment: Digest,
    associated_data: Digest,
    /// None after a failure: what lies in the target is then no object.
    stream: Option<EncryptorBE32<ChunkCipher>>,
    /// Waits until it is known whether it is the last chunk.
    chunk: Zeroizing<Vec<u8>>,
    plaintext: Sha256,
    plaintext_bytes: u64,
    ciphertext: Sha256,
    ciphertext_bytes: u64,
}

impl<W: Write> ObjectSealer<W> {
    /// Begins an object under a key that is used for nothing else.
    ///
    /// # Errors
    /// [`ObjectError::Header`] when the header has another chunk size.
    pub fn new(target: W, header: ObjectHeader, key: &ObjectKey) -> Result<Self, ObjectError> {
        let associated_data = header.associated_data()?;
        Ok(Self {
            target,
            key_commitment: key.commitment(header.object),
            header,
            associated_data,
            stream: Some(EncryptorBE32::new(key.as_bytes().into(), (&NONCE_PREFIX).into())),
            chunk: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)),
            plaintext: Sha256::new(),
            plaintext_bytes: 0,
            ciphertext: Sha256::new(),
            ciphertext_bytes: 0,
        })
    }

    /// Pads, writes the last chunk and flushes. Sync the file before anything names it.
    ///
    /// # Errors
    /// [`ObjectError`] when writing fails or failed before.
    pub fn finish(mut self) -> Result<(W, ObjectDescriptor), ObjectError> {
        let spoiled = ObjectError::Spoiled(self.header.object);
        let total = padded(self.plaintext_bytes).ok_or(ObjectError::Size(self.header.object))?;
        let plaintext = Digest::from_bytes(self.plaintext.clone().finalize().into());
        let mut missing = total - self.plaintext_bytes;
        while missing > 0 {
            let zeros = usize::try_from(missing).unwrap_or(CHUNK).min(CHUNK);
            self.put(ZEROS.get(..zeros).unwrap_or(&ZEROS))?;
            missing -= zeros as u64;
        }
        let stream = self.stream.take().ok_or(spoiled)?;
        stream
            .encrypt_last_in_place(self.associated_data.as_bytes(), &mut *self.chunk)
            .map_err(|_| ObjectError::Spoiled(self.header.object))?;
        self.write_chunk()?;
        self.target.flush()?;
        let descriptor = ObjectDescriptor {
            ciphertext: Digest::from_bytes(self.ciphertext.finalize().into()),
            plaintext,
            ciphertext_bytes: self.ciphertext_bytes,
            plaintext_bytes: self.plaintext_bytes,
            key_commitment: self.key_commitment,
            header: self.header,
        };
        Ok((self.target, descriptor))
    }

    fn put(&mut self, mut bytes: &[u8]) -> Result<(), ObjectError> {
        if self.stream.is_none() {
            return Err(ObjectError::Spoiled(self.header.object));
        }
        while !bytes.is_empty() {
            if self.chunk.len() == CHUNK {
                let object = self.header.object;
                let mut stream = self.stream.take().ok_or(ObjectError::Spoiled(object))?;
                stream
                    .encrypt_next_in_place(self.associated_data.as_bytes(), &mut *self.chunk)
                    .map_err(|_| ObjectError::Spoiled(object))?;
                self.write_chunk()?;
                self.stream = Some(stream);
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn write_chunk(&mut self) -> Result<(), ObjectError> {
        self.ciphertext.update(self.chunk.as_slice());
        self.ciphertext_bytes += self.chunk.len() as u64;
        self.target.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

impl<W: Write> Write for ObjectSealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes).map_err(io::Error::other)?;
        self.plaintext.update(bytes);
        self.plaintext_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    /// Does nothing: a chunk is written when it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
