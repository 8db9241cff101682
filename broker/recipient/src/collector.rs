//! The collector: one process for a data folder, which owns the groups.
//!
//! One task for each group reads its inbox in order and sends what waits in the outbox; one task
//! fetches and opens bulk objects; this one finds new groups, keeps key packages in stock and
//! deletes what reached its date. Whatever happens, the store is the truth: each task can be
//! stopped at any instruction and goes on from its last transaction.

mod handshake;
mod key_packages;
mod message;
pub(crate) mod objects;
mod reader;
mod receipts;
mod retention;
mod sending;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use agreements::{AgreementId, GroupId};
use common::durable::{DurableError, FolderLock};
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinHandle;

use crate::home::Home;
use crate::outward::{Outward, OutwardError};
use crate::store::StoreError;
use crate::store::groups::GroupStatus;
use crate::trust::{Trust, TrustError};

/// How often groups are looked for while one is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often they are looked for when every agreement has its group, and longest pause.
const LOOK_SELDOM: Duration = Duration::from_secs(3);
/// How often what reached its date is deleted, and key packages are counted.
const TIDY_EVERY: Duration = Duration::from_secs(3600);

/// Why the collector ends.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Another collector runs, or a file failed.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// The store failed: nothing more may be done.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was trusted does not hold any more.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The client cannot be made, or the provider refuses this endpoint.
    #[error(transparent)]
    Outward(#[from] OutwardError),
    /// A task ended in an unforeseen way.
    #[error("a task of the collector broke off")]
    Broken,
}

/// What the tasks share.
pub(crate) struct Shared {
    pub(crate) home: Arc<Home>,
    pub(crate) outward: Outward,
    /// Held while a checkpoint is compared with the one kept and kept in its place.
    pub(crate) log: Mutex<()>,
    /// Wakes the task for objects.
    pub(crate) objects: Notify,
    /// Wakes the search for groups and the count of key packages.
    pub(crate) look: Notify,
    /// Counts whatever was done, so that a run without `--follow` knows when nothing more comes.
    pub(crate) done: AtomicU64,
}

impl Shared {
    pub(crate) fn did_something(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// The newest checkpoint of a log, as text; empty when none is kept.
    pub(crate) async fn checkpoint(&self, log: &str) -> Result<String, StoreError> {
        Ok(self.home.store.newest_checkpoint(log).await?.map(|kept| kept.note).unwrap_or_default())
    }
}

/// How long the collector runs.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// Until `stop` says so.
    Stopped,
    /// Until nothing was done for this long.
    Quiet(Duration),
}

/// Runs the collector.
///
/// # Errors
/// [`CollectError`]. A group that did not prove right stops by itself and is no error here.
pub async fn collect(
    home: Arc<Home>,
    until: Until,
    mut stop: watch::Receiver<bool>,
) -> Result<(), CollectError> {
    let _lock = FolderLock::take(&home.dir)?;
    let shared = Arc::new(Shared {
        outward: Outward::new(Arc::clone(&home))?,
        home,
        log: Mutex::new(()),
        objects: Notify::new(),
        look: Notify::new(),
        done: AtomicU64::new(0),
    });
    objects::sweep(&shared.home).await?;
    let mut tasks = Tasks { shared, readers: BTreeMap::new(), objects: None, stop: stop.clone() };
    let result = tasks.supervise(until, &mut stop).await;
    tasks.end().await;
    result
}

type Task = JoinHandle<Result<(), CollectError>>;

struct Tasks {
    shared: Arc<Shared>,
    readers: BTreeMap<GroupId, Task>,
    objects: Option<Task>,
    stop: watch::Receiver<bool>,
}

impl Tasks {
    async fn supervise(&mut self, until: Until, stop: &mut watch::Receiver<bool>) -> Result<(), CollectError> {
        let mut tidied: Option<tokio::time::Instant> = None;
        let (mut seen, mut quiet_since) = (0, tokio::time::Instant::now());
        let mut wait = LOOK_EVERY;
        loop {
            if *stop.borrow() {
                return Ok(());
            }
            if tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY) {
                retention::delete_what_is_due(&self.shared.home).await?;
                tidied = Some(tokio::time::Instant::now());
            }
            match self.look().await {
                Ok(true) => wait = LOOK_SELDOM,
                Ok(false) => wait = LOOK_EVERY,
                Err(CollectError::Outward(error)) => {
                    if error.is_passing() {
                        tracing::debug!(%error, "the provider is not there");
                    } else {
                        tracing::warn!(%error, "the provider refuses this endpoint");
                    }
                    wait = (wait * 2).min(LOOK_SELDOM);
                }
                Err(other) => return Err(other),
            }
            self.reap().await?;
            let done = self.shared.done.load(Ordering::Relaxed);
            if done != seen {
                (seen, quiet_since) = (done, tokio::time::Instant::now());
            }
            if let Until::Quiet(limit) = until
                && quiet_since.elapsed() >= limit
            {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shared.look.notified() => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Gives key packages, finds groups, and starts a task for each that has none. Says whether
    /// every agreement here has its group, joined.
    async fn look(&mut self) -> Result<bool, CollectError> {
        let home = Arc::clone(&self.shared.home);
        if self.objects.is_none() {
            let task = objects::run(Arc::clone(&self.shared), self.stop.clone());
            self.objects = Some(tokio::spawn(task));
        }
        for row in home.store.groups().await? {
            self.start(row.group, row.status);
        }
        if home.store.enrolment().await?.is_none() {
            return Ok(false);
        }
        let trust = Trust::load(&home).await?;
        key_packages::keep_in_stock(&self.shared).await?;
        let log = trust.agreements.first().map(|signed| signed.log_key.name().to_owned());
        let checkpoint = match log {
            Some(log) => self.shared.checkpoint(&log).await?,
            None => String::new(),
        };
        for (group, agreement) in self.shared.outward.groups(&checkpoint).await? {
            if trust.newest(&agreement).is_none() {
                tracing::debug!(%agreement, "a group waits for its agreement to be added here");
                continue;
            }
            if home.store.group(group).await?.is_none() {
                let mut tx = home.store.write().await?;
                tx.add_group(group, &agreement).await?;
                tx.commit().await?;
                self.start(group, GroupStatus::Waiting);
            }
        }
        let groups = home.store.groups().await?;
        let joined = |agreement: &AgreementId| {
            groups.iter().any(|row| row.agreement == *agreement && row.status == GroupStatus::Open)
        };
        Ok(trust.agreements.iter().all(|signed| joined(&signed.agreement.id)))
    }

    fn start(&mut self, group: GroupId, status: GroupStatus) {
        if matches!(status, GroupStatus::Stopped) || self.readers.contains_key(&group) {
            return;
        }
        let reader = reader::run(Arc::clone(&self.shared), group, self.stop.clone());
        self.readers.insert(group, tokio::spawn(reader));
    }

    /// Collects the tasks that ended; an error of one ends the collector.
    async fn reap(&mut self) -> Result<(), CollectError> {
        let ended: Vec<GroupId> =
            self.readers.iter().filter(|(_, task)| task.is_finished()).map(|(group, _)| *group).collect();
        for group in ended {
            if let Some(task) = self.readers.remove(&group) {
                task.await.map_err(|_| CollectError::Broken)??;
            }
        }
        if let Some(task) = self.objects.take_if(|task| task.is_finished()) {
            task.await.map_err(|_| CollectError::Broken)??;
        }
        Ok(())
    }

    async fn end(self) {
        for task in self.readers.into_values().chain(self.objects) {
            task.abort();
            // An aborted task says so; whatever it had not committed did not happen.
            let _ = task.await;
        }
    }
}
