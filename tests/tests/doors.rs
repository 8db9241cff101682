//! Both doors: every route is for the roles that it names and for nobody else, and nothing that is
//! sent to either makes the broker fail or changes anything.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test with its helpers"
)]

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use tests::harness::{Endpoint, Officer, World};

const OCTETS: &str = "application/octet-stream";

/// Every inward route, and the officers who may use it: administrator, agreements, source, DPO.
const ROUTES: [(&str, &str, &str); 25] = [
    ("GET", "/v1/status", "admn agrm srce dpo"),
    ("POST", "/v1/officers", "admn"),
    ("GET", "/v1/officers", "admn dpo"),
    ("PATCH", "/v1/officers/NL-0999", "admn"),
    ("POST", "/v1/roots", "agrm"),
    ("POST", "/v1/directories", "agrm"),
    ("POST", "/v1/datasets", "srce"),
    ("GET", "/v1/datasets", "admn agrm srce dpo"),
    ("POST", "/v1/datasets/import-declarations/deposits", "srce"),
    ("POST", "/v1/agreements", "agrm"),
    ("GET", "/v1/agreements", "admn agrm srce dpo"),
    ("GET", "/v1/agreements/NL-BE-FR-2026-04/versions/1", "admn agrm srce dpo"),
    ("POST", "/v1/agreements/NL-BE-FR-2026-04/versions/9/in-force", "agrm"),
    ("POST", "/v1/agreements/NL-BE-FR-2026-04/suspension", "agrm dpo"),
    ("DELETE", "/v1/agreements/NL-BE-FR-2026-04/suspension", "agrm"),
    ("POST", "/v1/agreements/NL-BE-FR-2026-04/termination", "agrm"),
    ("POST", "/v1/notes", "agrm dpo"),
    ("POST", "/v1/endpoints", "agrm"),
    ("GET", "/v1/endpoints", "admn agrm srce dpo"),
    ("DELETE", "/v1/endpoints/nobody-there", "agrm dpo"),
    ("GET", "/v1/log/checkpoint", "admn agrm srce dpo"),
    ("GET", "/v1/log/entries?grounds=lawfulness", "dpo"),
    ("POST", "/v1/log/subjects", "dpo"),
    ("GET", "/v1/log/export?grounds=lawfulness", "dpo"),
    ("GET", "/v1/log/entries", "dpo"),
];

fn officers(world: &World) -> [(&'static str, &Officer); 4] {
    let all = &world.officers;
    [("admn", &all.administrator), ("agrm", &all.agreements), ("srce", &all.source), ("dpo", &all.dpo)]
}

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap()
}

/// A body that is well formed and that no route accepts, so that nothing changes.
fn harmless(route: &str) -> (&'static str, Vec<u8>) {
    let text = ["directories", "/v1/datasets", "/v1/agreements", "notes", "/v1/endpoints"];
    if route.ends_with("deposits") {
        ("application/jsonl", b"{\"no\":1}\n".to_vec())
    } else if route.ends_with("suspension") || route.ends_with("termination") || route.contains("nobody-there")
    {
        ("application/json", br#"{"grounds":" "}"#.to_vec())
    } else if text.iter().any(|end| route.ends_with(end)) {
        ("text/plain; charset=utf-8", b"no document\n".to_vec())
    } else {
        ("application/json", b"{\"roles\":[\"nobody\"],\"active\":true}".to_vec())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_inward_route_is_for_the_roles_that_it_names_and_for_nobody_else() {
    let world = World::new(1).await;
    let nobody = Officer::nobody(world.inward);
    for (name, route, allowed) in ROUTES {
        let (kind, body) = harmless(route);
        let answer = nobody.call(method(name), route, Some(kind), body.clone()).await;
        // A body that cannot be read is refused before anybody is asked for.
        assert!(matches!(answer.status, 400 | 401 | 415 | 422), "{name} {route}: {}", answer.status);
        assert!(!answer.text.contains("import-declarations"), "{name} {route} told nobody: {}", answer.text);
        for (role, officer) in officers(&world) {
            let answer = officer.call(method(name), route, Some(kind), body.clone()).await;
            let may = allowed.split(' ').any(|one| one == role);
            let refused = answer.status == 403;
            let unread = matches!(answer.status, 400 | 415 | 422) && answer.code() != "not-your-role";
            assert!(refused != may || unread, "{name} {route} as {role}: {} {}", answer.status, answer.text);
            assert!(answer.status < 500, "{name} {route} as {role}: {}", answer.text);
        }
    }
    for unknown in ["/", "/v1", "/v1/nothing", "/v1/log", "/v1/log/entries/"] {
        let answer = world.officers.dpo.get(unknown).await;
        assert_eq!(answer.status, 404, "{unknown}: {}", answer.text);
    }
}

/// What nobody should send.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let nested = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    vec![
        ("nothing", Vec::new()),
        ("half an object", b"{".to_vec()),
        ("a list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("unknown keys", br#"{"surprise":1,"grounds":"x","officer":"NL-1","password":"x"}"#.to_vec()),
        ("wrong types", br#"{"number":1,"name":[],"password":{},"roles":7,"grounds":false}"#.to_vec()),
        ("deep nesting", nested.into_bytes()),
        ("no UTF-8", vec![0xff, 0xfe, 0x00, 0xc3, 0x28]),
        ("zeros", vec![0; 4096]),
        ("a quote never closed", b"a,b\n\"x,y\n".to_vec()),
        ("half a document", b"schema = 1\n[[party]]\nauthority = \"".to_vec()),
        ("an unsigned note", b"transire/opinion/1\n{}\n\n".to_vec()),
        ("2 MiB", vec![b'x'; 2 << 20]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_sent_inward_makes_the_broker_fail_or_changes_anything() {
    let world = World::new(1).await;
    let records = world.officers.source.get("/v1/datasets").await.well().text;
    let before = world.log_size().await;
    for (name, route, _) in ROUTES.iter().filter(|(name, ..)| *name != "GET") {
        for (what, body) in hostile() {
            for kind in
                ["application/json", "text/plain; charset=utf-8", "application/jsonl", "text/csv", "x/y"]
            {
                for (role, officer) in officers(&world) {
                    let call = officer.try_call(method(name), route, Some(kind), body.clone()).await;
                    // A body that is too large may be cut off before it is read.
                    let Ok(answer) = call else { continue };
                    let fine = (400..500).contains(&answer.status);
                    assert!(
                        fine,
                        "{name} {route}, {what} as {kind} by {role}: {} {}",
                        answer.status, answer.text
                    );
                }
            }
        }
    }
    assert_eq!(world.officers.source.get("/v1/datasets").await.well().text, records, "records changed");
    // Only attempts of nobody are entered, once a minute.
    assert!(world.log_size().await <= before + 1, "something was recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outward_door_takes_calls_of_enrolled_endpoints_alone_and_no_input_makes_it_fail() {
    let world = World::new(1).await;
    let stranger = Endpoint::new("stranger", world.outward);
    let own = Endpoint::new("be-customs-annex", world.outward);
    let note = world.recipients[0].authority.enrolment(&own.id, own.public());
    world.officers.agreements.text("/v1/endpoints", &note).await.well();
    let groups = own.call(Method::GET, "/v1/outward/groups", b"", OCTETS).await.well().json();
    let group = groups["groups"][0]["group"].as_str().expect("a group").to_owned();
    let messages = format!("/v1/outward/groups/{group}/messages");
    let inbox = format!("/v1/outward/groups/{group}/inbox?after=0");

    for (method, path, body) in [
        (Method::GET, "/v1/outward/groups", b"".as_slice()),
        (Method::GET, "/v1/outward/checkpoint", b""),
        (Method::GET, "/v1/outward/tile/0/000.p/1", b""),
        (Method::GET, inbox.as_str(), b""),
        (Method::POST, messages.as_str(), b"sealed"),
        (Method::POST, "/v1/outward/key-packages", b"{}"),
    ] {
        let answer = stranger.call(method.clone(), path, body, OCTETS).await;
        assert_eq!(answer.status, 401, "a stranger: {path}");
        let unsigned = own.send(method.clone(), path, body.to_vec(), &Vec::new(), OCTETS).await;
        assert_eq!(unsigned.status, 401, "unsigned: {path}");
        for late in [-120, 120] {
            let at = Timestamp::now() + SignedDuration::from_secs(late);
            let headers = own.headers(method.as_str(), path, body, at);
            let answer = own.send(method.clone(), path, body.to_vec(), &headers, OCTETS).await;
            assert_eq!(answer.status, 401, "not of this minute: {path}");
        }
        let headers = own.headers(method.as_str(), path, body, Timestamp::now());
        let answer = own.send(method, "/v1/outward/groups?x=1", body.to_vec(), &headers, OCTETS).await;
        assert!(matches!(answer.status, 401 | 405), "a signature for another path: {}", answer.status);
    }
    let headers = own.headers("POST", &messages, b"sealed", Timestamp::now());
    let changed = own.send(Method::POST, &messages, b"other".to_vec(), &headers, OCTETS).await;
    assert_eq!(changed.status, 401, "another body than the one that was signed");

    // Well signed, and still nothing that a group sealed: taken, dropped, answered to nobody.
    let first = own.call(Method::POST, &messages, b"not sealed by anybody", OCTETS).await;
    let again = own.call(Method::POST, &messages, b"not sealed by anybody", OCTETS).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.json()["position"], again.json()["position"], "the same bytes have one place");
    let huge = vec![0; 300 * 1024];
    for (path, body, kind, status) in [
        (messages.as_str(), b"x".as_slice(), "application/json", 415),
        (messages.as_str(), b"", OCTETS, 413),
        (messages.as_str(), huge.as_slice(), OCTETS, 413),
        ("/v1/outward/groups/00000000000000000000000000000000/messages", b"x", OCTETS, 404),
        ("/v1/outward/groups/zz/messages", b"x", OCTETS, 404),
        ("/v1/outward/key-packages", b"{", "application/json", 400),
        ("/v1/outward/key-packages", br#"{"packages":[]}"#, "application/json", 400),
        ("/v1/outward/key-packages", br#"{"packages":["!"]}"#, "application/json", 400),
    ] {
        let answer = own.call(Method::POST, path, body, kind).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
    for path in [
        "/v1/outward/tile/entries/000",
        "/v1/outward/tile/../../etc/passwd",
        "/v1/outward/objects/..%2f..%2fx",
        "/v1/outward/objects/00000000000000000000000000000000",
        "/v1/outward/groups/x/inbox?after=-1",
    ] {
        let answer = own.call(Method::GET, path, b"", OCTETS).await;
        assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
    }
    let far = format!("/v1/outward/groups/{group}/inbox?after=18446744073709551615");
    assert_eq!(own.call(Method::GET, &far, b"", OCTETS).await.status, 200);
    // Withdrawn, it is nobody at once, and its old note brings it back no more.
    let grounds = serde_json::json!({ "grounds": "the machine was lost" });
    let path = format!("/v1/endpoints/{}", own.id);
    world.officers.dpo.send(Method::DELETE, &path, &grounds).await.well();
    assert_eq!(own.call(Method::GET, "/v1/outward/groups", b"", OCTETS).await.status, 401);
    let again = world.officers.agreements.text("/v1/endpoints", &note).await;
    assert_eq!(again.status, 409, "{}", again.text);
    assert_eq!(own.call(Method::GET, "/v1/outward/groups", b"", OCTETS).await.status, 401);
    // Everybody else goes on.
    let answer = world.recipients[0].ask(&world.recipients[0].question()).await;
    assert_eq!(answer["status"], "answered", "{answer}\n{}", world.said());
}
