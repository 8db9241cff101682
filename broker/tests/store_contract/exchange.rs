//! Groups, inboxes, arrivals, requests, objects, pseudonyms.

use agreements::{AgreementVersion, Digest, DisclosureId, GroupId, MessageId, ObjectId, RequestId};
use arrivals::{Arrival, Placed};
use broker::store::entries::Entry;
use broker::store::{StoreError, arrivals, entries, groups, inbox, objects, pseudonyms, requests};
use groups::{GroupRow, GroupStatus};
use inbox::{InboxKind, InboxRow};
use objects::{ObjectRow, ObjectStatus};
use pseudonyms::PseudonymRow;
use requests::RequestRow;

use crate::Database;
use crate::log::entry;

pub fn group(id: u8) -> GroupRow {
    GroupRow {
        group: GroupId::from_bytes([id; 16]),
        agreement: AgreementVersion { id: "NL-BE-2026-04".parse().unwrap(), version: 1 },
        recipient: "be-customs".parse().unwrap(),
        state: vec![id; 9_000],
        row_version: 1,
        epoch: 1,
        next_position: 1,
        next_sequence: 1,
        status: GroupStatus::Open,
    }
}

pub async fn a_stale_group_is_not_written(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    for id in 1..=3 {
        groups::insert(&mut tx, &group(id)).await.unwrap();
    }
    assert!(matches!(groups::insert(&mut tx, &group(1)).await, Err(StoreError::Conflict(_))));
    drop(tx);
    let mut tx = store.write().await.unwrap();
    for id in 1..=3 {
        groups::insert(&mut tx, &group(id)).await.unwrap();
    }
    tx.commit().await.unwrap();

    let changed = |id| GroupRow {
        state: vec![255; 10_000],
        epoch: 4,
        next_position: 8,
        next_sequence: 7,
        status: GroupStatus::Suspended,
        agreement: AgreementVersion { version: 2, ..group(id).agreement },
        ..group(id)
    };
    let mut tx = store.write().await.unwrap();
    groups::save(&mut tx, &[changed(1), changed(3)]).await.unwrap();
    tx.commit().await.unwrap();
    let mut read = store.read().await.unwrap();
    let written = |id| GroupRow { row_version: 2, ..changed(id) };
    assert!(groups::all(&mut read).await.unwrap() == [written(1), group(2), written(3)]);
    assert!(groups::get(&mut read, GroupId::from_bytes([3; 16])).await.unwrap() == Some(written(3)));
    drop(read);

    // One good and one stale: the whole batch fails.
    let mut tx = store.write().await.unwrap();
    let batch = [changed(2), changed(1)];
    assert!(matches!(groups::save(&mut tx, &batch).await, Err(StoreError::Stale { .. })));
    drop(tx);
    let mut read = store.read().await.unwrap();
    assert!(groups::get(&mut read, GroupId::from_bytes([2; 16])).await.unwrap() == Some(group(2)));
    drop(read);

    // A group that is not there is not made by saving it.
    let mut tx = store.write().await.unwrap();
    assert!(matches!(groups::save(&mut tx, &[group(9)]).await, Err(StoreError::Stale { .. })));
}

pub fn message(position: u64, size: usize) -> InboxRow {
    InboxRow {
        group: GroupId::from_bytes([1; 16]),
        position,
        kind: InboxKind::Message,
        idx: Some(position + 100),
        previous: Some(position + 90),
        message: MessageId::from_bytes([9; 16]),
        bytes: vec![7; size],
        at: "2026-11-22T12:00:00Z".parse().unwrap(),
        delete_after: "2026-12-22".parse().unwrap(),
    }
}

pub async fn an_inbox_is_read_in_order_by_pages(database: Database) {
    let store = database.open().await;
    let group = GroupId::from_bytes([1; 16]);
    let mut rows: Vec<InboxRow> = (1..=20).map(|position| message(position, 1_000)).collect();
    rows[0].kind = InboxKind::Handshake;
    rows[1].kind = InboxKind::Notice;
    (rows[1].idx, rows[1].previous) = (None, None);
    let mut tx = store.write().await.unwrap();
    inbox::insert(&mut tx, &rows).await.unwrap();
    tx.commit().await.unwrap();

    let mut read = store.read().await.unwrap();
    assert_eq!(inbox::count(&mut read).await.unwrap(), 20);
    assert_eq!(inbox::page(&mut read, group, 0, 5, 1_000_000).await.unwrap(), rows[..5]);
    assert_eq!(inbox::page(&mut read, group, 5, 100, 3_500).await.unwrap(), rows[5..8]);
    assert_eq!(inbox::page(&mut read, group, 8, 100, 1).await.unwrap(), rows[8..9]);
    assert!(inbox::page(&mut read, group, 20, 5, 1_000).await.unwrap().is_empty());
    assert!(inbox::page(&mut read, GroupId::from_bytes([2; 16]), 0, 5, 1_000).await.unwrap().is_empty());
    drop(read);

    let mut tx = store.write().await.unwrap();
    assert!(matches!(inbox::insert(&mut tx, &rows[3..4]).await, Err(StoreError::Conflict(_))));
    drop(tx);
    let mut tx = store.write().await.unwrap();
    assert_eq!(inbox::destroy(&mut tx, group).await.unwrap(), 20);
    assert!(inbox::page(&mut tx, group, 0, 5, 1_000).await.unwrap().is_empty());
}

pub fn arrival(group: u8, text: &[u8]) -> Arrival {
    Arrival {
        group: GroupId::from_bytes([group; 16]),
        digest: Digest::of(text),
        endpoint: "be-customs-desk-1".parse().unwrap(),
        bytes: text.to_vec(),
        at: "2026-11-22T12:00:00Z".parse().unwrap(),
    }
}

pub async fn an_arrival_sent_twice_keeps_its_place(database: Database) {
    let store = database.open().await;
    let at = |position, fresh| Placed { position, fresh };
    let mut tx = store.write().await.unwrap();
    assert!(arrivals::insert(&mut tx, &[]).await.unwrap().is_empty());
    let sent = [arrival(1, b"a"), arrival(2, b"a"), arrival(1, b"a"), arrival(1, b"b")];
    let placed = arrivals::insert(&mut tx, &sent).await.unwrap();
    assert_eq!(placed, [at(1, true), at(1, true), at(1, false), at(2, true)]);
    tx.commit().await.unwrap();
    let mut tx = store.write().await.unwrap();
    let sent = [arrival(1, b"c"), arrival(1, b"b"), arrival(2, b"b")];
    let placed = arrivals::insert(&mut tx, &sent).await.unwrap();
    assert_eq!(placed, [at(3, true), at(2, false), at(2, true)]);
    tx.commit().await.unwrap();
    let mut read = store.read().await.unwrap();
    let waiting = arrivals::undone(&mut read, GroupId::from_bytes([1; 16]), 1, 10).await.unwrap();
    let expected = [arrival(1, b"b"), arrival(1, b"c")];
    assert_eq!(waiting.iter().map(|w| w.position).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(waiting.into_iter().map(|w| w.arrival).collect::<Vec<_>>(), expected);
}

pub async fn an_arrival_is_done_once(database: Database) {
    let store = database.open().await;
    let group = GroupId::from_bytes([1; 16]);
    let mut tx = store.write().await.unwrap();
    arrivals::insert(&mut tx, &[arrival(1, b"a"), arrival(1, b"b")]).await.unwrap();
    arrivals::mark_done(&mut tx, &[(group, 1)]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.write().await.unwrap();
    assert_eq!(arrivals::count_undone(&mut tx, group).await.unwrap(), 1);
    assert_eq!(arrivals::count_all_undone(&mut tx).await.unwrap(), 1);
    assert!(matches!(arrivals::mark_done(&mut tx, &[(group, 1)]).await, Err(StoreError::Stale { .. })));
    assert!(matches!(arrivals::mark_done(&mut tx, &[(group, 9)]).await, Err(StoreError::Stale { .. })));
    // Sent again after it was done, it is not done again.
    let placed = arrivals::insert(&mut tx, &[arrival(1, b"a")]).await.unwrap();
    assert_eq!(placed, [Placed { position: 1, fresh: false }]);
    assert_eq!(arrivals::undone(&mut tx, group, 0, 10).await.unwrap().len(), 1);
}

pub async fn a_request_is_answered_once(database: Database) {
    let store = database.open().await;
    let row = |group, request, idx| RequestRow {
        group: GroupId::from_bytes([group; 16]),
        request: RequestId::from_bytes([request; 16]),
        digest: Digest::of(&[request]),
        idx,
    };
    let mut tx = store.write().await.unwrap();
    requests::insert(&mut tx, &[row(1, 1, 10), row(1, 2, 11), row(2, 1, 12)]).await.unwrap();
    tx.commit().await.unwrap();
    let mut read = store.read().await.unwrap();
    let key = |group, request| (GroupId::from_bytes([group; 16]), RequestId::from_bytes([request; 16]));
    let answered = requests::answered(&mut read, &[key(1, 1), key(2, 1), key(2, 2)]).await.unwrap();
    assert_eq!(answered.into_values().collect::<Vec<_>>(), [row(1, 1, 10), row(2, 1, 12)]);
    assert_eq!(requests::get(&mut read, key(1, 2).0, key(1, 2).1).await.unwrap(), Some(row(1, 2, 11)));
    drop(read);
    let mut tx = store.write().await.unwrap();
    assert!(matches!(requests::insert(&mut tx, &[row(1, 1, 13)]).await, Err(StoreError::Conflict(_))));
    drop(tx);
    // Entries 10 and 11 have their rows, 20 needs none; 13 and 14 have lost theirs.
    let of = |idx, operation| Entry { agreement: "NL-BE-2026-04".parse().ok(), ..entry(idx, operation) };
    let mut tx = store.write().await.unwrap();
    let entries_with = [of(10, "disclosure"), of(11, "refusal"), of(20, "started")];
    entries::insert(&mut tx, &entries_with).await.unwrap();
    assert_eq!(requests::lost(&mut tx).await.unwrap(), []);
    entries::insert(&mut tx, &[of(13, "disclosure"), of(14, "refusal")]).await.unwrap();
    assert_eq!(requests::lost(&mut tx).await.unwrap(), ["NL-BE-2026-04".parse().unwrap()]);
}

fn object(id: u8) -> ObjectRow {
    ObjectRow {
        object: ObjectId::from_bytes([id; 16]),
        disclosure: DisclosureId::from_bytes([2; 16]),
        group: GroupId::from_bytes([1; 16]),
        recipient: "be-customs".parse().unwrap(),
        key_sealed: Some(vec![1; 60]),
        ciphertext: Digest::of(b"file"),
        bytes: 5_000_000_000,
        status: ObjectStatus::Lodged,
        idx: 7,
        delete_after: "2026-12-22".parse().unwrap(),
        receipt: None,
    }
}

pub async fn an_object_whose_key_waits_keeps_its_receipt(database: Database) {
    let store = database.open().await;
    let (id, group) = (object(1).object, object(1).group);
    let mut tx = store.write().await.unwrap();
    objects::insert(&mut tx, &object(1)).await.unwrap();
    objects::insert(&mut tx, &object(2)).await.unwrap();
    assert!(objects::get(&mut tx, id).await.unwrap() == Some(object(1)));
    assert!(objects::waiting(&mut tx, group).await.unwrap().is_empty());
    objects::hold(&mut tx, id, "receipt").await.unwrap();
    let held = ObjectRow { status: ObjectStatus::Held, receipt: Some("receipt".into()), ..object(1) };
    assert!(objects::waiting(&mut tx, group).await.unwrap() == [held]);
    assert!(objects::waiting(&mut tx, GroupId::from_bytes([9; 16])).await.unwrap().is_empty());
    assert!(matches!(objects::insert(&mut tx, &object(1)).await, Err(StoreError::Conflict(_))));
}

pub async fn the_key_of_an_object_is_sent_once(database: Database) {
    let store = database.open().await;
    let id = object(1).object;
    let mut tx = store.write().await.unwrap();
    objects::insert(&mut tx, &object(1)).await.unwrap();
    objects::hold(&mut tx, id, "receipt").await.unwrap();
    objects::key_sent(&mut tx, id).await.unwrap();
    let sent = ObjectRow { status: ObjectStatus::Held, key_sealed: None, ..object(1) };
    assert!(objects::get(&mut tx, id).await.unwrap() == Some(sent.clone()));
    assert!(matches!(objects::key_sent(&mut tx, id).await, Err(StoreError::Stale { .. })));
    // A receipt that comes again does not bring the key back.
    objects::hold(&mut tx, id, "receipt").await.unwrap();
    assert!(objects::get(&mut tx, id).await.unwrap() == Some(sent));
    assert_eq!(objects::named(&mut tx).await.unwrap(), [id]);
    objects::opened(&mut tx, id).await.unwrap();
    assert!(objects::get(&mut tx, id).await.unwrap().unwrap().status == ObjectStatus::Opened);
    assert!(objects::named(&mut tx).await.unwrap().is_empty());
}

pub async fn a_destroyed_object_has_no_key(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    for id in 1..=3 {
        objects::insert(&mut tx, &object(id)).await.unwrap();
    }
    assert!(objects::destroy(&mut tx, object(1).object).await.unwrap());
    assert!(!objects::destroy(&mut tx, object(9).object).await.unwrap());
    assert_eq!(objects::named(&mut tx).await.unwrap(), [object(2).object, object(3).object]);
    assert_eq!(objects::destroy_of_group(&mut tx, object(1).group).await.unwrap(), 2);
    assert!(objects::named(&mut tx).await.unwrap().is_empty());
    let gone = objects::get(&mut tx, object(2).object).await.unwrap().unwrap();
    assert!(gone.key_sealed.is_none() && gone.status == ObjectStatus::Destroyed);
    objects::opened(&mut tx, gone.object).await.unwrap();
    assert!(matches!(objects::key_sent(&mut tx, gone.object).await, Err(StoreError::Stale { .. })));
    assert!(objects::get(&mut tx, gone.object).await.unwrap() == Some(gone));
}

pub async fn pseudonyms_lead_to_the_first_blind_index(database: Database) {
    let store = database.open().await;
    let row = |domain: &str, pseudonym: &str, tag: u8| PseudonymRow {
        domain: domain.into(),
        element: "consignee.name".parse().unwrap(),
        pseudonym: pseudonym.into(),
        tag: vec![tag; 32],
    };
    let mut tx = store.write().await.unwrap();
    let rows = [row("d1", "ps1-a", 1), row("d1", "ps1-a", 1), row("d1", "ps1-b", 2), row("d2", "ps1-a", 3)];
    pseudonyms::insert(&mut tx, &rows).await.unwrap();
    pseudonyms::insert(&mut tx, &[row("d1", "ps1-a", 9)]).await.unwrap();
    let element = "consignee.name".parse().unwrap();
    assert_eq!(pseudonyms::get(&mut tx, "d1", &element, "ps1-a").await.unwrap(), Some(vec![1; 32]));
    assert_eq!(pseudonyms::get(&mut tx, "d2", &element, "ps1-a").await.unwrap(), Some(vec![3; 32]));
    assert_eq!(pseudonyms::get(&mut tx, "d2", &element, "ps1-b").await.unwrap(), None);
    let other = "consignee.address".parse().unwrap();
    assert_eq!(pseudonyms::get(&mut tx, "d1", &other, "ps1-a").await.unwrap(), None);
}
