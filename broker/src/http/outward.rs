//! The outward router: what recipients reach. It has no access to vault, source or policy, so that it
//! can run apart as a relay: it takes sealed bytes in, hands sealed bytes out, and proves that they
//! are on record.

mod arrivals;
mod authenticate;
mod checkpoint;
mod groups;
mod inbox;
mod key_packages;
mod messages;
mod object;
mod prove;
mod tile;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agreements::{EndpointId, GroupId, NoteKey};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use common::clock::Clock;
use exchange::wire;
use futures_util::future::BoxFuture;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

pub use arrivals::Arrivals;

use crate::store::Store;
use crate::store::entries::Entry;

/// Longest time for one call: the longest poll, and time to write its answer.
const CALL: Duration = Duration::from_secs(60);

/// Most bytes of an offer: base64 and a little JSON around every package.
const OFFER_BYTES: usize = wire::MAX_KEY_PACKAGES * (wire::MAX_KEY_PACKAGE_BYTES * 4 / 3 + 8);

/// What the outward router tells the inside, and hears from it.
pub trait Signals: Send + Sync {
    /// A sealed message has arrived for a group.
    fn arrived(&self, group: GroupId);
    /// An endpoint has offered key packages.
    fn offered(&self, endpoint: EndpointId);
    /// Resolves when something may have been put into the group's inbox.
    fn posted(&self, group: GroupId) -> BoxFuture<'static, ()>;
    /// Whether what waits for a group may go out now: its agreement is in force, and nothing about it
    /// differs from the record.
    fn open(&self, group: GroupId) -> bool;
    /// Whether a message that is on record in that entry carries neither data nor a key, by its
    /// particulars and not by any word in a row: such a one may go out while the others are held.
    fn harmless(&self, entry: &Entry, message: &[u8]) -> bool;
    /// A recipient holds a signed state of the record that this record does not extend: everything
    /// must stop.
    fn ahead(&self, reason: &str);
    /// A call could not be authenticated.
    fn unauthenticated(&self);
}

/// What the outward router stands on.
pub struct Outward {
    /// The store; of its tables this router reads endpoints, groups, inboxes, entries' leaves, tiles and
    /// the head, and writes arrivals and key packages.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The public key of the log.
    pub log_key: NoteKey,
    /// Folder of bulk objects.
    pub objects: PathBuf,
    /// Longest wait of a long poll.
    pub longest_poll: Duration,
    /// Writes arrivals together.
    pub arrivals: Arrivals,
    /// The inside.
    pub signals: Arc<dyn Signals>,
}

/// The routes.
pub fn router(outward: Arc<Outward>) -> Router {
    Router::new()
        .route(wire::KEY_PACKAGES, post(key_packages::offer).layer(DefaultBodyLimit::max(OFFER_BYTES)))
        .route(wire::GROUPS, get(groups::list))
        .route(wire::MESSAGES_ROUTE, post(messages::take))
        .route(wire::INBOX_ROUTE, get(inbox::read))
        .route(wire::OBJECT_ROUTE, get(object::fetch))
        .route(wire::CHECKPOINT, get(checkpoint::newest))
        .route(wire::TILE_ROUTE, get(tile::read))
        .fallback(common::problem::no_route)
        .method_not_allowed_fallback(common::problem::no_method)
        // A body is read before its digest can be compared: no more than a message for a stranger.
        .layer(DefaultBodyLimit::max(wire::MAX_MESSAGE_BYTES))
        .layer(CatchPanicLayer::custom(common::problem::caught))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, CALL))
        .with_state(outward)
}
