//! The built programs, found beside the test executable, and run.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

/// Longest time for a program to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that runs until it is ended; dropped, it is killed.
pub struct Running(Child);

impl Running {
    /// Kills it at once (`kill -9`).
    pub async fn kill(mut self) {
        self.0.kill().await.expect("it is killed");
    }

    /// Ends it as an operator does, and waits for it.
    pub async fn end(mut self) {
        self.signal("-TERM").await;
        let ended = tokio::time::timeout(PATIENCE, self.0.wait()).await;
        ended.expect("it ends in time").expect("it ends");
    }

    /// Stops it where it is, without its knowing (`SIGSTOP`).
    pub async fn pause(&self) {
        self.signal("-STOP").await;
    }

    /// Lets it go on (`SIGCONT`).
    pub async fn wake(&self) {
        self.signal("-CONT").await;
    }

    /// Waits until it ends by itself.
    pub async fn ended(mut self) -> std::process::ExitStatus {
        tokio::time::timeout(PATIENCE, self.0.wait()).await.expect("it ends in time").expect("it ends")
    }

    async fn signal(&self, signal: &str) {
        let id = self.0.id().expect("it runs").to_string();
        let told = Command::new("kill").args([signal, &id]).status().await.expect("kill");
        assert!(told.success(), "it could not be given {signal}");
    }
}

/// What a program that ended has said.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub error: String,
}

impl Finished {
    /// Its standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.out) {
            Ok(value) => value,
            Err(error) => panic!("no JSON ({error}): {self:?}"),
        }
    }
}

fn program(name: &str) -> Command {
    let own = std::env::current_exe().expect("a test has a path");
    let folder = own.parent().and_then(Path::parent).expect("the target folder");
    let path = folder.join(name);
    assert!(path.is_file(), "there is no `{}`: run `cargo build --release --workspace` first", path.display());
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a program to its end.
pub async fn run(name: &str, arguments: &[&str]) -> Finished {
    run_with(name, arguments, "").await
}

/// As [`run`], with what the program reads from standard input.
pub async fn run_with(name: &str, arguments: &[&str], input: &str) -> Finished {
    let mut command = program(name);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read it is not the test's matter.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    let done = child.wait_with_output().await.expect("the program ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Finished { code: done.status.code().unwrap_or(-1), out: text(&done.stdout), error: text(&done.stderr) }
}

/// Starts a program that goes on; its standard error is added to `log`.
pub(super) fn start(name: &str, arguments: &[&str], log: &Path) -> Running {
    let log = std::fs::File::options().append(true).create(true).open(log).expect("a log");
    let child = program(name).args(arguments).stdout(Stdio::null()).stderr(log).spawn();
    Running(child.expect("the program starts"))
}

/// Starts the broker and waits until it serves.
///
/// # Errors
/// What it says when it does not start.
pub(super) async fn broker(config: &Path, log: &PathBuf) -> Result<Running, String> {
    let file = std::fs::File::options().append(true).create(true).open(log).expect("a log");
    let mut command = program("transire");
    command.args(["--json", "serve", "--config"]).arg(config).stdout(Stdio::piped()).stderr(file);
    let mut child = command.spawn().expect("the broker starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let first = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it speaks in time");
    let first = first.expect("its output").unwrap_or_default();
    let said: Value = serde_json::from_str(&first).unwrap_or_default();
    if said["outward"].is_null() {
        // So that its log is whole before it is read.
        let _ = child.wait().await;
        let error = said["error"].as_str().unwrap_or("it said nothing").to_owned();
        return Err(error);
    }
    Ok(Running(child))
}

/// An address of loopback that is free, outside the ports that the system gives to connections, so
/// that nothing takes it while a broker restarts.
pub fn address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 600).expect("it is small") * 20;
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
