//! The command line: `transire-receive --data DIR COMMAND`, each with `--json`.
//!
//! Exit codes: 0 done; 1 refused or failed; 2 bad use; 3 nothing came in time.

mod commands;
mod officers;
mod output;
mod question_file;
mod questions;
mod setup;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use agreements::OfficerNumber;
use clap::{Args, Parser, Subcommand};
use common::logging::LogFormat;
use common::private_file::PrivateFileError;
use common::{SystemClock, SystemRng};
use zeroize::Zeroizing;

use crate::collector::CollectError;
use crate::desk::DeskError;
use crate::export::ExportError;
use crate::home::{Home, HomeError};
use crate::store::StoreError;
use crate::trust::TrustError;
use output::Output;

/// Receives data of another administration under a signed agreement: asks, collects, proves, opens.
#[derive(Debug, Parser)]
#[command(name = "transire-receive", version, max_term_width = 100)]
pub struct Cli {
    /// The data folder of this program.
    #[arg(long, global = true, value_name = "DIR", default_value = "receive-data")]
    pub data: PathBuf,
    /// Print one JSON object and nothing else on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to log on standard error: a level, or levels by crate.
    #[arg(long, global = true, value_name = "FILTER", default_value = "warn")]
    pub log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the data folder; prints the key to be enrolled.
    Init(setup::InitArgs),
    /// Take the note by which the own authority enrols this program.
    Enrol(setup::EnrolArgs),
    /// Agreements of the own side.
    #[command(subcommand)]
    Agreement(setup::AgreementCommand),
    /// Directories: who holds which function.
    #[command(subcommand)]
    Directory(setup::DirectoryCommand),
    /// Own officers.
    #[command(subcommand)]
    Officer(officers::OfficerCommand),
    /// Ask a question as an officer, and wait for what comes.
    Ask(Box<questions::AskArgs>),
    /// Collect what comes and send what waits.
    Collect(commands::CollectArgs),
    /// List requests and how they stand.
    Answers(commands::AnswersArgs),
    /// Show what came for a request, as an officer.
    Show(questions::ShowArgs),
    /// Write the proof of an answer to a file, for `transire-verify receipt`.
    Receipt(commands::ReceiptArgs),
    /// Show the own log: who asked, opened and wrote what.
    Log(commands::LogArgs),
    /// Show how the exchange stands.
    Status,
    /// Let a stopped group be read again from the message at which it stopped.
    Resume(commands::ResumeArgs),
}

/// An officer and the password.
#[derive(Debug, Args)]
struct SignInArgs {
    /// The officer's number.
    #[arg(long, value_name = "NUMBER")]
    officer: OfficerNumber,
    #[command(flatten)]
    password: PasswordArgs,
}

/// Where the password comes from: a prompt, unless one of these is given.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct PasswordArgs {
    /// Read the password from the first line of standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from a file that the owner alone can read.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// A command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// What was given makes no sense.
    #[error("{0}")]
    Use(String),
    /// The data folder does not open.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Something is not trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The desk refuses.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// An answer cannot be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The collector ended.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password file cannot be used.
    #[error(transparent)]
    Private(#[from] PrivateFileError),
    /// A file cannot be read or written, or standard output is closed.
    #[error("`{path}`: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The program could not do its own work.
    #[error("{0}")]
    Other(String),
}

/// Runs a command; `args` begins with the program's name.
pub fn main<I, T>(args: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let bad = error.use_stderr();
            // Nothing can be said when both outputs are closed.
            let _ = error.print();
            return ExitCode::from(if bad { 2 } else { 0 });
        }
    };
    // A second set-up in one process (tests) keeps the first.
    let _ = common::logging::init(LogFormat::Text, &cli.log);
    let output = Output::new(cli.json);
    // Here and not in the binaries, so that what is asynchronous is compiled once, in this library.
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli, &output)),
        Err(error) => output.error(&CliError::Other(error.to_string())),
    }
}

async fn run(cli: Cli, output: &Output) -> ExitCode {
    match dispatch(cli, output).await {
        Ok(code) => code,
        Err(error) => output.error(&error),
    }
}

async fn dispatch(cli: Cli, output: &Output) -> Result<ExitCode, CliError> {
    if let Command::Init(args) = cli.command {
        return setup::init(&cli.data, args, output).await;
    }
    let home = Home::open(&cli.data, Arc::new(SystemClock), Arc::new(SystemRng)).await?;
    match cli.command {
        Command::Init(_) => Err(CliError::Use("this folder is made already".to_owned())),
        Command::Enrol(args) => setup::enrol(&home, args, output).await,
        Command::Agreement(command) => setup::agreement(&home, command, output).await,
        Command::Directory(command) => setup::directory(&home, command, output).await,
        Command::Officer(command) => officers::run(&home, command, output).await,
        Command::Ask(args) => questions::ask(&home, *args, output).await,
        Command::Collect(args) => commands::collect(home, args, output).await,
        Command::Answers(args) => commands::answers(&home, args, output).await,
        Command::Show(args) => questions::show(&home, args, output).await,
        Command::Receipt(args) => commands::receipt(&home, args, output).await,
        Command::Log(args) => commands::log(&home, args, output).await,
        Command::Status => commands::status(&home, output).await,
        Command::Resume(args) => commands::resume(&home, args, output).await,
    }
}

impl PasswordArgs {
    /// Reads the password from where it was said to be.
    fn read(self, prompt: &str) -> Result<Zeroizing<String>, CliError> {
        if let Some(path) = self.password_file {
            return Ok(common::private_file::read_line(&path)?);
        }
        let failed = |source| CliError::File { path: "standard input".into(), source };
        if self.password_stdin {
            let mut line = Zeroizing::new(String::new());
            std::io::stdin().read_line(&mut line).map_err(failed)?;
            return Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()));
        }
        rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(failed)
    }
}

/// Reads a small text file.
fn read_text(path: &std::path::Path) -> Result<String, CliError> {
    const MOST: u64 = 1 << 20;
    let failed = |source| CliError::File { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MOST {
        return Err(CliError::Use(format!("`{}` is larger than 1 MiB", path.display())));
    }
    std::fs::read_to_string(path).map_err(failed)
}
