//! Promises of problems.

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    number: u8,
}

fn router() -> Router {
    Router::new()
        .route("/things", post(|Json(wanted): Json<Wanted>| async move { Json(wanted) }))
        .route("/query", get(|Query(wanted): Query<Wanted>| async move { Json(wanted) }))
        .route("/things/{number}", get(|Path(number): Path<u8>| async move { Json(number) }))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
}

async fn answer(request: http::Request<Body>) -> (u16, String, String) {
    let response = router().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, kind, String::from_utf8(body.to_vec()).unwrap())
}

fn post_json(body: &'static str) -> http::Request<Body> {
    http::Request::post("/things").header("content-type", "application/json").body(body.into()).unwrap()
}

fn get_at(path: &str) -> http::Request<Body> {
    http::Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn whatever_is_sent_the_refusal_is_a_problem_with_its_own_code() {
    let text = http::Request::post("/things").header("content-type", "text/plain").body("{}".into()).unwrap();
    let put = http::Request::put("/things").body(Body::empty()).unwrap();
    for (request, status, code) in [
        (post_json("{"), 400, "json-syntax"),
        (post_json("{\"number\":\"x\"}"), 422, "json-content"),
        (post_json("{\"number\":1,\"more\":1}"), 422, "json-content"),
        (post_json("{\"number\":300}"), 422, "json-content"),
        (post_json("\u{0}"), 400, "json-syntax"),
        (text, 415, "content-type"),
        (get_at("/query?number=x"), 400, "query"),
        (get_at("/query"), 400, "query"),
        (get_at("/things/x"), 404, "path"),
        (get_at("/things/%ff"), 404, "path"),
        (get_at("/nothing"), 404, "no-route"),
        (get_at("/things/../../etc/passwd"), 404, "no-route"),
        (put, 405, "no-method"),
    ] {
        let (found, kind, body) = answer(request).await;
        let problem: Problem = serde_json::from_str(&body).unwrap();
        assert_eq!((found, problem.status, problem.code.as_str()), (status, status, code), "{body}");
        assert_eq!(kind, CONTENT);
        assert_eq!(problem.kind, "about:blank");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty());
    }
}

#[tokio::test]
async fn what_is_well_formed_gets_through() {
    assert_eq!(answer(post_json("{\"number\":7}")).await.2, "{\"number\":7}");
    assert_eq!(answer(get_at("/query?number=7")).await.2, "{\"number\":7}");
    assert_eq!(answer(get_at("/things/7")).await.2, "7");
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    let response = caught(Box::new("a name nobody should read"));
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["code"], "internal");
    assert!(!problem.to_string().contains("name"));
}

#[tokio::test]
async fn a_detail_is_one_line_of_bounded_length() {
    let problem = Problem::bad_request("x", plain(&"a\nb\u{1b}[31m".repeat(1000)));
    assert_eq!(problem.detail.chars().count(), 400);
    assert!(!problem.detail.chars().any(char::is_control));
}
