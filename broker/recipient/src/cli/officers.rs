//! `officer`: own officers, who are known here and nowhere else.

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
        /// The person's name; it never leaves this folder.
        #[arg(long)]
        name: String,
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

pub(super) async fn run(home: &Home, command: OfficerCommand, output: &Output) -> Result<ExitCode, CliError> {
    match command {
        OfficerCommand::Add { number, name, roles, password } => {
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
