//! Group state: what was stored yesterday, by this version of openmls, goes on today.
//!
//! `tests/state` holds the state of a broker, of an endpoint and of a key package, a message and a
//! handshake between them, all of throw-away keys. `TRANSIRE_BLESS=1` makes them anew; do that
//! only together with a raised version of the blob.

use std::path::PathBuf;

use agreements::statements::Enrolment;
use exchange::{BrokerGroup, EndpointGroup, Kind};

use crate::world::*;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/state").join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "asked for by hand, in a test")]
fn bless() {
    if !std::env::var("TRANSIRE_BLESS").is_ok_and(|bless| bless == "1") {
        return;
    }
    let world = World::new();
    let (mut broker, endpoint) = world.pair();
    let message = said(&mut broker, "of yesterday");
    let prepared = world.prepare(&world.endpoint("be-customs", "be-desk-2"));
    let changed = broker.add(vec![world.check(&prepared)], message_id()).unwrap();
    let parts = [
        ("broker.bin", broker.dump().unwrap().to_vec()),
        ("endpoint.bin", endpoint.dump().unwrap().to_vec()),
        ("message.bin", message),
        ("key-package.bin", prepared.state.to_vec()),
        ("handshake.bin", changed.handshake.encode().unwrap()),
    ];
    std::fs::create_dir_all(file("")).unwrap();
    for (name, bytes) in parts {
        std::fs::write(file(name), bytes).unwrap();
    }
}

fn message_id() -> agreements::MessageId {
    message(3)
}

#[test]
fn state_stored_by_the_pinned_version_of_openmls_still_goes_on() {
    bless();
    let mut world = World::new();
    let (me, desk) = (world.broker(), world.endpoint("be-customs", "be-desk-1"));
    let mut broker = BrokerGroup::restore(&read("broker.bin"), &me.key).unwrap();
    let mut endpoint = EndpointGroup::restore(&read("endpoint.bin"), &desk.key).unwrap();
    assert_eq!((broker.group(), broker.steps(), broker.epoch()), (GROUP, 1, 1));
    assert_eq!(broker.agreement().unwrap(), agreement());
    assert_eq!(reads(&mut endpoint, &read("message.bin")), "of yesterday");
    let today = said(&mut broker, "of today");
    assert_eq!(reads(&mut endpoint, &today), "of today");
    let question = endpoint.seal(Kind::Question, message(8), b"?").unwrap();
    assert_eq!(broker.open(&question).unwrap().endpoint, endpoint_id("be-desk-1"));

    // A handshake of yesterday, for the one inside and for the one who comes in.
    let Enrolment { at, .. } = endpoint.broker_enrolment().unwrap();
    world.now = at;
    endpoint.follow(&read("handshake.bin"), &world.own()).unwrap();
    let second = world.endpoint("be-customs", "be-desk-2");
    let joined =
        EndpointGroup::join(&read("handshake.bin"), &read("key-package.bin"), &second.key, &world.own())
            .unwrap();
    assert_eq!(joined.epoch().unwrap(), endpoint.epoch().unwrap());
}

#[test]
fn a_blob_cut_changed_or_of_another_holder_is_refused_without_a_panic() {
    let world = World::new();
    let key = world.broker().key;
    let (broker, endpoint) = world.pair();
    let blob = broker.dump().unwrap();
    for cut in (0..blob.len()).step_by(13) {
        assert!(BrokerGroup::restore(&blob[..cut], &key).is_err(), "cut at {cut}");
    }
    for at in (0..blob.len()).step_by(7) {
        let mut bad = blob.to_vec();
        bad[at] ^= 0x20;
        assert!(BrokerGroup::restore(&bad, &key).is_err(), "byte {at}");
    }
    assert!(BrokerGroup::restore(&endpoint.dump().unwrap(), &key).is_err());
    assert!(EndpointGroup::restore(&blob, &key).is_err());
    let prepared = world.prepare(&world.endpoint("be-customs", "be-desk-2"));
    assert!(EndpointGroup::restore(&prepared.state, &key).is_err());
    let mut newer = blob.to_vec();
    newer[0] += 1;
    assert!(BrokerGroup::restore(&newer, &key).is_err());
}

#[test]
fn after_a_start_a_fresh_path_comes_before_the_first_message() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let stored = broker.dump().unwrap();
    let lost = said(&mut broker, "sealed, delivered, and lost by a store that went back");
    assert!(endpoint.open(&lost).is_ok());
    let me = world.broker();
    let mut back = BrokerGroup::restore(&stored, &me.key).unwrap();
    // Without it the step would be used twice, and the recipient would lose the message.
    let again = said(&mut back, "the same step");
    assert!(endpoint.open(&again).is_err());
    let mut back = BrokerGroup::restore(&stored, &me.key).unwrap();
    let changed = back.refresh(message(3)).unwrap();
    world.take(&mut back, changed, &mut [&mut endpoint]);
    let answer = said(&mut back, "in a fresh epoch");
    assert_eq!(reads(&mut endpoint, &answer), "in a fresh epoch");
}

#[test]
fn state_does_not_grow_with_messages_and_epochs() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let mut sizes = Vec::new();
    for _ in 0..40 {
        for _ in 0..5 {
            let answer = said(&mut broker, "x");
            reads(&mut endpoint, &answer);
        }
        let changed = broker.refresh(message(3)).unwrap();
        world.take(&mut broker, changed, &mut [&mut endpoint]);
        sizes.push((broker.dump().unwrap().len(), endpoint.dump().unwrap().len()));
    }
    let (broker, endpoint) = sizes[39];
    assert!(broker < 25_000 && endpoint < 25_000, "{sizes:?}");
}
