//! Exchange groups: each one's sealed MLS state, and where its inbox and sequence stand.

use agreements::{AgreementId, AgreementVersion, AuthorityId, GroupId};
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// Whether a group passes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupStatus {
    /// Messages go in and out.
    Open,
    /// The agreement is suspended: nothing is sealed and the inbox is held.
    Suspended,
    /// The agreement has ended: the members are removed.
    Ended,
}

impl GroupStatus {
    fn as_str(self) -> &'static str {
        match self {
            GroupStatus::Open => "open",
            GroupStatus::Suspended => "suspended",
            GroupStatus::Ended => "ended",
        }
    }
}

impl TryFrom<String> for GroupStatus {
    type Error = StoreError;
    fn try_from(text: String) -> Result<Self, StoreError> {
        let all = [GroupStatus::Open, GroupStatus::Suspended, GroupStatus::Ended];
        all.into_iter().find(|s| s.as_str() == text).ok_or(StoreError::Corrupt { column: "status" })
    }
}

/// One group.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// The group.
    pub group: GroupId,
    /// The agreement that it carries, at the version that its context names.
    pub agreement: AgreementVersion,
    /// The recipient whose endpoints are its members.
    pub recipient: AuthorityId,
    /// The MLS state, sealed.
    pub state: Vec<u8>,
    /// Raised by one with every write; a write over another version is refused.
    pub row_version: u64,
    /// The MLS epoch.
    pub epoch: u64,
    /// The position of the next message in the inbox, from 1.
    pub next_position: u64,
    /// The sequence number of the next sealed message, from 1.
    pub next_sequence: u64,
    /// Whether it passes messages.
    pub status: GroupStatus,
}

/// Adds a group as it is, its row version included.
///
/// # Errors
/// [`StoreError::Conflict`] when it is there.
pub async fn insert(tx: &mut WriteTx, row: &GroupRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO exchange_groups (group_id, agreement, version, recipient, state, row_version, \
               epoch, next_position, next_sequence, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&row.group).shown(&row.agreement.id).number(row.agreement.version.into());
        args.shown(&row.recipient).bytes(&row.state).number(row.row_version).number(row.epoch);
        args.number(row.next_position).number(row.next_sequence).text(row.status.as_str());
    })
    .await?;
    Ok(())
}

static SAVE: Values = Values::new(
    "UPDATE exchange_groups SET version = v.column3, state = v.column4, row_version = v.column2 + 1, \
     epoch = v.column5, next_position = v.column6, next_sequence = v.column7, status = v.column8 FROM (",
    8,
    ") AS v WHERE exchange_groups.group_id = v.column1 AND exchange_groups.row_version = v.column2",
);

/// Writes groups over the row versions that they carry; each is then one version further (the
/// caller adds it to its own copy after the commit). Each group at most once.
///
/// # Errors
/// [`StoreError::Stale`] when one of them has another row version: drop the transaction.
pub async fn save(tx: &mut WriteTx, groups: &[GroupRow]) -> Result<(), StoreError> {
    let changed = SAVE
        .execute(&mut tx.tx, groups, |args, row| {
            args.shown(&row.group).number(row.row_version).number(row.agreement.version.into());
            args.bytes(&row.state).number(row.epoch).number(row.next_position);
            args.number(row.next_sequence).text(row.status.as_str());
        })
        .await?;
    let wanted = u64::try_from(groups.len()).map_err(|_| StoreError::Range)?;
    if changed == wanted { Ok(()) } else { Err(StoreError::Stale { table: "exchange_groups" }) }
}

/// One group.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(store: &mut impl Reads, group: GroupId) -> Result<Option<GroupRow>, StoreError> {
    let sql = "SELECT group_id, agreement, version, recipient, state, row_version, epoch, next_position, \
               next_sequence, status FROM exchange_groups WHERE group_id = $1";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(&group);
    })
    .await?;
    row.as_ref().map(group_of).transpose()
}

/// All groups.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn all(store: &mut impl Reads) -> Result<Vec<GroupRow>, StoreError> {
    let sql = "SELECT group_id, agreement, version, recipient, state, row_version, epoch, next_position, \
               next_sequence, status FROM exchange_groups ORDER BY group_id";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(group_of).collect()
}

fn group_of(row: &AnyRow) -> Result<GroupRow, StoreError> {
    let id: AgreementId = row.parsed("agreement")?;
    Ok(GroupRow {
        group: row.parsed("group_id")?,
        agreement: AgreementVersion { id, version: row.small("version")? },
        recipient: row.parsed("recipient")?,
        state: row.bytes("state")?,
        row_version: row.number("row_version")?,
        epoch: row.number("epoch")?,
        next_position: row.number("next_position")?,
        next_sequence: row.number("next_sequence")?,
        status: row.parsed("status")?,
    })
}
