//! The ciphertext of a bulk object, for the recipient to whom it was lodged.

use std::sync::Arc;

use agreements::ObjectId;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::IntoResponse;
use common::problem::{Path, Problem};
use tokio_util::io::ReaderStream;

use super::Outward;
use super::authenticate::{authenticate, failed, group};
use crate::store::objects::{self, ObjectStatus};

pub(super) async fn fetch(
    State(outward): State<Arc<Outward>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    path: Result<Path<ObjectId>, Problem>,
    body: Bytes,
) -> Result<impl IntoResponse, Problem> {
    let caller = authenticate(&outward, &method, &uri, &headers, &body).await?;
    let Path(object) = path?;
    let absent = || Problem::not_found("no-object", "there is no such object for you");
    let row = objects::get(&mut outward.store.read().await.map_err(failed)?, object).await.map_err(failed)?;
    let row = row.filter(|row| row.recipient == caller.authority).ok_or_else(absent)?;
    let group = group(&outward, &caller, row.group).await?;
    if !outward.signals.open(group.group) {
        return Err(Problem::unavailable("held", "the object waits: its agreement is not in force now"));
    }
    if matches!(row.status, ObjectStatus::Opened | ObjectStatus::Destroyed) {
        return Err(absent());
    }
    // The name is 32 hexadecimal digits, so it leads nowhere else.
    let path = outward.objects.join(object.to_string());
    let file = tokio::fs::File::open(&path).await.map_err(|error| {
        tracing::error!(%object, %error, "the file of an object cannot be read");
        Problem::unavailable("unavailable", "the object cannot be read now; try again")
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, row.bytes.to_string()),
    ];
    Ok((headers, Body::from_stream(ReaderStream::with_capacity(file, 256 * 1024))))
}
