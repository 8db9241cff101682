//! Root keys that are trusted.

use std::sync::Arc;

use agreements::{AuthorityId, NoteKey};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use common::problem::{Json, Problem};
use serde::Deserialize;

use super::refusal;
use super::signed_in::acting;
use crate::app::App;
use crate::govern::directory;
use crate::roles::Role;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trusted {
    authority: AuthorityId,
    key: NoteKey,
}

pub(super) async fn trust(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(trusted): Json<Trusted>,
) -> Result<StatusCode, Problem> {
    let by = acting(&app, &headers, &[Role::Agreements]).await?;
    directory::trust(&app, &by, trusted.authority, trusted.key).await.map_err(refusal::govern)?;
    Ok(StatusCode::CREATED)
}
