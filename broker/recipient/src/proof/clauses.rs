//! What the clauses that the own side signed let into an answer, worked out here from its own copy
//! of the agreement: the provider's word for it is not taken.
//!
//! The same reading as the provider's: of clauses for several purposes those of the one asked for
//! count, else those of the narrowest that contains it; where several give an element, the
//! strictest transformation; what one of them withholds is withheld.

use std::collections::{BTreeMap, BTreeSet};

use agreements::transformation::PseudonymPolicy;
use agreements::{Agreement, AuthorityId, Clause, ElementPath, PurposeId, RoleId, Transformation};
use exchange::Question;

/// The clauses that cover a question.
pub(super) struct Covering<'a> {
    clauses: Vec<&'a Clause>,
    /// The strictest transformation of each element that may be in an answer.
    elements: BTreeMap<&'a ElementPath, Transformation>,
}

impl<'a> Covering<'a> {
    /// Finds them for a question that an officer of `authority` asked as `role`; none covers it
    /// when several broader purposes do and neither lies within the other.
    pub(super) fn find(
        agreement: &'a Agreement,
        authority: &AuthorityId,
        role: &RoleId,
        question: &Question,
    ) -> Self {
        let broader = agreement.purpose_and_broader(&question.purpose);
        let matching: Vec<&Clause> = agreement
            .clauses
            .iter()
            .filter(|clause| {
                clause.recipients.contains(authority)
                    && clause.roles.contains(role)
                    && clause.dataset == question.dataset
                    && clause.actions.contains(&question.action)
            })
            .collect();
        let candidates: BTreeSet<&PurposeId> = matching
            .iter()
            .flat_map(|clause| &clause.purposes)
            .filter(|purpose| broader.contains(purpose))
            .collect();
        let within_all = |purpose: &PurposeId| {
            let wider = agreement.purpose_and_broader(purpose);
            candidates.iter().all(|other| wider.contains(other))
        };
        let governing = candidates.iter().find(|purpose| within_all(purpose));
        let Some(governing) = governing else {
            return Self { clauses: Vec::new(), elements: BTreeMap::new() };
        };
        let clauses: Vec<&Clause> =
            matching.into_iter().filter(|clause| clause.purposes.contains(governing)).collect();
        let mut elements: BTreeMap<&ElementPath, Transformation> = BTreeMap::new();
        for (path, transformation) in clauses.iter().flat_map(|clause| &clause.elements) {
            let strictest = elements.entry(path).or_insert(*transformation);
            *strictest = strictest.strictest(*transformation);
        }
        let mut covering = Self { clauses, elements };
        if covering.asks_about_a_known_person(question) {
            covering.randomise();
        }
        covering
    }

    /// Whether a term is by the clear value of an element that is given neither in clear nor as a
    /// pseudonym that may be searched: then its answer's pseudonyms hold for that answer alone.
    fn asks_about_a_known_person(&self, question: &Question) -> bool {
        let listed = |element: &ElementPath, list: fn(&Clause) -> &Vec<ElementPath>| {
            self.clauses.iter().any(|clause| list(clause).contains(element))
        };
        question.terms.iter().any(|term| {
            let found = matches!(
                self.elements.get(&term.element),
                Some(Transformation::Keep | Transformation::Pseudonymise(PseudonymPolicy::Deterministic))
            );
            let searchable = found && listed(&term.element, |clause| &clause.search);
            !searchable && listed(&term.element, |clause| &clause.search_known)
        })
    }

    fn randomise(&mut self) {
        let least = Transformation::Pseudonymise(PseudonymPolicy::DocumentRandomised);
        for transformation in self.elements.values_mut() {
            if matches!(transformation, Transformation::Pseudonymise(_)) {
                *transformation = transformation.strictest(least);
            }
        }
    }

    /// Whether an element may be in the answer at all.
    pub(super) fn gives(&self, element: &ElementPath) -> bool {
        self.elements.get(element).is_some_and(|transformation| *transformation != Transformation::Withhold)
    }

    /// Whether what was done to an element lets out no more than the clauses do.
    pub(super) fn as_strict(&self, element: &ElementPath, done: Transformation) -> bool {
        self.elements.get(element).is_some_and(|agreed| agreed.strictest(done) == done)
    }

    /// The shortest retention of the clauses that are named; none unless all of them cover the
    /// question.
    pub(super) fn retention_days<'n>(
        &self,
        named: impl IntoIterator<Item = &'n agreements::ClauseId>,
    ) -> Option<u32> {
        let mut shortest = None;
        for id in named {
            let clause = self.clauses.iter().find(|clause| clause.id == *id)?;
            let days = clause.retention_days;
            shortest = Some(shortest.map_or(days, |least: u32| least.min(days)));
        }
        shortest
    }
}
