//! What the clauses of an agreement say about a request, read as a lawyer would: clause by clause.

use std::collections::{BTreeMap, BTreeSet};

use agreements::transformation::PseudonymPolicy::{Deterministic, DocumentRandomised};
use agreements::{Agreement, Clause, ClauseId, ElementPath, PurposeId, Transformation};
use policy::{Asked, Request, SearchBy, TermForm};

#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub elements: BTreeMap<ElementPath, Transformation>,
    pub search: BTreeMap<ElementPath, SearchBy>,
    pub clauses: BTreeSet<ClauseId>,
    pub purpose: PurposeId,
}

fn contains(agreement: &Agreement, broad: &PurposeId, narrow: &PurposeId) -> bool {
    agreement.purpose_and_broader(narrow).contains(broad)
}

fn header<'a>(agreement: &'a Agreement, request: &'a Request) -> impl Iterator<Item = &'a Clause> {
    agreement.clauses.iter().filter(|clause| {
        clause.recipients.contains(&request.recipient)
            && clause.roles.contains(&request.role)
            && clause.dataset == request.dataset
            && clause.actions.contains(&request.action)
    })
}

pub fn purposes_that_cover(agreement: &Agreement, request: &Request) -> BTreeSet<PurposeId> {
    let written = header(agreement, request).flat_map(|clause| &clause.purposes);
    written.filter(|purpose| contains(agreement, purpose, &request.purpose)).cloned().collect()
}

/// The narrowest of the purposes that cover the request, if there is a narrowest.
pub fn governing(agreement: &Agreement, request: &Request) -> Option<PurposeId> {
    let all = purposes_that_cover(agreement, request);
    all.iter().find(|narrow| all.iter().all(|broad| contains(agreement, broad, narrow))).cloned()
}

pub fn decide(agreement: &Agreement, request: &Request) -> Option<Outcome> {
    if request.today < agreement.validity.from || request.today >= agreement.validity.until {
        return None;
    }
    let purpose = governing(agreement, request)?;
    let clauses: Vec<&Clause> =
        header(agreement, request).filter(|clause| clause.purposes.contains(&purpose)).collect();
    let given = |element: &ElementPath| {
        let all = clauses.iter().filter_map(|clause| clause.elements.get(element)).copied();
        all.reduce(Transformation::strictest).filter(|strictest| *strictest != Transformation::Withhold)
    };
    let asked: BTreeSet<ElementPath> = match &request.elements {
        Asked::These(list) => list.iter().cloned().collect(),
        Asked::All => {
            clauses.iter().flat_map(|c| c.elements.keys()).filter(|e| given(e).is_some()).cloned().collect()
        }
    };
    let mut used: BTreeSet<ClauseId> = BTreeSet::new();
    let mut elements = BTreeMap::new();
    for element in &asked {
        elements.insert(element.clone(), given(element)?);
        used.extend(clauses.iter().filter(|c| c.elements.contains_key(element)).map(|c| c.id.clone()));
    }
    let mut search = BTreeMap::new();
    for term in &request.terms {
        let by_clause = |list: fn(&Clause) -> &Vec<ElementPath>| {
            // A bulk disclosure has no search.
            let consulted = clauses.iter().filter(|_| request.action == agreements::Action::Consult);
            consulted.filter(|c| list(c).contains(&term.element)).map(|c| c.id.clone()).collect::<BTreeSet<_>>()
        };
        let (listed, known) = (by_clause(|c| &c.search), by_clause(|c| &c.search_known));
        let by = match (term.form, given(&term.element)) {
            (TermForm::Value, Some(Transformation::Keep)) if !listed.is_empty() => SearchBy::Value,
            (TermForm::Pseudonym, Some(Transformation::Pseudonymise(Deterministic))) if !listed.is_empty() => {
                SearchBy::Pseudonym
            }
            (TermForm::Value, _) if !known.is_empty() => SearchBy::Known,
            _ => return None,
        };
        if by == SearchBy::Known {
            used.extend(known);
        } else {
            used.extend(listed);
            used.extend(
                clauses.iter().filter(|c| c.elements.contains_key(&term.element)).map(|c| c.id.clone()),
            );
        }
        if search.insert(term.element.clone(), by).is_some() {
            return None;
        }
    }
    let is = |by| search.values().any(|found| *found == by);
    if elements.is_empty() || is(SearchBy::Known) && is(SearchBy::Pseudonym) {
        return None;
    }
    if is(SearchBy::Known) {
        for transformation in elements.values_mut() {
            if *transformation == Transformation::Pseudonymise(Deterministic) {
                *transformation = Transformation::Pseudonymise(DocumentRandomised);
            }
        }
    }
    Some(Outcome { elements, search, clauses: used, purpose })
}
