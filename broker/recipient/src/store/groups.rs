//! Exchange groups: sealed state, place in the inbox, sequence, and whether something was wrong.

use agreements::{AgreementId, GroupId};
use sqlx::query_as;
use zeroize::Zeroizing;

use super::{Store, StoreError, WriteTx, counted, malformed, stored};

/// How a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupStatus {
    /// Known, no welcome processed yet.
    Waiting,
    /// A member.
    Open,
    /// This endpoint was removed.
    Removed,
    /// Something did not prove right; nothing more is read until a person has looked.
    Stopped,
}

impl GroupStatus {
    /// The word in the store and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Removed => "removed",
            Self::Stopped => "stopped",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "waiting" => Ok(Self::Waiting),
            "open" => Ok(Self::Open),
            "removed" => Ok(Self::Removed),
            "stopped" => Ok(Self::Stopped),
            _ => Err(malformed("groups", "unknown status")),
        }
    }
}

/// A group without its state.
#[derive(Debug, Clone)]
pub struct GroupRow {
    /// The group.
    pub group: GroupId,
    /// Its agreement.
    pub agreement: AgreementId,
    /// Version of the row: a write must name the one it read.
    pub row_version: u64,
    /// MLS epoch of the state.
    pub epoch: u64,
    /// Endpoints in the group, this one included, the broker not.
    pub members: u64,
    /// Position of the last inbox message that was processed.
    pub position: u64,
    /// Sequence of the last sealed message; none when messages before the welcome were gone.
    pub sequence: Option<u64>,
    /// How it stands.
    pub status: GroupStatus,
    /// What was wrong.
    pub alarm: Option<String>,
}

type Columns = (String, String, i64, i64, i64, i64, Option<i64>, String, Option<String>);

fn group_row(row: Columns) -> Result<GroupRow, StoreError> {
    let (group, agreement, row_version, epoch, members, position, sequence, status, alarm) = row;
    Ok(GroupRow {
        group: GroupId::parse(&group).map_err(|e| malformed("groups", e))?,
        agreement: AgreementId::parse(&agreement).map_err(|e| malformed("groups", e))?,
        row_version: counted("groups", row_version)?,
        epoch: counted("groups", epoch)?,
        members: counted("groups", members)?,
        position: counted("groups", position)?,
        sequence: sequence.map(|n| counted("groups", n)).transpose()?,
        status: GroupStatus::parse(&status)?,
        alarm,
    })
}

impl Store {
    /// Every group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn groups(&self) -> Result<Vec<GroupRow>, StoreError> {
        let rows: Vec<Columns> = query_as(
            "SELECT group_id, agreement, row_version, epoch, members, position, sequence, status, alarm \
             FROM groups ORDER BY agreement, group_id",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(group_row).collect()
    }

    /// One group and its state, which is absent before the welcome.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn group(
        &self,
        group: GroupId,
    ) -> Result<Option<(GroupRow, Option<Zeroizing<Vec<u8>>>)>, StoreError> {
        let id = group.to_string();
        let row: Option<Columns> = query_as(
            "SELECT group_id, agreement, row_version, epoch, members, position, sequence, status, alarm \
             FROM groups WHERE group_id = $1",
        )
        .bind(&id)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let state: Option<(Vec<u8>,)> =
            query_as("SELECT state FROM groups WHERE group_id = $1 AND state IS NOT NULL")
                .bind(&id)
                .fetch_optional(&self.pool)
                .await?;
        let state = match state {
            Some((sealed,)) => Some(self.unseal("groups", &id, &sealed)?),
            None => None,
        };
        Ok(Some((group_row(row)?, state)))
    }
}

impl WriteTx {
    /// Makes a group known; one that is known stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_group(&mut self, group: GroupId, agreement: &AgreementId) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO groups (group_id, agreement, row_version, epoch, members, position, sequence, status) \
             VALUES ($1, $2, 0, 0, 0, 0, 0, 'waiting') ON CONFLICT (group_id) DO NOTHING",
        )
        .bind(group.to_string())
        .bind(agreement.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Writes a group's row as `row` says, and its state where one is given, if the row is still at
    /// `row.row_version`. Afterwards `row` holds the next version.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when another program wrote it.
    pub async fn put_group(&mut self, row: &mut GroupRow, state: Option<&[u8]>) -> Result<(), StoreError> {
        let id = row.group.to_string();
        let next = row.row_version + 1;
        let mut written = sqlx::query(
            "UPDATE groups SET row_version = $1, epoch = $2, members = $3, position = $4, sequence = $5, \
             status = $6, alarm = $7 WHERE group_id = $8 AND row_version = $9",
        )
        .bind(stored(next)?)
        .bind(stored(row.epoch)?)
        .bind(stored(row.members)?)
        .bind(stored(row.position)?)
        .bind(row.sequence.map(stored).transpose()?)
        .bind(row.status.as_str())
        .bind(row.alarm.clone())
        .bind(&id)
        .bind(stored(row.row_version)?)
        .execute(self.connection())
        .await?
        .rows_affected();
        if let (1, Some(state)) = (written, state) {
            let sealed = self.seal("groups", &id, state);
            written = sqlx::query("UPDATE groups SET state = $1 WHERE group_id = $2")
                .bind(sealed)
                .bind(&id)
                .execute(self.connection())
                .await?
                .rows_affected();
        }
        if written != 1 {
            return Err(StoreError::Stale(id));
        }
        row.row_version = next;
        Ok(())
    }

    /// Forgets a group's state: what it could open stays closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_group_state(&mut self, group: GroupId) -> Result<(), StoreError> {
        sqlx::query("UPDATE groups SET state = NULL WHERE group_id = $1")
            .bind(group.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Lets a stopped group be read again from the message at which it stopped. Says whether there
    /// was such a group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resume_group(&mut self, group: GroupId) -> Result<bool, StoreError> {
        let written = sqlx::query(
            "UPDATE groups SET status = CASE WHEN state IS NULL THEN 'waiting' ELSE 'open' END, alarm = NULL \
             WHERE group_id = $1 AND status = 'stopped'",
        )
        .bind(group.to_string())
        .execute(self.connection())
        .await?;
        Ok(written.rows_affected() == 1)
    }
}
