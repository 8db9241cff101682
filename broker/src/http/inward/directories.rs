//! Directories of authorities: notes signed by their root keys.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use common::problem::Problem;

use super::refusal;
use super::signed_in::acting;
use crate::app::App;
use crate::govern::directory;
use crate::roles::Role;

pub(super) async fn replace(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    note: String,
) -> Result<StatusCode, Problem> {
    acting(&app, &headers, &[Role::Agreements]).await?;
    directory::replace(&app, &note).await.map_err(refusal::govern)?;
    Ok(StatusCode::CREATED)
}
