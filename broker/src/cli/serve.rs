//! `serve`: the broker itself.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use common::{SystemClock, SystemRng};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::init::read_config;
use super::{CliError, Output};
use crate::{serve as serving, start};

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "transire.toml")]
    config: PathBuf,
}

pub(super) async fn serve(args: ServeArgs, output: &Output) -> Result<(), CliError> {
    let config = read_config(&args.config)?;
    // Bound first: an address that cannot be served stops the start before anything is opened.
    let bound = serving::bind(config.inward_listen, config.outward_listen, config.metrics_listen)
        .await
        .map_err(|error| CliError::failed(&error))?;
    let failed = |error: std::io::Error| CliError::failed(&error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let started = start::start(config, Arc::new(SystemClock), Arc::new(SystemRng))
        .await
        .map_err(|error| CliError::failed(&error))?;
    let addresses = bound.addresses;
    output.done(
        &json!({ "inward": addresses.inward, "outward": addresses.outward }),
        &format!("serving officers on http://{}, recipients on http://{}", addresses.inward, addresses.outward),
    )?;
    let until = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    serving::serve(started, bound, until).await.map_err(|error| CliError::failed(&error))
}
