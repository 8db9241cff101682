//! The older state of the record that a message names inside must be a beginning of the record in
//! which the message is proved, whatever its size.

use agreements::Digest;
use audit::checkpoint::Checkpoint;
use audit::event::Event;
use exchange::content::AnswerBody;
use exchange::wire::InboxPage;
use exchange::{FromBroker, Question};
use recipient::store::requests::RequestStatus;

use crate::provider::Provider;
use crate::world::World;

const RECORD: &str = r#"{"declaration":{"office":"NL000510"}}"#;

/// Answers a question in a batch that began `before` lines before the answer's, with the state that
/// `name` makes of the true one.
fn answer(world: &World, question: &Question, before: u64, name: impl FnOnce(&Provider, Checkpoint) -> String) {
    let mut provider = world.provider();
    for _ in 0..before {
        provider.other_entry();
    }
    let size = provider.leaves.0.len() - usize::try_from(before).unwrap();
    let named = name(&provider, provider.checkpoint_of(size));
    let role = agreements::RoleId::parse("risk-analyst").unwrap();
    let (event, manifest) = provider.disclosure(question, &role, 1);
    let body = AnswerBody::Inline { records: format!("{RECORD}\n") };
    let body = FromBroker::Answer { manifest, body };
    provider.deliver_with(Event::Disclosure(Box::new(event)), body, |envelope| envelope.previous = named);
}

fn signed(provider: &Provider, checkpoint: Checkpoint) -> String {
    checkpoint.sign(&provider.signer).unwrap()
}

fn of_another_history(provider: &Provider, checkpoint: Checkpoint) -> String {
    signed(provider, Checkpoint { root: Digest::of(b"another history"), ..checkpoint })
}

/// Lines of others since the newest state that the recipient keeps, so that it keeps none of the
/// size that is named.
const OTHERS: u64 = 2;

async fn asked(others: u64) -> (World, Question) {
    let world = World::joined().await;
    let (question, _) = world.asked().await;
    for _ in 0..others {
        world.provider().other_entry();
    }
    (world, question)
}

async fn refused(before: u64, name: impl FnOnce(&Provider, Checkpoint) -> String) -> String {
    let (world, question) = asked(OTHERS).await;
    answer(&world, &question, before, name);
    world.alarm(question.request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_names_no_older_state_is_refused() {
    let alarm = refused(0, |_, _| String::new()).await;
    assert!(alarm.contains("it names none"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_another_history_just_before_the_message_is_refused() {
    let alarm = refused(0, of_another_history).await;
    assert!(alarm.contains("two histories"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_another_history_of_any_other_size_is_refused() {
    for before in [1, 3, 4] {
        let alarm = refused(before, of_another_history).await;
        assert!(alarm.contains("two histories"), "{alarm}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_another_history_of_a_size_that_is_kept_is_refused() {
    let (world, question) = asked(0).await;
    answer(&world, &question, 2, of_another_history);
    let alarm = world.alarm(question.request).await;
    assert!(alarm.contains("another root than this record had"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_not_older_than_the_message_is_refused() {
    let alarm = refused(0, |provider, checkpoint| {
        signed(provider, Checkpoint { size: checkpoint.size + 1, ..checkpoint })
    })
    .await;
    assert!(alarm.contains("not older than the message"), "{alarm}");
}

async fn answered_with(change: impl FnMut(&mut InboxPage) + Send + 'static, before: u64) -> (World, Question) {
    let (world, question) = asked(OTHERS).await;
    world.provider().tamper = Some(Box::new(change));
    answer(&world, &question, before, signed);
    (world, question)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_state_that_nothing_proves_is_refused() {
    let clear = |page: &mut InboxPage| page.messages.iter_mut().for_each(|message| message.previous.clear());
    let (world, question) = answered_with(clear, 3).await;
    let alarm = world.alarm(question.request).await;
    assert!(alarm.contains("without the proof that this record extends it"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_state_is_proved_by_what_comes_beside_the_message() {
    for before in [0, 1, 3, 4] {
        let (world, question) = answered_with(|_| {}, before).await;
        assert_eq!(world.settled(question.request).await.status, RequestStatus::Answered);
    }
}
