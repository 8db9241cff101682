//! Changes of a group: a new epoch, made on a copy and taken over once it is on record.

use std::collections::BTreeSet;

use agreements::{AuthorityId, Digest, EndpointId, MessageId};
use openmls::prelude::{LeafNodeIndex, LeafNodeParameters, OpenMlsProvider as _};

use super::{BrokerGroup, GroupError, mls, own_enrolment};
use crate::content::Kind;
use crate::handshake::Handshake;
use crate::identity::credential_with_key;
use crate::key_package::CheckedKeyPackage;
use crate::mls::{associated_data, capabilities, context_extensions};

/// What is to change; nothing named is a fresh path alone.
#[derive(Default)]
pub struct Change {
    /// Endpoints to add. One that is a member is re-added with its new keys.
    pub add: Vec<CheckedKeyPackage>,
    /// Endpoints to remove.
    pub remove: Vec<EndpointId>,
    /// Digest of the agreement that is in force from now on.
    pub agreement: Option<Digest>,
    /// Text of a new enrolment note of the broker itself, for the same key.
    pub enrolment: Option<String>,
}

/// A group after a change. Take it over when the transaction that records `handshake` has
/// committed; drop it when that failed, and the group as it was goes on.
pub struct Changed {
    /// The group in its new epoch.
    pub group: BrokerGroup,
    /// What goes into the inbox.
    pub handshake: Handshake,
}

impl BrokerGroup {
    /// Adds endpoints.
    ///
    /// # Errors
    /// [`GroupError`] as [`Self::change`].
    pub fn add(&self, packages: Vec<CheckedKeyPackage>, id: MessageId) -> Result<Changed, GroupError> {
        self.change(Change { add: packages, ..Change::default() }, id)
    }

    /// Removes endpoints.
    ///
    /// # Errors
    /// [`GroupError`] as [`Self::change`].
    pub fn remove(&self, endpoints: &[EndpointId], id: MessageId) -> Result<Changed, GroupError> {
        self.change(Change { remove: endpoints.to_vec(), ..Change::default() }, id)
    }

    /// Makes a fresh path: after every start, and after some hundred steps.
    ///
    /// # Errors
    /// [`GroupError`] as [`Self::change`].
    pub fn refresh(&self, id: MessageId) -> Result<Changed, GroupError> {
        self.change(Change::default(), id)
    }

    /// Puts the group under another version of its agreement.
    ///
    /// # Errors
    /// [`GroupError`] as [`Self::change`].
    pub fn agree(&self, agreement: Digest, id: MessageId) -> Result<Changed, GroupError> {
        self.change(Change { agreement: Some(agreement), ..Change::default() }, id)
    }

    /// Makes one commit, always with a fresh path, on a copy of this group.
    ///
    /// # Errors
    /// [`GroupError`] when an endpoint is of another authority, named twice or no member, when the
    /// broker's new enrolment is not its own, or openmls refuses.
    pub fn change(&self, change: Change, id: MessageId) -> Result<Changed, GroupError> {
        let mut group = self.scratch()?;
        let removals = group.removals(&change)?;
        let mut leaf = LeafNodeParameters::builder().with_capabilities(capabilities());
        if let Some(enrolment) = &change.enrolment {
            let credential = credential_with_key(enrolment, &group.me);
            own_enrolment(&credential.credential, &group.me)?;
            leaf = leaf.with_credential_with_key(credential);
        }
        group.mls.set_aad(associated_data(Kind::Commit, id));
        // No proposal of others is ever stored, and none would be committed.
        let mut builder = group
            .mls
            .commit_builder()
            .consume_proposal_store(false)
            .force_self_update(true)
            .leaf_node_parameters(leaf.build())
            .propose_removals(removals)
            .propose_adds(change.add.into_iter().map(|checked| checked.package));
        if let Some(agreement) = &change.agreement {
            let extensions = context_extensions(agreement).map_err(mls("a change"))?;
            builder = builder.propose_group_context_extensions(extensions).map_err(mls("a change"))?;
        }
        let provider = &group.provider;
        let bundle = builder
            .load_psks(provider.storage())
            .map_err(mls("a change"))?
            .build(provider.rand(), provider.crypto(), &group.me, |_| true)
            .map_err(mls("a change"))?
            .stage_commit(provider)
            .map_err(mls("a change"))?;
        group.mls.merge_pending_commit(provider).map_err(mls("a change"))?;
        group.header.steps = 0;
        let (commit, welcome, _) = bundle.into_messages();
        let welcome = welcome.map(|message| message.to_bytes()).transpose().map_err(mls("a change"))?;
        let handshake = Handshake { commit: commit.to_bytes().map_err(mls("a change"))?, welcome };
        Ok(Changed { group, handshake })
    }

    /// Leaves to remove: those named, and those whose endpoints come in again.
    fn removals(&self, change: &Change) -> Result<Vec<LeafNodeIndex>, GroupError> {
        let leaves = self.leaves()?;
        let mut named = BTreeSet::new();
        let mut removals = Vec::new();
        for endpoint in &change.remove {
            if !named.insert(endpoint) {
                return Err(GroupError::Twice(endpoint.clone()));
            }
            let found = leaves.iter().find(|(_, enrolment)| enrolment.endpoint == *endpoint);
            removals.push(found.ok_or_else(|| GroupError::NotAMember(endpoint.clone()))?.0);
        }
        for package in &change.add {
            self.is_for(package.endpoint(), package.authority())?;
            if !named.insert(package.endpoint()) {
                return Err(GroupError::Twice(package.endpoint().clone()));
            }
            let found = leaves.iter().find(|(_, enrolment)| enrolment.endpoint == *package.endpoint());
            removals.extend(found.map(|(index, _)| *index));
        }
        Ok(removals)
    }

    fn is_for(&self, endpoint: &EndpointId, authority: &AuthorityId) -> Result<(), GroupError> {
        if *authority == self.header.recipient {
            return Ok(());
        }
        Err(GroupError::OtherRecipient { endpoint: endpoint.clone(), authority: authority.clone() })
    }
}
