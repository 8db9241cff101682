//! An opened data folder: configuration, vault, store, the endpoint's key, clock and chance.
//!
//! ```text
//! DATA/receive.toml   configuration          DATA/receive.db   store
//! DATA/vault/         root and endpoint key  DATA/objects/     bulk objects, sealed
//! DATA/lock           held by the one `collect` that owns the groups
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agreements::{AuthorityId, Digest, EndpointId, NoteKey};
use common::config::ConfigError;
use common::durable::{self, DurableError};
use common::private_file::PrivateFileError;
use common::sealed::RowSealer;
use common::vault::{KeyIdError, VaultError, make_key_file};
use common::{Clock, KeyId, Rng, Unlock, Vault};
use exchange::EndpointKey;
use zeroize::Zeroizing;

use crate::config::{self, BrokerAddressError, Config, UnlockConfig};
use crate::store::{Store, StoreError};

/// Id of the endpoint's key in the vault.
const ENDPOINT_KEY: &str = "endpoint";

/// A data folder cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// There is something in the folder already.
    #[error("`{0}` is not empty: choose a new folder")]
    NotEmpty(PathBuf),
    /// The configuration cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration cannot be written.
    #[error("the configuration cannot be written: {0}")]
    Unwritable(#[from] toml::ser::Error),
    /// The address of the outward routes is refused.
    #[error(transparent)]
    Address(#[from] BrokerAddressError),
    /// The vault does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The passphrase file does not open.
    #[error(transparent)]
    Private(#[from] PrivateFileError),
    /// The vault holds something else under the name of the endpoint's key.
    #[error("the endpoint's key in the vault is malformed")]
    EndpointKey,
    /// A file cannot be written.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// A folder cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyIdError> for HomeError {
    fn from(_: KeyIdError) -> Self {
        Self::EndpointKey
    }
}

/// An opened data folder.
pub struct Home {
    /// The folder.
    pub dir: PathBuf,
    /// Its configuration, paths made absolute.
    pub config: Config,
    /// Its store.
    pub store: Store,
    /// The endpoint's key.
    pub key: EndpointKey,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
}

impl Home {
    /// Makes a data folder: configuration, vault, endpoint key, store. A key file that does not
    /// exist is made.
    ///
    /// # Errors
    /// [`HomeError`]; nothing that was there before is changed.
    pub async fn create(
        dir: &Path,
        mut config: Config,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, HomeError> {
        config.broker = config::loopback_address(&config.broker)?;
        durable::create_dir(dir, 0o700)?;
        let read = |source| HomeError::Read { path: dir.to_owned(), source };
        let dir = &dir.canonicalize().map_err(read)?;
        let mut entries = std::fs::read_dir(dir).map_err(read)?;
        if entries.next().is_some() {
            return Err(HomeError::NotEmpty(dir.clone()));
        }
        let text = toml::to_string(&config)?;
        let config = config.relative_to(dir);
        match &config.unlock {
            UnlockConfig::KeyFile(path) | UnlockConfig::DemonstrationKeyFile(path) => {
                if !path.exists() {
                    make_key_file(path, &*rng)?;
                }
            }
            UnlockConfig::PassphraseFile(_) => {}
        }
        let vault = Vault::create(&dir.join("vault"), &unlock(&config.unlock)?, &*rng)?;
        vault.put(&KeyId::parse(ENDPOINT_KEY)?, rng.key().as_slice(), &*rng)?;
        durable::create_dir(&dir.join("objects"), 0o700)?;
        durable::write_new(&dir.join(config::FILE), text.as_bytes(), 0o600, &*rng)?;
        Self::open_with(dir, config, vault, clock, rng).await
    }

    /// Opens a data folder.
    ///
    /// # Errors
    /// [`HomeError`] when there is none, or the vault does not open.
    pub async fn open(dir: &Path, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, HomeError> {
        let mut config: Config = common::config::load(&dir.join(config::FILE))?;
        config.broker = config::loopback_address(&config.broker)?;
        let read = |source| HomeError::Read { path: dir.to_owned(), source };
        let dir = &dir.canonicalize().map_err(read)?;
        let config = config.relative_to(dir);
        let vault = Vault::open(&dir.join("vault"), &unlock(&config.unlock)?)?;
        Self::open_with(dir, config, vault, clock, rng).await
    }

    async fn open_with(
        dir: &Path,
        config: Config,
        vault: Vault,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, HomeError> {
        let bytes = vault.get(&KeyId::parse(ENDPOINT_KEY)?)?;
        let seed = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| HomeError::EndpointKey)?;
        let key = EndpointKey::from_seed(&Zeroizing::new(seed));
        let sealer = RowSealer::new(Arc::new(vault), Arc::clone(&clock), Arc::clone(&rng));
        let store = Store::open(&dir.join("receive.db"), sealer).await?;
        Ok(Self { dir: dir.to_owned(), config, store, key, clock, rng })
    }

    /// The authority that this program serves.
    pub fn authority(&self) -> &AuthorityId {
        &self.config.authority
    }

    /// This program as a member of groups.
    pub fn endpoint(&self) -> &EndpointId {
        &self.config.endpoint
    }

    /// The authority's root key.
    pub fn root_key(&self) -> &NoteKey {
        &self.config.root_key
    }

    /// The public half of the endpoint's key: what an enrolment names.
    pub fn leaf_key(&self) -> Digest {
        self.key.public()
    }

    /// Folder of the bulk objects.
    pub fn objects_dir(&self) -> PathBuf {
        self.dir.join("objects")
    }
}

fn unlock(config: &UnlockConfig) -> Result<Unlock, HomeError> {
    Ok(match config {
        UnlockConfig::KeyFile(path) => Unlock::KeyFile(path.clone()),
        UnlockConfig::PassphraseFile(path) => Unlock::Passphrase(common::private_file::read_line(path)?),
        UnlockConfig::DemonstrationKeyFile(path) => Unlock::KeyFileInDataFolder(path.clone()),
    })
}
