//! Measures recording transactions on the store alone: `store_bench [URL]`, a new SQLite file in
//! the system's temporary folder by default.
//!
//! Each disclosure writes what a small one does: an entry, an inbox message of 2 KiB, a request,
//! two subject tags, its arrival marked done; each batch a tile, 8 group states of 12 KiB, a
//! ceiling and the head.
#![expect(clippy::print_stdout, reason = "it is its output")]

use std::time::{Duration, Instant};

use agreements::{AgreementVersion, Digest, DisclosureId, EntryId, GroupId, MessageId, RequestId};
use broker::store::{Store, arrivals, entries, groups, head, inbox, requests, sqlite_url, tags, tiles};
use jiff::Timestamp;

const GROUPS: u64 = 8;
const FOR: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("store-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let url = std::env::args().nth(1).unwrap_or_else(|| sqlite_url(&folder.join("store.db")));
    let mut bench = Bench::start(&url).await?;
    for batch in [1, 16, 64, 256] {
        let began = Instant::now();
        let mut times = Vec::new();
        while began.elapsed() < FOR {
            bench.arrive(batch).await?;
            let one = Instant::now();
            bench.record(batch).await?;
            times.push(one.elapsed().as_micros());
        }
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
        let recording: u128 = times.iter().sum();
        let rate = times.len() as u128 * u128::from(batch) * 1_000_000 / recording.max(1);
        println!("{batch:>4} in a batch: {rate:>6}/s, p50 {} us, p99 {} us", at(50), at(99));
    }
    bench.store.close().await;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

struct Bench {
    store: Store,
    fence: u64,
    groups: Vec<groups::GroupRow>,
    next: u64,
}

fn sixteen(number: u64) -> [u8; 16] {
    (u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64 | u128::from(number)).to_be_bytes()
}

impl Bench {
    async fn start(url: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let store = Store::open(url).await?;
        let fence = store.claim().await?.fence();
        let mut tx = store.write().await?;
        let mut made = Vec::new();
        for number in 0..GROUPS {
            let row = groups::GroupRow {
                group: GroupId::from_bytes(sixteen(number)),
                agreement: AgreementVersion { id: "NL-BE-2026-04".parse()?, version: 1 },
                recipient: "be-customs".parse()?,
                state: vec![7; 12_000],
                row_version: 1,
                epoch: 1,
                next_position: 1,
                next_sequence: 1,
                status: groups::GroupStatus::Open,
            };
            groups::insert(&mut tx, &row).await?;
            made.push(row);
        }
        let next = head::read(&mut tx).await?.size;
        tx.commit().await?;
        Ok(Self { store, fence, groups: made, next })
    }

    fn group(&self, number: u64) -> GroupId {
        GroupId::from_bytes(sixteen(number % GROUPS))
    }

    async fn arrive(&self, batch: u64) -> Result<(), Box<dyn std::error::Error>> {
        let mut sent = Vec::new();
        for number in self.next..self.next + batch {
            sent.push(arrivals::Arrival {
                group: self.group(number),
                digest: Digest::of(&number.to_be_bytes()),
                endpoint: "be-customs-desk-1".parse()?,
                bytes: vec![1; 1_000],
                at: Timestamp::UNIX_EPOCH,
            });
        }
        let mut tx = self.store.write().await?;
        arrivals::insert(&mut tx, &sent).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn record(&mut self, batch: u64) -> Result<(), Box<dyn std::error::Error>> {
        let numbers = self.next..self.next + batch;
        let now = Timestamp::UNIX_EPOCH;
        let mut tx = self.store.write().await?;
        let locked = head::lock(&mut tx, self.fence).await?;
        let asked: Vec<_> =
            numbers.clone().map(|n| (self.group(n), RequestId::from_bytes(sixteen(n)))).collect();
        requests::answered(&mut tx, &asked).await?;
        let (mut log, mut messages, mut done, mut subjects) = (vec![], vec![], vec![], vec![]);
        for n in numbers {
            let disclosure = DisclosureId::from_bytes(sixteen(n));
            let group = self.group(n);
            log.push(entries::Entry {
                idx: n,
                id: EntryId::from_bytes(sixteen(n)),
                leaf: vec![1; 280],
                particulars: Some(vec![2; 900]),
                personal: Some(vec![3; 500]),
                operation: "disclosure".to_owned(),
                agreement: Some("NL-BE-2026-04".parse()?),
                asked_about: None,
                recipient: Some("be-customs".parse()?),
                at: now,
                disclosure: Some(disclosure),
                personal_key: Some("personal-2026-11".to_owned()),
            });
            messages.push(inbox::InboxRow {
                group,
                position: n + 1,
                kind: inbox::InboxKind::Message,
                idx: Some(n),
                previous: Some(n),
                message: MessageId::from_bytes(sixteen(n)),
                bytes: vec![4; 2_048],
                at: now,
                delete_after: "2026-12-22".parse()?,
            });
            done.push((group, n / GROUPS + 1));
            for tag in [n, !n] {
                subjects.push(tags::TagRow {
                    tag: sixteen(tag).into(),
                    disclosure,
                    month: "2031-11".to_owned(),
                });
            }
        }
        let answered: Vec<_> = asked
            .iter()
            .zip(&log)
            .map(|((group, request), entry)| requests::RequestRow {
                group: *group,
                request: *request,
                digest: Digest::of(b"q"),
                idx: entry.idx,
            })
            .collect();
        requests::insert(&mut tx, &answered).await?;
        let touched = usize::try_from(batch.min(GROUPS))?;
        groups::save(&mut tx, self.groups.get(..touched).unwrap_or_default()).await?;
        entries::insert(&mut tx, &log).await?;
        inbox::insert(&mut tx, &messages).await?;
        tags::insert(&mut tx, &subjects).await?;
        let tile = tiles::Tile { level: 0, idx: self.next / 256, width: 256, bytes: vec![5; 8_192] };
        tiles::write(&mut tx, &[tile]).await?;
        arrivals::mark_done(&mut tx, &done).await?;
        self.next += batch;
        let next = head::Head { size: self.next, ..locked.head().clone() };
        head::advance(&mut tx, locked, &next).await?;
        tx.commit().await?;
        self.groups.iter_mut().take(touched).for_each(|row| row.row_version += 1);
        Ok(())
    }
}
