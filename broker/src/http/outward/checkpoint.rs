//! The newest signed state of the record (C2SP tlog-checkpoint).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::IntoResponse;
use common::problem::Problem;

use super::authenticate::{authenticate, failed};
use super::{Outward, prove};

pub(super) async fn newest(
    State(outward): State<Arc<Outward>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<impl IntoResponse, Problem> {
    authenticate(&outward, &method, &uri, &headers, &body).await?;
    let (text, _) = prove::newest(&mut outward.store.read().await.map_err(failed)?, &outward).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text))
}
