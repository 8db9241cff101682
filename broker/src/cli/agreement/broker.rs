//! Agreements at a running broker: proposed, put into force, suspended, resumed, terminated.

use std::path::PathBuf;

use agreements::{AgreementId, AgreementVersion, Digest};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::client::Client;
use crate::cli::session::{BrokerArgs, failed};
use crate::cli::table::{plain, table};
use crate::cli::{CliError, Output, files};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BrokerCommand {
    /// Propose a document to the broker.
    Propose(SendArgs),
    /// Hand in an opinion, a signature or an attestation.
    Submit(SendArgs),
    /// List agreements and how they stand.
    List(BrokerArgs),
    /// Show how an agreement stands, and what is missing.
    Show(OneArgs),
    /// Bring a version into force, once nothing is missing.
    InForce(OneArgs),
    /// Suspend an agreement: disclosures under it stop at once.
    Suspend(GroundsArgs),
    /// Resume a suspended agreement.
    Resume(GroundsArgs),
    /// Terminate an agreement for good.
    Terminate(GroundsArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SendArgs {
    /// The document, or the signed note.
    file: PathBuf,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct OneArgs {
    /// The agreement.
    agreement: AgreementId,
    /// Its version; the newest when it is not given.
    #[arg(long)]
    version: Option<u32>,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GroundsArgs {
    /// The agreement.
    agreement: AgreementId,
    /// Why. It is recorded, and names no person.
    #[arg(long, value_name = "WORDS")]
    grounds: String,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    agreement: AgreementId,
    version: u32,
    title: String,
    digest: Digest,
    status: String,
    missing: Vec<String>,
}

pub(super) async fn run(command: BrokerCommand, output: &Output) -> Result<(), CliError> {
    match command {
        BrokerCommand::Propose(args) => {
            // Read before it is sent: a lawyer wants all that is wrong with it, and at once.
            let (text, agreement) = files::read_agreement(&args.file, output)?;
            let version = send(&args, "/v1/agreements", &text).await?;
            let digest = agreement.digest().map_err(|error| CliError::failed(&error))?;
            output.done(
                &json!({ "agreement": version, "digest": digest }),
                &format!("proposed {version}\ndigest {digest}"),
            )
        }
        BrokerCommand::Submit(args) => {
            let text = files::read_text(&args.file)?;
            let version = send(&args, "/v1/notes", &text).await?;
            output.done(&json!({ "agreement": version }), &format!("taken for {version}"))
        }
        BrokerCommand::List(broker) => list(&broker, output).await,
        BrokerCommand::Show(args) => show(&args, output).await,
        BrokerCommand::InForce(args) => in_force(&args, output).await,
        BrokerCommand::Suspend(args) => act(&args, "suspension", Method::POST, "suspended", output).await,
        BrokerCommand::Resume(args) => act(&args, "suspension", Method::DELETE, "in-force", output).await,
        BrokerCommand::Terminate(args) => act(&args, "termination", Method::POST, "terminated", output).await,
    }
}

async fn send(args: &SendArgs, path: &str, text: &str) -> Result<AgreementVersion, CliError> {
    let client = args.broker.sign_in().await?;
    let answer = client.post_text(path, text).await.map_err(|error| failed(&error))?;
    serde_json::from_str(&answer).map_err(|error| CliError::failed(&error))
}

async fn all(client: &Client) -> Result<Vec<Listed>, CliError> {
    client.get("/v1/agreements").await.map_err(|error| failed(&error))
}

async fn list(broker: &BrokerArgs, output: &Output) -> Result<(), CliError> {
    let listed = all(&broker.sign_in().await?).await?;
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|one| {
            let id = one.agreement.to_string();
            vec![id, one.version.to_string(), one.status.clone(), one.title.clone()]
        })
        .collect();
    let words = table(&["agreement", "version", "status", "title"], &rows);
    output.done(&json!({ "agreements": listed }), &words)
}

/// The version that is meant: the one given, or the newest.
async fn meant(client: &Client, args: &OneArgs) -> Result<AgreementVersion, CliError> {
    let version = match args.version {
        Some(version) => version,
        None => {
            let listed = all(client).await?;
            let versions = listed.iter().filter(|one| one.agreement == args.agreement).map(|one| one.version);
            let absent = || CliError::Failed(format!("agreement `{}` was never proposed", args.agreement));
            versions.max().ok_or_else(absent)?
        }
    };
    Ok(AgreementVersion { id: args.agreement.clone(), version })
}

async fn show(args: &OneArgs, output: &Output) -> Result<(), CliError> {
    let client = args.broker.sign_in().await?;
    let AgreementVersion { id, version } = meant(&client, args).await?;
    let path = format!("/v1/agreements/{id}/versions/{version}");
    let one: Listed = client.get(&path).await.map_err(|error| failed(&error))?;
    let mut words = format!(
        "{id} version {version}: {}\nstatus: {}\ndigest: {}\n",
        plain(&one.title),
        one.status,
        one.digest
    );
    if !one.missing.is_empty() {
        words.push_str("missing before it can come into force:\n");
    }
    for missing in &one.missing {
        words.push_str(&format!("  {}\n", plain(missing)));
    }
    let value = serde_json::to_value(&one).map_err(|error| CliError::failed(&error))?;
    output.done(&value, &words)
}

async fn in_force(args: &OneArgs, output: &Output) -> Result<(), CliError> {
    let client = args.broker.sign_in().await?;
    let meant = meant(&client, args).await?;
    let path = format!("/v1/agreements/{}/versions/{}/in-force", meant.id, meant.version);
    let done: Value = client.post_json(&path, &json!({})).await.map_err(|error| failed(&error))?;
    let index = done.get("index");
    output.done(
        &json!({ "agreement": meant, "status": "in-force", "entry": index }),
        &format!("{meant} is in force{}", entry(index)),
    )
}

async fn act(
    args: &GroundsArgs,
    what: &str,
    method: Method,
    status: &str,
    output: &Output,
) -> Result<(), CliError> {
    let client = args.broker.sign_in().await?;
    let path = format!("/v1/agreements/{}/{what}", args.agreement);
    let body = json!({ "grounds": args.grounds });
    client.act(method, &path, &body).await.map_err(|error| failed(&error))?;
    let words = status.replace('-', " ");
    output.done(
        &json!({ "agreement": args.agreement, "status": status }),
        &format!("{} is {words}", args.agreement),
    )
}

fn entry(index: Option<&Value>) -> String {
    index.and_then(Value::as_u64).map_or_else(String::new, |index| format!(", entry {index}"))
}
