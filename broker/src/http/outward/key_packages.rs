//! Takes key packages of the calling endpoint. Inside they are checked in full before one is used.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use common::problem::Problem;
use exchange::wire::{KeyPackages, KeyPackagesHeld, MAX_KEY_PACKAGE_BYTES, MAX_KEY_PACKAGES};

use super::Outward;
use super::authenticate::{authenticate, failed};
use crate::store::endpoints;

/// Most unused key packages that are held for one endpoint.
const MOST_HELD: u64 = 1_000;

pub(super) async fn offer(
    State(outward): State<Arc<Outward>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<KeyPackagesHeld>, Problem> {
    let caller = authenticate(&outward, &method, &uri, &headers, &body).await?;
    let offered: KeyPackages = serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request(
            "malformed",
            format!("the key packages cannot be read at column {}", error.column()),
        )
    })?;
    let packages: Vec<Vec<u8>> = offered.packages.into_iter().map(|package| package.0).collect();
    let bad = |package: &Vec<u8>| package.is_empty() || package.len() > MAX_KEY_PACKAGE_BYTES;
    if packages.is_empty() || packages.len() > MAX_KEY_PACKAGES || packages.iter().any(bad) {
        return Err(Problem::bad_request("size", "offer 1 to 100 key packages of at most 16 KiB each"));
    }
    let mut tx = outward.store.write().await.map_err(failed)?;
    let held = endpoints::unused_packages(&mut tx, &caller.endpoint).await.map_err(failed)?;
    if held.saturating_add(packages.len() as u64) > MOST_HELD {
        return Err(Problem::bad_request(
            "enough",
            "1,000 unused key packages of this endpoint are held already",
        ));
    }
    endpoints::insert_packages(&mut tx, &caller.endpoint, &packages).await.map_err(failed)?;
    let unused = endpoints::unused_packages(&mut tx, &caller.endpoint).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    outward.signals.offered(caller.endpoint);
    Ok(Json(KeyPackagesHeld { unused }))
}
