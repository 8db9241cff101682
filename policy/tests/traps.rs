//! The traps of casbin 2.20, each as casbin has it and as it cannot reach a decision of ours.

#[cfg(test)]
mod fixture;

use agreements::agreement::Purpose;
use agreements::{Action, ClauseId, RoleId};
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use fixture::{agreement, path, pdp, pdp_of, question};
use futures_util::FutureExt as _;
use policy::pdp::MODEL;
use policy::{CompileError, Dimension, Pdp, compile};

#[cfg(test)]
fn bare(model: &str) -> Enforcer {
    let model = DefaultModel::from_str(model).now_or_never().unwrap().unwrap();
    Enforcer::new_raw(model, MemoryAdapter::default()).now_or_never().unwrap().unwrap()
}

#[cfg(test)]
fn purpose(code: &str, broader: &[&str]) -> Purpose {
    Purpose {
        id: code.parse().unwrap(),
        title: code.to_owned(),
        broader: broader.iter().map(|code| code.parse().unwrap()).collect(),
    }
}

#[cfg(test)]
fn matcher() -> &'static str {
    MODEL.split("[matchers]").nth(1).unwrap()
}

#[test]
fn an_empty_policy_permits_a_blank_request_so_an_agreement_without_a_rule_is_refused() {
    let model = "[request_definition]\nr = a\n[policy_definition]\np = a\n[policy_effect]\n\
                 e = some(where (p.eft == allow))\n[matchers]\nm = r.a == p.a\n";
    assert!(bare(model).enforce(vec![String::new()]).unwrap());

    let mut none = agreement();
    none.clauses.clear();
    assert_eq!(compile(&none), Err(CompileError::NoRules));
    assert!("".parse::<RoleId>().is_err(), "a blank role cannot be written");
}

#[test]
fn an_answer_is_never_remembered_past_its_version() {
    // `CachedEnforcer` keeps what was revoked, so the feature that brings it stays out.
    let workspace = include_str!("../../Cargo.toml");
    let line = workspace.lines().find(|line| line.starts_with("casbin = ")).unwrap();
    assert!(line.contains("default-features = false") && !line.contains("cached"), "{line}");

    let before = pdp();
    question().permit(&before);
    let mut narrower = agreement();
    narrower.clauses.retain(|clause| clause.id.as_str() != "risk");
    let after = pdp_of(&narrower);
    question().refusal(&after);
}

#[test]
fn purposes_and_roles_share_no_graph() {
    // casbin keeps `g` and `g2` in one graph: a link between purposes would be one between roles.
    assert_eq!(MODEL.matches("= _, _").count(), 1);
    let mut linked = agreement();
    linked.purposes.push(purpose("case-officer", &[]));
    linked.purposes.push(purpose("director", &["case-officer"]));
    let refusal = question().role("director").refusal(&pdp_of(&linked));
    assert_eq!(refusal.dimension, Dimension::Role);
}

#[test]
fn a_link_between_purposes_ends_with_its_version() {
    // `clear_policy` keeps links; another version is another enforcer.
    question().purpose("customs:PreArrivalScreening").permit(&pdp());
    let mut without = agreement();
    for purpose in &mut without.purposes {
        purpose.broader.clear();
    }
    let refusal = question().purpose("customs:PreArrivalScreening").refusal(&pdp_of(&without));
    assert_eq!(refusal.dimension, Dimension::Purpose);
}

#[test]
fn a_hierarchy_deeper_than_casbin_follows_still_covers() {
    // casbin follows ten links; every broader purpose is one link away in our rows.
    let mut deep = agreement();
    deep.purposes.push(purpose("customs:Level0", &["customs:RiskManagement"]));
    for level in 1..15 {
        let above = format!("customs:Level{}", level - 1);
        deep.purposes.push(purpose(&format!("customs:Level{level}"), &[&above]));
    }
    let permit = question().purpose("customs:Level14").permit(&pdp_of(&deep));
    assert_eq!(permit.purpose.as_str(), fixture::RISK);
}

#[test]
fn a_circle_of_purposes_ends() {
    let mut round = agreement();
    round.purposes.push(purpose("customs:A", &["customs:B"]));
    round.purposes.push(purpose("customs:B", &["customs:A", "customs:RiskManagement"]));
    question().purpose("customs:A").permit(&pdp_of(&round));
}

#[test]
fn the_effect_is_one_that_casbin_knows_and_lets_a_denial_win() {
    // An unknown effect panics at the first request; `allow-override` reports one row only.
    assert!(MODEL.contains("e = some(where (p.eft == allow)) && !some(where (p.eft == deny))"));
    let both = question().role("case-officer").elements(&["goods.hs_code"]).permit(&pdp());
    assert_eq!(both.rules.len(), 2, "every allowing row counts: {:?}", both.rules);
}

#[test]
fn a_row_holds_nothing_that_is_evaluated() {
    // `eval` hangs and is injected into; integers wrap at 32 bits; a negated comparison with an
    // absent attribute holds.
    assert!(!matcher().contains("eval"));
    assert!(!matcher().contains('!'));
    assert!(!matcher().contains('"'));
    assert!(!matcher().chars().any(|c| c.is_ascii_digit()));
}

#[test]
fn a_name_that_looks_like_an_attribute_is_only_a_name() {
    // casbin rewrites `p.` and `r.` in expressions.
    let mut odd = agreement();
    for (old, new) in [("goods.value", "p.eft"), ("consignee.name", "r.element")] {
        for dataset in &mut odd.datasets {
            for element in dataset.elements.iter_mut().filter(|element| element.path.as_str() == old) {
                element.path = path(new);
            }
        }
        for clause in &mut odd.clauses {
            for list in [&mut clause.search, &mut clause.search_known] {
                list.iter_mut().filter(|element| element.as_str() == old).for_each(|e| *e = path(new));
            }
            if let Some(transformation) = clause.elements.remove(&path(old)) {
                clause.elements.insert(path(new), transformation);
            }
        }
    }
    let pdp = pdp_of(&odd);
    assert_eq!(question().elements(&["p.eft"]).permit(&pdp).elements.len(), 1);
    assert_eq!(question().elements(&["r.element"]).permit(&pdp).elements.len(), 1);
    assert_eq!(
        question().elements(&["r.recipient"]).refusal(&pdp).dimension,
        Dimension::Element(path("r.recipient"))
    );
}

#[test]
fn rows_that_repeat_are_noticed() {
    let mut enforcer = bare(MODEL);
    let rows = compile(&agreement()).unwrap().rows();
    let twice = rows.iter().chain(&rows[..1]).cloned().collect();
    assert!(enforcer.add_policies(twice).now_or_never().unwrap().unwrap(), "casbin says that it took them");
    assert_eq!(enforcer.get_policy().len(), rows.len(), "and drops one without a word");

    let mut repeated = agreement();
    for clause in &mut repeated.clauses {
        clause.roles.extend(clause.roles.clone());
        clause.actions.extend(clause.actions.clone());
        clause.purposes.extend(clause.purposes.clone());
        clause.search.extend(clause.search.clone());
    }
    assert_eq!(compile(&repeated).unwrap(), compile(&agreement()).unwrap());
}

#[test]
fn an_element_is_never_given_through_one_that_contains_it() {
    // A denial for a leaf does not stop a request for what holds it.
    let refusal = question().elements(&["consignee"]).refusal(&pdp());
    assert_eq!(refusal.dimension, Dimension::Element(path("consignee")));

    let mut nested = agreement();
    let mut outer = nested.datasets[0].elements[0].clone();
    outer.path = path("consignee");
    nested.datasets[0].elements.push(outer);
    assert!(matches!(compile(&nested), Err(CompileError::Contains { .. })));
}

#[test]
fn a_row_of_another_shape_cannot_reach_an_enforcer() {
    // One malformed row is an error for every request that reads on to it.
    let columns = MODEL.lines().find(|line| line.starts_with("p = ")).unwrap().split(',').count();
    for row in compile(&agreement()).unwrap().rows() {
        assert_eq!(row.len(), columns);
        assert!(row.iter().all(|column| !column.is_empty()));
    }
}

#[test]
fn a_decision_point_is_shared_between_threads_and_never_changed() {
    const fn shared<T: Send + Sync + 'static>() {}
    shared::<Pdp>();
    let pdp = std::sync::Arc::new(pdp());
    let answers = std::thread::scope(|scope| {
        let ask = || scope.spawn(|| question().permit(&pdp));
        let threads = [ask(), ask(), ask(), ask()];
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[test]
fn what_means_something_else_than_its_clause_does_not_compile() {
    type Change = fn(&mut agreements::Agreement);
    let refused: [(Change, &str); 12] = [
        (|a| a.clauses[0].recipients[0] = "nl-customs".parse().unwrap(), "is not a recipient of the agreement"),
        (|a| a.clauses[0].dataset = "no-such".parse().unwrap(), "does not describe the dataset `no-such`"),
        (|a| a.clauses[0].purposes[0] = "dpv:Other".parse().unwrap(), "does not list the purpose `dpv:Other`"),
        (|a| a.clauses[0].search.push(path("no.such")), "the dataset has no element `no.such`"),
        (|a| a.clauses[0].search_known.push(path("no.such")), "the dataset has no element `no.such`"),
        (|a| a.clauses[0].search.push(path("goods.value")), "`goods.value` may be searched only if"),
        (
            |a| a.clauses[4].search.push(path("declaration.number")),
            "`declaration.number` may be searched only if",
        ),
        (|a| a.clauses[0].ceiling.rows_per_day = 0, "must be at least 1"),
        (|a| a.clauses[1].id = a.clauses[0].id.clone(), "two clauses are called `risk`"),
        (|a| a.clauses[0].roles.clear(), "clause `risk` gives nothing"),
        (
            |a| a.clauses[3].elements = [(path("remarks"), "withhold".to_owned().try_into().unwrap())].into(),
            "gives nothing",
        ),
        (|a| a.validity.from = jiff::civil::date(-4, 1, 1), "between the years 1 and 9999"),
    ];
    for (change, text) in refused {
        let mut changed = agreement();
        change(&mut changed);
        let error = compile(&changed).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn an_agreement_that_multiplies_without_end_is_refused() {
    let mut wide = agreement();
    wide.clauses[0].roles = (0..3000).map(|n| format!("role-{n}").parse().unwrap()).collect();
    assert_eq!(compile(&wide), Err(CompileError::TooMany));
}

#[test]
fn the_same_agreement_gives_the_same_rules_the_same_names() {
    let rules = compile(&agreement()).unwrap();
    assert_eq!(rules, compile(&agreement()).unwrap());
    let first = &rules.rules()[0];
    assert_eq!(first.id.to_string(), "risk/1");
    assert_eq!((first.id.clause.clone(), first.action), (ClauseId::parse("risk").unwrap(), Action::Consult));
}
