//! What is inside a sealed message reads as it was written, and takes nothing it does not know.

use std::collections::BTreeMap;

use agreements::{
    Action, AgreementId, AgreementVersion, DatasetId, Digest, DisclosureId, ElementPath, ObjectId, PurposeId,
    RecordFormat, RequestId, Transformation,
};
use exchange::content::{
    AnswerBody, Asked, ContentError, Envelope, FromBroker, FromRecipient, Manifest, ParticularsOpening,
    Question, QuestionTerm, decode, encode,
};
use exchange::{Kind, ObjectKey};
use zeroize::Zeroizing;

use crate::world::now;

fn question(elements: Asked) -> Question {
    Question {
        request: RequestId::from_bytes([1; 16]),
        agreement: AgreementId::parse("NL-BE-2026-04").unwrap(),
        purpose: PurposeId::parse("customs:RiskManagement").unwrap(),
        dataset: DatasetId::parse("import-declarations").unwrap(),
        action: Action::Consult,
        elements,
        terms: vec![QuestionTerm { element: path("declaration.number"), value: "26NL1".to_owned() }],
        case: "BE-1".to_owned(),
        justification: "selected at the border".to_owned(),
        asked_at: now(),
    }
}

fn path(text: &str) -> ElementPath {
    ElementPath::parse(text).unwrap()
}

fn envelope(body: FromBroker) -> Envelope {
    let opening =
        ParticularsOpening { salt: "00".repeat(32), values: serde_json::json!({"operation": "state"}) };
    Envelope { index: 4, sequence: 1, previous: String::new(), opening, body }
}

fn manifest() -> Manifest {
    Manifest {
        disclosure: DisclosureId::from_bytes([2; 16]),
        request: RequestId::from_bytes([1; 16]),
        agreement: AgreementVersion { id: AgreementId::parse("NL-BE-2026-04").unwrap(), version: 1 },
        digest: Digest::of(b"agreement"),
        purpose: PurposeId::parse("customs:RiskManagement").unwrap(),
        dataset: DatasetId::parse("import-declarations").unwrap(),
        format: RecordFormat::Json,
        elements: BTreeMap::from([(path("goods.value"), Transformation::GeneraliseNumber { band: 1000 })]),
        records: 1,
        retention_days: 365,
        delete_by: jiff::civil::date(2027, 11, 22),
        onward_transfer: "none".to_owned(),
    }
}

#[test]
fn what_an_endpoint_says_reads_as_it_was_written() {
    for elements in [Asked::All, Asked::These(vec![path("goods.value"), path("goods.hs_code")])] {
        let question = question(elements);
        let digest = question.digest().unwrap();
        let said = FromRecipient::Question { question, statement: "note".to_owned() };
        assert_eq!(said.kind(), Kind::Question);
        let read: FromRecipient = decode(&encode(&said).unwrap()).unwrap();
        assert!(read == said);
        let FromRecipient::Question { question, .. } = read else { panic!("another kind") };
        assert_eq!(question.digest().unwrap(), digest);
    }
    let text = serde_json::to_string(&question(Asked::All)).unwrap();
    assert!(text.contains(r#""elements":"all""#) && text.contains(r#""where":["#));
    for bad in [r#""elements":[]"#, r#""elements":"some""#, r#""elements":"all","more":1"#] {
        assert!(serde_json::from_str::<Question>(&text.replace(r#""elements":"all""#, bad)).is_err());
    }
}

#[test]
fn what_the_broker_says_reads_as_it_was_written() {
    let request = RequestId::from_bytes([1; 16]);
    let disclosure = DisclosureId::from_bytes([2; 16]);
    let bodies = [
        FromBroker::Answer { manifest: manifest(), body: AnswerBody::Inline { records: "{}\n".to_owned() } },
        FromBroker::Refusal { request, dimension: "purpose".to_owned(), plain: "not covered".to_owned() },
        FromBroker::Problem { request: None, status: 400, code: "malformed".to_owned(), detail: String::new() },
        FromBroker::Repeated { request, first: 3 },
        FromBroker::Key {
            disclosure,
            object: ObjectId::from_bytes([3; 16]),
            key: ObjectKey::from_bytes(Zeroizing::new([9; 32])),
        },
    ];
    for body in bodies {
        let envelope = envelope(body);
        let bytes = encode(&envelope).unwrap();
        assert!(decode::<Envelope>(&bytes).unwrap() == envelope);
    }
}

#[test]
fn an_error_of_reading_never_says_a_value() {
    let said = FromRecipient::Question { question: question(Asked::All), statement: "note".to_owned() };
    let text = serde_json::to_string(&said).unwrap();
    let bad = text.replace("consult", "Mrs Jansen");
    let value: serde_json::Value = serde_json::from_str(&bad).unwrap();
    let Err(error) = decode::<FromRecipient>(&encode(&value).unwrap()) else { panic!("was read") };
    assert!(matches!(error, ContentError::Malformed { .. }));
    assert!(!format!("{error} {error:?}").contains("Jansen"));
}
