//! Starting: everything is read from the log and checked before anything is answered.
//!
//! Claim the store, open the vault, compare the database with the mark beside the vault, verify the
//! tree against the signed checkpoint, replay the log, compare the rows with it, sweep what no entry
//! names. A difference in the log stops the start; a difference between a row and the log stops
//! disclosures under what differs.

mod compare;
mod replay;
mod sweep;
mod verify;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use agreements::lifecycle::{Lifecycle, Status};
use agreements::{GroupId, NoteKey};
use arc_swap::{ArcSwap, ArcSwapOption};
use audit::{Event, LogSigner, Standing};
use common::blind::{BlindIndex, SubjectTags};
use common::clock::Clock;
use common::password::Passwords;
use common::rng::Rng;
use common::sealed::RowSealer;
use common::vault::{KeyId, Unlock, Vault, VaultError};
use exchange::{BrokerGroup, EndpointKey};
use zeroize::Zeroizing;

use crate::app::{App, Core};
use crate::config::{Config, UnlockConfig};
use crate::governed::{self, AllGoverned, Blocked};
use crate::groups::{Groups, LiveGroup};
use crate::recorder::{Head, Item, Ledger, Recorder, Writer};
use crate::store::groups::GroupStatus;
use crate::store::{Claim, Store, StoreError};

/// Name of the log's key in the vault.
const LOG_KEY: &str = "log";
/// Name of the broker's endpoint key in the vault.
const ENDPOINT_KEY: &str = "endpoint";
/// How often a stand-by asks whether the one that writes is gone.
const STANDING_BY: Duration = Duration::from_millis(200);
/// Longer than a database server lets a silent claim stand.
const AFTER_A_CRASH: Duration = Duration::from_secs(13);

/// Why the broker does not start. The message says what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database's address.
    #[error(transparent)]
    Database(#[from] crate::database::DatabaseError),
    /// The disk is full.
    #[error(
        "the disk of `{0}` is full, and a start needs some megabytes: make room there, then start again; \
         nothing that was acknowledged is lost"
    )]
    Full(std::path::PathBuf),
    /// A folder or file.
    #[error("`{path}`: {source}")]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database is behind what this vault has seen: an old copy was put back.
    #[error(
        "the database holds {found} entries, but {known} were committed before: it is an older copy. \
         Nothing is written to it; put back the newest one, or begin a new log with `transire recover`"
    )]
    OldDatabase {
        /// Entries in the database.
        found: u64,
        /// Entries at the last commit.
        known: u64,
    },
    /// The log was altered.
    #[error("the record was altered: {0}")]
    Altered(String),
    /// The first entry after a start was not written.
    #[error("this start could not be entered in the record: {0}")]
    NotEntered(String),
    /// The entries contradict each other.
    #[error("entry {index} cannot be replayed: {text}")]
    Replay {
        /// The entry.
        index: u64,
        /// What it contradicts.
        text: String,
    },
    /// A key in the vault is not one.
    #[error("the key `{0}` in the vault cannot be read")]
    Key(String),
}

/// A broker that is ready to be served, and what must live as long as it does.
pub struct Started {
    /// The broker.
    pub app: Arc<App>,
    /// The claim on the store.
    pub claim: Claim,
}

/// Makes a data folder: the vault, the log's key and the broker's own endpoint key.
///
/// # Errors
/// [`StartError`] when there is one already, or it cannot be written.
pub fn create(config: &Config, rng: &dyn Rng) -> Result<(), StartError> {
    common::durable::create_dir(&config.data_dir, 0o700).map_err(VaultError::from)?;
    common::durable::create_dir(&config.objects_dir(), 0o700).map_err(VaultError::from)?;
    let vault = Vault::create(&config.vault_dir(), &unlock(&config.unlock)?, rng)?;
    for name in [LOG_KEY, ENDPOINT_KEY] {
        vault.put(&key_id(name)?, rng.key().as_slice(), rng)?;
    }
    Ok(())
}

/// Public keys of a data folder: that of the log, and that of the broker as an endpoint.
///
/// # Errors
/// [`StartError`] when the vault does not open.
pub fn public_keys(config: &Config) -> Result<(NoteKey, agreements::Digest), StartError> {
    let vault = Vault::open(&config.vault_dir(), &unlock(&config.unlock)?)?;
    let log = log_signer(config, &vault)?;
    Ok((log.key().clone(), EndpointKey::from_seed(&seed(&vault, ENDPOINT_KEY)?).public()))
}

/// When a broker begins to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// At once; where another writes, the start fails. A database server may take some seconds to
    /// notice that the process before this one is gone.
    Now,
    /// Once the one that writes is gone. Nothing is read before, and nothing served.
    StandBy,
}

/// Waits until nobody else writes.
async fn stand_by(store: &Store) -> Result<Claim, StoreError> {
    let mut told = false;
    loop {
        match store.claim().await {
            Err(StoreError::Claimed) if !told => {
                tracing::info!("another broker writes to this store; standing by");
                told = true;
            }
            Err(StoreError::Claimed) => {}
            claimed => return claimed,
        }
        tokio::time::sleep(STANDING_BY).await;
    }
}

/// Opens the data folder, replays the log, and starts the writer and the collectors.
///
/// # Errors
/// [`StartError`]; nothing was written and nothing answered.
pub async fn start(config: Config, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Started, StartError> {
    in_turn(config, clock, rng, Turn::Now).await
}

/// The same, at its turn.
///
/// # Errors
/// As [`start`].
pub async fn in_turn(
    config: Config,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    turn: Turn,
) -> Result<Started, StartError> {
    let folder = config.data_dir.clone();
    begin(config, clock, rng, turn).await.map_err(|error| match error {
        StartError::Store(StoreError::Full(_)) => StartError::Full(folder),
        other => other,
    })
}

async fn begin(
    config: Config,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    turn: Turn,
) -> Result<Started, StartError> {
    let (core, claim, mut new_groups) = open(config, clock, rng, turn).await?;
    let edge = verify::edge(&core).await?;
    let replayed = replay::replay(&core, &edge).await?;
    compare::compare(&core, &replayed).await?;
    let replay::Replayed { standing, stated, .. } = replayed;
    sweep::sweep(&core, &standing).await?;
    let ledgers = groups(&core, &standing).await?;
    let head = crate::store::head::read(&mut core.store.read().await?).await?;
    core.checkpoint.store(Arc::new(Arc::from(head.checkpoint.as_str())));
    core.governed.store(Arc::new(governed::governed(&standing, &AllGoverned::new())));
    core.take_enrolment(&standing);
    core.standing.store(Arc::new(standing.clone()));
    let size = edge.size();
    let head = Head {
        edge,
        checkpoint: Arc::from(head.checkpoint.as_str()),
        policy_epoch: head.policy_epoch,
        fence: claim.fence(),
        ledgers,
    };
    let core = Arc::new(core);
    let recorder = Recorder::start(Writer::new(Arc::clone(&core), head, standing, stated));
    let app = Arc::new(App::new(core, recorder));
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let mut items = vec![Item::of(Event::Started { version, size })];
    if size == 0 {
        for name in [LOG_KEY, ENDPOINT_KEY] {
            items.push(crate::domains::made(&key_id(name)?, name));
        }
    }
    app.recorder.record_all(items).await.map_err(|error| StartError::NotEntered(error.to_string()))?;
    tokio::spawn(crate::govern::housekeeping::run(Arc::clone(&app)));
    let collecting = Arc::clone(&app);
    tokio::spawn(async move {
        for group in collecting.groups.all() {
            if collecting.is_open(&group.at_version())
                && let Err(error) = crate::disclosure::key::deliver_waiting(&collecting, &group).await
            {
                tracing::error!(group = %group.id, %error, "keys that waited could not be sent");
            }
            tokio::spawn(crate::disclosure::collect(Arc::clone(&collecting), group));
        }
        while let Some(group) = new_groups.recv().await {
            tokio::spawn(crate::disclosure::collect(Arc::clone(&collecting), group));
        }
    });
    Ok(Started { app, claim })
}

/// What a check of a stopped broker's data folder found.
pub struct Checked {
    /// Entries in the log.
    pub size: u64,
    /// Agreements under which nothing would be disclosed, for a row differs from the log.
    pub agreements: Vec<agreements::AgreementId>,
    /// Officers who could not sign in, for a row differs from the log.
    pub officers: Vec<agreements::OfficerNumber>,
}

/// Checks all that a start checks, and serves nothing. No entry is written.
///
/// # Errors
/// [`StartError`] when a start would fail.
pub async fn check(config: Config, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Checked, StartError> {
    let (core, claim, _) = open(config, clock, rng, Turn::Now).await?;
    let edge = verify::edge(&core).await?;
    let replayed = replay::replay(&core, &edge).await?;
    compare::compare(&core, &replayed).await?;
    let _ = groups(&core, &replayed.standing).await?;
    let checked =
        Checked { size: edge.size(), agreements: core.blocked.agreements(), officers: core.blocked.officers() };
    drop(claim);
    core.store.close().await;
    Ok(checked)
}

/// Groups that come into being while the broker runs.
type NewGroups = tokio::sync::mpsc::UnboundedReceiver<Arc<LiveGroup>>;

/// The store claimed, the vault open; nothing read of the log yet.
async fn open(
    config: Config,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    turn: Turn,
) -> Result<(Core, Claim, NewGroups), StartError> {
    let vault = Arc::new(Vault::open(&config.vault_dir(), &unlock(&config.unlock)?)?);
    let store = Store::open(&crate::database::address(&config)?).await?;
    let claim = match turn {
        Turn::Now => match tokio::time::timeout(AFTER_A_CRASH, stand_by(&store)).await {
            Ok(claimed) => claimed?,
            Err(_) => return Err(StoreError::Claimed.into()),
        },
        Turn::StandBy => stand_by(&store).await?,
    };
    let log = log_signer(&config, &vault)?;
    let endpoint_key = EndpointKey::from_seed(&seed(&vault, ENDPOINT_KEY)?);
    let (opened, new_groups) = tokio::sync::mpsc::unbounded_channel();
    let core = Core {
        opened,
        attempts: crate::attempts::Attempts::default(),
        metrics: Arc::default(),
        passwords: Passwords::new(Arc::clone(&rng)),
        admitting: tokio::sync::Mutex::new(()),
        rows: RowSealer::new(Arc::clone(&vault), Arc::clone(&clock), Arc::clone(&rng)),
        blind: Arc::new(BlindIndex::new(Arc::clone(&vault))),
        tags: Arc::new(SubjectTags::new(Arc::clone(&vault))),
        config,
        clock,
        rng,
        store,
        vault,
        log,
        endpoint_key,
        standing: ArcSwap::from_pointee(Standing::default()),
        enrolment: ArcSwapOption::empty(),
        governed: ArcSwap::from_pointee(AllGoverned::new()),
        blocked: Blocked::default(),
        groups: Groups::default(),
        checkpoint: ArcSwap::from_pointee(Arc::from("")),
        unauthenticated: std::sync::atomic::AtomicU64::new(0),
    };
    Ok((core, claim, new_groups))
}

/// Loads the groups that have not ended. Each gets a fresh path before its first message.
async fn groups(core: &Core, standing: &Standing) -> Result<HashMap<GroupId, Ledger>, StartError> {
    let mut ledgers = HashMap::new();
    let rows = crate::store::groups::all(&mut core.store.read().await?).await?;
    for row in rows {
        // From the record; the row is not believed.
        let status = match standing.agreement(&row.agreement).map(Lifecycle::status) {
            Some(Status::InForce) => GroupStatus::Open,
            Some(Status::Suspended) => GroupStatus::Suspended,
            _ => continue,
        };
        let recorded = standing.group(&row.group);
        if recorded.is_none_or(|group| group.agreement != row.agreement || group.recipient != row.recipient) {
            return Err(StartError::Altered(format!(
                "group `{}` is another than the one on record",
                row.group
            )));
        }
        let altered = |text: String| StartError::Altered(format!("state of group `{}`: {text}", row.group));
        let state = core.rows.open("exchange_groups", row.group.as_bytes(), &row.state);
        let state = state.map_err(|error| altered(error.to_string()))?;
        let mls =
            BrokerGroup::restore(&state, &core.endpoint_key).map_err(|error| altered(error.to_string()))?;
        ledgers.insert(
            row.group,
            Ledger {
                next_position: row.next_position,
                next_sequence: row.next_sequence,
                row_version: row.row_version,
                fresh: false,
                status,
                skipped: 0,
            },
        );
        core.groups.insert(Arc::new(LiveGroup::new(row.group, row.agreement, row.recipient, mls)));
    }
    Ok(ledgers)
}

fn unlock(config: &UnlockConfig) -> Result<Unlock, StartError> {
    Ok(match config {
        UnlockConfig::KeyFile(path) => Unlock::KeyFile(path.clone()),
        UnlockConfig::PassphraseFile(path) => {
            Unlock::Passphrase(common::private_file::read_line(path).map_err(VaultError::from)?)
        }
        UnlockConfig::DemonstrationKeyFile(path) => Unlock::KeyFileInDataFolder(path.clone()),
    })
}

fn key_id(name: &str) -> Result<KeyId, StartError> {
    KeyId::parse(name).map_err(|_| StartError::Key(name.to_owned()))
}

fn seed(vault: &Vault, name: &str) -> Result<Zeroizing<[u8; 32]>, StartError> {
    let bytes = vault.get(&key_id(name)?)?;
    let seed = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| StartError::Key(name.to_owned()))?;
    Ok(Zeroizing::new(seed))
}

fn log_signer(config: &Config, vault: &Vault) -> Result<LogSigner, StartError> {
    let name = format!("{}/log", config.authority);
    LogSigner::from_seed(&name, seed(vault, LOG_KEY)?).map_err(|_| StartError::Key(LOG_KEY.to_owned()))
}
