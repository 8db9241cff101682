//! The ciphertext of a bulk object, for the recipient to whom it was lodged: the whole, or what is
//! still missing of it after a connection was cut.

use std::sync::Arc;

use agreements::ObjectId;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use common::problem::{Path, Problem};
use tokio::io::AsyncSeekExt as _;
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
) -> Result<Response, Problem> {
    let caller = authenticate(&outward, &method, &uri, &headers, &body).await?;
    let Path(object) = path?;
    let absent = || Problem::not_found("no-object", "there is no such object for you");
    let row = objects::get(&mut outward.store.read().await.map_err(failed)?, object).await.map_err(failed)?;
    let row = row.filter(|row| row.recipient == caller.authority).ok_or_else(absent)?;
    let group = group(&outward, &caller, row.group).await?;
    // What is gone does not wait.
    if matches!(row.status, ObjectStatus::Opened | ObjectStatus::Destroyed) {
        return Err(absent());
    }
    if !outward.signals.open(group.group) {
        return Err(Problem::unavailable("held", "the object waits: its agreement is not in force now"));
    }
    // The name is 32 hexadecimal digits, so it leads nowhere else.
    let path = outward.objects.join(object.to_string());
    let unreadable = |error: std::io::Error| {
        tracing::error!(%object, %error, "the file of an object cannot be read");
        Problem::unavailable("unavailable", "the object cannot be read now; try again")
    };
    let mut file = tokio::fs::File::open(&path).await.map_err(unreadable)?;
    let first = caller.range.as_deref().and_then(first_byte).unwrap_or(0);
    if first >= row.bytes && first > 0 {
        let whole = [(header::CONTENT_RANGE, format!("bytes */{}", row.bytes))];
        let problem =
            Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", "the object is smaller than that");
        return Ok((whole, problem).into_response());
    }
    file.seek(std::io::SeekFrom::Start(first)).await.map_err(unreadable)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::ACCEPT_RANGES, header::HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, row.bytes.saturating_sub(first).into());
    let body = Body::from_stream(ReaderStream::with_capacity(file, 256 * 1024));
    if first == 0 {
        return Ok((headers, body).into_response());
    }
    let range = format!("bytes {first}-{}/{}", row.bytes.saturating_sub(1), row.bytes);
    if let Ok(range) = range.try_into() {
        headers.insert(header::CONTENT_RANGE, range);
    }
    Ok((StatusCode::PARTIAL_CONTENT, headers, body).into_response())
}

/// The first byte of `bytes=N-`. A range of any other form is not served: the whole object is the
/// answer, as RFC 9110 section 14.2 allows.
fn first_byte(range: &str) -> Option<u64> {
    let digits = range.strip_prefix("bytes=")?.strip_suffix('-')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rest_of_an_object_is_served_as_a_part() {
        assert_eq!(first_byte("bytes=17-"), Some(17));
        for other in ["bytes=-5", "bytes=1-2", "bytes=1-,4-", "bytes=", "bytes=-", "items=3-", "bytes=+3-", "3"]
        {
            assert_eq!(first_byte(other), None, "{other}");
        }
    }
}
