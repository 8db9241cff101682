//! The programs of the demonstration, as processes of their own: this same executable again.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::cli::CliError;

/// A program that runs until it is ended.
pub(super) struct Running {
    child: Child,
    name: &'static str,
}

impl Running {
    /// Ends the program and waits for it.
    pub(super) async fn end(mut self) -> Result<(), CliError> {
        if let Some(id) =
            self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            // A program that has ended already needs no signal.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), self.child.wait()).await;
        match ended {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(CliError::Failed(format!("{}: {error}", self.name))),
            Err(_) => Err(CliError::Failed(format!("{} did not end within 20 seconds", self.name))),
        }
    }
}

/// Starts the broker and waits until it serves.
pub(super) async fn broker(config: &Path, log: &Path) -> Result<Running, CliError> {
    let mut command = executable()?;
    command.args([OsStr::new("--json"), OsStr::new("serve"), OsStr::new("--config")]).arg(config);
    let mut child = start(command, log, Stdio::piped(), "the broker")?;
    let out = child.stdout.take().ok_or_else(|| CliError::Failed("the broker has no output".to_owned()))?;
    let mut lines = BufReader::new(out).lines();
    let first = lines.next_line().await.map_err(|error| CliError::failed(&error))?.unwrap_or_default();
    let said: Value = serde_json::from_str(&first).unwrap_or_default();
    if said.get("outward").is_none() {
        let why = said.get("error").and_then(Value::as_str).unwrap_or("it said nothing");
        return Err(CliError::Failed(format!("the broker did not start: {why}")));
    }
    // Read on, so that the broker never waits for a reader.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(Running { child, name: "the broker" })
}

/// A recipient program's data folder.
pub(super) struct Desk {
    pub(super) data: PathBuf,
}

impl Desk {
    /// Runs a command of the recipient program and reads what it prints. Exit codes of refusals (1)
    /// and of answers that have not come yet (3) are results, not failures.
    pub(super) async fn run(&self, arguments: &[&str]) -> Result<Value, CliError> {
        self.told(arguments, "").await
    }

    /// As [`Self::run`], with what the program reads from standard input.
    pub(super) async fn told(&self, arguments: &[&str], input: &str) -> Result<Value, CliError> {
        let mut command = executable()?;
        command.args(["receive", "--json", "--data"]).arg(&self.data).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| CliError::failed(&error))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read it has its own reason, and says so.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let done = child.wait_with_output().await.map_err(|error| CliError::failed(&error))?;
        let said: Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
        match (done.status.code(), said.get("error").and_then(Value::as_str)) {
            (Some(0 | 1 | 3), None) if said.is_object() => Ok(said),
            (_, Some(error)) => Err(CliError::Failed(format!("the recipient program: {error}"))),
            (_, None) => {
                let text = String::from_utf8_lossy(&done.stderr).trim().to_owned();
                Err(CliError::Failed(format!("the recipient program: {text}")))
            }
        }
    }

    /// Starts to collect what comes, for as long as the demonstration runs.
    pub(super) fn collect(&self, log: &Path) -> Result<Running, CliError> {
        let mut command = executable()?;
        command.args(["receive", "--json", "--data"]).arg(&self.data).args(["collect", "--follow"]);
        let child = start(command, log, Stdio::null(), "a recipient program")?;
        Ok(Running { child, name: "a recipient program" })
    }
}

fn executable() -> Result<Command, CliError> {
    let own = std::env::current_exe().map_err(|error| CliError::failed(&error))?;
    Ok(Command::new(own))
}

fn start(mut command: Command, log: &Path, out: Stdio, name: &'static str) -> Result<Child, CliError> {
    let log = std::fs::File::create(log).map_err(|error| CliError::failed(&error))?;
    command.stdin(Stdio::null()).stdout(out).stderr(log).kill_on_drop(true);
    command.spawn().map_err(|error| CliError::Failed(format!("{name} does not start: {error}")))
}
