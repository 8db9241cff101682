//! No proof, no data: every way in which a provider can be wrong stops the reading, with an alarm,
//! nothing written and the group's state as it was.

use agreements::{Digest, Transformation};
use audit::event::Event;
use exchange::FromBroker;
use exchange::content::AnswerBody;
use exchange::wire::InboxPage;
use recipient::store::requests::RequestStatus;
use recipient::trust;

use crate::world::World;

const RECORD: &str = r#"{"declaration":{"office":"NL000510"}}"#;

/// The last page's messages are changed before they are sent.
async fn tampered(change: impl FnMut(&mut InboxPage) + Send + 'static) -> String {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    world.provider().tamper = Some(Box::new(change));
    world.provider().answer(&question, &role, &[RECORD]);
    let alarm = world.alarm(question.request).await;
    // Once the provider is right again, and a person has looked, nothing is lost.
    world.provider().tamper = None;
    let mut tx = world.home.store.write().await.unwrap();
    assert!(tx.resume_group(world.group().await.unwrap().group).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(world.settled(question.request).await.status, RequestStatus::Answered, "after: {alarm}");
    alarm
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_its_leaf_is_refused() {
    let alarm = tampered(|page| page.messages.iter_mut().for_each(|message| message.leaf = None)).await;
    assert!(alarm.contains("came without its leaf"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_its_index_is_refused() {
    let alarm = tampered(|page| page.messages.iter_mut().for_each(|message| message.index = None)).await;
    assert!(alarm.contains("came without its line number"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_a_proof_that_does_not_hold_is_refused() {
    let alarm = tampered(|page| {
        page.messages.iter_mut().flat_map(|message| &mut message.proof).for_each(|hash| {
            *hash = Digest::of(hash.as_bytes());
        });
    })
    .await;
    assert!(alarm.contains("is not proved to be line"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_changed_is_refused() {
    let alarm = tampered(|page| {
        page.messages.iter_mut().for_each(|message| *message.bytes.0.last_mut().unwrap() ^= 1);
    })
    .await;
    assert!(alarm.contains("does not hold its SHA-256"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_checkpoint_is_refused() {
    let alarm = tampered(|page| page.checkpoint.clear()).await;
    assert!(alarm.contains("signed state of the record"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consistency_proof_that_does_not_hold_is_refused() {
    let alarm = tampered(|page| page.consistency.clear()).await;
    assert!(alarm.contains("forked"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_with_a_message_left_out_is_refused() {
    let alarm = tampered(|page| page.messages.iter_mut().for_each(|message| message.position += 1)).await;
    assert!(alarm.contains("is missing"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_messages_proof_does_not_do() {
    let world = World::joined().await;
    let (first, role) = world.asked().await;
    let (second, _) = world.asked().await;
    world.provider().tamper = Some(Box::new(|page| {
        if let [one, two] = page.messages.as_mut_slice() {
            std::mem::swap(&mut one.leaf, &mut two.leaf);
            std::mem::swap(&mut one.index, &mut two.index);
            std::mem::swap(&mut one.proof, &mut two.proof);
        } else {
            page.messages.clear();
        }
    }));
    world.provider().answer(&first, &role, &[RECORD]);
    world.provider().answer(&second, &role, &[RECORD]);
    let alarm = world.alarm(first.request).await;
    assert!(alarm.contains("does not hold its SHA-256"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forked_log_is_refused() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    world.provider().other_entry();
    world.provider().refuse(question.request, "purpose", "no");
    world.settled(question.request).await;
    let (next, _) = world.asked().await;
    // Another history of the same length and more, signed by the same key.
    world.provider().leaves.0[0] = b"another beginning".to_vec();
    world.provider().answer(&next, &role, &[RECORD]);
    let alarm = world.alarm(next.request).await;
    assert!(alarm.contains("forked"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_went_back_is_refused() {
    let world = World::joined().await;
    let (question, _) = world.asked().await;
    world.provider().refuse(question.request, "purpose", "no");
    world.settled(question.request).await;
    let (next, _) = world.asked().await;
    {
        let mut provider = world.provider();
        let kept = provider.leaves.0.clone();
        provider.leaves.0.truncate(1);
        let older = provider.checkpoint();
        provider.leaves.0 = kept;
        provider.tamper = Some(Box::new(move |page| page.checkpoint.clone_from(&older)));
        provider.refresh();
    }
    let alarm = world.alarm(next.request).await;
    assert!(alarm.contains("went back"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_by_another_key_is_refused() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    let other =
        audit::checkpoint::LogSigner::from_seed("nl-customs.example/log", zeroize::Zeroizing::new([9; 32]))
            .unwrap();
    world.provider().tamper = Some(Box::new(move |page| {
        let text = agreements::Note::parse(&page.checkpoint).unwrap().text().to_owned();
        page.checkpoint = audit::checkpoint::Checkpoint::parse(&text).unwrap().sign(&other).unwrap();
    }));
    world.provider().answer(&question, &role, &[RECORD]);
    let alarm = world.alarm(question.request).await;
    assert!(alarm.contains("no signature by"), "{alarm}");
}

/// An answer that is wrong inside.
async fn wrong_inside(
    change: impl FnOnce(&mut audit::event::Disclosure, &mut exchange::Manifest, &mut AnswerBody),
    envelope: impl FnOnce(&mut exchange::Envelope),
) -> String {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    {
        let mut provider = world.provider();
        let (mut event, mut manifest) = provider.disclosure(&question, &role, 1);
        let mut body = AnswerBody::Inline { records: format!("{RECORD}\n") };
        change(&mut event, &mut manifest, &mut body);
        provider.deliver_with(
            Event::Disclosure(Box::new(event)),
            FromBroker::Answer { manifest, body },
            envelope,
        );
    }
    world.alarm(question.request).await
}

async fn differs(
    change: impl FnOnce(&mut audit::event::Disclosure, &mut exchange::Manifest, &mut AnswerBody),
) -> String {
    wrong_inside(change, |_| {}).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_under_another_digest_is_refused() {
    let alarm = differs(|event, manifest, _| {
        event.digest = Digest::of(b"another");
        manifest.digest = event.digest;
    })
    .await;
    assert!(alarm.contains("the digest of the agreement"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_sheet_with_other_elements_than_the_record_is_refused() {
    let alarm = differs(|_, manifest, _| {
        *manifest.elements.values_mut().next().unwrap() = Transformation::Keep;
        manifest.elements.pop_last();
    })
    .await;
    assert!(alarm.contains("the elements or what was done to them"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_sheet_with_other_counts_than_the_record_is_refused() {
    let alarm = differs(|event, _, _| event.records = 7).await;
    assert!(alarm.contains("the number of records"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_records_than_counted_are_refused() {
    let alarm = differs(|_, _, body| *body = AnswerBody::Inline { records: String::new() }).await;
    assert!(alarm.contains("the number of records inside"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_purpose_than_was_asked_is_refused() {
    let alarm = differs(|event, manifest, _| {
        event.purpose = agreements::PurposeId::parse("customs:PostClearanceControl").unwrap();
        manifest.purpose = event.purpose.clone();
    })
    .await;
    assert!(alarm.contains("the purpose and the question's"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_role_than_was_asked_in_is_refused() {
    let alarm = differs(|event, _, _| event.role = agreements::RoleId::parse("case-officer").unwrap()).await;
    assert!(alarm.contains("the role"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_nobody_asked_for_is_refused() {
    let alarm = differs(|event, manifest, _| {
        event.request = agreements::RequestId::from_bytes([3; 16]);
        manifest.request = event.request;
    })
    .await;
    assert!(alarm.contains("was not asked here"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_retention_than_recorded_is_refused() {
    let alarm = differs(|_, manifest, _| manifest.delete_by = manifest.delete_by.tomorrow().unwrap()).await;
    assert!(alarm.contains("the date of deletion"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_recipient_in_the_record_is_refused() {
    let alarm = differs(|event, _, _| {
        event.recipient = agreements::AuthorityId::parse("fr-statistics").unwrap();
    })
    .await;
    assert!(alarm.contains("the recipient"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_that_is_not_the_leafs_is_refused() {
    let alarm = wrong_inside(|_, _, _| {}, |envelope| envelope.opening.salt = "00".repeat(32)).await;
    assert!(alarm.contains("do not open its commitment"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_index_inside_than_outside_is_refused() {
    let alarm = wrong_inside(|_, _, _| {}, |envelope| envelope.index += 1).await;
    assert!(alarm.contains("its leaf is line"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_the_sequence_is_refused() {
    let alarm = wrong_inside(|event, _, _| event.sequence += 1, |envelope| envelope.sequence += 1).await;
    assert!(alarm.contains("one is missing or repeated"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_was_used_is_refused() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    let index = world.provider().leaves.0.len() as u64;
    let log = "nl-customs.example/log";
    let mut tx = world.home.store.write().await.unwrap();
    tx.use_index(log, index).await.unwrap();
    tx.commit().await.unwrap();
    world.provider().answer(&question, &role, &[RECORD]);
    let alarm = world.alarm(question.request).await;
    assert!(alarm.contains("was used for a message before"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_twice_is_refused() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    world.provider().answer(&question, &role, &[RECORD]);
    world.settled(question.request).await;
    world.provider().answer(&question, &role, &[RECORD, RECORD]);
    for _ in 0..300 {
        if world.group().await.unwrap().alarm.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(world.group().await.unwrap().alarm.unwrap().contains("answered before"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_not_the_one_announced_is_refused() {
    let world = World::joined().await;
    let (question, role) = world.asked().await;
    let object = {
        let mut provider = world.provider();
        let object = provider.answer_in_bulk(&question, &role, &[RECORD.to_owned()]);
        provider.objects.get_mut(&object).unwrap()[5] ^= 1;
        object
    };
    let row = world.settled(question.request).await;
    assert_eq!(row.status, RequestStatus::Alarm);
    assert!(!world.home.objects_dir().join(format!("{object}.sealed")).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_the_own_side_did_not_sign_is_refused() {
    let world = World::new().await;
    let other = world.document.replace("rows_per_day = 500", "rows_per_day = 5000");
    let refused = trust::add_agreement(
        &world.home,
        other.clone(),
        world.signature(&world.document),
        world.be.directory.clone(),
        &world.nl.directory,
    )
    .await;
    assert!(refused.unwrap_err().to_string().contains("not for this text"));
    // Signed by the provider's signatory instead of the own one.
    let forged = {
        let note = agreements::Note::parse(&world.signature(&other)).unwrap();
        let mut copy = agreements::Note::unsigned(note.text().to_owned()).unwrap();
        world.nl.signatory.sign_note(&mut copy).unwrap();
        copy.to_string()
    };
    let refused =
        trust::add_agreement(&world.home, other, forged, world.be.directory.clone(), &world.nl.directory).await;
    assert!(refused.unwrap_err().to_string().contains("the own signature"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_under_an_agreement_that_the_own_side_did_not_sign_is_not_joined() {
    let mut world = World::new().await;
    {
        let mut provider = world.provider();
        let me = provider.me.clone();
        let enrolment = world.nl.enrol("nl-customs-broker", me.public());
        provider.group = exchange::BrokerGroup::create(
            provider.group_id,
            &Digest::of(b"another"),
            &world.be.id,
            &me,
            &enrolment,
        )
        .unwrap();
    }
    world.start();
    world.until("key packages", |world| !world.provider().key_packages.is_empty()).await;
    world.provider().welcome();
    for _ in 0..300 {
        if world.group().await.is_some_and(|row| row.alarm.is_some()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(world.group().await.unwrap().alarm.unwrap().contains("not known here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_changed_by_hand_in_the_store_stops_everything() {
    let mut world = World::joined().await;
    world.stop().await;
    let file = world.home.dir.join("receive.db");
    let url = format!("sqlite://{}", file.display());
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    sqlx::query(
        "UPDATE agreements SET document = replace(document, 'rows_per_day = 500', 'rows_per_day = 501')",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    world.reopen().await;
    let refused = trust::Trust::load(&world.home).await.unwrap_err();
    assert!(refused.to_string().contains("was changed after it was added"), "{refused}");
}
