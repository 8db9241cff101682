//! Datasets: every element can be found in a record, and is in law what its kind says.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::{DatasetParts, Row};
use super::super::reader::Reader;
use crate::element::{Category, Dataset, Element, IdentifierKind, RecordFormat, ValueKind};

pub(super) fn check(reader: &Reader, row: &Row<Dataset, DatasetParts>) {
    let dataset = &row.parts;
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    let mut columns: BTreeMap<&str, &Element> = BTreeMap::new();
    for (here, element) in &dataset.elements {
        let path = element.path.as_str();
        if path.split('.').any(str::is_empty) {
            reader.report(&format!("{here}.path"), format!("`{path}` has an empty part between its dots"));
        }
        if !paths.insert(path) {
            reader.report(&format!("{here}.path"), format!("the dataset has an element `{path}` already"));
        }
        match (dataset.format, &element.column) {
            (Some(RecordFormat::Csv), None) => {
                reader.report(here, "a CSV dataset has a `column` for each element, and this one has none");
            }
            (Some(RecordFormat::Csv), Some(column)) => {
                if let Some(other) = columns.insert(column, element) {
                    let text = format!("column `{column}` is that of element `{}` already", other.path);
                    reader.report(&format!("{here}.column"), text);
                }
            }
            (Some(RecordFormat::Json), Some(_)) => {
                reader.report(&format!("{here}.column"), "a JSON dataset has no columns; its path says where");
            }
            (Some(RecordFormat::Json), None) | (None, _) => {}
        }
        if let Some((key, text)) = contradiction(element) {
            reader.report(&format!("{here}.{key}"), text);
        }
    }
    if dataset.format == Some(RecordFormat::Json) {
        check_nesting(reader, dataset);
    }
    let mut elements = dataset.elements.iter().map(|(_, element)| element);
    if dataset.whole && elements.all(|element| element.identifier.is_none()) {
        let narrative = |(_, element): &&(String, Element)| element.kind == ValueKind::Narrative;
        for (here, _) in dataset.elements.iter().filter(narrative) {
            let text = "a narrative may name anybody, and no element of the dataset has an `identifier` by which \
                        that could be found";
            reader.report(here, text);
        }
    }
}

/// In a JSON record a value is a value or holds others, never both.
fn check_nesting(reader: &Reader, dataset: &DatasetParts) {
    for (here, element) in &dataset.elements {
        let path = element.path.as_str();
        let outer = path.char_indices().filter(|(_, c)| *c == '.').filter_map(|(dot, _)| path.get(..dot));
        for outer in outer.filter(|outer| dataset.names.contains(*outer)) {
            let text = format!("`{path}` lies inside `{outer}`, which is an element itself");
            reader.report(&format!("{here}.path"), text);
        }
    }
}

/// What an element says of itself that cannot be true, with the key that says it.
fn contradiction(element: &Element) -> Option<(&'static str, &'static str)> {
    use IdentifierKind::{
        Address, BirthDate, Container, DeclarationNumber, Email, Eori, Iban, Name, Passport, Phone, Plate,
        Seal, TraderNumber, Vat,
    };
    let identifier = element.identifier?;
    let personal = match identifier {
        Name | Address | BirthDate | Passport | Iban | Phone | Email => true,
        Eori | Vat | TraderNumber | DeclarationNumber | Container | Plate | Seal => false,
    };
    match (identifier == BirthDate, element.kind) {
        (true, ValueKind::Date) | (false, ValueKind::Text) => {}
        (true, _) => return Some(("kind", "a date of birth is of kind `date`")),
        (false, _) => return Some(("kind", "an element with this `identifier` is of kind `text`")),
    }
    if personal && !element.category.is_personal() {
        let text = "this element identifies a person: write a term of personal data, as `pd:Name`";
        return Some(("category", text));
    }
    (element.category == Category::None).then_some(("category", "what identifies is not `none`"))
}
