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
use tests::harness::{Endpoint, Officer, PASSWORD, World};

const OCTETS: &str = "application/octet-stream";
const OFFICER: &str = "NL-0003";

/// The table of routes and roles; a test of the broker holds it to the code.
const PAGE: &str = include_str!("../../docs/src/reference/routes.md");

/// An inward route, as the page has it.
struct Route {
    name: &'static str,
    /// The path, with something that is not there for every parameter.
    path: String,
    /// What nobody, administrator, agreements, source and DPO get: `yes`, 401 or 403.
    cells: Vec<&'static str>,
}

fn routes() -> Vec<Route> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let routes: Vec<Route> = rows
        .filter_map(|row| {
            let (name, rest) = row.split_once(' ')?;
            let (path, rest) = rest.split_once("` |")?;
            let cells = rest.trim_end_matches('|').split('|').skip(1).map(str::trim).collect();
            let mut path = path
                .replace("/datasets/{id}", "/datasets/import-declarations")
                .replace("/agreements/{id}", "/agreements/NL-BE-FR-2026-04")
                .replace("{version}", "9")
                .replace("{number}", "NL-0999")
                .replace("{endpoint}", "nobody-there");
            if path.ends_with("/entries") || path.ends_with("/export") {
                path.push_str("?grounds=lawfulness");
            }
            Some(Route { name, path, cells })
        })
        .collect();
    assert!(routes.len() > 20 && routes.iter().all(|route| route.cells.len() == 5), "{}", routes.len());
    routes
}

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

/// Bodies, good and bad, of every kind.
fn bodies(path: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (kind, body) = harmless(path);
    vec![
        (kind, body),
        ("application/json", b"{".to_vec()),
        ("x/y", b"{}".to_vec()),
        ("text/plain", vec![0xff, 0xfe]),
        ("application/json", Vec::new()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_inward_route_is_for_the_roles_that_it_names_and_for_nobody_else() {
    let world = World::new(1).await;
    let nobody = Officer::nobody(world.inward);
    let mut stale = Officer::nobody(world.inward);
    stale.token = "A".repeat(43);
    for Route { name, path, cells } in routes() {
        if path == "/v1/sessions" {
            continue;
        }
        let mut callers = vec![("nobody", &nobody, cells[0]), ("a session that is not", &stale, cells[0])];
        let roles = officers(&world).into_iter().zip(&cells[1..]);
        callers.extend(roles.map(|((role, officer), cell)| (role, officer, *cell)));
        for (who, officer, cell) in callers {
            for (kind, body) in bodies(&path) {
                let answer = officer.call(method(name), &path, Some(kind), body).await;
                let told = format!("{name} {path} as {kind} by {who}: {} {}", answer.status, answer.text);
                match cell {
                    "yes" => assert!(!matches!(answer.status, 401 | 403 | 500..), "{told}"),
                    refused => assert_eq!(answer.status.to_string(), refused, "{told}"),
                }
            }
            // Nor does a query or a path that is not one change the answer.
            let odd = format!("{}?%ff=%ff", path.replace("/9", "/nine").split('?').next().unwrap());
            let answer = officer.call(method(name), &odd, None, Vec::new()).await;
            let told = format!("{name} {odd} by {who}: {} {}", answer.status, answer.text);
            assert!(cell == "yes" || answer.status.to_string() == cell, "{told}");
        }
    }
    for unknown in ["/", "/v1", "/v1/nothing", "/v1/log", "/v1/log/entries/"] {
        let answer = world.officers.dpo.get(unknown).await;
        assert_eq!(answer.status, 404, "{unknown}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_guesses_passwords_keeps_no_officer_out() {
    let world = World::new(1).await;
    let nobody = Officer::nobody(world.inward);
    // A number that is nobody's is answered in the same way, so that guessing tells no numbers.
    for number in [OFFICER, "NL-9999"] {
        let mut told = Vec::new();
        for guess in 0..12 {
            let given = serde_json::json!({ "officer": number, "password": format!("a wrong guess {guess}") });
            told.push(nobody.post("/v1/sessions", &given).await.status);
        }
        let (looked_at, waiting) = told.split_at(5);
        assert!(looked_at.iter().all(|status| *status == 401), "{number}: {told:?}");
        assert!(waiting.iter().filter(|status| **status == 429).count() >= 5, "{number}: {told:?}");
    }
    let given = serde_json::json!({ "officer": OFFICER, "password": PASSWORD });
    let start = std::time::Instant::now();
    loop {
        let answer = nobody.post("/v1/sessions", &given).await;
        if answer.status == 201 {
            break;
        }
        assert_eq!(answer.status, 429, "{}", answer.text);
        assert!(start.elapsed().as_secs() < 10, "locked out: {}", answer.text);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
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
    let changing = routes().into_iter().filter(|route| route.name != "GET" && route.path != "/v1/sessions");
    for Route { name, path: route, .. } in changing {
        for (what, body) in hostile() {
            for kind in
                ["application/json", "text/plain; charset=utf-8", "application/jsonl", "text/csv", "x/y"]
            {
                for (role, officer) in officers(&world) {
                    let call = officer.try_call(method(name), &route, Some(kind), body.clone()).await;
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
        // Nor does a path or a query that is not one tell a stranger anything else.
        for odd in [path.replace(&group, "zz"), format!("{path}?after=-1")] {
            let answer = stranger.call(method.clone(), &odd, body, OCTETS).await;
            assert_eq!(answer.status, 401, "a stranger: {odd}");
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
    // An offer of packages may be larger than a message.
    let offer = vec![b' '; 2_000_000];
    for (path, body, kind, status) in [
        (messages.as_str(), b"x".as_slice(), "application/json", 415),
        (messages.as_str(), b"", OCTETS, 413),
        (messages.as_str(), huge.as_slice(), OCTETS, 413),
        ("/v1/outward/groups/00000000000000000000000000000000/messages", b"x", OCTETS, 404),
        ("/v1/outward/groups/zz/messages", b"x", OCTETS, 404),
        ("/v1/outward/key-packages", b"{", "application/json", 400),
        ("/v1/outward/key-packages", offer.as_slice(), "application/json", 400),
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
