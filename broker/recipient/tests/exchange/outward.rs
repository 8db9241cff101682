//! The provider's outward routes over HTTP, every call's signature checked.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use agreements::{GroupId, ObjectId};
use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use common::{Clock as _, SystemClock};
use exchange::http_signature::{self, Call, Caller};
use exchange::wire::{
    self, Accepted, GroupListed, Groups, InboxPage, InboxQuery, KeyPackages, KeyPackagesHeld,
};

use futures_util::StreamExt as _;

use crate::provider::Provider;

pub type Shared = Arc<Mutex<Provider>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Provider> {
    shared.lock().unwrap()
}

fn caller(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Caller, StatusCode> {
    let mut provider = lock(shared);
    provider.passed.extend_from_slice(uri.to_string().as_bytes());
    provider.passed.extend_from_slice(format!("{headers:?}").as_bytes());
    provider.passed.extend_from_slice(body);
    if provider.down {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let range = header("range");
    let call =
        Call { method: method.as_str(), path: uri.path(), query: uri.query(), range: range.as_deref(), body };
    http_signature::verify(header, &call, SystemClock.now(), |endpoint| {
        provider.endpoints.get(endpoint).copied()
    })
    .map_err(|_| StatusCode::UNAUTHORIZED)
}

async fn key_packages(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<KeyPackagesHeld>, StatusCode> {
    caller(&shared, &method, &uri, &headers, &body)?;
    let packages: KeyPackages = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let mut provider = lock(&shared);
    provider.key_packages.extend(packages.packages.into_iter().map(|octets| octets.0));
    Ok(Json(KeyPackagesHeld { unused: provider.key_packages.len() as u64 }))
}

async fn groups(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Groups>, StatusCode> {
    caller(&shared, &method, &uri, &headers, b"")?;
    let provider = lock(&shared);
    let listed = GroupListed { group: provider.group_id, agreement: provider.agreement.id.clone() };
    Ok(Json(Groups { groups: vec![listed] }))
}

async fn messages(
    State(shared): State<Shared>,
    Path(_group): Path<GroupId>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Accepted>), StatusCode> {
    caller(&shared, &method, &uri, &headers, &body)?;
    let mut provider = lock(&shared);
    provider.arrivals.push(body.to_vec());
    provider.open_arrivals();
    Ok((StatusCode::ACCEPTED, Json(Accepted { position: 1 })))
}

async fn inbox(
    State(shared): State<Shared>,
    Path(_group): Path<GroupId>,
    Query(query): Query<InboxQuery>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<InboxPage>, StatusCode> {
    let caller = caller(&shared, &method, &uri, &headers, b"")?;
    for _ in 0..query.wait_seconds * 50 {
        if lock(&shared).inbox.len() as u64 > query.after {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut provider = lock(&shared);
    let mut page = provider.page(query.after, caller.checkpoint.as_deref());
    if let Some(tamper) = &mut provider.tamper {
        tamper(&mut page);
    }
    let json = serde_json::to_vec(&page).unwrap();
    provider.passed.extend_from_slice(&json);
    Ok(Json(page))
}

async fn object(
    State(shared): State<Shared>,
    Path(object): Path<ObjectId>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let caller = caller(&shared, &method, &uri, &headers, b"")?;
    let mut provider = lock(&shared);
    let whole = provider.objects.get(&object).cloned().ok_or(StatusCode::NOT_FOUND)?;
    let asked = caller.range.as_deref().map(|range| {
        range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')).unwrap().parse().unwrap()
    });
    provider.ranges.push(asked);
    let first = asked.filter(|_| provider.serves_parts).unwrap_or(0);
    let rest = whole[first..].to_vec();
    let length = [("content-length", rest.len().to_string())];
    let sent = rest[..provider.cuts.pop().unwrap_or(rest.len()).min(rest.len())].to_vec();
    let cut = sent.len() < rest.len();
    let chunks = [Some(Ok(Bytes::from(sent))), cut.then(|| Err(std::io::Error::other("cut")))];
    // A moment between what is sent and the cut, so that it is sent.
    let body =
        Body::from_stream(futures_util::stream::iter(chunks.into_iter().flatten()).then(|chunk| async {
            if chunk.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            chunk
        }));
    if first == 0 {
        return Ok((length, body).into_response());
    }
    let range = [("content-range", format!("bytes {first}-{}/{}", whole.len() - 1, whole.len()))];
    Ok((StatusCode::PARTIAL_CONTENT, length, range, body).into_response())
}

/// Serves until the test ends; gives the address.
pub async fn serve(shared: Shared) -> String {
    let router = Router::new()
        .route(wire::KEY_PACKAGES, post(key_packages))
        .route(wire::GROUPS, get(groups))
        .route(wire::MESSAGES_ROUTE, post(messages))
        .route(wire::INBOX_ROUTE, get(inbox))
        .route(wire::OBJECT_ROUTE, get(object))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}
