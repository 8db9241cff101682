//! Hash tiles (C2SP tlog-tiles). Entry bundles are for the provider's DPO and are not served here.

use std::sync::Arc;

use audit::TilePath;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::IntoResponse;
use common::problem::{Path, Problem};

use super::Outward;
use super::authenticate::{authenticate, failed};
use crate::store::tiles;

pub(super) async fn read(
    State(outward): State<Arc<Outward>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    path: Result<Path<String>, Problem>,
    body: Bytes,
) -> Result<impl IntoResponse, Problem> {
    authenticate(&outward, &method, &uri, &headers, &body).await?;
    let Path(path) = path?;
    let absent = || Problem::not_found("no-tile", "there is no such tile");
    let Some(TilePath::Hashes { level, index, width }) = TilePath::parse(&format!("tile/{path}")) else {
        return Err(absent());
    };
    let mut store = outward.store.read().await.map_err(failed)?;
    let tile = tiles::read(&mut store, level.into(), index).await.map_err(failed)?;
    let tile = tile.filter(|tile| tile.width >= u32::from(width)).ok_or_else(absent)?;
    let bytes = tile.bytes.get(..usize::from(width) * 32).ok_or_else(absent)?.to_vec();
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes))
}
