//! Bulk objects: records too large for a message, sealed under a key of their own that follows in
//! the group once the recipient has signed for the ciphertext.

mod open;
mod seal;

use std::collections::BTreeMap;

use agreements::{
    Digest, DisclosureId, ElementPath, ObjectId, PurposeId, RequestId, Transformation, digest_of,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

pub use open::{ObjectOpener, check_ciphertext};
pub use seal::ObjectSealer;

/// The cipher of a chunk: 32 bytes of key, 12 of nonce (7 zeros, counter, 1 for the last chunk or
/// 0), 16 of tag.
pub type ChunkCipher = aes_gcm::Aes256Gcm;

/// Plaintext bytes in a chunk; the last one may have fewer.
pub const CHUNK_BYTES: u32 = 64 * 1024;
/// [`CHUNK_BYTES`], for sizes in memory.
const CHUNK: usize = 64 * 1024;
/// Bytes that AES-GCM adds to a chunk.
const TAG: usize = 16;
/// Smallest size of what is sealed, in bytes: below, a size would tell too much.
const SMALLEST: u64 = 1024;
/// First bytes of every nonce; a fresh key for each object makes them need nothing random.
const NONCE_PREFIX: [u8; 7] = [0; 7];

/// Why an object is not sealed or not opened; it says nothing of its content.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// Reading or writing failed.
    #[error("reading or writing an object failed")]
    Io(#[from] std::io::Error),
    /// The header has another chunk size than this program's, or has no canonical form.
    #[error("the header of object `{0}` is not one of this program's")]
    Header(ObjectId),
    /// The key is not the one that the descriptor commits to.
    #[error("the key is not that of object `{0}`")]
    OtherKey(ObjectId),
    /// It is shorter or longer than its descriptor says.
    #[error("object `{0}` is not of the size that its descriptor says")]
    Size(ObjectId),
    /// The hash of what was read is not the one in the descriptor.
    #[error("object `{0}` is not what its descriptor says")]
    Hash(ObjectId),
    /// A chunk was changed, moved, or belongs to another object.
    #[error("chunk {chunk} of object `{object}` does not open")]
    Chunk {
        /// The object.
        object: ObjectId,
        /// Which, from 0.
        chunk: u64,
    },
    /// Writing failed before, so that what was written is no object.
    #[error("an earlier failure spoiled object `{0}`")]
    Spoiled(ObjectId),
}

impl ObjectHeader {
    /// Associated data of every chunk: SHA-256 of the canonical header.
    fn associated_data(&self) -> Result<Digest, ObjectError> {
        if self.chunk_bytes != CHUNK_BYTES {
            return Err(ObjectError::Header(self.object));
        }
        digest_of(self).map_err(|_| ObjectError::Header(self.object))
    }

    /// What an entry of the log holds of the header.
    ///
    /// # Errors
    /// [`ObjectError::Header`] when it is not one of this program's.
    pub fn digest_of_header(&self) -> Result<Digest, ObjectError> {
        self.associated_data()
    }
}

/// Size to which `len` bytes are padded (Padmé: at most 12 % more, and few sizes leak); none when
/// it does not fit.
fn padded(len: u64) -> Option<u64> {
    let len = len.max(SMALLEST);
    let exponent = len.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1u64 << (exponent - kept)) - 1;
    Some(len.checked_add(mask)? & !mask)
}

/// Size of the ciphertext of `padded` bytes; none when it does not fit.
fn sealed_len(padded: u64) -> Option<u64> {
    let chunks = padded.div_ceil(u64::from(CHUNK_BYTES));
    chunks.checked_mul(TAG as u64)?.checked_add(padded)
}

/// What an object is, fixed before it is sealed: its hash is the associated data of every chunk,
/// so that an object cannot be passed off as that of another disclosure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectHeader {
    /// The object.
    pub object: ObjectId,
    /// The disclosure that it belongs to.
    pub disclosure: DisclosureId,
    /// Digest of the agreement.
    pub digest: Digest,
    /// The question that it answers.
    pub request: RequestId,
    /// For which purpose.
    pub purpose: PurposeId,
    /// What was done to each element.
    pub elements: BTreeMap<ElementPath, Transformation>,
    /// [`CHUNK_BYTES`].
    pub chunk_bytes: u32,
}

/// All that a recipient needs, but the key, to check and open an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectDescriptor {
    /// What it is.
    pub header: ObjectHeader,
    /// SHA-256 of the ciphertext as it lies.
    pub ciphertext: Digest,
    /// SHA-256 of the records, without the padding.
    pub plaintext: Digest,
    /// Size of the ciphertext.
    pub ciphertext_bytes: u64,
    /// Size of the records, without the padding.
    pub plaintext_bytes: u64,
    /// [`ObjectKey::commitment`]: no other key will do, though AES-GCM itself would take one.
    pub key_commitment: Digest,
}

/// The key of one object. It has no `Debug`, and is overwritten when dropped.
#[derive(Clone)]
pub struct ObjectKey(Zeroizing<[u8; 32]>);

impl ObjectKey {
    /// The key of 32 random bytes, used for one object and never again.
    pub const fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the vault.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 of `transire/object-key/1`, the key and the object's id.
    pub fn commitment(&self, object: ObjectId) -> Digest {
        let mut hash = Sha256::new();
        hash.update(b"transire/object-key/1");
        hash.update(self.0.as_slice());
        hash.update(object.as_bytes());
        Digest::from_bytes(hash.finalize().into())
    }
}

impl PartialEq for ObjectKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(other.0.as_slice()).into()
    }
}

// In JSON 64 hexadecimal digits, inside a sealed message only.
impl Serialize for ObjectKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex::encode(self.0.as_slice())))
    }
}

impl<'de> Deserialize<'de> for ObjectKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.as_bytes(), bytes.as_mut_slice())
            .map_err(|_| D::Error::custom("an object key is 64 hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}
