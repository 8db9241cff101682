//! `transire-verify`: checks a log, a receipt or two checkpoints without the broker.
//!
//! Exit code 0 and one line on stdout: it verifies. 1 and one line on stderr, `entry N: what is
//! wrong`: it does not. 2: nothing could be checked.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use audit::verify::{self, Evidence, Fault, ReceiptFile, read_json, read_key, read_text};
use clap::{Parser, Subcommand};

/// Checks what Transire writes, without the broker and without its database.
#[derive(Parser)]
#[command(name = "transire-verify", version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A whole log in a folder, as `transire audit export` writes it.
    Log {
        /// The folder.
        dir: PathBuf,
        /// File with the key of the log (`name+hash+base64`), from the agreement.
        #[arg(long)]
        key: PathBuf,
    },
    /// One entry and its proof, as a recipient writes them.
    Receipt {
        /// The file.
        file: PathBuf,
        /// File with the key of the log, from the agreement; without it the key in the receipt is
        /// used, and shown.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Two checkpoints: that the newer log is the older one and more.
    Checkpoints {
        /// A signed checkpoint.
        a: PathBuf,
        /// Another of the same log.
        b: PathBuf,
        /// File with the key of the log.
        #[arg(long)]
        key: PathBuf,
        /// Folder of the log, whose tiles link the two.
        #[arg(long, conflicts_with = "proof")]
        dir: Option<PathBuf>,
        /// File with a consistency proof: `{"consistency": ["hex", ...]}`.
        #[arg(long)]
        proof: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let (mut stream, line, code): (Box<dyn std::io::Write>, String, u8) = match run(Arguments::parse().what) {
        Ok(line) => (Box::new(std::io::stdout()), line, 0),
        Err(fault) => (Box::new(std::io::stderr()), fault.to_string(), fault.code()),
    };
    // One line whatever a file holds: control characters would let it write others.
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // A closed stream changes nothing about what was found.
    let _ = writeln!(stream, "{line}");
    ExitCode::from(code)
}

fn run(what: What) -> Result<String, Fault> {
    match what {
        What::Log { dir, key } => {
            let report = verify::verify_log(&dir, &read_key(&key)?, &mut progress)?;
            Ok(report.to_string())
        }
        What::Receipt { file, key } => {
            let key = key.as_deref().map(read_key).transpose()?;
            let receipt: ReceiptFile = read_json(&file, "a receipt")?;
            let proven = verify::verify_receipt(&receipt, key.as_ref())?;
            Ok(match key {
                Some(_) => proven.to_string(),
                None => format!("{proven}; under the key in the receipt, {}", receipt.log_key),
            })
        }
        What::Checkpoints { a, b, key, dir, proof } => {
            let (key, a, b) = (read_key(&key)?, read_text(&a)?, read_text(&b)?);
            let evidence: Option<Evidence> = match (dir, proof) {
                (Some(dir), _) => Some(verify::checkpoints::evidence_from(&dir, &a, &b, &key)?),
                (None, Some(proof)) => Some(read_json(&proof, "a consistency proof")?),
                (None, None) => None,
            };
            Ok(verify::compare(&a, &b, &key, evidence.as_ref())?.to_string())
        }
    }
}

fn progress(done: u64, of: u64) {
    let mut stream = std::io::stderr();
    if of > 20_000 && stream.is_terminal() {
        let _ = write!(stream, "\r{done} of {of} entries{}", if done == of { "\r\x1b[K" } else { "" });
    }
}
