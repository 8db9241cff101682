//! Following the inbox: commits are checked proposal by proposal before they are merged, messages
//! are opened only if they are the broker's.

use agreements::MessageId;
use openmls::prelude::{ProcessedMessageContent, Proposal, QueuedProposal, Sender, StagedCommit};
use zeroize::Zeroizing;

use super::{EndpointGroup, Epoch, HandshakeError, OwnSide, mls};
use crate::content::Kind;
use crate::handshake::Handshake;
use crate::identity::{check_origin, credential_claims};
use crate::mls::agreement_of;
use crate::sealed::{self, SealedError};

/// What a handshake led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The group is in a new epoch.
    EpochChanged(Epoch),
    /// This member was removed. The same handshake may welcome it again, with new keys.
    Removed,
}

/// A message of the broker, opened and authenticated as the broker's.
pub struct Received {
    /// The message's id.
    pub id: MessageId,
    /// Padded [`crate::Envelope`], for [`crate::content::decode`].
    pub plaintext: Zeroizing<Vec<u8>>,
}

/// Why a message is not opened. The group is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// It is not a sealed message of ours.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// It is for another group, or not for the epoch that the inbox has come to.
    #[error("the message is not for this group and epoch")]
    Elsewhere,
    /// It is not an envelope.
    #[error("the message is not of the kind that the broker sends")]
    Kind,
    /// Its sender is a member, but not the broker.
    #[error("the message is not by the broker")]
    NotTheBroker,
    /// It was changed, opened before, or is no message of this group.
    #[error("the message does not open")]
    NotAuthentic,
}

impl EndpointGroup {
    /// Follows a handshake. Checked and merged on a copy, which is taken over on success.
    ///
    /// # Errors
    /// [`HandshakeError`]; the group is as it was.
    pub fn follow(&mut self, handshake: &[u8], own: &OwnSide<'_>) -> Result<Incoming, HandshakeError> {
        let handshake = Handshake::decode(handshake)?;
        let (head, message) = sealed::parse(&handshake.commit)?;
        if head.group != self.header.group {
            return Err(HandshakeError::OtherGroup(head.group));
        }
        let expected = self.mls.epoch().as_u64();
        if head.epoch != expected {
            return Err(HandshakeError::Epoch { found: head.epoch, expected });
        }
        if head.content || head.kind != Kind::Commit {
            return Err(HandshakeError::Refused("not a commit"));
        }
        let mut copy = Self::restore(&self.dump()?, &self.me)?;
        let processed = copy.mls.process_message(&copy.provider, message).map_err(mls)?;
        copy.by_broker(processed.sender())?;
        let ProcessedMessageContent::StagedCommitMessage(commit) = processed.into_content() else {
            return Err(HandshakeError::Refused("not a commit"));
        };
        copy.check_commit(&commit, own)?;
        let removed = commit.self_removed();
        copy.mls.merge_staged_commit(&copy.provider, *commit).map_err(mls)?;
        let incoming = if removed { Incoming::Removed } else { Incoming::EpochChanged(copy.epoch()?) };
        *self = copy;
        Ok(incoming)
    }

    /// Opens one message of the broker.
    ///
    /// # Errors
    /// [`ReceiveError`]; the group is as it was.
    pub fn open(&mut self, bytes: &[u8]) -> Result<Received, ReceiveError> {
        let (head, message) = sealed::parse(bytes)?;
        if head.group != self.header.group || head.epoch != self.mls.epoch().as_u64() {
            return Err(ReceiveError::Elsewhere);
        }
        if !head.content || head.kind != Kind::Envelope {
            return Err(ReceiveError::Kind);
        }
        let processed =
            self.mls.process_message(&self.provider, message).map_err(|_| ReceiveError::NotAuthentic)?;
        if *processed.sender() != Sender::Member(self.broker_leaf()) {
            return Err(ReceiveError::NotTheBroker);
        }
        let ProcessedMessageContent::ApplicationMessage(content) = processed.into_content() else {
            return Err(ReceiveError::Kind);
        };
        Ok(Received { id: head.id, plaintext: Zeroizing::new(content.into_bytes()) })
    }

    fn by_broker(&self, sender: &Sender) -> Result<(), HandshakeError> {
        if *sender == Sender::Member(self.broker_leaf()) {
            return Ok(());
        }
        Err(HandshakeError::Refused("made by another than the broker"))
    }

    fn check_commit(&self, commit: &StagedCommit, own: &OwnSide<'_>) -> Result<(), HandshakeError> {
        for queued in commit.queued_proposals() {
            self.check_proposal(queued, own)?;
        }
        let agreement = agreement_of(commit.group_context().extensions())
            .ok_or(HandshakeError::Refused("extensions other than the agreement's"))?;
        if !commit.self_removed() && !own.agreements.contains(&agreement) {
            return Err(HandshakeError::UnknownAgreement(agreement));
        }
        match commit.update_path_leaf_node() {
            Some(leaf) => {
                let claims =
                    check_origin(leaf.credential(), leaf.signature_key().as_slice(), own.trust, own.now)?;
                let before = self.broker_enrolment()?;
                if claims.authority != *own.provider || claims.endpoint != before.endpoint {
                    return Err(HandshakeError::Refused("a broker that became another endpoint"));
                }
                Ok(())
            }
            None if commit.self_removed() => Ok(()),
            None => Err(HandshakeError::Refused("no fresh path")),
        }
    }

    fn check_proposal(&self, queued: &QueuedProposal, own: &OwnSide<'_>) -> Result<(), HandshakeError> {
        self.by_broker(queued.sender())?;
        match queued.proposal() {
            Proposal::Add(add) => {
                let leaf = add.key_package().leaf_node();
                let claims =
                    check_origin(leaf.credential(), leaf.signature_key().as_slice(), own.trust, own.now)?;
                let mine = self.mls.credential().map_err(mls)?;
                if claims.authority != credential_claims(mine)?.authority {
                    return Err(HandshakeError::Refused("an endpoint of another authority is added"));
                }
                Ok(())
            }
            Proposal::Remove(remove) if remove.removed() == self.broker_leaf() => {
                Err(HandshakeError::Refused("the broker is removed"))
            }
            // The new extensions are checked as a whole, in the context of the commit.
            Proposal::Remove(_) | Proposal::GroupContextExtensions(_) => Ok(()),
            _ => Err(HandshakeError::Refused("a proposal of a kind that is not used here")),
        }
    }
}
