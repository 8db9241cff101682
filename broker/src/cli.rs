//! The command line. Commands that change state are clients of the running broker; only those on
//! files alone, `init` and `serve` run without it.

mod agreement;
mod audit;
mod authority;
pub mod client;
mod dataset;
pub mod demo;
mod export;
mod files;
mod init;
mod key;
mod officer;
mod output;
mod policy;
mod secrets;
mod serve;
mod session;
mod status;
mod table;
mod trust;

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
    /// Keys of persons who act for an authority.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// What an authority says of itself: its directory and its endpoints.
    #[command(subcommand)]
    Authority(authority::AuthorityCommand),
    /// Agreements: drafted, checked, signed, proposed, in force, suspended.
    #[command(subcommand)]
    Agreement(agreement::AgreementCommand),
    /// Datasets: described, published, filled.
    #[command(subcommand)]
    Dataset(dataset::DatasetCommand),
    /// What an agreement allows.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Own officers.
    #[command(subcommand)]
    Officer(officer::OfficerCommand),
    /// Root keys that are trusted.
    #[command(subcommand)]
    Root(trust::RootCommand),
    /// Directories of authorities.
    #[command(subcommand)]
    Directory(trust::DirectoryCommand),
    /// Programs that are members of exchange groups.
    #[command(subcommand)]
    Endpoint(trust::EndpointCommand),
    /// The record.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Show how the broker stands.
    Status(session::BrokerArgs),
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
    /// The broker refused.
    #[error("{detail}")]
    Refused {
        /// Which problem it is, for programs.
        code: String,
        /// What is wrong, for people.
        detail: String,
    },
    /// It does not hold, and the result that was printed says why.
    #[error("refused")]
    Reported,
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
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let output = Output::new(cli.json);
    // Here and not in the binary, so that what is asynchronous is compiled once, in this library.
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli, output)),
        Err(error) => output.error(&CliError::failed(&error)),
    }
}

/// What clap says of arguments that make no sense; as JSON when that was asked for.
fn refused(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if !json || !error.use_stderr() {
        error.exit();
    }
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.trim_start_matches("error: ").split_whitespace().collect();
    Output::new(true).error(&CliError::Use(words.join(" ")))
}

async fn run(cli: Cli, output: Output) -> ExitCode {
    if let Err(error) = common::logging::init(common::logging::LogFormat::Text, &cli.log) {
        return output.error(&CliError::Use(error.to_string()));
    }
    let done = match cli.command {
        Command::Init(args) => init::init(args, &output).await,
        Command::Serve(args) => serve::serve(args, &output).await,
        Command::Demo(args) => demo::demo(args, &output).await,
        Command::Key(command) => key::run(command, &output),
        Command::Authority(command) => authority::run(command, &output),
        Command::Agreement(command) => agreement::run(command, &output).await,
        Command::Dataset(command) => dataset::run(command, &output).await,
        Command::Policy(command) => policy::run(command, &output),
        Command::Officer(command) => officer::run(command, &output).await,
        Command::Root(command) => trust::root(command, &output).await,
        Command::Directory(command) => trust::directory(command, &output).await,
        Command::Endpoint(command) => trust::endpoint(command, &output).await,
        Command::Audit(command) => audit::run(command, &output).await,
        Command::Status(broker) => status::status(&broker, &output).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.error(&error),
    }
}
