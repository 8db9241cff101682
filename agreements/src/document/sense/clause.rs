//! Clauses: recipients that are parties, elements that exist, transformations that fit them, and
//! questions that cannot reach what the clause hides.

use super::super::draft::{Draft, Row, is_named};
use super::super::section::Reader;
use super::is_party;
use crate::agreement::{Action, Clause, PartyRole, Regime};
use crate::element::Dataset;
use crate::ids::ElementPath;
use crate::transformation::{PseudonymPolicy, Transformation};

/// Longest retention that makes sense, in days: a hundred years.
const MAX_RETENTION_DAYS: u32 = 36_525;
/// Largest ceiling, far below the numbers that JSON holds exactly.
const MAX_ROWS_PER_DAY: u64 = 1_000_000_000_000;
/// Most rules that the clauses of one agreement may come to.
pub(crate) const MAX_RULES: usize = 250_000;

pub(super) fn check(reader: &Reader, row: &Row<Clause>, draft: &Draft) {
    let Some(clause) = &row.value else { return };
    let here = Here { reader, path: &row.path, clause };
    here.recipients(draft);
    for (at, purpose) in clause.purposes.iter().enumerate() {
        if !is_named(&draft.purposes, purpose.as_str()) {
            let text = format!("`{purpose}` is not a purpose of this agreement");
            here.report(&format!("purposes[{}]", at + 1), text);
        }
    }
    here.amounts();
    here.coverage();
    here.search();
    let dataset = draft.datasets.iter().find(|row| row.name.as_deref() == Some(clause.dataset.as_str()));
    match dataset {
        None => here.report("dataset", format!("`{}` is not a dataset of this agreement", clause.dataset)),
        Some(Row { value: Some(dataset), whole, .. }) => here.elements(dataset, *whole),
        Some(Row { value: None, .. }) => {}
    }
}

/// Notes it when the clauses together come to more rules than one agreement may have.
pub(super) fn check_expansion(reader: &Reader, draft: &Draft) {
    let rules = draft.clauses.iter().filter_map(|row| row.value.as_ref()).map(|clause| {
        [&clause.roles.len(), &clause.actions.len(), &clause.purposes.len(), &clause.elements.len()]
            .into_iter()
            .fold(clause.recipients.len(), |product, count| product.saturating_mul(*count))
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
    clause: &'c Clause,
}

impl Here<'_> {
    fn report(&self, key: &str, text: impl Into<String>) {
        self.reader.report(&format!("{}.{key}", self.path), text);
    }

    fn recipients(&self, draft: &Draft) {
        let mut abroad = None;
        for (at, recipient) in self.clause.recipients.iter().enumerate() {
            let key = format!("recipients[{}]", at + 1);
            if !is_party(self.reader, &format!("{}.{key}", self.path), recipient.as_str(), draft) {
                continue;
            }
            let mut parties = draft.parties.iter().filter_map(|row| row.value.as_ref());
            let Some(party) = parties.find(|party| party.authority == *recipient) else { continue };
            if party.role != PartyRole::Recipient {
                self.report(&key, format!("`{recipient}` is the provider, not a recipient"));
            }
            if party.regime == Regime::ThirdCountry {
                abroad = Some(recipient);
            }
        }
        if let Some(recipient) = abroad.filter(|_| self.clause.transfer_tool.is_none()) {
            self.report(
                "transfer_tool",
                format!("`{recipient}` is in a third country: name what makes the transfer lawful, as `eu-gdpr:A46-2-a`"),
            );
        }
    }

    fn amounts(&self) {
        let rows = self.clause.ceiling.rows_per_day;
        if rows == 0 || rows > MAX_ROWS_PER_DAY {
            self.report("ceiling.rows_per_day", format!("write a number from 1 to {MAX_ROWS_PER_DAY}"));
        }
        let days = self.clause.retention_days;
        if days == 0 || days > MAX_RETENTION_DAYS {
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
        if !consult && !search.is_empty() {
            self.report("search", "only a clause with the action `consult` can be searched");
        }
        if !consult && !known.is_empty() {
            self.report("search_known", "only a clause with the action `consult` can be searched");
        }
        if consult && search.is_empty() && known.is_empty() {
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

    fn elements(&self, dataset: &Dataset, whole: bool) {
        let unknown = |key: &str, path: &ElementPath| {
            if whole {
                self.report(key, format!("dataset `{}` has no element `{path}`", dataset.id));
            }
        };
        for (path, transformation) in &self.clause.elements {
            let key = format!("elements.{path}");
            match dataset.element(path) {
                None => unknown(&key, path),
                Some(element) => {
                    if let Err(text) = transformation.fits(element) {
                        self.report(&key, format!("`{transformation}` does not fit here: {text}"));
                    }
                }
            }
        }
        for (at, path) in self.clause.search_known.iter().enumerate() {
            let key = format!("search_known[{}]", at + 1);
            match dataset.element(path) {
                None => unknown(&key, path),
                Some(element) if element.identifier.is_none() => {
                    self.report(&key, format!("`{path}` has no `identifier`, so nobody can be named by it"));
                }
                Some(_) => {}
            }
        }
    }
}
