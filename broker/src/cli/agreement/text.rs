//! An agreement in words: what a person reads before signing it.

use std::fmt::Write as _;

use agreements::{Agreement, Clause, PartyRole};

use crate::cli::CliError;
use crate::cli::table::plain;

/// Title, parties, clauses, duties and digest, in the order of the document.
pub(super) fn in_words(agreement: &Agreement) -> Result<String, CliError> {
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = written(&mut out, agreement);
    let digest = agreement.digest().map_err(|error| CliError::failed(&error))?;
    let _ = writeln!(out, "digest: {digest}");
    Ok(out)
}

fn written(out: &mut String, agreement: &Agreement) -> std::fmt::Result {
    writeln!(out, "{}: {}", agreement.at_version(), plain(&agreement.title))?;
    let instrument = &agreement.instrument;
    writeln!(
        out,
        "annex of: {} ({}, {})",
        plain(&instrument.title),
        plain(&instrument.reference),
        instrument.date
    )?;
    writeln!(out, "valid: from {}, until before {}", agreement.validity.from, agreement.validity.until)?;
    writeln!(out, "\nparties:")?;
    for party in &agreement.parties {
        let part = match party.role {
            PartyRole::Provider => "provider",
            PartyRole::Recipient => "recipient",
        };
        writeln!(out, "  {part} {}: {} ({})", party.authority, plain(&party.name), plain(&party.country))?;
        writeln!(out, "    root key {}", party.root_key)?;
        if let Some(log) = &party.log_key {
            writeln!(out, "    key of the record {log}")?;
        }
    }
    for clause in &agreement.clauses {
        writeln!(out, "\nclause {}: {}", clause.id, plain(&clause.title))?;
        of_clause(out, clause)?;
    }
    if !agreement.conditions.is_empty() {
        writeln!(out, "\nconditions outside the program:")?;
    }
    for condition in &agreement.conditions {
        writeln!(
            out,
            "  {} (attested by {}): {}",
            condition.id,
            condition.attested_by,
            plain(&condition.text)
        )?;
    }
    if !agreement.organisational.is_empty() {
        writeln!(out, "\nduties that no rule enforces:")?;
    }
    for duty in &agreement.organisational {
        writeln!(out, "  {} (accepted by {}): {}", duty.id, duty.accepted_by, plain(&duty.text))?;
    }
    writeln!(out)
}

fn of_clause(out: &mut String, clause: &Clause) -> std::fmt::Result {
    let joined = |parts: Vec<&str>| parts.join(", ");
    writeln!(out, "  recipients: {}", joined(clause.recipients.iter().map(|r| r.as_str()).collect()))?;
    writeln!(out, "  roles: {}", joined(clause.roles.iter().map(|r| r.as_str()).collect()))?;
    writeln!(out, "  purposes: {}", joined(clause.purposes.iter().map(|p| p.as_str()).collect()))?;
    let actions = joined(clause.actions.iter().map(|a| a.as_str()).collect());
    writeln!(out, "  actions: {actions} of dataset {}", clause.dataset)?;
    writeln!(out, "  ceiling: {} records a day for each recipient", clause.ceiling.rows_per_day)?;
    writeln!(out, "  kept by the recipient: {} days at most", clause.retention_days)?;
    writeln!(out, "  onward transfer: {}", plain(&clause.onward_transfer))?;
    writeln!(out, "  legal basis: {}; carries out {}", plain(&clause.legal_basis), plain(&clause.article))?;
    if let Some(tool) = &clause.transfer_tool {
        writeln!(out, "  transfer tool: {}", plain(tool))?;
    }
    if !clause.search.is_empty() {
        writeln!(out, "  searched by: {}", joined(clause.search.iter().map(|e| e.as_str()).collect()))?;
    }
    if !clause.search_known.is_empty() {
        let known = joined(clause.search_known.iter().map(|e| e.as_str()).collect());
        writeln!(out, "  searched by the value of somebody already known: {known}")?;
    }
    writeln!(out, "  elements (any other is withheld):")?;
    let width = clause.elements.keys().map(|element| element.as_str().len()).max().unwrap_or(0);
    for (element, transformation) in &clause.elements {
        writeln!(out, "    {:width$}  {transformation}", element.as_str())?;
    }
    Ok(())
}
