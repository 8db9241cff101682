//! A client of a running broker: what every command that changes state goes through.

use std::fmt::Display;
use std::net::SocketAddr;

use agreements::OfficerNumber;
use common::problem::Problem;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The broker does not answer.
    #[error("the broker at `{address}` does not answer: {source}")]
    Unreachable {
        /// Where.
        address: String,
        /// What the connection said.
        #[source]
        source: reqwest::Error,
    },
    /// The broker refused.
    #[error("{0}")]
    Refused(Problem),
    /// The answer is not one that this program knows.
    #[error("the broker's answer cannot be read")]
    Answer,
    /// A file that was to be sent.
    #[error("`{path}`: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A session of an officer with a broker.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Zeroizing<String>,
}

#[derive(serde::Deserialize)]
struct SignedIn {
    token: String,
}

impl Client {
    /// Signs in.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn sign_in(
        inward: SocketAddr,
        officer: &OfficerNumber,
        password: &Zeroizing<String>,
    ) -> Result<Self, ClientError> {
        let base = format!("http://{inward}");
        let http = reqwest::Client::builder().no_proxy().build();
        let http = http.map_err(|source| ClientError::Unreachable { address: base.clone(), source })?;
        let mut client = Self { http, base, token: Zeroizing::new(String::new()) };
        let given = serde_json::json!({ "officer": officer, "password": password.as_str() });
        let answer: SignedIn = client.post_json("/v1/sessions", &given).await?;
        client.token = Zeroizing::new(answer.token);
        Ok(client)
    }

    /// Reads.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        read(self.send(self.request(Method::GET, path)).await?).await
    }

    /// Reads text.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn get_text(&self, path: &str) -> Result<String, ClientError> {
        self.send(self.request(Method::GET, path)).await?.text().await.map_err(|_| ClientError::Answer)
    }

    /// Reads what comes piece by piece.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn get_stream(&self, path: &str) -> Result<Response, ClientError> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Sends JSON and reads the answer.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        read(self.send(self.request(Method::POST, path).json(body)).await?).await
    }

    /// Sends JSON by any method; the answer's body does not matter.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn act(&self, method: Method, path: &str, body: &impl Serialize) -> Result<(), ClientError> {
        self.send(self.request(method, path).json(body)).await.map(|_| ())
    }

    /// Sends a text: a document or a note.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn post_text(&self, path: &str, text: impl Display) -> Result<String, ClientError> {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "text/plain; charset=utf-8");
        let answer = self.send(request.body(text.to_string())).await?;
        answer.text().await.map_err(|_| ClientError::Answer)
    }

    /// Sends a stream of records.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn post_stream<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        body: Body,
    ) -> Result<T, ClientError> {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, content_type).body(body);
        read(self.send(request).await?).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(self.token.as_str())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let answer = request.send().await;
        let answer =
            answer.map_err(|source| ClientError::Unreachable { address: self.base.clone(), source })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let problem = answer.json::<Problem>().await.map_err(|_| ClientError::Answer)?;
        Err(ClientError::Refused(problem))
    }
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, ClientError> {
    answer.json().await.map_err(|_| ClientError::Answer)
}
