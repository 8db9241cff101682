//! The broker's configuration: one TOML file, one struct, unknown keys refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use agreements::{AuthorityId, EndpointId};
use serde::{Deserialize, Serialize};

/// What `transire.toml` says. Paths that are relative are relative to the file's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The authority for which this broker runs: the controller.
    pub authority: AuthorityId,
    /// Name of this broker as a member of its exchange groups.
    pub endpoint: EndpointId,
    /// Folder of the database, the vault and the bulk objects.
    pub data_dir: PathBuf,
    /// PostgreSQL database, without a password; SQLite in the data folder when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// A file with the database's password in its first line, readable by the owner alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_password_file: Option<PathBuf>,
    /// Address for the authority's own officers and systems. Loopback only.
    pub inward_listen: SocketAddr,
    /// Address for recipients. Loopback only.
    pub outward_listen: SocketAddr,
    /// Address for `/metrics`; none when absent. Loopback only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<SocketAddr>,
    /// How the vault is unlocked.
    pub unlock: UnlockConfig,
    /// Sizes and times.
    #[serde(default)]
    pub limits: Limits,
}

/// How the vault is unlocked: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum UnlockConfig {
    /// A file that holds the unlocking key, outside the data folder, readable by the owner alone.
    KeyFile(PathBuf),
    /// A file that holds the passphrase, readable by the owner alone.
    PassphraseFile(PathBuf),
    /// A key file inside the data folder: the demonstration alone does this, and says so.
    DemonstrationKeyFile(PathBuf),
}

/// Limits of size and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest deposit, in bytes.
    pub deposit_bytes: u64,
    /// Largest document or note, in bytes.
    pub document_bytes: usize,
    /// Age at which a question is stale, in hours.
    pub question_age_hours: u32,
    /// Time that a session of an officer lasts, in minutes.
    pub session_minutes: u32,
    /// Longest wait of a long poll, in seconds.
    pub poll_seconds: u32,
    /// Time that a message waits in an inbox before it is destroyed, in days.
    pub inbox_days: u32,
    /// Time that a deposited record is kept, in days.
    pub record_days: u32,
    /// Time that the particulars and personal part of an entry are kept, in days.
    pub log_days: u32,
    /// Most connections at once on each of the two addresses; further callers wait.
    pub connections: usize,
    /// Most records in one answer to a question with `where`.
    pub answer_records: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deposit_bytes: 4 << 30,
            document_bytes: 1 << 20,
            question_age_hours: 24,
            session_minutes: 60,
            poll_seconds: 25,
            inbox_days: 30,
            record_days: 1_095,
            log_days: 1_825,
            connections: 384,
            answer_records: 10_000,
        }
    }
}

impl Config {
    /// The same configuration with every relative path taken from `folder`.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        self.data_dir = folder.join(&self.data_dir);
        self.database_password_file = self.database_password_file.map(|path| folder.join(path));
        self.unlock = match self.unlock {
            UnlockConfig::KeyFile(path) => UnlockConfig::KeyFile(folder.join(path)),
            UnlockConfig::PassphraseFile(path) => UnlockConfig::PassphraseFile(folder.join(path)),
            UnlockConfig::DemonstrationKeyFile(path) => UnlockConfig::DemonstrationKeyFile(folder.join(path)),
        };
        self
    }

    /// Folder of the vault.
    pub fn vault_dir(&self) -> PathBuf {
        self.data_dir.join("vault")
    }

    /// Folder of the bulk objects that wait for their recipients.
    pub fn objects_dir(&self) -> PathBuf {
        self.data_dir.join("objects")
    }
}

#[cfg(test)]
impl Config {
    /// A configuration for tests of what is made from one.
    pub(crate) fn example() -> Self {
        let text = "authority = \"nl-customs\"\nendpoint = \"nl-customs-broker\"\ndata_dir = \"data\"\n\
            inward_listen = \"127.0.0.1:0\"\noutward_listen = \"127.0.0.1:0\"\nunlock = { key_file = \"key\" }\n";
        toml::from_str(text).unwrap()
    }
}
