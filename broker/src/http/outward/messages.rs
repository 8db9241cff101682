//! Takes one sealed message in. 202 says that it is held, not that it is answered: the answer is a
//! message in the inbox.

use std::sync::Arc;

use agreements::{Digest, GroupId};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use common::problem::{Path, Problem};
use exchange::wire::{Accepted, MAX_MESSAGE_BYTES, OCTETS};

use super::Outward;
use super::authenticate::{authenticate, failed, group};
use crate::store::arrivals::Arrival;
use crate::store::groups::GroupStatus;

pub(super) async fn take(
    State(outward): State<Arc<Outward>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    path: Result<Path<GroupId>, Problem>,
    body: Bytes,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let caller = authenticate(&outward, &method, &uri, &headers, &body).await?;
    let Path(id) = path?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind != Some(OCTETS) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-type",
            format!("a sealed message is sent as `{OCTETS}`"),
        ));
    }
    if body.is_empty() || body.len() > MAX_MESSAGE_BYTES {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "size", "the message is empty or too large"));
    }
    let row = group(&outward, &caller, id).await?;
    if row.status == GroupStatus::Ended {
        return Err(Problem::new(StatusCode::GONE, "ended", "this group has ended with its agreement"));
    }
    let arrival = Arrival {
        group: id,
        digest: Digest::of(&body),
        endpoint: caller.endpoint,
        bytes: body.to_vec(),
        at: outward.clock.now(),
    };
    let position = outward.arrivals.take(arrival).await.map_err(failed)?;
    outward.signals.arrived(id);
    Ok((StatusCode::ACCEPTED, Json(Accepted { position })))
}
