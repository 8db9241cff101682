//! Listening: so many connections and no more, none of them held open by a caller who says nothing.
//!
//! [`serve`] accepts; [`connection`] speaks HTTP/1.1 on one stream that was accepted. A stream that is
//! wrapped first (TLS) goes to [`connection`] in the same way; what the wrapping takes belongs under
//! [`Limits::head`] too.
//!
//! Four things bound what a caller can hold: the number of connections, the time for the head of a
//! request, the time in which an answer must get on, and, in the routers, the time of a whole call.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutWriter;
use tower::Service as _;

/// Pause after the system could give no connection, for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(250);
/// Most bytes that are kept of one direction of a connection; a head must fit.
const BUFFER_BYTES: usize = 64 * 1024;
/// Most header lines of one request.
const HEADERS: usize = 64;

/// What a listener gives its callers.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most connections at once. Further ones wait in the system's queue, unaccepted.
    pub connections: usize,
    /// Time for the whole head of a request, from the start of the connection or the end of the call
    /// before. A connection on which nothing is asked ends with it.
    pub head: Duration,
    /// Time in which some of an answer must be taken.
    pub stalled: Duration,
}

impl Limits {
    /// The usual times, and so many connections.
    #[must_use]
    pub const fn of(connections: usize) -> Self {
        Self { connections, head: Duration::from_secs(10), stalled: Duration::from_secs(30) }
    }
}

/// Serves until `ending` turns true, then lets calls that are under way end. Dropped, it cuts them
/// off. Handlers find the caller's address as [`ConnectInfo`].
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, mut ending: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut open = JoinSet::new();
    let mut ended = ending.clone();
    let accepting = async {
        loop {
            // A place first, so that what cannot be served costs no descriptor.
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
            let (stream, peer) = accept(&listener).await;
            // The answer to a small call is one packet: it does not wait for a second one.
            let _ = stream.set_nodelay(true);
            let speaking = connection(stream, peer, router.clone(), limits, ending.clone());
            open.spawn(async move {
                speaking.await;
                drop(place);
            });
            while open.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accepting => {}
        () = over(&mut ended) => {}
    }
    drop(listener);
    over(&mut ending).await;
    while open.join_next().await.is_some() {}
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // A caller who has gone already is gone; for anything else the system needs a moment.
                tracing::debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Speaks HTTP/1.1 with one caller until the caller goes, a limit is reached, or `ending` turns true
/// and the call under way has ended.
pub async fn connection<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    mut ending: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(limits.stalled));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        // A router is ready at all times.
        router.clone().call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(HEADERS)
        .max_buf_size(BUFFER_BYTES);
    let mut speaking = pin!(http.serve_connection(TokioIo::new(Box::pin(stream)), service));
    let result = tokio::select! {
        result = speaking.as_mut() => result,
        () = over(&mut ending) => {
            speaking.as_mut().graceful_shutdown();
            speaking.await
        }
    };
    if let Err(error) = result {
        // A caller's doing, so nobody is woken.
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Resolves when the flag turns true, or nobody is left to turn it.
async fn over(ending: &mut watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await;
}

#[cfg(test)]
mod tests;
