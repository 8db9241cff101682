//! A recording proxy before the outward address: all that passes, both ways.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;

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
}

#[derive(Clone)]
struct Passing {
    to: SocketAddr,
    http: reqwest::Client,
    seen: Arc<Mutex<Vec<Recorded>>>,
}

impl Recorder {
    /// Starts to record what goes to `to`.
    pub async fn start(to: SocketAddr) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let passing = Passing { to, http, seen: Arc::clone(&seen) };
        let address = programs::address();
        let listener = tokio::net::TcpListener::bind(address).await.expect("an address");
        let router = Router::new().fallback(pass).with_state(passing);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, seen }
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
    response.body(Body::from(answered)).expect("an answer")
}
