//! Deposits of records, streamed.

use std::sync::Arc;

use agreements::{DatasetId, RecordFormat, document};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use common::problem::{Path, Problem};

use super::refusal::{self, store_failed};
use crate::app::App;
use crate::govern::Acting;
use crate::source::deposit::{Deposited, RefusedDeposit, deposit as take};
use crate::store::datasets;

pub(super) async fn deposit(
    State(app): State<Arc<App>>,
    by: Acting,
    headers: HeaderMap,
    Path(id): Path<DatasetId>,
    body: Body,
) -> Result<(StatusCode, axum::Json<Deposited>), Problem> {
    let row =
        datasets::get(&mut app.store.read().await.map_err(store_failed)?, &id).await.map_err(store_failed)?;
    let unknown = || refusal::deposit(RefusedDeposit::Unknown(id.clone()));
    let digest = app.standing.load().dataset(&id).ok_or_else(unknown)?;
    let dataset = document::read_dataset(&row.ok_or_else(unknown)?.document)
        .map_err(|_| refusal::deposit(RefusedDeposit::Description("it is damaged".to_owned())))?;
    // The row must describe what was published, or nothing is taken under it.
    if agreements::digest_of(&dataset).ok() != Some(digest) {
        let text = "it differs from what was published".to_owned();
        return Err(refusal::deposit(RefusedDeposit::Description(text)));
    }
    let expected = match dataset.format {
        RecordFormat::Csv => "text/csv",
        RecordFormat::Json => "application/jsonl",
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some(expected) {
        let text = format!("records of this dataset are deposited as `{expected}`");
        return Err(Problem::unsupported_media_type("content-type", text));
    }
    let done = take(&app, &dataset, &by.officer, body.into_data_stream()).await.map_err(refusal::deposit)?;
    Ok((StatusCode::CREATED, axum::Json(done)))
}
