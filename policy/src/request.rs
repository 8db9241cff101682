//! A question as policy sees it: who asks for what, with no value in it.

use agreements::{Action, AuthorityId, DatasetId, ElementPath, PurposeId, RoleId};
use jiff::civil::Date;

/// The elements that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Whatever the agreement gives for this role and purpose.
    All,
    /// These, and all of them: one that is not given refuses the whole request.
    These(Vec<ElementPath>),
}

/// What the asker wrote as the value of a term; told from the value's form by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermForm {
    /// A value as the provider holds it.
    Value,
    /// A pseudonym of the asker's own domain.
    Pseudonym,
}

/// One equality of a question's `where`, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The element that is searched.
    pub element: ElementPath,
    /// Whether by value or by pseudonym.
    pub form: TermForm,
}

/// A request under one agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The authority whose officer asks.
    pub recipient: AuthorityId,
    /// The officer's role.
    pub role: RoleId,
    /// The dataset.
    pub dataset: DatasetId,
    /// What is to be done with it.
    pub action: Action,
    /// For which purpose; one.
    pub purpose: PurposeId,
    /// The elements asked for.
    pub elements: Asked,
    /// What the records must match; all of it.
    pub terms: Vec<Term>,
    /// The day of the decision (UTC).
    pub today: Date,
}
