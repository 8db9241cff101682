//! Who calls: the signature of an enrolled endpoint, and the newest checkpoint that it holds.

use std::sync::Arc;

use agreements::{AuthorityId, Digest, EndpointId, GroupId};
use audit::Checkpoint;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use common::problem::Problem;
use exchange::http_signature::{self, Call, RANGE, SignatureError};

use super::{Outward, prove};
use crate::store::endpoints;
use crate::store::groups::{self, GroupRow};

/// An endpoint whose call was authenticated.
pub(super) struct Caller {
    pub(super) endpoint: EndpointId,
    pub(super) authority: AuthorityId,
    /// The newest checkpoint that it holds, verified.
    pub(super) holds: Option<Checkpoint>,
    /// The part of an object that it wants, as it signed it.
    pub(super) range: Option<String>,
}

/// Authenticates a call. All failures are one answer.
pub(super) async fn authenticate(
    outward: &Arc<Outward>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Caller, Problem> {
    let refused = || {
        outward.signals.unauthenticated();
        Problem::unauthorized(
            "not-authenticated",
            "this call is not signed by an endpoint that is enrolled here",
        )
    };
    let header = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?.to_owned();
        values.next().is_none().then_some(value)
    };
    let range = headers.contains_key(RANGE).then(|| header(RANGE).ok_or_else(refused)).transpose()?;
    let call =
        Call { method: method.as_str(), path: uri.path(), query: uri.query(), range: range.as_deref(), body };
    // The name that the call claims is looked up first; the signature is checked against its key.
    let claimed = std::cell::RefCell::new(None);
    let first = http_signature::verify(header, &call, outward.clock.now(), |endpoint| {
        *claimed.borrow_mut() = Some(endpoint.clone());
        None
    });
    let endpoint = match (first, claimed.into_inner()) {
        (Err(SignatureError::UnknownEndpoint(_)), Some(endpoint)) => endpoint,
        _ => return Err(refused()),
    };
    let row =
        endpoints::get(&mut outward.store.read().await.map_err(failed)?, &endpoint).await.map_err(failed)?;
    let now = outward.clock.now();
    let Some(row) = row.filter(|row| row.active && row.expires > now) else { return Err(refused()) };
    let key = Digest::from_bytes(row.leaf_key);
    let verified = http_signature::verify(header, &call, now, |_| Some(key)).map_err(|_| refused())?;
    let holds = match verified.checkpoint {
        None => None,
        Some(text) => Some(prove::held(outward, &text).await?),
    };
    Ok(Caller { endpoint, authority: row.authority, holds, range: verified.range })
}

/// Refuses a caller that was withdrawn since the call began.
pub(super) async fn still_enrolled(outward: &Outward, caller: &Caller) -> Result<(), Problem> {
    let mut store = outward.store.read().await.map_err(failed)?;
    let row = endpoints::get(&mut store, &caller.endpoint).await.map_err(failed)?;
    let now = outward.clock.now();
    if row.is_some_and(|row| row.active && row.expires > now) {
        return Ok(());
    }
    Err(Problem::unauthorized(
        "not-authenticated",
        "this call is not signed by an endpoint that is enrolled here",
    ))
}

/// The group, if the caller's authority is its recipient. Any other group is one that is not there.
pub(super) async fn group(outward: &Outward, caller: &Caller, group: GroupId) -> Result<GroupRow, Problem> {
    let row = groups::get(&mut outward.store.read().await.map_err(failed)?, group).await.map_err(failed)?;
    row.filter(|row| row.recipient == caller.authority)
        .ok_or_else(|| Problem::not_found("no-group", "there is no such group for you"))
}

/// A failure of the store: the operator is told, the caller only that it failed.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` asks for")]
pub(super) fn failed(error: crate::store::StoreError) -> Problem {
    tracing::error!(%error, "the store failed");
    Problem::unavailable("unavailable", "the exchange service cannot answer now; try again")
}
