//! Receipts by a recipient that lies: whatever it signs, the record goes on, and an object of
//! somebody else stays where it is until its own recipient has opened it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use agreements::statements::ReceiptStage;
use agreements::{Digest, ObjectId};
use common::{Rng as _, SystemRng};
use exchange::{EndpointKey, FromBroker, FromRecipient};
use tests::harness::{Entry, Log, Member, Question, World, declaration};

/// A world whose bulk disclosures are objects: they do not fit into a message.
async fn world(recipients: usize) -> World {
    let world = World::new(recipients).await;
    let many: String = (1_000..1_400).map(|n| declaration(n).to_string() + "\n").collect();
    world.deposit(&many).await;
    world
}

fn is_problem(body: &FromBroker) -> bool {
    matches!(body, FromBroker::Problem { .. })
}

/// Sends a receipt that must be answered with a problem.
async fn refused(member: &mut Member, said: &FromRecipient, what: &str) {
    let answer = member.exchange(said, is_problem).await;
    let FromBroker::Problem { status, code, .. } = answer.body else { panic!("it is a problem") };
    assert_eq!((status, code.as_str()), (400, "bad-receipt"), "{what}");
}

/// Receipts of the real programs on record.
fn receipts(log: &Log) -> usize {
    let honest = |entry: &&Entry| entry.values["receipt"].as_str().unwrap().contains("-desk");
    log.of("receipt-opened").filter(honest).count()
}

/// Everybody honest is served as before, in a message and in bulk, their receipts count, and the
/// record verifies.
async fn assert_all_goes_on(world: &mut World) {
    let expected = receipts(&world.log().await) + 2 * world.recipients.len();
    for recipient in &world.recipients {
        let said = recipient.ask(&recipient.question()).await;
        assert_eq!(said["status"], "answered", "{said}\n{}", world.said());
        let out = Some(world.root().join(format!("{}-bulk.jsonl", recipient.authority.id)));
        let bulk = Question { action: "bulk".to_owned(), terms: Vec::new(), out, ..recipient.question() };
        let said = recipient.ask(&bulk).await;
        assert_eq!(said["status"], "answered", "{said}\n{}", world.said());
    }
    let mut log = world.log().await;
    for _ in 0..50 {
        if receipts(&log) == expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        log = world.log().await;
    }
    assert_eq!(receipts(&log), expected, "{}", world.said());
    let verified = log.verify().await;
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_said_to_be_opened_before_it_is_held_is_still_delivered() {
    let mut world = world(1).await;
    let mut liar = world.member(0, "be-customs-annex").await;
    let announced = liar.bulk().await;
    let early = liar.signed(&liar.receipt(ReceiptStage::Opened, &announced));
    for _ in 0..2 {
        refused(&mut liar, &early, "`opened` before the key went out").await;
    }
    // The same without naming the object, as if the disclosure had come in a message.
    let mut vague = liar.receipt(ReceiptStage::Opened, &announced);
    vague.object = None;
    let vague = liar.signed(&vague);
    refused(&mut liar, &vague, "`opened` that hides that there is an object").await;

    world.stop().await;
    world.start().await.expect("the broker starts after it");
    let records = liar.open(&announced).await;
    assert_eq!(records.lines().count(), 520, "the object opens, whole");
    let opened = liar.signed(&liar.receipt(ReceiptStage::Opened, &announced));
    liar.say(&opened).await;
    assert_all_goes_on(&mut world).await;
    assert_eq!(liar.fetch(&announced.object).await.0, 404, "what is opened is gone");
    // Signed once more, in any order, it brings nothing back and stops nothing.
    let held = liar.signed(&liar.receipt(ReceiptStage::Held, &announced));
    liar.say(&held).await;
    liar.say(&opened).await;
    assert_all_goes_on(&mut world).await;
    let log = world.log().await;
    let object = announced.object.header.object.to_string();
    let keys = log.of("key-delivered").filter(|entry| entry.values["object"] == object.as_str());
    assert_eq!(keys.count(), 1, "a key goes out once");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_for_the_object_of_another_recipient() {
    let mut world = world(2).await;
    let mut victim = world.member(0, "be-customs-annex").await;
    let mut liar = world.member(1, "fr-statistics-annex").await;
    let of_victim = victim.bulk().await;
    let of_liar = liar.bulk().await;
    assert_eq!(liar.fetch(&of_victim.object).await.0, 404, "the object of another recipient was given");
    for stage in [ReceiptStage::Opened, ReceiptStage::Held] {
        // All of it the other's; only the object; only the disclosure; in the other's name.
        let all = liar.receipt(stage, &of_victim);
        let mut object = liar.receipt(stage, &of_liar);
        object.object = Some(of_victim.object.header.object);
        let mut ciphertext = object.clone();
        ciphertext.received = of_victim.object.ciphertext;
        let mut disclosure = liar.receipt(stage, &of_liar);
        disclosure.disclosure = of_victim.manifest.disclosure;
        let own = victim.receipt(stage, &of_victim);
        for (what, receipt) in [
            ("another recipient's disclosure", all),
            ("another recipient's object", object),
            ("another recipient's object with its hash", ciphertext),
            ("another recipient's disclosure for the own object", disclosure),
            ("in another recipient's name", own),
        ] {
            let said = liar.signed(&receipt);
            refused(&mut liar, &said, what).await;
            let said = liar.signed_by(&receipt, &victim.endpoint.key);
            refused(&mut liar, &said, &format!("{what}, signed by the other")).await;
        }
    }
    assert_eq!(victim.open(&of_victim).await.lines().count(), 520);
    assert_eq!(liar.open(&of_liar).await.lines().count(), 520);
    assert_all_goes_on(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_for_an_object_of_another_disclosure() {
    let mut world = world(1).await;
    let mut liar = world.member(0, "be-customs-annex").await;
    let (first, second) = (liar.bulk().await, liar.bulk().await);
    for stage in [ReceiptStage::Opened, ReceiptStage::Held] {
        let honest = liar.receipt(stage, &first);
        let mut object = honest.clone();
        object.object = Some(second.object.header.object);
        let mut unknown = honest.clone();
        unknown.object = Some(ObjectId::from_bytes(SystemRng.id()));
        let mut changed = honest.clone();
        changed.received = Digest::of(b"another ciphertext");
        let mut entry = honest.clone();
        entry.index = second.index;
        let mut nowhere = honest.clone();
        nowhere.index = u64::MAX >> 1;
        let mut version = honest.clone();
        version.digest = Digest::of(b"another version");
        for (what, receipt) in [
            ("the object of another disclosure", object),
            ("an object that does not exist", unknown),
            ("another ciphertext", changed),
            ("the entry of another disclosure", entry),
            ("an entry that does not exist", nowhere),
            ("another version of the agreement", version),
        ] {
            let said = liar.signed(&receipt);
            refused(&mut liar, &said, what).await;
        }
        let stranger = EndpointKey::from_seed(&SystemRng.key());
        let said = liar.signed_by(&honest, &stranger);
        refused(&mut liar, &said, "a key that nobody knows").await;
        for note in ["", "transire/receipt/1\n{}\n\n", "— be-customs-annex AAAA\n"] {
            let said = FromRecipient::Receipt { note: note.to_owned() };
            refused(&mut liar, &said, "no receipt at all").await;
        }
    }
    for announced in [&second, &first] {
        assert_eq!(liar.open(announced).await.lines().count(), 520, "both can still be opened");
    }
    world.stop().await;
    world.start().await.expect("the broker starts after it");
    assert_all_goes_on(&mut world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_for_another_message_than_was_sent_is_refused() {
    let mut world = world(1).await;
    let mut liar = world.member(0, "be-customs-annex").await;
    let question = liar.question();
    let envelope = liar.ask(question).await;
    let FromBroker::Answer { manifest, .. } = envelope.body else { panic!("it is answered") };
    let announced = liar.bulk().await;
    let mut receipt = liar.receipt(ReceiptStage::Opened, &announced);
    (receipt.disclosure, receipt.request) = (manifest.disclosure, manifest.request);
    (receipt.index, receipt.object) = (envelope.index, None);
    receipt.received = Digest::of(b"another message");
    let mut lodged = receipt.clone();
    lodged.object = Some(announced.object.header.object);
    let of_entry = liar.inbox.iter().find(|message| message.index == Some(envelope.index)).unwrap();
    let mut question = receipt.clone();
    question.received = Digest::of(&of_entry.bytes.0);
    question.request = announced.manifest.request;
    for (what, receipt) in
        [("another message", &receipt), ("an object", &lodged), ("another question", &question)]
    {
        let said = liar.signed(receipt);
        refused(&mut liar, &said, what).await;
    }
    receipt.received = question.received;
    let honest = liar.signed(&receipt);
    liar.say(&honest).await;
    assert_all_goes_on(&mut world).await;
    let receipts = world.log().await.of("receipt-opened").count();
    assert_eq!(receipts, 3, "the honest one, and the two of the program");
}
