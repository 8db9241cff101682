//! Agreements from proposal to end.

use std::sync::Arc;

use agreements::{AgreementId, AgreementVersion, Digest};
use axum::extract::State;
use axum::http::StatusCode;
use common::problem::{Json, Path, Problem};
use serde::{Deserialize, Serialize};

use super::refusal;
use crate::app::App;
use crate::govern::Acting;
use crate::govern::agreement;

#[derive(Serialize)]
pub(super) struct Listed {
    agreement: AgreementId,
    version: u32,
    title: String,
    digest: Digest,
    status: String,
    /// What is missing before it can come into force, in plain words.
    missing: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grounds {
    grounds: String,
}

#[derive(Serialize)]
pub(super) struct Done {
    /// Index of the entry.
    index: u64,
}

pub(super) async fn propose(
    State(app): State<Arc<App>>,
    by: Acting,
    document: String,
) -> Result<(StatusCode, axum::Json<AgreementVersion>), Problem> {
    let (version, _) = agreement::propose(&app, &by, &document).await.map_err(refusal::govern)?;
    Ok((StatusCode::CREATED, axum::Json(version)))
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Result<axum::Json<Vec<Listed>>, Problem> {
    let standing = app.standing.load();
    let listed = standing.agreements().map(|(version, known)| listed(&app, version, known));
    Ok(axum::Json(listed.collect()))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path((id, version)): Path<(AgreementId, u32)>,
) -> Result<axum::Json<Listed>, Problem> {
    let version = AgreementVersion { id, version };
    let standing = app.standing.load();
    let known = standing.agreement(&version);
    let absent = || Problem::not_found("absent", format!("agreement `{version}` was never proposed"));
    Ok(axum::Json(listed(&app, &version, known.ok_or_else(absent)?)))
}

fn listed(app: &App, version: &AgreementVersion, known: &agreements::lifecycle::Lifecycle) -> Listed {
    Listed {
        agreement: version.id.clone(),
        version: version.version,
        title: known.agreement().title.clone(),
        digest: known.digest(),
        status: known.status_on(app.today()).as_str().to_owned(),
        missing: known.missing(),
    }
}

pub(super) async fn enter_into_force(
    State(app): State<Arc<App>>,
    by: Acting,
    Path((id, version)): Path<(AgreementId, u32)>,
) -> Result<axum::Json<Done>, Problem> {
    let version = AgreementVersion { id, version };
    let recorded = agreement::enter_into_force(&app, &by, &version).await.map_err(refusal::govern)?;
    Ok(axum::Json(Done { index: recorded.index }))
}

pub(super) async fn suspend(
    State(app): State<Arc<App>>,
    by: Acting,
    Path(id): Path<AgreementId>,
    Json(given): Json<Grounds>,
) -> Result<axum::Json<Done>, Problem> {
    let grounds = words(&given.grounds)?;
    let recorded = agreement::suspend(&app, &by, &id, grounds).await.map_err(refusal::govern)?;
    Ok(axum::Json(Done { index: recorded.index }))
}

pub(super) async fn resume(
    State(app): State<Arc<App>>,
    by: Acting,
    Path(id): Path<AgreementId>,
    Json(given): Json<Grounds>,
) -> Result<axum::Json<Done>, Problem> {
    let grounds = words(&given.grounds)?;
    let recorded = agreement::resume(&app, &by, &id, grounds).await.map_err(refusal::govern)?;
    Ok(axum::Json(Done { index: recorded.index }))
}

pub(super) async fn terminate(
    State(app): State<Arc<App>>,
    by: Acting,
    Path(id): Path<AgreementId>,
    Json(given): Json<Grounds>,
) -> Result<axum::Json<Done>, Problem> {
    let grounds = words(&given.grounds)?;
    let recorded = agreement::terminate(&app, &by, &id, grounds).await.map_err(refusal::govern)?;
    Ok(axum::Json(Done { index: recorded.index }))
}

/// Grounds are recorded, so they must be there and be short. They name no person.
pub(super) fn words(grounds: &str) -> Result<&str, Problem> {
    let grounds = grounds.trim();
    if grounds.is_empty() || grounds.len() > 500 {
        return Err(Problem::unprocessable("grounds", "say why, in at most 500 characters"));
    }
    Ok(grounds)
}
