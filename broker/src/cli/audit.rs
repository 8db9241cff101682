//! `audit`: the record, read by the DPO for one of the purposes that the law names. Every reading is
//! itself an entry.

use std::path::PathBuf;
use std::sync::Arc;

use agreements::{AgreementId, AuthorityId, IdentifierKind};
use audit::LogPurpose;
use clap::{Args, Subcommand};
use common::{SystemClock, SystemRng};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::init::read_config;
use super::session::{BrokerArgs, failed, path};
use super::table::plain;
use super::{CliError, Output, export, files, secrets};
use crate::start;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Print the newest signed state of the record.
    Checkpoint(BrokerArgs),
    /// Write the record into a folder, for `transire-verify log`.
    Export(ExportArgs),
    /// List entries, newest first.
    Entries(EntriesArgs),
    /// List every disclosure about one person or firm. Whose is read from standard input.
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
    /// Only entries from this instant on.
    #[arg(long, value_name = "INSTANT")]
    from: Option<Timestamp>,
    /// Only entries before this instant.
    #[arg(long, value_name = "INSTANT")]
    until: Option<Timestamp>,
    /// Only entries before this index: the next page.
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
    /// First calendar year to look through; this year alone when it is not given.
    #[arg(long, value_name = "YEAR")]
    since: Option<i16>,
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
    let read: Vec<Value> =
        client.get(&path("/v1/log/entries", &query)?).await.map_err(|error| failed(&error))?;
    shown(&read, output)
}

async fn subject(args: &SubjectArgs, output: &Output) -> Result<(), CliError> {
    let client = args.broker.sign_in().await?;
    let value = secrets::personal("identifier of the person or firm")?;
    let body = json!({
        "grounds": args.grounds.grounds, "identifier": args.identifier, "value": value.as_str(),
        "since": args.since,
    });
    let read: Vec<Value> = client.post_json("/v1/log/subjects", &body).await.map_err(|error| failed(&error))?;
    shown(&read, output)
}

fn shown(read: &[Value], output: &Output) -> Result<(), CliError> {
    let words: String = read.iter().map(line).collect();
    let words = if words.is_empty() { "no entry\n".to_owned() } else { words };
    output.done(&json!({ "entries": read }), &words)
}

/// One entry: index, time, what it is, and all that it says in few words.
fn line(entry: &Value) -> String {
    let text = |value: Option<&Value>| value.map(short).unwrap_or_default();
    let event = entry.get("event");
    let mut words = format!(
        "{}  {}  {}\n",
        text(entry.get("index")),
        text(entry.get("at")),
        text(event.and_then(|event| event.get("operation")))
    );
    for part in [event, entry.get("personal")].into_iter().flatten().filter_map(Value::as_object) {
        for (name, value) in part.iter().filter(|(name, value)| *name != "operation" && !value.is_null()) {
            words.push_str(&format!("    {}: {}\n", name.replace('_', " "), short(value)));
        }
    }
    words
}

/// A value on one line, without quotes; documents and notes only by their first words.
fn short(value: &Value) -> String {
    const LONGEST: usize = 160;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("{name} {}", short(value))).collect::<Vec<_>>().join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    };
    let first = text.lines().next().unwrap_or_default();
    let cut: String = first.chars().take(LONGEST).collect();
    plain(&if cut.len() < text.len() { format!("{cut} ...") } else { cut })
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
