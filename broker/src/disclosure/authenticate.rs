//! Who asks: the group says which endpoint, the statement says which officer and role.

use std::sync::Arc;

use agreements::statements::OfficerStatement;
use agreements::{Action, AuthorityId, Digest, EndpointId, Function, Note, NoteKey, RequestId};
use exchange::content::Question;
use jiff::SignedDuration;

use crate::app::App;
use crate::groups::LiveGroup;

/// How far the clock of another authority may run ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Longest case or justification, in bytes.
const MOST_WORDS: usize = 4_096;
/// Most terms in one question.
const MOST_TERMS: usize = 16;
/// Most elements in one question.
const MOST_ELEMENTS: usize = 512;
/// Longest value of a term, in bytes.
const LONGEST_VALUE: usize = 1_024;

/// A question whose sender and officer are known. It names people, so it has no `Debug`.
pub struct Asked {
    /// The group through which it came, and through which alone it is answered.
    pub(super) group: Arc<LiveGroup>,
    /// The authority that asks.
    pub(super) recipient: AuthorityId,
    /// Its endpoint.
    pub(super) endpoint: EndpointId,
    /// Place among the arrivals of the group.
    pub(super) position: u64,
    pub(super) question: Question,
    /// SHA-256 of the canonical question.
    pub(super) digest: Digest,
    pub(super) statement: OfficerStatement,
    /// The statement as it was signed, for the record.
    pub(super) note: String,
    /// The key that vouches for the officer.
    pub(super) vouched_by: NoteKey,
}

/// A message that is no question, or one that nobody vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unasked {
    /// The question, where its id could be read.
    pub(super) request: Option<RequestId>,
    /// Status, as in HTTP.
    pub(super) status: u16,
    /// One word.
    pub(super) code: &'static str,
    /// What the officer reads.
    pub(super) detail: &'static str,
}

/// A question and its envelope, as a message of the group gave them.
pub(super) struct Arrived {
    pub(super) group: Arc<LiveGroup>,
    pub(super) authority: AuthorityId,
    pub(super) endpoint: EndpointId,
    pub(super) position: u64,
    pub(super) question: Question,
    pub(super) note: String,
}

/// Checks the question's form and the statement that vouches for it.
pub(super) fn authenticate(app: &App, arrived: Arrived) -> Result<Asked, Unasked> {
    let Arrived { group, authority, endpoint, position, question, note } = arrived;
    let refuse = |status, code, detail| Unasked { request: Some(question.request), status, code, detail };
    if authority != group.recipient {
        return Err(refuse(400, "wrong-group", "this question belongs to another agreement"));
    }
    check_form(&question).map_err(|(code, detail)| refuse(400, code, detail))?;
    let now = app.clock.now();
    if question.asked_at > now.saturating_add(AHEAD).unwrap_or(now) {
        return Err(refuse(
            400,
            "from-the-future",
            "the question is dated later than this moment; check the clock",
        ));
    }
    let age = SignedDuration::from_hours(i64::from(app.config.limits.question_age_hours));
    if now.duration_since(question.asked_at) > age {
        return Err(refuse(400, "stale", "the question is too old; ask again"));
    }
    let digest = question.digest().map_err(|_| refuse(400, "malformed", "the question cannot be read"))?;
    let (statement, vouched_by) = vouched(app, &authority, &note)
        .ok_or_else(|| refuse(401, "not-vouched-for", "nobody who may do so vouches for this officer"))?;
    let same = statement.authority == authority
        && statement.request == digest
        && statement.purpose == question.purpose
        && statement.case == question.case
        && statement.asked_at == question.asked_at;
    if !same {
        return Err(refuse(401, "another-statement", "the officer's statement was made for another question"));
    }
    Ok(Asked { group, recipient: authority, endpoint, position, question, digest, statement, note, vouched_by })
}

fn vouched(app: &App, authority: &AuthorityId, note: &str) -> Option<(OfficerStatement, NoteKey)> {
    let note = Note::parse(note).ok()?;
    let standing = app.standing.load();
    standing.directory(authority)?.verified(&note, Function::Statements).ok()
}

fn check_form(question: &Question) -> Result<(), (&'static str, &'static str)> {
    if question.case.trim().is_empty() || question.justification.trim().is_empty() {
        return Err(("no-justification", "say the case and why the data is needed"));
    }
    if question.case.len() > MOST_WORDS || question.justification.len() > MOST_WORDS {
        return Err(("too-long", "the case or the justification is longer than 4,096 bytes"));
    }
    if let exchange::content::Asked::These(elements) = &question.elements
        && elements.len() > MOST_ELEMENTS
    {
        return Err(("too-many-elements", "at most 512 elements can be asked for at once"));
    }
    match (question.action, question.terms.len()) {
        (Action::Consult, 0) => {
            Err(("nothing-sought", "say what is sought: at least one element and its value"))
        }
        (Action::Bulk, 1..) => {
            Err(("bulk-with-search", "a bulk disclosure takes the whole dataset and no search"))
        }
        (_, terms) if terms > MOST_TERMS => {
            Err(("too-many-terms", "at most 16 elements can be searched at once"))
        }
        _ if question
            .terms
            .iter()
            .any(|term| term.value.trim().is_empty() || term.value.len() > LONGEST_VALUE) =>
        {
            Err(("bad-value", "a value that is sought is empty or longer than 1,024 bytes"))
        }
        _ => Ok(()),
    }
}
