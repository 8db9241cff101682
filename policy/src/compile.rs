//! From an agreement to its rules. Whatever does not compile keeps the agreement out of force.

use std::collections::{BTreeMap, BTreeSet};

use agreements::transformation::PseudonymPolicy;
use agreements::{
    Action, Agreement, AuthorityId, Clause, ClauseId, Dataset, DatasetId, ElementPath, PartyRole, PurposeId,
    Transformation,
};

use crate::rule::{ClauseTerms, Right, Rule, RuleId, RuleSet};

/// Most rules of one agreement. casbin reads every row for every element of a request.
pub const MAX_RULES: usize = 20_000;

/// Why an agreement does not compile. A document that was read without violations has none of
/// these but the last two; they are checked again because a rule that means something else than
/// its clause would let data out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// Two clauses have one name, so a rule's name would not say which made it.
    #[error("two clauses are called `{0}`")]
    ClauseTwice(ClauseId),
    /// A recipient of the clause is not a recipient of the agreement.
    #[error("clause `{clause}`: `{recipient}` is not a recipient of the agreement")]
    Recipient {
        /// The clause.
        clause: ClauseId,
        /// Whom it names.
        recipient: AuthorityId,
    },
    /// The agreement does not describe the dataset.
    #[error("clause `{clause}`: the agreement does not describe the dataset `{dataset}`")]
    Dataset {
        /// The clause.
        clause: ClauseId,
        /// What it names.
        dataset: DatasetId,
    },
    /// The agreement does not list the purpose.
    #[error("clause `{clause}`: the agreement does not list the purpose `{purpose}`")]
    Purpose {
        /// The clause.
        clause: ClauseId,
        /// What it names.
        purpose: PurposeId,
    },
    /// The dataset has no such element.
    #[error("clause `{clause}`: the dataset has no element `{element}`")]
    Element {
        /// The clause.
        clause: ClauseId,
        /// What it names.
        element: ElementPath,
    },
    /// One element contains another, so giving the outer would give the inner.
    #[error(
        "dataset `{dataset}`: the element `{outer}` contains the element `{inner}`; describe only the inner ones"
    )]
    Contains {
        /// The dataset.
        dataset: DatasetId,
        /// The outer element.
        outer: ElementPath,
        /// The inner one.
        inner: ElementPath,
    },
    /// An element may be searched that is given neither in clear nor as a lasting pseudonym.
    #[error(
        "clause `{clause}`: `{element}` may be searched only if the clause gives it as `keep` or `pseudonymise`"
    )]
    Search {
        /// The clause.
        clause: ClauseId,
        /// What it names.
        element: ElementPath,
    },
    /// A ceiling or retention of nothing.
    #[error("clause `{0}`: its ceiling and its retention must be at least 1")]
    Nothing(ClauseId),
    /// The clause gives no element to anybody.
    #[error("clause `{0}` gives nothing: no recipient, role, action, purpose or element that is not withheld")]
    Empty(ClauseId),
    /// The agreement has no clause, so no rule: casbin would permit a blank request.
    #[error("the agreement has no clause")]
    NoRules,
    /// The clauses multiply to more rules than can be decided upon.
    #[error("the clauses make more than {MAX_RULES} rules: name fewer roles, purposes or elements together")]
    TooMany,
    /// Days are compared as text, which needs years of four digits.
    #[error("the validity must lie between the years 1 and 9999")]
    Validity,
}

/// Compiles an agreement.
///
/// # Errors
/// [`CompileError`] when a clause says something that no rule can carry out.
pub fn compile(agreement: &Agreement) -> Result<RuleSet, CompileError> {
    if agreement.validity.from.year() < 1 || agreement.validity.until.year() < 1 {
        return Err(CompileError::Validity);
    }
    for dataset in &agreement.datasets {
        no_element_contains_another(dataset)?;
    }
    let mut clauses = BTreeMap::new();
    let mut rules = Vec::new();
    for clause in &agreement.clauses {
        if clause.ceiling.rows_per_day == 0 || clause.retention_days == 0 {
            return Err(CompileError::Nothing(clause.id.clone()));
        }
        let terms =
            ClauseTerms { rows_per_day: clause.ceiling.rows_per_day, retention_days: clause.retention_days };
        if clauses.insert(clause.id.clone(), terms).is_some() {
            return Err(CompileError::ClauseTwice(clause.id.clone()));
        }
        check(agreement, clause)?;
        expand(clause, &mut rules)?;
    }
    if rules.is_empty() {
        return Err(CompileError::NoRules);
    }
    let broader = agreement.purposes.iter().map(|purpose| {
        let mut all: BTreeSet<PurposeId> = agreement.purpose_and_broader(&purpose.id).into_iter().collect();
        all.remove(&purpose.id);
        (purpose.id.clone(), all)
    });
    Ok(RuleSet {
        agreement: agreement.at_version(),
        validity: agreement.validity.clone(),
        broader: broader.collect(),
        rules,
        clauses,
    })
}

/// Whether a request for `outer` would bring `inner` with it.
fn no_element_contains_another(dataset: &Dataset) -> Result<(), CompileError> {
    let paths: BTreeSet<&str> = dataset.elements.iter().map(|element| element.path.as_str()).collect();
    for element in &dataset.elements {
        let text = element.path.as_str();
        for (dot, _) in text.match_indices('.') {
            let outer = text.get(..dot).filter(|outer| paths.contains(outer));
            let outer = outer.and_then(|outer| dataset.elements.iter().find(|e| e.path.as_str() == outer));
            if let Some(outer) = outer {
                return Err(CompileError::Contains {
                    dataset: dataset.id.clone(),
                    outer: outer.path.clone(),
                    inner: element.path.clone(),
                });
            }
        }
    }
    Ok(())
}

fn check(agreement: &Agreement, clause: &Clause) -> Result<(), CompileError> {
    let id = || clause.id.clone();
    let is_recipient =
        |name: &AuthorityId| agreement.party(name).is_some_and(|p| p.role == PartyRole::Recipient);
    if let Some(recipient) = clause.recipients.iter().find(|name| !is_recipient(name)) {
        return Err(CompileError::Recipient { clause: id(), recipient: recipient.clone() });
    }
    let Some(dataset) = agreement.dataset(&clause.dataset) else {
        return Err(CompileError::Dataset { clause: id(), dataset: clause.dataset.clone() });
    };
    let listed = |purpose: &PurposeId| agreement.purposes.iter().any(|p| p.id == *purpose);
    if let Some(purpose) = clause.purposes.iter().find(|purpose| !listed(purpose)) {
        return Err(CompileError::Purpose { clause: id(), purpose: purpose.clone() });
    }
    let mut named = clause.elements.keys().chain(&clause.search).chain(&clause.search_known);
    if let Some(element) = named.find(|path| dataset.element(path).is_none()) {
        return Err(CompileError::Element { clause: id(), element: element.clone() });
    }
    let searchable = |path: &ElementPath| {
        matches!(
            clause.elements.get(path),
            Some(Transformation::Keep | Transformation::Pseudonymise(PseudonymPolicy::Deterministic))
        )
    };
    match clause.search.iter().find(|path| !searchable(path)) {
        Some(element) => Err(CompileError::Search { clause: id(), element: element.clone() }),
        None => Ok(()),
    }
}

/// Every combination that the clause allows, each once. A search belongs to a consultation: a
/// bulk disclosure is the whole of a dataset.
fn expand(clause: &Clause, rules: &mut Vec<Rule>) -> Result<(), CompileError> {
    let gives = clause.elements.iter().map(|(path, transformation)| (path, Right::Give(*transformation)));
    let searches = distinct(&clause.search).into_iter().map(|path| (path, Right::Search));
    let known = distinct(&clause.search_known).into_iter().map(|path| (path, Right::SearchKnown));
    let rights: Vec<(&ElementPath, Right)> = gives.chain(searches).chain(known).collect();
    let mut number = 0;
    let mut gives_something = false;
    for recipient in distinct(&clause.recipients) {
        for role in distinct(&clause.roles) {
            for action in distinct(&clause.actions) {
                for purpose in distinct(&clause.purposes) {
                    for &(element, right) in &rights {
                        if *action == Action::Bulk && !matches!(right, Right::Give(_)) {
                            continue;
                        }
                        if rules.len() >= MAX_RULES {
                            return Err(CompileError::TooMany);
                        }
                        number += 1;
                        let rule = Rule {
                            id: RuleId { clause: clause.id.clone(), number },
                            element: element.clone(),
                            right,
                            recipient: recipient.clone(),
                            role: role.clone(),
                            dataset: clause.dataset.clone(),
                            action: *action,
                            purpose: purpose.clone(),
                        };
                        gives_something |= matches!(right, Right::Give(_)) && !rule.denies();
                        rules.push(rule);
                    }
                }
            }
        }
    }
    if gives_something { Ok(()) } else { Err(CompileError::Empty(clause.id.clone())) }
}

fn distinct<T: Ord>(list: &[T]) -> BTreeSet<&T> {
    list.iter().collect()
}
