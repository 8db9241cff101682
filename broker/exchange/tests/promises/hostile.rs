//! What openmls would take and we refuse, and bytes that nobody honest would send.

use exchange::sealed::{SealedError, SealedHead};
use exchange::{
    BrokerGroup, EndpointGroup, Handshake, HandshakeError, Incoming, Kind, OpenError, ReceiveError,
};
use openmls::prelude::{
    CredentialType, Extension, ExternalSender, LeafNodeIndex, MlsGroupJoinConfig, OpenMlsProvider as _,
    PURE_PLAINTEXT_WIRE_FORMAT_POLICY,
};
use openmls_rust_crypto::OpenMlsRustCrypto;

use crate::raw::{Raw, aad, credential, extensions, handshake, package};
use crate::world::*;

/// A group with an honest endpoint and a member that keeps no rule.
fn with_rogue(world: &World) -> (BrokerGroup, EndpointGroup, Raw) {
    let (mut broker, mut honest) = world.pair();
    let desk = world.endpoint("be-customs", "be-desk-2");
    let rogue = Raw::member(world, &mut broker, desk, &mut [&mut honest]);
    (broker, honest, rogue)
}

#[test]
fn associated_data_is_set_on_every_message_and_read_without_a_key() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    for number in 1..4 {
        let bytes = broker.seal(Kind::Envelope, message(number), b"x").unwrap();
        let head = SealedHead::read(&bytes).unwrap();
        assert_eq!((head.group, head.kind, head.id), (GROUP, Kind::Envelope, message(number)));
        assert_eq!((head.epoch, head.content), (broker.epoch(), true));
        assert_eq!(endpoint.open(&bytes).unwrap().id, message(number));
    }
    let commit = broker.refresh(message(9)).unwrap().handshake.commit;
    let head = SealedHead::read(&commit).unwrap();
    assert_eq!((head.kind, head.id, head.content), (Kind::Commit, message(9), false));
}

#[test]
fn a_message_with_empty_or_unknown_associated_data_is_refused() {
    let world = World::new();
    let (mut broker, mut honest, mut rogue) = with_rogue(&world);
    for wrong in [vec![], b"transire/1".to_vec(), b"transire/2\x01".to_vec(), vec![0; 27]] {
        let bytes = rogue.says(wrong, b"?");
        assert!(matches!(broker.open(&bytes), Err(OpenError::Form(SealedError::AssociatedData))));
        assert!(matches!(honest.open(&bytes), Err(ReceiveError::Sealed(SealedError::AssociatedData))));
    }
    for kind in [Kind::Envelope, Kind::Commit] {
        let bytes = rogue.says(aad(kind), b"?");
        assert!(matches!(broker.open(&bytes), Err(OpenError::Refused { .. })));
    }
    let bytes = rogue.says(aad(Kind::Question), b"?");
    assert_eq!(broker.open(&bytes).unwrap().plaintext.as_slice(), b"?");
}

#[test]
fn an_endpoint_takes_no_message_of_another_endpoint_for_the_brokers() {
    let world = World::new();
    let (_, mut honest, mut rogue) = with_rogue(&world);
    let bytes = rogue.says(aad(Kind::Envelope), b"trust me");
    assert!(matches!(honest.open(&bytes), Err(ReceiveError::NotTheBroker)));
}

#[test]
fn a_member_that_commits_is_refused_by_the_broker_and_by_its_peers() {
    let world = World::new();
    let (mut broker, mut honest, mut rogue) = with_rogue(&world);
    let outsider = package(&world.endpoint("be-customs", "be-desk-3"), &OpenMlsRustCrypto::default());
    rogue.group.set_aad(aad(Kind::Commit));
    let (add, welcome, _) = rogue.group.add_members(&rogue.provider, &rogue.endpoint.key, &[outsider]).unwrap();
    rogue.group.clear_pending_commit(rogue.provider.storage()).unwrap();
    rogue.group.set_aad(aad(Kind::Commit));
    let honest_leaf = LeafNodeIndex::new(1);
    let (remove, _, _) =
        rogue.group.remove_members(&rogue.provider, &rogue.endpoint.key, &[honest_leaf]).unwrap();
    rogue.group.clear_pending_commit(rogue.provider.storage()).unwrap();
    for (commit, welcome) in [(add, Some(welcome)), (remove, None)] {
        assert!(matches!(broker.open(&commit.to_bytes().unwrap()), Err(OpenError::Refused { .. })));
        let bytes = handshake(&commit, welcome.as_ref());
        assert!(matches!(honest.follow(&bytes, &world.own()), Err(HandshakeError::Refused(_))));
    }
    let answer = said(&mut broker, "as before");
    assert_eq!(reads(&mut honest, &answer), "as before");
}

#[test]
fn a_proposal_of_a_member_is_never_stored_and_blocks_nothing() {
    let world = World::new();
    let (mut broker, mut honest, mut rogue) = with_rogue(&world);
    rogue.group.set_aad(aad(Kind::Question));
    let (proposal, _) =
        rogue.group.propose_remove_member(&rogue.provider, &rogue.endpoint.key, LeafNodeIndex::new(1)).unwrap();
    let bytes = proposal.to_bytes().unwrap();
    assert!(matches!(broker.open(&bytes), Err(OpenError::Refused { .. })));
    assert!(matches!(honest.open(&bytes), Err(ReceiveError::Kind)));
    assert!(honest.follow(&handshake(&proposal, None), &world.own()).is_err());
    let answer = said(&mut broker, "unblocked");
    assert_eq!(reads(&mut honest, &answer), "unblocked");
    let changed = broker.refresh(message(3)).unwrap();
    world.take(&mut broker, changed, &mut [&mut honest]);
    assert_eq!(broker.members().unwrap().len(), 2);
}

#[test]
fn public_messages_group_infos_welcomes_and_key_packages_are_no_messages() {
    let world = World::new();
    let (mut broker, mut honest, mut rogue) = with_rogue(&world);
    // With a group info a stranger could make an external commit, which is always public.
    let info = rogue
        .group
        .export_group_info(rogue.provider.crypto(), &rogue.endpoint.key, true)
        .unwrap()
        .to_bytes()
        .unwrap();
    let plain = MlsGroupJoinConfig::builder().wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY).build();
    rogue.group.set_configuration(rogue.provider.storage(), &plain).unwrap();
    rogue.group.set_aad(aad(Kind::Commit));
    let (commit, _, _) =
        rogue.group.remove_members(&rogue.provider, &rogue.endpoint.key, &[LeafNodeIndex::new(1)]).unwrap();
    let changed =
        broker.add(vec![world.check(&world.prepare(&world.endpoint("be-customs", "be-desk-4")))], message(1));
    let welcome = changed.unwrap().handshake.welcome.unwrap();
    let package = world.prepare(&world.endpoint("be-customs", "be-desk-5")).bytes;
    for bytes in [info, commit.to_bytes().unwrap(), welcome, package] {
        assert_eq!(SealedHead::read(&bytes), Err(SealedError::NotPrivate));
        assert!(matches!(broker.open(&bytes), Err(OpenError::Form(SealedError::NotPrivate))));
        assert!(honest.open(&bytes).is_err());
        let bytes = Handshake { commit: bytes, welcome: None }.encode().unwrap();
        assert!(honest.follow(&bytes, &world.own()).is_err());
    }
}

#[test]
fn a_welcome_is_refused_unless_all_in_it_is_as_the_own_side_says() {
    let mut world = World::new();
    let desk = world.endpoint("be-customs", "be-desk-1");
    let join = |world: &World, broker: Raw, others: &[&Endpoint]| {
        let mut broker = broker;
        let prepared = world.prepare(&desk);
        let mine = {
            use openmls::prelude::{DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProtocolVersion};
            let message = MlsMessageIn::tls_deserialize_exact_bytes(&prepared.bytes).unwrap();
            let MlsMessageBodyIn::KeyPackage(package) = message.extract() else { panic!("no package") };
            package.validate(broker.provider.crypto(), ProtocolVersion::Mls10).unwrap()
        };
        let mut packages = vec![mine];
        packages.extend(others.iter().map(|other| package(other, &OpenMlsRustCrypto::default())));
        let bytes = broker.add(&packages);
        EndpointGroup::join(&bytes, &prepared.state, &desk.key, &world.own()).err()
    };
    let raw = |of: &str, extensions| Raw::broker(world.endpoint(of, "some-broker"), extensions);

    assert!(join(&world, raw("nl-customs", extensions()), &[]).is_none());
    let second = world.endpoint("be-customs", "be-desk-2");
    assert!(join(&world, raw("nl-customs", extensions()), &[&second]).is_none());

    let refused = join(&world, raw("fr-statistics", extensions()), &[]);
    assert!(matches!(refused, Some(HandshakeError::Refused(_))), "another broker");
    let stranger = world.endpoint("fr-statistics", "fr-desk-1");
    let refused = join(&world, raw("nl-customs", extensions()), &[&stranger]);
    assert!(matches!(refused, Some(HandshakeError::Refused(_))), "a member of another authority");
    let bare = extensions().into_iter().take(1).collect();
    let refused = join(&world, raw("nl-customs", bare), &[]);
    assert!(matches!(refused, Some(HandshakeError::Refused(_))), "no agreement");
    let sender = ExternalSender::new(
        vec![1; 32].into(),
        openmls::prelude::Credential::new(CredentialType::Basic, vec![1]),
    );
    let mut more = extensions();
    more.push(Extension::ExternalSenders(vec![sender]));
    let refused = join(&world, raw("nl-customs", more), &[]);
    assert!(matches!(refused, Some(HandshakeError::Refused(_))), "an external sender");
    let ended =
        world.endpoint_with("nl-customs", "some-broker", world.now - jiff::SignedDuration::from_hours(48), 1);
    let refused = join(&world, Raw::broker(ended, extensions()), &[]);
    assert!(matches!(refused, Some(HandshakeError::Enrolment(_))), "an enrolment that has ended");
    let first = Raw::broker(world.endpoint("nl-customs", "some-broker"), extensions());
    world.agreements.clear();
    assert!(
        matches!(join(&world, first, &[]), Some(HandshakeError::UnknownAgreement(_))),
        "not signed at home"
    );
}

#[test]
fn a_commit_of_the_broker_that_does_more_than_it_may_is_not_followed() {
    let world = World::new();
    let desk = world.endpoint("be-customs", "be-desk-1");
    let mut rogue = Raw::broker(world.endpoint("nl-customs", "nl-broker"), extensions());
    let keeper = OpenMlsRustCrypto::default();
    // The honest endpoint joins as always, by a key package of its own making.
    let prepared = world.prepare(&desk);
    let mine = {
        use openmls::prelude::{DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProtocolVersion};
        let message = MlsMessageIn::tls_deserialize_exact_bytes(&prepared.bytes).unwrap();
        let MlsMessageBodyIn::KeyPackage(package) = message.extract() else { panic!("no package") };
        package.validate(keeper.crypto(), ProtocolVersion::Mls10).unwrap()
    };
    let bytes = rogue.add(&[mine]);
    let mut honest = EndpointGroup::join(&bytes, &prepared.state, &desk.key, &world.own()).unwrap();

    let stranger = package(&world.endpoint("fr-statistics", "fr-desk-1"), &keeper);
    rogue.group.set_aad(aad(Kind::Commit));
    let (add, welcome, _) = rogue.group.add_members(&rogue.provider, &rogue.endpoint.key, &[stranger]).unwrap();
    rogue.group.clear_pending_commit(rogue.provider.storage()).unwrap();
    let refused = honest.follow(&handshake(&add, Some(&welcome)), &world.own());
    assert!(matches!(refused, Err(HandshakeError::Refused(_))));

    // A commit whose associated data does not say that it is one.
    let bundle = rogue.group.self_update(&rogue.provider, &rogue.endpoint.key, Default::default()).unwrap();
    rogue.group.clear_pending_commit(rogue.provider.storage()).unwrap();
    assert!(honest.follow(&handshake(bundle.commit(), None), &world.own()).is_err());

    // The broker becomes another endpoint of its authority.
    let other = world.endpoint("nl-customs", "nl-broker-2");
    let leaf =
        openmls::prelude::LeafNodeParameters::builder().with_credential_with_key(credential(&other)).build();
    rogue.group.set_aad(aad(Kind::Commit));
    let signer =
        openmls::prelude::NewSignerBundle { signer: &other.key, credential_with_key: credential(&other) };
    let bundle = rogue.group.self_update_with_new_signer(&rogue.provider, &rogue.endpoint.key, signer, leaf);
    let refused = honest.follow(&handshake(bundle.unwrap().commit(), None), &world.own());
    assert!(matches!(refused, Err(HandshakeError::Refused(_))), "{refused:?}");
    assert_eq!(honest.epoch().unwrap().epoch, 1);
}

#[test]
fn a_replayed_or_tampered_message_is_refused_and_the_genuine_one_still_opens() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let question = endpoint.seal(Kind::Question, message(9), &[1; 40]).unwrap();
    let answer = broker.seal(Kind::Envelope, message(1), &[2; 40]).unwrap();
    for at in 0..question.len() {
        let mut changed = question.clone();
        changed[at] ^= 1;
        assert!(broker.open(&changed).is_err(), "byte {at}");
    }
    for at in 0..answer.len() {
        let mut changed = answer.clone();
        changed[at] ^= 0x80;
        assert!(endpoint.open(&changed).is_err(), "byte {at}");
    }
    for cut in 0..question.len() {
        assert!(broker.open(&question[..cut]).is_err());
    }
    assert!(broker.open(&[&question[..], &[0]].concat()).is_err());
    broker.open(&question).unwrap();
    endpoint.open(&answer).unwrap();
    assert!(matches!(broker.open(&question), Err(OpenError::Replayed { id }) if id == message(9)));
    assert!(endpoint.open(&answer).is_err());
    // What the broker itself said, sent back to it.
    assert!(matches!(broker.open(&answer), Err(OpenError::Refused { .. })));
    let huge = vec![0; exchange::wire::MAX_MESSAGE_BYTES + 1];
    assert!(matches!(broker.open(&huge), Err(OpenError::Form(SealedError::TooLarge))));
}

#[test]
fn a_handshake_with_one_bit_changed_is_neither_followed_nor_joined() {
    let world = World::new();
    let (broker, mut member) = world.pair();
    let desk = world.endpoint("be-customs", "be-desk-2");
    let prepared = world.prepare(&desk);
    let changed = broker.add(vec![world.check(&prepared)], message(3)).unwrap();
    let Handshake { commit, welcome } = changed.handshake;
    let welcome = welcome.unwrap();
    for at in (0..commit.len()).step_by(5) {
        let mut bad = commit.clone();
        bad[at] ^= 1;
        let bytes = Handshake { commit: bad, welcome: Some(welcome.clone()) }.encode().unwrap();
        assert!(member.follow(&bytes, &world.own()).is_err(), "commit byte {at}");
    }
    for at in (0..welcome.len()).step_by(5) {
        let mut bad = welcome.clone();
        bad[at] ^= 1;
        let bytes = Handshake { commit: commit.clone(), welcome: Some(bad) }.encode().unwrap();
        assert!(
            EndpointGroup::join(&bytes, &prepared.state, &desk.key, &world.own()).is_err(),
            "welcome byte {at}"
        );
    }
    let bytes = Handshake { commit, welcome: Some(welcome) }.encode().unwrap();
    assert!(matches!(member.follow(&bytes, &world.own()).unwrap(), Incoming::EpochChanged(_)));
    assert!(matches!(member.follow(&bytes, &world.own()), Err(HandshakeError::Epoch { .. })));
    EndpointGroup::join(&bytes, &prepared.state, &desk.key, &world.own()).unwrap();
    let other = world.prepare(&desk);
    let refused = EndpointGroup::join(&bytes, &other.state, &desk.key, &world.own());
    assert!(matches!(refused, Err(HandshakeError::NotForMe)));
}

#[test]
fn a_recipient_reads_on_after_three_thousand_skipped_steps() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    for gap in [900, 3000] {
        for _ in 0..gap {
            said(&mut broker, "dropped with its batch");
        }
        let answer = said(&mut broker, "after the gap");
        assert_eq!(reads(&mut endpoint, &answer), "after the gap");
    }
    assert_eq!(broker.steps(), 3902);
    let changed = broker.refresh(message(3)).unwrap();
    world.take(&mut broker, changed, &mut [&mut endpoint]);
    assert_eq!(broker.steps(), 0);
    let answer = said(&mut broker, "in a new epoch");
    assert_eq!(reads(&mut endpoint, &answer), "in a new epoch");
}

#[test]
fn questions_that_arrive_a_little_out_of_order_are_opened() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let questions: Vec<_> = (0..5).map(|n| endpoint.seal(Kind::Question, message(n), &[n]).unwrap()).collect();
    for (n, question) in questions.iter().enumerate().rev() {
        assert_eq!(usize::from(broker.open(question).unwrap().plaintext[0]), n);
    }
}

/// Numbers that look random and are the same in every run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

#[test]
fn no_bytes_from_outside_make_it_panic_or_pass() {
    let world = World::new();
    let (mut broker, mut endpoint) = world.pair();
    let prepared = world.prepare(&world.endpoint("be-customs", "be-desk-2"));
    let changed = broker.add(vec![world.check(&prepared)], message(3)).unwrap();
    let question = endpoint.seal(Kind::Question, message(9), &[1; 40]).unwrap();
    let answer = said(&mut broker, "answer");
    let samples =
        [prepared.bytes.clone(), changed.handshake.encode().unwrap(), question.clone(), answer.clone()];
    let mut numbers = Numbers(2026);
    for round in 0..4000 {
        let mut bytes = samples[round % samples.len()].clone();
        for _ in 0..=numbers.below(6) {
            let at = numbers.below(bytes.len());
            match numbers.below(4) {
                0 => bytes[at] = u8::try_from(numbers.below(256)).unwrap(),
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, u8::try_from(numbers.below(256)).unwrap()),
                _ => {
                    let other = &samples[numbers.below(samples.len())];
                    let from = numbers.below(other.len());
                    bytes.splice(at.., other[from..].iter().copied());
                }
            }
        }
        if samples.contains(&bytes) {
            continue;
        }
        assert!(broker.open(&bytes).is_err(), "round {round}");
        assert!(endpoint.open(&bytes).is_err(), "round {round}");
        assert!(
            exchange::CheckedKeyPackage::check(&bytes, &world.directories, world.now).is_err(),
            "round {round}"
        );
        // A change of the welcome alone does not concern who is inside already.
        if Handshake::decode(&bytes).is_ok_and(|h| h.commit != changed.handshake.commit) {
            assert!(endpoint.follow(&bytes, &world.own()).is_err(), "round {round}");
        }
        let _ = SealedHead::read(&bytes);
        let _ = EndpointGroup::join(&bytes, &prepared.state, &world.broker().key, &world.own());
    }
    assert!(broker.open(&question).is_ok());
    assert_eq!(reads(&mut endpoint, &answer), "answer");
}
