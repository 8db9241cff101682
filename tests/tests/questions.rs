//! Questions that must not be answered, or not twice: stale ones, repeated and changed ones, those of
//! an endpoint whose enrolment has ended, those above a ceiling, and those by what the asker may
//! not know.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test with its helpers"
)]

use std::time::Duration;

use agreements::statements::ReceiptStage;
use exchange::FromBroker;
use exchange::content::Question as Sealed;
use exchange::wire::{OCTETS, messages_path};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use tests::harness::{Member, Question, World, about, declaration};

fn problem(body: &FromBroker) -> Option<(u16, String)> {
    match body {
        FromBroker::Problem { status, code, .. } => Some((*status, code.clone())),
        _ => None,
    }
}

/// The answer to a question is that problem.
async fn assert_problem(member: &mut Member, question: Sealed, status: u16, code: &str) {
    let answer = member.ask(question).await;
    assert_eq!(problem(&answer.body), Some((status, code.to_owned())));
}

async fn disclosures(world: &mut World) -> usize {
    let log = world.log().await;
    let verified = log.verify().await;
    assert_eq!(verified.code, 0, "{verified:?}");
    log.of("disclosure").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_yesterday_or_of_tomorrow_is_not_answered() {
    let mut world = World::new(1).await;
    let mut member = world.member(0, "be-customs-annex").await;
    let now = Timestamp::now();
    for (ago, code) in [(-25 * 60, "stale"), (-24 * 60 * 400, "stale"), (6, "from-the-future")] {
        let asked_at = now + SignedDuration::from_mins(ago);
        let question = Sealed { asked_at, ..member.question() };
        assert_problem(&mut member, question, 400, code).await;
    }
    let (first, last) = (Timestamp::MIN, Timestamp::MAX);
    for (asked_at, code) in [(first, "stale"), (last, "from-the-future")] {
        let question = Sealed { asked_at, ..member.question() };
        assert_problem(&mut member, question, 400, code).await;
    }
    assert_eq!(disclosures(&mut world).await, 0);
    // Within the limits it is.
    for ago in [-23 * 60, 3] {
        let question = Sealed { asked_at: now + SignedDuration::from_mins(ago), ..member.question() };
        assert!(matches!(member.ask(question).await.body, FromBroker::Answer { .. }));
    }
    assert_eq!(disclosures(&mut world).await, 2);
    assert_eq!(world.log().await.of("problem").count(), 5, "each is on record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_comes_again_is_not_answered_twice_and_one_that_was_changed_not_at_all() {
    let mut world = World::new(1).await;
    let mut member = world.member(0, "be-customs-annex").await;
    let question = member.question();
    let first = member.ask(question.clone()).await.index;
    for round in 0..2 {
        let again = member.ask(question.clone()).await;
        match again.body {
            FromBroker::Repeated { request, first: named } => {
                assert_eq!((request, named), (question.request, first));
            }
            _ => panic!("it was answered again"),
        }
        let mut changes = Vec::new();
        changes.push(Sealed { justification: "another reason".to_owned(), ..question.clone() });
        changes.push(Sealed { asked_at: Timestamp::now(), ..question.clone() });
        let mut office = question.clone();
        office.terms[0].value = "NL000404".to_owned();
        changes.push(office);
        for changed in changes {
            assert_problem(&mut member, changed, 409, "changed").await;
        }
        if round == 0 {
            world.stop().await;
            world.start().await.expect("the broker starts");
        }
    }
    // A refusal is an answer as well: its id is used.
    let office =
        Sealed { purpose: agreements::PurposeId::parse("dpv:Marketing").unwrap(), ..member.question() };
    assert!(matches!(member.ask(office.clone()).await.body, FromBroker::Refusal { .. }));
    let allowed = Sealed { purpose: question.purpose.clone(), ..office };
    assert_problem(&mut member, allowed, 409, "changed").await;
    assert_eq!(disclosures(&mut world).await, 1);
    // Many at once, and still one.
    let burst = member.question();
    let said = member.vouched(burst.clone());
    member.collect(0).await;
    let from = member.opened.len();
    for _ in 0..16 {
        member.say(&said).await;
    }
    for _ in 0..30 {
        member.collect(1).await;
        if member.opened[from..].iter().filter(|one| about(&one.body) == Some(burst.request)).count() == 16 {
            break;
        }
    }
    let answers = member.opened[from..].iter().filter(|one| matches!(one.body, FromBroker::Answer { .. }));
    assert_eq!(answers.count(), 1);
    assert_eq!(disclosures(&mut world).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_enrolment_has_ended_is_heard_no_more() {
    let mut world = World::new(1).await;
    let many: String = (1_000..1_400).map(|n| declaration(n).to_string() + "\n").collect();
    world.deposit(&many).await;
    let accomplice = world.member(0, "be-customs-mole").await;
    let until = Timestamp::now() + SignedDuration::from_secs(6);
    let mut member = world.enrolled(0, "be-customs-annex", until).await;
    member.join().await;
    let announced = member.bulk().await;
    assert!(Timestamp::now() < until, "this machine is too slow for the test");
    let question = member.question();
    let late = member.vouched(Sealed { asked_at: until, ..question });
    let held = member.signed(&member.receipt(ReceiptStage::Held, &announced));
    tokio::time::sleep(Duration::from_secs(7)).await;

    assert_eq!(member.collect(0).await, 401);
    assert_eq!(member.fetch(&announced.object).await.0, 401);
    // Through the calls of a colleague: the message itself is still that of the endpoint.
    for (n, said) in [late, held].iter().enumerate() {
        let (_, bytes) = member.reader.seal(said);
        let status = accomplice.call(Method::POST, &messages_path(member.group), &bytes, OCTETS).await;
        assert_eq!(status, 202);
        for _ in 0..100 {
            if world.log().await.of("problem").count() > n {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let log = world.log().await;
    let problems: Vec<_> = log.of("problem").map(|entry| entry.values["code"].clone()).collect();
    assert_eq!(problems, ["not-enrolled", "not-enrolled"], "{}", world.said());
    assert_eq!(log.of("key-delivered").count(), 0);
    assert_eq!(disclosures(&mut world).await, 1, "the one of before");
    let said = world.recipients[0].ask(&world.recipients[0].question()).await;
    assert_eq!(said["status"], "answered", "its colleagues go on: {said}");
}

fn vat(n: usize) -> String {
    declaration(n)["consignee"]["vat"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ceiling_that_is_reached_stays_reached_and_a_question_without_a_hit_counts() {
    let mut world = World::under(1, |text| text.replace("rows_per_day = 500\n", "rows_per_day = 3\n")).await;
    let desk = world.recipients[0].asking();
    for (trader, found) in [(vat(3), 1), ("NL999999999B99".to_owned(), 0), (vat(4), 1)] {
        let said = desk.ask(&desk.question_about(&trader)).await;
        assert_eq!(said["status"], "answered", "{said}");
        assert_eq!(said["data"].as_array().map_or(0, Vec::len), found, "{said}");
    }
    for round in 0..2 {
        for trader in [vat(5), "NL999999999B99".to_owned()] {
            let said = desk.ask(&desk.question_about(&trader)).await;
            assert_eq!((&said["status"], &said["dimension"]), (&"refused".into(), &"ceiling".into()), "{said}");
            assert!(said["data"].is_null());
        }
        if round == 0 {
            world.stop().await;
            world.start().await.expect("the broker starts");
        }
    }
    // Another clause has a ceiling of its own.
    let said = desk.ask(&desk.question()).await;
    assert_eq!(said["status"], "answered", "{said}");
    let log = world.log().await;
    let refused: Vec<_> = log.of("refusal").collect();
    assert_eq!(refused.len(), 4, "each refusal is on record");
    assert!(refused.iter().all(|entry| entry.values["dimension"] == "ceiling"), "{refused:?}");
    assert_eq!(disclosures(&mut world).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_about_somebody_known_learns_no_lasting_pseudonym() {
    let world = World::new(1).await;
    let desk = &world.recipients[0];
    let (mut seen, question) = (Vec::new(), desk.question_about(&vat(3)));
    for _ in 0..2 {
        let said = desk.ask(&question).await;
        assert_eq!(said["status"], "answered", "{said}");
        let record = said["data"][0].clone();
        assert_eq!(record["consignee"]["name"], declaration(3)["consignee"]["name"], "its clause keeps it");
        assert!(record["consignee"]["vat"].is_null(), "withheld: {record}");
        seen.push(record["consignor"]["name"].as_str().expect("a pseudonym").to_owned());
    }
    assert_ne!(seen[0], seen[1], "the same person has another pseudonym in each answer");
    assert!(!seen.iter().any(|name| name.contains("Harbour")));
    // Nor can it be searched under the clause that has lasting ones.
    for pseudonym in &seen {
        let terms = vec![format!("consignee.eori={pseudonym}")];
        let said = desk.ask(&Question { terms, ..desk.question() }).await;
        assert_eq!(said["status"], "refused", "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_that_was_never_disclosed_is_refused_like_any_other_that_cannot_be_searched() {
    let mut world = World::new(1).await;
    let desk = world.recipients[0].asking();
    let said = desk.ask(&desk.question()).await;
    let records = said["data"].as_array().expect("records").clone();
    let given = records[0]["consignee"]["eori"].as_str().expect("a pseudonym").to_owned();
    let by = |value: &str| Question { terms: vec![format!("consignee.eori={value}")], ..desk.question() };
    let found = desk.ask(&by(&given)).await;
    assert_eq!(found["status"], "answered", "{found}");
    assert_eq!(found["data"][0]["consignee"]["eori"], given.as_str());

    let mut never = given.clone();
    let last = never.pop().expect("a letter");
    never.push(if last == '2' { '3' } else { '2' });
    let clear = declaration(3)["consignee"]["eori"].as_str().unwrap().to_owned();
    let mut words = Vec::new();
    for value in [never.as_str(), clear.as_str(), "NL899999999", &given[1..]] {
        let said = desk.ask(&by(value)).await;
        assert_eq!((&said["status"], &said["dimension"]), (&"refused".into(), &"search".into()), "{said}");
        words.push(said["plain"].as_str().expect("words").to_owned());
    }
    words.dedup();
    assert_eq!(words.len(), 1, "one answer for all of them: {words:?}");
    assert!(disclosures(&mut world).await >= 2);
}
