//! `ask` and `show`: what officers do.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use agreements::{Action, AgreementId, DatasetId, ElementPath, PurposeId, RequestId, RoleId};
use clap::{Args, ValueEnum};
use exchange::content::Asked;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::output::Output;
use super::question_file::{self, QuestionText};
use super::{CliError, SignInArgs};
use crate::answer::KeptAnswer;
use crate::desk::{self, SignedIn, Wanted};
use crate::export::Records;
use crate::home::Home;
use crate::records::{self, FileFormat};
use crate::store::own_log::Act;
use crate::store::requests::{RequestRow, RequestStatus};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ActionWord {
    /// Ask for the records that match a question.
    Consult,
    /// Receive a whole dataset.
    Bulk,
}

#[derive(Debug, Args)]
pub(super) struct AskArgs {
    /// Under which agreement.
    #[arg(long)]
    agreement: AgreementId,
    /// Agreement whose exchange carries the question, where that is another one.
    #[arg(long, value_name = "AGREEMENT")]
    through: Option<AgreementId>,
    /// In which role.
    #[arg(long)]
    role: RoleId,
    /// For which purpose.
    #[arg(long)]
    purpose: PurposeId,
    /// Of which dataset.
    #[arg(long)]
    dataset: DatasetId,
    /// To look up or to receive whole.
    #[arg(long, value_enum, default_value_t = ActionWord::Consult)]
    action: ActionWord,
    /// Which elements, joined by commas; or all that the clause gives.
    #[arg(long, default_value = "all", value_name = "PATH,PATH|all")]
    elements: String,
    /// The question itself: a file that the owner alone can read, or `-` for standard input.
    ///
    /// It holds the case, as the own register names it, why it is asked, and what is sought:
    ///
    ///   case = "BE-2026-0417"
    ///   justification = "the mass does not fit the value"
    ///   [where]
    ///   declaration.office = "NL000510"
    #[arg(long, value_name = "FILE|-", verbatim_doc_comment)]
    question: PathBuf,
    #[command(flatten)]
    sign_in: SignInArgs,
    /// How long to wait for what comes; 0 only asks.
    #[arg(long, default_value_t = 30)]
    wait_seconds: u64,
    #[command(flatten)]
    file: FileArgs,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The request.
    request: RequestId,
    #[command(flatten)]
    sign_in: SignInArgs,
    #[command(flatten)]
    file: FileArgs,
}

#[derive(Debug, Args)]
struct FileArgs {
    /// Write the records to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Form of the file; as received when not given.
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
}

fn elements(text: &str) -> Result<Asked, CliError> {
    if text == "all" {
        return Ok(Asked::All);
    }
    let parsed: Result<Vec<ElementPath>, _> =
        text.split(',').map(|path| ElementPath::parse(path.trim())).collect();
    parsed.map(Asked::These).map_err(|e| CliError::Use(format!("--elements: {e}")))
}

async fn sign_in(home: &Home, args: SignInArgs) -> Result<SignedIn, CliError> {
    let password = args.password.read(&format!("Password of {}: ", args.officer))?;
    Ok(desk::sign_in(home, &args.officer, password).await?)
}

pub(super) async fn ask(home: &Home, args: AskArgs, output: &Output) -> Result<ExitCode, CliError> {
    let elements = elements(&args.elements)?;
    if question_file::is_stdin(&args.question) && args.sign_in.password.password_stdin {
        return Err(CliError::Use("standard input cannot be both the question and the password".to_owned()));
    }
    let QuestionText { case, justification, terms } = question_file::read(&args.question)?;
    let officer = sign_in(home, args.sign_in).await?;
    let wanted = Wanted {
        agreement: args.agreement,
        through: args.through,
        role: args.role,
        purpose: args.purpose,
        dataset: args.dataset,
        action: match args.action {
            ActionWord::Consult => Action::Consult,
            ActionWord::Bulk => Action::Bulk,
        },
        elements,
        terms,
        case,
        justification,
    };
    let request = desk::ask(home, &officer, wanted).await?;
    let row = desk::wait(home, request, Duration::from_secs(args.wait_seconds)).await?;
    report(home, &officer, request, row, args.file, output).await
}

pub(super) async fn show(home: &Home, args: ShowArgs, output: &Output) -> Result<ExitCode, CliError> {
    let officer = sign_in(home, args.sign_in).await?;
    let row = desk::visible(home, &officer, args.request).await?;
    report(home, &officer, args.request, row, args.file, output).await
}

/// Says how a request stands, and shows or writes its records.
async fn report(
    home: &Home,
    officer: &SignedIn,
    request: RequestId,
    row: Option<RequestRow>,
    file: FileArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let Some(row) = row else {
        return Err(CliError::Use(format!("there is no request `{request}` here")));
    };
    let answer = home.store.answer::<KeptAnswer>(request).await?;
    let index = answer.as_ref().and_then(|answer| answer.index);
    let disclosure = answer.as_ref().and_then(|answer| answer.disclosure);
    let mut value = json!({
        "request": request,
        "status": row.status,
        "index": index,
        "disclosure": disclosure,
        "proof_verified": index.is_some() && row.status != RequestStatus::Alarm,
    });
    match answer.map(|answer| answer.content) {
        Some(KeptAnswer::Refusal { dimension, plain }) => {
            add(&mut value, "dimension", json!(dimension));
            add(&mut value, "plain", json!(plain));
            output.done_with(1, &value, &format!("refused: {plain}"))
        }
        Some(KeptAnswer::Problem { status, code, detail }) => {
            add(&mut value, "problem", json!({ "status": status, "code": code, "detail": detail }));
            output.done_with(1, &value, &format!("not answered ({status} {code}): {detail}"))
        }
        Some(KeptAnswer::Inline { .. } | KeptAnswer::Object { .. })
            if row.status == RequestStatus::Answered =>
        {
            data(home, officer, request, file, output, value).await
        }
        Some(_) | None => {
            let code = if row.status.is_final() { 1 } else { 3 };
            output.done_with(code, &value, &format!("request {request}: {}", row.status.as_str()))
        }
    }
}

fn add(value: &mut Value, key: &str, more: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(key.to_owned(), more);
    }
}

async fn data(
    home: &Home,
    officer: &SignedIn,
    request: RequestId,
    file: FileArgs,
    output: &Output,
    mut value: Value,
) -> Result<ExitCode, CliError> {
    let records = Records::of(home, request).await?;
    let manifest = records.manifest();
    add(&mut value, "records", json!(manifest.records));
    add(&mut value, "manifest", json!(manifest));
    let cover = format!(
        "{} records of `{}` for {}, to be deleted by {}; passing on: {}",
        manifest.records, manifest.dataset, manifest.purpose, manifest.delete_by, manifest.onward_transfer
    );
    // On record before anything is shown or written.
    let (act, detail) = match (&file.out, &records) {
        (Some(_), _) => (Act::Exported, "to a file"),
        (None, Records::Inline { .. }) => (Act::Shown, "on the screen"),
        (None, Records::Object(_)) => (Act::Shown, "the cover sheet"),
    };
    let mut tx = home.store.write().await?;
    tx.log(home.clock.now(), Some(officer.number()), act, Some(request), detail).await?;
    tx.commit().await?;
    match (file.out, records) {
        (Some(path), records) => {
            records.write(home, &path, file.format)?;
            add(&mut value, "out", json!(path));
            output.done(&value, &format!("{cover}\nwritten to `{}`", path.display()))
        }
        (None, Records::Object(_)) => output.done(&value, &format!("{cover}\nwrite them to a file with --out")),
        (None, Records::Inline { manifest, records }) => {
            let wanted =
                if output.is_json() { FileFormat::Jsonl } else { FileFormat::as_received(manifest.format) };
            let elements: Vec<ElementPath> = manifest.elements.keys().cloned().collect();
            let mut lines = Vec::new();
            records::write(records.as_bytes(), manifest.format, wanted, &elements, &mut lines)
                .map_err(|source| CliError::File { path: "the records".into(), source })?;
            let lines = String::from_utf8_lossy(&lines).into_owned();
            if !output.is_json() {
                return output.done(&value, &format!("{cover}\n{lines}"));
            }
            let data =
                lines.lines().map(|line| RawValue::from_string(line.to_owned())).collect::<Result<_, _>>();
            let data = data.map_err(|_| CliError::Other("the records are malformed".to_owned()))?;
            output.done(&WithData { value, data }, "")
        }
    }
}

/// A result with its records, numbers as they came: `1.10` stays `1.10`.
#[derive(Serialize)]
struct WithData {
    #[serde(flatten)]
    value: Value,
    data: Vec<Box<RawValue>>,
}
