//! Content as bytes of a few sizes, so that a size on the wire tells little.
//!
//! Four bytes of length (big endian), the JSON, zeros up to the bucket.

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

const KIB: usize = 1024;
/// Largest content with its length and padding, in bytes.
pub const MAX_CONTENT_BYTES: usize = 256 * KIB;
/// Bytes of length in front.
const LENGTH_BYTES: usize = 4;

/// What is wrong with the content of a message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It does not fit into a message.
    #[error("content of {0} bytes is larger than a message may be")]
    TooLarge(usize),
    /// Its length or padding is not as it must be.
    #[error("content is not padded as it must be")]
    Padding,
    /// The JSON is malformed, has an unknown field or lacks one; never says a value.
    #[error("content is malformed: {class} error at column {column}")]
    Malformed {
        /// Class of the error.
        class: &'static str,
        /// Where.
        column: usize,
    },
    /// It cannot be written as JSON.
    #[error("content cannot be written")]
    Unwritable,
}

/// Size of the bucket for `len` bytes with their length in front; none when it does not fit.
pub const fn padded_len(len: usize) -> Option<usize> {
    let total = match len.checked_add(LENGTH_BYTES) {
        Some(total) => total,
        None => return None,
    };
    match total {
        0..=0x400 => Some(KIB),
        0x401..=0x1000 => Some(4 * KIB),
        0x1001..=0x4000 => Some(16 * KIB),
        _ if total <= MAX_CONTENT_BYTES => Some(total.div_ceil(64 * KIB) * 64 * KIB),
        _ => None,
    }
}

/// The content as padded bytes.
///
/// # Errors
/// [`ContentError::TooLarge`] when it does not fit into a message.
pub fn encode<T: Serialize>(content: &T) -> Result<Zeroizing<Vec<u8>>, ContentError> {
    // Room for the largest bucket, so that no growth leaves copies of the content behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_CONTENT_BYTES));
    bytes.extend_from_slice(&[0; LENGTH_BYTES]);
    serde_json::to_writer(&mut *bytes, content).map_err(|_| ContentError::Unwritable)?;
    let len = bytes.len() - LENGTH_BYTES;
    let padded = padded_len(len).ok_or(ContentError::TooLarge(len))?;
    let length = u32::try_from(len).map_err(|_| ContentError::TooLarge(len))?;
    if let Some(front) = bytes.first_chunk_mut::<LENGTH_BYTES>() {
        *front = length.to_be_bytes();
    }
    bytes.resize(padded, 0);
    Ok(bytes)
}

/// Reads padded bytes.
///
/// # Errors
/// [`ContentError`] when length, padding or JSON are not as they must be.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ContentError> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>().ok_or(ContentError::Padding)?;
    let len = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| ContentError::Padding)?;
    if padded_len(len) != Some(bytes.len()) {
        return Err(ContentError::Padding);
    }
    let (json, zeros) = rest.split_at_checked(len).ok_or(ContentError::Padding)?;
    if zeros.iter().any(|&byte| byte != 0) {
        return Err(ContentError::Padding);
    }
    serde_json::from_slice(json).map_err(|error| ContentError::Malformed {
        class: match error.classify() {
            serde_json::error::Category::Io => "reading",
            serde_json::error::Category::Syntax => "syntax",
            serde_json::error::Category::Data => "data",
            serde_json::error::Category::Eof => "end of text",
        },
        column: error.column(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_buckets_alone() {
        let sizes = [(0, 1), (1020, 1), (1021, 4), (4092, 4), (4093, 16), (16_380, 16), (16_381, 64)];
        for (len, kib) in sizes {
            assert_eq!(padded_len(len), Some(kib * KIB), "{len}");
        }
        assert_eq!(padded_len(65_533), Some(128 * KIB));
        assert_eq!(padded_len(MAX_CONTENT_BYTES - LENGTH_BYTES), Some(MAX_CONTENT_BYTES));
        assert_eq!(padded_len(MAX_CONTENT_BYTES - LENGTH_BYTES + 1), None);
        assert_eq!(padded_len(usize::MAX), None);
    }

    #[test]
    fn content_comes_back_as_it_was() {
        for len in [0, 1, 1000, 1021, 5000, 20_000, 70_000, 200_000] {
            let text = "x".repeat(len);
            let bytes = encode(&text).unwrap();
            assert_eq!(decode::<String>(&bytes).unwrap(), text);
        }
        assert_eq!(encode(&"x".repeat(300_000)).unwrap_err(), ContentError::TooLarge(300_002));
    }

    #[test]
    fn padding_carries_nothing_and_cannot_be_changed() {
        let bytes = encode(&"text").unwrap();
        for changed in 4 + 6..bytes.len() {
            let mut other = bytes.to_vec();
            other[changed] = 1;
            assert_eq!(decode::<String>(&other).unwrap_err(), ContentError::Padding);
        }
        assert!(decode::<String>(&bytes[..1023]).is_err());
        assert!(decode::<String>(&[]).is_err());
        assert!(decode::<String>(&[255; 1024]).is_err());
    }
}
