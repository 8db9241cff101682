//! What is done to an element before it is disclosed, with its one text form.
//!
//! The text form is the same in the agreement document, in a policy row, in a cover sheet and in
//! the log: `keep`, `mask:0,4`, `generalise-date:month`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::element::{Element, ValueKind};

/// ENISA's three policies of pseudonymisation (Pseudonymisation techniques, 2019).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PseudonymPolicy {
    /// The same identifier has the same pseudonym throughout its domain.
    Deterministic,
    /// The same within one disclosure, another in the next.
    DocumentRandomised,
    /// Another at every occurrence.
    FullyRandomised,
}

/// How coarse a date becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatePart {
    /// `2026-05-17`
    Day,
    /// `2026-05`
    Month,
    /// `2026-Q2`
    Quarter,
    /// `2026`
    Year,
}

/// A transformation with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Transformation {
    /// Given as it is held.
    Keep,
    /// Not given at all.
    Withhold,
    /// All but the first and last characters replaced by `*`.
    Mask {
        /// Characters kept at the start.
        keep_first: u8,
        /// Characters kept at the end.
        keep_last: u8,
    },
    /// Replaced by a keyed pseudonym of the recipient's domain.
    Pseudonymise(PseudonymPolicy),
    /// A date made coarser.
    GeneraliseDate(DatePart),
    /// A number replaced by the band of this width that holds it: `1000-1999`.
    GeneraliseNumber {
        /// Width of a band, at least 2, in the element's own unit.
        band: u64,
    },
    /// A Harmonised System code cut to 6, 4 or 2 digits.
    GeneraliseHs {
        /// Digits kept.
        digits: u8,
    },
    /// A narrative replaced by a mark that says there was one.
    WithholdText,
}

/// A transformation that is not written as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a transformation: write one of {}", Transformation::FORMS)]
pub struct TransformationError {
    /// What was written, cut to 64 characters.
    pub text: String,
}

impl Transformation {
    /// The forms that can be written, for messages.
    pub const FORMS: &'static str = "`keep`, `withhold`, `withhold-text`, `mask:FIRST,LAST`, `pseudonymise`, \
         `pseudonymise:document`, `pseudonymise:full`, `generalise-date:day|month|quarter|year`, \
         `generalise-number:BAND`, `generalise-hs:6|4|2`";

    /// Reads the text form.
    ///
    /// # Errors
    /// [`TransformationError`] when it is none of [`Self::FORMS`].
    pub fn parse(text: &str) -> Result<Self, TransformationError> {
        Self::read(text)
            .filter(|read| read.to_string() == text)
            .ok_or_else(|| TransformationError { text: text.chars().take(64).collect() })
    }

    fn read(text: &str) -> Option<Self> {
        let (name, parameter) = match text.split_once(':') {
            Some((name, parameter)) => (name, Some(parameter)),
            None => (text, None),
        };
        match (name, parameter) {
            ("keep", None) => Some(Self::Keep),
            ("withhold", None) => Some(Self::Withhold),
            ("withhold-text", None) => Some(Self::WithholdText),
            ("mask", Some(kept)) => {
                let (first, last) = kept.split_once(',')?;
                Some(Self::Mask { keep_first: first.parse().ok()?, keep_last: last.parse().ok()? })
            }
            ("pseudonymise", None) => Some(Self::Pseudonymise(PseudonymPolicy::Deterministic)),
            ("pseudonymise", Some("document")) => Some(Self::Pseudonymise(PseudonymPolicy::DocumentRandomised)),
            ("pseudonymise", Some("full")) => Some(Self::Pseudonymise(PseudonymPolicy::FullyRandomised)),
            ("generalise-date", Some("day")) => Some(Self::GeneraliseDate(DatePart::Day)),
            ("generalise-date", Some("month")) => Some(Self::GeneraliseDate(DatePart::Month)),
            ("generalise-date", Some("quarter")) => Some(Self::GeneraliseDate(DatePart::Quarter)),
            ("generalise-date", Some("year")) => Some(Self::GeneraliseDate(DatePart::Year)),
            ("generalise-number", Some(band)) => {
                let band = band.parse().ok().filter(|&band| (2..=1_000_000_000_000).contains(&band))?;
                Some(Self::GeneraliseNumber { band })
            }
            ("generalise-hs", Some(digits)) => {
                let digits = digits.parse().ok().filter(|d| matches!(d, 2 | 4 | 6))?;
                Some(Self::GeneraliseHs { digits })
            }
            _ => None,
        }
    }

    /// What it does, in words for people.
    pub fn in_words(self) -> String {
        match self {
            Self::Keep => "given as it is".to_owned(),
            Self::Withhold => "not given".to_owned(),
            Self::Mask { keep_first, keep_last } => {
                format!("masked but for the first {keep_first} and the last {keep_last} characters")
            }
            Self::Pseudonymise(PseudonymPolicy::Deterministic) => {
                "replaced by a pseudonym, the same in every disclosure of its circle".to_owned()
            }
            Self::Pseudonymise(PseudonymPolicy::DocumentRandomised) => {
                "replaced by a pseudonym, another in each disclosure".to_owned()
            }
            Self::Pseudonymise(PseudonymPolicy::FullyRandomised) => {
                "replaced by a pseudonym, another at each place".to_owned()
            }
            Self::GeneraliseDate(DatePart::Day) => "only the day".to_owned(),
            Self::GeneraliseDate(DatePart::Month) => "only the month".to_owned(),
            Self::GeneraliseDate(DatePart::Quarter) => "only the quarter of the year".to_owned(),
            Self::GeneraliseDate(DatePart::Year) => "only the year".to_owned(),
            Self::GeneraliseNumber { band } => format!("only the band of {band} in which it lies"),
            Self::GeneraliseHs { digits } => format!("only the first {digits} digits of the code"),
            Self::WithholdText => "not given; only that there is a text".to_owned(),
        }
    }

    /// Whether the element reaches the recipient exactly as it is held.
    pub const fn is_clear(self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Whether it can be done to `element`.
    ///
    /// # Errors
    /// Why not, in words.
    pub const fn fits(self, element: &Element) -> Result<(), &'static str> {
        match (self, element.kind) {
            (Self::Withhold, _) | (Self::WithholdText, ValueKind::Narrative) => Ok(()),
            (_, ValueKind::Narrative) => {
                Err("a narrative may name anybody; write `withhold` or `withhold-text`")
            }
            (Self::WithholdText, _) => Err("the element is not a narrative"),
            (Self::Keep, _) => Ok(()),
            (Self::Mask { .. }, ValueKind::Text) => Ok(()),
            (Self::Mask { .. }, _) => Err("only an element of kind `text` is masked"),
            (Self::Pseudonymise(_), _) if element.identifier.is_none() => {
                Err("only an element with an `identifier` is pseudonymised")
            }
            (Self::Pseudonymise(_), _) => Ok(()),
            (Self::GeneraliseDate(_), ValueKind::Date) => Ok(()),
            (Self::GeneraliseDate(_), _) => Err("the element is not of kind `date`"),
            (Self::GeneraliseNumber { .. }, ValueKind::Number) => Ok(()),
            (Self::GeneraliseNumber { .. }, _) => Err("the element is not of kind `number`"),
            (Self::GeneraliseHs { .. }, ValueKind::HsCode) => Ok(()),
            (Self::GeneraliseHs { .. }, _) => Err("the element is not of kind `hs-code`"),
        }
    }

    /// The stricter of two transformations of one element; where neither lets out less than the
    /// other in every case, nothing goes out.
    pub fn strictest(self, other: Self) -> Self {
        use Transformation::{GeneraliseDate, GeneraliseHs, GeneraliseNumber, Keep, Mask, Pseudonymise};
        match (self, other) {
            (a, b) if a == b => a,
            (Keep, b) => b,
            (a, Keep) => a,
            (Mask { keep_first: f, keep_last: l }, Mask { keep_first: g, keep_last: m }) => {
                Mask { keep_first: f.min(g), keep_last: l.min(m) }
            }
            (Pseudonymise(a), Pseudonymise(b)) => Pseudonymise(a.stricter(b)),
            (GeneraliseDate(a), GeneraliseDate(b)) => GeneraliseDate(a.max(b)),
            // A band contains another only when its width is a multiple of the other's.
            (GeneraliseNumber { band: a }, GeneraliseNumber { band: b }) if a.max(b) % a.min(b) == 0 => {
                GeneraliseNumber { band: a.max(b) }
            }
            (GeneraliseHs { digits: a }, GeneraliseHs { digits: b }) => GeneraliseHs { digits: a.min(b) },
            _ => Self::Withhold,
        }
    }
}

impl PseudonymPolicy {
    const fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::FullyRandomised, _) | (_, Self::FullyRandomised) => Self::FullyRandomised,
            (Self::DocumentRandomised, _) | (_, Self::DocumentRandomised) => Self::DocumentRandomised,
            (Self::Deterministic, Self::Deterministic) => Self::Deterministic,
        }
    }
}

impl fmt::Display for Transformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Withhold => f.write_str("withhold"),
            Self::WithholdText => f.write_str("withhold-text"),
            Self::Mask { keep_first, keep_last } => write!(f, "mask:{keep_first},{keep_last}"),
            Self::Pseudonymise(PseudonymPolicy::Deterministic) => f.write_str("pseudonymise"),
            Self::Pseudonymise(PseudonymPolicy::DocumentRandomised) => f.write_str("pseudonymise:document"),
            Self::Pseudonymise(PseudonymPolicy::FullyRandomised) => f.write_str("pseudonymise:full"),
            Self::GeneraliseDate(DatePart::Day) => f.write_str("generalise-date:day"),
            Self::GeneraliseDate(DatePart::Month) => f.write_str("generalise-date:month"),
            Self::GeneraliseDate(DatePart::Quarter) => f.write_str("generalise-date:quarter"),
            Self::GeneraliseDate(DatePart::Year) => f.write_str("generalise-date:year"),
            Self::GeneraliseNumber { band } => write!(f, "generalise-number:{band}"),
            Self::GeneraliseHs { digits } => write!(f, "generalise-hs:{digits}"),
        }
    }
}

impl TryFrom<String> for Transformation {
    type Error = TransformationError;
    fn try_from(text: String) -> Result<Self, TransformationError> {
        Self::parse(&text)
    }
}

impl From<Transformation> for String {
    fn from(transformation: Transformation) -> String {
        transformation.to_string()
    }
}
