//! What a reading may be asked for by name. A word that names nothing is an error that says which ones
//! do: a DPO must never take a slip of the pen for "nothing happened".

use std::collections::BTreeSet;
use std::fmt::Display;

use agreements::{AgreementId, AuthorityId, IdentifierKind};
use audit::Event;
use common::problem::Problem;

use crate::app::App;

/// Names in one message.
const SHOWN: usize = 40;

/// Refuses a word that is no operation.
pub(super) fn operation(word: &str) -> Result<(), Problem> {
    if Event::OPERATIONS.contains(&word) {
        return Ok(());
    }
    Err(unknown("operation", "kind of entry", &word, &Event::OPERATIONS))
}

/// Refuses a kind of identifier that no dataset of an agreement declares, since nothing is found by it.
pub(super) fn identifier(app: &App, kind: IdentifierKind) -> Result<(), Problem> {
    let standing = app.standing.load();
    let datasets = standing.agreements().flat_map(|(_, known)| &known.agreement().datasets);
    let known: BTreeSet<IdentifierKind> =
        datasets.flat_map(|dataset| &dataset.elements).filter_map(|element| element.identifier).collect();
    if known.contains(&kind) {
        return Ok(());
    }
    let known: Vec<&str> = known.into_iter().map(IdentifierKind::as_str).collect();
    let text = "kind of identifier in a dataset of an agreement";
    Err(unknown("identifier", text, &kind.as_str(), &known))
}

/// Refuses an agreement or a recipient that is neither known nor named by any entry. Called when
/// nothing was found.
pub(super) fn nothing_found(
    app: &App,
    agreement: Option<&AgreementId>,
    recipient: Option<&AuthorityId>,
) -> Result<(), Problem> {
    let standing = app.standing.load();
    if let Some(agreement) = agreement {
        let known: BTreeSet<&AgreementId> = standing.agreements().map(|(version, _)| &version.id).collect();
        if !known.contains(agreement) {
            return Err(unknown("agreement", "agreement", agreement, &Vec::from_iter(known)));
        }
    }
    if let Some(recipient) = recipient {
        let known: Vec<&AuthorityId> = standing.authorities().collect();
        if !known.contains(&recipient) {
            return Err(unknown("recipient", "authority", recipient, &known));
        }
    }
    Ok(())
}

fn unknown(code: &str, what: &str, word: &impl Display, known: &[impl Display]) -> Problem {
    let shown: Vec<String> = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if known.len() > SHOWN { " and others" } else { "" };
    let shown = if shown.is_empty() { "there is none yet".to_owned() } else { shown.join(", ") + more };
    Problem::unprocessable(&format!("unknown-{code}"), format!("`{word}` is no {what}. Known: {shown}"))
}
