//! Commits and welcomes.

use exchange::endpoint_group::Incoming;
use exchange::wire::InboxMessage;
use exchange::{EndpointGroup, Epoch, HandshakeError, OwnSide};

use super::objects;
use super::reader::{ReadError, Reader};
use crate::answer::ObjectNote;
use crate::store::agreements::KeyPackageRow;
use crate::store::groups::GroupStatus;
use crate::store::logs::KeptCheckpoint;
use crate::store::objects::Stage;

impl Reader {
    /// Follows a commit, or joins by the welcome beside it, once it is proved to be on record.
    pub(super) async fn handshake(
        &mut self,
        message: &InboxMessage,
        checkpoint: Option<&KeptCheckpoint>,
    ) -> Result<(), ReadError> {
        let index = self.on_record(message, checkpoint).await?.index;
        self.reload_trust().await?;
        if self.mls.is_some() {
            let before = self.mls.as_ref().map(EndpointGroup::epoch).transpose()?;
            match self.follow(&message.bytes.0)? {
                Incoming::EpochChanged(epoch) => {
                    let superseded = before.is_some_and(|before| before.agreement != epoch.agreement);
                    return self.changed(message.position, index, &epoch, superseded).await;
                }
                Incoming::Removed => self.removed().await?,
            }
        }
        // Not a member, or not any more: the same handshake may hold a welcome.
        self.join(message, index).await
    }

    fn own_side(&self) -> OwnSide<'_> {
        OwnSide {
            provider: &self.signed.provider,
            agreements: &self.digests,
            trust: &self.trust.directories,
            now: self.shared.home.clock.now(),
        }
    }

    fn follow(&mut self, handshake: &[u8]) -> Result<Incoming, HandshakeError> {
        let Some(mut mls) = self.mls.take() else { return Err(HandshakeError::NotForMe) };
        let followed = mls.follow(handshake, &self.own_side());
        self.mls = Some(mls);
        followed
    }

    /// The group is in a new epoch. Where its agreement has a new version, what was lodged under the
    /// one before and not opened is gone at the provider.
    async fn changed(
        &mut self,
        position: u64,
        index: u64,
        epoch: &Epoch,
        superseded: bool,
    ) -> Result<(), ReadError> {
        let Some(mls) = &self.mls else { return Ok(()) };
        let state = mls.dump().map_err(HandshakeError::from)?;
        let mut row = self.row.clone();
        row.position = position;
        row.epoch = epoch.epoch;
        row.members = epoch.members.len() as u64;
        row.alarm = None;
        let home = &self.shared.home;
        let mut unopened = Vec::new();
        if superseded {
            for stage in [Stage::Announced, Stage::Held] {
                unopened.extend(home.store.objects_at::<ObjectNote>(stage).await?);
            }
        }
        let mut tx = home.store.write().await?;
        tx.put_group(&mut row, Some(&state)).await?;
        tx.use_index(self.signed.log_key.name(), index).await?;
        for object in unopened.iter().filter(|object| object.agreement == row.agreement) {
            let why = "the agreement was replaced by its next version before this was opened: ask again";
            objects::lapse(home, &mut tx, object, why).await?;
        }
        tx.commit().await?;
        tracing::info!(group = %row.group, epoch = row.epoch, "the group is in a new epoch");
        self.row = row;
        Ok(())
    }

    /// The position stays: the same message is looked at once more, for a welcome.
    async fn removed(&mut self) -> Result<(), ReadError> {
        let mut row = self.row.clone();
        row.status = GroupStatus::Removed;
        let mut tx = self.shared.home.store.write().await?;
        tx.put_group(&mut row, None).await?;
        tx.drop_group_state(row.group).await?;
        tx.commit().await?;
        tracing::warn!(group = %row.group, "this endpoint was removed from the group");
        self.mls = None;
        self.row = row;
        Ok(())
    }

    fn try_join(&self, handshake: &[u8], package: &KeyPackageRow) -> Result<EndpointGroup, HandshakeError> {
        EndpointGroup::join(handshake, &package.state, &self.shared.home.key, &self.own_side())
    }

    async fn join(&mut self, message: &InboxMessage, index: u64) -> Result<(), ReadError> {
        let home = &self.shared.home;
        for package in home.store.key_packages("sent").await? {
            let joined = match self.try_join(&message.bytes.0, &package) {
                Ok(joined) => joined,
                Err(HandshakeError::NotForMe) => continue,
                Err(other) => return Err(other.into()),
            };
            if joined.group() != self.row.group {
                return Err(HandshakeError::OtherGroup(joined.group()).into());
            }
            let epoch = joined.epoch()?;
            let state = joined.dump().map_err(HandshakeError::from)?;
            let mut row = self.row.clone();
            row.position = message.position;
            row.epoch = epoch.epoch;
            row.members = epoch.members.len() as u64;
            row.status = GroupStatus::Open;
            row.alarm = None;
            let mut tx = home.store.write().await?;
            tx.put_group(&mut row, Some(&state)).await?;
            tx.use_index(self.signed.log_key.name(), index).await?;
            tx.drop_key_package(&package.id).await?;
            tx.commit().await?;
            tracing::info!(group = %row.group, agreement = %row.agreement, epoch = row.epoch, "joined the group");
            self.mls = Some(joined);
            self.row = row;
            self.shared.look.notify_one();
            return Ok(());
        }
        self.skip(message, index).await
    }
}
