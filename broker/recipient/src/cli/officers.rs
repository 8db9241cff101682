//! `officer`: own officers, who are known here and nowhere else.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use agreements::{OfficerNumber, RoleId};
use clap::Subcommand;
use serde_json::json;

use super::output::Output;
use super::{CliError, PasswordArgs};
use crate::desk;
use crate::home::Home;

#[derive(Debug, Subcommand)]
pub(super) enum OfficerCommand {
    /// Add an officer, or change name, roles and password of one.
    Add {
        /// The number under which the officer acts towards others.
        number: OfficerNumber,
        /// File with the person's name in its first line, readable by the owner alone; read from
        /// standard input when it is not given. The name never leaves this folder.
        #[arg(long, value_name = "FILE")]
        name_file: Option<PathBuf>,
        /// A role in which the officer may ask; several times for several.
        #[arg(long = "role", required = true)]
        roles: Vec<RoleId>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Take an officer's access away.
    Remove {
        /// The number.
        number: OfficerNumber,
    },
    /// List the officers.
    List,
}

/// The name of a new officer.
fn name(file: Option<PathBuf>, password: &PasswordArgs) -> Result<String, CliError> {
    if let Some(path) = file {
        return Ok(common::private_file::read_line(&path)?.trim().to_owned());
    }
    if password.password_stdin {
        return Err(CliError::Use("standard input cannot be both: give the name with --name-file".to_owned()));
    }
    if std::io::stdin().is_terminal() {
        // Whoever sees no prompt can still type.
        let _ = write!(std::io::stderr(), "Name of the officer: ");
    }
    let failed = |source| CliError::File { path: "standard input".into(), source };
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(failed)?;
    match line.trim() {
        "" => Err(CliError::Use("the name of the officer is expected on standard input".to_owned())),
        name => Ok(name.to_owned()),
    }
}

pub(super) async fn run(home: &Home, command: OfficerCommand, output: &Output) -> Result<ExitCode, CliError> {
    match command {
        OfficerCommand::Add { number, name_file, roles, password } => {
            let name = name(name_file, &password)?;
            let password = password.read(&format!("Password for {number}: "))?;
            desk::add_officer(home, &number, name, roles, password).await?;
            output.done(&json!({ "officer": number }), &format!("officer `{number}` may sign in"))
        }
        OfficerCommand::Remove { number } => {
            desk::remove_officer(home, &number).await?;
            output.done(&json!({ "officer": number }), &format!("officer `{number}` may not sign in any more"))
        }
        OfficerCommand::List => {
            let officers = home.store.officers().await?;
            let (mut values, mut lines) = (Vec::new(), Vec::new());
            for (number, officer) in officers {
                let roles = officer.roles.iter().map(RoleId::as_str).collect::<Vec<_>>().join(", ");
                let state = if officer.active { "" } else { "  (may not sign in)" };
                lines.push(format!("{number}  {}  {roles}{state}", officer.name));
                values.push(json!({
                    "officer": number, "name": officer.name, "roles": officer.roles, "active": officer.active,
                }));
            }
            output.done(&json!({ "officers": values }), &lines.join("\n"))
        }
    }
}
