//! Agreements, directories, datasets, officers, endpoints, vault keys.

use agreements::{AgreementVersion, Digest, NoteKey};
use broker::store::{StoreError, datasets, directories, endpoints, keys, officers};
use broker::store::{agreements as documents, agreements::AgreementNote, agreements::AgreementRow};
use datasets::DatasetRow;
use directories::DirectoryRow;
use endpoints::EndpointRow;
use officers::{OfficerRow, Session};

use crate::Database;

pub async fn agreements_and_their_notes_come_back(database: Database) {
    let store = database.open().await;
    let agreement = AgreementVersion { id: "NL-BE-2026-04".parse().unwrap(), version: 2 };
    let row = AgreementRow {
        agreement: agreement.clone(),
        digest: Digest::of(b"document"),
        document: "schema = 1\n# Größe, Καλημέρα\n".into(),
        status: "proposed".into(),
    };
    let note = |kind: &str, authority: &str| AgreementNote {
        kind: kind.into(),
        authority: authority.parse().unwrap(),
        note: "text\n\n— name c2ln\n".into(),
    };
    let mut tx = store.write().await.unwrap();
    documents::insert(&mut tx, &row).await.unwrap();
    documents::insert_note(&mut tx, &agreement, &note("signature", "nl-customs")).await.unwrap();
    documents::insert_note(&mut tx, &agreement, &note("opinion", "nl-customs")).await.unwrap();
    assert!(documents::set_status(&mut tx, &agreement, "in-force").await.unwrap());
    tx.commit().await.unwrap();

    let mut read = store.read().await.unwrap();
    let now = AgreementRow { status: "in-force".into(), ..row };
    assert_eq!(documents::get(&mut read, &agreement).await.unwrap(), Some(now.clone()));
    assert_eq!(documents::all(&mut read).await.unwrap(), std::slice::from_ref(&now));
    let notes = documents::notes(&mut read, &agreement).await.unwrap();
    assert_eq!(notes, [note("opinion", "nl-customs"), note("signature", "nl-customs")]);
    drop(read);

    let absent = AgreementVersion { version: 3, ..agreement.clone() };
    let mut tx = store.write().await.unwrap();
    assert!(!documents::set_status(&mut tx, &absent, "in-force").await.unwrap());
    let orphan = documents::insert_note(&mut tx, &absent, &note("opinion", "nl-customs")).await;
    assert!(matches!(orphan, Err(StoreError::Rule(_))));
    drop(tx);
    let mut tx = store.write().await.unwrap();
    let second = documents::insert_note(&mut tx, &agreement, &note("opinion", "nl-customs")).await;
    assert!(matches!(second, Err(StoreError::Conflict(_))));
    drop(tx);
    let mut tx = store.write().await.unwrap();
    assert!(matches!(documents::insert(&mut tx, &now).await, Err(StoreError::Conflict(_))));
}

pub async fn directories_and_roots_come_back(database: Database) {
    let store = database.open().await;
    let row = |version| DirectoryRow { authority: "be-customs".parse().unwrap(), version, note: "n".into() };
    // The base point of the curve: a key that parses.
    let mut point = [0x66; 32];
    point[0] = 0x58;
    let key = NoteKey::new("be-customs/root", point).unwrap();
    let mut tx = store.write().await.unwrap();
    directories::insert(&mut tx, &row(2)).await.unwrap();
    directories::insert(&mut tx, &row(1)).await.unwrap();
    directories::insert_root(&mut tx, &"be-customs".parse().unwrap(), &key).await.unwrap();
    tx.commit().await.unwrap();
    let mut read = store.read().await.unwrap();
    assert_eq!(directories::all(&mut read).await.unwrap(), [row(1), row(2)]);
    let roots = directories::roots(&mut read).await.unwrap();
    assert_eq!(roots.into_values().collect::<Vec<_>>(), std::slice::from_ref(&key));
    drop(read);
    let mut tx = store.write().await.unwrap();
    let second = directories::insert_root(&mut tx, &"be-customs".parse().unwrap(), &key).await;
    assert!(matches!(second, Err(StoreError::Conflict(_))));
}

pub async fn datasets_come_back(database: Database) {
    let store = database.open().await;
    let row = |id: &str| DatasetRow { id: id.parse().unwrap(), digest: Digest::of(b"d"), document: "t".into() };
    let mut tx = store.write().await.unwrap();
    datasets::insert(&mut tx, &row("b")).await.unwrap();
    datasets::insert(&mut tx, &row("a")).await.unwrap();
    assert_eq!(datasets::all(&mut tx).await.unwrap(), [row("a"), row("b")]);
    assert_eq!(datasets::get(&mut tx, &"b".parse().unwrap()).await.unwrap(), Some(row("b")));
    assert_eq!(datasets::get(&mut tx, &"c".parse().unwrap()).await.unwrap(), None);
    assert!(matches!(datasets::insert(&mut tx, &row("a")).await, Err(StoreError::Conflict(_))));
}

fn officer() -> OfficerRow {
    OfficerRow {
        number: "NL-0417".parse().unwrap(),
        name_sealed: vec![0, 1, 255],
        password: "$argon2id$v=19$...".into(),
        roles: vec!["dpo".into(), "controller".into()],
        active: true,
    }
}

fn session(token: u8, expires_at: &str) -> Session {
    Session {
        token_hash: Digest::of(&[token]),
        officer: officer().number,
        expires_at: expires_at.parse().unwrap(),
    }
}

pub async fn an_officer_who_is_not_active_has_no_session(database: Database) {
    let store = database.open().await;
    let number = officer().number;
    let mut tx = store.write().await.unwrap();
    officers::insert(&mut tx, &officer()).await.unwrap();
    officers::insert_session(&mut tx, &session(1, "2026-11-22T12:00:00Z")).await.unwrap();
    assert!(officers::set_roles(&mut tx, &number, &["dpo".into()], true).await.unwrap());
    assert!(officers::session(&mut tx, &Digest::of(&[1])).await.unwrap().is_some());
    assert!(officers::set_roles(&mut tx, &number, &[], false).await.unwrap());
    assert!(officers::session(&mut tx, &Digest::of(&[1])).await.unwrap().is_none());
    tx.commit().await.unwrap();
    let mut read = store.read().await.unwrap();
    let now = OfficerRow { roles: vec![], active: false, ..officer() };
    assert!(officers::get(&mut read, &number).await.unwrap() == Some(now.clone()));
    assert!(officers::all(&mut read).await.unwrap() == [now]);
    assert!(officers::get(&mut read, &"nobody".parse().unwrap()).await.unwrap().is_none());
}

pub async fn sessions_end(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    officers::insert(&mut tx, &officer()).await.unwrap();
    for (token, until) in
        [(1, "2026-11-22T12:00:00Z"), (2, "2026-11-22T13:00:00Z"), (3, "2026-11-22T13:00:00Z")]
    {
        officers::insert_session(&mut tx, &session(token, until)).await.unwrap();
    }
    let noon = "2026-11-22T12:00:00Z".parse().unwrap();
    assert_eq!(officers::count_sessions(&mut tx, noon).await.unwrap(), 2);
    assert_eq!(officers::sweep_sessions(&mut tx, "2026-11-22T12:00:00Z".parse().unwrap()).await.unwrap(), 1);
    let left = officers::session(&mut tx, &Digest::of(&[2])).await.unwrap();
    assert_eq!(left, Some(session(2, "2026-11-22T13:00:00Z")));
    assert!(officers::end_session(&mut tx, &Digest::of(&[2])).await.unwrap());
    assert!(!officers::end_session(&mut tx, &Digest::of(&[2])).await.unwrap());
    assert!(officers::set_password(&mut tx, &officer().number, "$argon2id$new").await.unwrap());
    assert!(officers::session(&mut tx, &Digest::of(&[3])).await.unwrap().is_none());
    assert_eq!(officers::get(&mut tx, &officer().number).await.unwrap().unwrap().password, "$argon2id$new");
    let nobody = Session { officer: "nobody".parse().unwrap(), ..session(4, "2026-11-22T13:00:00Z") };
    assert!(matches!(officers::insert_session(&mut tx, &nobody).await, Err(StoreError::Rule(_))));
}

fn endpoint() -> EndpointRow {
    EndpointRow {
        endpoint: "be-customs-desk-1".parse().unwrap(),
        authority: "be-customs".parse().unwrap(),
        leaf_key: [3; 32],
        note: "note".into(),
        expires: "2027-01-01T00:00:00Z".parse().unwrap(),
        active: true,
    }
}

pub async fn a_key_package_is_used_once(database: Database) {
    let store = database.open().await;
    let name = endpoint().endpoint;
    let mut tx = store.write().await.unwrap();
    endpoints::enrol(&mut tx, &endpoint()).await.unwrap();
    let packages = [vec![1; 300], vec![2; 300]];
    assert_eq!(endpoints::insert_packages(&mut tx, &name, &packages).await.unwrap(), 2);
    assert_eq!(endpoints::unused_packages(&mut tx, &name).await.unwrap(), 2);
    let first = endpoints::take_package(&mut tx, &name).await.unwrap().unwrap();
    // Sent again, a used one stays used.
    assert_eq!(endpoints::insert_packages(&mut tx, &name, &packages).await.unwrap(), 0);
    let second = endpoints::take_package(&mut tx, &name).await.unwrap().unwrap();
    assert_ne!(first, second);
    assert!(endpoints::take_package(&mut tx, &name).await.unwrap().is_none());
    let nobody = endpoints::insert_packages(&mut tx, &"nobody".parse().unwrap(), &[vec![3]]).await;
    assert!(matches!(nobody, Err(StoreError::Rule(_))));
}

pub async fn a_withdrawn_endpoint_has_no_key_package(database: Database) {
    let store = database.open().await;
    let name = endpoint().endpoint;
    let mut tx = store.write().await.unwrap();
    endpoints::enrol(&mut tx, &endpoint()).await.unwrap();
    endpoints::insert_packages(&mut tx, &name, &[vec![1]]).await.unwrap();
    assert!(endpoints::withdraw(&mut tx, &name).await.unwrap());
    assert!(endpoints::take_package(&mut tx, &name).await.unwrap().is_none());
    assert!(!endpoints::get(&mut tx, &name).await.unwrap().unwrap().active);
    let anew = EndpointRow { leaf_key: [4; 32], ..endpoint() };
    endpoints::enrol(&mut tx, &anew).await.unwrap();
    assert_eq!(endpoints::all(&mut tx).await.unwrap(), [anew]);
    assert!(!endpoints::withdraw(&mut tx, &"nobody".parse().unwrap()).await.unwrap());
}

pub async fn vault_keys_are_named_until_destroyed(database: Database) {
    let store = database.open().await;
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let mut tx = store.write().await.unwrap();
    keys::insert(&mut tx, "seed-1", "domain-seed", now).await.unwrap();
    keys::insert(&mut tx, "seed-2", "domain-seed", now).await.unwrap();
    assert!(keys::destroy(&mut tx, "seed-1", now).await.unwrap());
    assert!(!keys::destroy(&mut tx, "seed-1", now).await.unwrap());
    assert_eq!(keys::named(&mut tx).await.unwrap().into_iter().collect::<Vec<_>>(), ["seed-2"]);
    assert_eq!(keys::destroyed(&mut tx).await.unwrap().into_iter().collect::<Vec<_>>(), ["seed-1"]);
    let again = keys::insert(&mut tx, "seed-1", "domain-seed", now).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))));
}
