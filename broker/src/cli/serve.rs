//! `serve`: the broker itself.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use common::{SystemClock, SystemRng};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::init::read_config;
use super::{CliError, Output};
use crate::serve as serving;
use crate::start::{self, Turn};

/// A folder that `init` did not finish.
const NOBODY: &str = "no officer is named in this data folder, so nobody could sign in: `transire init` did not \
                      come to its end. Move the folder away and run `transire init` again";

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "transire.toml")]
    config: PathBuf,
    /// Wait until the broker that writes to the same database is gone, then take its place. The data
    /// folder, with the vault, is the one that both see.
    #[arg(long)]
    standby: bool,
}

pub(super) async fn serve(args: ServeArgs, output: &Output) -> Result<(), CliError> {
    let config = read_config(&args.config)?;
    let (inward, outward, metrics) = (config.inward_listen, config.outward_listen, config.metrics_listen);
    let bind =
        || async { serving::bind(inward, outward, metrics).await.map_err(|error| CliError::failed(&error)) };
    // Bound first: an address that cannot be served stops the start before anything is opened. A
    // stand-by may get the addresses of the broker that it follows only once that is gone.
    let bound = if args.standby { None } else { Some(bind().await?) };
    let failed = |error: std::io::Error| CliError::failed(&error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let turn = if args.standby { Turn::StandBy } else { Turn::Now };
    let starting = start::in_turn(config, Arc::new(SystemClock), Arc::new(SystemRng), turn);
    let started = tokio::select! {
        started = starting => started.map_err(|error| CliError::failed(&error))?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    if started.app.standing.load().officers().next().is_none() {
        started.app.store.close().await;
        return Err(CliError::Failed(NOBODY.to_owned()));
    }
    let bound = match bound {
        Some(bound) => bound,
        None => bind().await?,
    };
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
