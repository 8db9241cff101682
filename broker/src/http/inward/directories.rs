//! Directories of authorities: notes signed by their root keys.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use common::problem::Problem;

use super::refusal;
use crate::app::App;
use crate::govern::directory;

pub(super) async fn replace(State(app): State<Arc<App>>, note: String) -> Result<StatusCode, Problem> {
    directory::replace(&app, &note).await.map_err(refusal::govern)?;
    Ok(StatusCode::CREATED)
}
