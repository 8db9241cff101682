//! The program `transire-receive`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    recipient::run(std::env::args_os()).await
}
