//! Root keys that are trusted.

use std::sync::Arc;

use agreements::{AuthorityId, NoteKey};
use axum::extract::State;
use axum::http::StatusCode;
use common::problem::{Json, Problem};
use serde::Deserialize;

use super::refusal;
use crate::app::App;
use crate::govern::Acting;
use crate::govern::directory;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trusted {
    authority: AuthorityId,
    key: NoteKey,
}

pub(super) async fn trust(
    State(app): State<Arc<App>>,
    by: Acting,
    Json(trusted): Json<Trusted>,
) -> Result<StatusCode, Problem> {
    directory::trust(&app, &by, trusted.authority, trusted.key).await.map_err(refusal::govern)?;
    Ok(StatusCode::CREATED)
}
