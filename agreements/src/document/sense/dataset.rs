//! Datasets: every element can be found in a record, and is in law what its kind says.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::Row;
use super::super::section::Reader;
use crate::element::{Category, Dataset, Element, IdentifierKind, RecordFormat, ValueKind};

pub(super) fn check(reader: &Reader, row: &Row<Dataset>) {
    let Some(dataset) = &row.value else { return };
    let top = if row.path.is_empty() { String::new() } else { format!("{}.", row.path) };
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    let mut columns: BTreeMap<&str, &Element> = BTreeMap::new();
    // Elements that could not be read are left out, so the number of a table is not known here:
    // its path is, once all of them were read.
    for (at, element) in dataset.elements.iter().enumerate() {
        let here = if row.whole { format!("{top}element[{}]", at + 1) } else { format!("{top}element") };
        let path = element.path.as_str();
        if path.split('.').any(str::is_empty) {
            reader.report(&format!("{here}.path"), format!("`{path}` has an empty part between its dots"));
        }
        if !paths.insert(path) {
            reader.report(&format!("{here}.path"), format!("the dataset has an element `{path}` already"));
        }
        match (dataset.format, &element.column) {
            (RecordFormat::Csv, None) => reader.report(&here, format!("element `{path}` has no `column`")),
            (RecordFormat::Csv, Some(column)) => {
                if let Some(other) = columns.insert(column, element) {
                    let text = format!("column `{column}` is that of element `{}` already", other.path);
                    reader.report(&format!("{here}.column"), text);
                }
            }
            (RecordFormat::Json, Some(_)) => {
                reader.report(&format!("{here}.column"), "a JSON dataset has no columns; its path says where");
            }
            (RecordFormat::Json, None) => {}
        }
        if let Some(text) = contradiction(element) {
            reader.report(&here, format!("element `{path}` {text}"));
        }
    }
    if dataset.format == RecordFormat::Json {
        check_nesting(reader, dataset, &top, row.whole);
    }
    let narrative = dataset.elements.iter().find(|element| element.kind == ValueKind::Narrative);
    let identifies = dataset.elements.iter().any(|element| element.identifier.is_some());
    if let Some(narrative) = narrative.filter(|_| row.whole && !identifies) {
        let text = format!(
            "`{}` is a narrative, which may name anybody, and no element has an `identifier` by which that \
             could be found",
            narrative.path
        );
        reader.report(&format!("{top}element"), text);
    }
}

/// In a JSON record a value is a value or holds others, never both.
fn check_nesting(reader: &Reader, dataset: &Dataset, top: &str, whole: bool) {
    let paths: BTreeSet<&str> = dataset.elements.iter().map(|element| element.path.as_str()).collect();
    for (at, element) in dataset.elements.iter().enumerate() {
        let path = element.path.as_str();
        let outer = path.char_indices().filter(|(_, c)| *c == '.').filter_map(|(dot, _)| path.get(..dot));
        for outer in outer.filter(|outer| paths.contains(outer)) {
            let here = if whole { format!("{top}element[{}].path", at + 1) } else { format!("{top}element") };
            reader.report(&here, format!("`{path}` lies inside `{outer}`, which is an element itself"));
        }
    }
}

/// What an element says of itself that cannot be true.
fn contradiction(element: &Element) -> Option<String> {
    use IdentifierKind::{
        Address, BirthDate, Container, DeclarationNumber, Email, Eori, Iban, Name, Passport, Phone, Plate,
        Seal, TraderNumber, Vat,
    };
    let identifier = element.identifier?;
    let kind = match identifier {
        BirthDate => ValueKind::Date,
        Name | Address | Eori | Vat | Passport | Iban | Phone | Email | TraderNumber | DeclarationNumber
        | Container | Plate | Seal => ValueKind::Text,
    };
    if element.kind != kind {
        return Some(format!(
            "is an identifier, and must be of kind `{}`",
            if kind == ValueKind::Date { "date" } else { "text" }
        ));
    }
    let personal = match identifier {
        Name | Address | BirthDate | Passport | Iban | Phone | Email => true,
        Eori | Vat | TraderNumber | DeclarationNumber | Container | Plate | Seal => false,
    };
    if personal && !element.category.is_personal() {
        return Some(
            "identifies a person, and its category must be a term of personal data, as `pd:Name`".into(),
        );
    }
    (element.category == Category::None).then(|| "identifies, and its category cannot be `none`".into())
}
