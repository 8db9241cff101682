//! casbin, our reading of the rules and the clauses as a lawyer reads them say the same.
//!
//! The oracle below knows no rule and no row: it reads the clauses of the agreement. Whatever
//! [`policy::Pdp::decide`] answers to random requests under random agreements must be what the
//! oracle says, explanation included. (`decide` itself compares casbin with our reading and fails
//! where they differ.)
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod oracle;

use std::collections::BTreeSet;

use agreements::{Action, Agreement, Clause, ElementPath, Transformation};
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use futures_util::FutureExt as _;
use jiff::civil::date;
use policy::explain::NO_CLAUSE;
use policy::pdp::MODEL;
use policy::{Asked, Decision, Dimension, Pdp, Refusal, Request, Term, TermForm, compile};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const RECIPIENTS: [&str; 3] = ["be-customs", "fr-statistics", "de-customs"];
const ROLES: [&str; 3] = ["risk-analyst", "case-officer", "director"];
const DATASETS: [&str; 2] = ["import-declarations", "export-declarations"];
const PURPOSES: [&str; 7] = [
    "dpv:FraudPreventionAndDetection",
    "dpv:PublicBenefit",
    "customs:RiskManagement",
    "customs:PreArrivalScreening",
    "customs:MarketSurveillance",
    "dpv:Statistics",
    "dpv:Marketing",
];
/// Those that both datasets have come first.
const ELEMENTS: [&str; 5] = ["declaration.number", "goods.hs_code", "consignee.name", "goods.value", "remarks"];
const TRANSFORMATIONS: [&str; 9] = [
    "keep",
    "keep",
    "pseudonymise",
    "pseudonymise",
    "pseudonymise:document",
    "withhold",
    "mask:1,0",
    "generalise-number:1000",
    "generalise-number:1500",
];

fn some<T: Clone + std::fmt::Debug + 'static>(pool: &[T], most: usize) -> impl Strategy<Value = Vec<T>> {
    subsequence(pool.to_vec(), 1..=most)
}

prop_compose! {
    fn any_clause()(
        recipients in some(&RECIPIENTS[..2], 2),
        roles in some(&ROLES[..2], 2),
        dataset in prop_oneof![3 => Just(0_usize), 1 => Just(1)],
        actions in some(&[Action::Consult, Action::Bulk], 2),
        purposes in some(&PURPOSES[..6], 2),
        elements in some(&ELEMENTS, 4),
        transformations in prop::array::uniform5(select(&TRANSFORMATIONS[..])),
        search in any::<[bool; 5]>(),
        known in prop::array::uniform5(prop::bool::weighted(0.2)),
        ceiling in 1_u64..9,
        retention in 1_u32..9,
    ) -> Clause {
        let mut clause = fixture::agreement().clauses.swap_remove(0);
        let has = |index: usize| dataset == 0 || index < 2;
        clause.recipients = recipients.iter().map(|name| name.parse().unwrap()).collect();
        clause.roles = roles.iter().map(|name| name.parse().unwrap()).collect();
        clause.dataset = DATASETS[dataset].parse().unwrap();
        clause.actions = actions;
        clause.purposes = purposes.iter().map(|code| code.parse().unwrap()).collect();
        clause.elements.clear();
        (clause.search, clause.search_known) = (Vec::new(), Vec::new());
        for (index, element) in ELEMENTS.iter().enumerate().filter(|(index, _)| has(*index)) {
            if elements.contains(element) {
                let transformation = Transformation::parse(transformations[index]).unwrap();
                clause.elements.insert(fixture::path(element), transformation);
                if search[index] && matches!(transformations[index], "keep" | "pseudonymise") {
                    clause.search.push(fixture::path(element));
                }
            }
            if known[index] {
                clause.search_known.push(fixture::path(element));
            }
        }
        clause.ceiling.rows_per_day = ceiling;
        clause.retention_days = retention;
        clause
    }
}

fn any_agreement() -> impl Strategy<Value = Agreement> {
    prop::collection::vec(any_clause(), 1..5).prop_filter_map("a clause gives nothing", |clauses| {
        let mut agreement = fixture::agreement();
        agreement.clauses = clauses;
        for (number, clause) in agreement.clauses.iter_mut().enumerate() {
            clause.id = format!("clause-{number}").parse().unwrap();
        }
        compile(&agreement).is_ok().then_some(agreement)
    })
}

fn any_term() -> impl Strategy<Value = Term> {
    (select(&ELEMENTS[..]), any::<bool>()).prop_map(|(element, value)| Term {
        element: fixture::path(element),
        form: if value { TermForm::Value } else { TermForm::Pseudonym },
    })
}

prop_compose! {
    fn any_request()(
        recipient in prop_oneof![5 => Just(0_usize), 3 => Just(1), 1 => Just(2)],
        role in prop_oneof![5 => Just(0_usize), 3 => Just(1), 1 => Just(2)],
        dataset in prop_oneof![5 => Just(0_usize), 1 => Just(1)],
        action in select(&[Action::Consult, Action::Consult, Action::Bulk][..]),
        purpose in select(&PURPOSES[..]),
        elements in prop::option::of(subsequence(ELEMENTS.to_vec(), 0..=3)),
        terms in prop::collection::vec(any_term(), 0..3),
        valid in prop::bool::weighted(0.95),
    ) -> Request {
        Request {
            recipient: RECIPIENTS[recipient].parse().unwrap(),
            role: ROLES[role].parse().unwrap(),
            dataset: DATASETS[dataset].parse().unwrap(),
            action,
            purpose: purpose.parse().unwrap(),
            elements: elements.map_or(Asked::All, |list| Asked::These(list.into_iter().map(fixture::path).collect())),
            terms,
            today: if valid { fixture::TODAY } else { date(2030, 1, 1) },
        }
    }
}

/// Random requests are nearly all refused, so most are drawn towards a clause: the parts that are
/// `true` are taken from it.
#[derive(Debug, Clone)]
struct Near {
    clause: prop::sample::Index,
    header: [bool; 5],
    elements: bool,
    terms: [bool; 3],
}

prop_compose! {
    fn near_a_clause()(
        clause in any::<prop::sample::Index>(),
        header in prop::array::uniform5(prop::bool::weighted(0.9)),
        elements in prop::bool::weighted(0.8),
        terms in prop::array::uniform3(prop::bool::weighted(0.8)),
    ) -> Near {
        Near { clause, header, elements, terms }
    }
}

impl Near {
    fn draw(&self, agreement: &Agreement, mut request: Request) -> Request {
        let clause = self.clause.get(&agreement.clauses);
        let [recipient, role, dataset, action, purpose] = self.header;
        if recipient {
            request.recipient = clause.recipients[0].clone();
        }
        if role {
            request.role = clause.roles[0].clone();
        }
        if dataset {
            request.dataset = clause.dataset.clone();
        }
        if action {
            request.action = clause.actions[0];
        }
        if purpose && !agreement.purpose_and_broader(&request.purpose).contains(&clause.purposes[0]) {
            request.purpose = clause.purposes[0].clone();
        }
        if let (true, Asked::These(asked)) = (self.elements, &mut request.elements) {
            asked.retain(|element| clause.elements.contains_key(element));
        }
        if self.terms[0] {
            let searched = |term: &Term| {
                clause.search.contains(&term.element) || clause.search_known.contains(&term.element)
            };
            request.terms.retain(searched);
        }
        for term in request.terms.iter_mut().filter(|_| self.terms[1]) {
            let clear =
                clause.elements.get(&term.element) != Some(&Transformation::parse("pseudonymise").unwrap());
            let known = clause.search_known.contains(&term.element) && !self.terms[2];
            term.form = if clear || known { TermForm::Value } else { TermForm::Pseudonym };
        }
        request
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_what_the_clauses_say(
        agreement in any_agreement(),
        requests in prop::collection::vec((any_request(), near_a_clause()), 60),
    ) {
        let pdp = Pdp::new(compile(&agreement).unwrap()).unwrap();
        let casbin = rows_in_casbin(&pdp);
        for (request, near) in requests {
            let request = near.draw(&agreement, request);
            let said = oracle::decide(&agreement, &request);
            match pdp.decide(&request).unwrap() {
                Decision::Permit(permit) => {
                    let found = oracle::Outcome {
                        elements: permit.elements,
                        search: permit.search,
                        clauses: permit.clauses.into_iter().collect(),
                        purpose: permit.purpose,
                    };
                    prop_assert_eq!(Some(&found), said.as_ref());
                    let clauses = || found.clauses.iter().map(|id| agreement.clause(id).unwrap());
                    prop_assert_eq!(Some(permit.retention_days), clauses().map(|c| c.retention_days).min());
                    prop_assert!(clauses().all(|c| permit.ceilings[&c.id] == c.ceiling.rows_per_day));
                }
                Decision::Deny(refusal) => {
                    prop_assert_eq!(None, said);
                    told_is_what_alone_is_wrong(&agreement, &request, &refusal)?;
                    if oracle::purposes_that_cover(&agreement, &request).is_empty() {
                        casbin_allows_nothing(&casbin, &request)?;
                    }
                }
            }
        }
    }
}

/// The dimension is the one part of the header, or the elements, or the terms, that are wrong.
fn told_is_what_alone_is_wrong(
    agreement: &Agreement,
    request: &Request,
    refusal: &Refusal,
) -> Result<(), TestCaseError> {
    let passes = |other: Request| oracle::decide(agreement, &other).is_some();
    let with = |change: &dyn Fn(&mut Request)| {
        let mut other = request.clone();
        change(&mut other);
        passes(other)
    };
    let valid = request.today == fixture::TODAY;
    let by_purpose = PURPOSES.iter().any(|code| with(&|r| r.purpose = code.parse().unwrap()));
    let by_role = ROLES.iter().any(|name| with(&|r| r.role = name.parse().unwrap()));
    let by_action = [Action::Consult, Action::Bulk].iter().any(|action| with(&|r| r.action = *action));
    let by_dataset = DATASETS.iter().any(|name| with(&|r| r.dataset = name.parse().unwrap()));
    let expected = if !valid {
        with(&|r| r.today = fixture::TODAY).then_some("validity")
    } else if oracle::governing(agreement, request).is_some() {
        let by_terms = !request.terms.is_empty() && with(&|r| r.terms.clear());
        let with_fewer = |element: &ElementPath| with(&|r| r.elements = Asked::These(vec![element.clone()]));
        let by_elements = match &request.elements {
            Asked::These(list) if !list.is_empty() => {
                // The terms hold by themselves: with elements that are given the request passes.
                ELEMENTS.iter().any(|element| with_fewer(&fixture::path(element)))
                    || request.terms.is_empty() && !list.iter().any(&with_fewer)
            }
            Asked::These(_) | Asked::All => false,
        };
        match (by_elements, by_terms) {
            (true, false) => Some("element"),
            (false, true) => Some("search"),
            (true, true) | (false, false) => None,
        }
    } else if oracle::purposes_that_cover(agreement, request).len() > 1 {
        by_purpose.then_some("purpose")
    } else {
        let alone =
            [("purpose", by_purpose), ("role", by_role), ("action", by_action), ("dataset", by_dataset)];
        let mut alone = alone.into_iter().filter_map(|(name, alone)| alone.then_some(name));
        alone.next().filter(|_| alone.next().is_none())
    };
    prop_assert_eq!(refusal.dimension.as_str(), expected.unwrap_or("no-clause"), "{:?}", request);
    prop_assert_eq!(refusal.plain == NO_CLAUSE, refusal.dimension == Dimension::NoClause);

    // Whatever is named in the asker's answer stands in the request, but for the agreement.
    let mut own: BTreeSet<String> = [agreement.id.to_string(), request.purpose.to_string()].into();
    own.extend([request.role.to_string(), request.dataset.to_string(), request.action.as_str().to_owned()]);
    own.extend(request.terms.iter().map(|term| term.element.to_string()));
    if let Asked::These(elements) = &request.elements {
        own.extend(elements.iter().map(ToString::to_string));
    }
    for named in refusal.plain.split('`').skip(1).step_by(2) {
        prop_assert!(own.contains(named), "`{}` in {}", named, refusal.plain);
    }
    Ok(())
}

fn rows_in_casbin(pdp: &Pdp) -> Enforcer {
    let model = DefaultModel::from_str(MODEL).now_or_never().unwrap().unwrap();
    let mut enforcer = Enforcer::new_raw(model, MemoryAdapter::default()).now_or_never().unwrap().unwrap();
    enforcer.add_policies(pdp.rules().rows()).now_or_never().unwrap().unwrap();
    enforcer
}

/// Where no clause covers the header, `decide` does not ask casbin; it would have denied.
fn casbin_allows_nothing(enforcer: &Enforcer, request: &Request) -> Result<(), TestCaseError> {
    for element in ELEMENTS {
        for right in ["give", "search", "search-known"] {
            let question: Vec<String> = vec![
                element.to_owned(),
                right.to_owned(),
                request.recipient.to_string(),
                request.role.to_string(),
                request.dataset.to_string(),
                request.action.as_str().to_owned(),
                request.purpose.to_string(),
                request.purpose.to_string(),
                request.today.to_string(),
            ];
            prop_assert!(!enforcer.enforce(question).unwrap());
        }
    }
    Ok(())
}
