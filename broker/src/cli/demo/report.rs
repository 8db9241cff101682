//! What the demonstration tells at its end: for people side by side, for programs one JSON object.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::story::Story;
use crate::cli::CliError;

/// Widest value that is shown in a column, in characters.
const WIDEST: usize = 38;

/// What is told.
pub(super) struct Told {
    pub(super) json: Value,
    pub(super) text: String,
}

impl Told {
    /// Tells the story.
    pub(super) fn of(story: &Story, took: Duration) -> Result<Self, CliError> {
        let provider = story.chosen.as_ref().map(|chosen| chosen.record.clone()).unwrap_or(Value::Null);
        let verified = story.verified.as_ref();
        let proof_verified = !story.proofs.is_empty() && story.proofs.iter().all(|held| *held);
        let refusals: Vec<Value> = story
            .refused
            .iter()
            .map(|refused| json!({ "attempt": refused.attempt, "reason": refused.reason }))
            .collect();
        let recipients: Vec<Value> =
            story.shown.iter().map(|(who, record)| json!({ "recipient": who, "record": record })).collect();
        let json = json!({
            "records_deposited": story.deposited,
            "records_disclosed": story.disclosed,
            "records_opened": story.opened,
            "answers": story.answers,
            "proof_verified": proof_verified,
            "log_size": verified.map_or(0, |report| report.checkpoint.size),
            "log_verified": verified.is_some(),
            "refusals": refusals,
            "suspension_effective_ms": milliseconds(story.suspension),
            "seconds": took.as_secs_f64(),
            "sample": { "provider": provider, "recipients": recipients },
            "data": story.folder.root,
        });
        Ok(Self { json, text: Self::text(story, &provider, proof_verified) })
    }

    fn text(story: &Story, provider: &Value, proof_verified: bool) -> String {
        let mut text = String::new();
        text.push_str("\nOne declaration, side by side. What is blank was not disclosed.\n\n");
        text.push_str(&side_by_side(provider, &story.shown));
        text.push_str("\nWhat was refused, in the words that the officer reads:\n");
        for refused in &story.refused {
            line(&mut text, format_args!("  {}:\n    {}", refused.attempt, refused.reason));
        }
        line(
            &mut text,
            format_args!(
                "\nThe suspension took effect in {:.1} ms; nothing was disclosed under the agreement after it.",
                milliseconds(story.suspension)
            ),
        );
        let held = if proof_verified { "held" } else { "DID NOT HOLD" };
        line(
            &mut text,
            format_args!(
                "{} records deposited, {} disclosed in bulk, {} opened; {} answers; every proof {held}.",
                story.deposited, story.disclosed, story.opened, story.answers
            ),
        );
        if let Some(report) = &story.verified {
            let root = story.folder.root.display();
            line(
                &mut text,
                format_args!(
                    "The record holds {} lines and was verified without the broker. Do it again with:",
                    report.checkpoint.size
                ),
            );
            line(
                &mut text,
                format_args!(
                    "  cargo run --release -p audit --bin transire-verify -- log {root}/log --key {root}/log.pub"
                ),
            );
        }
        text
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{what}");
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// A row for each element, a column for each who has the declaration.
fn side_by_side(provider: &Value, shown: &[(String, Value)]) -> String {
    let all: Vec<Map<String, Value>> =
        std::iter::once(provider).chain(shown.iter().map(|(_, record)| record)).map(flat).collect();
    let elements: BTreeSet<&String> = all.iter().flat_map(Map::keys).collect();
    let mut text = String::new();
    line(&mut text, format_args!("  A  the provider holds"));
    for ((who, _), letter) in shown.iter().zip('B'..) {
        line(&mut text, format_args!("  {letter}  {who}"));
    }
    text.push('\n');
    let widest = elements.iter().map(|element| element.len()).max().unwrap_or(0);
    let mut heads = format!("  {:widest$}", "");
    for (_, letter) in all.iter().zip('A'..) {
        let _ = write!(heads, "  {letter:WIDEST$}");
    }
    line(&mut text, format_args!("{}", heads.trim_end()));
    for element in elements {
        let mut row = format!("  {element:widest$}");
        for record in &all {
            let _ = write!(row, "  {:WIDEST$}", cut(record.get(element)));
        }
        line(&mut text, format_args!("{}", row.trim_end()));
    }
    text
}

fn cut(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if text.chars().count() <= WIDEST {
        return text;
    }
    let mut cut: String = text.chars().take(WIDEST.saturating_sub(1)).collect();
    cut.push('\u{2026}');
    cut
}

/// Nested records as one level of paths; of arrays the first item.
pub(super) fn flat(record: &Value) -> Map<String, Value> {
    let mut flat = Map::new();
    spread(record, "", &mut flat);
    flat
}

fn spread(value: &Value, path: &str, flat: &mut Map<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                spread(inner, &path, flat);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                spread(first, path, flat);
            }
        }
        Value::Null => {}
        leaf => {
            flat.insert(path.to_owned(), leaf.clone());
        }
    }
}
