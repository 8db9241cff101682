//! The broker's side of a group: it alone commits, seals envelopes, and opens what endpoints say.
//!
//! Ownership: a group is held in memory by one writer, which stores [`BrokerGroup::dump`] in the
//! transaction that records what was sealed. It goes forward only: after a failed transaction the
//! state in memory is kept, so that no ratchet step is ever used twice.

mod change;
mod open;

use agreements::statements::Enrolment;
use agreements::{AuthorityId, Digest, EndpointId, GroupId, MessageId};
use openmls::prelude::{LeafNodeIndex, MlsGroup};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use change::{Change, Changed};
pub use open::{OpenError, Opened};

use crate::content::{Kind, MAX_CONTENT_BYTES};
use crate::identity::{EndpointKey, EnrolmentRefused, credential_claims, credential_with_key};
use crate::mls::{MlsFailure, agreement_of, associated_data, create_config, group_id};
use crate::state::{self, Holder, StateError};

/// What goes wrong with a group on the broker's side.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// Its stored state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The broker's own enrolment is malformed or for another key.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentRefused),
    /// openmls refuses; its text names what.
    #[error("{what} failed in the exchange group")]
    Mls {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: MlsFailure,
    },
    /// The plaintext is larger than a message may be.
    #[error("plaintext of {0} bytes is larger than a message may be")]
    TooLarge(usize),
    /// The endpoint is no member.
    #[error("endpoint `{0}` is not a member of this group")]
    NotAMember(EndpointId),
    /// The endpoint is of an authority for which this group is not.
    #[error("endpoint `{endpoint}` is of `{authority}`, and this group is for another recipient")]
    OtherRecipient {
        /// The endpoint.
        endpoint: EndpointId,
        /// Its authority.
        authority: AuthorityId,
    },
    /// The same endpoint is named twice in one change.
    #[error("endpoint `{0}` is named twice in one change")]
    Twice(EndpointId),
}

fn mls<E: Into<MlsFailure>>(what: &'static str) -> impl FnOnce(E) -> GroupError {
    move |source| GroupError::Mls { what, source: source.into() }
}

/// What the blob holds of our own.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    group: GroupId,
    recipient: AuthorityId,
    /// Messages sealed in this epoch.
    steps: u64,
}

/// A group of one agreement and one recipient, on the broker's side. It has no `Debug`.
pub struct BrokerGroup {
    header: Header,
    me: EndpointKey,
    mls: MlsGroup,
    provider: OpenMlsRustCrypto,
}

impl BrokerGroup {
    /// A new group with the broker alone in it, for the endpoints of `recipient` under the
    /// agreement of that digest. `enrolment` is the text of the broker's own enrolment note.
    ///
    /// # Errors
    /// [`GroupError`] when the note is malformed or for another key.
    pub fn create(
        group: GroupId,
        agreement: &Digest,
        recipient: &AuthorityId,
        me: &EndpointKey,
        enrolment: &str,
    ) -> Result<Self, GroupError> {
        let credential = credential_with_key(enrolment, me);
        own_enrolment(&credential.credential, me)?;
        let provider = OpenMlsRustCrypto::default();
        let config = create_config(agreement).map_err(mls("configuration"))?;
        let mls_group = MlsGroup::new_with_group_id(&provider, me, &config, group_id(group), credential)
            .map_err(mls("creation"))?;
        let header = Header { group, recipient: recipient.clone(), steps: 0 };
        Ok(Self { header, me: me.clone(), mls: mls_group, provider })
    }

    /// The whole state, to be sealed and stored. Never part of a backup.
    ///
    /// # Errors
    /// [`GroupError::State`]; none is expected.
    pub fn dump(&self) -> Result<Zeroizing<Vec<u8>>, GroupError> {
        Ok(state::dump(Holder::Broker, &self.header, &self.provider)?)
    }

    /// The group of a stored state. Commit a fresh path ([`Self::refresh`]) before its first
    /// message after a start.
    ///
    /// # Errors
    /// [`GroupError::State`] when the blob is malformed, of another version, or empty of a group.
    pub fn restore(blob: &[u8], me: &EndpointKey) -> Result<Self, GroupError> {
        let (header, provider) = state::restore::<Header>(Holder::Broker, blob)?;
        let mls = MlsGroup::load(provider.storage(), &group_id(header.group))
            .map_err(mls("loading"))?
            .ok_or(StateError::NO_GROUP)?;
        Ok(Self { header, me: me.clone(), mls, provider })
    }

    /// The group's id.
    pub fn group(&self) -> GroupId {
        self.header.group
    }

    /// The authority whose endpoints may be members.
    pub fn recipient(&self) -> &AuthorityId {
        &self.header.recipient
    }

    /// The epoch, from 0.
    pub fn epoch(&self) -> u64 {
        self.mls.epoch().as_u64()
    }

    /// Messages sealed in this epoch: begin a new one after some hundreds.
    pub fn steps(&self) -> u64 {
        self.header.steps
    }

    /// Digest of the agreement under which the group is.
    ///
    /// # Errors
    /// [`GroupError::State`]; none is expected.
    pub fn agreement(&self) -> Result<Digest, GroupError> {
        Ok(agreement_of(self.mls.extensions()).ok_or(StateError::NO_AGREEMENT)?)
    }

    /// What the members' enrolments say, without the broker's own; they were checked when they
    /// were added, and may have ended since.
    ///
    /// # Errors
    /// [`GroupError::Enrolment`]; none is expected.
    pub fn enrolments(&self) -> Result<Vec<Enrolment>, GroupError> {
        Ok(self.leaves()?.into_iter().map(|(_, enrolment)| enrolment).collect())
    }

    /// The endpoints that are members, without the broker.
    ///
    /// # Errors
    /// [`GroupError::Enrolment`]; none is expected.
    pub fn members(&self) -> Result<Vec<EndpointId>, GroupError> {
        Ok(self.leaves()?.into_iter().map(|(_, enrolment)| enrolment.endpoint).collect())
    }

    /// What the broker's own enrolment says: renew it ([`Change::enrolment`]) before it ends.
    ///
    /// # Errors
    /// [`GroupError`]; none is expected.
    pub fn own_enrolment(&self) -> Result<Enrolment, GroupError> {
        let credential = self.mls.credential().map_err(mls("reading"))?;
        Ok(credential_claims(credential)?)
    }

    /// Seals `plaintext` ([`crate::content::encode`]) to the members. Each call uses a ratchet
    /// step, whether or not the bytes are ever delivered.
    ///
    /// # Errors
    /// [`GroupError`] when the plaintext is too large or openmls refuses.
    pub fn seal(&mut self, kind: Kind, id: MessageId, plaintext: &[u8]) -> Result<Vec<u8>, GroupError> {
        if plaintext.len() > MAX_CONTENT_BYTES {
            return Err(GroupError::TooLarge(plaintext.len()));
        }
        // openmls clears the associated data after each message: it is set here and nowhere else.
        self.mls.set_aad(associated_data(kind, id));
        let message = self.mls.create_message(&self.provider, &self.me, plaintext).map_err(mls("sealing"))?;
        self.header.steps += 1;
        message.to_bytes().map_err(mls("sealing"))
    }

    fn scratch(&self) -> Result<Self, GroupError> {
        Self::restore(&self.dump()?, &self.me)
    }

    fn leaves(&self) -> Result<Vec<(LeafNodeIndex, Enrolment)>, GroupError> {
        let own = self.mls.own_leaf_index();
        let others = self.mls.members().filter(|member| member.index != own);
        others.map(|member| Ok((member.index, credential_claims(&member.credential)?))).collect()
    }
}

fn own_enrolment(
    credential: &openmls::prelude::Credential,
    me: &EndpointKey,
) -> Result<Enrolment, EnrolmentRefused> {
    let claims = credential_claims(credential)?;
    if claims.leaf_key != me.public() {
        return Err(EnrolmentRefused::OtherKey(claims.endpoint));
    }
    Ok(claims)
}
