//! The running broker that a command talks to, and the officer who acts.

use std::net::SocketAddr;
use std::path::PathBuf;

use agreements::OfficerNumber;
use clap::Args;

use super::client::{Client, ClientError};
use super::{CliError, secrets};

/// Where the broker is, and who acts.
#[derive(Debug, Args)]
pub(super) struct BrokerArgs {
    /// Address at which the broker serves officers.
    #[arg(long, value_name = "ADDRESS:PORT")]
    broker: SocketAddr,
    /// Your officer number.
    #[arg(long, value_name = "NUMBER")]
    officer: OfficerNumber,
    /// File with your password in its first line, readable by you alone; asked for when it is not
    /// given.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl BrokerArgs {
    /// Signs in.
    pub(super) async fn sign_in(&self) -> Result<Client, CliError> {
        if !self.broker.ip().is_loopback() {
            let text = format!("`{}` is not on this machine: the password would go out in clear", self.broker);
            return Err(CliError::Use(text));
        }
        let what = format!("password of officer {}", self.officer);
        let password = secrets::secret(self.password_file.as_deref(), &what, "--password-file")?;
        Client::sign_in(self.broker, &self.officer, &password).await.map_err(|error| failed(&error))
    }
}

/// The error of a call, with the broker's own words where it has refused.
pub(super) fn failed(error: &ClientError) -> CliError {
    match error {
        ClientError::Refused(problem) => {
            CliError::Refused { code: problem.code.clone(), detail: problem.detail.clone() }
        }
        other @ (ClientError::Unreachable { .. } | ClientError::Answer | ClientError::File { .. }) => {
            CliError::failed(other)
        }
    }
}

/// A path with its query, every value escaped.
pub(super) fn path(path: &str, query: &[(&str, Option<String>)]) -> Result<String, CliError> {
    let given = query.iter().filter_map(|(name, value)| value.as_ref().map(|value| (*name, value.as_str())));
    let url = reqwest::Url::parse_with_params(&format!("http://broker{path}"), given)
        .map_err(|error| CliError::Use(error.to_string()))?;
    Ok(match url.query() {
        Some(query) if !query.is_empty() => format!("{}?{query}", url.path()),
        _ => url.path().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_add_another_to_the_query() {
        let query = [("operation", Some("a&personal=true".to_owned())), ("from", None)];
        assert_eq!(path("/v1/x", &query).unwrap(), "/v1/x?operation=a%26personal%3Dtrue");
        assert_eq!(path("/v1/x", &[]).unwrap(), "/v1/x");
    }
}
