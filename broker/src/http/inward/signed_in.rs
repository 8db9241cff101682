//! Who is signed in, and whether the role allows the route.

use agreements::Digest;
use axum::http::{HeaderMap, header};
use common::problem::Problem;
use common::session::SessionToken;

use super::refusal::store_failed;
use crate::app::App;
use crate::govern::Acting;
use crate::roles::Role;
use crate::store::officers;

/// The officer of the session, if one of `roles` is the officer's. Roles come from the record, never
/// from a row.
pub(super) async fn acting(app: &App, headers: &HeaderMap, roles: &[Role]) -> Result<Acting, Problem> {
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
    Problem::unauthorized("not-signed-in", "sign in first")
}
