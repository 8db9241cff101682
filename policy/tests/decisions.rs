//! What a decision promises to those who ask and to those who answer for the data.

#[cfg(test)]
mod fixture;

use agreements::Transformation;
use fixture::{FRAUD, given, path, pdp, question};
use jiff::civil::date;
use policy::{Dimension, SearchBy};

#[test]
fn a_request_within_its_clause_is_given_what_the_clause_gives() {
    let permit = question().permit(&pdp());
    assert_eq!(
        given(&permit),
        "consignee.name pseudonymise, declaration.number pseudonymise, goods.hs_code keep, goods.value generalise-number:1000"
    );
    assert_eq!(format!("{:?}", permit.clauses), "[risk]");
    assert_eq!(permit.purpose.as_str(), fixture::RISK);
    assert_eq!(permit.retention_days, 90);
    assert_eq!(permit.ceilings.into_values().collect::<Vec<_>>(), [500]);
    assert_eq!(permit.rules.len(), 4);
    assert!(!permit.randomise);
}

#[test]
fn where_clauses_overlap_the_strictest_transformation_and_the_tightest_limits_hold() {
    let permit = question().role("case-officer").permit(&pdp());
    assert_eq!(
        given(&permit),
        "consignee.name pseudonymise, declaration.date keep, declaration.number pseudonymise, goods.hs_code generalise-hs:4"
    );
    assert_eq!(format!("{:?}", permit.clauses), "[risk, tariff]");
    assert_eq!(format!("{:?}", permit.ceilings), "{risk: 500, tariff: 100}");
    assert_eq!(permit.retention_days, 30);
}

#[test]
fn where_neither_transformation_is_stricter_the_element_is_not_given() {
    let refusal = question().role("case-officer").elements(&["goods.value"]).refusal(&pdp());
    assert_eq!(refusal.dimension, Dimension::Element(path("goods.value")));
}

#[test]
fn what_one_clause_withholds_no_other_gives() {
    // `tariff` gives remarks as a mark, `risk` withholds them.
    let refusal = question().role("case-officer").elements(&["remarks"]).refusal(&pdp());
    assert_eq!(refusal.dimension, Dimension::Element(path("remarks")));
}

#[test]
fn a_narrower_purpose_is_covered_by_the_clause_for_a_broader_one_and_stays_in_its_domain() {
    let permit = question().purpose("customs:PreArrivalScreening").permit(&pdp());
    assert_eq!(permit.purpose.as_str(), fixture::RISK);
}

#[test]
fn a_broader_purpose_is_not_covered_by_the_clause_for_a_narrower_one() {
    let mut agreement = fixture::agreement();
    agreement.clauses.retain(|clause| clause.id.as_str() == "risk");
    let refusal = question().purpose(FRAUD).refusal(&fixture::pdp_of(&agreement));
    assert_eq!(refusal.dimension, Dimension::Purpose);
}

#[test]
fn clauses_of_different_purposes_are_not_mixed() {
    let pdp = pdp();
    // `fraud` is broader and would give the name in clear and the EORI.
    let narrow = question().role("case-officer");
    assert_eq!(narrow.permit(&pdp).elements[&path("consignee.name")].to_string(), "pseudonymise");
    assert_eq!(
        question().role("case-officer").elements(&["consignee.eori"]).refusal(&pdp).dimension,
        Dimension::Element(path("consignee.eori"))
    );
    let broad = question().role("case-officer").purpose(FRAUD).permit(&pdp);
    assert_eq!(format!("{:?}", broad.clauses), "[fraud]");
    assert_eq!(broad.elements[&path("consignee.name")], Transformation::Keep);
}

#[test]
fn a_purpose_within_two_broader_ones_must_be_asked_under_one_of_them() {
    let refusal = question().role("case-officer").purpose("customs:MarketSurveillance").refusal(&pdp());
    assert_eq!(refusal.dimension, Dimension::Purpose);
    assert!(!refusal.plain.contains("dpv:"), "{}", refusal.plain);
}

#[test]
fn validity_begins_on_its_first_day_and_ends_before_its_last() {
    let pdp = pdp();
    for (day, valid) in [
        (date(2026, 1, 31), false),
        (date(2026, 2, 1), true),
        (date(2027, 1, 31), true),
        (date(2027, 2, 1), false),
        (date(-2026, 5, 1), false),
        (date(9999, 12, 31), false),
    ] {
        let asked = question().on(day);
        if valid {
            asked.permit(&pdp);
        } else {
            assert_eq!(asked.refusal(&pdp).dimension, Dimension::Validity, "{day}");
        }
    }
}

#[test]
fn a_value_may_be_searched_only_where_it_is_given_in_clear() {
    let pdp = pdp();
    let permit = question().by_value("goods.hs_code").permit(&pdp);
    assert_eq!(permit.search[&path("goods.hs_code")], SearchBy::Value);
    assert!(!permit.randomise);
    let hidden = question().by_value("declaration.number").refusal(&pdp);
    assert_eq!(hidden.dimension, Dimension::Search(path("declaration.number")));
    // With `tariff` beside `risk` the code is given to case officers in four digits only.
    let coarse = question().role("case-officer").by_value("goods.hs_code").refusal(&pdp);
    assert_eq!(coarse.dimension, Dimension::Search(path("goods.hs_code")));
}

#[test]
fn a_search_needs_no_request_for_the_element_but_a_clause_that_lists_it() {
    let pdp = pdp();
    question().elements(&["goods.value"]).by_value("goods.hs_code").permit(&pdp);
    let unlisted = question().by_pseudonym("consignee.name").refusal(&pdp);
    assert_eq!(unlisted.dimension, Dimension::Search(path("consignee.name")));
    let unnamed = question().by_value("no.such.element").refusal(&pdp);
    assert_eq!(unnamed.dimension, Dimension::Search(path("no.such.element")));
}

#[test]
fn a_pseudonym_may_be_searched_where_its_domain_has_lasting_ones() {
    let permit = question().by_pseudonym("declaration.number").permit(&pdp());
    assert_eq!(permit.search[&path("declaration.number")], SearchBy::Pseudonym);
    assert!(!permit.randomise);
}

#[test]
fn a_question_about_a_known_person_is_answered_with_pseudonyms_of_that_answer_alone() {
    let permit = question().by_value("consignee.eori").permit(&pdp());
    assert_eq!(permit.search[&path("consignee.eori")], SearchBy::Known);
    assert!(permit.randomise);
    assert_eq!(
        given(&permit),
        "consignee.name pseudonymise:document, declaration.number pseudonymise:document, goods.hs_code keep, goods.value generalise-number:1000"
    );
}

#[test]
fn a_known_person_and_a_pseudonym_in_one_question_are_refused() {
    // A hit would say that the pseudonym is that person's.
    let refusal = question().by_value("consignee.eori").by_pseudonym("declaration.number").refusal(&pdp());
    assert_eq!(refusal.dimension, Dimension::Search(path("declaration.number")));
}

#[test]
fn two_terms_on_one_element_are_refused() {
    let refusal = question().by_value("goods.hs_code").by_value("goods.hs_code").refusal(&pdp());
    assert_eq!(refusal.dimension, Dimension::Search(path("goods.hs_code")));
}

#[test]
fn a_bulk_disclosure_has_no_search() {
    let pdp = pdp();
    question().bulk().permit(&pdp);
    let refusal = question().bulk().by_value("goods.hs_code").refusal(&pdp);
    assert_eq!(refusal.dimension, Dimension::Search(path("goods.hs_code")));
}

#[test]
fn a_request_for_no_element_is_refused() {
    let refusal = question().elements(&[]).refusal(&pdp());
    assert_eq!(refusal.dimension, Dimension::NoClause);
}
