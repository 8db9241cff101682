//! Serving: two listeners on loopback, and what the outward router tells the inside.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use agreements::{Digest, EndpointId, GroupId};
use audit::{Event, Leaf};
use axum::Router;
use axum::middleware::from_fn_with_state;
use common::serve::{Limits, serve as listening};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::http::{inward, outward};
use crate::metrics::{self, Door};
use crate::recorder::Item;
use crate::start::Started;
use crate::store::StoreError;
use crate::store::entries::Entry;

/// How often calls that could not be authenticated are entered.
const COUNTED_EVERY: Duration = Duration::from_secs(60);

/// Connections for those who read the figures.
const METRICS_CONNECTIONS: usize = 8;

/// Time that calls get to end when the broker does.
const ENDING: Duration = Duration::from_secs(2);

/// Why the broker ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address that others could reach; that needs TLS, which this version does not have.
    #[error("`{0}` is not a loopback address: this version serves 127.0.0.1 and [::1] only")]
    NotLoopback(SocketAddr),
    /// An address that cannot be bound.
    #[error("cannot listen on `{address}`: {source}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A listener that does not say where it listens.
    #[error("a listener failed: {0}")]
    Listener(#[source] std::io::Error),
    /// The record has stopped.
    #[error("the record has stopped: {0}")]
    Stopped(String),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] Arc<StoreError>),
}

/// Where a broker listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// For the provider's own officers and systems.
    pub inward: SocketAddr,
    /// For recipients.
    pub outward: SocketAddr,
    /// For `/metrics`, where it is asked for.
    pub metrics: Option<SocketAddr>,
}

/// Listeners that are bound, before anything is served.
pub struct Bound {
    inward: TcpListener,
    outward: TcpListener,
    metrics: Option<TcpListener>,
    /// Their addresses, with the ports that the system chose where 0 was asked.
    pub addresses: Addresses,
}

/// Binds the listeners.
///
/// # Errors
/// [`ServeError`] when an address is not loopback or is taken.
pub async fn bind(
    inward: SocketAddr,
    outward: SocketAddr,
    metrics: Option<SocketAddr>,
) -> Result<Bound, ServeError> {
    let (inward, outward) = (listen(inward).await?, listen(outward).await?);
    let metrics = match metrics {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let addresses = Addresses {
        inward: inward.local_addr().map_err(ServeError::Listener)?,
        outward: outward.local_addr().map_err(ServeError::Listener)?,
        metrics: metrics.as_ref().map(TcpListener::local_addr).transpose().map_err(ServeError::Listener)?,
    };
    Ok(Bound { inward, outward, metrics, addresses })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|source| ServeError::Bind { address, source })
}

/// Serves until `until` resolves or something fails after which the broker must end.
///
/// # Errors
/// [`ServeError`] saying what failed.
pub async fn serve(started: Started, bound: Bound, until: impl Future<Output = ()>) -> Result<(), ServeError> {
    let Started { app, mut claim } = started;
    let outward = Arc::new(outward::Outward {
        store: app.store.clone(),
        clock: Arc::clone(&app.clock),
        log_key: app.log_key().clone(),
        objects: app.config.objects_dir(),
        longest_poll: Duration::from_secs(app.config.limits.poll_seconds.into()),
        arrivals: outward::Arrivals::start(app.store.clone()),
        signals: Arc::new(Inside(Arc::clone(&app))),
    });
    let (ending, ended) = watch::channel(false);
    let limits = Limits::of(app.config.limits.connections);
    let counted = |router: Router, door| {
        router.layer(from_fn_with_state((Arc::clone(&app.metrics), door), metrics::count))
    };
    let inward = counted(inward::router(Arc::clone(&app)), Door::Inward);
    let outward = counted(outward::router(outward), Door::Outward);
    let figures = crate::http::metrics::router(Arc::clone(&app));
    let mut served = tokio::spawn(async move {
        let figures = async {
            if let Some(listener) = bound.metrics {
                listening(listener, figures, Limits::of(METRICS_CONNECTIONS), ended.clone()).await;
            }
        };
        tokio::join!(
            listening(bound.inward, inward, limits, ended.clone()),
            listening(bound.outward, outward, limits, ended.clone()),
            figures,
        )
    });
    let counting = tokio::spawn(count_unauthenticated(Arc::clone(&app)));
    let result = tokio::select! {
        served = &mut served => match served {
            Ok(_) => Err(ServeError::Stopped("nothing listens any more".to_owned())),
            Err(error) => Err(ServeError::Stopped(error.to_string())),
        },
        reason = app.recorder.stopped() => Err(ServeError::Stopped(reason)),
        error = app.store.failed() => Err(ServeError::Store(error)),
        error = claim.lost() => {
            app.recorder.stop("the claim on the database is lost: another broker may write to it now");
            Err(ServeError::Store(Arc::new(error)))
        }
        () = until => Ok(()),
    };
    counting.abort();
    // Calls that are being answered get a moment to end; long polls do not hold the broker up.
    let _ = ending.send(true);
    if !served.is_finished() && tokio::time::timeout(ENDING, &mut served).await.is_err() {
        served.abort();
    }
    app.store.close().await;
    drop(claim);
    result
}

/// Enters, once a minute, how many calls could not be authenticated.
async fn count_unauthenticated(app: Arc<App>) {
    let mut from = app.clock.now();
    loop {
        tokio::time::sleep(COUNTED_EVERY).await;
        let until = app.clock.now();
        let attempts = app.unauthenticated.swap(0, Ordering::Relaxed);
        if attempts > 0 {
            let item = Item::of(Event::Unauthenticated { attempts, from, until });
            if app.recorder.record(item).await.is_err() {
                app.unauthenticated.fetch_add(attempts, Ordering::Relaxed);
                continue;
            }
        }
        from = until;
    }
}

/// What the outward router tells the inside.
struct Inside(Arc<App>);

impl outward::Signals for Inside {
    fn arrived(&self, group: GroupId) {
        if let Some(live) = self.0.groups.get(&group) {
            live.arrivals.notify_one();
        }
    }

    fn offered(&self, endpoint: EndpointId) {
        let app = Arc::clone(&self.0);
        tokio::spawn(async move {
            if let Err(error) = crate::govern::endpoint::admit(&app, &endpoint).await {
                tracing::warn!(%endpoint, %error, "an endpoint could not be admitted");
            }
        });
    }

    fn posted(&self, group: GroupId) -> BoxFuture<'static, ()> {
        match self.0.groups.get(&group) {
            // Hears from now on, not only once it is polled.
            Some(live) => Arc::clone(&live.inbox).notified_owned().boxed(),
            None => tokio::time::sleep(Duration::from_secs(1)).boxed(),
        }
    }

    fn open(&self, group: GroupId) -> bool {
        self.0.groups.get(&group).is_some_and(|live| self.0.is_open(&live.at_version()))
    }

    fn harmless(&self, entry: &Entry, message: &[u8]) -> bool {
        let opened = || {
            let leaf = Leaf::parse(&entry.leaf).ok()?;
            let opening = self.0.open_particulars(entry.idx, entry.particulars.as_ref()?).ok()?;
            let same =
                opening.commitment().ok()? == leaf.particulars && leaf.message == Some(Digest::of(message));
            same.then_some(opening.values)
        };
        opened().is_some_and(|event| !event.carries_data())
    }

    fn ahead(&self, reason: &str) {
        self.0.recorder.stop(reason);
    }

    fn unauthenticated(&self) {
        self.0.unauthenticated.fetch_add(1, Ordering::Relaxed);
    }
}
