//! One table of the document: each key taken once by its type, everything wrong with it noted with
//! path and line, and at the end the keys that nobody took.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::de::value::{Error as FormError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::violations::{MAX_VIOLATIONS, Violation};

/// Most letters of a text for people.
const MAX_TEXT: usize = 2_000;
/// Most violations that are kept while reading.
const MAX_FOUND: usize = 4 * MAX_VIOLATIONS;
/// Most items of a list.
const MAX_ITEMS: usize = 200;

/// What was found while reading, and where everything is.
pub(super) struct Reader {
    /// Byte at which each line starts.
    starts: Vec<usize>,
    found: RefCell<Vec<Violation>>,
    /// Path of each thing that was read, with its line and place.
    places: RefCell<BTreeMap<String, (u32, String)>>,
}

impl Reader {
    pub(super) fn new(document: &str) -> Self {
        let breaks = document.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(breaks).collect();
        Self { starts, found: RefCell::default(), places: RefCell::default() }
    }

    /// Line that holds the byte, from 1.
    pub(super) fn line(&self, byte: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= byte)).unwrap_or(u32::MAX)
    }

    /// Notes a violation at a path that was read; for one that was not, at the nearest around it.
    pub(super) fn report(&self, path: &str, text: impl Into<String>) {
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

    pub(super) fn note(&self, path: String, place: String, line: u32, text: String) {
        let mut found = self.found.borrow_mut();
        // A document made to be slow to refuse is refused for what was found so far.
        if found.len() < MAX_FOUND {
            found.push(Violation { path, place, line, text });
        }
    }

    /// Whether something was noted at exactly this path.
    pub(super) fn is_wrong(&self, path: &str) -> bool {
        self.found.borrow().iter().any(|violation| violation.path == path)
    }

    pub(super) fn into_found(self) -> Vec<Violation> {
        self.found.into_inner()
    }

    fn remember(&self, path: &str, place: &str, line: u32) {
        self.places.borrow_mut().insert(path.to_owned(), (line, place.to_owned()));
    }
}

/// A table that is being read.
pub(super) struct Section<'r> {
    reader: &'r Reader,
    table: &'r DeTable<'r>,
    /// `clause[2]`, empty for the document.
    pub(super) path: String,
    /// ``clause `risk-analysis` ``, empty for the document.
    place: String,
    /// The key below [`Self::place`], for a table that has no name of its own: `ceiling`.
    below: String,
    line: u32,
    taken: RefCell<BTreeSet<&'static str>>,
}

impl<'r> Section<'r> {
    pub(super) fn document(reader: &'r Reader, table: &'r DeTable<'r>) -> Self {
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
    pub(super) fn word<T: DeserializeOwned>(&self, key: &'static str) -> Option<T> {
        self.read(key, self.need(key)?, as_word)
    }

    /// Such a value, or a default when it is absent. Outer `None`: it is there and wrong.
    pub(super) fn maybe_word<T: DeserializeOwned>(&self, key: &'static str) -> Option<Option<T>> {
        self.maybe(key, as_word)
    }

    /// A text for people.
    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.read(key, self.need(key)?, as_text)
    }

    /// A text for people that may be absent.
    pub(super) fn maybe_text(&self, key: &'static str) -> Option<Option<String>> {
        self.maybe(key, as_text)
    }

    /// A calendar date.
    pub(super) fn date(&self, key: &'static str) -> Option<Date> {
        self.read(key, self.need(key)?, as_date)
    }

    /// A whole number.
    pub(super) fn number<T: TryFrom<u64>>(&self, key: &'static str) -> Option<T> {
        self.read(key, self.need(key)?, as_number)
    }

    /// A yes or no, no when it is absent.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
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
    pub(super) fn words<T: DeserializeOwned + Ord + Clone>(&self, key: &'static str) -> Option<Vec<T>> {
        let taken = self.need(key)?;
        let words = self.list(key, taken)?;
        if words.is_empty() && taken.0.as_array().is_some_and(|items| items.is_empty()) {
            self.wrong(key, taken.1, "the list is empty");
        }
        Some(words)
    }

    /// A list of words that may be absent.
    pub(super) fn maybe_words<T: DeserializeOwned + Ord + Clone>(&self, key: &'static str) -> Option<Vec<T>> {
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
    pub(super) fn table(&self, key: &'static str) -> Option<Section<'r>> {
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
    pub(super) fn tables(
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
    pub(super) fn raw(&self, key: &str) -> Option<String> {
        self.table.get(key)?.get_ref().as_str().map(str::to_owned)
    }

    /// Every key of a table whose keys are names themselves, with what is written behind it. Wrong
    /// ones are noted and left out; keys stand in quotes, since they have dots.
    pub(super) fn entries<K: DeserializeOwned + Ord, V: DeserializeOwned>(&self, max: usize) -> BTreeMap<K, V> {
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
    pub(super) fn finish(self) {
        let taken = self.taken.borrow();
        for key in self.table.keys().filter(|key| !taken.contains(key.get_ref().as_ref())) {
            let shown = shown(key.get_ref());
            self.wrong(&shown, self.reader.line(key.span().start), format!("`{shown}` is not a key here"));
        }
    }
}

fn join(left: &str, between: &str, right: &str) -> String {
    if left.is_empty() { right.to_owned() } else { format!("{left}{between}{right}") }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

fn shown(text: &str) -> String {
    cut(text, 200)
}

fn shape(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text in quotes",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a yes or no",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn parse_word<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    let read: StrDeserializer<'_, FormError> = word.into_deserializer();
    T::deserialize(read)
        .map_err(|error| cut(&error.to_string().replacen("unknown variant", "unknown word", 1), 500))
}

fn as_word<T: DeserializeOwned>(value: &DeValue<'_>) -> Result<T, String> {
    let word = value.as_str().ok_or_else(|| format!("write a text in quotes, not {}", shape(value)))?;
    parse_word(word)
}

/// Text that its readers sign must show what it says: no controls, nothing that turns its direction.
fn as_text(value: &DeValue<'_>) -> Result<String, String> {
    let text = value.as_str().ok_or_else(|| format!("write a text in quotes, not {}", shape(value)))?;
    let turns = |c: char| matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    if text.trim().is_empty() {
        return Err("the text is empty".to_owned());
    }
    if text.chars().count() > MAX_TEXT {
        return Err(format!("the text is longer than {MAX_TEXT} letters"));
    }
    if text.chars().any(|c| c.is_control() || turns(c)) {
        return Err("the text has a line break, a control character or one that is not seen".to_owned());
    }
    Ok(text.to_owned())
}

fn as_date(value: &DeValue<'_>) -> Result<Date, String> {
    let date = value.as_datetime().filter(|written| written.time.is_none() && written.offset.is_none());
    let date = date.and_then(|written| written.date.as_ref()).and_then(|written| {
        Date::new(
            i16::try_from(written.year).ok()?,
            i8::try_from(written.month).ok()?,
            i8::try_from(written.day).ok()?,
        )
        .ok()
    });
    date.ok_or_else(|| "write a date without quotes, as 2026-04-01".to_owned())
}

fn as_number<T: TryFrom<u64>>(value: &DeValue<'_>) -> Result<T, String> {
    let number = value.as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| match value {
        DeValue::Integer(_) => "this number is negative or too large".to_owned(),
        other => format!("write a whole number, not {}", shape(other)),
    })
}
