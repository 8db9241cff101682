//! What was found while a document is read, and where everything in it is.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::violations::{MAX_VIOLATIONS, Violation};

/// Most violations that are kept while reading.
const MAX_FOUND: usize = 4 * MAX_VIOLATIONS;

/// What was found while reading, and where everything is.
pub(crate) struct Reader {
    /// Byte at which each line starts.
    starts: Vec<usize>,
    found: RefCell<Vec<Violation>>,
    /// Path of each thing that was read, with its line and place.
    places: RefCell<BTreeMap<String, (u32, String)>>,
}

impl Reader {
    pub(crate) fn new(document: &str) -> Self {
        let breaks = document.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(breaks).collect();
        Self { starts, found: RefCell::default(), places: RefCell::default() }
    }

    /// Line that holds the byte, from 1.
    pub(crate) fn line(&self, byte: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= byte)).unwrap_or(u32::MAX)
    }

    /// Notes a violation at a path that was read; for one that was not, at the nearest around it.
    pub(crate) fn report(&self, path: &str, text: impl Into<String>) {
        let places = self.places.borrow();
        let mut nearest = path;
        let (line, place) = loop {
            if let Some((line, place)) = places.get(nearest) {
                break (*line, place.clone());
            }
            match nearest.rfind(['.', '[']) {
                Some(end) => nearest = nearest.get(..end).unwrap_or_default(),
                None => break (1, String::new()),
            }
        };
        self.note(path.to_owned(), place, line, text.into());
    }

    pub(crate) fn note(&self, path: String, place: String, line: u32, text: String) {
        let mut found = self.found.borrow_mut();
        // A document made to be slow to refuse is refused for what was found so far.
        if found.len() < MAX_FOUND {
            found.push(Violation { path, place, line, text });
        }
    }

    /// Whether something was noted at exactly this path.
    pub(crate) fn is_wrong(&self, path: &str) -> bool {
        self.found.borrow().iter().any(|violation| violation.path == path)
    }

    /// Whether something was noted at this path or below it.
    pub(crate) fn is_wrong_below(&self, path: &str) -> bool {
        self.found.borrow().iter().any(|violation| violation.path.starts_with(path))
    }

    pub(crate) fn into_found(self) -> Vec<Violation> {
        self.found.into_inner()
    }

    /// Keeps the place of something that was read.
    pub(crate) fn remember(&self, path: &str, place: &str, line: u32) {
        self.places.borrow_mut().insert(path.to_owned(), (line, place.to_owned()));
    }
}
