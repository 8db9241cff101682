//! What waits for a recipient: each group's sealed messages, in order.

use agreements::{GroupId, MessageId};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use jiff::civil::Date;

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxKind {
    /// A commit, with its welcome.
    Handshake,
    /// A sealed message; it has an entry.
    Message,
    /// An unsealed word about the exchange itself, such as `epoch passed`.
    Notice,
}

impl InboxKind {
    /// The kind as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            InboxKind::Handshake => "handshake",
            InboxKind::Message => "message",
            InboxKind::Notice => "notice",
        }
    }
}

impl TryFrom<String> for InboxKind {
    type Error = StoreError;
    fn try_from(text: String) -> Result<Self, StoreError> {
        let all = [InboxKind::Handshake, InboxKind::Message, InboxKind::Notice];
        all.into_iter().find(|k| k.as_str() == text).ok_or(StoreError::Corrupt { column: "kind" })
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// The group.
    pub group: GroupId,
    /// Its place in the group's inbox, from 1 without a gap.
    pub position: u64,
    /// What it is.
    pub kind: InboxKind,
    /// The index of its entry; none for a notice.
    pub idx: Option<u64>,
    /// Entries in the log before the batch of that entry: the size of the signed state that a sealed
    /// message names inside. None for what names none.
    pub previous: Option<u64>,
    /// The id inside the message's associated data.
    pub message: MessageId,
    /// The bytes, sealed unless it is a notice.
    pub bytes: Vec<u8>,
    /// When it was put there.
    pub at: Timestamp,
    /// The last day on which it may be there.
    pub delete_after: Date,
}

static INSERT: Values = Values::new(
    "INSERT INTO inbox (group_id, position, kind, idx, previous, message_id, bytes, at, delete_after)",
    9,
    "",
);

/// Adds messages.
///
/// # Errors
/// [`StoreError::Conflict`] when a position is taken.
pub async fn insert(tx: &mut WriteTx, messages: &[InboxRow]) -> Result<(), StoreError> {
    INSERT
        .execute(&mut tx.tx, messages, |args, row| {
            args.shown(&row.group).number(row.position).text(row.kind.as_str()).maybe_number(row.idx);
            args.maybe_number(row.previous);
            args.shown(&row.message).bytes(&row.bytes).time(row.at).shown(&row.delete_after);
        })
        .await?;
    Ok(())
}

/// The messages after position `after`, in order: at most `limit`, and no more than `most_bytes`
/// together unless the first alone is larger.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn page(
    store: &mut impl Reads,
    group: GroupId,
    after: u64,
    limit: u32,
    most_bytes: usize,
) -> Result<Vec<InboxRow>, StoreError> {
    let sql = "SELECT position, kind, idx, previous, message_id, bytes, at, delete_after FROM inbox \
               WHERE group_id = $1 AND position > $2 ORDER BY position LIMIT $3";
    let mut found = rows::stream(store.connection(), sql, |args| {
        args.shown(&group).number(after).number(limit.into());
    })?;
    let mut page = Vec::new();
    let mut total = 0_usize;
    while let Some(row) = found.try_next().await? {
        let bytes = row.bytes("bytes")?;
        total = total.saturating_add(bytes.len());
        if total > most_bytes && !page.is_empty() {
            break;
        }
        page.push(InboxRow {
            group,
            position: row.number("position")?,
            kind: row.parsed("kind")?,
            idx: row.maybe_number("idx")?,
            previous: row.maybe_number("previous")?,
            message: row.parsed("message_id")?,
            bytes,
            at: row.time("at")?,
            delete_after: row.date("delete_after")?,
        });
    }
    Ok(page)
}

/// How many messages there are, of all groups.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn count(store: &mut impl Reads) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS kept FROM inbox";
    let row = rows::optional(store.connection(), sql, |_| ()).await?;
    row.map_or(Ok(0), |row| row.number("kept"))
}

/// Destroys what waits in a group and says how many messages it was.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn destroy(tx: &mut WriteTx, group: GroupId) -> Result<u64, StoreError> {
    rows::execute(&mut tx.tx, "DELETE FROM inbox WHERE group_id = $1", |args| {
        args.shown(&group);
    })
    .await
}
