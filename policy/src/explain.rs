//! Why a request is refused: in full for the provider, in the asker's own words for the asker.
//!
//! A part of the request is named only if it alone is wrong: with another value in its place, and
//! all else as asked, the request would pass. The asker is never told which value would have
//! passed, and only clauses to which the asker is a party are looked at. If more than one part is
//! wrong, or it cannot be said which, the answer is one and the same: no clause covers this.

use std::collections::BTreeSet;

use agreements::{Action, ClauseId, DatasetId, ElementPath, RoleId, Transformation};

use crate::decision::{Dimension, Refusal};
use crate::request::{Asked, Request, Term, TermForm};
use crate::rule::{Right, Rule, RuleSet};
use crate::weigh::{Governing, Kind, Weighed, governing, read};

/// What every asker is told who is not told more.
pub const NO_CLAUSE: &str = "no clause covers this";

/// Explains a request that the rules do not permit.
pub fn explain(rules: &RuleSet, request: &Request) -> Refusal {
    let cause = cause(rules, request);
    let plain = plain(rules, request, &cause);
    let mut whole = vec![first_line(request, &cause, &plain)];
    whole.extend(clause_lines(rules, request));
    Refusal { dimension: cause.dimension(), whole, plain }
}

/// What alone is wrong.
enum Cause {
    Header(Dimension),
    SeveralPurposes,
    Elements(Vec<ElementPath>),
    Terms(Vec<Term>),
    Unclear,
}

impl Cause {
    fn dimension(&self) -> Dimension {
        match self {
            Self::Header(dimension) => dimension.clone(),
            Self::SeveralPurposes => Dimension::Purpose,
            Self::Elements(elements) => match elements.first() {
                Some(element) => Dimension::Element(element.clone()),
                None => Dimension::NoClause,
            },
            Self::Terms(terms) => match terms.first() {
                Some(term) => Dimension::Search(term.element.clone()),
                None => Dimension::NoClause,
            },
            Self::Unclear => Dimension::NoClause,
        }
    }
}

fn cause(rules: &RuleSet, request: &Request) -> Cause {
    if rules.is_valid_on(request.today) {
        match governing(rules, request) {
            Governing::Several => {
                let one_passes = purposes(rules, request).into_iter().any(|other| passes(rules, &other));
                return if one_passes { Cause::SeveralPurposes } else { Cause::Unclear };
            }
            Governing::One(written) => {
                return match read(rules, request, &written) {
                    Weighed::Short { elements, terms } if terms.is_empty() && !elements.is_empty() => {
                        Cause::Elements(elements)
                    }
                    Weighed::Short { elements, terms } if elements.is_empty() && !terms.is_empty() => {
                        let given = Request { terms: Vec::new(), ..request.clone() };
                        if passes(rules, &given) { Cause::Terms(terms) } else { Cause::Unclear }
                    }
                    Weighed::Short { .. } | Weighed::Permit(_) => Cause::Unclear,
                };
            }
            Governing::None => {}
        }
    }
    let mut wrong = header_parts(rules, request);
    match (wrong.pop(), wrong.is_empty()) {
        (Some(dimension), true) => Cause::Header(dimension),
        _ => Cause::Unclear,
    }
}

/// The parts of the header of which another value would make the request pass.
fn header_parts(rules: &RuleSet, request: &Request) -> Vec<Dimension> {
    let own: Vec<&Rule> = rules.rules().iter().filter(|rule| rule.recipient == request.recipient).collect();
    if !rules.is_valid_on(request.today) {
        let on_another_day = Request { today: rules.validity.from, ..request.clone() };
        return if passes(rules, &on_another_day) { vec![Dimension::Validity] } else { Vec::new() };
    }
    let roles: BTreeSet<_> = own.iter().map(|rule| &rule.role).collect();
    let actions: BTreeSet<_> = own.iter().map(|rule| rule.action).collect();
    let datasets: BTreeSet<_> = own.iter().map(|rule| &rule.dataset).collect();
    let with_role = |role: &&RoleId| Request { role: (*role).clone(), ..request.clone() };
    let with_action = |action: &Action| Request { action: *action, ..request.clone() };
    let with_dataset = |dataset: &&DatasetId| Request { dataset: (*dataset).clone(), ..request.clone() };
    let any = |others: Vec<Request>| others.iter().any(|other| passes(rules, other));
    let wrong = [
        (Dimension::Purpose, any(purposes(rules, request))),
        (Dimension::Role, any(roles.iter().map(with_role).collect())),
        (Dimension::Action, any(actions.iter().map(with_action).collect())),
        (Dimension::Dataset, any(datasets.iter().map(with_dataset).collect())),
    ];
    wrong.into_iter().filter_map(|(dimension, alone)| alone.then_some(dimension)).collect()
}

/// The request under each purpose of the recipient's clauses.
fn purposes(rules: &RuleSet, request: &Request) -> Vec<Request> {
    let own = rules.rules().iter().filter(|rule| rule.recipient == request.recipient);
    let purposes: BTreeSet<_> = own.map(|rule| &rule.purpose).collect();
    purposes.into_iter().map(|purpose| Request { purpose: purpose.clone(), ..request.clone() }).collect()
}

fn passes(rules: &RuleSet, request: &Request) -> bool {
    match governing(rules, request) {
        Governing::One(written) => matches!(read(rules, request, &written), Weighed::Permit(_)),
        Governing::Several | Governing::None => false,
    }
}

/// What the asker is told.
fn plain(rules: &RuleSet, request: &Request, cause: &Cause) -> String {
    let agreement = &rules.agreement().id;
    let not_covered = |what: &str, name: &str| {
        format!("the {what} `{name}` is not covered by agreement `{agreement}` for your authority")
    };
    match cause {
        Cause::Header(Dimension::Purpose) => not_covered("purpose", request.purpose.as_str()),
        Cause::Header(Dimension::Role) => not_covered("role", request.role.as_str()),
        Cause::Header(Dimension::Action) => not_covered("action", request.action.as_str()),
        Cause::Header(Dimension::Dataset) => not_covered("dataset", request.dataset.as_str()),
        Cause::Header(Dimension::Validity) => {
            format!("agreement `{agreement}` is not valid on {}", request.today)
        }
        Cause::SeveralPurposes => format!(
            "agreement `{agreement}` covers the purpose `{}` only within several broader ones: name the one for which you ask",
            request.purpose
        ),
        Cause::Elements(elements) => {
            let (word, verb) = if elements.len() == 1 { ("element", "is") } else { ("elements", "are") };
            format!(
                "the {word} {} {verb} not covered by agreement `{agreement}` for your role and purpose",
                listed(elements.iter().map(|element| format!("`{element}`")))
            )
        }
        Cause::Terms(terms) => format!(
            "a search {} is not covered by agreement `{agreement}` for your role and purpose",
            listed(terms.iter().map(in_words))
        ),
        Cause::Unclear
        | Cause::Header(
            Dimension::Element(_)
            | Dimension::Search(_)
            | Dimension::Ceiling
            | Dimension::Suspended
            | Dimension::NotInForce
            | Dimension::NoClause,
        ) => NO_CLAUSE.to_owned(),
    }
}

fn in_words(term: &Term) -> String {
    match term.form {
        TermForm::Value => format!("by the value of `{}`", term.element),
        TermForm::Pseudonym => format!("by a pseudonym of `{}`", term.element),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: impl IntoIterator<Item = String>) -> String {
    let mut parts: Vec<String> = parts.into_iter().collect();
    match (parts.pop(), parts.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", parts.join(", ")),
    }
}

fn first_line(request: &Request, cause: &Cause, plain: &str) -> String {
    let recipient = &request.recipient;
    match cause {
        Cause::Unclear => format!(
            "`{recipient}`, role `{}`: no clause covers the request, or more than one part of it is not covered",
            request.role
        ),
        Cause::Header(_) | Cause::SeveralPurposes | Cause::Elements(_) | Cause::Terms(_) => {
            format!("`{recipient}`, role `{}`: {plain}", request.role)
        }
    }
}

/// For each clause of the recipient, what it does not cover.
fn clause_lines(rules: &RuleSet, request: &Request) -> Vec<String> {
    let own: Vec<&Rule> = rules.rules().iter().filter(|rule| rule.recipient == request.recipient).collect();
    let clauses: BTreeSet<&ClauseId> = own.iter().map(|rule| &rule.id.clause).collect();
    if clauses.is_empty() {
        return vec![format!("no clause has `{}` as a recipient", request.recipient)];
    }
    let line = |clause: &ClauseId| {
        let of_clause: Vec<&Rule> = own.iter().filter(|rule| rule.id.clause == *clause).copied().collect();
        let not_covered = not_covered(rules, request, &of_clause);
        if not_covered.is_empty() {
            format!("clause `{clause}` covers it, but not together with the others")
        } else {
            format!("clause `{clause}` does not cover {}", listed(not_covered))
        }
    };
    clauses.into_iter().map(line).collect()
}

/// The parts of the request that one clause does not cover.
fn not_covered(rules: &RuleSet, request: &Request, clause: &[&Rule]) -> Vec<String> {
    let mut parts = Vec::new();
    let mut check = |covered: bool, part: String| {
        if !covered {
            parts.push(part);
        }
    };
    check(rules.is_valid_on(request.today), format!("the day {}", request.today));
    check(clause.iter().any(|r| r.dataset == request.dataset), format!("the dataset `{}`", request.dataset));
    check(
        clause.iter().any(|r| r.action == request.action),
        format!("the action `{}`", request.action.as_str()),
    );
    check(
        clause.iter().any(|r| rules.covers(&r.purpose, &request.purpose)),
        format!("the purpose `{}`", request.purpose),
    );
    check(clause.iter().any(|r| r.role == request.role), format!("the role `{}`", request.role));
    let gives = |element: &ElementPath| {
        clause.iter().any(|r| r.element == *element && Kind::Give.is_of(r.right) && !r.denies())
    };
    if let Asked::These(elements) = &request.elements {
        let missing = elements.iter().filter(|element| !gives(element));
        parts.extend(missing.map(|element| format!("the element `{element}`")));
    }
    parts.extend(
        request
            .terms
            .iter()
            .filter(|term| !searches(clause, term))
            .map(|term| format!("a search {}", in_words(term))),
    );
    parts
}

/// Whether one clause by itself allows the search.
fn searches(clause: &[&Rule], term: &Term) -> bool {
    let mut of_element = clause.iter().filter(|rule| rule.element == term.element);
    let listed = of_element.clone().any(|rule| rule.right == Right::Search);
    match term.form {
        TermForm::Pseudonym => {
            listed && of_element.any(|r| matches!(r.right, Right::Give(Transformation::Pseudonymise(_))))
        }
        TermForm::Value => {
            of_element.clone().any(|rule| rule.right == Right::SearchKnown)
                || listed && of_element.any(|rule| rule.right == Right::Give(Transformation::Keep))
        }
    }
}
