//! Where the store is: SQLite in the data folder, or a PostgreSQL server by URL.
//!
//! The URL stands in the configuration, its password in a file of its own. A server on another
//! machine must be reached by TLS with its certificate verified, or the broker does not start.

use std::collections::BTreeSet;
use std::net::IpAddr;

use common::private_file::{self, PrivateFileError};
use url::Url;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::store::sqlite_url;

/// Why the database's address is refused. Neither the address nor the password is repeated.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Not a PostgreSQL address.
    #[error("`database_url` must be like `postgres://user@host:5432/database`")]
    Address,
    /// A password in the configuration.
    #[error("`database_url` holds a password: put it into a file, and name that in `database_password_file`")]
    Password,
    /// A parameter that is none of those that are understood.
    #[error("`database_url` has the parameter `{0}`: `host`, `user`, `sslmode` and `sslrootcert` are known")]
    Parameter(String),
    /// Something that is said twice.
    #[error("`database_url` says `{0}` twice")]
    Twice(String),
    /// No host, which the environment could then supply.
    #[error("`database_url` names no host: write `localhost`, or `?host=/run/postgresql` for a socket")]
    Host,
    /// A password for which there is no user or host.
    #[error("`database_password_file` is given, but `database_url` names no user and host to use it with")]
    NobodyToGiveItTo,
    /// A server on another machine, without TLS.
    #[error("the database is on another machine: `database_url` must end with `?sslmode=verify-full`")]
    Unprotected,
    /// The password's file.
    #[error("`database_password_file`: {0}")]
    File(#[from] PrivateFileError),
}

/// What an address may say behind its path; nothing twice, and no second name for any of them.
const PARAMETERS: [&str; 4] = ["host", "user", "sslmode", "sslrootcert"];

/// The address of the store, with its password.
///
/// # Errors
/// [`DatabaseError`]
pub fn address(config: &Config) -> Result<Zeroizing<String>, DatabaseError> {
    let Some(text) = &config.database_url else {
        return Ok(Zeroizing::new(sqlite_url(&config.data_dir.join("broker.db"))));
    };
    let mut url = Url::parse(text).map_err(|_| DatabaseError::Address)?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(DatabaseError::Address);
    }
    if url.password().is_some() || parameter(&url, "password").is_some() {
        return Err(DatabaseError::Password);
    }
    let mut seen = BTreeSet::new();
    for (name, _) in url.query_pairs() {
        if !PARAMETERS.contains(&&*name) {
            return Err(DatabaseError::Parameter(name.into_owned()));
        }
        if !seen.insert(name.clone()) {
            return Err(DatabaseError::Twice(name.into_owned()));
        }
    }
    if !is_here(&url)? && parameter(&url, "sslmode").as_deref() != Some("verify-full") {
        return Err(DatabaseError::Unprotected);
    }
    if let Some(path) = &config.database_password_file {
        let password = private_file::read_line(path)?;
        if url.username().is_empty() || url.set_password(Some(&password)).is_err() {
            return Err(DatabaseError::NobodyToGiveItTo);
        }
    }
    Ok(Zeroizing::new(url.into()))
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Whether the server is this machine, by a socket or by loopback. The host must be named: what is
/// not named would be taken from the environment.
fn is_here(url: &Url) -> Result<bool, DatabaseError> {
    let named = match (url.host_str().filter(|host| !host.is_empty()), parameter(url, "host")) {
        (Some(_), Some(_)) => return Err(DatabaseError::Twice("host".to_owned())),
        (Some(host), None) => percent_decoded(host),
        (None, Some(host)) => host,
        (None, None) => return Err(DatabaseError::Host),
    };
    let bare = named.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    Ok(named.starts_with('/') || named == "localhost" || is_loopback)
}

/// A folder of sockets stands percent-encoded in the place of a host.
fn percent_decoded(host: &str) -> String {
    host.replace("%2F", "/").replace("%2f", "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str) -> Result<String, String> {
        let mut config = Config::example();
        config.database_url = Some(url.to_owned());
        address(&config).map(|address| address.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_here_is_taken_and_one_elsewhere_only_by_verified_tls() {
        for here in [
            "postgres://transire@localhost/transire",
            "postgresql://transire@127.0.0.1:5433/transire",
            "postgres://transire@[::1]/transire",
            "postgres://transire@%2Frun%2Fpostgresql/transire",
            "postgres:///transire?host=/run/postgresql&user=transire",
            "postgres://transire@db.customs.example/transire?sslmode=verify-full",
        ] {
            assert_eq!(checked(here), Ok(here.to_owned()));
        }
        for elsewhere in [
            "postgres://transire@db.customs.example/transire",
            "postgres://transire@10.0.0.7/transire?sslmode=require",
            "postgres:///transire?host=10.0.0.7",
        ] {
            assert!(checked(elsewhere).unwrap_err().contains("verify-full"), "{elsewhere}");
        }
    }

    #[test]
    fn nothing_is_said_twice_or_by_another_name_and_the_host_is_named() {
        for (url, word) in [
            ("postgres://transire@localhost/transire?host=10.0.0.7", "twice"),
            ("postgres:///transire?host=localhost&host=db.customs.example", "twice"),
            ("postgres://transire@10.0.0.7/transire?sslmode=verify-full&sslmode=disable", "twice"),
            ("postgres://transire@10.0.0.7/transire?sslmode=verify-full&ssl-mode=disable", "ssl-mode"),
            ("postgres:///transire?host=localhost&hostaddr=10.0.0.7", "hostaddr"),
            ("postgres:///transire", "names no host"),
            ("postgres:///transire?user=transire", "names no host"),
        ] {
            let said = checked(url).unwrap_err();
            assert!(said.contains(word), "{url}: {said}");
        }
    }

    #[test]
    fn a_password_in_the_configuration_is_refused_and_not_repeated() {
        for url in ["postgres://transire:hunter2@localhost/db", "postgres://u@localhost/db?password=hunter2"] {
            let said = checked(url).unwrap_err();
            assert!(said.contains("database_password_file") && !said.contains("hunter2"), "{said}");
        }
        for url in ["mysql://localhost/db", "sqlite:///tmp/x.db", "not a url", ""] {
            assert!(checked(url).unwrap_err().contains("postgres://"), "{url}");
        }
    }
}
