//! Clauses: recipients that are parties, elements that exist, transformations that fit them, and
//! questions that cannot reach what the clause hides.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::{ClauseParts, DatasetParts, Draft, Row, is_named};
use super::super::reader::Reader;
use super::is_party;
use crate::agreement::{Action, Clause, PartyRole};
use crate::element::Element;
use crate::ids::{DatasetId, ElementPath};
use crate::transformation::{PseudonymPolicy, Transformation};

/// Longest retention that makes sense, in days: a hundred years.
const MAX_RETENTION_DAYS: u32 = 36_525;
/// Largest ceiling, far below the numbers that JSON holds exactly.
const MAX_ROWS_PER_DAY: u64 = 1_000_000_000_000;
/// Most rules that the clauses of one agreement may come to.
pub(crate) const MAX_RULES: usize = 250_000;

pub(super) fn check(reader: &Reader, row: &Row<Clause, ClauseParts>, draft: &Draft, abroad: &BTreeSet<&str>) {
    let clause = &row.parts;
    let here = Here { reader, path: &row.path, clause };
    here.recipients(draft, abroad);
    for (at, purpose) in clause.purposes.iter().enumerate() {
        if !is_named(&draft.purposes, purpose.as_str()) {
            let text = format!("`{purpose}` is not a purpose of this agreement");
            here.report(&format!("purposes[{}]", at + 1), text);
        }
    }
    here.amounts();
    here.coverage();
    here.search();
    let Some(name) = &clause.dataset else { return };
    match draft.datasets.iter().find(|row| row.name.as_deref() == Some(name.as_str())) {
        None => here.report("dataset", format!("`{name}` is not a dataset of this agreement")),
        Some(row) => here.elements(name, &row.parts),
    }
}

/// Notes it when the clauses together come to more rules than one agreement may have.
pub(super) fn check_expansion(reader: &Reader, draft: &Draft) {
    let rules = draft.clauses.iter().map(|row| {
        let clause = &row.parts;
        [clause.roles, clause.actions.len(), clause.purposes.len(), clause.elements.len()]
            .into_iter()
            .fold(clause.recipients.len(), usize::saturating_mul)
    });
    let rules = rules.fold(0_usize, usize::saturating_add);
    if rules > MAX_RULES {
        reader.report(
            "clause",
            format!("the clauses come to {rules} rules, and at most {MAX_RULES}; split the agreement"),
        );
    }
}

struct Here<'c> {
    reader: &'c Reader,
    path: &'c str,
    clause: &'c ClauseParts,
}

impl Here<'_> {
    fn report(&self, key: &str, text: impl Into<String>) {
        self.reader.report(&format!("{}.{key}", self.path), text);
    }

    fn recipients(&self, draft: &Draft, abroad: &BTreeSet<&str>) {
        for (at, recipient) in self.clause.recipients.iter().enumerate() {
            let key = format!("recipients[{}]", at + 1);
            if !is_party(self.reader, &format!("{}.{key}", self.path), recipient.as_str(), draft) {
                continue;
            }
            let mut parties = draft.parties.iter();
            let Some(party) = parties.find(|party| party.name.as_deref() == Some(recipient.as_str())) else {
                continue;
            };
            if party.parts.role == Some(PartyRole::Provider) {
                self.report(&key, format!("`{recipient}` is the provider, not a recipient"));
            }
        }
        let mut recipients = self.clause.recipients.iter();
        let recipient = recipients.find(|recipient| abroad.contains(recipient.as_str()));
        if let Some(recipient) = recipient.filter(|_| !self.clause.has_transfer_tool) {
            self.report(
                "transfer_tool",
                format!("`{recipient}` is under the law of a third country: name what makes the transfer lawful, as \
                     `eu-gdpr:A46-2-a`"),
            );
        }
    }

    fn amounts(&self) {
        if self.clause.rows_per_day.is_some_and(|rows| !(1..=MAX_ROWS_PER_DAY).contains(&rows)) {
            self.report("ceiling.rows_per_day", format!("write a number from 1 to {MAX_ROWS_PER_DAY}"));
        }
        if self.clause.retention_days.is_some_and(|days| !(1..=MAX_RETENTION_DAYS).contains(&days)) {
            self.report("retention_days", format!("write a number of days from 1 to {MAX_RETENTION_DAYS}"));
        }
    }

    /// A clause that lets nothing out is a mistake: somebody meant to give something.
    fn coverage(&self) {
        let mut elements = self.clause.elements.values();
        let nothing = |t: &Transformation| matches!(t, Transformation::Withhold | Transformation::WithholdText);
        if !self.clause.elements.is_empty() && elements.all(nothing) {
            self.report("elements", "every element is withheld, so the clause gives nothing");
        }
    }

    fn search(&self) {
        let (search, known) = (&self.clause.search, &self.clause.search_known);
        let consult = self.clause.actions.contains(&Action::Consult);
        let known_actions = !self.reader.is_wrong_below(&format!("{}.actions", self.path));
        if known_actions && !consult && !search.is_empty() {
            self.report("search", "only a clause with the action `consult` can be searched");
        }
        if known_actions && !consult && !known.is_empty() {
            self.report("search_known", "only a clause with the action `consult` can be searched");
        }
        let searched = self.reader.is_wrong_below(&format!("{}.search", self.path));
        if consult && search.is_empty() && known.is_empty() && !searched {
            self.report("actions", "a clause with the action `consult` says in `search` what may be asked by");
        }
        for (at, element) in search.iter().enumerate() {
            let key = format!("search[{}]", at + 1);
            match self.clause.elements.get(element) {
                Some(Transformation::Keep | Transformation::Pseudonymise(PseudonymPolicy::Deterministic)) => {}
                Some(other) => self.report(
                    &key,
                    format!("`{element}` is given as `{other}`; only what is given as `keep` or `pseudonymise` can be searched"),
                ),
                // A transformation that cannot be read has been noted already.
                None if self.reader.is_wrong(&format!("{}.elements.{element}", self.path)) => {}
                None => self.report(&key, format!("`{element}` is not among the elements of this clause")),
            }
        }
        for (at, element) in known.iter().enumerate().filter(|(_, element)| search.contains(element)) {
            self.report(&format!("search_known[{}]", at + 1), format!("`{element}` is in `search` already"));
        }
    }

    fn elements(&self, name: &DatasetId, dataset: &DatasetParts) {
        // Of two elements of one name the first counts; the second has been noted.
        let elements: BTreeMap<&ElementPath, &Element> =
            dataset.elements.iter().rev().map(|(_, element)| (&element.path, element)).collect();
        let unknown = |key: &str, path: &ElementPath| {
            if !dataset.names.contains(path.as_str()) {
                self.report(key, format!("dataset `{name}` has no element `{path}`"));
            }
        };
        for (path, transformation) in &self.clause.elements {
            let key = format!("elements.{path}");
            match elements.get(path) {
                None => unknown(&key, path),
                Some(element) => {
                    if let Err(text) = transformation.fits(element) {
                        self.report(&key, format!("`{transformation}` does not fit here: {text}"));
                    }
                }
            }
        }
        for (at, path) in self.clause.search.iter().enumerate() {
            if elements.get(path).is_some_and(|element| !element.is_searchable()) {
                let text = format!(
                    "`{path}` is neither an identifier nor a quasi-identifier that can be sought by equality"
                );
                self.report(&format!("search[{}]", at + 1), text);
            }
        }
        for (at, path) in self.clause.search_known.iter().enumerate() {
            let key = format!("search_known[{}]", at + 1);
            match elements.get(path) {
                None => unknown(&key, path),
                Some(element) if element.identifier.is_none() => {
                    self.report(&key, format!("`{path}` has no `identifier`, so nobody can be named by it"));
                }
                Some(_) => {}
            }
        }
    }
}
