//! Calls to the provider's outward routes, each signed by the endpoint's key (RFC 9421) and
//! carrying the newest checkpoint that was checked here.

use std::sync::Arc;
use std::time::Duration;

use agreements::{AgreementId, GroupId, ObjectId};
use exchange::http_signature::{self, Call};
use exchange::wire::{self, Accepted, Groups, InboxPage, KeyPackages, KeyPackagesHeld, Octets};
use futures_util::StreamExt as _;
use reqwest::header::CONTENT_RANGE;
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::home::Home;

/// Largest JSON answer that is read: a full page of the largest messages in base64 would be more,
/// and is never sent.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// A call that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum OutwardError {
    /// The provider cannot be reached, or breaks off.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    /// It asks to come back later.
    #[error("the provider answers {0}: later")]
    Later(StatusCode),
    /// It refuses the call for size, form or authentication.
    #[error("the provider refuses the call with {status}: {detail}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// Its own words, cut to 300 characters.
        detail: String,
    },
    /// Its answer is not what it should be.
    #[error("the provider's answer is malformed: {0}")]
    Malformed(&'static str),
    /// The call could not be signed.
    #[error("the call cannot be signed")]
    Unsigned,
    /// What was fetched cannot be written.
    #[error("what was fetched cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

impl OutwardError {
    /// Whether the same call may succeed later.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Later(_) => true,
            Self::Refused { .. } | Self::Malformed(_) | Self::Unsigned | Self::Write(_) => false,
        }
    }
}

/// The client.
#[derive(Clone)]
pub struct Outward {
    home: Arc<Home>,
    client: reqwest::Client,
}

impl Outward {
    /// A client for the address in the configuration. It follows no redirect and uses no proxy.
    ///
    /// # Errors
    /// [`OutwardError::Unreachable`] when no client can be made.
    pub fn new(home: Arc<Home>) -> Result<Self, OutwardError> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(unreachable)?;
        Ok(Self { home, client })
    }

    async fn call(&self, wanted: Wanted<'_>) -> Result<Response, OutwardError> {
        let Wanted { method, path, query, range, body, content_type, checkpoint } = wanted;
        let asked = (!query.is_empty()).then_some(query);
        let call = Call { method: method.as_str(), path, query: asked, range, body: &body };
        let (key, endpoint) = (&self.home.key, self.home.endpoint());
        let signed = http_signature::sign(key, endpoint, &call, checkpoint, self.home.clock.now())
            .map_err(|_| OutwardError::Unsigned)?;
        let question = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{question}{query}", self.home.config.broker);
        let mut request = self.client.request(method, url).timeout(Duration::from_secs(600));
        for (name, value) in signed {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header("content-type", content_type).body(body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status.is_server_error() || matches!(status.as_u16(), 404 | 408 | 425 | 429) {
            return Err(OutwardError::Later(status));
        }
        let detail: String = response.text().await.unwrap_or_default();
        let detail = detail.chars().filter(|c| !c.is_control()).take(300).collect();
        Err(OutwardError::Refused { status, detail })
    }

    /// Gives key packages; says how many unused ones the provider holds now.
    ///
    /// # Errors
    /// [`OutwardError`].
    pub async fn key_packages(
        &self,
        packages: Vec<Vec<u8>>,
        checkpoint: &str,
    ) -> Result<KeyPackagesHeld, OutwardError> {
        let packages = KeyPackages { packages: packages.into_iter().map(Octets).collect() };
        let body = serde_json::to_vec(&packages).map_err(|_| OutwardError::Malformed("the call"))?;
        let response =
            self.call(Wanted::post(wire::KEY_PACKAGES, body, "application/json", checkpoint)).await?;
        json(response).await
    }

    /// Groups with an inbox for this endpoint.
    ///
    /// # Errors
    /// [`OutwardError`].
    pub async fn groups(&self, checkpoint: &str) -> Result<Vec<(GroupId, AgreementId)>, OutwardError> {
        let response = self.call(Wanted::get(wire::GROUPS, checkpoint)).await?;
        let groups: Groups = json(response).await?;
        Ok(groups.groups.into_iter().map(|listed| (listed.group, listed.agreement)).collect())
    }

    /// Posts a sealed message.
    ///
    /// # Errors
    /// [`OutwardError`].
    pub async fn post(
        &self,
        group: GroupId,
        sealed: Vec<u8>,
        checkpoint: &str,
    ) -> Result<Accepted, OutwardError> {
        let path = wire::messages_path(group);
        json(self.call(Wanted::post(&path, sealed, wire::OCTETS, checkpoint)).await?).await
    }

    /// What waits in an inbox after a position.
    ///
    /// # Errors
    /// [`OutwardError`].
    pub async fn inbox(
        &self,
        group: GroupId,
        after: u64,
        wait_seconds: u64,
        checkpoint: &str,
    ) -> Result<InboxPage, OutwardError> {
        let query = format!("after={after}&wait_seconds={wait_seconds}&limit={}", wire::MAX_PAGE);
        let path = wire::inbox_path(group);
        json(self.call(Wanted { query: &query, ..Wanted::get(&path, checkpoint) }).await?).await
    }

    /// Begins to fetch the ciphertext of an object, from byte `from` on if the provider serves a
    /// part; see [`ObjectStream::begins_at`].
    ///
    /// # Errors
    /// [`OutwardError`].
    pub async fn object(
        &self,
        object: ObjectId,
        from: u64,
        checkpoint: &str,
    ) -> Result<ObjectStream, OutwardError> {
        let path = wire::object_path(object);
        let range = (from > 0).then(|| format!("bytes={from}-"));
        let wanted = Wanted { range: range.as_deref(), ..Wanted::get(&path, checkpoint) };
        let response = self.call(wanted).await?;
        let begins_at = match response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let part = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
                let same = part.is_some_and(|part| part.starts_with(&format!("bytes {from}-")));
                same.then_some(from).ok_or(OutwardError::Malformed("another part than was asked for"))?
            }
            _ => 0,
        };
        Ok(ObjectStream { begins_at, response })
    }
}

/// An object on its way.
pub struct ObjectStream {
    begins_at: u64,
    response: Response,
}

impl ObjectStream {
    /// Its first byte: the one that was asked for, or 0.
    pub const fn begins_at(&self) -> u64 {
        self.begins_at
    }

    /// Writes what comes, and adds it to the hash; what came before the connection was cut is
    /// written too. Nothing beyond `most` bytes of the object is written. Gives the bytes of the
    /// object that are there now.
    ///
    /// # Errors
    /// [`OutwardError`].
    pub async fn write(
        self,
        most: u64,
        hash: &mut Sha256,
        to: &mut (dyn AsyncWrite + Unpin + Send),
    ) -> Result<u64, OutwardError> {
        let mut bytes = self.begins_at;
        let mut stream = self.response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    to.flush().await?;
                    return Err(unreachable(error));
                }
            };
            bytes = bytes.saturating_add(chunk.len() as u64);
            if bytes > most {
                return Err(OutwardError::Malformed("the object is larger than announced"));
            }
            hash.update(&chunk);
            to.write_all(&chunk).await?;
        }
        to.flush().await?;
        Ok(bytes)
    }
}

/// A call before it is signed.
struct Wanted<'a> {
    method: Method,
    path: &'a str,
    query: &'a str,
    range: Option<&'a str>,
    body: Vec<u8>,
    content_type: &'static str,
    checkpoint: &'a str,
}

impl<'a> Wanted<'a> {
    fn get(path: &'a str, checkpoint: &'a str) -> Self {
        let method = Method::GET;
        Self { method, path, query: "", range: None, body: Vec::new(), content_type: "", checkpoint }
    }

    const fn post(path: &'a str, body: Vec<u8>, content_type: &'static str, checkpoint: &'a str) -> Self {
        Self { method: Method::POST, path, query: "", range: None, body, content_type, checkpoint }
    }
}

fn unreachable(error: reqwest::Error) -> OutwardError {
    // Without the URL; the chain's last link says why.
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(next) = source {
        text = next.to_string();
        source = next.source();
    }
    OutwardError::Unreachable(text)
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, OutwardError> {
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(unreachable)?;
        if bytes.len().saturating_add(chunk.len()) > MAX_ANSWER_BYTES {
            return Err(OutwardError::Malformed("larger than 64 MiB"));
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|_| OutwardError::Malformed("not the JSON of this route"))
}
