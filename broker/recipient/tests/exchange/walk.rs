//! The whole way, and what may come in between.

use agreements::Action;
use agreements::statements::ReceiptStage;
use audit::verify::{ReceiptFile, verify_receipt};
use recipient::answer::KeptAnswer;
use recipient::desk;
use recipient::export::Records;
use recipient::records::FileFormat;
use recipient::store::groups::GroupStatus;
use recipient::store::objects::Stage;
use recipient::store::requests::RequestStatus;

use crate::provider::Arrived;
use crate::world::{World, holds};

const RECORDS: [&str; 2] = [
    r#"{"declaration":{"number":"ps1-aaaa","office":"NL000510"}}"#,
    r#"{"declaration":{"number":"ps1-bbbb","office":"NL000510"}}"#,
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_proved_kept_and_signed_for() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    world.provider().other_entry();
    world.provider().answer(&question, &role, &RECORDS);
    let row = world.settled(question.request).await;
    assert_eq!(row.status, RequestStatus::Answered);
    let Some(KeptAnswer::Inline { manifest, records }) = world.answer(question.request).await else {
        panic!("no inline answer")
    };
    assert_eq!((manifest.records, records.lines().count()), (2, 2));
    assert_eq!(row.delete_by, manifest.delete_by);
    let (receipt, _) = world.receipt(ReceiptStage::Opened).await;
    assert_eq!((receipt.disclosure, receipt.request), (manifest.disclosure, question.request));

    let out = world.file("records.jsonl");
    let written = Records::of(&world.home, question.request).await.unwrap();
    written.write(&world.home, &out, None).unwrap();
    assert_eq!(std::fs::read_to_string(&out).unwrap(), records);

    let proof = world.home.store.answer_proof(question.request).await.unwrap().unwrap();
    let file: ReceiptFile = serde_json::from_slice(&proof).unwrap();
    let entry = verify_receipt(&file, Some(world.provider().signer.key())).unwrap();
    assert_eq!(entry.index, receipt.index);
    assert!(!holds(&proof, "ps1-aaaa"), "the proof holds a record");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_question_passes_the_outward_routes_or_rests_in_clear() {
    let mut world = World::joined().await;
    let (question, role) = world.asked().await;
    world.provider().answer(&question, &role, &RECORDS);
    world.settled(question.request).await;
    world.receipt(ReceiptStage::Opened).await;
    world.stop().await;
    let words = [
        "secret",
        "Peeters",
        "BE-0417",
        "RiskManagement",
        "import-declarations",
        "declaration.office",
        "risk-analyst",
        "ps1-aaaa",
        "NL000510",
    ];
    for word in words {
        assert!(!holds(&world.provider().passed, word), "`{word}` passed the outward routes");
    }
    for file in ["receive.db", "receive.db-wal"] {
        let Ok(bytes) = std::fs::read(world.home.dir.join(file)) else { continue };
        for word in ["secret", "Peeters", "ps1-aaaa"] {
            assert!(!holds(&bytes, word), "`{word}` rests in clear in {file}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_the_officer_in_its_plain_words() {
    let world = World::joined().await;
    let (question, _) = world.asked().await;
    world.provider().refuse(question.request, "purpose", "the purpose is not covered");
    assert_eq!(world.settled(question.request).await.status, RequestStatus::Refused);
    match world.answer(question.request).await {
        Some(KeptAnswer::Refusal { dimension, plain }) => {
            assert_eq!((dimension.as_str(), plain.as_str()), ("purpose", "the purpose is not covered"));
        }
        _ => panic!("no refusal"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_object_is_held_keyed_opened_and_written_whole() {
    let world = World::joined().await;
    let request = world.ask_for(Action::Bulk).await;
    let (question, role) = world.question(request).await;
    let records: Vec<String> =
        (0..5000).map(|n| format!(r#"{{"declaration":{{"number":"ps1-{n:026}","office":"NL"}}}}"#)).collect();
    let object = world.provider().answer_in_bulk(&question, &role, &records);
    let (held, note) = world.receipt(ReceiptStage::Held).await;
    assert_eq!(held.object, Some(object));
    assert!(Records::of(&world.home, request).await.is_err(), "nothing is given out before the key");
    world.provider().give_key(object, &note);
    assert_eq!(world.settled(request).await.status, RequestStatus::Answered);
    let (opened, _) = world.receipt(ReceiptStage::Opened).await;
    assert_eq!(opened.received, held.received);

    let written = Records::of(&world.home, request).await.unwrap();
    let (jsonl, csv) = (world.file("bulk.jsonl"), world.file("bulk.csv"));
    written.write(&world.home, &jsonl, None).unwrap();
    written.write(&world.home, &csv, Some(FileFormat::Csv)).unwrap();
    assert_eq!(std::fs::read_to_string(&jsonl).unwrap().lines().count(), 5000);
    let table = std::fs::read_to_string(&csv).unwrap();
    assert_eq!(table.lines().count(), 5001);
    assert!(table.lines().next().unwrap().contains("declaration.number"));
    let folder = std::fs::read(world.home.objects_dir().join(format!("{object}.sealed"))).unwrap();
    assert!(!holds(&folder, "ps1-"), "records rest in clear");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_object_goes_on_after_a_crash_at_each_stage() {
    let mut world = World::joined().await;
    let request = world.ask_for(Action::Bulk).await;
    let (question, role) = world.question(request).await;
    world.crash().await;
    let records: Vec<String> = (0..200).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
    let object = world.provider().answer_in_bulk(&question, &role, &records);
    let bytes = world.provider().objects.remove(&object).unwrap();
    world.start();
    // Announced, but the object is not there yet.
    for _ in 0..200 {
        if world.home.store.object_of::<recipient::answer::ObjectNote>(request).await.unwrap().is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world.crash().await;
    std::fs::write(world.home.objects_dir().join(format!("{object}.part")), b"half").unwrap();
    world.provider().objects.insert(object, bytes);
    world.reopen().await;
    world.start();
    let (_, note) = world.receipt(ReceiptStage::Held).await;
    world.crash().await;
    world.provider().give_key(object, &note);
    world.reopen().await;
    world.start();
    assert_eq!(world.settled(request).await.status, RequestStatus::Answered);
    let row = world.home.store.object_of::<recipient::answer::ObjectNote>(request).await.unwrap().unwrap();
    assert_eq!(row.stage, Stage::Opened);
    world.receipt(ReceiptStage::Opened).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_was_offline_catches_up_in_order() {
    let mut world = World::joined().await;
    let mut questions = Vec::new();
    for _ in 0..5 {
        questions.push(world.asked().await);
    }
    world.stop().await;
    for (n, (question, role)) in questions.iter().enumerate() {
        world.provider().answer(question, role, &RECORDS);
        if n == 2 {
            world.provider().refresh();
        }
    }
    world.reopen().await;
    world.start();
    for (question, _) in &questions {
        assert_eq!(world.settled(question.request).await.status, RequestStatus::Answered);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_a_past_epoch_is_sealed_again_and_answered() {
    let mut world = World::joined().await;
    world.stop().await;
    let request = world.ask().await;
    world.provider().down = true;
    world.start();
    // Sealed in the present epoch, but not taken.
    for _ in 0..200 {
        if !world.home.store.outbox_sealed(&world.group().await.unwrap().agreement).await.unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world.provider().refresh();
    world.provider().down = false;
    let (question, role) = world.question(request).await;
    world.provider().answer(&question, &role, &RECORDS);
    assert_eq!(world.settled(request).await.status, RequestStatus::Answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_asked_while_the_provider_is_away_is_sent_when_it_is_back() {
    let world = World::joined().await;
    world.provider().down = true;
    let request = world.ask().await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(world.home.store.request(request).await.unwrap().unwrap().status, RequestStatus::Waiting);
    world.provider().down = false;
    let (question, role) = world.question(request).await;
    world.provider().answer(&question, &role, &RECORDS);
    assert_eq!(world.settled(request).await.status, RequestStatus::Answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn crashes_in_the_middle_of_questions_use_no_ratchet_step_twice() {
    let mut world = World::joined().await;
    let mut requests = Vec::new();
    for round in 0..8 {
        requests.push(world.ask().await);
        tokio::time::sleep(std::time::Duration::from_millis(7 * round)).await;
        world.crash().await;
        world.reopen().await;
        world.start();
    }
    // The provider opens each; a step used twice would not open and end its task.
    for request in requests {
        let (question, role) = world.question(request).await;
        let answered = world
            .provider()
            .opened
            .iter()
            .filter(|arrived| matches!(arrived, Arrived::Question(q, _) if q.request == request))
            .count();
        assert!(answered >= 1);
        world.provider().answer(&question, &role, &RECORDS);
        assert_eq!(world.settled(request).await.status, RequestStatus::Answered);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_endpoint_reads_nothing_more() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    world.provider().remove(crate::world::ENDPOINT);
    world.provider().answer(&question, &role, &RECORDS);
    for _ in 0..300 {
        let row = world.group().await.unwrap();
        if row.status == GroupStatus::Removed && row.position >= 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(world.group().await.unwrap().status, GroupStatus::Removed);
    assert!(world.answer(question.request).await.is_none());
    let state = world.home.store.group(world.group().await.unwrap().group).await.unwrap().unwrap().1;
    assert!(state.is_none(), "its keys are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_with_fresh_keys_goes_on_without_a_gap() {
    let world = World::joined().await;
    let (first, role) = world.asked().await;
    world.provider().answer(&first, &role, &RECORDS);
    world.settled(first.request).await;
    let epoch = world.group().await.unwrap().epoch;
    // Key packages were given anew after the first was used; the same endpoint is added again.
    world.until("a key package", |world| !world.provider().key_packages.is_empty()).await;
    world.provider().welcome();
    for _ in 0..300 {
        if world.group().await.unwrap().epoch > epoch {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (second, role) = world.asked().await;
    world.provider().answer(&second, &role, &RECORDS);
    assert_eq!(world.settled(second.request).await.status, RequestStatus::Answered);
    assert_eq!(world.group().await.unwrap().sequence, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_endpoint_joins_later_and_each_keeps_its_own_answers() {
    let mut world = World::joined().await;
    let (first, role) = world.asked().await;
    world.provider().answer(&first, &role, &RECORDS);
    world.settled(first.request).await;
    world.provider().key_packages.clear();

    let broker = world.home.config.broker.clone();
    let other = crate::world::home(&world.folder, &world.be, &broker, "second", "be-customs-desk-2").await;
    world.settle(&other).await;
    let one = std::mem::replace(&mut world.home, other);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(recipient::collector::collect(
        std::sync::Arc::clone(&world.home),
        recipient::collector::Until::Stopped,
        stopped,
    ));
    world.until("key packages", |world| !world.provider().key_packages.is_empty()).await;
    world.provider().welcome();
    world.join().await;
    let (second, role) = world.asked().await;
    world.provider().answer(&second, &role, &RECORDS);
    assert_eq!(world.settled(second.request).await.status, RequestStatus::Answered);
    assert_eq!(world.group().await.unwrap().sequence, Some(2));
    assert!(world.answer(first.request).await.is_none());
    let elsewhere = one.store.answer::<KeptAnswer>(second.request).await.unwrap();
    assert!(elsewhere.is_none(), "the first endpoint kept the second's answer");
    stop.send(true).unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_asker_and_officers_of_that_role_see_an_answer() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    world.provider().answer(&question, &role, &RECORDS);
    world.settled(question.request).await;
    let password = || zeroize::Zeroizing::new("another long password".to_owned());
    for (number, role, sees) in [("BE-1", "risk-analyst", true), ("BE-2", "case-officer", false)] {
        let number = agreements::OfficerNumber::parse(number).unwrap();
        let roles = vec![agreements::RoleId::parse(role).unwrap()];
        desk::add_officer(&world.home, &number, "Another".to_owned(), roles, password()).await.unwrap();
        let officer = desk::sign_in(&world.home, &number, password()).await.unwrap();
        assert_eq!(desk::visible(&world.home, &officer, question.request).await.is_ok(), sees, "{role}");
        desk::remove_officer(&world.home, &number).await.unwrap();
        assert!(desk::sign_in(&world.home, &number, password()).await.is_err());
    }
}
