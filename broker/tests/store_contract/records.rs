//! Deposits, sealed records and blind indexes.

use agreements::{DatasetId, DepositId, ElementPath};
use broker::store::{Store, StoreError, deposits, records};
use deposits::DepositRow;
use records::{BlindRow, Place, RecordRow};

use crate::Database;

fn dataset() -> DatasetId {
    "import-declarations".parse().unwrap()
}

fn deposit(id: u8) -> DepositRow {
    DepositRow {
        id: DepositId::from_bytes([id; 16]),
        dataset: dataset(),
        records: 0,
        recorded: false,
        at: "2026-11-22T12:00:00Z".parse().unwrap(),
        delete_after: "2036-11-22".parse().unwrap(),
    }
}

fn place(id: u8, row: u64) -> Place {
    Place { deposit: DepositId::from_bytes([id; 16]), row }
}

fn element(name: &str) -> ElementPath {
    name.parse().unwrap()
}

/// Stages `count` records of 100 bytes; the importer's tag is the row modulo 3, the office's modulo 5.
async fn stage(store: &Store, row: DepositRow, count: u64) {
    let id = *row.id.as_bytes().first().unwrap();
    let sealed: Vec<RecordRow> =
        (0..count).map(|n| RecordRow { place: place(id, n), sealed: vec![id; 100] }).collect();
    let mut blind = Vec::new();
    for n in 0..count {
        for (name, tag) in [("importer", n % 3), ("office", n % 5)] {
            blind.push(BlindRow { element: element(name), tag: vec![tag as u8; 16], place: place(id, n) });
        }
    }
    let mut tx = store.write().await.unwrap();
    deposits::insert(&mut tx, &row).await.unwrap();
    records::insert(&mut tx, &row.dataset, &sealed, &blind).await.unwrap();
    // The same name twice in one record counts once.
    records::insert(&mut tx, &row.dataset, &[], &blind[..blind.len().min(1)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn record(store: &Store, id: u8, count: u64) {
    let mut tx = store.write().await.unwrap();
    deposits::record(&mut tx, deposit(id).id, count).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn staged_records_are_seen_by_nobody(database: Database) {
    let store = database.open().await;
    stage(&store, deposit(1), 10).await;
    let terms = [(element("importer"), vec![0; 16])];
    let mut read = store.read().await.unwrap();
    assert!(records::page(&mut read, &dataset(), None, 100, 1_000_000).await.unwrap().is_empty());
    assert!(records::find(&mut read, &dataset(), &terms, 100).await.unwrap().is_empty());
    assert_eq!(deposits::count_records(&mut read, &dataset()).await.unwrap(), 0);
    assert!(deposits::of_dataset(&mut read, &dataset()).await.unwrap().is_empty());
    record(&store, 1, 10).await;
    assert_eq!(records::page(&mut read, &dataset(), None, 100, 1_000_000).await.unwrap().len(), 10);
    assert_eq!(records::find(&mut read, &dataset(), &terms, 100).await.unwrap().len(), 4);
    assert_eq!(deposits::count_records(&mut read, &dataset()).await.unwrap(), 10);
    let recorded = DepositRow { records: 10, recorded: true, ..deposit(1) };
    assert_eq!(deposits::of_dataset(&mut read, &dataset()).await.unwrap(), std::slice::from_ref(&recorded));
    assert_eq!(deposits::get(&mut read, recorded.id).await.unwrap(), Some(recorded));
    drop(read);
    let mut tx = store.write().await.unwrap();
    let twice = deposits::record(&mut tx, deposit(1).id, 10).await;
    assert!(matches!(twice, Err(StoreError::Stale { table: "deposits" })));
}

pub async fn pages_walk_through_all_deposits_of_a_dataset(database: Database) {
    let store = database.open().await;
    stage(&store, deposit(1), 150).await;
    stage(&store, deposit(2), 1).await;
    stage(&store, DepositRow { dataset: "other".parse().unwrap(), ..deposit(3) }, 40).await;
    stage(&store, deposit(4), 0).await;
    stage(&store, deposit(5), 70).await;
    stage(&store, deposit(6), 70).await;
    for (id, count) in [(1, 150), (2, 1), (3, 40), (4, 0), (5, 70)] {
        record(&store, id, count).await;
    }
    let mut expected: Vec<Place> = (0..150).map(|row| place(1, row)).collect();
    expected.push(place(2, 0));
    expected.extend((0..70).map(|row| place(5, row)));

    let mut read = store.read().await.unwrap();
    for (limit, most_bytes) in [(1, 1_000), (64, 1_000_000), (1_000, 950), (1_000, 1), (1_000, 1_000_000)] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = records::page(&mut read, &dataset(), after, limit, most_bytes).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= limit as usize);
            assert!(page.len() == 1 || page.len() * 100 <= most_bytes);
            after = Some(last.place);
            seen.extend(page.iter().map(|row| row.place));
        }
        assert_eq!(seen, expected, "limit {limit}, {most_bytes} bytes");
    }
}

pub async fn every_term_must_be_in_the_record(database: Database) {
    let store = database.open().await;
    stage(&store, deposit(1), 60).await;
    stage(&store, deposit(2), 60).await;
    stage(&store, DepositRow { dataset: "other".parse().unwrap(), ..deposit(3) }, 60).await;
    for id in 1..=3 {
        record(&store, id, 60).await;
    }
    let term = |name: &str, tag: u8| (element(name), vec![tag; 16]);
    let mut read = store.read().await.unwrap();
    let both = [term("importer", 1), term("office", 2)];
    let found = records::find(&mut read, &dataset(), &both, 100).await.unwrap();
    let rows = [7, 22, 37, 52];
    let expected: Vec<Place> = [1, 2].iter().flat_map(|id| rows.map(|row| place(*id, row))).collect();
    assert_eq!(found.iter().map(|row| row.place).collect::<Vec<_>>(), expected);
    assert_eq!(records::find(&mut read, &dataset(), &both, 3).await.unwrap(), found[..3]);
    // A tag of one element does not find the other element.
    assert!(records::find(&mut read, &dataset(), &[term("importer", 4)], 100).await.unwrap().is_empty());
    assert!(records::find(&mut read, &dataset(), &[], 100).await.unwrap().is_empty());
    let too_many = vec![term("importer", 1); records::MOST_TERMS + 1];
    assert!(matches!(records::find(&mut read, &dataset(), &too_many, 9).await, Err(StoreError::Range)));
    let most = vec![term("importer", 1); records::MOST_TERMS];
    assert_eq!(records::find(&mut read, &dataset(), &most, 100).await.unwrap().len(), 40);
}

pub async fn a_staged_deposit_is_deleted_whole(database: Database) {
    let store = database.open().await;
    stage(&store, deposit(1), 10).await;
    stage(&store, deposit(2), 10).await;
    record(&store, 2, 10).await;
    let mut tx = store.write().await.unwrap();
    assert_eq!(deposits::staged(&mut tx).await.unwrap(), [deposit(1)]);
    deposits::delete_staged(&mut tx, deposit(1).id).await.unwrap();
    assert!(deposits::staged(&mut tx).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    // Its place is free again, and the other one is whole.
    stage(&store, deposit(1), 10).await;
    let mut read = store.read().await.unwrap();
    assert_eq!(records::page(&mut read, &dataset(), None, 100, 1_000_000).await.unwrap().len(), 10);
    drop(read);
    let orphan = RecordRow { place: place(8, 0), sealed: vec![1] };
    let mut tx = store.write().await.unwrap();
    assert!(matches!(records::insert(&mut tx, &dataset(), &[orphan], &[]).await, Err(StoreError::Rule(_))));
}

pub async fn a_recorded_deposit_is_not_deleted_as_staged(database: Database) {
    let store = database.open().await;
    stage(&store, deposit(1), 10).await;
    record(&store, 1, 10).await;
    let mut tx = store.write().await.unwrap();
    let refused = deposits::delete_staged(&mut tx, deposit(1).id).await;
    assert!(refused.is_err());
    drop(tx);
    let mut read = store.read().await.unwrap();
    assert_eq!(records::page(&mut read, &dataset(), None, 100, 1_000_000).await.unwrap().len(), 10);
}
