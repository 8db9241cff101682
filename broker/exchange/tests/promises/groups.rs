//! Groups: coming in, speaking, changing, leaving.

use agreements::Digest;
use exchange::{
    BrokerGroup, Change, EndpointGroup, GroupError, HandshakeError, Incoming, Kind, OpenError, ReceiveError,
};

use crate::world::*;

#[test]
fn a_question_and_its_answer_pass_in_both_directions() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    assert_eq!(broker.members().unwrap(), [endpoint_id("be-desk-1")]);
    assert_eq!(endpoint.epoch().unwrap().members, [endpoint_id("be-desk-1")]);
    assert_eq!(endpoint.epoch().unwrap().agreement, agreement());

    let question = endpoint.seal(Kind::Question, message(9), b"who?").unwrap();
    let opened = broker.open(&question).unwrap();
    assert_eq!((opened.endpoint, opened.authority), (endpoint_id("be-desk-1"), authority("be-customs")));
    assert_eq!((opened.kind, opened.id), (Kind::Question, message(9)));
    assert_eq!(opened.plaintext.as_slice(), b"who?");

    let answer = said(&mut broker, "she");
    assert_eq!(reads(&mut endpoint, &answer), "she");
    assert_eq!(broker.steps(), 1);
}

#[test]
fn a_removed_member_cannot_read_the_next_disclosure() {
    let world = World::new();
    let (mut broker, mut first) = world.pair();
    let mut second = world.add(&mut broker, &world.endpoint("be-customs", "be-desk-2"), &mut [&mut first]);
    let before = said(&mut broker, "both");
    assert_eq!(reads(&mut first, &before), "both");
    assert_eq!(reads(&mut second, &before), "both");

    let changed = broker.change(removal("be-desk-2"), message(3)).unwrap();
    let bytes = world.take(&mut broker, changed, &mut [&mut first]);
    let after = said(&mut broker, "the first alone");
    // Whether it follows the commit or keeps its old state.
    assert!(matches!(second.open(&after), Err(ReceiveError::Elsewhere)));
    assert_eq!(second.follow(&bytes, &world.own()).unwrap(), Incoming::Removed);
    assert!(second.open(&after).is_err());
    assert!(second.seal(Kind::Question, message(4), b"?").is_err());
    assert_eq!(reads(&mut first, &after), "the first alone");
}

#[test]
fn a_member_is_added_again_with_fresh_keys_in_one_commit() {
    let world = World::new();
    let (mut broker, mut old) = world.pair();
    let desk = world.endpoint("be-customs", "be-desk-1");
    let prepared = world.prepare(&desk);
    let changed = broker.add(vec![world.check(&prepared)], message(3)).unwrap();
    let bytes = world.take(&mut broker, changed, &mut []);
    assert_eq!(old.follow(&bytes, &world.own()).unwrap(), Incoming::Removed);
    let mut new = EndpointGroup::join(&bytes, &prepared.state, &desk.key, &world.own()).unwrap();
    assert_eq!(broker.members().unwrap(), [endpoint_id("be-desk-1")]);
    let answer = said(&mut broker, "again");
    assert_eq!(reads(&mut new, &answer), "again");
}

#[test]
fn a_discarded_change_leaves_a_group_that_goes_on() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    drop(broker.refresh(message(3)).unwrap());
    let answer = said(&mut broker, "still here");
    assert_eq!(reads(&mut endpoint, &answer), "still here");
    let changed = broker.refresh(message(4)).unwrap();
    world.take(&mut broker, changed, &mut [&mut endpoint]);
    let answer = said(&mut broker, "and on");
    assert_eq!(reads(&mut endpoint, &answer), "and on");
}

#[test]
fn a_message_of_a_past_epoch_is_named_as_one() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let late = endpoint.seal(Kind::Question, message(9), b"late").unwrap();
    let changed = broker.refresh(message(3)).unwrap();
    world.take(&mut broker, changed, &mut [&mut endpoint]);
    assert!(matches!(broker.open(&late), Err(OpenError::EpochPassed { id }) if id == message(9)));
    let again = endpoint.seal(Kind::Question, message(10), b"late").unwrap();
    assert_eq!(broker.open(&again).unwrap().plaintext.as_slice(), b"late");
}

#[test]
fn state_that_was_stored_goes_on_where_it_was() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let first = said(&mut broker, "one");
    let (me, desk) = (world.broker(), world.endpoint("be-customs", "be-desk-1"));
    let stored = broker.dump().unwrap();
    assert!(stored.len() < 20_000, "{} bytes", stored.len());
    let mut broker = BrokerGroup::restore(&stored, &me.key).unwrap();
    assert_eq!((broker.steps(), broker.group(), broker.recipient()), (1, GROUP, &authority("be-customs")));
    assert_eq!(*broker.dump().unwrap(), *stored);
    let second = said(&mut broker, "two");
    assert_eq!(reads(&mut endpoint, &first), "one");
    let mut endpoint = EndpointGroup::restore(&endpoint.dump().unwrap(), &desk.key).unwrap();
    assert_eq!(reads(&mut endpoint, &second), "two");
    let changed = broker.refresh(message(3)).unwrap();
    world.take(&mut broker, changed, &mut [&mut endpoint]);
    let third = said(&mut broker, "three");
    assert_eq!(reads(&mut endpoint, &third), "three");
}

#[test]
fn a_new_version_of_the_agreement_is_a_new_epoch_that_the_own_side_must_have_signed() {
    let mut world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let next = Digest::of(b"NL-BE-2026-04 version 2");
    let changed = broker.agree(next, message(3)).unwrap();
    let bytes = changed.handshake.encode().unwrap();
    assert!(
        matches!(endpoint.follow(&bytes, &world.own()), Err(HandshakeError::UnknownAgreement(d)) if d == next)
    );
    assert_eq!(endpoint.epoch().unwrap().agreement, agreement());
    // Refused, it changed nothing: once signed at home, the same handshake is followed.
    world.agreements.insert(next);
    world.take(&mut broker, changed, &mut [&mut endpoint]);
    assert_eq!(endpoint.epoch().unwrap().agreement, next);
    assert_eq!(broker.agreement().unwrap(), next);
    let answer = said(&mut broker, "under the second");
    assert_eq!(reads(&mut endpoint, &answer), "under the second");
}

#[test]
fn two_groups_share_nothing() {
    let world = World::new();
    let (mut one, mut first) = world.pair();
    let (mut other, mut second) = world.pair();
    let answer = said(&mut one, "for the first");
    let _ = said(&mut other, "for the second");
    assert!(second.open(&answer).is_err());
    let question = second.seal(Kind::Question, message(9), b"?").unwrap();
    assert!(one.open(&question).is_err());
    assert_eq!(reads(&mut first, &answer), "for the first");
}

#[test]
fn only_endpoints_of_the_recipient_come_in_and_each_but_once() {
    let world = World::new();
    let (broker, _) = world.pair();
    let stranger = world.check(&world.prepare(&world.endpoint("fr-statistics", "fr-desk-1")));
    assert!(matches!(broker.add(vec![stranger], message(3)), Err(GroupError::OtherRecipient { .. })));
    let desk = world.endpoint("be-customs", "be-desk-2");
    let twice = vec![world.check(&world.prepare(&desk)), world.check(&world.prepare(&desk))];
    assert!(matches!(broker.add(twice, message(3)), Err(GroupError::Twice(_))));
    assert!(matches!(broker.change(removal("be-desk-9"), message(3)), Err(GroupError::NotAMember(_))));
}

#[test]
fn the_broker_renews_its_own_enrolment_and_cannot_become_another() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let later = world.now + jiff::SignedDuration::from_secs(60);
    let renewed = world.endpoint_with("nl-customs", "nl-broker", later, 90);
    let change = Change { enrolment: Some(renewed.note), ..Change::default() };
    let changed = broker.change(change, message(3)).unwrap();
    world.take(&mut broker, changed, &mut [&mut endpoint]);
    assert_eq!(endpoint.broker_enrolment().unwrap().at, later);
    assert_eq!(broker.own_enrolment().unwrap().at, later);
    let other = world.endpoint("nl-customs", "nl-broker-2");
    let change = Change { enrolment: Some(other.note), ..Change::default() };
    assert!(matches!(broker.change(change, message(3)), Err(GroupError::Enrolment(_))));
    let answer = said(&mut broker, "renewed");
    assert_eq!(reads(&mut endpoint, &answer), "renewed");
}
