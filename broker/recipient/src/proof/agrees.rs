//! Whether an entry, the message that it records and the question say the same.

use agreements::{RequestId, RoleId};
use audit::event::{Disclosure, Event, Form};
use exchange::content::{AnswerBody, Asked};
use exchange::{FromBroker, Manifest, Question};
use serde::{Deserialize, Serialize};

use super::clauses::Covering;
use super::{Expected, ProofFailure, Recorded};
use crate::records;

/// A question as it is kept by the program that asked it; personal, so without `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptQuestion {
    /// The question.
    pub question: Question,
    /// The role in which the officer asked.
    pub role: RoleId,
}

/// Checks that particulars and body say the same, of this authority, this agreement and, where
/// the message names one, of a question asked here.
///
/// # Errors
/// [`ProofFailure::Differs`] naming the part; [`ProofFailure::NotAsked`] when data comes that
/// nobody here asked for.
pub fn agrees(
    recorded: &Recorded,
    sequence: u64,
    event: &Event,
    body: &FromBroker,
    question: Option<&KeptQuestion>,
    expected: &Expected<'_>,
) -> Result<(), ProofFailure> {
    let check = Check { index: recorded.index };
    check.same(event.recipient() == Some(expected.authority), "the recipient")?;
    check.same(event.agreement() == Some(expected.agreement), "the agreement")?;
    check.same(event.sequence() == Some(sequence), "the number of the message")?;
    match (event, body) {
        (Event::Disclosure(event), FromBroker::Answer { manifest, body }) => {
            let question =
                question.ok_or(ProofFailure::NotAsked { index: recorded.index, request: manifest.request })?;
            disclosure(&check, event, manifest, body, expected)?;
            asked(&check, event, manifest, question)?;
            covered(&check, event, manifest, question, expected)?;
            duration(&check, recorded, manifest)
        }
        (
            Event::Refusal { request: recorded_request, dimension: recorded_dimension, .. },
            FromBroker::Refusal { request, dimension, .. },
        ) => {
            check.same(recorded_request == request, "the request")?;
            check.same(recorded_dimension == dimension, "the dimension")
        }
        (
            Event::Problem { request: recorded_request, status: recorded_status, code: recorded_code, .. },
            FromBroker::Problem { request, status, code, .. },
        ) => {
            check.same(recorded_request == request, "the request")?;
            check.same(recorded_status == status, "the status")?;
            check.same(recorded_code == code, "the code")
        }
        (
            Event::Repeated { request: recorded_request, first: recorded_first, .. },
            FromBroker::Repeated { request, first },
        ) => {
            check.same(recorded_request == request, "the request")?;
            check.same(recorded_first == first && *first < recorded.index, "the first answer")
        }
        (
            Event::KeyDelivered { disclosure: recorded_disclosure, object: recorded_object, .. },
            FromBroker::Key { disclosure, object, .. },
        ) => {
            check.same(recorded_disclosure == disclosure, "the disclosure")?;
            check.same(recorded_object == object, "the object")
        }
        _ => check.same(false, "the kind of message"),
    }
}

struct Check {
    index: u64,
}

impl Check {
    fn same(&self, same: bool, what: &'static str) -> Result<(), ProofFailure> {
        if same { Ok(()) } else { Err(ProofFailure::Differs { index: self.index, what }) }
    }
}

fn disclosure(
    check: &Check,
    event: &Disclosure,
    manifest: &Manifest,
    body: &AnswerBody,
    expected: &Expected<'_>,
) -> Result<(), ProofFailure> {
    check.same(event.digest == expected.digest, "the digest of the agreement")?;
    check.same(event.digest == manifest.digest, "the digest of the agreement in the cover sheet")?;
    check.same(event.agreement == manifest.agreement, "the version of the agreement")?;
    check.same(event.request == manifest.request, "the request")?;
    check.same(event.disclosure == manifest.disclosure, "the disclosure")?;
    check.same(event.purpose == manifest.purpose, "the purpose")?;
    check.same(event.dataset == manifest.dataset, "the dataset")?;
    check.same(event.elements == manifest.elements, "the elements or what was done to them")?;
    check.same(event.records == manifest.records, "the number of records")?;
    check.same(event.retention_days == manifest.retention_days, "the retention")?;
    match (&event.form, body) {
        (Form::Inline {}, AnswerBody::Inline { records }) => {
            let found = records::count(manifest.format, records);
            check.same(found == manifest.records, "the number of records inside")
        }
        (Form::Object { object, header, ciphertext, bytes }, AnswerBody::Object { descriptor }) => {
            let described = &descriptor.header;
            let described_digest = agreements::digest_of(described).ok();
            check.same(*object == described.object, "the object")?;
            check.same(Some(*header) == described_digest, "the header of the object")?;
            check.same(*ciphertext == descriptor.ciphertext, "the hash of the object")?;
            check.same(*bytes == descriptor.ciphertext_bytes, "the size of the object")?;
            check.same(described.disclosure == manifest.disclosure, "the disclosure of the object")?;
            check.same(described.digest == manifest.digest, "the agreement of the object")?;
            check.same(described.request == manifest.request, "the request of the object")?;
            check.same(described.purpose == manifest.purpose, "the purpose of the object")?;
            check.same(described.elements == manifest.elements, "the elements of the object")
        }
        (Form::Inline {}, AnswerBody::Object { .. }) | (Form::Object { .. }, AnswerBody::Inline { .. }) => {
            check.same(false, "the form of the answer")
        }
    }
}

fn asked(
    check: &Check,
    event: &Disclosure,
    manifest: &Manifest,
    kept: &KeptQuestion,
) -> Result<(), ProofFailure> {
    let question = &kept.question;
    check.same(question.request == manifest.request, "the request")?;
    check.same(question.purpose == manifest.purpose, "the purpose and the question's")?;
    check.same(question.dataset == manifest.dataset, "the dataset and the question's")?;
    check.same(event.role == kept.role, "the role and the question's")?;
    check.same(event.action == question.action, "the action and the question's")?;
    match &question.elements {
        Asked::All => Ok(()),
        Asked::These(asked) => {
            let none_else = manifest.elements.keys().all(|element| asked.contains(element));
            check.same(none_else, "the elements and the question's")
        }
    }
}

/// Nothing may come that the own side did not agree to receive, nor in a weaker form, whatever was
/// asked: the clauses in its own copy of the agreement say what may.
fn covered(
    check: &Check,
    event: &Disclosure,
    manifest: &Manifest,
    kept: &KeptQuestion,
    expected: &Expected<'_>,
) -> Result<(), ProofFailure> {
    let covering = Covering::find(expected.document, expected.authority, &kept.role, &kept.question);
    for (element, done) in &manifest.elements {
        check.same(covering.gives(element), "an element and the clauses that your authority signed")?;
        check.same(
            covering.as_strict(element, *done),
            "what was done to an element and the clauses that your authority signed",
        )?;
    }
    let agreed = covering.retention_days(&event.clauses);
    check.same(agreed.is_some(), "the clauses and those that your authority signed")?;
    check.same(
        agreed.is_some_and(|days| manifest.retention_days <= days),
        "the retention and the clauses that your authority signed",
    )
}

/// The date of deletion may not be later than the entry's day and the retention make it.
fn duration(check: &Check, recorded: &Recorded, manifest: &Manifest) -> Result<(), ProofFailure> {
    let day = recorded.leaf.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let latest = day.checked_add(jiff::Span::new().days(i64::from(manifest.retention_days)));
    check.same(latest.is_ok_and(|latest| manifest.delete_by <= latest), "the date of deletion")
}

/// The request that a message answers.
pub fn request_of(body: &FromBroker) -> Option<RequestId> {
    match body {
        FromBroker::Answer { manifest, .. } => Some(manifest.request),
        FromBroker::Refusal { request, .. } | FromBroker::Repeated { request, .. } => Some(*request),
        FromBroker::Problem { request, .. } => *request,
        FromBroker::Key { .. } => None,
    }
}
