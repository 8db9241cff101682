//! Whether the broker is well, for machines; how it stands, for officers.

use std::sync::Arc;

use agreements::{AuthorityId, Digest, NoteKey};
use audit::Checkpoint;
use axum::extract::State;
use common::problem::Problem;
use serde::Serialize;

use crate::app::App;

#[derive(Serialize)]
pub(super) struct Health {
    well: bool,
}

#[derive(Serialize)]
pub(super) struct Status {
    authority: AuthorityId,
    version: &'static str,
    log_key: NoteKey,
    log_size: u64,
    /// Key of this broker as an endpoint, for its enrolment.
    endpoint_key: Digest,
    enrolled: bool,
    groups: usize,
    policy_epoch: u64,
}

pub(super) async fn health() -> axum::Json<Health> {
    axum::Json(Health { well: true })
}

pub(super) async fn status(State(app): State<Arc<App>>) -> Result<axum::Json<Status>, Problem> {
    let checkpoint = app.checkpoint.load();
    let read = Checkpoint::verify(&checkpoint, app.log_key()).ok();
    Ok(axum::Json(Status {
        authority: app.config.authority.clone(),
        version: env!("CARGO_PKG_VERSION"),
        log_key: app.log_key().clone(),
        log_size: read.map_or(0, |read| read.size),
        endpoint_key: app.endpoint_key.public(),
        enrolled: app.enrolment.load().is_some(),
        groups: app.groups.all().len(),
        policy_epoch: app.standing.load().policy_epoch(),
    }))
}
