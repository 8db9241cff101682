//! The gate before every inward route: who calls, and whether the role allows it. Nothing of a call
//! but its token is looked at before.

use std::sync::Arc;

use agreements::Digest;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use common::problem::Problem;
use common::session::SessionToken;

use super::refusal::store_failed;
use super::routes::May;
use crate::app::App;
use crate::govern::Acting;
use crate::roles::Role;
use crate::store::officers;

/// Lets a caller through whom the route names, and says to the route who it is.
pub(super) async fn gate(
    State((app, may)): State<(Arc<App>, May)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    match may {
        May::Anybody => {}
        May::Officers(roles) => {
            let by = acting(&app, request.headers(), roles).await?;
            request.extensions_mut().insert(by);
        }
    }
    Ok(next.run(request).await)
}

/// The officer whom the gate let through.
impl<S: Send + Sync> FromRequestParts<S> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.remove::<Self>().ok_or_else(not_signed_in)
    }
}

/// The officer of the session, if one of `roles` is the officer's. Roles come from the record, never
/// from a row.
async fn acting(app: &App, headers: &HeaderMap, roles: &[Role]) -> Result<Acting, Problem> {
    let token = token(headers).ok_or_else(|| unauthenticated(app))?;
    let stored = Digest::parse(&token.stored()).map_err(|_| unauthenticated(app))?;
    let session = officers::session(&mut app.store.read().await.map_err(store_failed)?, &stored)
        .await
        .map_err(store_failed)?
        .filter(|session| session.expires_at > app.clock.now())
        .ok_or_else(|| unauthenticated(app))?;
    let standing = app.standing.load();
    let known = standing.officer(&session.officer).filter(|known| known.active);
    let known = known.ok_or_else(|| unauthenticated(app))?;
    if app.blocked.holds_officer(&session.officer) {
        return Err(unauthenticated(app));
    }
    if known.roles.iter().filter_map(|role| Role::parse(role)).any(|role| roles.contains(&role)) {
        return Ok(Acting { officer: session.officer });
    }
    Err(Problem::forbidden("not-your-role", "your role does not allow this"))
}

/// The token of the call.
pub(super) fn token(headers: &HeaderMap) -> Option<SessionToken> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    SessionToken::parse(value.strip_prefix("Bearer ")?).ok()
}

fn unauthenticated(app: &App) -> Problem {
    app.unauthenticated.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    not_signed_in()
}

fn not_signed_in() -> Problem {
    Problem::unauthorized("not-signed-in", "sign in first")
}
