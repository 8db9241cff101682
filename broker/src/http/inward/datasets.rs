//! Datasets: published with a category for every element.

use std::sync::Arc;

use agreements::{DatasetId, Digest};
use axum::extract::State;
use axum::http::StatusCode;
use common::problem::Problem;
use serde::Serialize;

use super::refusal::{self, store_failed};
use crate::app::App;
use crate::govern::Acting;
use crate::govern::agreement;
use crate::store::deposits;

#[derive(Serialize)]
pub(super) struct Listed {
    dataset: DatasetId,
    digest: Digest,
    records: u64,
}

pub(super) async fn publish(
    State(app): State<Arc<App>>,
    by: Acting,
    document: String,
) -> Result<StatusCode, Problem> {
    agreement::publish_dataset(&app, &by, &document).await.map_err(refusal::govern)?;
    Ok(StatusCode::CREATED)
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Result<axum::Json<Vec<Listed>>, Problem> {
    let standing = app.standing.load_full();
    let mut store = app.store.read().await.map_err(store_failed)?;
    let mut listed = Vec::new();
    for (dataset, digest) in standing.datasets() {
        let records = deposits::count_records(&mut store, dataset).await.map_err(store_failed)?;
        listed.push(Listed { dataset: dataset.clone(), digest: *digest, records });
    }
    Ok(axum::Json(listed))
}
