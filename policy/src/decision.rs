//! What comes of a request: a permit with its obligations, or a refusal with its dimension.

use std::collections::BTreeMap;
use std::fmt;

use agreements::{AgreementId, ClauseId, ElementPath, PurposeId, Transformation};

use crate::rule::RuleId;

/// The answer of the PDP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The request may be carried out, with these obligations.
    Permit(Permit),
    /// It may not.
    Deny(Refusal),
}

/// How records are found by the value of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchBy {
    /// The value as it is held.
    Value,
    /// The asker's pseudonym, looked up among those disclosed to its domain.
    Pseudonym,
    /// The value of somebody whom the asker can already name; the question counts against the
    /// ceiling, hit or miss.
    Known,
}

/// What may be disclosed, and what must be done to it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// The clauses that permit it.
    pub clauses: Vec<ClauseId>,
    /// The rules that permit it.
    pub rules: Vec<RuleId>,
    /// The purpose as those clauses write it, which names the pseudonymisation domain. It is the
    /// one asked for, or a broader one.
    pub purpose: PurposeId,
    /// What is done to each element. None of these is `withhold`.
    pub elements: BTreeMap<ElementPath, Transformation>,
    /// How each element of the question is searched.
    pub search: BTreeMap<ElementPath, SearchBy>,
    /// Whether pseudonyms hold for this answer alone; [`Permit::elements`] already says so.
    pub randomise: bool,
    /// Records a day (UTC) of each of the clauses. Each of them must have room.
    pub ceilings: BTreeMap<ClauseId, u64>,
    /// Days for which the recipient may keep the answer: the shortest of the clauses.
    pub retention_days: u32,
}

/// The part of a request that is not covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// The purpose.
    Purpose,
    /// The officer's role.
    Role,
    /// An element asked for.
    Element(ElementPath),
    /// The action.
    Action,
    /// The dataset.
    Dataset,
    /// An element by which the question searches.
    Search(ElementPath),
    /// The ceiling of a clause is reached.
    Ceiling,
    /// The agreement is not valid on that day.
    Validity,
    /// The agreement is suspended.
    Suspended,
    /// The agreement is not in force.
    NotInForce,
    /// More than one of these, or the asker has no clause at all.
    NoClause,
}

impl Dimension {
    /// The word in the log and in the answer.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Purpose => "purpose",
            Self::Role => "role",
            Self::Element(_) => "element",
            Self::Action => "action",
            Self::Dataset => "dataset",
            Self::Search(_) => "search",
            Self::Ceiling => "ceiling",
            Self::Validity => "validity",
            Self::Suspended => "suspended",
            Self::NotInForce => "not-in-force",
            Self::NoClause => "no-clause",
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The part of the request that is not covered.
    pub dimension: Dimension,
    /// The whole explanation, line by line, for those at the provider who manage the agreement.
    pub whole: Vec<String>,
    /// What the asker is told.
    pub plain: String,
}

impl Refusal {
    /// The agreement is suspended.
    pub fn suspended(agreement: &AgreementId) -> Self {
        Self::of_status(Dimension::Suspended, format!("agreement `{agreement}` is suspended"))
    }

    /// The agreement is not in force: not yet, or no longer.
    pub fn not_in_force(agreement: &AgreementId) -> Self {
        Self::of_status(Dimension::NotInForce, format!("agreement `{agreement}` is not in force"))
    }

    /// A clause has no room left for this answer today.
    pub fn ceiling(agreement: &AgreementId, clause: &ClauseId) -> Self {
        Self {
            dimension: Dimension::Ceiling,
            whole: vec![format!(
                "clause `{clause}` of agreement `{agreement}` has no room left today for this answer"
            )],
            plain: format!(
                "the ceiling of agreement `{agreement}` for your authority leaves no room today for this answer"
            ),
        }
    }

    fn of_status(dimension: Dimension, plain: String) -> Self {
        Self { dimension, whole: vec![plain.clone()], plain }
    }
}
