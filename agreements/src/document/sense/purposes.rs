//! Purposes: well-formed codes in a hierarchy that ends.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::{Draft, is_named};
use super::super::reader::Reader;
use super::unique;

pub(super) fn check(reader: &Reader, draft: &Draft) {
    unique(reader, &draft.purposes, "purpose", "id");
    let mut broader: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &draft.purposes {
        let Some(code) = row.name.as_deref() else { continue };
        let parts: Vec<&str> = code.split(':').collect();
        let path = format!("{}.id", row.path);
        if !reader.is_wrong(&path) && (parts.len() != 2 || parts.iter().any(|part| part.is_empty())) {
            reader.report(&path, format!("write `vocabulary:Term`, not `{code}`"));
        }
        for (at, wider) in row.parts.iter().enumerate() {
            if !is_named(&draft.purposes, wider.as_str()) {
                let path = format!("{}.broader[{}]", row.path, at + 1);
                reader.report(&path, format!("`{wider}` is not a purpose of this agreement"));
            }
        }
        broader.entry(code).or_default().extend(row.parts.iter().map(|wider| wider.as_str()));
    }
    for row in &draft.purposes {
        let Some(code) = row.name.as_deref() else { continue };
        if !row.parts.is_empty() && contains_itself(code, &broader) {
            let path = format!("{}.broader", row.path);
            reader.report(&path, format!("`{code}` is broader than itself, directly or through others"));
        }
    }
}

fn contains_itself(code: &str, broader: &BTreeMap<&str, Vec<&str>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<&str> = broader.get(code).cloned().unwrap_or_default();
    while let Some(next) = waiting.pop() {
        if next == code {
            return true;
        }
        if seen.insert(next) {
            waiting.extend(broader.get(next).into_iter().flatten());
        }
    }
    false
}
