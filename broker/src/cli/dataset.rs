//! `dataset`: described, checked, published, and filled with records.

use std::path::{Path, PathBuf};

use agreements::{DatasetId, Digest, digest_of, document, library};
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_stream::StreamExt as _;
use tokio_util::io::ReaderStream;

use super::session::{BrokerArgs, failed};
use super::table::table;
use super::{CliError, Output, files};

#[derive(Debug, Subcommand)]
pub(super) enum DatasetCommand {
    /// Write a worked description from the library.
    New(NewArgs),
    /// Check a description: every violation, with its line.
    Check(FileArgs),
    /// Publish a description.
    Publish(PublishArgs),
    /// List datasets and how many records each has.
    List(BrokerArgs),
    /// Deposit records.
    Deposit(DepositArgs),
}

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Name of the dataset.
    #[arg(value_parser = library::DATASETS.iter().map(|(name, _)| *name).collect::<Vec<_>>())]
    name: String,
    /// File for the description.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct FileArgs {
    /// The description.
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// The description.
    file: PathBuf,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(super) struct DepositArgs {
    /// The dataset.
    dataset: DatasetId,
    /// The records: CSV with a header, or one JSON object a line.
    file: PathBuf,
    /// Form of the records; told from the name of the file when it is not given.
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    broker: BrokerArgs,
}

/// Form of deposited records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// RFC 4180, with a header.
    Csv,
    /// One JSON object a line.
    Json,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    dataset: DatasetId,
    digest: Digest,
    records: u64,
}

pub(super) async fn run(command: DatasetCommand, output: &Output) -> Result<(), CliError> {
    match command {
        DatasetCommand::New(args) => {
            let absent = || CliError::Use(format!("the library has no dataset `{}`", args.name));
            files::write_new(&args.out, library::dataset(&args.name).ok_or_else(absent)?)?;
            let words = format!("{}: dataset `{}`", args.out.display(), args.name);
            output.done(&json!({ "file": args.out, "dataset": args.name }), &words)
        }
        DatasetCommand::Check(args) => check(&args.file, output),
        DatasetCommand::Publish(args) => publish(&args, output).await,
        DatasetCommand::List(broker) => list(&broker, output).await,
        DatasetCommand::Deposit(args) => deposit(&args, output).await,
    }
}

fn read(path: &Path, output: &Output) -> Result<(String, agreements::Dataset), CliError> {
    let text = files::read_text(path)?;
    match document::read_dataset(&text) {
        Ok(dataset) => Ok((text, dataset)),
        Err(violations) => Err(files::report(path, &violations, output)?),
    }
}

fn check(path: &Path, output: &Output) -> Result<(), CliError> {
    let (_, dataset) = read(path, output)?;
    let digest = digest_of(&dataset).map_err(|error| CliError::failed(&error))?;
    let personal = dataset.elements.iter().filter(|element| element.category.is_personal()).count();
    let (id, elements) = (&dataset.id, dataset.elements.len());
    output.done(
        &json!({
            "file": path, "valid": true, "dataset": id, "digest": digest,
            "elements": elements, "personal": personal, "violations": [],
        }),
        &format!(
            "`{}` is in order: dataset `{id}`, {elements} elements, {personal} of them personal data",
            path.display()
        ),
    )
}

async fn publish(args: &PublishArgs, output: &Output) -> Result<(), CliError> {
    let (text, dataset) = read(&args.file, output)?;
    let digest = digest_of(&dataset).map_err(|error| CliError::failed(&error))?;
    let client = args.broker.sign_in().await?;
    client.post_text("/v1/datasets", &text).await.map_err(|error| failed(&error))?;
    let words = format!("published dataset `{}`", dataset.id);
    output.done(&json!({ "dataset": dataset.id, "digest": digest }), &words)
}

async fn list(broker: &BrokerArgs, output: &Output) -> Result<(), CliError> {
    let client = broker.sign_in().await?;
    let listed: Vec<Listed> = client.get("/v1/datasets").await.map_err(|error| failed(&error))?;
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|one| vec![one.dataset.to_string(), one.records.to_string(), one.digest.to_string()])
        .collect();
    output.done(&json!({ "datasets": listed }), &table(&["dataset", "records", "digest"], &rows))
}

async fn deposit(args: &DepositArgs, output: &Output) -> Result<(), CliError> {
    let format = args.format.map_or_else(|| told(&args.file), Ok)?;
    let wrong = |error: std::io::Error| CliError::Use(format!("`{}`: {error}", args.file.display()));
    let file = tokio::fs::File::open(&args.file).await.map_err(wrong)?;
    let bytes = file.metadata().await.map_err(wrong)?.len();
    let client = args.broker.sign_in().await?;
    let bar = bar(bytes, output);
    let sent = bar.clone();
    let pieces = ReaderStream::with_capacity(file, 256 * 1024).map(move |piece| {
        if let Ok(piece) = &piece {
            sent.inc(piece.len() as u64);
        }
        piece
    });
    let path = format!("/v1/datasets/{}/deposits", args.dataset);
    let kind = match format {
        Format::Csv => "text/csv",
        Format::Json => "application/jsonl",
    };
    let done = client.post_stream::<Value>(&path, kind, reqwest::Body::wrap_stream(pieces)).await;
    bar.finish_and_clear();
    let done = done.map_err(|error| failed(&error))?;
    let number = |name: &str| done.get(name).and_then(Value::as_u64).unwrap_or_default();
    let words =
        format!("deposited {} records into `{}`, entry {}", number("records"), args.dataset, number("index"));
    output.done(&done, &words)
}

fn told(path: &Path) -> Result<Format, CliError> {
    match path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Ok(Format::Csv),
        Some("json" | "jsonl" | "ndjson") => Ok(Format::Json),
        _ => Err(CliError::Use(format!(
            "`{}`: its name does not say whether it is CSV or JSON: give `--format`",
            path.display()
        ))),
    }
}

/// A bar on a terminal; nothing elsewhere.
fn bar(bytes: u64, output: &Output) -> ProgressBar {
    let target = if output.is_json() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(bytes), target).with_message("Depositing");
    match ProgressStyle::with_template("{msg} [{bar:40}] {bytes}/{total_bytes} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
