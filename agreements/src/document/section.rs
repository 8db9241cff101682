//! One table of the document: each key taken once by its type, everything wrong with it noted with
//! path and line, and at the end the keys that nobody took.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::form::{as_date, as_number, as_text, as_word, join, parse_word, shape, shown};
use super::reader::Reader;

/// Most items of a list.
const MAX_ITEMS: usize = 200;

/// A table that is being read.
pub(crate) struct Section<'r> {
    reader: &'r Reader,
    table: &'r DeTable<'r>,
    /// `clause[2]`, empty for the document.
    pub(crate) path: String,
    /// ``clause `risk-analysis` ``, empty for the document.
    place: String,
    /// The key below [`Self::place`], for a table that has no name of its own: `ceiling`.
    below: String,
    line: u32,
    taken: RefCell<BTreeSet<&'static str>>,
}

impl<'r> Section<'r> {
    pub(crate) fn document(reader: &'r Reader, table: &'r DeTable<'r>) -> Self {
        let empty = String::new;
        Self {
            reader,
            table,
            path: empty(),
            place: empty(),
            below: empty(),
            line: 1,
            taken: RefCell::default(),
        }
    }

    fn path_of(&self, key: &str) -> String {
        join(&self.path, ".", key)
    }

    fn place_of(&self, key: &str) -> String {
        join(&self.place, ", ", &join(&self.below, ".", key))
    }

    fn wrong(&self, key: &str, line: u32, text: impl Into<String>) {
        self.reader.note(self.path_of(key), self.place_of(key), line, text.into());
    }

    /// The value of a key that may be absent, with its line.
    fn take(&self, key: &'static str) -> Option<(&'r DeValue<'r>, u32)> {
        self.taken.borrow_mut().insert(key);
        let value = self.table.get(key)?;
        let line = self.reader.line(value.span().start);
        self.reader.remember(&self.path_of(key), &self.place_of(key), line);
        Some((value.get_ref(), line))
    }

    /// The value of a key that must be there.
    fn need(&self, key: &'static str) -> Option<(&'r DeValue<'r>, u32)> {
        let taken = self.take(key);
        if taken.is_none() {
            self.wrong(key, self.line, format!("`{key}` is missing"));
        }
        taken
    }

    fn read<T>(
        &self,
        key: &'static str,
        (value, line): (&'r DeValue<'r>, u32),
        form: fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        form(value).map_err(|text| self.wrong(key, line, text)).ok()
    }

    /// A value that is written as one word: a name, a key, a digest, one of a few words.
    pub(crate) fn word<T: DeserializeOwned>(&self, key: &'static str) -> Option<T> {
        self.read(key, self.need(key)?, as_word)
    }

    /// Such a value, or a default when it is absent. Outer `None`: it is there and wrong.
    pub(crate) fn maybe_word<T: DeserializeOwned>(&self, key: &'static str) -> Option<Option<T>> {
        self.maybe(key, as_word)
    }

    /// A text for people.
    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        self.read(key, self.need(key)?, as_text)
    }

    /// A text for people that may be absent.
    pub(crate) fn maybe_text(&self, key: &'static str) -> Option<Option<String>> {
        self.maybe(key, as_text)
    }

    /// A calendar date.
    pub(crate) fn date(&self, key: &'static str) -> Option<Date> {
        self.read(key, self.need(key)?, as_date)
    }

    /// A whole number.
    pub(crate) fn number<T: TryFrom<u64>>(&self, key: &'static str) -> Option<T> {
        self.read(key, self.need(key)?, as_number)
    }

    /// A whole number that may be absent.
    pub(crate) fn maybe_number<T: TryFrom<u64>>(&self, key: &'static str) -> Option<Option<T>> {
        self.maybe(key, as_number)
    }

    /// A yes or no, no when it is absent.
    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let read: Option<Option<bool>> = self.maybe(key, |value| {
            value.as_bool().ok_or_else(|| format!("write `true` or `false`, not {}", shape(value)))
        });
        read.map(Option::unwrap_or_default)
    }

    fn maybe<T>(&self, key: &'static str, form: fn(&DeValue<'_>) -> Result<T, String>) -> Option<Option<T>> {
        match self.take(key) {
            None => Some(None),
            Some(taken) => self.read(key, taken, form).map(Some),
        }
    }

    /// A list of words, with at least one; wrong or repeated ones are noted and left out.
    pub(crate) fn words<T: DeserializeOwned + Ord + Clone>(&self, key: &'static str) -> Option<Vec<T>> {
        let taken = self.need(key)?;
        let words = self.list(key, taken)?;
        if words.is_empty() && taken.0.as_array().is_some_and(|items| items.is_empty()) {
            self.wrong(key, taken.1, "the list is empty");
        }
        Some(words)
    }

    /// A list of words that may be absent.
    pub(crate) fn maybe_words<T: DeserializeOwned + Ord + Clone>(&self, key: &'static str) -> Option<Vec<T>> {
        match self.take(key) {
            None => Some(Vec::new()),
            Some(taken) => self.list(key, taken),
        }
    }

    fn list<T: DeserializeOwned + Ord + Clone>(
        &self,
        key: &'static str,
        (value, line): (&'r DeValue<'r>, u32),
    ) -> Option<Vec<T>> {
        let Some(items) = value.as_array() else {
            self.wrong(key, line, format!("write a list, not {}", shape(value)));
            return None;
        };
        if items.len() > MAX_ITEMS {
            self.wrong(key, line, format!("the list has {} items, and at most {MAX_ITEMS}", items.len()));
            return None;
        }
        let mut seen = BTreeSet::new();
        let mut words = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let name = format!("{key}[{}]", at + 1);
            let line = self.reader.line(item.span().start);
            self.reader.remember(&self.path_of(&name), &self.place_of(&name), line);
            match as_word::<T>(item.get_ref()) {
                Ok(word) if seen.insert(word.clone()) => words.push(word),
                Ok(_) => self.wrong(&name, line, "this stands in the list already"),
                Err(text) => self.wrong(&name, line, text),
            }
        }
        Some(words)
    }

    /// A table of its own.
    pub(crate) fn table(&self, key: &'static str) -> Option<Section<'r>> {
        let (value, line) = self.need(key)?;
        let Some(table) = value.as_table() else {
            self.wrong(key, line, format!("write a table, not {}", shape(value)));
            return None;
        };
        Some(Section {
            reader: self.reader,
            table,
            path: self.path_of(key),
            place: self.place.clone(),
            below: join(&self.below, ".", key),
            line,
            taken: RefCell::default(),
        })
    }

    /// The tables `[[key]]`, each with the name that its key `named` gives it. Absent ones are
    /// noted only where `needed`.
    pub(crate) fn tables(
        &self,
        key: &'static str,
        named: &'static str,
        needed: bool,
        max: usize,
    ) -> Vec<Section<'r>> {
        let Some((value, line)) = (if needed { self.need(key) } else { self.take(key) }) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.wrong(key, line, format!("write it as tables `[[{key}]]`, not as {}", shape(value)));
            return Vec::new();
        };
        if items.len() > max {
            self.wrong(key, line, format!("there are {} of these, and at most {max}", items.len()));
            return Vec::new();
        }
        items.iter().enumerate().filter_map(|(at, item)| self.item(key, named, at + 1, item)).collect()
    }

    fn item(
        &self,
        key: &'static str,
        named: &'static str,
        at: usize,
        item: &'r Spanned<DeValue<'r>>,
    ) -> Option<Section<'r>> {
        let line = self.reader.line(item.span().start);
        let path = self.path_of(&format!("{key}[{at}]"));
        let Some(table) = item.get_ref().as_table() else {
            let text = format!("write it as a table `[[{key}]]`, not as {}", shape(item.get_ref()));
            self.wrong(&format!("{key}[{at}]"), line, text);
            return None;
        };
        let name = table.get(named).and_then(|name| name.get_ref().as_str());
        let called = name.map_or_else(|| at.to_string(), |name| format!("`{}`", shown(name)));
        let place = join(&self.place, ", ", &format!("{key} {called}"));
        self.reader.remember(&path, &place, line);
        let (reader, below, taken) = (self.reader, String::new(), RefCell::default());
        Some(Section { reader, table, path, place, below, line, taken })
    }

    /// The text of a key before any check, to know what others may refer to.
    pub(crate) fn raw(&self, key: &str) -> Option<String> {
        self.table.get(key)?.get_ref().as_str().map(str::to_owned)
    }

    /// Every key of a table whose keys are names themselves, with what is written behind it. Wrong
    /// ones are noted and left out; keys stand in quotes, since they have dots.
    pub(crate) fn entries<K: DeserializeOwned + Ord, V: DeserializeOwned>(&self, max: usize) -> BTreeMap<K, V> {
        if self.table.len() > max {
            let text = format!("there are {} entries, and at most {max}", self.table.len());
            self.reader.report(&self.path, text);
            return BTreeMap::new();
        }
        if self.table.is_empty() {
            self.reader.report(&self.path, "nothing is named here");
        }
        let mut entries = BTreeMap::new();
        for (key, value) in self.table {
            let (name, line) = (key.get_ref().as_ref(), self.reader.line(key.span().start));
            let shown = shown(name);
            if value.get_ref().is_table() {
                self.wrong(&shown, line, format!("put the whole path in quotes, as `\"{shown}.name\"`"));
                continue;
            }
            match (parse_word::<K>(name), as_word::<V>(value.get_ref())) {
                (Ok(key), Ok(value)) => {
                    self.reader.remember(&self.path_of(&shown), &self.place_of(&shown), line);
                    entries.insert(key, value);
                }
                (key, value) => {
                    for text in key.err().into_iter().chain(value.err()) {
                        self.wrong(&shown, line, text);
                    }
                }
            }
        }
        entries
    }

    /// Notes every key that nobody took.
    pub(crate) fn finish(self) {
        let taken = self.taken.borrow();
        for key in self.table.keys().filter(|key| !taken.contains(key.get_ref().as_ref())) {
            let shown = shown(key.get_ref());
            self.wrong(&shown, self.reader.line(key.span().start), format!("`{shown}` is not a key here"));
        }
    }
}
