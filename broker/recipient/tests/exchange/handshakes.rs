//! No proof, no change: a commit or a welcome that is not on record is not followed, and the group
//! stays what it was.

use agreements::{Digest, GroupId};
use audit::checkpoint::LogSigner;
use exchange::wire::{InboxKind, InboxMessage, InboxPage};
use recipient::store::groups::GroupRow;

use crate::world::World;

fn handshakes(page: &mut InboxPage) -> impl Iterator<Item = &mut InboxMessage> {
    page.messages.iter_mut().filter(|message| message.kind == InboxKind::Handshake)
}

/// What the recipient keeps of its group.
async fn kept(world: &World) -> (GroupRow, Option<Vec<u8>>) {
    let group: GroupId = world.provider().group_id;
    let (row, state) = world.home.store.group(group).await.unwrap().unwrap();
    (row, state.map(|state| state.to_vec()))
}

async fn alarm(world: &World) -> String {
    for _ in 0..500 {
        if let Some(alarm) = world.group().await.and_then(|row| row.alarm) {
            return alarm;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the change was followed: {:?}", world.group().await);
}

async fn unchanged(world: &World, before: &(GroupRow, Option<Vec<u8>>)) {
    let after = kept(world).await;
    assert_eq!(
        (after.0.epoch, after.0.members, after.0.position, after.0.sequence),
        (before.0.epoch, before.0.members, before.0.position, before.0.sequence)
    );
    assert_eq!(after.1.is_some(), before.1.is_some());
    assert!(after.1 == before.1, "the state of the group changed");
}

async fn resume(world: &World) {
    world.provider().tamper = None;
    let mut tx = world.home.store.write().await.unwrap();
    assert!(tx.resume_group(world.group().await.unwrap().group).await.unwrap());
    tx.commit().await.unwrap();
}

/// A member's provider changes the epoch, and the page that brings it is changed on the way.
async fn refused(change: impl FnMut(&mut InboxPage) + Send + 'static) -> String {
    let world = World::joined().await;
    let before = kept(&world).await;
    world.provider().tamper = Some(Box::new(change));
    world.provider().refresh();
    let alarm = alarm(&world).await;
    unchanged(&world, &before).await;
    // Once the provider proves it, and a person has looked, it is followed.
    resume(&world).await;
    for _ in 0..500 {
        if kept(&world).await.0.epoch == before.0.epoch + 1 {
            return alarm;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it is not followed even when it is proved, after: {alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_any_proof_is_not_followed() {
    let alarm = refused(|page| {
        handshakes(page).for_each(|message| {
            (message.index, message.leaf) = (None, None);
            message.proof.clear();
        });
    })
    .await;
    assert!(alarm.contains("came without its line number"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_its_leaf_is_not_followed() {
    let alarm = refused(|page| handshakes(page).for_each(|message| message.leaf = None)).await;
    assert!(alarm.contains("came without its leaf"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_a_proof_that_does_not_hold_is_not_followed() {
    let alarm = refused(|page| {
        handshakes(page)
            .flat_map(|message| &mut message.proof)
            .for_each(|hash| *hash = Digest::of(hash.as_bytes()));
    })
    .await;
    assert!(alarm.contains("is not proved to be line"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_anothers_proof_is_not_followed() {
    let world = World::joined().await;
    let before = kept(&world).await;
    world.provider().tamper = Some(Box::new(|page| {
        if let [one, two] = page.messages.as_mut_slice() {
            std::mem::swap(&mut one.leaf, &mut two.leaf);
            std::mem::swap(&mut one.index, &mut two.index);
            std::mem::swap(&mut one.proof, &mut two.proof);
        } else {
            page.messages.clear();
        }
    }));
    {
        let mut provider = world.provider();
        provider.refresh();
        provider.refresh();
    }
    let alarm = alarm(&world).await;
    assert!(alarm.contains("does not hold its SHA-256"), "{alarm}");
    unchanged(&world, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_under_a_forked_checkpoint_is_not_followed() {
    let world = World::joined().await;
    let before = kept(&world).await;
    {
        let mut provider = world.provider();
        // Another history, signed by the same key, in which the commit is on record.
        provider.leaves.0[0] = b"another beginning".to_vec();
        provider.refresh();
    }
    let alarm = alarm(&world).await;
    assert!(alarm.contains("forked"), "{alarm}");
    unchanged(&world, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_in_a_line_that_was_used_is_not_followed() {
    let world = World::joined().await;
    let index = world.provider().leaves.0.len() as u64;
    let mut tx = world.home.store.write().await.unwrap();
    tx.use_index("nl-customs.example/log", index).await.unwrap();
    tx.commit().await.unwrap();
    let before = kept(&world).await;
    world.provider().refresh();
    let alarm = alarm(&world).await;
    assert!(alarm.contains("was used for a message before"), "{alarm}");
    unchanged(&world, &before).await;
}

/// The first contact: nothing is known but the own side's agreement file, and that names the key of
/// the record.
async fn not_joined(change: impl FnMut(&mut InboxPage) + Send + 'static) -> String {
    let mut world = World::new().await;
    world.provider().tamper = Some(Box::new(change));
    world.start();
    world.until("key packages", |world| !world.provider().key_packages.is_empty()).await;
    world.provider().welcome();
    let alarm = alarm(&world).await;
    let (row, state) = kept(&world).await;
    assert_eq!((row.epoch, row.members, state), (0, 0, None), "{alarm}");
    resume(&world).await;
    world.join().await;
    alarm
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_welcome_without_its_proof_is_not_taken() {
    let alarm = not_joined(|page| {
        handshakes(page).for_each(|message| (message.index, message.leaf) = (None, None));
    })
    .await;
    assert!(alarm.contains("came without its line number"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_welcome_on_no_record_at_all_is_not_taken() {
    let alarm = not_joined(|page| {
        if page.messages.is_empty() {
            return;
        }
        page.checkpoint.clear();
        page.consistency.clear();
        handshakes(page).for_each(|message| (message.index, message.leaf) = (None, None));
    })
    .await;
    assert!(alarm.contains("signed state of the record"), "{alarm}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_welcome_under_another_log_key_is_not_taken() {
    let mut world = World::new().await;
    let other = LogSigner::from_seed("nl-customs.example/log", [9; 32].into()).unwrap();
    let named = std::mem::replace(&mut world.provider().signer, other);
    world.start();
    world.until("key packages", |world| !world.provider().key_packages.is_empty()).await;
    world.provider().welcome();
    let alarm = alarm(&world).await;
    assert!(alarm.contains("the signed state of the record does not hold"), "{alarm}");
    let (row, state) = kept(&world).await;
    assert_eq!((row.epoch, row.members, state), (0, 0, None));
    world.provider().signer = named;
    resume(&world).await;
    world.join().await;
}
