//! Everything that is wrong with a document, each with its place, all at once.
//!
//! A lawyer who corrects a draft wants the whole list, not the first line of it.

use std::fmt;

/// Most violations that are reported of one document.
pub const MAX_VIOLATIONS: usize = 500;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where it is in the document, tables and items counted from 1:
    /// `clause[2].elements.consignee.name`. Empty for the document as a whole.
    pub path: String,
    /// The same place by the names that people gave: ``clause `risk-analysis`, elements.consignee.name``.
    pub place: String,
    /// Line of the document, from 1.
    pub line: u32,
    /// What is wrong and what to write instead.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.place.is_empty() {
            write!(f, ", {}", self.place)?;
        }
        write!(f, ": {}", self.text)
    }
}

/// All that is wrong with a document, in the order of its lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// The one violation of a document that cannot be read at all.
    pub fn one(line: u32, text: impl Into<String>) -> Self {
        Self(vec![Violation { path: String::new(), place: String::new(), line, text: text.into() }])
    }

    /// The violations found, or nothing when there are none. Beyond [`MAX_VIOLATIONS`] the rest is
    /// only counted.
    pub(crate) fn of(mut found: Vec<Violation>) -> Result<(), Self> {
        found.sort_by(|a, b| (a.line, &a.path, &a.text).cmp(&(b.line, &b.path, &b.text)));
        found.dedup();
        let Some(last) = found.last() else { return Ok(()) };
        if found.len() > MAX_VIOLATIONS {
            let (line, more) = (last.line, found.len() - MAX_VIOLATIONS);
            found.truncate(MAX_VIOLATIONS);
            found.extend(Self::one(line, format!("and {more} more")).0);
        }
        Err(Self(found))
    }

    /// In the order of the document.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, violation) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(violation, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

impl<'v> IntoIterator for &'v Violations {
    type Item = &'v Violation;
    type IntoIter = std::slice::Iter<'v, Violation>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
