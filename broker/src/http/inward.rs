//! The inward router: for the provider's own officers, signed in, each route for the roles that it
//! names. Whatever is not named is refused.

mod agreements;
mod datasets;
mod deposits;
mod directories;
mod endpoints;
mod log;
mod notes;
mod officers;
mod refusal;
mod roots;
mod secret;
mod sessions;
mod signed_in;
mod status;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, patch, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;

/// Longest time for one call that is not a deposit or an export.
const CALL: Duration = Duration::from_secs(60);

/// The routes. The roles that may use each stand in its own file.
pub fn router(app: Arc<App>) -> Router {
    let documents = app.config.limits.document_bytes;
    let short = Router::new()
        .route("/v1/health", get(status::health))
        .route("/v1/status", get(status::status))
        .route("/v1/sessions", post(sessions::sign_in).delete(sessions::sign_out))
        .route("/v1/officers", post(officers::name).get(officers::list))
        .route("/v1/officers/{number}", patch(officers::change))
        .route("/v1/roots", post(roots::trust))
        .route("/v1/directories", post(directories::replace))
        .route("/v1/datasets", post(datasets::publish).get(datasets::list))
        .route("/v1/agreements", post(agreements::propose).get(agreements::list))
        .route("/v1/agreements/{id}/versions/{version}", get(agreements::show))
        .route("/v1/agreements/{id}/versions/{version}/in-force", post(agreements::enter_into_force))
        .route("/v1/agreements/{id}/suspension", post(agreements::suspend).delete(agreements::resume))
        .route("/v1/agreements/{id}/termination", post(agreements::terminate))
        .route("/v1/notes", post(notes::take))
        .route("/v1/endpoints", post(endpoints::enrol).get(endpoints::list))
        .route("/v1/endpoints/{endpoint}", delete(endpoints::remove))
        .route("/v1/log/checkpoint", get(log::checkpoint))
        .route("/v1/log/entries", get(log::entries))
        .route("/v1/log/subjects", post(log::subjects))
        .layer(DefaultBodyLimit::max(documents))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, CALL));
    let long = Router::new()
        .route("/v1/datasets/{id}/deposits", post(deposits::deposit))
        .route("/v1/log/export", get(log::export))
        // The deposit counts its own bytes as they come.
        .layer(DefaultBodyLimit::disable());
    short
        .merge(long)
        .fallback(common::problem::no_route)
        .method_not_allowed_fallback(common::problem::no_method)
        .layer(CatchPanicLayer::custom(common::problem::caught))
        .with_state(app)
}
