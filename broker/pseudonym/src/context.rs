//! What is read from a record beside its output: identifiers for subject tags, values for blind
//! indexes. It takes no part in what is disclosed.

use std::collections::BTreeMap;

use agreements::{Dataset, Element, ElementPath, IdentifierKind, RecordFormat};

use crate::csv_line;
use crate::normalise::normalise;
use crate::record::{RECORD_BYTES, RecordError};
use crate::shape::{Node, Shape, ShapeError};
use crate::value::Value;
use crate::walk::{Visit, walk};

/// The elements of a dataset to be read from its records.
pub struct Context {
    format: RecordFormat,
    shape: Shape,
    elements: Vec<Element>,
    columns: Vec<Option<usize>>,
}

/// The values by which the persons of one record are counted, from all that was found in it: of
/// each party its strongest identifier, in the order of [`IdentifierKind::BY_STRENGTH`]. A party is
/// what its elements call their subject; where they name none, the object that holds them. A list of
/// parties counts each different value of that identifier, where a party has one of it.
///
/// Who has the same strongest identifier in two records is one person; whoever has another is
/// another, so the count is one of persons as far as identifiers tell.
pub fn persons<'f, 'c>(found: &'f [Found<'c>]) -> Vec<&'f Found<'c>> {
    let mut parties: BTreeMap<&str, Vec<&'f Found<'c>>> = BTreeMap::new();
    for one in found.iter().filter(|one| one.element.tells_a_person()) {
        let strength = |of: &Found<'_>| of.element.identifier.map_or(usize::MAX, IdentifierKind::strength);
        let known = parties.entry(party(one.element)).or_default();
        match known.first() {
            Some(first) if first.element.path == one.element.path => known.push(one),
            Some(first) if strength(first) <= strength(one) => {}
            Some(_) | None => *known = vec![one],
        }
    }
    let mut persons = Vec::new();
    for mut of_party in parties.into_values() {
        let many = |one: &&Found<'_>| one.element.identifier.is_some_and(IdentifierKind::is_one_for_each_party);
        if !of_party.first().is_some_and(many) {
            of_party.truncate(1);
        }
        persons.append(&mut of_party);
    }
    persons
}

/// What tells one party of a record from the others.
fn party(element: &Element) -> &str {
    let path = element.path.as_str();
    let holder = || path.rsplit_once('.').map_or(path, |(holder, _)| holder);
    element.subject.as_deref().unwrap_or_else(holder)
}

/// One value that was found. Personal data.
pub struct Found<'c> {
    /// Its element, with identifier kind and subject.
    pub element: &'c Element,
    /// Its normal form.
    pub normalised: String,
}

impl Context {
    /// Reads every identifier: those of the parties of a record, and those of the record itself
    /// (declaration number, container), which lead to its parties.
    ///
    /// # Errors
    /// [`ShapeError`] when the dataset's elements cannot be told apart.
    pub fn identifiers(dataset: &Dataset) -> Result<Self, ShapeError> {
        Self::of(dataset, |e| e.identifier.is_some())
    }

    /// Reads the elements for which `which` says so.
    ///
    /// # Errors
    /// [`ShapeError`] when the dataset's elements cannot be told apart.
    pub fn of(dataset: &Dataset, which: impl Fn(&Element) -> bool) -> Result<Self, ShapeError> {
        let elements: Vec<Element> = dataset.elements.iter().filter(|e| which(e)).cloned().collect();
        let place = |path: &ElementPath| elements.iter().position(|e| e.path == *path);
        Ok(Self {
            format: dataset.format,
            shape: Shape::of(elements.iter().map(|element| &element.path))?,
            columns: dataset.elements.iter().map(|element| place(&element.path)).collect(),
            elements,
        })
    }

    /// The values in one record, in its own order; nulls, empty texts and values that are not
    /// declared so are passed over.
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn read(&self, record: &[u8]) -> Result<Vec<Found<'_>>, RecordError> {
        if record.len() > RECORD_BYTES {
            return Err(RecordError::Size);
        }
        let mut reading = Reading { context: self, found: Vec::new() };
        match self.format {
            RecordFormat::Json => walk(&self.shape, record, &mut reading)?,
            RecordFormat::Csv => {
                let found = csv_line::fields(record, |column, field| {
                    if let Some(at) = self.columns.get(column).copied().flatten() {
                        reading.take(at, &Value::Text(field.text));
                    }
                    Ok(())
                })?;
                if found != self.columns.len() {
                    return Err(RecordError::Ragged { found, expected: self.columns.len() });
                }
            }
        }
        Ok(reading.found)
    }
}

struct Reading<'c> {
    context: &'c Context,
    found: Vec<Found<'c>>,
}

impl Reading<'_> {
    fn take(&mut self, at: usize, value: &Value<'_>) {
        if let Some(element) = self.context.elements.get(at)
            && value.looks_like(element.kind)
        {
            let normalised = normalise(element.identifier, value.text());
            if !normalised.is_empty() {
                self.found.push(Found { element, normalised });
            }
        }
    }
}

impl Visit for Reading<'_> {
    fn leaf(&mut self, leaf: usize, raw: &str) -> Result<bool, RecordError> {
        if let Some(value) = Value::of_json(raw) {
            self.take(leaf, &value);
        }
        Ok(false)
    }

    fn not_nested(&mut self, _: &Node) -> Result<(), RecordError> {
        Ok(())
    }
}
