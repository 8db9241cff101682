//! A full disk: what could not be kept goes at once, and the store goes on. SQLite on a small disk in
//! memory, which only root may make; whoever runs the tests without that right is told so.

use std::path::{Path, PathBuf};
use std::process::Command;

use agreements::{DatasetId, DepositId};
use broker::source::deposit::sweep;
use broker::store::deposits::{self, DepositRow};
use broker::store::records::{self, BlindRow, Place, RecordRow};
use broker::store::{Store, StoreError, sqlite_url};

/// A disk of 48 MiB.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        let made = mount
            .args(["-t", "tmpfs", "-o", "size=48m", "none"])
            .arg(folder.path())
            .output()
            .is_ok_and(|done| done.status.success());
        if !made {
            println!("no right to mount a small disk: not tested");
        }
        made.then_some(Self(folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        use std::io::Write as _;
        let mut ballast = std::fs::File::create(self.path("ballast")).unwrap();
        for size in [64 * 1024, 4096] {
            while ballast.write_all(&vec![1; size]).is_ok() {}
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(self.0.path()).status();
    }
}

async fn stage(store: &Store, deposit: DepositId) -> Result<(), StoreError> {
    let dataset = DatasetId::parse("import-declarations").unwrap();
    let mut tx = store.write().await?;
    let (at, delete_after) = ("2026-05-01T00:00:00Z".parse().unwrap(), "2027-05-01".parse().unwrap());
    let row =
        DepositRow { id: deposit, dataset: dataset.clone(), records: 0, recorded: false, at, delete_after };
    deposits::insert(&mut tx, &row).await?;
    tx.commit().await?;
    for part in 0..40_u64 {
        let places = || (0..500).map(|n| Place { deposit, row: part * 500 + n });
        let rows: Vec<_> = places().map(|place| RecordRow { place, sealed: vec![7; 4000] }).collect();
        let blind = |place: Place| BlindRow {
            element: "declaration.mrn".parse().unwrap(),
            tag: format!("{:032}", place.row).into_bytes(),
            place,
        };
        let mut tx = store.write().await?;
        records::insert(&mut tx, &dataset, &rows, &places().map(blind).collect::<Vec<_>>()).await?;
        tx.commit().await?;
        store.move_log().await?;
    }
    Ok(())
}

async fn staged(store: &Store) -> usize {
    deposits::staged(&mut store.read().await.unwrap()).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_swept_at_once_and_started_from() {
    let Some(disk) = Disk::new() else { return };
    let database = disk.path("broker.db");
    let store = Store::open(&sqlite_url(&database)).await.unwrap();
    store.keep_reserve();
    assert!(Path::exists(&disk.path("broker.db-reserve")));
    // Again and again, in one process: the first leaves no trace that the second could stumble over.
    for n in 1..=4 {
        let deposit = DepositId::from_bytes([n; 16]);
        let failed = stage(&store, deposit).await.unwrap_err();
        assert!(matches!(failed, StoreError::Full(_)) && !failed.is_fatal(), "{failed:?}");
        assert!(failed.to_string().contains("disk is full"), "{failed}");
        let swept = sweep(&store, deposit).await;
        assert!(swept.is_ok(), "sweep {n}: {swept:?}");
        assert_eq!(staged(&store).await, 0);
    }
    // A start with no room left at all.
    store.close().await;
    store_is_kept(&disk);
    disk.fill();
    let again = Store::open(&sqlite_url(&database)).await.unwrap();
    let claim = again.claim().await.unwrap();
    assert_eq!(claim.fence(), 1);
    assert!(!Path::exists(&disk.path("broker.db-reserve")), "the room that was kept is still there");
    again.close().await;
}

fn store_is_kept(disk: &Disk) {
    assert!(Path::exists(&disk.path("broker.db-reserve")), "no room is kept for the next time");
}
