//! The program `transire-receive`.

use std::process::ExitCode;

fn main() -> ExitCode {
    recipient::main(std::env::args_os())
}
