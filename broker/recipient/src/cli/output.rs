//! What commands print: lines for people, or one JSON object.

use std::io::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use super::CliError;

/// Standard output, in one of two forms.
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON is wanted.
    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// The result of a command.
    pub(super) fn done(&self, value: &impl Serialize, text: &str) -> Result<ExitCode, CliError> {
        self.done_with(0, value, text)
    }

    /// The result of a command, with its exit code.
    pub(super) fn done_with(&self, code: u8, value: &impl Serialize, text: &str) -> Result<ExitCode, CliError> {
        let mut out = std::io::stdout().lock();
        let written = if self.json {
            serde_json::to_writer(&mut out, value).map_err(std::io::Error::from).and_then(|()| writeln!(out))
        } else {
            writeln!(out, "{}", text.trim_end())
        };
        written
            .and_then(|()| out.flush())
            .map_err(|source| CliError::File { path: "standard output".into(), source })?;
        Ok(ExitCode::from(code))
    }

    /// An error: on standard error for people, as JSON for programs.
    pub(super) fn error(&self, error: &CliError) -> ExitCode {
        let code = if matches!(error, CliError::Use(_)) { 2 } else { 1 };
        // When the outputs are closed the exit code still says it.
        if self.json {
            let _ = writeln!(std::io::stdout(), "{}", json!({ "error": error.to_string() }));
        } else {
            let _ = writeln!(std::io::stderr(), "error: {error}");
        }
        ExitCode::from(code)
    }
}
