//! What waits for a group, in order, each message with the proof that it is on record.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use agreements::{Digest, GroupId};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use common::problem::{Path, Problem, Query};
use exchange::wire::{
    InboxKind, InboxMessage, InboxPage, InboxQuery, MAX_PAGE, MAX_WAIT_SECONDS, Notice, Octets,
};

use super::authenticate::{Caller, authenticate, failed, group, still_enrolled};
use super::{Outward, prove};
use crate::store::entries;
use crate::store::groups::GroupRow;
use crate::store::inbox::{self, InboxRow};

/// Positions are numbers of 63 bits in the store.
const FURTHEST: u64 = i64::MAX as u64;
/// Most bytes of messages in one page, before base64.
const PAGE_BYTES: usize = 2 << 20;

pub(super) async fn read(
    State(outward): State<Arc<Outward>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    path: Result<Path<GroupId>, Problem>,
    query: Result<Query<InboxQuery>, Problem>,
    body: Bytes,
) -> Result<Json<InboxPage>, Problem> {
    let caller = authenticate(&outward, &method, &uri, &headers, &body).await?;
    let Path(id) = path?;
    let Query(query) = query?;
    let until = Duration::from_secs(query.wait_seconds.min(MAX_WAIT_SECONDS)).min(outward.longest_poll);
    let limit = match query.limit {
        0 => MAX_PAGE,
        limit => limit.min(MAX_PAGE),
    };
    let waiting = tokio::time::sleep(until);
    tokio::pin!(waiting);
    loop {
        // Asked for before the rows are read, so that nothing is posted unseen in between.
        let posted = outward.signals.posted(id);
        // A long poll must not outlast the endpoint that began it.
        still_enrolled(&outward, &caller).await?;
        let row = group(&outward, &caller, id).await?;
        let page = page(&outward, &caller, &row, query.after.min(FURTHEST), limit).await?;
        if !page.messages.is_empty() {
            return Ok(Json(page));
        }
        tokio::select! {
            () = posted => {}
            () = &mut waiting => return Ok(Json(page)),
        }
    }
}

async fn page(
    outward: &Outward,
    caller: &Caller,
    group: &GroupRow,
    after: u64,
    limit: u64,
) -> Result<InboxPage, Problem> {
    let mut store = outward.store.read().await.map_err(failed)?;
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let rows = inbox::page(&mut store, group.group, after, limit, PAGE_BYTES).await.map_err(failed)?;
    // Read after the rows, so that it covers them.
    let (text, newest) = prove::newest(&mut store, outward).await?;
    let size = newest.as_ref().map_or(0, |newest| newest.size);
    let held = caller.holds.as_ref().map_or(0, |held| held.size);
    let consistency = prove::consistency(&mut store, held, size).await?;
    let mut messages = Vec::with_capacity(rows.len());
    let indices: Vec<u64> = rows.iter().filter_map(|row| row.idx).collect();
    let mut proofs = prove::inclusion(&mut store, &indices, size).await?.into_iter();
    let mut proved = BTreeSet::new();
    // Asked of the inside, since a row in the database grants nothing.
    let open = outward.signals.open(group.group);
    for row in rows {
        let index = match (row.idx, row.kind) {
            (Some(index), _) => index,
            (None, inbox::InboxKind::Notice) if serde_json::from_slice::<Notice>(&row.bytes).is_ok() => {
                messages.push(message(row, None, Vec::new(), Vec::new()));
                continue;
            }
            // Whatever is sealed is on record.
            (None, _) => {
                tracing::error!(group = %group.group, position = row.position, "an inbox row was changed by hand");
                return Err(Problem::internal());
            }
        };
        let entry = entries::at(&mut store, index).await.map_err(failed)?;
        let Some(entry) = entry else { return Err(Problem::internal()) };
        // What carries data or a key waits while the agreement is not in force, and all that follows.
        if !open && !outward.signals.harmless(&entry, &row.bytes) {
            break;
        }
        let leaf = String::from_utf8(entry.leaf).map_err(|_| Problem::internal())?;
        let unproved = row
            .previous
            .filter(|previous| *previous != index && *previous != held && !proved.contains(previous));
        let previous = match unproved {
            Some(previous) => {
                proved.insert(previous);
                prove::consistency(&mut store, previous, size).await?
            }
            None => Vec::new(),
        };
        messages.push(message(row, Some(leaf), proofs.next().unwrap_or_default(), previous));
    }
    Ok(InboxPage { checkpoint: text, consistency, messages })
}

fn message(row: InboxRow, leaf: Option<String>, proof: Vec<Digest>, previous: Vec<Digest>) -> InboxMessage {
    InboxMessage {
        position: row.position,
        kind: match row.kind {
            inbox::InboxKind::Handshake => InboxKind::Handshake,
            inbox::InboxKind::Message => InboxKind::Message,
            inbox::InboxKind::Notice => InboxKind::Notice,
        },
        index: row.idx,
        leaf,
        proof,
        previous,
        bytes: Octets(row.bytes),
    }
}
