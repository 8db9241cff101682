//! The inward router: for the provider's own officers, signed in. It is made from [`routes`], where
//! every route names who may use it; whatever is not named is refused.

mod agreements;
mod datasets;
mod deposits;
mod directories;
mod endpoints;
mod gate;
mod log;
mod notes;
mod officers;
mod refusal;
mod roots;
mod routes;
mod secret;
mod sessions;
mod status;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use self::routes::{Pace, ROUTES};
use crate::app::App;

/// Longest time for one call that is not a stream.
const CALL: Duration = Duration::from_secs(60);
/// Longest time between two parts of a stream that is sent in.
const PART: Duration = Duration::from_secs(30);

/// The router.
pub fn router(app: Arc<App>) -> Router {
    let short = of(&app, Pace::Short)
        .layer(DefaultBodyLimit::max(app.config.limits.document_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, CALL));
    let streams = of(&app, Pace::Stream)
        // The deposit counts its own bytes as they come.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyTimeoutLayer::new(PART));
    short
        .merge(streams)
        .fallback(common::problem::no_route)
        .method_not_allowed_fallback(common::problem::no_method)
        .layer(CatchPanicLayer::custom(common::problem::caught))
        .with_state(app)
}

/// Which route is for whom, as `docs/src/reference/routes.md` shows it.
pub fn table() -> String {
    routes::table()
}

/// The routes of one pace, the gate before each.
fn of(app: &Arc<App>, pace: Pace) -> Router<Arc<App>> {
    ROUTES.iter().filter(|route| route.pace == pace).fold(Router::new(), |router, route| {
        let gate = from_fn_with_state((Arc::clone(app), route.may), gate::gate);
        router.route(route.path, route.answers().route_layer(gate))
    })
}
