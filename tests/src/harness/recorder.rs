//! A recording proxy before the outward address: all that passes, both ways.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::StreamExt as _;

use super::programs;

/// One call and its answer.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Request line and headers, answer's status and headers.
    pub heads: String,
    /// Body of the call.
    pub sent: Bytes,
    /// Body of the answer.
    pub answered: Bytes,
}

/// The proxy.
pub struct Recorder {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Recorded>>>,
    cut: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Passing {
    to: SocketAddr,
    http: reqwest::Client,
    seen: Arc<Mutex<Vec<Recorded>>>,
    /// After how many bytes the next object is cut; 0 for not at all.
    cut: Arc<AtomicUsize>,
}

impl Recorder {
    /// Starts to record what goes to `to`.
    pub async fn start(to: SocketAddr) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let cut = Arc::new(AtomicUsize::new(0));
        let passing = Passing { to, http, seen: Arc::clone(&seen), cut: Arc::clone(&cut) };
        let address = programs::address();
        let listener = tokio::net::TcpListener::bind(address).await.expect("an address");
        let router = Router::new().fallback(pass).with_state(passing);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, seen, cut }
    }

    /// The connection that brings the next object breaks off after so many of its bytes.
    pub fn cut_the_next_object(&self, after: usize) {
        self.cut.store(after, Ordering::SeqCst);
    }

    /// All that passed so far.
    pub fn seen(&self) -> Vec<Recorded> {
        self.seen.lock().expect("nobody failed").clone()
    }
}

async fn pass(State(passing): State<Passing>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let sent = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut heads = format!("{} {}\n{:?}\n", parts.method, parts.uri, parts.headers);
    let object = parts.uri.path().starts_with("/v1/outward/objects/");
    let url = format!("http://{}{}", passing.to, parts.uri);
    let mut headers = parts.headers;
    headers.remove("host");
    headers.remove("transfer-encoding");
    let call = passing.http.request(parts.method, url).headers(headers).body(sent.clone());
    let Ok(answer) = call.send().await else {
        return Response::builder().status(503).body(Body::empty()).expect("an answer");
    };
    heads.push_str(&format!("{}\n{:?}\n", answer.status(), answer.headers()));
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" {
            response = response.header(name, value);
        }
    }
    let answered = answer.bytes().await.unwrap_or_default();
    let recorded = Recorded { heads, sent, answered: answered.clone() };
    passing.seen.lock().expect("nobody failed").push(recorded);
    let cut = if object { passing.cut.swap(0, Ordering::SeqCst) } else { 0 };
    if cut == 0 {
        return response.body(Body::from(answered)).expect("an answer");
    }
    // What is sent must have left before the connection breaks off.
    let sent = futures_util::stream::iter([Ok(answered.slice(..cut)), Err(std::io::Error::other("cut"))]);
    let slowly = sent.then(|part| async move {
        if part.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        part
    });
    response.body(Body::from_stream(slowly)).expect("an answer")
}
