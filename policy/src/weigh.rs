//! From matching rules to a permit: the same steps whether casbin or our own reading of the rules
//! says which ones match.

use std::collections::{BTreeMap, BTreeSet};

use agreements::transformation::PseudonymPolicy;
use agreements::{ElementPath, PurposeId, Transformation};

use crate::decision::{Permit, SearchBy};
use crate::request::{Asked, Request, Term, TermForm};
use crate::rule::{Right, Rule, RuleSet};

/// The word of a right, without what goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Give,
    Search,
    SearchKnown,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Give => Right::Give(Transformation::Withhold).word(),
            Self::Search => Right::Search.word(),
            Self::SearchKnown => Right::SearchKnown.word(),
        }
    }

    pub(crate) const fn is_of(self, right: Right) -> bool {
        matches!(
            (self, right),
            (Self::Give, Right::Give(_))
                | (Self::Search, Right::Search)
                | (Self::SearchKnown, Right::SearchKnown)
        )
    }
}

/// Says which rules match; none when the answer is to deny.
pub(crate) trait Matching<'r> {
    type Error;

    /// The allowing rules for one element, or none if any rule denies it or none allows it.
    fn matching(&self, kind: Kind, element: &ElementPath) -> Result<Vec<&'r Rule>, Self::Error>;
}

/// The purpose that governs a request, as a clause writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Governing {
    /// The one asked for where a clause writes it, else the narrowest that contains it.
    One(PurposeId),
    /// Several broader purposes, none of them within the others. Clauses of different purposes are
    /// not mixed, so the request must name one.
    Several,
    /// No clause for this recipient, role, dataset and action covers the purpose.
    None,
}

/// Finds the governing purpose. Clauses of different purposes have different domains, ceilings and
/// retention: a request is answered under the clauses of one.
pub(crate) fn governing(rules: &RuleSet, request: &Request) -> Governing {
    let candidates: BTreeSet<&PurposeId> = rules
        .rules()
        .iter()
        .filter(|rule| {
            rule.recipient == request.recipient
                && rule.role == request.role
                && rule.dataset == request.dataset
                && rule.action == request.action
                && rules.covers(&rule.purpose, &request.purpose)
        })
        .map(|rule| &rule.purpose)
        .collect();
    let within_all = |purpose: &PurposeId| candidates.iter().all(|other| rules.covers(other, purpose));
    match candidates.iter().find(|purpose| within_all(purpose)) {
        Some(purpose) => Governing::One((*purpose).clone()),
        None if candidates.is_empty() => Governing::None,
        None => Governing::Several,
    }
}

/// What the matching rules come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Weighed {
    Permit(Permit),
    /// The elements and terms that are not covered. Both are empty when the request asked for
    /// whatever is given and nothing is, or asked for nothing.
    Short {
        elements: Vec<ElementPath>,
        terms: Vec<Term>,
    },
}

/// Weighs a request whose governing purpose is `written`.
pub(crate) fn weigh<'r, M: Matching<'r>>(
    rules: &'r RuleSet,
    request: &Request,
    written: &PurposeId,
    rows: &M,
) -> Result<Weighed, M::Error> {
    let mut used = Vec::new();
    let mut given = BTreeMap::new();
    let mut short_elements = Vec::new();
    for element in asked(rules, request) {
        let found = rows.matching(Kind::Give, element)?;
        match strictest(&found) {
            Some(transformation) => {
                given.insert(element.clone(), transformation);
                used.extend(found);
            }
            None if request.elements == Asked::All => {}
            None => short_elements.push(element.clone()),
        }
    }
    let Searches { search, short: short_terms } = weigh_terms(request, rows, &mut used)?;
    if !short_elements.is_empty() || !short_terms.is_empty() || given.is_empty() {
        return Ok(Weighed::Short { elements: short_elements, terms: short_terms });
    }
    let randomise = search.values().any(|by| *by == SearchBy::Known);
    if randomise {
        for transformation in given.values_mut() {
            if matches!(transformation, Transformation::Pseudonymise(_)) {
                *transformation =
                    transformation.strictest(Transformation::Pseudonymise(PseudonymPolicy::DocumentRandomised));
            }
        }
    }
    Ok(Weighed::Permit(permit(rules, written, used, given, search, randomise)))
}

fn permit(
    rules: &RuleSet,
    written: &PurposeId,
    used: Vec<&Rule>,
    elements: BTreeMap<ElementPath, Transformation>,
    search: BTreeMap<ElementPath, SearchBy>,
    randomise: bool,
) -> Permit {
    let clauses: BTreeSet<_> = used.iter().map(|rule| &rule.id.clause).collect();
    let terms = || clauses.iter().filter_map(|id| Some((*id, rules.clauses.get(*id)?)));
    let named: BTreeSet<_> = used.iter().map(|rule| &rule.id).collect();
    Permit {
        rules: named.into_iter().cloned().collect(),
        purpose: written.clone(),
        elements,
        search,
        randomise,
        ceilings: terms().map(|(id, terms)| (id.clone(), terms.rows_per_day)).collect(),
        retention_days: terms().map(|(_, terms)| terms.retention_days).min().unwrap_or(0),
        clauses: clauses.into_iter().cloned().collect(),
    }
}

/// The elements to look at. `All` looks at each that any clause of this recipient names.
fn asked<'a>(rules: &'a RuleSet, request: &'a Request) -> BTreeSet<&'a ElementPath> {
    match &request.elements {
        Asked::These(elements) => elements.iter().collect(),
        Asked::All => rules
            .rules()
            .iter()
            .filter(|rule| rule.recipient == request.recipient && rule.dataset == request.dataset)
            .filter(|rule| Kind::Give.is_of(rule.right))
            .map(|rule| &rule.element)
            .collect(),
    }
}

/// How each term is searched, and the terms that are not covered.
struct Searches {
    search: BTreeMap<ElementPath, SearchBy>,
    short: Vec<Term>,
}

/// Decides each term as the element is given, whether or not the element is asked for.
fn weigh_terms<'r, M: Matching<'r>>(
    request: &Request,
    rows: &M,
    used: &mut Vec<&'r Rule>,
) -> Result<Searches, M::Error> {
    let mut search = BTreeMap::new();
    let mut short = Vec::new();
    for term in &request.terms {
        let found = rows.matching(Kind::Give, &term.element)?;
        let searchable = rows.matching(Kind::Search, &term.element)?;
        let by = match (term.form, strictest(&found)) {
            (TermForm::Value, Some(Transformation::Keep)) if !searchable.is_empty() => Some(SearchBy::Value),
            (TermForm::Pseudonym, Some(Transformation::Pseudonymise(PseudonymPolicy::Deterministic)))
                if !searchable.is_empty() =>
            {
                Some(SearchBy::Pseudonym)
            }
            (TermForm::Pseudonym, _) => None,
            (TermForm::Value, _) => {
                let known = rows.matching(Kind::SearchKnown, &term.element)?;
                let granted = !known.is_empty();
                used.extend(known);
                granted.then_some(SearchBy::Known)
            }
        };
        if matches!(by, Some(SearchBy::Value | SearchBy::Pseudonym)) {
            used.extend(found);
            used.extend(searchable);
        }
        // A second term for one element is refused: which of the two would be searched?
        match by {
            Some(by) if !search.contains_key(&term.element) => {
                search.insert(term.element.clone(), by);
            }
            _ => short.push(term.clone()),
        }
    }
    // A known person and a lasting pseudonym in one question: a hit would say that they are one,
    // which reverses the pseudonym.
    if search.values().any(|by| *by == SearchBy::Known) {
        let pseudonyms = |term: &&Term| search.get(&term.element) == Some(&SearchBy::Pseudonym);
        short.extend(request.terms.iter().filter(pseudonyms).cloned());
    }
    Ok(Searches { search, short })
}

/// The strictest transformation of the rules; none if there is no rule or nothing would go out.
fn strictest(found: &[&Rule]) -> Option<Transformation> {
    let transformations = found.iter().filter_map(|rule| match rule.right {
        Right::Give(transformation) => Some(transformation),
        Right::Search | Right::SearchKnown => None,
    });
    transformations.reduce(Transformation::strictest).filter(|strictest| *strictest != Transformation::Withhold)
}

/// Our own reading of the rules: explains, and gives casbin a second opinion.
pub(crate) struct Reading<'r, 'q> {
    pub(crate) rules: &'r RuleSet,
    pub(crate) request: &'q Request,
    pub(crate) written: &'q PurposeId,
}

impl<'r> Matching<'r> for Reading<'r, '_> {
    type Error = std::convert::Infallible;

    fn matching(&self, kind: Kind, element: &ElementPath) -> Result<Vec<&'r Rule>, Self::Error> {
        let Self { rules, request, written } = self;
        if !rules.is_valid_on(request.today) || !rules.covers(written, &request.purpose) {
            return Ok(Vec::new());
        }
        let matching: Vec<&Rule> = rules
            .rules()
            .iter()
            .filter(|rule| {
                rule.element == *element
                    && kind.is_of(rule.right)
                    && rule.recipient == request.recipient
                    && rule.role == request.role
                    && rule.dataset == request.dataset
                    && rule.action == request.action
                    && rule.purpose == **written
            })
            .collect();
        Ok(if matching.iter().any(|rule| rule.denies()) { Vec::new() } else { matching })
    }
}

/// [`weigh`] by our own reading.
pub(crate) fn read(rules: &RuleSet, request: &Request, written: &PurposeId) -> Weighed {
    match weigh(rules, request, written, &Reading { rules, request, written }) {
        Ok(weighed) => weighed,
        Err(never) => match never {},
    }
}
