//! Problems of HTTP answers (RFC 9457), the same on every route of both programs.
//!
//! `code` is for programs and stays the same; `detail` is for people. Neither ever holds a key, or
//! personal data that the asker did not send.

use std::any::Any;
use std::fmt;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The content type of a problem.
pub const CONTENT: &str = "application/problem+json";

/// What went wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is, `code` which one.
    #[serde(rename = "type")]
    pub kind: String,
    /// The words of the status.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what to do about it, for people.
    pub detail: String,
    /// Which problem it is, for programs: `unknown-dataset`.
    pub code: String,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident $status:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(code: &str, detail: impl Into<String>) -> Self {
            Self::new(StatusCode::$status, code, detail)
        }
    )*};
}

impl Problem {
    /// A problem of this status. A `code` is small letters and `-`.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
        }
    }

    problems! {
        /// 400: the request does not have the form it should have.
        bad_request BAD_REQUEST;
        /// 401: nobody is signed in, or the signature does not hold.
        unauthorized UNAUTHORIZED;
        /// 403: signed in, but not for this.
        forbidden FORBIDDEN;
        /// 404: there is no such thing, or not for this asker.
        not_found NOT_FOUND;
        /// 409: it contradicts what is there.
        conflict CONFLICT;
        /// 410: it was there and is no more.
        gone GONE;
        /// 413: larger than the route takes.
        too_large PAYLOAD_TOO_LARGE;
        /// 415: another content type than the route takes.
        unsupported_media_type UNSUPPORTED_MEDIA_TYPE;
        /// 422: well formed, but the content does not hold.
        unprocessable UNPROCESSABLE_ENTITY;
        /// 429: too many at once.
        too_many_requests TOO_MANY_REQUESTS;
        /// 503: not at present; the same request may be sent again.
        unavailable SERVICE_UNAVAILABLE;
    }

    /// 500: a failure of the program itself. Its cause goes to the log, not to the asker.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the program failed; the failure is in its own log",
        )
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.detail, self.status, self.code)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(CONTENT)),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (self.status(), headers, body).into_response()
    }
}

/// What a client gets when a handler panicked; the panic itself is logged without its message,
/// which might hold a value. For `tower_http::catch_panic::CatchPanicLayer::custom`.
pub fn caught(_panic: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::internal().into_response()
}

/// What a router answers where it has no route: `.fallback(problem::no_route)`.
pub async fn no_route() -> Problem {
    Problem::not_found("no-route", "there is nothing at this address")
}

/// What a router answers to a method that a route does not have:
/// `.method_not_allowed_fallback(problem::no_method)`.
pub async fn no_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-method", "this address does not take that method")
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let code = match &rejection {
            JsonRejection::JsonDataError(_) => "json-content",
            JsonRejection::JsonSyntaxError(_) => "json-syntax",
            JsonRejection::MissingJsonContentType(_) => "content-type",
            _ => "body",
        };
        Self::new(rejection.status(), code, plain(&rejection.body_text()))
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), "query", plain(&rejection.body_text()))
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        // A path that does not parse names nothing that is there.
        let status =
            if rejection.status().is_client_error() { StatusCode::NOT_FOUND } else { rejection.status() };
        Self::new(status, "path", plain(&rejection.body_text()))
    }
}

/// Text of a library in one line of bounded length, without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect()
}

/// A JSON body whose refusal is a [`Problem`].
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let axum::Json(value) = axum::Json::from_request(request, state).await?;
        Ok(Self(value))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Query parameters whose refusal is a [`Problem`].
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Query(value) = axum::extract::Query::from_request_parts(parts, state).await?;
        Ok(Self(value))
    }
}

/// Path parameters whose refusal is a [`Problem`].
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Path(value) = axum::extract::Path::from_request_parts(parts, state).await?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests;
