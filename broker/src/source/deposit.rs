//! A deposit: records of one dataset from a source, checked line by line, sealed, and valid only
//! once its entry is recorded. One bad line and nothing of it stays.

use agreements::{Dataset, DatasetId, DepositId, Digest, Element, OfficerNumber};
use audit::Event;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use pseudonym::{Context, Deposit, DepositError};
use sha2::{Digest as _, Sha256};

use super::place;
use crate::app::App;
use crate::recorder::rows::days_from;
use crate::recorder::{Effect, Item, RecordError};
use crate::store::deposits::{self, DepositRow};
use crate::store::records::{self, BlindRow, Place, RecordRow};
use crate::store::{Store, StoreError};

/// Records in one transaction of the staging.
const STAGE: usize = 2_000;

/// Why a deposit was refused. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum RefusedDeposit {
    /// The dataset was never published.
    #[error("dataset `{0}` is not published")]
    Unknown(DatasetId),
    /// A line, or the header, is not as the dataset declares it.
    #[error(transparent)]
    Line(#[from] DepositError),
    /// Larger than the configuration allows.
    #[error("the deposit is larger than {0} bytes")]
    TooLarge(u64),
    /// The sender stopped before the end.
    #[error("the deposit broke off before its end")]
    BrokenOff,
    /// There is no record in it.
    #[error("the deposit holds no record")]
    Empty,
    /// The description of the dataset cannot be read.
    #[error("the description of the dataset cannot be read: {0}")]
    Description(String),
    /// The disk is full.
    #[error(
        "the disk of `{0}` is full: nothing of the deposit was kept; make room there, then deposit it again"
    )]
    Full(std::path::PathBuf),
    /// The store.
    #[error("the store could not take it")]
    Store(#[from] StoreError),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What was deposited.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Deposited {
    /// The deposit.
    pub deposit: DepositId,
    /// Its records.
    pub records: u64,
    /// Index of its entry.
    pub index: u64,
}

/// Takes a deposit as it comes in; memory stays flat.
///
/// # Errors
/// [`RefusedDeposit`]; nothing was kept.
pub async fn deposit<E>(
    app: &App,
    dataset: &Dataset,
    by: &OfficerNumber,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Deposited, RefusedDeposit> {
    let id = DepositId::from_bytes(app.rng.id());
    match stage(app, dataset, id, body).await {
        Ok((records, digest)) => {
            let item = Item::of(Event::Deposited {
                dataset: dataset.id.clone(),
                deposit: id,
                records,
                digest,
                by: by.clone(),
            })
            .and(Effect::DepositRecorded { deposit: id, records });
            match app.recorder.record(item).await {
                Ok(recorded) => Ok(Deposited { deposit: id, records, index: recorded.index }),
                Err(error) => {
                    take_back(app, id).await;
                    Err(told(app, error.into()))
                }
            }
        }
        Err(error) => {
            take_back(app, id).await;
            Err(told(app, error))
        }
    }
}

/// Names the folder where a full disk was met.
fn told(app: &App, error: RefusedDeposit) -> RefusedDeposit {
    match error {
        RefusedDeposit::Store(StoreError::Full(_))
        | RefusedDeposit::Record(RecordError::Store(StoreError::Full(_))) => {
            RefusedDeposit::Full(app.config.data_dir.clone())
        }
        other => other,
    }
}

/// Deletes what was staged. What stays behind after a crash is swept at start.
async fn take_back(app: &App, id: DepositId) {
    if let Err(error) = sweep(&app.store, id).await {
        tracing::warn!(deposit = %id, %error, "a refused deposit is swept at the next start");
    }
}

/// Deletes a staged deposit, on a full disk too: then by small steps, in the room that was kept.
///
/// # Errors
/// [`StoreError`]
pub async fn sweep(store: &Store, id: DepositId) -> Result<(), StoreError> {
    let at_once = async {
        let mut tx = store.write().await?;
        // Its first row may never have come in.
        if deposits::get(&mut tx, id).await?.is_some() {
            deposits::delete_staged(&mut tx, id).await?;
        }
        tx.commit().await
    };
    match at_once.await {
        Err(StoreError::Full(_)) => {}
        done => return done,
    }
    store.give_up_reserve();
    loop {
        store.make_room().await?;
        let mut tx = store.write().await?;
        let more = deposits::delete_some_staged(&mut tx, id).await?;
        tx.commit().await?;
        if !more {
            break;
        }
    }
    store.keep_reserve();
    Ok(())
}

/// Rows of one transaction.
#[derive(Default)]
struct Stage {
    records: Vec<RecordRow>,
    blind: Vec<BlindRow>,
}

async fn stage<E>(
    app: &App,
    dataset: &Dataset,
    id: DepositId,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<(u64, Digest), RefusedDeposit> {
    let unreadable = |error: pseudonym::ShapeError| RefusedDeposit::Description(error.to_string());
    let mut reader = Deposit::new(dataset).map_err(unreadable)?;
    let indexed = Context::of(dataset, Element::is_searchable).map_err(unreadable)?;
    let (mut hash, mut size, mut row) = (Sha256::new(), 0_u64, 0_u64);
    let most = app.config.limits.deposit_bytes;
    let mut waiting = Stage::default();
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    let delete_after = days_from(now, app.config.limits.record_days);
    let staged =
        DepositRow { id, dataset: dataset.id.clone(), records: 0, recorded: false, at: now, delete_after };
    deposits::insert(&mut tx, &staged).await?;
    tx.commit().await?;
    let mut ended = false;
    while !ended {
        match body.next().await {
            Some(Ok(piece)) => {
                size = size.saturating_add(piece.len() as u64);
                if size > most {
                    return Err(RefusedDeposit::TooLarge(most));
                }
                hash.update(&piece);
                reader.push(&piece);
            }
            Some(Err(_)) => return Err(RefusedDeposit::BrokenOff),
            None => {
                reader.end();
                ended = true;
            }
        }
        while let Some(record) = reader.row()? {
            row += 1;
            let at = Place { deposit: id, row };
            let line = record.line;
            let found = indexed.read(record.bytes);
            let found = found.map_err(|error| DepositError::Record { line, error })?;
            waiting.blind.extend(found.iter().map(|found| BlindRow {
                element: found.element.path.clone(),
                tag: app.blind.tag(&dataset.id, &found.element.path, &found.normalised).to_vec(),
                place: at,
            }));
            let sealed = app.rows.seal("records", &place(at), record.bytes);
            waiting.records.push(RecordRow { place: at, sealed });
            if waiting.records.len() >= STAGE {
                put(app, dataset, std::mem::take(&mut waiting)).await?;
            }
        }
    }
    put(app, dataset, waiting).await?;
    if row == 0 {
        return Err(RefusedDeposit::Empty);
    }
    Ok((row, Digest::from_bytes(hash.finalize().into())))
}

async fn put(app: &App, dataset: &Dataset, stage: Stage) -> Result<(), StoreError> {
    if stage.records.is_empty() {
        return Ok(());
    }
    let mut tx = app.store.write().await?;
    records::insert(&mut tx, &dataset.id, &stage.records, &stage.blind).await?;
    tx.commit().await?;
    app.store.move_log().await
}
