//! `demo`: the whole way once, on this machine alone, with real programs: a broker and two recipient
//! programs as processes of their own, keys in folders of their own, the record verified without the
//! broker.

mod authority;
mod declarations;
mod folder;
mod processes;
mod questions;
mod report;
mod scenario;
mod source;
mod story;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use common::SystemRng;

use super::{CliError, Output};
use folder::Folder;
use report::Told;

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Deposit and disclose this CSV instead of generated declarations; its header must be that of a
    /// dataset in the library.
    #[arg(long, value_name = "FILE")]
    declarations: Option<PathBuf>,
    /// The folder to work in: a new one, or that of an earlier demonstration, which is replaced. A
    /// folder in the system's temporary folder when not given.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Run on this PostgreSQL database, which must be empty, instead of on SQLite:
    /// `postgres://user@host/database`.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// End after the run, instead of serving on.
    #[arg(long)]
    once: bool,
}

/// The recipient program under this one's name, with its own arguments; only the demonstration starts it.
pub(super) fn receive(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    recipient::main(std::iter::once("transire-receive".into()).chain(arguments))
}

pub(super) async fn demo(args: DemoArgs, output: &Output) -> Result<(), CliError> {
    let begun = Instant::now();
    // Read and refused before anything is made.
    let source = source::Source::open(args.declarations.as_deref())?;
    let folder = Folder::make(args.data, &SystemRng)?;
    output.say(&format!("Working in {}", folder.root.display()));
    let mut story = story::Story::begin(folder, source, *output, args.database).await?;
    story.found().await?;
    story.agree().await?;
    story.deposit().await?;
    story.disclose_in_bulk().await?;
    story.ask().await?;
    story.be_refused().await?;
    story.suspend().await?;
    story.verify().await?;
    let told = Told::of(&story, begun.elapsed())?;
    output.done(&told.json, &told.text)?;
    if args.once {
        return story.end().await;
    }
    output.say(&story.addresses());
    tokio::signal::ctrl_c().await.map_err(|error| CliError::failed(&error))?;
    story.end().await
}
