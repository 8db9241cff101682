//! Normalisation before keying: one person or thing, one text, however it was typed.
//!
//! It is versioned because a change gives other pseudonyms and other blind indexes. It is not
//! record linkage: it makes spellings of one identifier equal, and never guesses that two
//! identifiers belong to one person.

use agreements::IdentifierKind;
use any_ascii::any_ascii_char;
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

/// The version of the rules in this file.
pub const NORMALISATION: &str = "n1";

/// The normal form of `value` as an identifier of `kind`, or as plain text when it is none.
///
/// Empty only for a value that holds nothing but white space and invisible characters.
pub fn normalise(kind: Option<IdentifierKind>, value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    normalise_into(kind, value, &mut out);
    out
}

/// As [`normalise`], into a buffer that is emptied first.
pub fn normalise_into(kind: Option<IdentifierKind>, value: &str, out: &mut String) {
    out.clear();
    match kind {
        None => text(value, out),
        Some(IdentifierKind::Name | IdentifierKind::Address) => tokens(value, out),
        Some(IdentifierKind::BirthDate) => birth_date(value, out),
        Some(IdentifierKind::Email) => email(value, out),
        Some(IdentifierKind::Phone) => phone(value, out),
        Some(
            IdentifierKind::Eori
            | IdentifierKind::Vat
            | IdentifierKind::Passport
            | IdentifierKind::Iban
            | IdentifierKind::TraderNumber
            | IdentifierKind::DeclarationNumber
            | IdentifierKind::Container
            | IdentifierKind::Plate
            | IdentifierKind::Seal,
        ) => code(value, out),
    }
    // A script that has no transliteration: the value stands for itself rather than for nothing.
    if out.is_empty() {
        text(value, out);
    }
}

/// Controls, bidirectional marks, joiners, variation selectors and the like, which nobody sees.
/// White space is kept; it separates.
const fn is_invisible(c: char) -> bool {
    match c {
        '\t'..='\r' | '\u{85}' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        _ => matches!(
            c as u32,
            0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2
                | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
                | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
                | 0xfff0..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3
                | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff
        ),
    }
}

/// NFKC without invisible characters.
fn clean(value: &str) -> impl Iterator<Item = char> + '_ {
    value.chars().filter(|&c| !is_invisible(c)).nfkc().filter(|&c| !is_invisible(c))
}

/// Letters that NFKC leaves alone wherever they stand, for the short way: Latin, Greek, Cyrillic and
/// Chinese as most names are written. None of them combines with what stands before it.
const fn is_plain(c: char) -> bool {
    matches!(c,
        '\0'..='\u{7f}'
        | '\u{c0}'..='\u{131}' | '\u{134}'..='\u{13e}' | '\u{141}'..='\u{148}' | '\u{14a}'..='\u{17e}'
        | '\u{388}'..='\u{38a}' | '\u{38e}'..='\u{3a1}' | '\u{3a3}'..='\u{3ce}'
        | '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}'
        | '\u{4e00}'..='\u{9fff}'
    )
}

/// Calls `each` with every ASCII byte of the transliterated, case-folded value.
fn each_folded(value: &str, mut each: impl FnMut(u8)) {
    if value.is_ascii() {
        value.bytes().filter(|&b| !is_invisible(char::from(b))).for_each(|b| each(b.to_ascii_lowercase()));
        return;
    }
    let mut fold = |c: char| {
        for c in c.to_lowercase() {
            if c.is_whitespace() {
                each(b' ');
            } else {
                any_ascii_char(c).bytes().for_each(|b| each(b.to_ascii_lowercase()));
            }
        }
    };
    if value.chars().all(is_plain) {
        value.chars().filter(|&c| !is_invisible(c)).for_each(&mut fold);
    } else {
        clean(value).for_each(fold);
    }
}

/// Plain text: cleaned, white space collapsed, case kept.
fn text(value: &str, out: &mut String) {
    out.clear();
    let mut gap = false;
    for c in clean(value) {
        if c.is_whitespace() {
            gap = !out.is_empty();
        } else {
            if std::mem::take(&mut gap) {
                out.push(' ');
            }
            out.push(c);
        }
    }
}

/// Names and addresses: transliterated words, without apostrophes and hyphens, in the order of the
/// alphabet. Apostrophes go before words are split: the soft sign of Cyrillic becomes one.
fn tokens(value: &str, out: &mut String) {
    let mut folded = String::with_capacity(value.len() + 8);
    each_folded(value, |b| match b {
        b'\'' | b'`' | b'"' | b'-' => {}
        _ if b.is_ascii_alphanumeric() => folded.push(char::from(b)),
        _ => folded.push(' '),
    });
    let mut words: Vec<&str> = folded.split_ascii_whitespace().collect();
    words.sort_unstable();
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// Numbers of documents, traders and things: capital letters and digits, no separators.
fn code(value: &str, out: &mut String) {
    each_folded(value, |b| {
        if b.is_ascii_alphanumeric() {
            out.push(char::from(b.to_ascii_uppercase()));
        }
    });
}

/// `1980-05-17`, `19800517`, `1980/5/17` and `17.05.1980` become `1980-05-17`; what is no date is
/// treated as a code. A day-first date is read only with dots, since `05/17` and `17/05` both occur.
fn birth_date(value: &str, out: &mut String) {
    let mut folded = String::with_capacity(value.len());
    each_folded(value, |b| folded.push(char::from(b)));
    let folded = folded.trim();
    let mut groups = folded.split(['-', '/', '.']);
    let date = match (groups.next(), groups.next(), groups.next(), groups.next()) {
        (Some(y), Some(m), Some(d), None) if y.len() == 4 => date(y, m, d),
        (Some(d), Some(m), Some(y), None) if y.len() == 4 && !folded.contains(['-', '/']) => date(y, m, d),
        _ => None,
    };
    if date.is_none() {
        code(value, out);
    }
    let date = date.or_else(|| {
        let compact = (out.len() == 8).then_some(out.as_str())?;
        self::date(compact.get(..4)?, compact.get(4..6)?, compact.get(6..)?)
    });
    if let Some(date) = date {
        *out = date.to_string();
    }
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    if ![year, month, day].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Small letters, no white space; never transliterated, since two mailboxes would become one.
fn email(value: &str, out: &mut String) {
    out.extend(clean(value).flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).nfkc());
}

/// `+` and digits; `00` in front is a `+`, and the `(0)` of an international number goes.
fn phone(value: &str, out: &mut String) {
    let mut folded = String::with_capacity(value.len());
    each_folded(value, |b| folded.push(char::from(b)));
    let Some(begin) = folded.find(|c: char| c.is_ascii_digit() || c == '+') else { return };
    let plus = folded.get(begin..).is_some_and(|number| number.starts_with('+'));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let all = digits(&folded);
    if !plus && !all.starts_with("00") {
        *out = all;
        return;
    }
    let number = digits(&folded.replace("(0)", ""));
    let number = if plus { number.as_str() } else { number.strip_prefix("00").unwrap_or(&number) };
    if !number.is_empty() {
        out.push('+');
        out.push_str(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_letter_is_its_own_normal_form() {
        let plain: Vec<char> = ('\0'..=char::MAX).filter(|&c| is_plain(c)).collect();
        assert!(plain.iter().all(|&c| c.nfkc().eq([c])));
        assert!(plain.iter().all(|&c| !c.is_alphabetic() || !is_invisible(c)));
        for first in ['a', 'e', 'Ω', 'и', '中', '\u{1100}'] {
            assert!(plain.iter().all(|&c| [first, c].into_iter().nfkc().eq([first, c])));
        }
    }

    proptest! {
        #[test]
        fn plain_letters_stay_as_they_are_together(text in "[ -~À-ıĴ-ľŁ-ňŊ-žΈ-ΊΎ-ΡΣ-ώЀ-ҁҊ-ԯ一-鿿]{0,12}") {
            prop_assert!(text.chars().all(is_plain));
            prop_assert!(text.nfkc().eq(text.chars()));
        }
    }
}
