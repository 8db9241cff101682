//! The groups of the caller's authority.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use common::problem::Problem;
use exchange::wire::{GroupListed, Groups};

use super::Outward;
use super::authenticate::{authenticate, failed};
use crate::store::groups;

pub(super) async fn list(
    State(outward): State<Arc<Outward>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Groups>, Problem> {
    let caller = authenticate(&outward, &method, &uri, &headers, &body).await?;
    let rows = groups::all(&mut outward.store.read().await.map_err(failed)?).await.map_err(failed)?;
    let own = rows.into_iter().filter(|row| row.recipient == caller.authority);
    let groups = own.map(|row| GroupListed { group: row.group, agreement: row.agreement.id }).collect();
    Ok(Json(Groups { groups }))
}
