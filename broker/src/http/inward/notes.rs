//! Opinions, signatures and attestations, made elsewhere and verified here.

use std::sync::Arc;

use agreements::AgreementVersion;
use axum::extract::State;
use axum::http::StatusCode;
use common::problem::Problem;

use super::refusal;
use crate::app::App;
use crate::govern::{Acting, agreement};

pub(super) async fn take(
    State(app): State<Arc<App>>,
    by: Acting,
    note: String,
) -> Result<(StatusCode, axum::Json<AgreementVersion>), Problem> {
    let (version, _) = agreement::take_note(&app, &by, &note).await.map_err(refusal::govern)?;
    Ok((StatusCode::CREATED, axum::Json(version)))
}
