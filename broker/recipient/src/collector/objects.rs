//! Bulk objects: fetched, checked, signed for, opened.
//!
//! What lies on disk is the ciphertext, always: records appear in clear only where an officer has
//! them written. So `opened` means that every byte was decrypted and checked, hash and number of
//! records included, and thrown away; and an export decrypts them again.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agreements::statements::ReceiptStage;
use agreements::{Digest, ObjectId};
use common::durable::{self, DurableError};
use exchange::{ObjectDescriptor, ObjectError, ObjectKey, ObjectOpener};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::receipts::{self, Received};
use super::{CollectError, Shared};
use crate::answer::ObjectNote;
use crate::home::Home;
use crate::outward::OutwardError;
use crate::records::RecordCounter;
use crate::store::objects::{ObjectRow, Stage};
use crate::store::own_log::Act;
use crate::store::requests::RequestStatus;
use crate::store::{StoreError, WriteTx};
use crate::trust::Trust;

/// How often the table is looked at when nobody wakes this task.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What went wrong with one object.
#[derive(Debug, thiserror::Error)]
enum ObjectTrouble {
    /// Try again later.
    #[error("{0}")]
    Passing(String),
    /// It did not prove right.
    #[error("{0}")]
    Alarm(String),
    /// The provider does not have it any more.
    #[error("the provider has destroyed it: ask again")]
    Gone,
    /// The program cannot go on.
    #[error(transparent)]
    Collect(#[from] CollectError),
}

impl From<StoreError> for ObjectTrouble {
    fn from(error: StoreError) -> Self {
        Self::Collect(error.into())
    }
}

impl From<DurableError> for ObjectTrouble {
    fn from(error: DurableError) -> Self {
        Self::Collect(error.into())
    }
}

/// The file of an object that was fetched whole and checked.
pub(crate) fn sealed_file(home: &Home, object: ObjectId) -> PathBuf {
    home.objects_dir().join(format!("{object}.sealed"))
}

/// The file of an object while it comes.
pub(super) fn part_file(home: &Home, object: ObjectId) -> PathBuf {
    home.objects_dir().join(format!("{object}.part"))
}

/// Removes files that no row names: what a crash or a deletion left.
pub(super) async fn sweep(home: &Home) -> Result<(), CollectError> {
    let named: BTreeSet<String> = home.store.object_ids().await?.into_iter().collect();
    let dir = home.objects_dir();
    let read = |source| DurableError::Io { what: "read the folder", path: dir.clone(), source };
    for entry in std::fs::read_dir(&dir).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if !named.contains(stem) {
            durable::destroy(&path, &*home.rng)?;
        }
    }
    Ok(())
}

/// Works on objects until stopped.
pub(super) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) -> Result<(), CollectError> {
    let mut wait = LOOK_EVERY;
    loop {
        match round(&shared).await {
            Ok(true) => wait = LOOK_EVERY,
            Ok(false) => wait = (wait * 2).min(Duration::from_secs(5)),
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.objects.notified() => {}
            _ = stop.changed() => return Ok(()),
        }
    }
}

/// Takes every object one step further; says whether all could be.
async fn round(shared: &Arc<Shared>) -> Result<bool, CollectError> {
    let mut all = true;
    for stage in [Stage::Announced, Stage::Keyed] {
        for row in shared.home.store.objects_at::<ObjectNote>(stage).await? {
            let result = match stage {
                Stage::Announced => fetch(shared, &row).await,
                _ => open(shared, &row).await,
            };
            match result {
                Ok(()) => shared.did_something(),
                Err(ObjectTrouble::Passing(text)) => {
                    tracing::debug!(object = %row.object, "not yet: {text}");
                    all = false;
                }
                Err(ObjectTrouble::Alarm(text)) => alarm(shared, &row, &text).await?,
                Err(gone @ ObjectTrouble::Gone) => {
                    let mut tx = shared.home.store.write().await?;
                    lapse(&shared.home, &mut tx, &row, &gone.to_string()).await?;
                    tx.commit().await?;
                }
                Err(ObjectTrouble::Collect(error)) => return Err(error),
            }
        }
    }
    Ok(all)
}

async fn alarm(shared: &Shared, row: &ObjectRow<ObjectNote>, text: &str) -> Result<(), CollectError> {
    tracing::error!(object = %row.object, "ALARM: {text}");
    let mut tx = shared.home.store.write().await?;
    tx.move_object(row.object, row.stage, Stage::Alarm, Some(text)).await?;
    tx.set_request(row.request, RequestStatus::Alarm, None).await?;
    tx.log(shared.home.clock.now(), None, Act::Alarm, Some(row.request), text).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives up an object that will never be opened; nothing was wrong with it.
pub(super) async fn lapse(
    home: &Home,
    tx: &mut WriteTx,
    row: &ObjectRow<ObjectNote>,
    why: &str,
) -> Result<(), StoreError> {
    if tx.move_object(row.object, row.stage, Stage::Lapsed, Some(why)).await? {
        tracing::warn!(object = %row.object, "{why}");
        tx.set_request(row.request, RequestStatus::Problem, None).await?;
        tx.log(home.clock.now(), None, Act::Received, Some(row.request), why).await?;
    }
    Ok(())
}

/// Fetches the ciphertext, checks its hash, names it, signs `held`.
async fn fetch(shared: &Shared, row: &ObjectRow<ObjectNote>) -> Result<(), ObjectTrouble> {
    let home = &shared.home;
    let ObjectNote { manifest, descriptor, index, .. } = &row.description;
    let (part, whole) = (part_file(home, row.object), sealed_file(home, row.object));
    let trust = Trust::load(home).await.map_err(CollectError::from)?;
    let log = trust.newest(&row.agreement).map(|signed| signed.log_key.name().to_owned()).unwrap_or_default();
    let checkpoint = shared.checkpoint(&log).await?;
    if !whole.exists() {
        download(shared, row.object, descriptor, &checkpoint, &part).await?;
        tokio::fs::rename(&part, &whole).await.map_err(io_at("rename", &part))?;
        durable::sync_dir(&home.objects_dir())?;
    }
    let received = Received {
        manifest,
        index: *index,
        object: Some(row.object),
        received: descriptor.ciphertext,
        checkpoint: &checkpoint,
    };
    let mut tx = home.store.write().await?;
    if tx.move_object(row.object, Stage::Announced, Stage::Held, None).await? {
        receipts::queue(home, &mut tx, ReceiptStage::Held, &row.agreement, &received)
            .await
            .map_err(|e| ObjectTrouble::Alarm(e.to_string()))?;
    }
    tx.commit().await?;
    Ok(())
}

/// Fetches what is missing of an object; when this returns, the file holds the whole, checked and
/// durable. A cut connection leaves what came, and the next call goes on from there.
async fn download(
    shared: &Shared,
    object: ObjectId,
    descriptor: &ObjectDescriptor,
    checkpoint: &str,
    part: &Path,
) -> Result<(), ObjectTrouble> {
    let announced = descriptor.ciphertext_bytes;
    let mut options = tokio::fs::OpenOptions::new();
    let opened = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(part).await;
    let mut file = opened.map_err(io_at("open", part))?;
    let (mut hash, mut held) = hash_of(&mut file).await.map_err(io_at("read", part))?;
    if held > announced {
        (hash, held) = (start_again(&mut file).await.map_err(io_at("write", part))?, 0);
    }
    let mut resumed = held > 0;
    if held < announced {
        let fetched = async {
            let stream = shared.outward.object(object, held, checkpoint).await?;
            if stream.begins_at() != held {
                (hash, resumed) = (start_again(&mut file).await?, false);
            }
            stream.write(announced, &mut hash, &mut file).await
        };
        held = match fetched.await {
            Ok(held) => held,
            Err(error) if error.is_passing() => return Err(ObjectTrouble::Passing(error.to_string())),
            Err(OutwardError::Refused { status, .. }) if matches!(status.as_u16(), 404 | 410) => {
                return Err(ObjectTrouble::Gone);
            }
            Err(error) => return Err(ObjectTrouble::Alarm(error.to_string())),
        };
    }
    if held < announced {
        return Err(ObjectTrouble::Passing("the object was cut short on the way".to_owned()));
    }
    if Digest::from_bytes(hash.finalize().into()) != descriptor.ciphertext {
        drop(file);
        durable::destroy(part, &*shared.home.rng)?;
        if resumed {
            // What lay here may have been damaged here: the provider is to blame only for a whole.
            return Err(ObjectTrouble::Passing("its parts do not fit: it is fetched anew".to_owned()));
        }
        return Err(ObjectTrouble::Alarm(
            "the object that was fetched is not the one that was announced".to_owned(),
        ));
    }
    Ok(file.sync_all().await.map_err(io_at("sync", part))?)
}

/// Hash and number of the bytes that a file holds; leaves it at its end.
async fn hash_of(file: &mut tokio::fs::File) -> io::Result<(Sha256, u64)> {
    let (mut hash, mut held) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer).await?;
        if read == 0 {
            return Ok((hash, held));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        held = held.saturating_add(read as u64);
    }
}

/// Empties a file.
async fn start_again(file: &mut tokio::fs::File) -> io::Result<Sha256> {
    file.set_len(0).await?;
    file.seek(io::SeekFrom::Start(0)).await?;
    Ok(Sha256::new())
}

fn io_at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DurableError {
    let path = path.to_owned();
    move |source| DurableError::Io { what, path, source }
}

/// Decrypts and checks everything, counts the records, signs `opened`.
async fn open(shared: &Shared, row: &ObjectRow<ObjectNote>) -> Result<(), ObjectTrouble> {
    let home = &shared.home;
    let ObjectNote { manifest, descriptor, index, .. } = &row.description;
    let key = object_key(row).ok_or_else(|| ObjectTrouble::Alarm("its key is not kept".to_owned()))?;
    let (path, checked, format) = (sealed_file(home, row.object), descriptor.clone(), manifest.format);
    let opening = tokio::task::spawn_blocking(move || {
        let mut counter = RecordCounter::new(format, io::sink());
        open_file(&path, &checked, &key, &mut counter)?;
        Ok::<u64, ObjectError>(counter.records())
    });
    let records = opening
        .await
        .map_err(|_| CollectError::Broken)?
        .map_err(|e| ObjectTrouble::Alarm(format!("the object does not open: {e}")))?;
    if records != manifest.records {
        return Err(ObjectTrouble::Alarm(format!(
            "the object holds {records} records, its cover sheet says {}",
            manifest.records
        )));
    }
    let trust = Trust::load(home).await.map_err(CollectError::from)?;
    let log = trust.newest(&row.agreement).map(|signed| signed.log_key.name().to_owned()).unwrap_or_default();
    let checkpoint = shared.checkpoint(&log).await?;
    let received = Received {
        manifest,
        index: *index,
        object: Some(row.object),
        received: descriptor.ciphertext,
        checkpoint: &checkpoint,
    };
    let mut tx = home.store.write().await?;
    if tx.move_object(row.object, Stage::Keyed, Stage::Opened, None).await? {
        tx.set_request(row.request, RequestStatus::Answered, None).await?;
        receipts::queue(home, &mut tx, ReceiptStage::Opened, &row.agreement, &received)
            .await
            .map_err(|e| ObjectTrouble::Alarm(e.to_string()))?;
        let detail = format!("its object: {records} records, every byte checked");
        tx.log(home.clock.now(), None, Act::Received, Some(row.request), &detail).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The key of an object, as its type.
pub(crate) fn object_key(row: &ObjectRow<ObjectNote>) -> Option<ObjectKey> {
    let bytes = <[u8; 32]>::try_from(row.key.as_ref()?.as_slice()).ok()?;
    Some(ObjectKey::from_bytes(Zeroizing::new(bytes)))
}

/// Decrypts an object's file into `to`, checking everything; only when this returns `Ok` may what
/// was written be used.
pub(crate) fn open_file(
    path: &std::path::Path,
    descriptor: &ObjectDescriptor,
    key: &ObjectKey,
    to: &mut dyn io::Write,
) -> Result<(), ObjectError> {
    let file = File::open(path).map_err(ObjectError::from)?;
    ObjectOpener::new(descriptor, key)?.open(io::BufReader::new(file), to)
}
