//! Signing in and out. A wrong name takes as long as a wrong password, and tells as little.

use std::net::SocketAddr;
use std::sync::Arc;

use agreements::{Digest, OfficerNumber};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use common::problem::{Json, Problem};
use common::session::SessionToken;
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::gate::token;
use super::refusal::store_failed;
use crate::app::App;
use crate::store::officers::{self, Session};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    officer: OfficerNumber,
    #[serde(deserialize_with = "super::secret::zeroizing")]
    password: Zeroizing<String>,
}

#[derive(Serialize)]
pub(super) struct SignedIn {
    token: String,
    expires_at: jiff::Timestamp,
}

pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Json(given): Json<SignIn>,
) -> Result<(StatusCode, axum::Json<SignedIn>), Problem> {
    let refused = || {
        app.unauthenticated.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Problem::unauthorized("wrong", "the officer number or the password is wrong")
    };
    if let Err(wait) = app.attempts.may(&given.officer, peer.ip(), app.clock.now()) {
        let seconds = wait.as_secs().saturating_add(1);
        let text = format!("too many attempts for this number or from this address; wait {seconds} seconds");
        return Err(Problem::too_many_requests("too-many", text));
    }
    let row = officers::get(&mut app.store.read().await.map_err(store_failed)?, &given.officer)
        .await
        .map_err(store_failed)?;
    let standing = app.standing.load_full();
    let active = standing.officer(&given.officer).is_some_and(|known| known.active)
        && !app.blocked.holds_officer(&given.officer);
    let stored = row.filter(|_| active).map(|row| row.password);
    if !app.passwords.verify(given.password, stored).await.map_err(|_| refused())? {
        return Err(refused());
    }
    app.attempts.succeeded(&given.officer, peer.ip());
    let token = SessionToken::new(&*app.rng);
    let now = app.clock.now();
    let expires_at = now.checked_add(i64::from(app.config.limits.session_minutes).minutes()).unwrap_or(now);
    let token_hash = Digest::parse(&token.stored()).map_err(|_| Problem::internal())?;
    let mut tx = app.store.write().await.map_err(store_failed)?;
    officers::sweep_sessions(&mut tx, now).await.map_err(store_failed)?;
    let session = Session { token_hash, officer: given.officer, expires_at };
    officers::insert_session(&mut tx, &session).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    Ok((StatusCode::CREATED, axum::Json(SignedIn { token: token.text().to_string(), expires_at })))
}

pub(super) async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<StatusCode, Problem> {
    if let Some(token) = token(&headers)
        && let Ok(hash) = Digest::parse(&token.stored())
    {
        let mut tx = app.store.write().await.map_err(store_failed)?;
        officers::end_session(&mut tx, &hash).await.map_err(store_failed)?;
        tx.commit().await.map_err(store_failed)?;
    }
    Ok(StatusCode::NO_CONTENT)
}
