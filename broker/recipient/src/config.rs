//! The recipient program's configuration: `receive.toml` in its data folder, written by `init`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use agreements::{AuthorityId, EndpointId, NoteKey};
use serde::{Deserialize, Serialize};

/// Name of the file in the data folder.
pub const FILE: &str = "receive.toml";

/// What the file says. Relative paths are taken from the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The authority that this program serves.
    pub authority: AuthorityId,
    /// Name of this program as a member of exchange groups.
    pub endpoint: EndpointId,
    /// The authority's own root key: whatever its directory says is checked against this one.
    pub root_key: NoteKey,
    /// Address of the provider's outward routes, `http://127.0.0.1:PORT`. Loopback only.
    pub broker: String,
    /// File of the key that vouches for officers' requests (function `statements`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements_key_file: Option<PathBuf>,
    /// How the vault is unlocked.
    pub unlock: UnlockConfig,
}

/// How the vault is unlocked: exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum UnlockConfig {
    /// A file that holds the unlocking key, outside the data folder, readable by the owner alone.
    KeyFile(PathBuf),
    /// A file that holds the passphrase, readable by the owner alone.
    PassphraseFile(PathBuf),
    /// A key file inside the data folder: a demonstration alone does this.
    DemonstrationKeyFile(PathBuf),
}

/// An address that this version does not call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not `http://` and a loopback address with a port: this version has no TLS and calls loopback only"
)]
pub struct BrokerAddressError(String);

impl Config {
    /// The same configuration with every relative path taken from `folder`.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        self.statements_key_file = self.statements_key_file.map(|path| folder.join(path));
        self.unlock = match self.unlock {
            UnlockConfig::KeyFile(path) => UnlockConfig::KeyFile(folder.join(path)),
            UnlockConfig::PassphraseFile(path) => UnlockConfig::PassphraseFile(folder.join(path)),
            UnlockConfig::DemonstrationKeyFile(path) => UnlockConfig::DemonstrationKeyFile(folder.join(path)),
        };
        self
    }
}

/// Checks the address of the outward routes, and gives it without a final `/`.
///
/// # Errors
/// [`BrokerAddressError`] when it is anything but plain HTTP on a loopback address.
pub fn loopback_address(text: &str) -> Result<String, BrokerAddressError> {
    let wrong = || BrokerAddressError(text.chars().filter(|c| !c.is_control()).take(100).collect());
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let plain = url.scheme() == "http"
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !loopback || !plain || url.port().is_none() {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_on_loopback_is_called() {
        assert_eq!(loopback_address("http://127.0.0.1:8081/").unwrap(), "http://127.0.0.1:8081");
        assert_eq!(loopback_address("http://[::1]:8081").unwrap(), "http://[::1]:8081");
        for other in [
            "http://10.0.0.1:8081",
            "http://localhost.example:8081",
            "https://127.0.0.1:8081",
            "http://127.0.0.1:8081/path",
            "http://127.0.0.1@evil.example:80",
            "http://user@127.0.0.1:8081",
            "http://127.0.0.1",
            "127.0.0.1:8081",
            "",
        ] {
            assert!(loopback_address(other).is_err(), "{other}");
        }
    }
}
