//! The signature on outward calls.

use agreements::{Digest, EndpointId, NoteKey};
use exchange::EndpointKey;
use exchange::http_signature::{Call, Caller, SignatureError, sign, verify};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::world::endpoint_id;

const CALL: Call<'static> = Call {
    method: "POST",
    path: "/v1/outward/key-packages",
    query: Some("a=b&c=d"),
    range: None,
    body: b"{\"packages\":[]}",
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn key() -> EndpointKey {
    EndpointKey::from_seed(&Zeroizing::new([3; 32]))
}

fn signed() -> Vec<(&'static str, String)> {
    sign(&key(), &endpoint_id("be-desk-1"), &CALL, "checkpoint\n", at(1_800_000_000)).unwrap()
}

fn check(headers: &[(&str, String)], call: &Call<'_>, now: Timestamp) -> Result<Caller, SignatureError> {
    let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone());
    verify(header, call, now, |endpoint: &EndpointId| {
        (endpoint.as_str() == "be-desk-1").then(|| key().public())
    })
}

#[test]
fn a_signed_call_says_who_calls_and_what_it_holds() {
    let caller = check(&signed(), &CALL, at(1_800_000_059)).unwrap();
    assert_eq!(caller.endpoint, endpoint_id("be-desk-1"));
    assert_eq!(caller.checkpoint.as_deref(), Some("checkpoint\n"));
    let get = Call { method: "GET", path: "/v1/outward/groups", query: None, range: None, body: b"" };
    let headers = sign(&key(), &endpoint_id("be-desk-1"), &get, "", at(5)).unwrap();
    assert_eq!(check(&headers, &get, at(5)).unwrap().checkpoint, None);
}

#[test]
fn the_form_is_that_of_rfc_9421() {
    let headers = signed();
    let value = |name: &str| headers.iter().find(|(n, _)| *n == name).unwrap().1.clone();
    let params = "(\"@method\" \"@path\" \"@query\" \"content-digest\" \"transire-checkpoint\")\
                  ;created=1800000000;keyid=\"be-desk-1\";alg=\"ed25519\";tag=\"transire\"";
    assert_eq!(value("signature-input"), format!("transire={params}"));
    let base = format!(
        "\"@method\": POST\n\"@path\": /v1/outward/key-packages\n\"@query\": ?a=b&c=d\n\
         \"content-digest\": {}\n\"transire-checkpoint\": Y2hlY2twb2ludAo=\n\"@signature-params\": {params}",
        value("content-digest")
    );
    let raw = key().sign(base.as_bytes());
    assert!(NoteKey::new("x", *key().public().as_bytes()).unwrap().verifies(base.as_bytes(), &raw));
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(raw);
    assert_eq!(value("signature"), format!("transire=:{encoded}:"));
    let empty = base64::engine::general_purpose::STANDARD.encode(Digest::of(CALL.body).as_bytes());
    assert_eq!(value("content-digest"), format!("sha-256=:{empty}:"));
}

#[test]
fn the_part_that_is_wanted_is_signed_too() {
    let now = at(1_800_000_000);
    let call = Call { method: "GET", query: None, range: Some("bytes=100-"), body: b"", ..CALL };
    let headers = sign(&key(), &endpoint_id("be-desk-1"), &call, "", now).unwrap();
    assert!(headers.contains(&("range", "bytes=100-".to_owned())));
    assert!(headers.iter().any(|(_, value)| value.contains("\"transire-checkpoint\" \"range\")")));
    assert_eq!(check(&headers, &call, now).unwrap().range.as_deref(), Some("bytes=100-"));
    let another = Call { range: Some("bytes=101-"), ..call };
    assert_eq!(check(&headers, &another, now), Err(SignatureError::Forged(endpoint_id("be-desk-1"))));
    // Neither taken away nor added on the way.
    assert_eq!(check(&headers, &Call { range: None, ..call }, now), Err(SignatureError::Coverage));
    let whole = sign(&key(), &endpoint_id("be-desk-1"), &Call { range: None, ..call }, "", now).unwrap();
    assert_eq!(check(&whole, &call, now), Err(SignatureError::Coverage));
}

#[test]
fn a_call_that_was_changed_kept_or_forged_is_refused() {
    let headers = signed();
    let now = at(1_800_000_000);
    let endpoint = endpoint_id("be-desk-1");
    let forged = Err(SignatureError::Forged(endpoint));
    assert_eq!(check(&headers, &Call { method: "GET", ..CALL }, now), forged);
    assert_eq!(check(&headers, &Call { path: "/v1/outward/groups", ..CALL }, now), forged);
    assert_eq!(check(&headers, &Call { query: None, ..CALL }, now), forged);
    assert_eq!(check(&headers, &Call { body: b"{}", ..CALL }, now), Err(SignatureError::Body));
    assert_eq!(check(&headers, &CALL, at(1_800_000_061)), Err(SignatureError::Age));
    assert_eq!(check(&headers, &CALL, at(1_799_999_939)), Err(SignatureError::Age));

    let change = |name: &'static str, value: &dyn Fn(&str) -> String| {
        let mut headers = headers.clone();
        for (n, v) in &mut headers {
            if *n == name {
                *v = value(v);
            }
        }
        check(&headers, &CALL, now)
    };
    assert_eq!(change("transire-checkpoint", &|_| String::new()), forged);
    assert_eq!(change("signature-input", &|v| v.replace("1800000000", "1800000001")), forged);
    assert_eq!(change("signature-input", &|v| v.replace("\"@query\" ", "")), Err(SignatureError::Coverage));
    assert_eq!(change("signature-input", &|v| v.replace("ed25519", "hmac")), Err(SignatureError::Coverage));
    assert_eq!(
        change("signature-input", &|v| v.replace("\"@path\"", "\"@path\";req")),
        Err(SignatureError::Coverage)
    );
    assert_eq!(
        change("signature-input", &|v| v.replace("be-desk-1", "be-desk-2")),
        Err(SignatureError::UnknownEndpoint(endpoint_id("be-desk-2")))
    );
    assert_eq!(
        change("signature-input", &|v| format!("{v}, other=()")),
        Err(SignatureError::Malformed("signature-input"))
    );
    assert_eq!(
        change("signature", &|_| "transire=:AAAA:".to_owned()),
        Err(SignatureError::Malformed("signature"))
    );
    for name in ["content-digest", "transire-checkpoint", "signature-input", "signature"] {
        let without: Vec<_> = headers.iter().filter(|(n, _)| *n != name).cloned().collect();
        assert!(matches!(check(&without, &CALL, now), Err(SignatureError::Missing(n)) if n == name));
        for junk in ["", "\"", "=", "transire=(", "\u{0}", "transire=()", &"x".repeat(20_000)] {
            assert!(change(name, &|_| junk.to_owned()).is_err(), "{name}: {junk:?}");
        }
    }
}
