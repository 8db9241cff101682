//! Regimes as data: what each law asks of the log, with its source and the day it was checked.
//!
//! The numbers and article numbers stand in `agreements/law/*.toml`, which a lawyer can read and
//! correct; none stands in code. How long a record line is kept is one setting of the provider's
//! program (`log_days`); what stands here is the most that a law allows, where it sets a period.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agreement::Regime;
use crate::document::{Section, walk};
use crate::violations::Violations;

/// What a log may be read for: the four purposes of the Law Enforcement Directive, the strictest rule
/// known. Where another law sets none, they are held by choice ([`Origin::Chosen`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogUse {
    /// To verify that processing was lawful.
    Lawfulness,
    /// Self-monitoring, internal proceedings included.
    SelfMonitoring,
    /// Integrity and security of the data.
    Security,
    /// Criminal proceedings.
    CriminalProceedings,
}

impl LogUse {
    /// Every use.
    pub const ALL: [Self; 4] =
        [Self::Lawfulness, Self::SelfMonitoring, Self::Security, Self::CriminalProceedings];

    /// The word in documents and entries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lawfulness => "lawfulness",
            Self::SelfMonitoring => "self-monitoring",
            Self::Security => "security",
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

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The law names it.
    SetByLaw,
    /// The project chose it within the law.
    Chosen,
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
    /// Whether the law itself limits what the log may be read for.
    pub log_uses_origin: Origin,
    /// The most days that particulars and personal part of an entry may be kept, where the law sets a
    /// period.
    pub log_longest_days: Option<u32>,
}

impl Rules {
    /// Whether record lines may be kept for that many days, by what the law itself says.
    pub fn allows_log_days(&self, days: u32) -> bool {
        self.log_longest_days.is_none_or(|longest| days <= longest)
    }
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

fn read(law: Section<'_>) -> Option<Rules> {
    let (regime, title, source) = (law.word("regime"), law.text("title"), law.text("source"));
    let (checked, how_checked) = (law.date("checked"), law.text("how_checked"));
    let transfer_tool_needed = law.flag("transfer_tool_needed");
    let log = law.table("log");
    law.finish();
    let log = log?;
    let (log_article, log_uses) = (log.text("article"), log.words("uses"));
    let log_uses_origin = log.word("uses_origin");
    let log_longest_days = log.maybe_number("longest_days");
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
        log_uses_origin: log_uses_origin?,
        log_longest_days: log_longest_days?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let by_law = matches!(regime, Regime::Led | Regime::Eudpr);
            assert_eq!(rules.log_uses_origin == Origin::SetByLaw, by_law, "{regime:?}");
        }
    }

    #[test]
    fn a_log_is_kept_no_longer_than_a_law_that_sets_a_period_allows() {
        let eudpr = rules(Regime::Eudpr).unwrap();
        assert!(eudpr.allows_log_days(1_095), "three years");
        assert!(!eudpr.allows_log_days(1_096), "no more than three years in any span");
        for regime in [Regime::Gdpr, Regime::Led, Regime::ThirdCountry] {
            assert!(rules(regime).unwrap().allows_log_days(u32::MAX), "{regime:?} sets no period");
        }
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
