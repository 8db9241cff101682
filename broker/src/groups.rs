//! The exchange groups in memory. The recorder alone seals and changes epochs; the collectors of
//! arrivals open. Each group has one lock.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use agreements::{AgreementId, AgreementVersion, AuthorityId, GroupId};
use arc_swap::ArcSwap;
use exchange::BrokerGroup;
use tokio::sync::{Mutex, Notify};

/// A group and what wakes those who wait on it.
pub struct LiveGroup {
    /// Its id.
    pub id: GroupId,
    /// The agreement that it carries out, whatever its version.
    pub agreement: AgreementId,
    /// The version under which it stands.
    version: ArcSwap<AgreementVersion>,
    /// The recipient.
    pub recipient: AuthorityId,
    /// The MLS group. Its state in memory is never older than the stored one.
    pub mls: Mutex<BrokerGroup>,
    /// Somebody waits for its inbox.
    pub inbox: Arc<Notify>,
    /// Its collector waits for arrivals.
    pub arrivals: Notify,
    /// Bulk disclosures are made one after the other: each is a pass over a whole dataset.
    pub bulk: Mutex<()>,
}

impl LiveGroup {
    /// A group that is open.
    pub fn new(id: GroupId, agreement: AgreementVersion, recipient: AuthorityId, mls: BrokerGroup) -> Self {
        Self {
            id,
            agreement: agreement.id.clone(),
            version: ArcSwap::from_pointee(agreement),
            recipient,
            mls: Mutex::new(mls),
            inbox: Arc::new(Notify::new()),
            arrivals: Notify::new(),
            bulk: Mutex::new(()),
        }
    }

    /// The agreement at the version under which the group stands.
    pub fn at_version(&self) -> AgreementVersion {
        AgreementVersion::clone(&self.version.load())
    }

    /// Puts it under another version of its agreement, once that is on record.
    pub(crate) fn put_under(&self, agreement: AgreementVersion) {
        self.version.store(Arc::new(agreement));
    }
}

/// All groups of agreements in force or suspended.
#[derive(Default)]
pub struct Groups {
    by_id: RwLock<HashMap<GroupId, Arc<LiveGroup>>>,
}

impl Groups {
    /// The group of that id.
    pub fn get(&self, id: &GroupId) -> Option<Arc<LiveGroup>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Every group.
    pub fn all(&self) -> Vec<Arc<LiveGroup>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The group of an agreement and a recipient.
    pub fn of(&self, agreement: &AgreementId, recipient: &AuthorityId) -> Option<Arc<LiveGroup>> {
        let groups = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        groups.values().find(|g| g.agreement == *agreement && g.recipient == *recipient).cloned()
    }

    /// Adds a group.
    pub fn insert(&self, group: Arc<LiveGroup>) {
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).insert(group.id, group);
    }

    /// Forgets a group.
    pub fn remove(&self, id: &GroupId) {
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}
