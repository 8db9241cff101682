//! What commands print: lines for people, or one JSON object.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::CliError;

/// Standard output, in one of two forms.
#[derive(Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// JSON, or lines for people.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON is wanted.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// The result of a command.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn done(&self, value: &Value, text: &str) -> Result<(), CliError> {
        let written = if self.json { line(&value.to_string()) } else { line(text.trim_end()) };
        written.map_err(|error| CliError::failed(&error))
    }

    /// A line for people; nothing when JSON is wanted.
    pub fn say(&self, text: &str) {
        if !self.json {
            // When the output is closed there is nobody to tell.
            let _ = line(text);
        }
    }

    /// An error: on standard error for people, as JSON for programs.
    pub(super) fn error(&self, error: &CliError) -> ExitCode {
        match error {
            // The result that was printed says it.
            CliError::Reported => {}
            CliError::Refused { code, detail } if self.json => {
                let _ = line(&json!({ "error": detail, "code": code }).to_string());
            }
            CliError::Use(text) | CliError::Failed(text) if self.json => {
                let _ = line(&json!({ "error": text }).to_string());
            }
            CliError::Use(_) | CliError::Failed(_) | CliError::Refused { .. } => {
                let _ = writeln!(std::io::stderr(), "error: {error}");
            }
        }
        ExitCode::from(if matches!(error, CliError::Use(_)) { 2 } else { 1 })
    }
}

fn line(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
