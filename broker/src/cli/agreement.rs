//! `agreement`: drafted, checked and signed on files alone; proposed and governed through the broker.

mod broker;
mod sign;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;

use agreements::{AuthorityId, document, library};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{CliError, Output, files};

#[derive(Debug, Subcommand)]
pub(super) enum AgreementCommand {
    /// Write a worked example from the library, to be made one's own.
    New(NewArgs),
    /// Check a document: every violation, with its line.
    Check(FileArgs),
    /// Print the digest that parties sign, and that of each clause.
    Digest(FileArgs),
    /// Show the text in plain words.
    Read(FileArgs),
    /// Sign as the signatory, or give the opinion of the DPO, with your own key.
    Sign(sign::SignArgs),
    /// State that a condition outside the program is met, with the signatory's key.
    Attest(sign::AttestArgs),
    #[command(flatten)]
    Broker(broker::BrokerCommand),
}

#[derive(Debug, Args)]
pub(super) struct FileArgs {
    /// The document.
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Name of the example.
    #[arg(value_parser = library::AGREEMENTS.iter().map(|(name, _)| *name).collect::<Vec<_>>())]
    name: String,
    /// A party and the file of its public root key. Repeat it for each party.
    #[arg(long = "root-key", value_name = "AUTHORITY=FILE", value_parser = files::named_file::<AuthorityId>)]
    root_keys: Vec<(AuthorityId, PathBuf)>,
    /// File of the public key of the provider's record, as `transire init` printed it.
    #[arg(long, value_name = "FILE")]
    log_key: Option<PathBuf>,
    /// File for the document.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) async fn run(command: AgreementCommand, output: &Output) -> Result<(), CliError> {
    match command {
        AgreementCommand::New(args) => new(&args, output),
        AgreementCommand::Check(args) => check(&args, output),
        AgreementCommand::Digest(args) => digest(&args, output),
        AgreementCommand::Read(args) => {
            let (_, agreement) = files::read_agreement(&args.file, output)?;
            let value = serde_json::to_value(&agreement).map_err(|error| CliError::failed(&error))?;
            output.done(&value, &text::in_words(&agreement)?)
        }
        AgreementCommand::Sign(args) => sign::sign(args, output),
        AgreementCommand::Attest(args) => sign::attest(args, output),
        AgreementCommand::Broker(command) => broker::run(command, output).await,
    }
}

fn new(args: &NewArgs, output: &Output) -> Result<(), CliError> {
    let absent = || CliError::Use(format!("the library has no agreement `{}`", args.name));
    let template = library::agreement(&args.name).ok_or_else(absent)?;
    let example = document::read(template).map_err(|violations| CliError::Failed(violations.to_string()))?;
    let mut keys = BTreeMap::new();
    for (authority, path) in &args.root_keys {
        keys.insert(authority.clone(), (files::read_key(path)?, None));
    }
    if let (Some(path), Some(provider)) = (&args.log_key, example.provider()) {
        let log = files::read_key(path)?;
        keys.entry(provider.authority.clone()).or_insert((provider.root_key.clone(), None)).1 = Some(log);
    }
    let text = library::instantiate(template, &keys).map_err(|error| CliError::Use(error.to_string()))?;
    let made = document::read(&text).map_err(|violations| CliError::Failed(violations.to_string()))?;
    let left: Vec<String> = made
        .parties
        .iter()
        .filter(|party| !keys.contains_key(&party.authority))
        .map(|party| party.authority.to_string())
        .collect();
    files::write_new(&args.out, &text)?;
    let mut words = format!("{}: `{}`, {}", args.out.display(), made.at_version(), made.title);
    if !left.is_empty() {
        words.push_str(&format!("\nstill with the example's root key: {}", left.join(", ")));
    }
    output.done(&json!({ "file": args.out, "agreement": made.at_version(), "placeholder_keys": left }), &words)
}

fn check(args: &FileArgs, output: &Output) -> Result<(), CliError> {
    let (_, agreement) = files::read_agreement(&args.file, output)?;
    let file = args.file.display();
    // What reads without a violation must also compile, or it could never come into force.
    let rules = match policy::compile(&agreement) {
        Ok(rules) => rules.rules().len(),
        Err(error) => {
            let text = error.to_string();
            let listed = [json!({ "line": 1, "path": "", "place": "", "text": text })];
            let value = json!({ "file": args.file, "valid": false, "violations": listed });
            output.done(&value, &format!("`{file}` has 1 violation:\n{text}"))?;
            return Err(CliError::Reported);
        }
    };
    let (version, digest) =
        (agreement.at_version(), agreement.digest().map_err(|error| CliError::failed(&error))?);
    let (parties, clauses) = (agreement.parties.len(), agreement.clauses.len());
    output.done(
        &json!({
            "file": args.file, "valid": true, "agreement": version, "digest": digest,
            "parties": parties, "clauses": clauses, "rules": rules, "violations": [],
        }),
        &format!("`{file}` is in order: {version}, {parties} parties, {clauses} clauses, {rules} rules"),
    )
}

fn digest(args: &FileArgs, output: &Output) -> Result<(), CliError> {
    let (_, agreement) = files::read_agreement(&args.file, output)?;
    let digest = agreement.digest().map_err(|error| CliError::failed(&error))?;
    let clauses = agreement.clause_digests().map_err(|error| CliError::failed(&error))?;
    let mut words = format!("{digest}  {}\n", agreement.at_version());
    for (clause, digest) in &clauses {
        words.push_str(&format!("{digest}  clause {clause}\n"));
    }
    output.done(&json!({ "agreement": agreement.at_version(), "digest": digest, "clauses": clauses }), &words)
}
