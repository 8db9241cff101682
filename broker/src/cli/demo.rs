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
use tokio::signal::unix::{SignalKind, signal};

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
    let mut ended = std::pin::pin!(signalled()?);
    // Read and refused before anything is made.
    let source = source::Source::open(args.declarations.as_deref())?;
    let folder = Folder::make(args.data, &SystemRng)?;
    output.say(&format!("Working in {}", folder.root.display()));
    let walking = walk(folder, source, *output, args.database);
    let mut story = tokio::select! {
        walked = walking => walked?,
        // What was started so far ends with the story that is dropped.
        () = &mut ended => return Err(CliError::Failed("ended by a signal before the end".to_owned())),
    };
    let told = Told::of(&story, begun.elapsed())?;
    output.done(&told.json, &told.text)?;
    if args.once {
        return story.end().await;
    }
    output.say(&story.addresses());
    ended.await;
    story.end().await
}

/// The whole way, to the suspension and the proof.
async fn walk(
    folder: Folder,
    source: source::Source,
    output: Output,
    database: Option<String>,
) -> Result<story::Story, CliError> {
    let mut story = story::Story::begin(folder, source, output, database).await?;
    story.found().await?;
    story.agree().await?;
    story.deposit().await?;
    story.disclose_in_bulk().await?;
    story.ask().await?;
    story.be_refused().await?;
    story.suspend().await?;
    story.verify().await?;
    Ok(story)
}

/// Waits for whatever ends a program: Ctrl-C, a service manager, a terminal that is closed. The
/// programs that were started are ended then, and none is left behind.
fn signalled() -> Result<impl Future<Output = ()>, CliError> {
    let failed = |error: std::io::Error| CliError::failed(&error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
