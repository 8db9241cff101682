//! Everything that is wrong with a document, each with its place, all at once.
//!
//! A lawyer who corrects a draft wants the whole list, not the first line of it.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where it is in the document, counted from 1: `clause[2].elements.consignee.name`. Empty for
    /// the document as a whole.
    pub path: String,
    /// Name of the clause, party, dataset or condition that holds it, where it has one that can be read: ``clause `x` ``.
    pub within: Option<String>,
    /// Line of the document, from 1.
    pub line: u32,
    /// What is wrong and what to write instead.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, ", self.line)?;
        if let Some(within) = &self.within {
            write!(f, "{within}, ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

/// All that is wrong with a document, in the order of its lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    /// The one violation of a document that cannot be read at all.
    pub fn one(line: u32, text: impl Into<String>) -> Self {
        Self(vec![Violation { path: String::new(), within: None, line, text: text.into() }])
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
