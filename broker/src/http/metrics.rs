//! `/metrics`, at an address of its own and only where the configuration names one: figures for those
//! who run the program. Loopback, without a session; [`crate::metrics`] keeps everything out that
//! would need one.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use common::problem::Problem;

use crate::app::App;
use crate::metrics;

/// OpenMetrics 1.0, as its specification names it.
const CONTENT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The router.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(read))
        .fallback(common::problem::no_route)
        .method_not_allowed_fallback(common::problem::no_method)
        .with_state(app)
}

async fn read(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Problem> {
    match metrics::text(&app).await {
        Ok(text) => Ok(([(header::CONTENT_TYPE, CONTENT)], text)),
        Err(error) => {
            tracing::error!(%error, "the store failed");
            Err(Problem::unavailable("unavailable", "the figures cannot be read now"))
        }
    }
}
