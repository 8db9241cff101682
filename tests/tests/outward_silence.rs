//! What passes the outward address names nobody and tells no purpose: everything is recorded during a
//! whole run and searched, as it is, out of base64 and out of hexadecimal.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use tests::harness::{Question, Recorded, World, declaration};

/// Shortest run of letters that is decoded.
const SHORTEST: usize = 8;

/// What must not be seen.
fn secrets(world: &World) -> Vec<String> {
    let mut secrets: Vec<String> =
        world.agreement.datasets[0].elements.iter().map(|element| element.path.to_string()).collect();
    secrets.retain(|path| path.contains('.'));
    secrets.extend(world.agreement.purposes.iter().map(|purpose| purpose.id.to_string()));
    for n in [3, 9] {
        let record = declaration(n);
        for element in ["name", "address", "eori", "vat", "iban", "passport"] {
            secrets.push(record["consignee"][element].as_str().unwrap().to_owned());
        }
        secrets.push(record["declaration"]["number"].as_str().unwrap().to_owned());
    }
    for text in [
        "Zuiderzee",
        "Kanaalkade",
        "Harbour Exporters",
        "Wilhelmina Achterberg",
        "BE-2041",
        "FR-0311",
        "CASE-77-QUAY",
        "weighing the Rotterdam tip",
        "risk-analyst",
        "case-officer",
        "RiskManagement",
        "PostClearanceControl",
        "Marketing",
        "NL000403",
        "hs_code",
        "portable computers",
    ] {
        secrets.push(text.to_owned());
    }
    secrets
}

/// Every stretch of at least [`SHORTEST`] characters of an alphabet.
fn runs(bytes: &[u8], of: fn(u8) -> bool) -> impl Iterator<Item = &[u8]> {
    bytes.split(move |byte| !of(*byte)).filter(|run| run.len() >= SHORTEST)
}

fn decoded(bytes: &[u8], engine: &GeneralPurpose, of: fn(u8) -> bool, into: &mut Vec<Vec<u8>>) {
    for run in runs(bytes, of) {
        // Text of another kind may stand before it: every one of the four ways to begin.
        for skip in 0..4 {
            let rest = run.get(skip..).unwrap_or_default();
            let whole = rest.get(..rest.len() / 4 * 4).unwrap_or_default();
            into.extend(engine.decode(whole));
            into.extend(engine.decode(rest));
        }
    }
}

fn readings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec()];
    decoded(bytes, &STANDARD_NO_PAD, |b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/', &mut all);
    decoded(bytes, &URL_SAFE_NO_PAD, |b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_', &mut all);
    for run in runs(bytes, |b| b.is_ascii_hexdigit()) {
        all.extend(hex::decode(run));
        all.extend(hex::decode(run.get(1..).unwrap_or_default()));
    }
    all
}

fn finds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

fn assert_silent(recorded: &Recorded, secrets: &[String]) {
    for part in [recorded.heads.as_bytes(), &recorded.sent, &recorded.answered] {
        for reading in readings(part) {
            for secret in secrets {
                assert!(!finds(&reading, secret), "`{secret}` passed the outward address: {}", recorded.heads);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_connection_is_cut_goes_on_where_it_stopped() {
    let world = World::recorded(1).await;
    let many: String = (1_000..1_400).map(|n| declaration(n).to_string() + "\n").collect();
    world.deposit(&many).await;
    let recorder = world.recorder.as_ref().unwrap();
    recorder.cut_the_next_object(20_000);
    let (customs, out) = (&world.recipients[0], world.root().join("bulk.jsonl"));
    let bulk =
        Question { action: "bulk".to_owned(), terms: Vec::new(), out: Some(out.clone()), ..customs.question() };
    let said = customs.ask(&bulk).await;
    assert_eq!(said["status"], "answered", "{said}");
    let lines = std::fs::read_to_string(out).unwrap().lines().count();
    assert_eq!(said["records"], lines);
    let seen = recorder.seen();
    let objects: Vec<&Recorded> =
        seen.iter().filter(|call| call.heads.contains("/v1/outward/objects/")).collect();
    let [whole, rest] = objects.as_slice() else { panic!("{} calls for an object", objects.len()) };
    assert!(rest.heads.contains("\"range\": \"bytes=20000-\"") && rest.heads.contains("206"), "{}", rest.heads);
    assert!(rest.heads.contains("\\\"range\\\""), "the range is signed: {}", rest.heads);
    assert_eq!(rest.answered, whole.answered.slice(20_000..));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_element_or_purpose_passes_the_outward_address() {
    let mut world = World::recorded(2).await;
    // More than fits into a message, so that the bulk goes as an object.
    let many: String = (1_000..1_400).map(|n| declaration(n).to_string() + "\n").collect();
    world.deposit(&many).await;
    let customs = &world.recipients[0];
    let answered = |said: serde_json::Value| assert_eq!(said["status"], "answered", "{said}");
    answered(customs.ask(&customs.question()).await);
    let out = world.root().join("bulk.jsonl");
    let bulk = Question { action: "bulk".to_owned(), terms: Vec::new(), out: Some(out), ..customs.question() };
    answered(customs.ask(&bulk).await);
    let case = Question {
        role: "case-officer".to_owned(),
        purpose: "customs:PostClearanceControl".to_owned(),
        terms: vec![format!(
            "declaration.number={}",
            declaration(3)["declaration"]["number"].as_str().unwrap()
        )],
        ..customs.question()
    };
    let said = customs.ask(&case).await;
    assert_eq!(said["data"][0]["consignee"]["name"], declaration(3)["consignee"]["name"], "{said}");
    let wrong = Question { purpose: "dpv:Marketing".to_owned(), ..customs.question() };
    assert_eq!(customs.ask(&wrong).await["status"], "refused");
    let statistics = &world.recipients[1];
    answered(statistics.ask(&statistics.question()).await);

    let secrets = secrets(&world);
    let seen = world.recorder.as_ref().unwrap().seen();
    assert!(seen.iter().any(|call| call.heads.contains("/v1/outward/objects/")), "no object passed");
    assert!(seen.iter().any(|call| call.heads.contains("/messages")), "no question passed");
    assert!(seen.len() > 10);
    for call in &seen {
        assert_silent(call, &secrets);
    }
    // The search itself finds what is hidden in each of the three ways.
    for hidden in
        [STANDARD_NO_PAD.encode("xZuiderzee"), URL_SAFE_NO_PAD.encode("Zuiderzee"), hex::encode("Zuiderzee")]
    {
        assert!(readings(hidden.as_bytes()).iter().any(|reading| finds(reading, "Zuiderzee")));
    }
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    assert!(log.of("key-delivered").count() == 1 && log.of("disclosure").count() == 4);
}
