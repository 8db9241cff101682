//! `root`, `directory` and `endpoint`: whom the broker trusts, and which programs are members.

use std::path::PathBuf;

use agreements::{AuthorityId, EndpointId};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::session::{BrokerArgs, failed};
use super::table::table;
use super::{CliError, Output, files};

#[derive(Debug, Subcommand)]
pub(super) enum RootCommand {
    /// Trust an authority's root key. Compare it with what the authority gave you in person.
    Trust(TrustArgs),
}

#[derive(Debug, Args)]
pub(super) struct TrustArgs {
    /// The authority.
    #[arg(long)]
    authority: AuthorityId,
    /// File of its public root key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum DirectoryCommand {
    /// Put a directory in the place of the one before.
    Put(NoteArgs),
    /// List who holds which function, with which key and since when.
    List(BrokerArgs),
}

#[derive(Debug, Subcommand)]
pub(super) enum EndpointCommand {
    /// Take the note by which an authority enrols a program.
    Add(NoteArgs),
    /// List endpoints.
    List(BrokerArgs),
    /// Remove an endpoint: it reads nothing that is disclosed from now on.
    Remove(RemoveArgs),
}

#[derive(Debug, Args)]
pub(super) struct NoteArgs {
    /// The signed note.
    file: PathBuf,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// The endpoint.
    endpoint: EndpointId,
    /// Why. It is recorded, and names no person.
    #[arg(long, value_name = "WORDS")]
    grounds: String,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    endpoint: EndpointId,
    authority: AuthorityId,
    expires: Timestamp,
    active: bool,
}

pub(super) async fn root(command: RootCommand, output: &Output) -> Result<(), CliError> {
    let RootCommand::Trust(args) = command;
    let key = files::read_key(&args.key)?;
    let client = args.broker.sign_in().await?;
    let body = json!({ "authority": args.authority, "key": key });
    client.act(Method::POST, "/v1/roots", &body).await.map_err(|error| failed(&error))?;
    output.done(&body, &format!("the root key of `{}` is trusted: {key}", args.authority))
}

pub(super) async fn directory(command: DirectoryCommand, output: &Output) -> Result<(), CliError> {
    match command {
        DirectoryCommand::Put(args) => put(&args, "/v1/directories", "the directory is in use", output).await,
        DirectoryCommand::List(broker) => holders(&broker, output).await,
    }
}

async fn holders(broker: &BrokerArgs, output: &Output) -> Result<(), CliError> {
    let client = broker.sign_in().await?;
    let listed: Vec<Value> = client.get("/v1/directories").await.map_err(|error| failed(&error))?;
    let mut rows = Vec::new();
    for authority in &listed {
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let held = authority.get("holders").and_then(Value::as_array).into_iter().flatten();
        for holder in held {
            let parts = ["function", "office", "key_id", "since"].map(|part| text(holder, part));
            rows.push(std::iter::once(text(authority, "authority")).chain(parts).collect());
        }
    }
    let head = ["authority", "function", "office", "key id", "since"];
    output.done(&json!({ "directories": listed }), &table(&head, &rows))
}

pub(super) async fn endpoint(command: EndpointCommand, output: &Output) -> Result<(), CliError> {
    match command {
        EndpointCommand::Add(args) => put(&args, "/v1/endpoints", "the endpoint is enrolled", output).await,
        EndpointCommand::List(broker) => list(&broker, output).await,
        EndpointCommand::Remove(args) => {
            let client = args.broker.sign_in().await?;
            let path = format!("/v1/endpoints/{}", args.endpoint);
            let body = json!({ "grounds": args.grounds });
            client.act(Method::DELETE, &path, &body).await.map_err(|error| failed(&error))?;
            let words = format!("endpoint `{}` is removed", args.endpoint);
            output.done(&json!({ "endpoint": args.endpoint, "active": false }), &words)
        }
    }
}

async fn put(args: &NoteArgs, path: &str, words: &str, output: &Output) -> Result<(), CliError> {
    let note = files::read_text(&args.file)?;
    let client = args.broker.sign_in().await?;
    client.post_text(path, &note).await.map_err(|error| failed(&error))?;
    output.done(&json!({ "file": args.file, "taken": true }), &format!("{words}: {}", args.file.display()))
}

async fn list(broker: &BrokerArgs, output: &Output) -> Result<(), CliError> {
    let client = broker.sign_in().await?;
    let listed: Vec<Listed> = client.get("/v1/endpoints").await.map_err(|error| failed(&error))?;
    let row = |one: &Listed| {
        let active = if one.active { "yes" } else { "no" };
        vec![one.endpoint.to_string(), one.authority.to_string(), active.to_owned(), one.expires.to_string()]
    };
    let rows: Vec<Vec<String>> = listed.iter().map(row).collect();
    let head = ["endpoint", "authority", "active", "enrolled until"];
    output.done(&json!({ "endpoints": listed }), &table(&head, &rows))
}
