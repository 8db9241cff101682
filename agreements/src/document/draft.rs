//! What could be read of a document that may be broken, so that the rest can still be checked.

use crate::agreement::{
    Agreement, Clause, Instrument, Organisational, OutsideCondition, Party, Purpose, Validity,
};
use crate::element::Dataset;
use crate::ids::AgreementId;

/// One `[[table]]`: the name that others refer to it by, and its content where all of it was read.
pub(super) struct Row<T> {
    /// `clause[2]`, empty for a dataset in a file of its own.
    pub(super) path: String,
    /// Its name as it is written, whether or not it is well formed.
    pub(super) name: Option<String>,
    /// Its content.
    pub(super) value: Option<T>,
    /// Whether nothing of its content was left out.
    pub(super) whole: bool,
}

/// An agreement as far as it could be read.
pub(super) struct Draft {
    pub(super) schema: Option<u32>,
    pub(super) id: Option<AgreementId>,
    pub(super) version: Option<u32>,
    pub(super) title: Option<String>,
    pub(super) suite: Option<String>,
    pub(super) instrument: Option<Instrument>,
    pub(super) validity: Option<Validity>,
    pub(super) conditions: Vec<Row<OutsideCondition>>,
    pub(super) parties: Vec<Row<Party>>,
    pub(super) purposes: Vec<Row<Purpose>>,
    pub(super) datasets: Vec<Row<Dataset>>,
    pub(super) clauses: Vec<Row<Clause>>,
    pub(super) organisational: Vec<Row<Organisational>>,
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

fn all<T>(rows: Vec<Row<T>>) -> Option<Vec<T>> {
    rows.into_iter().map(|row| row.value).collect()
}

/// Whether a row of that name was written, readable or not.
pub(super) fn is_named<T>(rows: &[Row<T>], name: &str) -> bool {
    rows.iter().any(|row| row.name.as_deref() == Some(name))
}
