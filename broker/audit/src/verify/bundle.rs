//! 256 entries of a log folder, each checked by itself: bytes, hash, leaf and openings.

use std::fs;
use std::path::Path;

use agreements::digest::canonical;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::commitment::{Committed, Salt, commit};
use crate::event::{Event, Personal};
use crate::layout::{PARTICULARS, PERSONAL, line, openings};
use crate::leaf::{Leaf, kind};
use crate::tile::{Bundle, FULL, TilePath};
use crate::tree::{Hash, hashes, leaf_hash};
use crate::verify::Fault;

/// An entry that is good by itself.
pub(super) struct Checked {
    pub(super) hash: Hash,
    pub(super) leaf: Leaf,
    pub(super) event: Event,
    pub(super) personal: bool,
}

/// The good entries of a bundle up to its first bad one, and what is wrong with that.
pub(super) struct CheckedBundle {
    pub(super) entries: Vec<Checked>,
    pub(super) fault: Option<Fault>,
}

/// Checks bundle `index` of a log of `size` entries.
pub(super) fn check(dir: &Path, index: u64, size: u64) -> CheckedBundle {
    let first = index * FULL;
    let width = (size - first).min(FULL);
    let mut entries = Vec::new();
    let fault = match Files::read(dir, index, u16::try_from(width).unwrap_or(256)) {
        Ok(files) => fill(&mut entries, &files, first, width).err(),
        Err(what) => Some(Fault::entry(first, what)),
    };
    CheckedBundle { entries, fault }
}

fn fill(entries: &mut Vec<Checked>, files: &Files, first: u64, width: u64) -> Result<(), Fault> {
    let mut bundle = Bundle::new(&files.entries);
    let mut particulars = Lines::new(&files.particulars);
    let mut personal = Lines::new(&files.personal);
    for (index, expected) in (first..first + width).zip(&files.tile) {
        let bad = |what: String| Fault::entry(index, what);
        let bytes = bundle
            .next()
            .ok_or_else(|| bad("it is missing from its bundle".into()))?
            .map_err(|error| bad(error.to_string()))?;
        let hash = leaf_hash(bytes);
        if hash != *expected {
            return Err(bad("its bytes do not have the hash that its tile holds".into()));
        }
        let leaf = Leaf::parse(bytes).map_err(|error| bad(error.to_string()))?;
        let event: Event = particulars
            .next(index)
            .and_then(|found| found.ok_or_else(|| "no deletion is on record".to_owned()))
            .and_then(|opening| opening.open(&leaf.particulars))
            .map_err(|what| bad(format!("its particulars: {what}")))?;
        let opened = personal.next(index).and_then(|found| match (found, &leaf.personal) {
            (None, Some(_)) if files.with_personal => {
                Err("it is missing, though the folder holds personal parts".to_owned())
            }
            (None, _) => Ok(false),
            (Some(_), None) => Err("the leaf does not commit to one".to_owned()),
            (Some(opening), Some(commitment)) => opening.open::<Personal>(commitment).map(|_| true),
        });
        let personal = opened.map_err(|what| bad(format!("its personal part: {what}")))?;
        entries.push(Checked { hash, leaf, event, personal });
    }
    let last = first + width - 1;
    if bundle.next().is_some() {
        return Err(Fault::entry(last, "its bundle goes on after it"));
    }
    for (folder, mut lines) in [(PARTICULARS, particulars), (PERSONAL, personal)] {
        if lines.0.next().is_some() {
            return Err(Fault::entry(last, format!("`{}` goes on after it", openings(folder, first / FULL))));
        }
    }
    Ok(())
}

struct Files {
    entries: Vec<u8>,
    tile: Vec<Hash>,
    particulars: String,
    personal: String,
    /// Whether the folder was exported with personal parts.
    with_personal: bool,
}

impl Files {
    fn read(dir: &Path, index: u64, width: u16) -> Result<Self, String> {
        let tile = TilePath::Hashes { level: 0, index, width }.to_string();
        Ok(Self {
            entries: read(dir, &TilePath::Entries { index, width }.to_string())?,
            tile: hashes(&read(dir, &tile)?)
                .filter(|hashes| hashes.len() == usize::from(width))
                .ok_or_else(|| format!("`{tile}` does not hold {width} hashes"))?,
            particulars: text(dir, &openings(PARTICULARS, index))?,
            personal: text(dir, &openings(PERSONAL, index))?,
            with_personal: dir.join(PERSONAL).is_dir(),
        })
    }
}

/// Reads a file of the log; that it is absent is a fault of the log.
pub(super) fn read(dir: &Path, name: &str) -> Result<Vec<u8>, String> {
    fs::read(dir.join(name)).map_err(|error| format!("`{name}` cannot be read: {error}"))
}

/// Reads a file of openings; an absent one holds none.
fn text(dir: &Path, name: &str) -> Result<String, String> {
    if !dir.join(name).exists() {
        return Ok(String::new());
    }
    String::from_utf8(read(dir, name)?).map_err(|_| format!("`{name}` is not UTF-8"))
}

/// The lines of a file of openings, in the order of their entries.
struct Lines<'a>(std::iter::Peekable<std::str::SplitInclusive<'a, char>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    index: u64,
    #[serde(borrow)]
    opening: RawOpening<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOpening<'a> {
    salt: Salt,
    #[serde(borrow)]
    values: &'a RawValue,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self(text.split_inclusive('\n').peekable())
    }

    /// The opening of entry `index`, when that is what comes next.
    fn next(&mut self, index: u64) -> Result<Option<RawOpening<'a>>, String> {
        let Some(text) = self.0.peek() else { return Ok(None) };
        let read: Line<'a> =
            serde_json::from_str(text).map_err(|e| format!("{} error at column {}", kind(&e), e.column()))?;
        let Line { index: found, opening } = read;
        if found < index {
            return Err(format!("the line of entry {found} stands in its place"));
        }
        if found > index {
            return Ok(None);
        }
        let salt = hex::encode(opening.salt.as_bytes());
        let again = line(index, &format!("{{\"salt\":\"{salt}\",\"values\":{}}}", opening.values.get()));
        if again != **text {
            return Err("the line is not in canonical form".to_owned());
        }
        self.0.next();
        Ok(Some(opening))
    }
}

impl RawOpening<'_> {
    fn open<T: Committed>(&self, commitment: &agreements::Digest) -> Result<T, String> {
        if commit(T::LABEL, &self.salt, self.values.get()) != *commitment {
            return Err("they are not what the leaf commits to".to_owned());
        }
        let values: T = serde_json::from_str(self.values.get())
            .map_err(|e| format!("{} error at column {}", kind(&e), e.column()))?;
        match canonical(&values) {
            Ok(again) if again == self.values.get() => Ok(values),
            _ => Err("not in canonical form".to_owned()),
        }
    }
}
