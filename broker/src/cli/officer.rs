//! `officer`: the provider's own officers, named by an administrator.

use std::path::PathBuf;

use agreements::OfficerNumber;
use audit::LogPurpose;
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::session::{BrokerArgs, failed, path};
use super::table::{plain, table};
use super::{CliError, Output, files, secrets};
use crate::roles::Role;

#[derive(Debug, Subcommand)]
pub(super) enum OfficerCommand {
    /// Name an officer. The name and the first password are asked for, or read from files.
    Add(AddArgs),
    /// List officers by number.
    List(BrokerArgs),
    /// Open the name of an officer, so that the person behind a number can be told. It is recorded.
    Show(ShowArgs),
    /// Change the roles of an officer, or whether the officer may sign in.
    Change(ChangeArgs),
}

fn roles() -> Vec<&'static str> {
    Role::ALL.iter().map(|role| role.as_str()).collect()
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Number of the new officer.
    number: OfficerNumber,
    /// A role of the new officer. Repeat it for each.
    #[arg(long = "role", required = true, value_parser = roles())]
    roles: Vec<String>,
    /// File with the new officer's name in its first line; sealed at once. Read from standard input
    /// when it is not given.
    #[arg(long, value_name = "FILE")]
    name_file: Option<PathBuf>,
    /// File with the new officer's password in its first line; asked for when it is not given.
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Number of the officer.
    number: OfficerNumber,
    /// What the name is opened for: `lawfulness`, `self-monitoring`, `security` or
    /// `criminal-proceedings`.
    #[arg(long, value_parser = files::word::<LogPurpose>)]
    grounds: LogPurpose,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    /// Number of the officer.
    number: OfficerNumber,
    /// A role that the officer has from now on; those not named are taken away. Left out, the roles
    /// stay as they are.
    #[arg(long = "role", value_parser = roles(), required_unless_present = "active")]
    roles: Vec<String>,
    /// Whether the officer may sign in.
    #[arg(long, value_enum, value_name = "YES|NO")]
    active: Option<Active>,
    #[command(flatten)]
    broker: BrokerArgs,
}

/// Whether an officer may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Active {
    /// The officer may sign in.
    Yes,
    /// The officer may not.
    No,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    number: OfficerNumber,
    roles: Vec<String>,
    active: bool,
}

pub(super) async fn run(command: OfficerCommand, output: &Output) -> Result<(), CliError> {
    match command {
        OfficerCommand::Add(args) => add(&args, output).await,
        OfficerCommand::List(broker) => list(&broker, output).await,
        OfficerCommand::Show(args) => show(&args, output).await,
        OfficerCommand::Change(args) => change(&args, output).await,
    }
}

async fn add(args: &AddArgs, output: &Output) -> Result<(), CliError> {
    let client = args.broker.sign_in().await?;
    let name = match &args.name_file {
        Some(path) => secrets::secret(Some(path), "name", "--name-file")?,
        None => secrets::personal("name of the new officer")?,
    };
    let what = format!("password of officer {}", args.number);
    let password = secrets::new_secret(args.new_password_file.as_deref(), &what, "--new-password-file")?;
    let body = json!({
        "number": args.number, "name": name.as_str(), "password": password.as_str(), "roles": args.roles,
    });
    client.act(Method::POST, "/v1/officers", &body).await.map_err(|error| failed(&error))?;
    output.done(
        &json!({ "number": args.number, "roles": args.roles, "active": true }),
        &format!("officer {} is named: {}", args.number, args.roles.join(", ")),
    )
}

async fn list(broker: &BrokerArgs, output: &Output) -> Result<(), CliError> {
    let listed: Vec<Listed> =
        broker.sign_in().await?.get("/v1/officers").await.map_err(|error| failed(&error))?;
    let row = |one: &Listed| {
        let active = if one.active { "yes" } else { "no" };
        vec![one.number.to_string(), active.to_owned(), one.roles.join(", ")]
    };
    let rows: Vec<Vec<String>> = listed.iter().map(row).collect();
    output.done(&json!({ "officers": listed }), &table(&["number", "active", "roles"], &rows))
}

async fn show(args: &ShowArgs, output: &Output) -> Result<(), CliError> {
    let grounds = serde_json::to_value(args.grounds).ok();
    let grounds = grounds.and_then(|word| word.as_str().map(str::to_owned));
    let path = path(&format!("/v1/officers/{}", args.number), &[("grounds", grounds)])?;
    let found: Value = args.broker.sign_in().await?.get(&path).await.map_err(|error| failed(&error))?;
    let name = found.get("name").and_then(Value::as_str).unwrap_or_default();
    output.done(&found, &format!("officer {} is {}", args.number, plain(name)))
}

async fn change(args: &ChangeArgs, output: &Output) -> Result<(), CliError> {
    let client = args.broker.sign_in().await?;
    let listed: Vec<Listed> = client.get("/v1/officers").await.map_err(|error| failed(&error))?;
    let absent = || CliError::Failed(format!("there is no officer `{}`", args.number));
    let now = listed.into_iter().find(|one| one.number == args.number).ok_or_else(absent)?;
    let roles = if args.roles.is_empty() { now.roles } else { args.roles.clone() };
    let active = args.active.map_or(now.active, |active| active == Active::Yes);
    let path = format!("/v1/officers/{}", args.number);
    let body = json!({ "roles": roles, "active": active });
    client.act(Method::PATCH, &path, &body).await.map_err(|error| failed(&error))?;
    let may = if active { "may sign in" } else { "may not sign in" };
    output.done(
        &json!({ "number": args.number, "roles": roles, "active": active }),
        &format!("officer {} {may}: {}", args.number, roles.join(", ")),
    )
}
