//! Names and addresses by country, each in its own script with its spelling in plain Latin letters.
//!
//! All are put together by chance from common names and well-known streets: they are nobody's.

mod member_states;
mod sellers;

use super::draw::Draw;

pub(super) use member_states::MEMBER_STATES;
pub(super) use sellers::SELLERS;

/// In which order a person's names are written.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// Given name, space, family name.
    GivenFirst,
    /// Family name, space, given name.
    FamilyFirst,
    /// Family name and given name without a space; in Latin letters with one.
    FamilyFirstJoined,
}

/// What the parties of one country are made of. Lists are divided by `|`; an entry is `native=latin`,
/// or one spelling for both. In addresses and accounts `#` is a digit, `@` a letter and `{n}` a number.
pub(super) struct Land {
    /// ISO 3166 code.
    pub(super) code: &'static str,
    pub(super) order: Order,
    pub(super) given: &'static str,
    pub(super) family: &'static str,
    /// `{}` is a family name.
    pub(super) firms: &'static str,
    pub(super) addresses: &'static str,
    /// The national part of a bank account without its own check digits; empty outside the Union.
    pub(super) account: &'static str,
}

impl Default for &Land {
    fn default() -> Self {
        static NOWHERE: Land = Land {
            code: "ZZ",
            order: Order::GivenFirst,
            given: "",
            family: "",
            firms: "",
            addresses: "",
            account: "",
        };
        &NOWHERE
    }
}

/// One name in two spellings.
#[derive(Clone, Copy)]
pub(super) struct Spelt {
    pub(super) native: &'static str,
    pub(super) latin: &'static str,
}

impl Land {
    pub(super) fn given(&self, draw: &mut Draw) -> Spelt {
        spelt(draw, self.given)
    }

    pub(super) fn family(&self, draw: &mut Draw) -> Spelt {
        spelt(draw, self.family)
    }

    pub(super) fn firm(&self, draw: &mut Draw) -> Spelt {
        spelt(draw, self.firms)
    }

    pub(super) fn address(&self, draw: &mut Draw) -> &'static str {
        entry(draw, self.addresses)
    }

    /// A person's whole name.
    pub(super) fn person(&self, given: &str, family: &str) -> String {
        match self.order {
            Order::GivenFirst => format!("{given} {family}"),
            Order::FamilyFirst => format!("{family} {given}"),
            Order::FamilyFirstJoined => format!("{family}{given}"),
        }
    }

    /// The template with its digits, letters and number drawn.
    pub(super) fn fill(&self, draw: &mut Draw, template: &str) -> String {
        let template = template.replace("{n}", &draw.between(1, 289).to_string());
        let mut text = String::with_capacity(template.len());
        for c in template.chars() {
            match c {
                '#' => text.push_str(&draw.below(10).to_string()),
                '@' => text.push_str(&draw.letters(1)),
                other => text.push(other),
            }
        }
        text
    }
}

fn entry(draw: &mut Draw, list: &'static str) -> &'static str {
    let count = list.split('|').count() as u64;
    let at = usize::try_from(draw.below(count)).unwrap_or(0);
    list.split('|').nth(at).unwrap_or(list)
}

fn spelt(draw: &mut Draw, list: &'static str) -> Spelt {
    let entry = entry(draw, list);
    let (native, latin) = entry.split_once('=').unwrap_or((entry, entry));
    Spelt { native, latin }
}
