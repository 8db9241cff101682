//! What each transformation makes of one value.

use agreements::transformation::{DatePart, PseudonymPolicy};
use agreements::{DisclosureId, Element, ElementPath, IdentifierKind, Transformation, ValueKind};

use crate::keys::{DomainKey, KeyError, Mac, Technique};
use crate::normalise::normalise_into;
use crate::pseudonym::Pseudonym;
use crate::value::{Value, date, floor};

/// What stands where a narrative was.
pub(crate) const TEXT_WITHHELD: &str = "[text withheld]";

/// One element of a plan: what it is and what happens to it.
pub(crate) struct Leaf {
    pub(crate) path: ElementPath,
    pub(crate) kind: ValueKind,
    identifier: Option<IdentifierKind>,
    what: Change,
}

/// Why an element cannot be part of a plan.
pub(crate) enum LeafError {
    /// The transformation does not apply to it, and why.
    Unfit(&'static str),
    /// Its key could not be derived.
    Key(KeyError),
}

/// A transformation with the key that it needs, so that none is looked up for a record.
enum Change {
    Keep,
    Mask { first: usize, last: usize },
    Pseudonymise(Mac),
    PseudonymiseInDocument(Mac),
    PseudonymiseFully(Mac),
    Date(DatePart),
    Number { band: i128 },
    Hs { digits: usize },
    WithholdText,
}

/// What a transformation gave.
pub(crate) enum Outcome {
    /// The value as it was written.
    Verbatim,
    /// The text in [`Work::text`].
    Changed,
    /// The same, a pseudonym that is the same throughout its domain; [`Work::normal`] is what it
    /// stands for.
    Pseudonym(Pseudonym),
    /// The value does not look as declared, and is withheld.
    Mismatch,
}

/// Buffers used again for each value.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) text: String,
    pub(crate) normal: String,
}

impl Leaf {
    /// `None` for an element that is withheld.
    pub(crate) fn new(
        element: &Element,
        transformation: Transformation,
        keys: &DomainKey,
    ) -> Result<Option<Self>, LeafError> {
        transformation.fits(element).map_err(LeafError::Unfit)?;
        let key = |technique: Technique| match element.identifier {
            Some(kind) => keys.kind(technique, kind).map_err(LeafError::Key),
            None => Err(LeafError::Unfit("only an element with an `identifier` is pseudonymised")),
        };
        let what = match transformation {
            Transformation::Withhold => return Ok(None),
            Transformation::Keep => Change::Keep,
            Transformation::Mask { keep_first, keep_last } => {
                Change::Mask { first: keep_first.into(), last: keep_last.into() }
            }
            Transformation::Pseudonymise(PseudonymPolicy::Deterministic) => {
                Change::Pseudonymise(key(Technique::Deterministic)?)
            }
            Transformation::Pseudonymise(PseudonymPolicy::DocumentRandomised) => {
                Change::PseudonymiseInDocument(key(Technique::DocumentRandomised)?)
            }
            Transformation::Pseudonymise(PseudonymPolicy::FullyRandomised) => {
                Change::PseudonymiseFully(key(Technique::FullyRandomised)?)
            }
            Transformation::GeneraliseDate(part) => Change::Date(part),
            Transformation::GeneraliseNumber { band } => Change::Number { band: band.into() },
            Transformation::GeneraliseHs { digits } => Change::Hs { digits: digits.into() },
            Transformation::WithholdText => Change::WithholdText,
        };
        Ok(Some(Self { path: element.path.clone(), kind: element.kind, identifier: element.identifier, what }))
    }

    /// Applies the transformation; `next` gives a number that no other value of the disclosure had.
    pub(crate) fn apply(
        &self,
        value: &Value<'_>,
        disclosure: &DisclosureId,
        next: impl FnOnce() -> u64,
        work: &mut Work,
    ) -> Outcome {
        if !value.looks_like(self.kind) {
            return Outcome::Mismatch;
        }
        let text = value.text();
        if text.is_empty() {
            return Outcome::Verbatim;
        }
        work.text.clear();
        let changed = match &self.what {
            Change::Keep => return Outcome::Verbatim,
            Change::Pseudonymise(mac) => {
                let Some(normal) = self.normal(text, &mut work.normal) else { return Outcome::Mismatch };
                let pseudonym = Pseudonym::from_tag(mac.tag(&[normal]));
                pseudonym.write(&mut work.text);
                return Outcome::Pseudonym(pseudonym);
            }
            Change::PseudonymiseInDocument(mac) => self.normal(text, &mut work.normal).map(|normal| {
                Pseudonym::from_tag(mac.tag(&[disclosure.as_bytes(), normal])).write(&mut work.text);
            }),
            Change::PseudonymiseFully(mac) => {
                Pseudonym::from_tag(mac.tag(&[disclosure.as_bytes(), &next().to_be_bytes()]))
                    .write(&mut work.text);
                Some(())
            }
            Change::Mask { first, last } => {
                mask(text, *first, *last, &mut work.text);
                Some(())
            }
            Change::Date(part) => coarse_date(text, *part, &mut work.text),
            Change::Number { band } => number_band(text, *band, &mut work.text),
            Change::Hs { digits } => {
                work.text.extend(text.chars().take(*digits));
                Some(())
            }
            Change::WithholdText => {
                work.text.push_str(TEXT_WITHHELD);
                Some(())
            }
        };
        if changed.is_some() { Outcome::Changed } else { Outcome::Mismatch }
    }

    /// The normal form; a value of nothing but white space has none.
    fn normal<'n>(&self, text: &str, normal: &'n mut String) -> Option<&'n [u8]> {
        normalise_into(self.identifier, text, normal);
        (!normal.is_empty()).then_some(normal.as_bytes())
    }
}

/// A value no longer than what would be kept shows nothing.
fn mask(text: &str, first: usize, last: usize, out: &mut String) {
    let characters = text.chars().count();
    let (first, last) = if characters > first + last { (first, last) } else { (0, 0) };
    for (at, c) in text.chars().enumerate() {
        out.push(if at < first || at >= characters - last { c } else { '*' });
    }
}

fn coarse_date(text: &str, part: DatePart, out: &mut String) -> Option<()> {
    use std::fmt::Write as _;
    let date = date(text)?;
    let (year, month) = (date.year(), date.month());
    match part {
        DatePart::Day => write!(out, "{date}"),
        DatePart::Month => write!(out, "{year:04}-{month:02}"),
        DatePart::Quarter => write!(out, "{year:04}-Q{}", (month + 2) / 3),
        DatePart::Year => write!(out, "{year:04}"),
    }
    .ok()
}

/// `1000-1999` holds every number from 1000 to below 2000; below zero it is `-1000 to -1`.
fn number_band(text: &str, band: i128, out: &mut String) -> Option<()> {
    use std::fmt::Write as _;
    let from = floor(text)?.div_euclid(band).checked_mul(band)?;
    let to = from.checked_add(band - 1)?;
    if from < 0 { write!(out, "{from} to {to}") } else { write!(out, "{from}-{to}") }.ok()
}
