//! Signatures, opinions and attestations, made on the person's own machine with the person's own key.
//! The text is shown before anything is signed.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use agreements::statements::{ClauseOpinion, ConditionMet, Opinion, PartySignature, Verdict};
use agreements::{Agreement, AuthorityId, ClauseId, Function, Note, Statement};
use clap::{Args, ValueEnum};
use common::function_key::FunctionKey;
use common::{Clock as _, SystemClock};
use serde_json::json;

use super::text::in_words;
use crate::cli::secrets::{KeyArgs, confirmed};
use crate::cli::{CliError, Output, files};

/// In which function one signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Capacity {
    /// Binds the authority.
    Signatory,
    /// Gives the data protection officer's opinion.
    Dpo,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SignArgs {
    /// The document.
    file: PathBuf,
    /// The party for which you act.
    #[arg(long)]
    authority: AuthorityId,
    /// The function in which you act.
    #[arg(long = "as", value_enum)]
    capacity: Capacity,
    #[command(flatten)]
    key: KeyArgs,
    /// What the DPO says of the clauses: `favourable` or `unfavourable`.
    #[arg(long, value_parser = files::word::<Verdict>)]
    verdict: Option<Verdict>,
    /// A clause of which the DPO's opinion is unfavourable, whatever it is of the others.
    #[arg(long, value_name = "CLAUSE")]
    unfavourable: Vec<ClauseId>,
    /// The DPO's reasons. They are recorded, and name no person.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// Sign without asking; the text is shown all the same.
    #[arg(long)]
    yes: bool,
    /// File for the signed note.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AttestArgs {
    /// The document.
    file: PathBuf,
    /// The condition that is met.
    #[arg(long)]
    condition: ClauseId,
    /// The party that attests it.
    #[arg(long)]
    authority: AuthorityId,
    /// Reference to the proof: a gazette, minutes.
    #[arg(long, value_name = "WORDS")]
    reference: String,
    #[command(flatten)]
    key: KeyArgs,
    /// File for the signed note.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn sign(args: SignArgs, output: &Output) -> Result<(), CliError> {
    let (_, agreement) = files::read_agreement(&args.file, output)?;
    is_party(&agreement, &args.authority)?;
    let function = match args.capacity {
        Capacity::Signatory => Function::Signatory,
        Capacity::Dpo => Function::Dpo,
    };
    args.key.is_of(&args.authority, function)?;
    show(&in_words(&agreement)?, output);
    match args.capacity {
        Capacity::Signatory => signature(&args, &agreement, output),
        Capacity::Dpo => opinion(&args, &agreement, output),
    }
}

fn signature(args: &SignArgs, agreement: &Agreement, output: &Output) -> Result<(), CliError> {
    if args.verdict.is_some() || args.text.is_some() || !args.unfavourable.is_empty() {
        return Err(CliError::Use("a verdict is given with `--as dpo`".to_owned()));
    }
    let failed = |error: &dyn std::error::Error| CliError::failed(error);
    let statement = PartySignature {
        agreement: agreement.at_version(),
        digest: agreement.digest().map_err(|error| failed(&error))?,
        clauses: agreement.clause_digests().map_err(|error| failed(&error))?,
        authority: args.authority.clone(),
        at: SystemClock.now(),
    };
    let (key, note) = made(args, &format!("Sign this for {}?", args.authority), &statement)?;
    let words = format!("signed {} for `{}` as `{}`", agreement.at_version(), args.authority, key.key().name());
    told(args, &key, &note, &words, &json!({ "signature": statement }), output)
}

fn opinion(args: &SignArgs, agreement: &Agreement, output: &Output) -> Result<(), CliError> {
    let failed = |error: &dyn std::error::Error| CliError::failed(error);
    let verdict = args.verdict.ok_or_else(|| CliError::Use("`--as dpo` needs `--verdict`".to_owned()))?;
    let text = args.text.clone().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(CliError::Use("`--as dpo` needs `--text`: an opinion has reasons".to_owned()));
    }
    if let Some(unknown) = args.unfavourable.iter().find(|clause| agreement.clause(clause).is_none()) {
        return Err(CliError::Use(format!("{} has no clause `{unknown}`", agreement.at_version())));
    }
    let against: BTreeSet<&ClauseId> = args.unfavourable.iter().collect();
    let clauses = agreement.clause_digests().map_err(|error| failed(&error))?.into_iter();
    let clauses = clauses
        .map(|(id, digest)| {
            let verdict = if against.contains(&id) { Verdict::Unfavourable } else { verdict };
            (id, ClauseOpinion { digest, verdict })
        })
        .collect();
    let statement = Opinion {
        agreement: agreement.at_version(),
        digest: agreement.digest().map_err(|error| failed(&error))?,
        authority: args.authority.clone(),
        clauses,
        text,
        at: SystemClock.now(),
    };
    let question = format!("Give this opinion for {}?", args.authority);
    let (key, note) = made(args, &question, &statement)?;
    let favourable = statement.clauses.values().filter(|of| of.verdict == Verdict::Favourable).count();
    let words = format!(
        "opinion on {} for `{}` as `{}`: {favourable} of {} clauses favourable",
        agreement.at_version(),
        args.authority,
        key.key().name(),
        statement.clauses.len()
    );
    told(args, &key, &note, &words, &json!({ "opinion": statement }), output)
}

/// Asks, opens the key, signs, writes.
fn made<S: Statement>(args: &SignArgs, question: &str, statement: &S) -> Result<(FunctionKey, Note), CliError> {
    if !args.yes && !confirmed(question, "--yes")? {
        return Err(CliError::Failed("nothing was signed".to_owned()));
    }
    let key = args.key.load()?;
    let note = key.sign(statement).map_err(|error| CliError::failed(&error))?;
    files::write_new(&args.out, &note.to_string())?;
    Ok((key, note))
}

fn told(
    args: &SignArgs,
    key: &FunctionKey,
    note: &Note,
    words: &str,
    statement: &serde_json::Value,
    output: &Output,
) -> Result<(), CliError> {
    let mut value = json!({ "file": args.out, "signed_by": key.key(), "note": note.to_string() });
    if let (Some(all), Some(more)) = (value.as_object_mut(), statement.as_object()) {
        all.extend(more.clone());
    }
    output.done(&value, &format!("{words}: {}", args.out.display()))
}

pub(super) fn attest(args: AttestArgs, output: &Output) -> Result<(), CliError> {
    let (_, agreement) = files::read_agreement(&args.file, output)?;
    is_party(&agreement, &args.authority)?;
    let known = agreement.conditions.iter().find(|known| known.id == args.condition);
    let version = agreement.at_version();
    let absent = || CliError::Use(format!("{version} has no condition `{}`", args.condition));
    let condition = known.ok_or_else(absent)?;
    if condition.attested_by != args.authority {
        let by = &condition.attested_by;
        return Err(CliError::Use(format!("condition `{}` is attested by `{by}`", args.condition)));
    }
    args.key.is_of(&args.authority, Function::Signatory)?;
    let met = ConditionMet {
        agreement: version.clone(),
        digest: agreement.digest().map_err(|error| CliError::failed(&error))?,
        condition: args.condition,
        authority: args.authority,
        reference: args.reference,
        at: SystemClock.now(),
    };
    let key = args.key.load()?;
    let note = key.sign(&met).map_err(|error| CliError::failed(&error))?;
    files::write_new(&args.out, &note.to_string())?;
    output.done(
        &json!({ "file": args.out, "signed_by": key.key(), "condition": met, "note": note.to_string() }),
        &format!(
            "condition `{}` of {version} attested for `{}` as `{}`: {}",
            met.condition,
            met.authority,
            key.key().name(),
            args.out.display()
        ),
    )
}

fn is_party(agreement: &Agreement, authority: &AuthorityId) -> Result<(), CliError> {
    if agreement.party(authority).is_some() {
        return Ok(());
    }
    let parties: Vec<&str> = agreement.parties.iter().map(|party| party.authority.as_str()).collect();
    let (version, parties) = (agreement.at_version(), parties.join(", "));
    Err(CliError::Use(format!("`{authority}` is no party of {version}; its parties are {parties}")))
}

/// On standard output for people; on standard error when a program reads standard output.
fn show(text: &str, output: &Output) {
    if output.is_json() {
        // Whoever closed standard error did not want to read it.
        let _ = writeln!(std::io::stderr(), "{text}");
    } else {
        output.say(text);
    }
}
