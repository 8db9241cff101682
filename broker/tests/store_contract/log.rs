//! Head, entries, tiles and subject tags.

use agreements::{DisclosureId, EntryId};
use broker::store::{Store, StoreError, entries, head, tags, tiles};
use entries::{Entry, Filter};
use tags::TagRow;
use tiles::Tile;

use crate::Database;

pub fn entry(idx: u64, operation: &str) -> Entry {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&idx.to_be_bytes());
    Entry {
        idx,
        id: EntryId::from_bytes(id),
        leaf: vec![0, 255, 1],
        particulars: Some(vec![1; 40]),
        personal: None,
        operation: operation.to_owned(),
        agreement: None,
        asked_about: None,
        recipient: None,
        at: "2026-11-22T10:00:00Z".parse().unwrap(),
        disclosure: None,
        personal_key: None,
    }
}

async fn write(store: &Store, rows: &[Entry]) {
    let mut tx = store.write().await.unwrap();
    entries::insert(&mut tx, rows).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn the_head_moves_forward_only_and_once_a_lock(database: Database) {
    let store = database.open().await;
    let claim = store.claim().await.unwrap();
    let empty = head::read(&mut store.read().await.unwrap()).await.unwrap();
    assert_eq!((empty.size, empty.policy_epoch, empty.root.len()), (0, 0, 0));

    let mut tx = store.write().await.unwrap();
    let locked = head::lock(&mut tx, claim.fence()).await.unwrap();
    let mut next = locked.head().clone();
    next.size = 3;
    next.root = vec![9; 32];
    next.frontier = vec![1, 0, 255];
    next.checkpoint = "transire.example/log\n3\n".into();
    next.policy_epoch = 1;
    head::advance(&mut tx, locked, &next).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(head::read(&mut store.read().await.unwrap()).await.unwrap(), next);

    let mut tx = store.write().await.unwrap();
    let locked = head::lock(&mut tx, claim.fence()).await.unwrap();
    let back = head::Head { size: 2, ..next.clone() };
    assert!(matches!(head::advance(&mut tx, locked, &back).await, Err(StoreError::Stale { table: "head" })));
    drop(tx);
    assert_eq!(head::read(&mut store.read().await.unwrap()).await.unwrap(), next);
}

pub async fn entries_come_back_as_they_were_written(database: Database) {
    let store = database.open().await;
    let full = Entry {
        personal: Some(vec![5; 3]),
        agreement: Some("NL-BE-2026-04".parse().unwrap()),
        asked_about: Some("NL-FR-2026-03".parse().unwrap()),
        recipient: Some("be-customs".parse().unwrap()),
        disclosure: Some(DisclosureId::from_bytes([4; 16])),
        personal_key: Some("personal/2026-11".into()),
        ..entry(1, "disclosure")
    };
    let bare = Entry { particulars: None, ..entry(0, "started") };
    write(&store, &[bare.clone(), full.clone()]).await;
    let mut read = store.read().await.unwrap();
    assert!(entries::page(&mut read, 0, 10).await.unwrap() == [bare.clone(), full.clone()]);
    assert!(entries::at(&mut read, 1).await.unwrap() == Some(full.clone()));
    assert!(entries::at(&mut read, 2).await.unwrap().is_none());
    assert!(entries::of_disclosure(&mut read, DisclosureId::from_bytes([4; 16])).await.unwrap() == [full]);
    assert_eq!(entries::leaves(&mut read, 1, 10).await.unwrap(), [(1, vec![0, 255, 1])]);

    let mut tx = store.write().await.unwrap();
    assert!(matches!(entries::insert(&mut tx, &[bare]).await, Err(StoreError::Conflict(_))));
}

pub async fn the_dpo_finds_entries_by_every_filter(database: Database) {
    let store = database.open().await;
    let mut rows: Vec<Entry> = (0..300).map(|idx| entry(idx, "refusal")).collect();
    for row in &mut rows {
        row.at = format!("2026-11-22T10:{:02}:00Z", row.idx / 10).parse().unwrap();
        if row.idx % 2 == 0 {
            row.agreement = Some("NL-BE-2026-04".parse().unwrap());
        }
        if row.idx % 3 == 0 {
            row.recipient = Some("be-customs".parse().unwrap());
        }
        if row.idx % 5 == 0 {
            row.operation = "disclosure".into();
        }
    }
    write(&store, &rows).await;
    let mut read = store.read().await.unwrap();
    let all = Filter {
        agreement: Some("NL-BE-2026-04".parse().unwrap()),
        recipient: Some("be-customs".parse().unwrap()),
        operation: Some("disclosure".into()),
        from: Some("2026-11-22T10:03:00Z".parse().unwrap()),
        until: Some("2026-11-22T10:10:00Z".parse().unwrap()),
    };
    let index = |found: Vec<Entry>| found.iter().map(|entry| entry.idx).collect::<Vec<_>>();
    assert_eq!(index(entries::find(&mut read, &all, None, 10).await.unwrap()), [90, 60, 30]);
    assert_eq!(index(entries::find(&mut read, &all, Some(90), 1).await.unwrap()), [60]);
    assert_eq!(index(entries::find(&mut read, &Filter::default(), None, 2).await.unwrap()), [299, 298]);
    assert_eq!(entries::newest(&mut read, "disclosure").await.unwrap().unwrap().idx, 295);
    assert!(entries::newest(&mut read, "state").await.unwrap().is_none());
}

pub async fn a_fuller_tile_replaces_the_partial_one(database: Database) {
    let store = database.open().await;
    let tile = |idx, width: u32| Tile { level: 0, idx, width, bytes: vec![7; width as usize * 32] };
    let mut tx = store.write().await.unwrap();
    tiles::write(&mut tx, &[tile(0, 3)]).await.unwrap();
    tiles::write(&mut tx, &[tile(0, 255), tile(0, 256), tile(1, 1)]).await.unwrap();
    tx.commit().await.unwrap();
    let mut read = store.read().await.unwrap();
    assert_eq!(tiles::read(&mut read, 0, 0).await.unwrap().unwrap(), tile(0, 256));
    assert_eq!(tiles::read(&mut read, 1, 0).await.unwrap(), None);
    let many = tiles::read_many(&mut read, &[(0, 0), (0, 1), (0, 2)]).await.unwrap();
    assert_eq!(many.into_values().collect::<Vec<_>>(), [tile(0, 256), tile(1, 1)]);
}

pub async fn staged_tags_count_once_their_disclosure_is_on_record(database: Database) {
    let store = database.open().await;
    let tag = |tag: u8, disclosure: u8| TagRow {
        tag: vec![tag; 16],
        disclosure: DisclosureId::from_bytes([disclosure; 16]),
        month: "2031-11".into(),
    };
    let mut tx = store.write().await.unwrap();
    tags::stage(&mut tx, &[tag(1, 1), tag(1, 1), tag(2, 1), tag(1, 2)]).await.unwrap();
    tags::insert(&mut tx, &[tag(1, 3)]).await.unwrap();
    let on_record = |idx, disclosure| Entry {
        disclosure: Some(DisclosureId::from_bytes([disclosure; 16])),
        ..entry(idx, "disclosure")
    };
    entries::insert(&mut tx, &[on_record(0, 1), on_record(1, 3), on_record(2, 1)]).await.unwrap();
    tx.commit().await.unwrap();

    let mut read = store.read().await.unwrap();
    let found = tags::search(&mut read, &[vec![1; 16]]).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    drop(read);

    let mut tx = store.write().await.unwrap();
    assert_eq!(tags::sweep(&mut tx).await.unwrap(), 1);
    assert_eq!(tags::sweep(&mut tx).await.unwrap(), 0);
    entries::insert(&mut tx, &[on_record(3, 2)]).await.unwrap();
    let found = tags::search(&mut tx, &[vec![1; 16], vec![2; 16]]).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
}

pub async fn what_was_committed_is_there_after_opening_again(database: Database) {
    let store = database.open().await;
    write(&store, &[entry(0, "started")]).await;
    // Dropped, not closed: as a process that dies.
    drop(store);
    let store = database.open().await;
    assert!(entries::at(&mut store.read().await.unwrap(), 0).await.unwrap().is_some());
    store.close().await;
    assert!(store.read().await.is_err());
    let store = database.open().await;
    assert!(entries::at(&mut store.read().await.unwrap(), 0).await.unwrap().is_some());
}
