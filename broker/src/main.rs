//! The binary `transire`.

use std::process::ExitCode;

fn main() -> ExitCode {
    broker::cli::main()
}
