//! A relay before the outward address that can betray: what an endpoint calls is then signed again by
//! an accomplice that is still enrolled, so that the broker answers it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange::wire::CHECKPOINT_HEADER;
use jiff::Timestamp;

use super::outward::Endpoint;
use super::programs;

/// The relay.
#[derive(Clone)]
pub struct Relay {
    /// Where it listens.
    pub address: SocketAddr,
    to: SocketAddr,
    http: reqwest::Client,
    accomplice: Endpoint,
    betrays: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
}

impl Relay {
    /// Starts to pass on what comes, as it is.
    pub async fn start(to: SocketAddr, accomplice: Endpoint) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let (betrays, answered) = (Arc::default(), Arc::default());
        let relay = Self { address: programs::address(), to, http, accomplice, betrays, answered };
        let listener = tokio::net::TcpListener::bind(relay.address).await.expect("an address");
        let router = Router::new().fallback(pass).with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        relay
    }

    /// From now on every call is signed by the accomplice.
    pub fn betray(&self) {
        self.betrays.store(true, Ordering::SeqCst);
    }

    /// How many calls the broker has answered to the accomplice.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    fn signed_again(&self, method: &str, path: &str, body: &Bytes, headers: &mut HeaderMap) {
        let holds = headers.get(CHECKPOINT_HEADER).and_then(|value| STANDARD.decode(value).ok());
        let holds = String::from_utf8(holds.unwrap_or_default()).expect("a checkpoint is text");
        for (name, value) in self.accomplice.sign(method, path, body, &holds, Timestamp::now()) {
            headers.insert(name, value.parse().expect("a header"));
        }
    }
}

async fn pass(State(relay): State<Relay>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut headers = parts.headers;
    headers.remove("host");
    headers.remove("transfer-encoding");
    let betrays = relay.betrays.load(Ordering::SeqCst);
    if betrays {
        relay.signed_again(parts.method.as_str(), &parts.uri.to_string(), &body, &mut headers);
    }
    let url = format!("http://{}{}", relay.to, parts.uri);
    let call = relay.http.request(parts.method, url).headers(headers).body(body);
    let Ok(answer) = call.send().await else {
        return Response::builder().status(503).body(Body::empty()).expect("an answer");
    };
    if betrays && answer.status().is_success() {
        relay.answered.fetch_add(1, Ordering::SeqCst);
    }
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(answer.bytes().await.unwrap_or_default())).expect("an answer")
}
