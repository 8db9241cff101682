//! How single values are written: words, texts for people, dates, numbers.

use jiff::civil::Date;
use serde::de::value::{Error as FormError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use toml::de::DeValue;

/// Most letters of a text for people.
const MAX_TEXT: usize = 2_000;

pub(crate) fn join(left: &str, between: &str, right: &str) -> String {
    if left.is_empty() { right.to_owned() } else { format!("{left}{between}{right}") }
}

pub(crate) fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

pub(crate) fn shown(text: &str) -> String {
    cut(text, 200)
}

pub(crate) fn shape(value: &DeValue<'_>) -> &'static str {
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

pub(crate) fn parse_word<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    let read: StrDeserializer<'_, FormError> = word.into_deserializer();
    T::deserialize(read)
        .map_err(|error| cut(&error.to_string().replacen("unknown variant", "unknown word", 1), 500))
}

pub(crate) fn as_word<T: DeserializeOwned>(value: &DeValue<'_>) -> Result<T, String> {
    let word = value.as_str().ok_or_else(|| format!("write a text in quotes, not {}", shape(value)))?;
    parse_word(word)
}

/// Text that its readers sign must show what it says: no controls, nothing that turns its direction.
pub(crate) fn as_text(value: &DeValue<'_>) -> Result<String, String> {
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

pub(crate) fn as_date(value: &DeValue<'_>) -> Result<Date, String> {
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

pub(crate) fn as_number<T: TryFrom<u64>>(value: &DeValue<'_>) -> Result<T, String> {
    let number = value.as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| match value {
        DeValue::Integer(_) => "this number is negative or too large".to_owned(),
        other => format!("write a whole number, not {}", shape(other)),
    })
}
