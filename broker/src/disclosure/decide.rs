//! The decision, and the permit that it makes.

use std::sync::Arc;

use policy::{Decision, Permit, Request, Term, TermForm};
use pseudonym::Pseudonym;

use super::authenticate::Asked;
use super::refuse::Refused;
use super::{SpineError, refuse};
use crate::app::App;
use crate::governed::Governed;

/// A question with the permit that the agreement in force gives it. It is made by [`decide`] alone,
/// is used once, and names its own recipient, so that it cannot be used for another's question.
pub struct Permitted {
    pub(super) asked: Asked,
    pub(super) permit: Permit,
    pub(super) governed: Arc<Governed>,
    /// Policy epoch at which the decision was made.
    pub(super) decided_at: u64,
}

pub(super) enum Decided {
    Permitted(Box<Permitted>),
    Refused(Box<Refused>),
}

/// Decides a question. Nothing has been fetched yet, whatever the answer.
pub(super) fn decide(app: &App, asked: Asked) -> Result<Decided, SpineError> {
    let standing = app.standing.load();
    let decided_at = standing.policy_epoch();
    if asked.question.agreement != asked.group.agreement {
        return Ok(Decided::Refused(Box::new(refuse::elsewhere(app, asked))));
    }
    if app.blocked.holds(&asked.question.agreement) {
        return Ok(Decided::Refused(Box::new(refuse::stopped(asked))));
    }
    let Some(governed) = app.governed.load().get(&asked.question.agreement).cloned() else {
        return Ok(Decided::Refused(Box::new(refuse::not_open(app, asked))));
    };
    let today = app.today();
    if !governed.is_open(today) {
        return Ok(Decided::Refused(Box::new(refuse::not_open(app, asked))));
    }
    let request = Request {
        recipient: asked.recipient.clone(),
        role: asked.statement.role.clone(),
        dataset: asked.question.dataset.clone(),
        action: asked.question.action,
        purpose: asked.question.purpose.clone(),
        elements: match &asked.question.elements {
            exchange::content::Asked::All => policy::Asked::All,
            exchange::content::Asked::These(elements) => policy::Asked::These(elements.clone()),
        },
        terms: asked
            .question
            .terms
            .iter()
            .map(|term| Term {
                element: term.element.clone(),
                form: if Pseudonym::is_form(&term.value) { TermForm::Pseudonym } else { TermForm::Value },
            })
            .collect(),
        today,
    };
    // Some milliseconds of work: the other calls of this thread go on elsewhere.
    let decided = tokio::task::block_in_place(|| governed.pdp.decide(&request));
    match decided.map_err(|error| SpineError::Decision(error.to_string()))? {
        Decision::Permit(permit) => {
            Ok(Decided::Permitted(Box::new(Permitted { asked, permit, governed, decided_at })))
        }
        Decision::Deny(refusal) => Ok(Decided::Refused(Box::new(refuse::by_policy(asked, governed, refusal)))),
    }
}
