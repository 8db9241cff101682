//! An officer of the provider, signed in; and what the broker answers.

use std::net::SocketAddr;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What came back from a call.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body as text; what is not text is replaced.
    pub text: String,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        Self { status, text: response.text().await.unwrap_or_default() }
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The code of the problem, or nothing.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The same, if the call succeeded; else the test ends here.
    #[track_caller]
    pub fn well(self) -> Self {
        let well = StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success());
        assert!(well, "the call was refused: {} {}", self.status, self.text);
        self
    }
}

/// A signed-in officer.
#[derive(Clone)]
pub struct Officer {
    http: reqwest::Client,
    base: String,
    /// The token of the session; empty for nobody.
    pub token: String,
}

impl Officer {
    /// Nobody: calls without a token.
    pub fn nobody(inward: SocketAddr) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, base: format!("http://{inward}"), token: String::new() }
    }

    /// Signs in.
    pub async fn sign_in(inward: SocketAddr, number: &str, password: &str) -> Self {
        let mut officer = Self::nobody(inward);
        let given = json!({ "officer": number, "password": password });
        let answer = officer.post("/v1/sessions", &given).await.well();
        officer.token = answer.json()["token"].as_str().expect("a token").to_owned();
        officer
    }

    /// Any call with any body.
    pub async fn call(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        self.try_call(method, path, kind, body).await.expect("the broker answers")
    }

    /// Any call; an error when the broker does not answer.
    ///
    /// # Errors
    /// When there is no connection, or it breaks.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        Ok(Answer::of(request.body(body).send().await?).await)
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, Vec::new()).await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    /// Sends JSON by any method.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.call(method, path, Some("application/json"), body.to_string().into_bytes()).await
    }

    /// Sends a document or a note.
    pub async fn text(&self, path: &str, body: &str) -> Answer {
        self.call(Method::POST, path, Some("text/plain; charset=utf-8"), body.as_bytes().to_vec()).await
    }
}
