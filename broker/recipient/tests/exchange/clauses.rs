//! Whatever was asked, nothing is taken that the own side's copy of the agreement does not give: no
//! other element, no weaker form, no clause of another, no longer retention.

use agreements::transformation::PseudonymPolicy;
use agreements::{ClauseId, ElementPath, PurposeId, RoleId, Transformation};
use audit::event::{Disclosure, Event};
use exchange::content::{AnswerBody, Asked, QuestionTerm};
use exchange::{FromBroker, Manifest};
use recipient::desk::Wanted;
use recipient::store::requests::RequestStatus;

use crate::world::World;

const RECORD: &str = r#"{"declaration":{"office":"NL000510"}}"#;

fn path(text: &str) -> ElementPath {
    ElementPath::parse(text).unwrap()
}

/// The provider says and records one thing, but not what the clauses give.
async fn beyond(elements: Asked, change: impl FnOnce(&mut Disclosure, &mut Manifest)) -> String {
    let world = World::joined().await;
    let request = world.ask_with(|wanted| wanted.elements = elements).await;
    let (question, role) = world.question(request).await;
    {
        let mut provider = world.provider();
        let (mut event, mut manifest) = provider.disclosure(&question, &role, 1);
        change(&mut event, &mut manifest);
        event.elements = manifest.elements.clone();
        event.retention_days = manifest.retention_days;
        let body = AnswerBody::Inline { records: format!("{RECORD}\n") };
        provider.deliver(Event::Disclosure(Box::new(event)), FromBroker::Answer { manifest, body });
    }
    world.alarm(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_that_the_own_clauses_do_not_give_is_refused_when_all_was_asked_for() {
    let alarm = beyond(Asked::All, |_, manifest| {
        manifest.elements.insert(path("consignee.passport"), Transformation::Keep);
    })
    .await;
    assert!(alarm.contains("an element and the clauses that your authority signed"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_that_the_own_clauses_do_not_give_is_refused_though_it_was_named() {
    let named = Asked::These(vec![path("declaration.office"), path("consignee.passport")]);
    let alarm = beyond(named, |_, manifest| {
        manifest.elements.retain(|element, _| *element == path("declaration.office"));
        manifest.elements.insert(path("consignee.passport"), Transformation::Keep);
    })
    .await;
    assert!(alarm.contains("an element and the clauses that your authority signed"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_form_than_the_own_clauses_give_is_refused_when_all_was_asked_for() {
    let alarm = beyond(Asked::All, |_, manifest| {
        let pseudonymised = manifest.elements.values_mut().find(|done| **done != Transformation::Keep);
        *pseudonymised.unwrap() = Transformation::Keep;
    })
    .await;
    assert!(alarm.contains("what was done to an element and the clauses"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_form_than_the_own_clauses_give_is_refused_though_it_was_named() {
    let named = Asked::These(vec![path("consignee.eori")]);
    let alarm = beyond(named, |_, manifest| {
        manifest.elements.retain(|element, _| *element == path("consignee.eori"));
        *manifest.elements.values_mut().next().unwrap() = Transformation::Keep;
    })
    .await;
    assert!(alarm.contains("what was done to an element and the clauses"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_lets_out_less_is_taken() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    {
        let mut provider = world.provider();
        let (mut event, mut manifest) = provider.disclosure(&question, &role, 1);
        let eori = manifest.elements.get_mut(&path("consignee.eori")).unwrap();
        assert_eq!(*eori, Transformation::Pseudonymise(PseudonymPolicy::Deterministic));
        *eori = Transformation::Pseudonymise(PseudonymPolicy::FullyRandomised);
        event.elements = manifest.elements.clone();
        let body = AnswerBody::Inline { records: format!("{RECORD}\n") };
        provider.deliver(Event::Disclosure(Box::new(event)), FromBroker::Answer { manifest, body });
    }
    assert_eq!(world.settled(question.request).await.status, RequestStatus::Answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_under_another_authoritys_clause_is_refused() {
    let alarm = beyond(Asked::All, |event, _| {
        event.clauses = vec![ClauseId::parse("trade-statistics").unwrap()];
    })
    .await;
    assert!(alarm.contains("the clauses and those that your authority signed"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_retention_than_the_own_clauses_give_is_refused() {
    let alarm = beyond(Asked::All, |_, manifest| manifest.retention_days += 1).await;
    assert!(alarm.contains("the retention and the clauses"), "{alarm}");
}

fn about_a_known_person(wanted: &mut Wanted) {
    wanted.role = RoleId::parse("case-officer").unwrap();
    wanted.purpose = PurposeId::parse("customs:PostClearanceControl").unwrap();
    wanted.terms = vec![QuestionTerm { element: path("consignee.vat"), value: "NL001".to_owned() }];
}

#[tokio::test(flavor = "multi_thread")]
async fn lasting_pseudonyms_about_a_person_who_was_named_are_refused() {
    let world = World::joined().await;
    let request = world.ask_with(about_a_known_person).await;
    let (question, role) = world.question(request).await;
    let (_, manifest) = world.provider().disclosure(&question, &role, 1);
    let lasting = Transformation::Pseudonymise(PseudonymPolicy::Deterministic);
    assert!(manifest.elements.values().any(|done| *done == lasting), "{manifest:?}");
    world.provider().answer(&question, &role, &[RECORD]);
    let alarm = world.alarm(request).await;
    assert!(alarm.contains("what was done to an element and the clauses"), "{alarm}");
}
