//! Messages that endpoints have sent: kept durably before the 202, until what they ask is done.

use std::collections::BTreeMap;

use agreements::{Digest, EndpointId, GroupId};
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// One message as it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The group that it is sealed to.
    pub group: GroupId,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// The endpoint whose signature the call carried.
    pub endpoint: EndpointId,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
    /// When it came.
    pub at: Timestamp,
}

/// Where a message was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its place among the arrivals of the group, from 1.
    pub position: u64,
    /// Whether it came for the first time.
    pub fresh: bool,
}

/// One message that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place among the arrivals of the group.
    pub position: u64,
    /// The message.
    pub arrival: Arrival,
}

// A subquery for each group: one step in the index, however many arrivals there are.
static NEWEST: Values = Values::new(
    "SELECT v.column1 AS group_id, (SELECT MAX(arrivals.position) FROM arrivals \
     WHERE arrivals.group_id = v.column1) AS position FROM (",
    1,
    ") AS v",
);

static KNOWN: Values = Values::new(
    "SELECT arrivals.group_id AS group_id, arrivals.digest AS digest, arrivals.position AS position \
     FROM arrivals JOIN (",
    2,
    ") AS v ON arrivals.group_id = v.column1 AND arrivals.digest = v.column2",
);

static INSERT: Values =
    Values::new("INSERT INTO arrivals (group_id, position, digest, endpoint, bytes, at, done)", 7, "");

/// Puts messages at the end of their groups' arrivals. One that was sent before, even one that is
/// done, keeps the place that it has.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn insert(tx: &mut WriteTx, arrivals: &[Arrival]) -> Result<Vec<Placed>, StoreError> {
    let mut known = BTreeMap::new();
    let same = KNOWN.fetch(&mut tx.tx, arrivals, |args, arrival| {
        args.shown(&arrival.group).shown(&arrival.digest);
    });
    for row in same.await? {
        let key: (GroupId, Digest) = (row.parsed("group_id")?, row.parsed("digest")?);
        known.insert(key, row.number("position")?);
    }
    let mut next: BTreeMap<GroupId, u64> = arrivals.iter().map(|arrival| (arrival.group, 1)).collect();
    let groups: Vec<GroupId> = next.keys().copied().collect();
    let newest = NEWEST.fetch(&mut tx.tx, &groups, |args, group| {
        args.shown(group);
    });
    for row in newest.await? {
        let newest = row.maybe_number("position")?.unwrap_or(0);
        next.insert(row.parsed("group_id")?, newest.saturating_add(1));
    }
    let mut placed = Vec::with_capacity(arrivals.len());
    let mut fresh = Vec::new();
    for arrival in arrivals {
        let key = (arrival.group, arrival.digest);
        if let Some(position) = known.get(&key) {
            placed.push(Placed { position: *position, fresh: false });
            continue;
        }
        let slot = next.entry(arrival.group).or_insert(1);
        let position = *slot;
        *slot = position.saturating_add(1);
        known.insert(key, position);
        fresh.push((position, arrival));
        placed.push(Placed { position, fresh: true });
    }
    INSERT
        .execute(&mut tx.tx, &fresh, |args, (position, arrival)| {
            args.shown(&arrival.group).number(*position).shown(&arrival.digest).shown(&arrival.endpoint);
            args.bytes(&arrival.bytes).time(arrival.at).yes(false);
        })
        .await?;
    Ok(placed)
}

/// Up to `limit` messages of one group that are not done, in order, after position `after`.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn undone(
    store: &mut impl Reads,
    group: GroupId,
    after: u64,
    limit: u32,
) -> Result<Vec<Waiting>, StoreError> {
    let sql = "SELECT group_id, position, digest, endpoint, bytes, at FROM arrivals \
               WHERE group_id = $1 AND position > $2 AND done = 0 ORDER BY position LIMIT $3";
    let found = rows::all(store.connection(), sql, |args| {
        args.shown(&group).number(after).number(limit.into());
    })
    .await?;
    found.iter().map(waiting_of).collect()
}

/// How many messages of one group are not done.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn count_undone(store: &mut impl Reads, group: GroupId) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS undone FROM arrivals WHERE group_id = $1 AND done = 0";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(&group);
    })
    .await?;
    row.map_or(Ok(0), |row| row.number("undone"))
}

/// How many messages are not done, of all groups.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn count_all_undone(store: &mut impl Reads) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS undone FROM arrivals WHERE done = 0";
    let row = rows::optional(store.connection(), sql, |_| ()).await?;
    row.map_or(Ok(0), |row| row.number("undone"))
}

static DONE: Values = Values::new(
    "UPDATE arrivals SET done = 1, bytes = NULL FROM (",
    2,
    ") AS v WHERE arrivals.group_id = v.column1 AND arrivals.position = v.column2 AND arrivals.done = 0",
);

/// Marks messages done, in the transaction that records their outcome, and drops their bytes;
/// the digest stays, so that the same message is never done twice.
///
/// # Errors
/// [`StoreError::Stale`] when one of them was done already or never came: drop the transaction.
pub async fn mark_done(tx: &mut WriteTx, done: &[(GroupId, u64)]) -> Result<(), StoreError> {
    let changed = DONE
        .execute(&mut tx.tx, done, |args, (group, position)| {
            args.shown(group).number(*position);
        })
        .await?;
    let wanted = u64::try_from(done.len()).map_err(|_| StoreError::Range)?;
    if changed == wanted { Ok(()) } else { Err(StoreError::Stale { table: "arrivals" }) }
}

fn waiting_of(row: &AnyRow) -> Result<Waiting, StoreError> {
    let arrival = Arrival {
        group: row.parsed("group_id")?,
        digest: row.parsed("digest")?,
        endpoint: row.parsed("endpoint")?,
        bytes: row.bytes("bytes")?,
        at: row.time("at")?,
    };
    Ok(Waiting { position: row.number("position")?, arrival })
}
