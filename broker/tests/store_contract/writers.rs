//! Several writers at once, transactions that end early, the claim, and changes made by hand.

use std::time::Duration;

use agreements::{DisclosureId, GroupId, RequestId};
use broker::store::{Store, StoreError, arrivals, entries, groups, head, inbox, requests, tags, tiles};

use crate::Database;
use crate::exchange::{arrival, group, message};
use crate::log::entry;

const WRITERS: usize = 8;

/// Eight stores with a writer each, as eight processes would have.
async fn stores(database: &Database) -> Vec<Store> {
    let mut stores = Vec::new();
    for _ in 0..WRITERS {
        stores.push(database.open().await);
    }
    stores
}

pub async fn eight_writers_lose_no_update(database: Database) {
    let mut tasks = Vec::new();
    for store in stores(&database).await {
        tasks.push(tokio::spawn(async move {
            for _ in 0..25 {
                let mut tx = store.write().await.unwrap();
                // Read, think, write: what loses updates without the lock.
                let before = head::read(&mut tx).await.unwrap();
                tokio::task::yield_now().await;
                let locked = head::lock(&mut tx, 0).await.unwrap();
                let next = head::Head { size: before.size + 1, ..before };
                head::advance(&mut tx, locked, &next).await.unwrap();
                tx.commit().await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let store = database.open().await;
    let head = head::read(&mut store.read().await.unwrap()).await.unwrap();
    assert_eq!(head.size, 25 * WRITERS as u64);
}

pub async fn the_same_arrival_from_eight_callers_has_one_place(database: Database) {
    let mut tasks = Vec::new();
    for store in stores(&database).await {
        tasks.push(tokio::spawn(async move {
            let mut tx = store.write().await.unwrap();
            let placed = arrivals::insert(&mut tx, &[arrival(1, b"the same")]).await.unwrap();
            tx.commit().await.unwrap();
            placed[0]
        }));
    }
    let mut fresh = 0;
    for task in tasks {
        let placed = task.await.unwrap();
        assert_eq!(placed.position, 1);
        fresh += u32::from(placed.fresh);
    }
    assert_eq!(fresh, 1);
}

async fn is_empty(store: &Store) -> bool {
    entries::page(&mut store.read().await.unwrap(), 0, 10).await.unwrap().is_empty()
}

pub async fn a_dropped_transaction_changes_nothing(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    entries::insert(&mut tx, &[entry(0, "started")]).await.unwrap();
    drop(tx);
    assert!(is_empty(&store).await);
    // The writer is free again at once.
    let mut tx = store.write().await.unwrap();
    entries::insert(&mut tx, &[entry(0, "started")]).await.unwrap();
    assert!(is_empty(&store).await, "a reader saw what was not committed");
    tx.commit().await.unwrap();
    assert!(!is_empty(&store).await);
}

pub async fn a_rolled_back_transaction_changes_nothing(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    entries::insert(&mut tx, &[entry(0, "started")]).await.unwrap();
    tx.roll_back().await.unwrap();
    assert!(is_empty(&store).await);
}

pub async fn a_failed_statement_leaves_nothing_behind(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    entries::insert(&mut tx, &[entry(0, "started")]).await.unwrap();
    let rows: Vec<_> = [1, 2, 0].map(|idx| entry(idx, "refusal")).into();
    let failed = entries::insert(&mut tx, &rows).await.unwrap_err();
    assert!(matches!(failed, StoreError::Conflict(_)) && !failed.is_fatal());
    drop(tx);
    assert!(is_empty(&store).await);
    let mut tx = store.write().await.unwrap();
    let too_large = head::Head { size: u64::MAX, ..head::read(&mut tx).await.unwrap() };
    let locked = head::lock(&mut tx, 0).await.unwrap();
    assert!(matches!(head::advance(&mut tx, locked, &too_large).await, Err(StoreError::Range)));
}

pub async fn one_broker_at_a_time_has_the_claim(database: Database) {
    let (first, second) = (database.open().await, database.open().await);
    let mut claim = first.claim().await.unwrap();
    // As long as it stands, nobody is told that it is lost.
    assert!(tokio::time::timeout(Duration::from_millis(2_500), claim.lost()).await.is_err());
    assert_eq!(claim.fence(), 1);
    assert!(matches!(second.claim().await, Err(StoreError::Claimed)));
    drop(claim);
    // A PostgreSQL server notices a little later that the session is gone.
    for _ in 0..100 {
        match second.claim().await {
            Ok(claim) => {
                assert_eq!(claim.fence(), 2);
                return;
            }
            Err(StoreError::Claimed) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the claim of a broker that is gone still stands");
}

pub async fn a_broker_that_was_overtaken_is_fenced(database: Database) {
    let store = database.open().await;
    let claim = store.claim().await.unwrap();
    database.by_hand("UPDATE head SET fence = fence + 1").await;
    let mut tx = store.write().await.unwrap();
    let fenced = head::lock(&mut tx, claim.fence()).await;
    assert!(matches!(fenced, Err(StoreError::Fenced { held: 1, found: 2 })));
}

pub async fn a_value_that_was_changed_by_hand_is_told(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    groups::insert(&mut tx, &group(1)).await.unwrap();
    tx.commit().await.unwrap();
    for (change, column) in [
        ("UPDATE exchange_groups SET status = 'wide-open'", "status"),
        ("UPDATE exchange_groups SET status = 'open', epoch = -1", "epoch"),
        ("UPDATE exchange_groups SET epoch = 1, recipient = ''", "recipient"),
    ] {
        database.by_hand(change).await;
        let told = groups::all(&mut store.read().await.unwrap()).await.err().unwrap();
        assert!(matches!(told, StoreError::Corrupt { column: found } if found == column), "{change}: {told}");
    }
}

pub async fn opening_twice_changes_nothing(database: Database) {
    let store = database.open().await;
    let mut tx = store.write().await.unwrap();
    let locked = head::lock(&mut tx, 0).await.unwrap();
    let next = head::Head { size: 5, ..locked.head().clone() };
    head::advance(&mut tx, locked, &next).await.unwrap();
    tx.commit().await.unwrap();
    let again = database.open().await;
    assert_eq!(head::read(&mut again.read().await.unwrap()).await.unwrap(), next);
}

pub async fn a_batch_of_256_is_recorded_in_one_transaction(database: Database) {
    let store = database.open().await;
    let claim = store.claim().await.unwrap();
    let mut tx = store.write().await.unwrap();
    groups::insert(&mut tx, &group(1)).await.unwrap();
    let placed: Vec<_> = (0..256_u32).map(|n| arrival(1, &n.to_be_bytes())).collect();
    assert_eq!(arrivals::insert(&mut tx, &placed).await.unwrap().last().unwrap().position, 256);
    tx.commit().await.unwrap();

    let mut tx = store.write().await.unwrap();
    let locked = head::lock(&mut tx, claim.fence()).await.unwrap();
    let id = GroupId::from_bytes([1; 16]);
    let request = |n: u64| RequestId::from_bytes((u128::from(n) << 7).to_be_bytes());
    let asked: Vec<_> = (0..256).map(|n| (id, request(n))).collect();
    assert!(requests::answered(&mut tx, &asked).await.unwrap().is_empty());
    let batch = 0..256_u64;
    let digest = agreements::Digest::of(b"question");
    let answered: Vec<_> = batch
        .clone()
        .map(|idx| requests::RequestRow { group: id, request: request(idx), digest, idx })
        .collect();
    requests::insert(&mut tx, &answered).await.unwrap();
    groups::save(&mut tx, &[groups::GroupRow { next_position: 257, ..group(1) }]).await.unwrap();
    let log: Vec<_> = batch.clone().map(|idx| entry(idx, "disclosure")).collect();
    entries::insert(&mut tx, &log).await.unwrap();
    let messages: Vec<_> = batch.clone().map(|n| message(n + 1, 4_096)).collect();
    inbox::insert(&mut tx, &messages).await.unwrap();
    let subjects: Vec<_> = batch
        .clone()
        .map(|n| tags::TagRow {
            tag: n.to_be_bytes().to_vec(),
            disclosure: DisclosureId::from_bytes(*request(n).as_bytes()),
            month: "2031-11".into(),
        })
        .collect();
    tags::insert(&mut tx, &subjects).await.unwrap();
    let tile = tiles::Tile { level: 0, idx: 0, width: 256, bytes: vec![1; 8_192] };
    tiles::write(&mut tx, &[tile]).await.unwrap();
    let done: Vec<_> = (1..=256).map(|position| (id, position)).collect();
    arrivals::mark_done(&mut tx, &done).await.unwrap();
    let next = head::Head { size: 256, ..locked.head().clone() };
    head::advance(&mut tx, locked, &next).await.unwrap();
    tx.commit().await.unwrap();

    let mut read = store.read().await.unwrap();
    assert_eq!(entries::page(&mut read, 0, 1_000).await.unwrap().len(), 256);
    assert_eq!(inbox::page(&mut read, id, 0, 1_000, usize::MAX).await.unwrap().len(), 256);
    assert_eq!(requests::answered(&mut read, &asked).await.unwrap().len(), 256);
    assert_eq!(arrivals::count_undone(&mut read, id).await.unwrap(), 0);
}
