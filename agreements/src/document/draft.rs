//! What could be read of a document that may be broken, so that the rest can still be checked.

use std::collections::{BTreeMap, BTreeSet};

use crate::agreement::{
    Action, Agreement, Clause, Instrument, Organisational, OutsideCondition, Party, PartyRole, Purpose, Regime,
    Validity,
};
use crate::element::{Dataset, Element, RecordFormat};
use crate::ids::{AgreementId, AuthorityId, DatasetId, ElementPath, PurposeId};
use crate::note::NoteKey;
use crate::transformation::Transformation;

/// One `[[table]]`: the name that others refer to it by, what could be read of it, and its content
/// where all of it was.
pub(super) struct Row<T, P> {
    /// `clause[2]`, empty for a dataset in a file of its own.
    pub(super) path: String,
    /// Its name as it is written, whether or not it is well formed.
    pub(super) name: Option<String>,
    /// What could be read of it, for the checks.
    pub(super) parts: P,
    /// Its content, when all of it was read.
    pub(super) value: Option<T>,
}

/// What is checked of a party. Outer `None`: it is there and could not be read.
pub(super) struct PartyParts {
    pub(super) country: Option<String>,
    pub(super) role: Option<PartyRole>,
    pub(super) regime: Option<Regime>,
    pub(super) root_key: Option<NoteKey>,
    pub(super) log_key: Option<Option<NoteKey>>,
}

/// What is checked of a dataset.
pub(super) struct DatasetParts {
    pub(super) controller: Option<AuthorityId>,
    pub(super) format: Option<RecordFormat>,
    /// The elements that could be read, each with the path of its table.
    pub(super) elements: Vec<(String, Element)>,
    /// The names of all elements, as they are written.
    pub(super) names: BTreeSet<String>,
    /// Whether every element could be read.
    pub(super) whole: bool,
}

/// What is checked of a clause; of lists and maps, the items that could be read.
pub(super) struct ClauseParts {
    pub(super) recipients: Vec<AuthorityId>,
    pub(super) roles: usize,
    pub(super) dataset: Option<DatasetId>,
    pub(super) actions: Vec<Action>,
    pub(super) purposes: Vec<PurposeId>,
    pub(super) search: Vec<ElementPath>,
    pub(super) search_known: Vec<ElementPath>,
    pub(super) elements: BTreeMap<ElementPath, Transformation>,
    pub(super) rows_per_day: Option<u64>,
    pub(super) retention_days: Option<u32>,
    pub(super) has_transfer_tool: bool,
}

/// An agreement as far as it could be read.
pub(super) struct Draft {
    pub(super) schema: Option<u32>,
    pub(super) id: Option<AgreementId>,
    pub(super) version: Option<u32>,
    pub(super) title: Option<String>,
    pub(super) suite: Option<String>,
    pub(super) instrument: Option<Instrument>,
    pub(super) languages: Vec<String>,
    pub(super) validity: Option<Validity>,
    /// With the party that attests.
    pub(super) conditions: Vec<Row<OutsideCondition, Option<AuthorityId>>>,
    pub(super) parties: Vec<Row<Party, PartyParts>>,
    /// With the broader purposes.
    pub(super) purposes: Vec<Row<Purpose, Vec<PurposeId>>>,
    pub(super) datasets: Vec<Row<Dataset, DatasetParts>>,
    pub(super) clauses: Vec<Row<Clause, ClauseParts>>,
    /// With the party that accepts.
    pub(super) organisational: Vec<Row<Organisational, Option<AuthorityId>>>,
}

impl Draft {
    /// The agreement, when every part of it was read.
    pub(super) fn finished(self) -> Option<Agreement> {
        Some(Agreement {
            schema: self.schema?,
            id: self.id?,
            version: self.version?,
            title: self.title?,
            suite: self.suite?,
            instrument: self.instrument?,
            validity: self.validity?,
            conditions: all(self.conditions)?,
            parties: all(self.parties)?,
            purposes: all(self.purposes)?,
            datasets: all(self.datasets)?,
            clauses: all(self.clauses)?,
            organisational: all(self.organisational)?,
        })
    }
}

fn all<T, P>(rows: Vec<Row<T, P>>) -> Option<Vec<T>> {
    rows.into_iter().map(|row| row.value).collect()
}

/// Whether a row of that name was written, readable or not.
pub(super) fn is_named<T, P>(rows: &[Row<T, P>], name: &str) -> bool {
    rows.iter().any(|row| row.name.as_deref() == Some(name))
}
