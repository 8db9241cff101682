//! `policy`: what an agreement compiles to, and what it would answer, on files alone.

use std::path::PathBuf;

use agreements::{Action, AuthorityId, DatasetId, ElementPath, PurposeId, RoleId};
use clap::{Args, Subcommand};
use common::{Clock as _, SystemClock};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::{Asked, Decision, Pdp, Permit, Refusal, Request, Right, Rule, SearchBy, Term, TermForm};
use serde_json::{Value, json};

use super::table::table;
use super::{CliError, Output, files};

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Show the rules to which an agreement compiles, as a table.
    Show(ShowArgs),
    /// Decide a request by an agreement as if it were in force, and explain the decision.
    Decide(Box<DecideArgs>),
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The agreement.
    file: PathBuf,
    /// Only the rules of this recipient.
    #[arg(long)]
    recipient: Option<AuthorityId>,
}

#[derive(Debug, Args)]
pub(super) struct DecideArgs {
    /// The agreement.
    file: PathBuf,
    /// The authority that asks.
    #[arg(long)]
    recipient: AuthorityId,
    /// The role of its officer.
    #[arg(long)]
    role: RoleId,
    /// The purpose.
    #[arg(long)]
    purpose: PurposeId,
    /// The dataset.
    #[arg(long)]
    dataset: DatasetId,
    /// `consult` or `bulk`.
    #[arg(long, value_parser = files::word::<Action>)]
    action: Action,
    /// Elements asked for, separated by commas; all that is given when this is left out.
    #[arg(long, value_delimiter = ',', value_name = "PATH")]
    elements: Vec<ElementPath>,
    /// An element by whose value the question searches.
    #[arg(long = "where", value_name = "PATH")]
    by_value: Vec<ElementPath>,
    /// An element by whose pseudonym the question searches.
    #[arg(long = "where-pseudonym", value_name = "PATH")]
    by_pseudonym: Vec<ElementPath>,
    /// The day of the question; today when it is not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<Date>,
}

pub(super) fn run(command: PolicyCommand, output: &Output) -> Result<(), CliError> {
    match command {
        PolicyCommand::Show(args) => show(&args, output),
        PolicyCommand::Decide(args) => decide(*args, output),
    }
}

fn pdp(file: &std::path::Path, output: &Output) -> Result<Pdp, CliError> {
    let (_, agreement) = files::read_agreement(file, output)?;
    let rules = policy::compile(&agreement).map_err(|error| CliError::failed(&error))?;
    Pdp::new(rules).map_err(|error| CliError::failed(&error))
}

fn show(args: &ShowArgs, output: &Output) -> Result<(), CliError> {
    let pdp = pdp(&args.file, output)?;
    let wanted = |rule: &&Rule| args.recipient.as_ref().is_none_or(|recipient| rule.recipient == *recipient);
    let rules: Vec<&Rule> = pdp.rules().rules().iter().filter(wanted).collect();
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            vec![
                rule.id.to_string(),
                rule.recipient.to_string(),
                rule.role.to_string(),
                rule.action.as_str().to_owned(),
                rule.purpose.to_string(),
                rule.element.to_string(),
                done(rule.right),
            ]
        })
        .collect();
    let listed: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "rule": rule.id.to_string(), "clause": rule.id.clause, "recipient": rule.recipient,
                "role": rule.role, "dataset": rule.dataset, "action": rule.action,
                "purpose": rule.purpose, "element": rule.element, "right": rule.right.word(),
                "transformation": match rule.right {
                    Right::Give(transformation) => Some(transformation.to_string()),
                    Right::Search | Right::SearchKnown => None,
                },
            })
        })
        .collect();
    let head = ["clause/rule", "recipient", "role", "action", "purpose", "element", "transformation"];
    output.done(&json!({ "agreement": pdp.rules().agreement(), "rules": listed }), &table(&head, &rows))
}

fn done(right: Right) -> String {
    match right {
        Right::Give(transformation) => transformation.to_string(),
        Right::Search => "(search, in the form given)".to_owned(),
        Right::SearchKnown => "(search, by a known value)".to_owned(),
    }
}

fn decide(args: DecideArgs, output: &Output) -> Result<(), CliError> {
    let pdp = pdp(&args.file, output)?;
    let term = |form: TermForm| move |element: ElementPath| Term { element, form };
    let by_value = args.by_value.into_iter().map(term(TermForm::Value));
    let by_pseudonym = args.by_pseudonym.into_iter().map(term(TermForm::Pseudonym));
    let request = Request {
        recipient: args.recipient,
        role: args.role,
        dataset: args.dataset,
        action: args.action,
        purpose: args.purpose,
        elements: if args.elements.is_empty() { Asked::All } else { Asked::These(args.elements) },
        terms: by_value.chain(by_pseudonym).collect(),
        today: args.on.unwrap_or_else(|| SystemClock.now().to_zoned(TimeZone::UTC).date()),
    };
    match pdp.decide(&request).map_err(|error| CliError::failed(&error))? {
        Decision::Permit(permit) => output.done(&permit_value(&permit), &permit_words(&permit)),
        Decision::Deny(refusal) => {
            output.done(&refusal_value(&refusal), &refusal_words(&refusal))?;
            Err(CliError::Reported)
        }
    }
}

fn permit_value(permit: &Permit) -> Value {
    let rules: Vec<String> = permit.rules.iter().map(ToString::to_string).collect();
    let search: serde_json::Map<String, Value> =
        permit.search.iter().map(|(element, by)| (element.to_string(), Value::from(searched(*by)))).collect();
    json!({
        "decision": "permit", "clauses": permit.clauses, "rules": rules, "purpose": permit.purpose,
        "elements": permit.elements, "search": search, "randomise": permit.randomise,
        "ceilings": permit.ceilings, "retention_days": permit.retention_days,
    })
}

const fn searched(by: SearchBy) -> &'static str {
    match by {
        SearchBy::Value => "value",
        SearchBy::Pseudonym => "pseudonym",
        SearchBy::Known => "known",
    }
}

fn permit_words(permit: &Permit) -> String {
    let clauses: Vec<&str> = permit.clauses.iter().map(|clause| clause.as_str()).collect();
    let rules: Vec<String> = permit.rules.iter().map(ToString::to_string).collect();
    let mut words = format!(
        "permitted by clause {}, for the purpose {}\nrules: {}\nkept for {} days at most\n",
        clauses.join(", "),
        permit.purpose,
        rules.join(", "),
        permit.retention_days
    );
    for (clause, rows) in &permit.ceilings {
        words.push_str(&format!("ceiling of clause {clause}: {rows} records a day\n"));
    }
    if permit.randomise {
        words.push_str("pseudonyms hold for this answer alone\n");
    }
    for (element, by) in &permit.search {
        let by = match by {
            SearchBy::Value => "its value",
            SearchBy::Pseudonym => "its pseudonym",
            SearchBy::Known => "the value of somebody already known",
        };
        words.push_str(&format!("searched: {element}, by {by}\n"));
    }
    let rows: Vec<Vec<String>> = permit
        .elements
        .iter()
        .map(|(element, transformation)| vec![element.to_string(), transformation.to_string()])
        .collect();
    words.push('\n');
    words.push_str(&table(&["element", "transformation"], &rows));
    words
}

fn refusal_value(refusal: &Refusal) -> Value {
    json!({
        "decision": "deny", "dimension": refusal.dimension.as_str(),
        "explanation": refusal.whole, "told_to_asker": refusal.plain,
    })
}

fn refusal_words(refusal: &Refusal) -> String {
    let mut words = format!("refused: {}\nthe asker is told: {}\n\n", refusal.dimension, refusal.plain);
    for line in &refusal.whole {
        words.push_str(line);
        words.push('\n');
    }
    words
}
