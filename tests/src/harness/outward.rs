//! An endpoint whose key the test holds: it makes signed outward calls by hand.

use std::net::SocketAddr;

use agreements::{Digest, EndpointId};
use common::{Rng as _, SystemRng};
use exchange::EndpointKey;
use exchange::http_signature::{Call, sign};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::officer::Answer;

/// The endpoint; a copy makes the same calls.
#[derive(Clone)]
pub struct Endpoint {
    /// Its name.
    pub id: EndpointId,
    /// Its private key.
    pub key: EndpointKey,
    outward: SocketAddr,
    http: reqwest::Client,
}

/// Headers that sign a call.
pub type Headers = Vec<(&'static str, String)>;

impl Endpoint {
    /// A new key under that name; nobody has enrolled it yet.
    pub fn new(name: &str, outward: SocketAddr) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let key = EndpointKey::from_seed(&SystemRng.key());
        Self { id: EndpointId::parse(name).expect("an id"), key, outward, http }
    }

    /// Its public key, for enrolment.
    pub fn public(&self) -> Digest {
        self.key.public()
    }

    /// The headers for a call made at that time.
    pub fn headers(&self, method: &str, path: &str, body: &[u8], at: Timestamp) -> Headers {
        self.sign(method, path, body, "", at)
    }

    /// The same, for an endpoint that holds that checkpoint.
    pub fn sign(&self, method: &str, path: &str, body: &[u8], holds: &str, at: Timestamp) -> Headers {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let call = Call { method, path, query, range: None, body };
        sign(&self.key, &self.id, &call, holds, at).expect("a signature")
    }

    /// A call with headers that the test may have altered.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        headers: &Headers,
        kind: &str,
    ) -> Answer {
        Answer::of(self.respond(method, path, body, headers, kind).await).await
    }

    async fn respond(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        headers: &Headers,
        kind: &str,
    ) -> reqwest::Response {
        let mut request = self.http.request(method, format!("http://{}{path}", self.outward));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.header(CONTENT_TYPE, kind).body(body).send().await;
        response.expect("the broker answers")
    }

    /// What a well signed call of that time fetches, byte by byte, with its status.
    pub async fn bytes(&self, path: &str, at: Timestamp) -> (u16, Vec<u8>) {
        let headers = self.headers("GET", path, b"", at);
        let response = self.respond(Method::GET, path, Vec::new(), &headers, "").await;
        (response.status().as_u16(), response.bytes().await.expect("a body").to_vec())
    }

    /// A well signed call.
    pub async fn call(&self, method: Method, path: &str, body: &[u8], kind: &str) -> Answer {
        let headers = self.headers(method.as_str(), path, body, Timestamp::now());
        self.send(method, path, body.to_vec(), &headers, kind).await
    }
}
