//! Regimes as data: what each law asks of the log, with its source and the day it was checked.
//!
//! The numbers and article numbers stand in `agreements/law/*.toml`, which a lawyer can read and
//! correct; none stands in code.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, Regime};
use crate::document::{Section, walk};
use crate::violations::Violations;

/// What a log may be read for (the four purposes of the Law Enforcement Directive, the strictest
/// rule known, held under every regime).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogUse {
    /// To verify that processing was lawful.
    Lawfulness,
    /// Self-monitoring, internal proceedings included.
    SelfMonitoring,
    /// Integrity and security of the data.
    IntegrityAndSecurity,
    /// Criminal proceedings.
    CriminalProceedings,
}

impl LogUse {
    /// Every use.
    pub const ALL: [Self; 4] =
        [Self::Lawfulness, Self::SelfMonitoring, Self::IntegrityAndSecurity, Self::CriminalProceedings];

    /// The word in documents and entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lawfulness => "lawfulness",
            Self::SelfMonitoring => "self-monitoring",
            Self::IntegrityAndSecurity => "integrity-and-security",
            Self::CriminalProceedings => "criminal-proceedings",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

impl fmt::Display for LogUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a period comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The law names it.
    SetByLaw,
    /// The project chose it within the law.
    Chosen,
}

/// How long a layer of an entry is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Days from the time of the entry.
    pub days: u32,
    /// Where that comes from.
    pub origin: Origin,
}

/// What a regime asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The regime.
    pub regime: Regime,
    /// The law, in full.
    pub title: String,
    /// Where its text is.
    pub source: String,
    /// When somebody last compared this with it.
    pub checked: Date,
    /// How, and what remains uncertain.
    pub how_checked: String,
    /// Whether a clause must say what makes a transfer lawful.
    pub transfer_tool_needed: bool,
    /// The articles on the log.
    pub log_article: String,
    /// What the log may be read for.
    pub log_uses: Vec<LogUse>,
    /// Particulars of an entry: agreement, clause, recipient, counts.
    pub particulars: Period,
    /// Personal part of an entry: officer, justification, question.
    pub personal_part: Period,
}

/// The rules of `regime`.
///
/// # Errors
/// [`Violations`] of the file; none is expected, since a test reads every one.
pub fn rules(regime: Regime) -> Result<Rules, Violations> {
    let document = match regime {
        Regime::Gdpr => include_str!("../law/gdpr.toml"),
        Regime::Led => include_str!("../law/led.toml"),
        Regime::Eudpr => include_str!("../law/eudpr.toml"),
        Regime::ThirdCountry => include_str!("../law/third-country.toml"),
    };
    walk(document, |_, section| read(section))
}

/// The periods for entries about an agreement: of each layer the shortest that any party's regime
/// has, since no party's log may keep longer than its own law allows.
///
/// # Errors
/// [`Violations`] of a file; none is expected.
pub fn log_periods(agreement: &Agreement) -> Result<(Period, Period), Violations> {
    let mut shortest: Option<(Period, Period)> = None;
    for party in &agreement.parties {
        let rules = rules(party.regime)?;
        let (particulars, personal) = shortest.unwrap_or((rules.particulars, rules.personal_part));
        shortest = Some((shorter(particulars, rules.particulars), shorter(personal, rules.personal_part)));
    }
    shortest.ok_or_else(|| Violations::one(1, "an agreement without parties"))
}

const fn shorter(a: Period, b: Period) -> Period {
    if b.days < a.days { b } else { a }
}

fn read(law: Section<'_>) -> Option<Rules> {
    let (regime, title, source) = (law.word("regime"), law.text("title"), law.text("source"));
    let (checked, how_checked) = (law.date("checked"), law.text("how_checked"));
    let transfer_tool_needed = law.flag("transfer_tool_needed");
    let log = law.table("log");
    law.finish();
    let log = log?;
    let (log_article, log_uses) = (log.text("article"), log.words("uses"));
    let particulars = log.table("particulars").and_then(period);
    let personal_part = log.table("personal_part").and_then(period);
    log.finish();
    Some(Rules {
        regime: regime?,
        title: title?,
        source: source?,
        checked: checked?,
        how_checked: how_checked?,
        transfer_tool_needed: transfer_tool_needed?,
        log_article: log_article?,
        log_uses: log_uses?,
        particulars: particulars?,
        personal_part: personal_part?,
    })
}

fn period(table: Section<'_>) -> Option<Period> {
    let (days, origin) = (table.number("days"), table.word("origin"));
    table.finish();
    Some(Period { days: days?, origin: origin? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;
    use crate::library;

    const REGIMES: [Regime; 4] = [Regime::Gdpr, Regime::Led, Regime::Eudpr, Regime::ThirdCountry];

    #[test]
    fn every_regime_has_rules_with_a_source_and_a_day_of_checking() {
        for regime in REGIMES {
            let rules = rules(regime).unwrap();
            assert_eq!(rules.regime, regime);
            assert!(rules.source.starts_with("https://eur-lex.europa.eu/eli/"));
            assert!(rules.checked >= jiff::civil::date(2026, 11, 22));
            assert_eq!(rules.log_uses, LogUse::ALL, "the strictest rule is held under every regime");
            assert_eq!(rules.transfer_tool_needed, regime == Regime::ThirdCountry);
            assert!(rules.personal_part.days <= rules.particulars.days, "names go first");
        }
    }

    #[test]
    fn entries_about_an_agreement_are_kept_for_the_shortest_period_of_its_parties() {
        for (name, text) in library::AGREEMENTS {
            let (particulars, personal) = log_periods(&document::read(text).unwrap()).unwrap();
            assert_eq!((particulars.days, personal.days), (1827, 1096), "{name}");
        }
        let (long, short) =
            (Period { days: 9, origin: Origin::Chosen }, Period { days: 3, origin: Origin::SetByLaw });
        assert_eq!((shorter(long, short), shorter(short, long)), (short, short));
    }

    #[test]
    fn every_use_of_the_log_reads_back_from_its_word() {
        for known in LogUse::ALL {
            assert_eq!(LogUse::parse(known.as_str()), Some(known));
            assert_eq!(serde_json::to_string(&known).unwrap(), format!("\"{known}\""));
        }
        assert_eq!(LogUse::parse("curiosity"), None);
    }
}
