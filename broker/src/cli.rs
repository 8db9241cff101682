//! The command line. Commands that change state are clients of the running broker; only those on
//! files alone, `init` and `serve` run without it.

pub mod client;
pub mod demo;
mod export;
mod init;
mod output;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use output::Output;

/// The exchange service of an administration that holds data.
#[derive(Debug, Parser)]
#[command(name = "transire", version, max_term_width = 100)]
struct Cli {
    /// Print one JSON object and nothing else on standard output.
    #[arg(long, global = true)]
    json: bool,
    /// What to log on standard error: a level, or levels by crate.
    #[arg(long, global = true, value_name = "FILTER", default_value = "warn")]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the data folder, the vault and the first officer.
    Init(init::InitArgs),
    /// Serve, until a signal ends it.
    Serve(serve::ServeArgs),
    /// Walk the whole way once, on this machine alone, and show it.
    Demo(demo::DemoArgs),
}

/// Why a command failed: what was wrong, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// What was given makes no sense.
    #[error("{0}")]
    Use(String),
    /// What was tried failed.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// A failure with its causes.
    pub fn failed(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        Self::Failed(text)
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    // The recipient program under this one's name, for `demo`: its arguments are its own.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "receive") {
        return demo::receive(arguments);
    }
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    // Here and not in the binary, so that what is asynchronous is compiled once, in this library.
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli, output)),
        Err(error) => output.error(&CliError::failed(&error)),
    }
}

async fn run(cli: Cli, output: Output) -> ExitCode {
    if let Err(error) = common::logging::init(common::logging::LogFormat::Text, &cli.log) {
        return output.error(&CliError::Use(error.to_string()));
    }
    let done = match cli.command {
        Command::Init(args) => init::init(args, &output).await,
        Command::Serve(args) => serve::serve(args, &output).await,
        Command::Demo(args) => demo::demo(args, &output).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.error(&error),
    }
}
