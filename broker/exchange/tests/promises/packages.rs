//! Key packages and enrolments that do not count.

use std::collections::BTreeMap;

use agreements::{AuthorityId, Directory};
use exchange::{CheckedKeyPackage, EnrolmentRefused, KeyPackageError, make_key_package};
use jiff::SignedDuration;
use openmls::prelude::{Capabilities, Credential, CredentialType, CredentialWithKey, KeyPackage, Lifetime};
use openmls_rust_crypto::OpenMlsRustCrypto;

use crate::raw::{SUITE, able, bytes, credential, package};
use crate::world::*;

fn check(world: &World, package: &[u8]) -> Result<CheckedKeyPackage, KeyPackageError> {
    CheckedKeyPackage::check(package, &world.directories, world.now)
}

fn refusal(world: &World, endpoint: &Endpoint) -> EnrolmentRefused {
    let bytes = bytes(package(endpoint, &OpenMlsRustCrypto::default()));
    match check(world, &bytes) {
        Err(KeyPackageError::Enrolment(refusal)) => refusal,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("was taken"),
    }
}

#[test]
fn a_key_package_of_an_enrolled_endpoint_is_taken() {
    let world = World::new();
    let prepared = world.prepare(&world.endpoint("be-customs", "be-desk-1"));
    let checked = world.check(&prepared);
    assert_eq!(
        (checked.endpoint(), checked.authority()),
        (&endpoint_id("be-desk-1"), &authority("be-customs"))
    );
    assert_eq!(checked.reference(), prepared.reference);
}

#[test]
fn an_x509_credential_is_refused_whatever_it_holds() {
    let world = World::new();
    let desk = world.endpoint("be-customs", "be-desk-1");
    let capabilities = Capabilities::builder()
        .ciphersuites(vec![SUITE])
        .extensions(able().extensions().to_vec())
        .credentials(vec![CredentialType::Basic, CredentialType::X509])
        .build();
    for identity in [b"garbage".to_vec(), desk.note.as_bytes().to_vec()] {
        let x509 = CredentialWithKey {
            credential: Credential::new(CredentialType::X509, identity),
            signature_key: desk.key.public().as_bytes().to_vec().into(),
        };
        let package = KeyPackage::builder().leaf_node_capabilities(capabilities.clone()).build(
            SUITE,
            &OpenMlsRustCrypto::default(),
            &desk.key,
            x509,
        );
        let refused = check(&world, &bytes(package.unwrap().into_key_package()));
        assert!(matches!(
            refused,
            Err(KeyPackageError::Enrolment(EnrolmentRefused::Credential("not of type Basic")))
        ));
    }
}

#[test]
fn a_key_package_good_for_a_year_of_last_resort_or_unable_is_refused() {
    let world = World::new();
    let desk = world.endpoint("be-customs", "be-desk-1");
    let provider = OpenMlsRustCrypto::default();
    let build = |builder: openmls::prelude::KeyPackageBuilder| {
        bytes(builder.build(SUITE, &provider, &desk.key, credential(&desk)).unwrap().into_key_package())
    };
    let now = u64::try_from(world.now.as_second()).unwrap();
    let day = 24 * 60 * 60;
    let lifetime = |from, until| {
        build(
            KeyPackage::builder()
                .leaf_node_capabilities(able())
                .key_package_lifetime(Lifetime::init(from, until)),
        )
    };
    assert!(check(&world, &lifetime(now - day, now + 89 * day)).is_ok());
    assert!(matches!(check(&world, &lifetime(now - day, now + 90 * day)), Err(KeyPackageError::Period)));
    assert!(matches!(check(&world, &lifetime(now - day, now + 365 * day)), Err(KeyPackageError::Period)));
    assert!(check(&world, &lifetime(now - 2 * day, now - day)).is_err());
    assert!(check(&world, &lifetime(now + day, now + 2 * day)).is_err());
    let last = build(KeyPackage::builder().leaf_node_capabilities(able()).mark_as_last_resort());
    assert!(check(&world, &last).is_err());
    let unable = build(KeyPackage::builder());
    assert!(matches!(check(&world, &unable), Err(KeyPackageError::Unfit(_))));
}

#[test]
fn a_key_package_cut_lengthened_or_changed_is_refused() {
    let world = World::new();
    let good = world.prepare(&world.endpoint("be-customs", "be-desk-1")).bytes;
    for cut in 0..good.len() {
        assert!(check(&world, &good[..cut]).is_err());
    }
    assert!(matches!(check(&world, &[&good[..], &[0]].concat()), Err(KeyPackageError::Malformed)));
    assert!(matches!(check(&world, &vec![0; 20_000]), Err(KeyPackageError::Malformed)));
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(check(&world, &bad).is_err(), "byte {at}");
    }
    let (mut broker, mut endpoint) = world.pair();
    assert!(check(&world, &said(&mut broker, "not a key package")).is_err());
    assert!(check(&world, &endpoint.seal(exchange::Kind::Question, message(1), b"?").unwrap()).is_err());
}

#[test]
fn an_enrolment_that_ended_begins_later_or_lasts_too_long_does_not_count() {
    let world = World::new();
    let with = |hours: i64, days| {
        world.endpoint_with("be-customs", "be-desk-1", world.now + SignedDuration::from_hours(hours), days)
    };
    assert!(matches!(refusal(&world, &with(-25, 1)), EnrolmentRefused::Expired { .. }));
    assert!(matches!(refusal(&world, &with(1, 10)), EnrolmentRefused::Period(_)));
    assert!(matches!(refusal(&world, &with(0, 91)), EnrolmentRefused::Period(_)));
    let ended = with(-25, 1);
    assert!(make_key_package(&ended.key, &ended.note, world.now).is_err());
}

#[test]
fn an_enrolment_by_another_hand_for_another_key_or_changed_does_not_count() {
    let world = World::new();
    let desk = world.endpoint("be-customs", "be-desk-1");
    let other = world.endpoint("be-customs", "be-desk-2");
    let stolen = Endpoint { key: other.key, note: desk.note.clone() };
    assert!(matches!(refusal(&world, &stolen), EnrolmentRefused::OtherKey(_)));
    assert!(make_key_package(&stolen.key, &stolen.note, world.now).is_err());
    let renamed = Endpoint { key: desk.key.clone(), note: desk.note.replace("be-customs\"", "nl-customs\"") };
    assert!(matches!(refusal(&world, &renamed), EnrolmentRefused::Note(_)));
    let longer = Endpoint { key: desk.key.clone(), note: desk.note.replace("be-desk-1", "be-desk-9") };
    assert!(matches!(refusal(&world, &longer), EnrolmentRefused::Note(_)));
    let junk = Endpoint { key: desk.key.clone(), note: "be-desk-1".to_owned() };
    assert!(matches!(refusal(&world, &junk), EnrolmentRefused::Note(_)));
    let nobody: BTreeMap<AuthorityId, Directory> = BTreeMap::new();
    let package = bytes(package(&desk, &OpenMlsRustCrypto::default()));
    assert!(matches!(
        CheckedKeyPackage::check(&package, &nobody, world.now),
        Err(KeyPackageError::Enrolment(EnrolmentRefused::UnknownAuthority(_)))
    ));
}
