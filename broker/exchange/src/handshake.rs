//! A change of a group as it lies in the inbox: the commit for those inside, the welcome for those
//! who come in.

use agreements::Digest;
use openmls::prelude::{DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, Welcome};

use crate::wire::MAX_MESSAGE_BYTES;

/// Version of the form.
const VERSION: u8 = 1;
/// Largest handshake that is read, in bytes.
pub const MAX_HANDSHAKE_BYTES: usize = 4 * MAX_MESSAGE_BYTES;

/// Bytes that are not a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a handshake: {0}")]
pub struct HandshakeForm(&'static str);

/// A commit and, when somebody comes in, the welcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The commit, an MLS `PrivateMessage`.
    pub commit: Vec<u8>,
    /// The welcome, an MLS message.
    pub welcome: Option<Vec<u8>>,
}

impl Handshake {
    /// As one string of bytes: a version, then each part with four bytes of length (big endian)
    /// in front; no welcome has length 0.
    ///
    /// # Errors
    /// [`HandshakeForm`] when a part is too large.
    pub fn encode(&self) -> Result<Vec<u8>, HandshakeForm> {
        let mut bytes = vec![VERSION];
        for part in [self.commit.as_slice(), self.welcome.as_deref().unwrap_or_default()] {
            let len = u32::try_from(part.len()).map_err(|_| HandshakeForm("too large"))?;
            bytes.extend_from_slice(&len.to_be_bytes());
            bytes.extend_from_slice(part);
        }
        if bytes.len() > MAX_HANDSHAKE_BYTES {
            return Err(HandshakeForm("too large"));
        }
        Ok(bytes)
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`HandshakeForm`] naming what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, HandshakeForm> {
        if bytes.len() > MAX_HANDSHAKE_BYTES {
            return Err(HandshakeForm("too large"));
        }
        let (&version, rest) = bytes.split_first().ok_or(HandshakeForm("empty"))?;
        if version != VERSION {
            return Err(HandshakeForm("another version"));
        }
        let (commit, rest) = part(rest)?;
        let (welcome, rest) = part(rest)?;
        if !rest.is_empty() {
            return Err(HandshakeForm("bytes after its end"));
        }
        if commit.is_empty() {
            return Err(HandshakeForm("no commit"));
        }
        let welcome = (!welcome.is_empty()).then(|| welcome.to_vec());
        Ok(Self { commit: commit.to_vec(), welcome })
    }

    /// References of the key packages whose holders are welcomed.
    ///
    /// # Errors
    /// [`HandshakeForm`] when the welcome is malformed.
    pub fn welcomes(&self) -> Result<Vec<Digest>, HandshakeForm> {
        let Some(welcome) = self.parsed_welcome()? else { return Ok(Vec::new()) };
        welcome
            .secrets()
            .iter()
            .map(|secret| {
                <[u8; 32]>::try_from(secret.new_member().as_slice())
                    .map(Digest::from_bytes)
                    .map_err(|_| HandshakeForm("a key package reference is not 32 bytes"))
            })
            .collect()
    }

    pub(crate) fn parsed_welcome(&self) -> Result<Option<Welcome>, HandshakeForm> {
        let Some(bytes) = &self.welcome else { return Ok(None) };
        let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes)
            .map_err(|_| HandshakeForm("the welcome is malformed"))?;
        match message.extract() {
            MlsMessageBodyIn::Welcome(welcome) => Ok(Some(welcome)),
            _ => Err(HandshakeForm("the welcome is another message")),
        }
    }
}

fn part(bytes: &[u8]) -> Result<(&[u8], &[u8]), HandshakeForm> {
    const SHORT: HandshakeForm = HandshakeForm("cut short");
    let (len, rest) = bytes.split_first_chunk::<4>().ok_or(SHORT)?;
    let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| SHORT)?;
    rest.split_at_checked(len).ok_or(SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_comes_back_whole_or_not_at_all() {
        for welcome in [None, Some(vec![4, 5])] {
            let bytes = Handshake { commit: vec![1, 2, 3], welcome }.encode().unwrap();
            assert_eq!(Handshake::decode(&bytes).unwrap().encode().unwrap(), bytes);
            for end in 0..bytes.len() {
                assert!(Handshake::decode(&bytes[..end]).is_err());
            }
            assert!(Handshake::decode(&[&bytes[..], &[0]].concat()).is_err());
        }
    }
}
