//! The recipient's side of a group: it joins by a welcome, follows the broker's commits, opens the
//! broker's messages in the order of the inbox, and seals questions and receipts.
//!
//! It takes nothing on the broker's word: who may be a member, and under which agreement, comes
//! from its own authority.

mod follow;
mod join;

use std::collections::BTreeSet;

use agreements::statements::Enrolment;
use agreements::{AuthorityId, Digest, EndpointId, GroupId, MessageId};
use jiff::Timestamp;
use openmls::prelude::{LeafNodeIndex, MlsGroup};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use follow::{Incoming, ReceiveError, Received};

use crate::content::{Kind, MAX_CONTENT_BYTES};
use crate::handshake::HandshakeForm;
use crate::identity::{EndpointKey, EnrolmentCheck, EnrolmentRefused, credential_claims};
use crate::mls::{MlsFailure, agreement_of, associated_data, group_id};
use crate::sealed::SealedError;
use crate::state::{self, Holder, StateError};

/// What the endpoint's own authority says, against which everything of the broker is checked.
pub struct OwnSide<'a> {
    /// The authority whose broker it is.
    pub provider: &'a AuthorityId,
    /// Digests of the agreement's versions that the own side has signed.
    pub agreements: &'a BTreeSet<Digest>,
    /// Knows the directories of the own and the provider's authority.
    pub trust: &'a dyn EnrolmentCheck,
    /// Now.
    pub now: Timestamp,
}

/// Why a handshake is not followed. Nothing was changed; it is a reason for alarm, not for another
/// try, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// It is not a handshake.
    #[error(transparent)]
    Handshake(#[from] HandshakeForm),
    /// Its commit is not a sealed message of ours.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// The key package or group state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// It welcomes other endpoints, not the holder of this key package.
    #[error("the handshake welcomes nobody with this key package")]
    NotForMe,
    /// It is for another group.
    #[error("the handshake is for group `{0}`")]
    OtherGroup(GroupId),
    /// It is not for this epoch: a handshake was skipped, or this one was followed before.
    #[error("the handshake is for epoch {found}, the group is in {expected}")]
    Epoch {
        /// Epoch in which it was made.
        found: u64,
        /// Epoch of the group.
        expected: u64,
    },
    /// A member's enrolment does not count.
    #[error("a member's enrolment does not count")]
    Enrolment(#[from] EnrolmentRefused),
    /// It does something that this side does not allow.
    #[error("the handshake is refused: {0}")]
    Refused(&'static str),
    /// It names an agreement that the own side has not signed.
    #[error("agreement of digest `{0}` is not signed by the own side")]
    UnknownAgreement(Digest),
    /// openmls refuses it.
    #[error("the handshake does not hold")]
    Mls(#[source] MlsFailure),
}

fn mls<E: Into<MlsFailure>>(error: E) -> HandshakeError {
    HandshakeError::Mls(error.into())
}

/// What the blob holds of our own.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    group: GroupId,
    /// Leaf of the broker, the only one that may commit.
    broker_leaf: u32,
}

/// The state after a change of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// The epoch.
    pub epoch: u64,
    /// The endpoints that are members, without the broker.
    pub members: Vec<EndpointId>,
    /// Digest of the agreement under which the group is.
    pub agreement: Digest,
}

/// A group on the recipient's side. It has no `Debug`.
pub struct EndpointGroup {
    header: Header,
    me: EndpointKey,
    mls: MlsGroup,
    provider: OpenMlsRustCrypto,
}

impl EndpointGroup {
    /// The whole state, to be sealed and stored in the transaction that records what was opened.
    ///
    /// # Errors
    /// [`StateError`]; none is expected.
    pub fn dump(&self) -> Result<Zeroizing<Vec<u8>>, StateError> {
        state::dump(Holder::Endpoint, &self.header, &self.provider)
    }

    /// The group of a stored state.
    ///
    /// # Errors
    /// [`StateError`] when the blob is malformed, of another version, or empty of a group.
    pub fn restore(blob: &[u8], me: &EndpointKey) -> Result<Self, StateError> {
        let (header, provider) = state::restore::<Header>(Holder::Endpoint, blob)?;
        let mls = MlsGroup::load(provider.storage(), &group_id(header.group))
            .map_err(|_| StateError::NO_GROUP)?
            .ok_or(StateError::NO_GROUP)?;
        Ok(Self { header, me: me.clone(), mls, provider })
    }

    /// The group's id.
    pub fn group(&self) -> GroupId {
        self.header.group
    }

    /// Epoch, members and agreement.
    ///
    /// # Errors
    /// [`HandshakeError`]; none is expected of a group that was joined.
    pub fn epoch(&self) -> Result<Epoch, HandshakeError> {
        let broker = self.broker_leaf();
        let members = self.mls.members().filter(|member| member.index != broker);
        let members = members.map(|member| Ok(credential_claims(&member.credential)?.endpoint));
        Ok(Epoch {
            epoch: self.mls.epoch().as_u64(),
            members: members.collect::<Result<_, EnrolmentRefused>>()?,
            agreement: agreement_of(self.mls.extensions()).ok_or(StateError::NO_AGREEMENT)?,
        })
    }

    /// What the broker's enrolment says. It was checked when it came in; one that has ended while
    /// this endpoint is up to date is a reason for alarm.
    ///
    /// # Errors
    /// [`HandshakeError`]; none is expected of a group that was joined.
    pub fn broker_enrolment(&self) -> Result<Enrolment, HandshakeError> {
        let credential = self.mls.member(self.broker_leaf()).ok_or(StateError::NO_GROUP)?;
        Ok(credential_claims(credential)?)
    }

    /// Seals a question or receipt ([`crate::content::encode`]) to the group. Each call uses a
    /// ratchet step: store the state before the bytes leave.
    ///
    /// # Errors
    /// [`HandshakeError`] when the plaintext is too large or openmls refuses.
    pub fn seal(&mut self, kind: Kind, id: MessageId, plaintext: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        if plaintext.len() > MAX_CONTENT_BYTES {
            return Err(HandshakeError::Sealed(SealedError::TooLarge));
        }
        // openmls clears the associated data after each message: it is set here and nowhere else.
        self.mls.set_aad(associated_data(kind, id));
        let message = self.mls.create_message(&self.provider, &self.me, plaintext).map_err(mls)?;
        message.to_bytes().map_err(mls)
    }

    fn broker_leaf(&self) -> LeafNodeIndex {
        LeafNodeIndex::new(self.header.broker_leaf)
    }
}
