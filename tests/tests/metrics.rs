//! The figures at `/metrics`: there only where they are asked for, true, and without anything that
//! tells of a person, a trader or an authority.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use reqwest::Method;
use serde_json::json;
use tests::harness::{Officer, Question, World, address};

const ROUTES: &str = include_str!("../../docs/src/reference/routes.md");
const WIRE: &str = include_str!("../../docs/src/reference/wire.md");
const PAGE: &str = include_str!("../../docs/src/reference/metrics.md");

/// What must stand nowhere: parts of numbers, names, cases, values and ids that the test has used.
const NEVER: [&str; 10] = [
    "NL-0",
    "BE-2",
    "be-customs",
    "nl-customs",
    "CASE",
    "NL0004",
    "Zuiderzee",
    "Rotterdam",
    "import",
    "Marketing",
];

/// The labels of a line.
fn labels(line: &str) -> Vec<(&str, &str)> {
    let Some((_, rest)) = line.split_once('{') else { return Vec::new() };
    let (inside, _) = rest.rsplit_once('}').expect("a closing brace");
    let pairs = inside.split("\",").map(|pair| pair.split_once("=\"").expect("a pair"));
    pairs.map(|(key, value)| (key, value.trim_end_matches('"'))).collect()
}

fn is_word_of_the_program(key: &str, value: &str) -> bool {
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    match key {
        "operation" | "dimension" | "code" => word(value),
        "door" => matches!(value, "inward" | "outward"),
        "method" => matches!(value, "GET" | "POST" | "PATCH" | "DELETE" | "HEAD" | "other"),
        "status" => value.len() == 3 && value.parse::<u16>().is_ok(),
        "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
        "route" => {
            let known = |page: &str| page.contains(&format!(" {}`", value.replace("{*", "{")));
            value == "none" || known(ROUTES) || known(WIRE)
        }
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_true_and_no_label_tells_of_anybody() {
    let mut world = World::new(1).await;
    let nobody = Officer::nobody(world.inward);
    for door in [world.inward, world.outward] {
        assert_eq!(Officer::nobody(door).get("/metrics").await.status, 404, "{door}");
    }
    world.stop().await;
    let (path, figures) = (world.root().join("nl-customs/transire.toml"), address());
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("metrics_listen = \"{figures}\"\n{config}")).unwrap();
    world.start().await.expect("the broker starts");

    let customs = &world.recipients[0];
    assert_eq!(customs.ask(&customs.question()).await["status"], "answered");
    let wrong = Question { purpose: "dpv:Marketing".to_owned(), ..customs.question() };
    assert_eq!(customs.ask(&wrong).await["status"], "refused");
    let given = json!({ "officer": "NL-0003", "password": "a wrong guess" });
    assert_eq!(nobody.post("/v1/sessions", &given).await.status, 401);
    let body = json!({ "roles": [], "active": false });
    let dpo = &world.officers.dpo;
    assert_eq!(dpo.send(Method::PATCH, "/v1/officers/NL-0003", &body).await.status, 403);
    assert_eq!(dpo.get("/v1/officers/NL-0003/secrets").await.status, 404);

    let read = Officer::nobody(figures).get("/metrics").await.well().text;
    for line in [
        r#"transire_entries_total{operation="disclosure"} 1"#,
        r#"transire_refusals_total{dimension="purpose"} 1"#,
        r#"transire_http_requests_total{door="inward",method="POST",route="/v1/sessions",status="401"} 1"#,
        r#"transire_http_requests_total{door="inward",method="PATCH",route="/v1/officers/{number}",status="403"} 1"#,
        r#"transire_http_requests_total{door="inward",method="GET",route="none",status="404"} 1"#,
        "transire_groups 2",
        "transire_sessions 4",
    ] {
        assert!(read.lines().any(|one| one == line), "no `{line}` in\n{read}");
    }
    assert!(
        read.contains(r#"door="outward",method="POST",route="/v1/outward/groups/{group}/messages""#),
        "{read}"
    );
    for line in read.lines().filter(|line| !line.starts_with('#')) {
        for (key, value) in labels(line) {
            assert!(is_word_of_the_program(key, value), "{key}=\"{value}\" in `{line}`");
        }
        let name = line.split(['{', ' ']).next().unwrap();
        let name = ["_bucket", "_sum", "_count"].iter().fold(name, |name, end| name.trim_end_matches(end));
        assert!(PAGE.contains(&format!("| `{name}` |")), "`{name}` is not on its page");
    }
    for never in NEVER {
        assert!(!read.contains(never), "`{never}` stands in\n{read}");
    }
}
