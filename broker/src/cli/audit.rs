//! `audit`: the record, read by the DPO for one of the purposes that the law names. Every reading is
//! itself an entry.

mod words;

use std::path::PathBuf;
use std::sync::Arc;

use agreements::{AgreementId, AuthorityId, IdentifierKind};
use audit::LogPurpose;
use clap::{Args, Subcommand};
use common::{SystemClock, SystemRng};
use serde_json::{Value, json};

use super::init::read_config;
use super::session::{BrokerArgs, failed, path};
use super::{CliError, Output, export, files, secrets};
use crate::moment::Moment;
use crate::start;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Print the newest signed state of the record.
    Checkpoint(BrokerArgs),
    /// Write the record into a folder, for `transire-verify log`.
    Export(ExportArgs),
    /// List entries, newest first.
    Entries(EntriesArgs),
    /// List every entry about one person or firm, newest first: what was disclosed, and what was
    /// asked and refused or not found. Whose is read from standard input.
    Subject(SubjectArgs),
    /// Check the data folder of a broker that is stopped, as a start would.
    Check(CheckArgs),
}

#[derive(Debug, Args)]
struct Grounds {
    /// What the reading is for: `lawfulness`, `self-monitoring`, `security` or `criminal-proceedings`.
    #[arg(long, value_parser = files::word::<LogPurpose>)]
    grounds: LogPurpose,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The folder, which must not hold anything yet.
    dir: PathBuf,
    #[command(flatten)]
    grounds: Grounds,
    /// With the personal parts.
    #[arg(long)]
    personal: bool,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(super) struct EntriesArgs {
    #[command(flatten)]
    grounds: Grounds,
    /// Only entries of this agreement.
    #[arg(long)]
    agreement: Option<AgreementId>,
    /// Only entries about this recipient.
    #[arg(long)]
    recipient: Option<AuthorityId>,
    /// Only entries of this kind: `disclosure`, `refusal`, `suspended`, ...
    #[arg(long)]
    operation: Option<String>,
    /// Only entries from this time on: a day (`2026-11-22`) from its beginning, or an instant
    /// (`2026-11-22T14:30:00Z`). Days and times are UTC.
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// Only entries up to this time: a day with all of it, or the instant before which they are. UTC.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Only entries before this index: how a list goes on that was cut.
    #[arg(long, value_name = "INDEX")]
    before: Option<u64>,
    /// With the personal parts.
    #[arg(long)]
    personal: bool,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(super) struct SubjectArgs {
    /// Kind of the identifier: `name`, `eori`, `vat`, `passport`, `iban`, ...
    #[arg(long, value_parser = files::word::<IdentifierKind>)]
    identifier: IdentifierKind,
    #[command(flatten)]
    grounds: Grounds,
    /// First calendar year to look through; every year that is kept when it is not given.
    #[arg(long, value_name = "YEAR")]
    since: Option<i16>,
    /// Only entries before this index: how a list goes on that was cut.
    #[arg(long, value_name = "INDEX")]
    before: Option<u64>,
    #[command(flatten)]
    broker: BrokerArgs,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "transire.toml")]
    config: PathBuf,
}

pub(super) async fn run(command: AuditCommand, output: &Output) -> Result<(), CliError> {
    match command {
        AuditCommand::Checkpoint(broker) => {
            let client = broker.sign_in().await?;
            let note = client.get_text("/v1/log/checkpoint").await.map_err(|error| failed(&error))?;
            output.done(&json!({ "checkpoint": note }), &note)
        }
        AuditCommand::Export(args) => {
            let client = args.broker.sign_in().await?;
            let read = export::export(&client, &args.dir, args.grounds.grounds, args.personal).await?;
            let words = format!("exported {} entries: {}", read.size, args.dir.display());
            output.done(&json!({ "dir": args.dir, "entries": read.size, "origin": read.origin }), &words)
        }
        AuditCommand::Entries(args) => entries(args, output).await,
        AuditCommand::Subject(args) => subject(&args, output).await,
        AuditCommand::Check(args) => check(&args, output).await,
    }
}

fn text_of(grounds: LogPurpose) -> Option<String> {
    serde_json::to_value(grounds).ok().and_then(|word| word.as_str().map(str::to_owned))
}

async fn entries(args: EntriesArgs, output: &Output) -> Result<(), CliError> {
    let query = [
        ("grounds", text_of(args.grounds.grounds)),
        ("agreement", args.agreement.map(String::from)),
        ("recipient", args.recipient.map(String::from)),
        ("operation", args.operation),
        ("from", args.from.map(|at| at.to_string())),
        ("until", args.until.map(|at| at.to_string())),
        ("before", args.before.map(|index| index.to_string())),
        ("personal", args.personal.then(|| "true".to_owned())),
    ];
    let client = args.broker.sign_in().await?;
    let read: Value = client.get(&path("/v1/log/entries", &query)?).await.map_err(|error| failed(&error))?;
    shown(&read, output)
}

async fn subject(args: &SubjectArgs, output: &Output) -> Result<(), CliError> {
    let client = args.broker.sign_in().await?;
    let value = secrets::personal("identifier of the person or firm")?;
    let body = json!({
        "grounds": args.grounds.grounds, "identifier": args.identifier, "value": value.as_str(),
        "since": args.since, "before": args.before,
    });
    let read: Value = client.post_json("/v1/log/subjects", &body).await.map_err(|error| failed(&error))?;
    shown(&read, output)
}

fn shown(read: &Value, output: &Output) -> Result<(), CliError> {
    let entries = read.get("entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut text: String = entries.iter().map(words::entry).collect();
    if entries.is_empty() {
        text.push_str("no entry\n");
    }
    if let Some(before) = read.get("before").and_then(Value::as_u64) {
        text.push_str(&format!(
            "\nThese are the newest {}; there are more. They go on with: --before {before}\n",
            entries.len()
        ));
    }
    output.done(read, &text)
}

async fn check(args: &CheckArgs, output: &Output) -> Result<(), CliError> {
    let config = read_config(&args.config)?;
    let checked = start::check(config, Arc::new(SystemClock), Arc::new(SystemRng))
        .await
        .map_err(|error| CliError::failed(&error))?;
    let (agreements, officers): (Vec<String>, Vec<String>) = (
        checked.agreements.iter().map(ToString::to_string).collect(),
        checked.officers.iter().map(ToString::to_string).collect(),
    );
    let sound = agreements.is_empty() && officers.is_empty();
    let value = json!({
        "sound": sound, "entries": checked.size, "agreements_blocked": agreements,
        "officers_blocked": officers,
    });
    if sound {
        return output.done(&value, &format!("{} entries, and every row agrees with them", checked.size));
    }
    let mut words = format!("{} entries, but rows differ from them:\n", checked.size);
    for agreement in agreements {
        words.push_str(&format!("  nothing is disclosed under {agreement}\n"));
    }
    for officer in officers {
        words.push_str(&format!("  officer {officer} cannot sign in\n"));
    }
    output.done(&value, &words)?;
    Err(CliError::Reported)
}
