//! Opening what an endpoint sealed. The bytes come from outside and are taken to be hostile.

use agreements::{AuthorityId, EndpointId, GroupId, MessageId};
use jiff::Timestamp;
use openmls::framing::errors::{MessageDecryptionError, SecretTreeError};
use openmls::prelude::{ProcessMessageError, ProcessedMessageContent, Sender, ValidationError};
use zeroize::Zeroizing;

use super::BrokerGroup;
use crate::content::Kind;
use crate::identity::{EnrolmentRefused, credential_claims};
use crate::sealed::{self, SealedError};

/// Why a message of an endpoint is not opened. The group is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not a sealed message of ours.
    #[error(transparent)]
    Form(#[from] SealedError),
    /// It is for another group.
    #[error("it is for group `{0}`")]
    OtherGroup(GroupId),
    /// It was sealed in an epoch that has passed: its sender collects and seals again.
    #[error("message `{id}` was sealed in an epoch that has passed")]
    EpochPassed {
        /// The message, by its associated data (not authenticated).
        id: MessageId,
    },
    /// It claims an epoch that is not yet.
    #[error("message `{id}` claims an epoch that has not begun")]
    EpochAhead {
        /// The message.
        id: MessageId,
    },
    /// It is a commit or proposal, or of a kind that endpoints do not send.
    #[error("message `{id}` is of a kind that endpoints may not send")]
    Refused {
        /// The message.
        id: MessageId,
    },
    /// It was opened before, or its ratchet step is too old or too far ahead.
    #[error("message `{id}` was opened before or is out of its order")]
    Replayed {
        /// The message.
        id: MessageId,
    },
    /// It was not sealed by a member of this group in this epoch, or was changed since.
    #[error("message `{id}` does not open")]
    NotAuthentic {
        /// The message.
        id: MessageId,
    },
    /// The sender's credential cannot be read; none is expected.
    #[error(transparent)]
    Credential(#[from] EnrolmentRefused),
}

/// A message of an endpoint, opened and authenticated as that endpoint's.
pub struct Opened {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its authority.
    pub authority: AuthorityId,
    /// When its enrolment ends; the caller refuses one that has ended.
    pub enrolment_expires: Timestamp,
    /// [`Kind::Question`] or [`Kind::Receipt`]; the content must be of that kind.
    pub kind: Kind,
    /// The message's id.
    pub id: MessageId,
    /// Padded content, for [`crate::content::decode`].
    pub plaintext: Zeroizing<Vec<u8>>,
}

impl BrokerGroup {
    /// Opens one message. The state moves on: it belongs into the transaction that records what
    /// the message led to.
    ///
    /// # Errors
    /// [`OpenError`]; the group is as it was.
    pub fn open(&mut self, bytes: &[u8]) -> Result<Opened, OpenError> {
        let (head, message) = sealed::parse(bytes)?;
        let id = head.id;
        if head.group != self.header.group {
            return Err(OpenError::OtherGroup(head.group));
        }
        // Decided before decryption: a proposal is never processed, so none is ever pending.
        if !head.content || !matches!(head.kind, Kind::Question | Kind::Receipt) {
            return Err(OpenError::Refused { id });
        }
        match head.epoch.cmp(&self.epoch()) {
            std::cmp::Ordering::Less => return Err(OpenError::EpochPassed { id }),
            std::cmp::Ordering::Greater => return Err(OpenError::EpochAhead { id }),
            std::cmp::Ordering::Equal => {}
        }
        let processed = self.mls.process_message(&self.provider, message).map_err(|error| match error {
            ProcessMessageError::ValidationError(ValidationError::UnableToDecrypt(
                MessageDecryptionError::SecretTreeError(
                    SecretTreeError::SecretReuseError
                    | SecretTreeError::TooDistantInThePast
                    | SecretTreeError::TooDistantInTheFuture,
                )
                | MessageDecryptionError::GenerationOutOfBound,
            )) => OpenError::Replayed { id },
            _ => OpenError::NotAuthentic { id },
        })?;
        if !matches!(processed.sender(), Sender::Member(index) if *index != self.mls.own_leaf_index()) {
            return Err(OpenError::Refused { id });
        }
        let claims = credential_claims(processed.credential())?;
        let ProcessedMessageContent::ApplicationMessage(content) = processed.into_content() else {
            return Err(OpenError::Refused { id });
        };
        Ok(Opened {
            endpoint: claims.endpoint,
            authority: claims.authority,
            enrolment_expires: claims.expires,
            kind: head.kind,
            id,
            plaintext: Zeroizing::new(content.into_bytes()),
        })
    }
}
