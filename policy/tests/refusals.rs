//! What an asker is told, and what the provider is told about it.

#[cfg(test)]
mod fixture;

use fixture::{path, pdp, question};
use jiff::civil::date;
use policy::explain::NO_CLAUSE;
use policy::{Dimension, Refusal};

#[test]
fn the_asker_is_told_which_part_of_the_request_is_not_covered() {
    let pdp = pdp();
    let told = |refusal: Refusal| (refusal.dimension.to_string(), refusal.plain);
    let cases = [
        (
            question().purpose("dpv:Marketing").refusal(&pdp),
            "purpose",
            "the purpose `dpv:Marketing` is not covered by agreement `NL-BE-2026-04` for your authority",
        ),
        (
            question().role("director").refusal(&pdp),
            "role",
            "the role `director` is not covered by agreement `NL-BE-2026-04` for your authority",
        ),
        (question().role("case-officer").purpose(fixture::FRAUD).bulk().refusal(&pdp), "no-clause", NO_CLAUSE),
        (
            question().recipient("fr-statistics").role("statistician").purpose("dpv:Statistics").refusal(&pdp),
            "action",
            "the action `consult` is not covered by agreement `NL-BE-2026-04` for your authority",
        ),
        (
            question().dataset("transit-declarations").refusal(&pdp),
            "dataset",
            "the dataset `transit-declarations` is not covered by agreement `NL-BE-2026-04` for your authority",
        ),
        (
            question().elements(&["goods.hs_code", "consignee.eori", "remarks", "no.such"]).refusal(&pdp),
            "element",
            "the elements `consignee.eori`, `no.such` and `remarks` are not covered by agreement `NL-BE-2026-04` for your role and purpose",
        ),
        (
            question().by_value("declaration.number").refusal(&pdp),
            "search",
            "a search by the value of `declaration.number` is not covered by agreement `NL-BE-2026-04` for your role and purpose",
        ),
        (
            question().on(date(2028, 1, 1)).refusal(&pdp),
            "validity",
            "agreement `NL-BE-2026-04` is not valid on 2028-01-01",
        ),
        (question().recipient("de-customs").refusal(&pdp), "no-clause", NO_CLAUSE),
    ];
    for (refusal, dimension, plain) in cases {
        assert_eq!(told(refusal), (dimension.to_owned(), plain.to_owned()));
    }
}

#[test]
fn where_more_than_one_part_is_wrong_there_is_one_answer() {
    let pdp = pdp();
    for asked in [
        question().purpose("dpv:Marketing").role("director"),
        question().purpose("dpv:Marketing").on(date(2028, 1, 1)),
        question().purpose("dpv:Marketing").elements(&["consignee.eori"]).role("risk-analyst").bulk(),
        question().elements(&["remarks"]).by_value("declaration.number"),
        question().role("director").elements(&["no.such"]),
        question().elements(&[]).by_value("goods.hs_code"),
    ] {
        let refusal = asked.refusal(&pdp);
        assert_eq!((refusal.dimension, refusal.plain.as_str()), (Dimension::NoClause, NO_CLAUSE));
    }
}

#[test]
fn a_part_that_can_be_put_right_in_two_ways_is_not_named() {
    // Another role would have this purpose, and this role another purpose: naming either would
    // say that the other is granted to somebody.
    let refusal = question().purpose(fixture::FRAUD).refusal(&pdp());
    assert_eq!(refusal.dimension, Dimension::NoClause);
}

#[test]
fn an_element_that_does_not_exist_is_refused_as_one_that_is_withheld() {
    let pdp = pdp();
    let withheld = question().elements(&["remarks"]).refusal(&pdp).plain;
    let absent = question().elements(&["remarkz"]).refusal(&pdp).plain;
    assert_eq!(withheld, absent.replace("remarkz", "remarks"));
}

#[test]
fn another_recipients_clauses_change_no_word_of_a_refusal() {
    let whole = pdp();
    let mut alone = fixture::agreement();
    alone.clauses.retain(|clause| clause.recipients.iter().any(|name| name.as_str() == "be-customs"));
    let alone = fixture::pdp_of(&alone);
    for asked in [
        question().purpose("dpv:Statistics"),
        question().role("statistician"),
        question().role("statistician").purpose("dpv:Statistics").bulk(),
        question().elements(&["declaration.date"]),
    ] {
        assert_eq!(asked.refusal(&whole), asked.refusal(&alone));
    }
}

#[test]
fn the_provider_is_told_what_each_clause_of_the_recipient_does_not_cover() {
    let asked = question().elements(&["goods.hs_code", "consignee.eori"]).by_value("consignee.name");
    let refusal = asked.refusal(&pdp());
    assert_eq!(refusal.plain, NO_CLAUSE);
    assert_eq!(
        refusal.whole,
        [
            "`be-customs`, role `risk-analyst`: no clause covers the request, or more than one part of it is not covered",
            "clause `benefit` does not cover the purpose `customs:RiskManagement`, the role `risk-analyst`, the element `consignee.eori` and a search by the value of `consignee.name`",
            "clause `exports` does not cover the dataset `import-declarations`, the action `consult`, the element `consignee.eori` and a search by the value of `consignee.name`",
            "clause `fraud` does not cover the role `risk-analyst`",
            "clause `risk` does not cover the element `consignee.eori` and a search by the value of `consignee.name`",
            "clause `tariff` does not cover the role `risk-analyst`, the element `consignee.eori` and a search by the value of `consignee.name`",
        ]
    );
    let stranger = question().recipient("de-customs").refusal(&pdp());
    assert_eq!(stranger.whole[1], "no clause has `de-customs` as a recipient");
}

#[test]
fn the_states_of_an_agreement_have_their_refusals() {
    let agreement = "NL-BE-2026-04".parse().unwrap();
    let suspended = Refusal::suspended(&agreement);
    assert_eq!(suspended.dimension, Dimension::Suspended);
    assert_eq!(suspended.plain, "agreement `NL-BE-2026-04` is suspended");
    let unsigned = Refusal::not_in_force(&agreement);
    assert_eq!(unsigned.dimension.as_str(), "not-in-force");
    assert_eq!(unsigned.plain, "agreement `NL-BE-2026-04` is not in force");
    let full = Refusal::ceiling(&agreement, &"risk".parse().unwrap());
    assert_eq!(full.dimension, Dimension::Ceiling);
    assert!(!full.plain.contains("risk") && full.whole[0].contains("`risk`"));
}

#[test]
fn refusals_use_words_that_cross_borders() {
    let pdp = pdp();
    for asked in [
        question().purpose("dpv:Marketing"),
        question().elements(&["remarks"]),
        question().by_pseudonym(path("consignee.name").as_str()),
        question().recipient("de-customs"),
    ] {
        let plain = asked.refusal(&pdp).plain;
        for word in ["rule", "policy", "casbin", "broker", "epoch", "release", "column", "budget"] {
            assert!(!plain.contains(word), "`{word}` in: {plain}");
        }
    }
}
