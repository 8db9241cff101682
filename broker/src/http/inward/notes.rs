//! Opinions, signatures and attestations, made elsewhere and verified here.

use std::sync::Arc;

use agreements::AgreementVersion;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use common::problem::Problem;

use super::refusal;
use super::signed_in::acting;
use crate::app::App;
use crate::govern::agreement;
use crate::roles::Role;

pub(super) async fn take(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    note: String,
) -> Result<(StatusCode, axum::Json<AgreementVersion>), Problem> {
    acting(&app, &headers, &[Role::Agreements, Role::Dpo]).await?;
    let (version, _) = agreement::take_note(&app, &note).await.map_err(refusal::govern)?;
    Ok((StatusCode::CREATED, axum::Json(version)))
}
