//! Joining: all that a welcome brings is checked before a group is made of it.

use agreements::GroupId;
use openmls::prelude::StagedWelcome;

use super::{EndpointGroup, HandshakeError, Header, OwnSide, mls};
use crate::handshake::Handshake;
use crate::identity::{EndpointKey, check_credential, check_origin};
use crate::key_package::KeyPackageHeader;
use crate::mls::{SUITE, agreement_of, join_config};
use crate::state::{self, Holder, StateError};

impl EndpointGroup {
    /// Joins by the welcome of a handshake, with the private part of the key package that it
    /// names ([`Handshake::welcomes`]). Destroy that part once the group's state is stored.
    ///
    /// # Errors
    /// [`HandshakeError`]; nothing was changed.
    pub fn join(
        handshake: &[u8],
        key_package: &[u8],
        me: &EndpointKey,
        own: &OwnSide<'_>,
    ) -> Result<Self, HandshakeError> {
        let handshake = Handshake::decode(handshake)?;
        let (prepared, provider) = state::restore::<KeyPackageHeader>(Holder::KeyPackage, key_package)?;
        if !handshake.welcomes()?.contains(&prepared.reference) {
            return Err(HandshakeError::NotForMe);
        }
        let welcome = handshake.parsed_welcome()?.ok_or(HandshakeError::NotForMe)?;
        // Lifetimes are checked below against our own clock: others' may have ended since.
        let staged = StagedWelcome::build_from_welcome(&provider, &join_config(), welcome)
            .map_err(mls)?
            .skip_lifetime_validation()
            .build()
            .map_err(mls)?;
        let header = check_welcome(&staged, own)?;
        let group = staged.into_group(&provider).map_err(mls)?;
        Ok(Self { header, me: me.clone(), mls: group, provider })
    }
}

fn check_welcome(staged: &StagedWelcome, own: &OwnSide<'_>) -> Result<Header, HandshakeError> {
    let context = staged.group_context();
    if context.ciphersuite() != SUITE {
        return Err(HandshakeError::Refused("another suite"));
    }
    let group = <[u8; 16]>::try_from(context.group_id().as_slice())
        .map_err(|_| HandshakeError::Refused("a group id that is not 16 bytes"))?;
    let agreement = agreement_of(context.extensions())
        .ok_or(HandshakeError::Refused("extensions other than the agreement's"))?;
    if !own.agreements.contains(&agreement) {
        return Err(HandshakeError::UnknownAgreement(agreement));
    }
    let mine = staged.own_leaf_node().ok_or(StateError::NO_GROUP)?;
    let mine = check_origin(mine.credential(), mine.signature_key().as_slice(), own.trust, own.now)?;
    let broker = staged.welcome_sender_index();
    for member in staged.members() {
        if member.index == broker {
            let claims = check_credential(&member.credential, &member.signature_key, own.trust, own.now)?;
            if claims.authority != *own.provider {
                return Err(HandshakeError::Refused("a welcome that is not by the provider's broker"));
            }
        } else {
            let claims = check_origin(&member.credential, &member.signature_key, own.trust, own.now)?;
            if claims.authority != mine.authority {
                return Err(HandshakeError::Refused("a member of another authority"));
            }
        }
    }
    Ok(Header { group: GroupId::from_bytes(group), broker_leaf: broker.u32() })
}
