//! The requests that have been answered: one repeated is answered the same, one changed is not.

use std::collections::BTreeMap;

use agreements::{AgreementId, Digest, GroupId, RequestId};

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// One answered request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRow {
    /// The group that it came in.
    pub group: GroupId,
    /// Its id.
    pub request: RequestId,
    /// The digest of the question.
    pub digest: Digest,
    /// The index of the entry that answers it.
    pub idx: u64,
}

static INSERT: Values = Values::new("INSERT INTO requests (group_id, request, digest, idx)", 4, "");

/// Adds answered requests.
///
/// # Errors
/// [`StoreError::Conflict`] when one has been answered.
pub async fn insert(tx: &mut WriteTx, requests: &[RequestRow]) -> Result<(), StoreError> {
    INSERT
        .execute(&mut tx.tx, requests, |args, row| {
            args.shown(&row.group).shown(&row.request).shown(&row.digest).number(row.idx);
        })
        .await?;
    Ok(())
}

static SELECT: Values = Values::new(
    "SELECT requests.group_id, requests.request, requests.digest, requests.idx FROM requests JOIN (",
    2,
    ") AS v ON requests.group_id = v.column1 AND requests.request = v.column2",
);

/// Those of the requests that have been answered.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn answered(
    store: &mut impl Reads,
    requests: &[(GroupId, RequestId)],
) -> Result<BTreeMap<(GroupId, RequestId), RequestRow>, StoreError> {
    let found = SELECT
        .fetch(store.connection(), requests, |args, (group, request)| {
            args.shown(group).shown(request);
        })
        .await?;
    let answered = found.iter().map(|row| {
        let (group, request) = (row.parsed("group_id")?, row.parsed("request")?);
        let digest = row.parsed("digest")?;
        Ok(((group, request), RequestRow { group, request, digest, idx: row.number("idx")? }))
    });
    answered.collect()
}

/// One request, if it has been answered.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn get(
    store: &mut impl Reads,
    group: GroupId,
    request: RequestId,
) -> Result<Option<RequestRow>, StoreError> {
    Ok(answered(store, &[(group, request)]).await?.remove(&(group, request)))
}

/// Agreements with an entry that answers a request whose row is not there any more.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn lost(store: &mut impl Reads) -> Result<Vec<AgreementId>, StoreError> {
    let sql = "SELECT DISTINCT entries.agreement FROM entries LEFT JOIN requests ON requests.idx = entries.idx \
               WHERE entries.operation IN ('disclosure', 'refusal') AND requests.idx IS NULL \
               AND entries.agreement IS NOT NULL ORDER BY entries.agreement";
    rows::all(store.connection(), sql, |_| ()).await?.iter().map(|row| row.parsed("agreement")).collect()
}

/// The requests that entries from `idx` on decided, by entry.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn since(store: &mut impl Reads, idx: u64) -> Result<BTreeMap<u64, RequestId>, StoreError> {
    let idx = idx.min(i64::MAX.unsigned_abs());
    let sql = "SELECT idx, request FROM requests WHERE idx >= $1";
    let found = rows::all(store.connection(), sql, |args| {
        args.number(idx);
    });
    found.await?.iter().map(|row| Ok((row.number("idx")?, row.parsed("request")?))).collect()
}
