//! What sealed bytes show without any key: group, epoch, kind and message id. Enough for the
//! outward routes and for whoever must open them; none of it is authenticated before opening.

use agreements::{GroupId, MessageId};
use openmls::prelude::{ContentType, DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProtocolMessage};

use crate::content::Kind;
use crate::mls::read_associated_data;
use crate::wire::MAX_MESSAGE_BYTES;

/// Bytes that are not a sealed message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// Larger than [`MAX_MESSAGE_BYTES`].
    #[error("larger than a sealed message may be")]
    TooLarge,
    /// Not one MLS message, or with bytes after it.
    #[error("not an MLS message")]
    Malformed,
    /// An MLS message that is not sealed: a public one, a welcome, a key package, a group info.
    #[error("an MLS message of a form that is refused here")]
    NotPrivate,
    /// Its group id is not one of ours.
    #[error("its group id is not 16 bytes")]
    Group,
    /// Its associated data is empty, or not of our form.
    #[error("its associated data is not `transire/1` with a kind and an id")]
    AssociatedData,
}

/// What sealed bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedHead {
    /// The group that it claims.
    pub group: GroupId,
    /// The epoch that it claims.
    pub epoch: u64,
    /// The kind that it claims.
    pub kind: Kind,
    /// The id that it claims.
    pub id: MessageId,
    /// Whether it is content, and not a commit or proposal.
    pub content: bool,
}

impl SealedHead {
    /// Reads what `bytes` show.
    ///
    /// # Errors
    /// [`SealedError`] when they are not one `PrivateMessage` with associated data of ours.
    pub fn read(bytes: &[u8]) -> Result<Self, SealedError> {
        parse(bytes).map(|(head, _)| head)
    }
}

/// Reads sealed bytes: what they show, and the message for openmls.
pub(crate) fn parse(bytes: &[u8]) -> Result<(SealedHead, ProtocolMessage), SealedError> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(SealedError::TooLarge);
    }
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| SealedError::Malformed)?;
    let MlsMessageBodyIn::PrivateMessage(private) = message.extract() else {
        return Err(SealedError::NotPrivate);
    };
    let (kind, id) = read_associated_data(private.aad()).ok_or(SealedError::AssociatedData)?;
    let message = ProtocolMessage::from(private);
    let group = <[u8; 16]>::try_from(message.group_id().as_slice()).map_err(|_| SealedError::Group)?;
    let head = SealedHead {
        group: GroupId::from_bytes(group),
        epoch: message.epoch().as_u64(),
        kind,
        id,
        content: message.content_type() == ContentType::Application,
    };
    Ok((head, message))
}
