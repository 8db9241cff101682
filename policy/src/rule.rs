//! A rule: one row for casbin, made from one clause for one recipient, role, action, purpose and
//! element.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use agreements::agreement::Validity;
use agreements::{
    Action, AgreementVersion, AuthorityId, ClauseId, DatasetId, ElementPath, PurposeId, RoleId, Transformation,
};
use jiff::civil::Date;

/// The name of a rule: its clause and its number within it, `risk-analysis/12`. The same version
/// of an agreement always gives the same rule the same name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId {
    /// The clause from which it is made.
    pub clause: ClauseId,
    /// From 1.
    pub number: u32,
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.clause, self.number)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The element is given, transformed so. `withhold` makes a rule that denies.
    Give(Transformation),
    /// The element may be searched, in the form in which it is given.
    Search,
    /// The element may be searched by the value of somebody whom the asker can already name.
    SearchKnown,
}

impl Right {
    /// The word in a row.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Give(_) => "give",
            Self::Search => "search",
            Self::SearchKnown => "search-known",
        }
    }

    const fn denies(self) -> bool {
        matches!(self, Self::Give(Transformation::Withhold))
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// The element.
    pub element: ElementPath,
    /// What it allows or, when it withholds, denies.
    pub right: Right,
    /// The recipient.
    pub recipient: AuthorityId,
    /// The role of the recipient's officer.
    pub role: RoleId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The action.
    pub action: Action,
    /// The purpose as the clause writes it.
    pub purpose: PurposeId,
}

impl Rule {
    /// Whether it denies, whatever other rules allow.
    pub const fn denies(&self) -> bool {
        self.right.denies()
    }

    /// The row, in the order of `policy_definition` in `model.conf`.
    pub fn columns(&self, validity: &Validity) -> Vec<String> {
        let transformation = match self.right {
            Right::Give(transformation) => transformation.to_string(),
            Right::Search | Right::SearchKnown => "-".to_owned(),
        };
        vec![
            self.element.to_string(),
            self.right.word().to_owned(),
            self.recipient.to_string(),
            self.role.to_string(),
            self.dataset.to_string(),
            self.action.as_str().to_owned(),
            self.purpose.to_string(),
            validity.from.to_string(),
            validity.until.to_string(),
            transformation,
            self.id.to_string(),
            if self.denies() { "deny" } else { "allow" }.to_owned(),
        ]
    }
}

/// What a clause says beside its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseTerms {
    /// Records a day (UTC) for each recipient.
    pub rows_per_day: u64,
    /// Days for which the recipient may keep what it received.
    pub retention_days: u32,
}

/// The rules of one version of an agreement. Only [`crate::compile`] makes one, and it is never
/// empty: casbin would permit a blank request if it were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    pub(crate) agreement: AgreementVersion,
    pub(crate) validity: Validity,
    pub(crate) rules: Vec<Rule>,
    pub(crate) clauses: BTreeMap<ClauseId, ClauseTerms>,
    /// Each purpose with every broader purpose that contains it, itself left out.
    pub(crate) broader: BTreeMap<PurposeId, BTreeSet<PurposeId>>,
}

impl RuleSet {
    /// The agreement at its version.
    pub const fn agreement(&self) -> &AgreementVersion {
        &self.agreement
    }

    /// The rules, in the order of the document.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rows for casbin, in the order of the rules.
    pub fn rows(&self) -> Vec<Vec<String>> {
        self.rules.iter().map(|rule| rule.columns(&self.validity)).collect()
    }

    /// Whether a clause for `written` covers a request for `asked`.
    pub fn covers(&self, written: &PurposeId, asked: &PurposeId) -> bool {
        written == asked || self.broader.get(asked).is_some_and(|broader| broader.contains(written))
    }

    /// Whether the agreement is valid on that day.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.validity.from <= day && day < self.validity.until
    }
}
