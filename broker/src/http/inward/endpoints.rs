//! Endpoints of recipients.

use std::sync::Arc;

use agreements::{AuthorityId, EndpointId};
use axum::extract::State;
use axum::http::StatusCode;
use common::problem::{Json, Path, Problem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::agreements::words;
use super::refusal;
use crate::app::App;
use crate::govern::Acting;
use crate::govern::endpoint;

#[derive(Serialize)]
pub(super) struct Listed {
    endpoint: EndpointId,
    authority: AuthorityId,
    expires: Timestamp,
    active: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Removed {
    grounds: String,
}

pub(super) async fn enrol(
    State(app): State<Arc<App>>,
    by: Acting,
    note: String,
) -> Result<StatusCode, Problem> {
    endpoint::enrol(&app, &by, &note).await.map_err(refusal::govern)?;
    Ok(StatusCode::CREATED)
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Result<axum::Json<Vec<Listed>>, Problem> {
    let standing = app.standing.load();
    let listed = standing.endpoints().map(|(enrolment, known)| Listed {
        endpoint: enrolment.endpoint.clone(),
        authority: enrolment.authority.clone(),
        expires: enrolment.expires,
        active: known.active,
    });
    Ok(axum::Json(listed.collect()))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    by: Acting,
    Path(endpoint): Path<EndpointId>,
    Json(given): Json<Removed>,
) -> Result<StatusCode, Problem> {
    endpoint::remove(&app, &by, &endpoint, words(&given.grounds)?).await.map_err(refusal::govern)?;
    Ok(StatusCode::NO_CONTENT)
}
