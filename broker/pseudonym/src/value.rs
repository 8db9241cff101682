//! One value of a record as it is held, and whether it looks as its element declares.

use std::borrow::Cow;

use agreements::ValueKind;
use jiff::civil::Date;

/// A single value; a CSV field is always a text.
pub(crate) enum Value<'a> {
    Text(Cow<'a, str>),
    /// A JSON number as it was written.
    Number(&'a str),
    Flag(bool),
}

impl<'a> Value<'a> {
    /// Reads one JSON value that a parser has already passed over. `None` for null, for an array
    /// or object, and for a text with half a surrogate pair.
    pub(crate) fn of_json(raw: &'a str) -> Option<Self> {
        match raw.as_bytes().first()? {
            b'"' if raw.contains('\\') => {
                serde_json::from_str(raw).ok().map(|text| Self::Text(Cow::Owned(text)))
            }
            b'"' => raw.get(1..raw.len().checked_sub(1)?).map(|text| Self::Text(Cow::Borrowed(text))),
            b'-' | b'0'..=b'9' => Some(Self::Number(raw)),
            b't' => Some(Self::Flag(true)),
            b'f' => Some(Self::Flag(false)),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number,
            Self::Flag(true) => "true",
            Self::Flag(false) => "false",
        }
    }

    /// A number may stand where text is declared: administrations write their numbers both ways.
    pub(crate) fn looks_like(&self, kind: ValueKind) -> bool {
        match (kind, self) {
            (ValueKind::Text, Self::Text(_) | Self::Number(_))
            | (ValueKind::Narrative, Self::Text(_))
            | (ValueKind::Number, Self::Number(_))
            | (ValueKind::Flag, Self::Flag(_) | Self::Number("0" | "1")) => true,
            (ValueKind::Number, Self::Text(text)) => is_number(text),
            (ValueKind::Date, Self::Text(text)) => date(text).is_some(),
            (ValueKind::HsCode, Self::Text(text)) => {
                (2..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
            }
            (ValueKind::Flag, Self::Text(text)) => ["0", "1", "true", "false", "yes", "no", "y", "n"]
                .iter()
                .any(|word| text.eq_ignore_ascii_case(word)),
            (ValueKind::Text | ValueKind::Narrative | ValueKind::Number, Self::Flag(_))
            | (ValueKind::Narrative | ValueKind::Date | ValueKind::HsCode | ValueKind::Flag, Self::Number(_))
            | (ValueKind::Date | ValueKind::HsCode, Self::Flag(_)) => false,
        }
    }
}

/// A decimal number: sign, digits, fraction, exponent.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}

/// The calendar date that `YYYY-MM-DD` writes.
pub(crate) fn date(text: &str) -> Option<Date> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text.as_bytes() else { return None };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i16, |n, b| b.is_ascii_digit().then(|| n * 10 + i16::from(b - b'0')))
    };
    let (month, day) = (number(&[m0, m1])?, number(&[d0, d1])?);
    Date::new(number(&[y0, y1, y2, y3])?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The greatest whole number that is not above `text`, for numbers of at most 36 digits.
pub(crate) fn floor(text: &str) -> Option<i128> {
    if !is_number(text) {
        return None;
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let (mut magnitude, mut rest) = (0_i128, false);
    let written = i32::try_from(whole.len() + fraction.len()).ok()?;
    for (at, digit) in (0_i32..).zip(whole.bytes().chain(fraction.bytes())) {
        if at < point {
            magnitude = magnitude.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        } else {
            rest |= digit != b'0';
        }
    }
    // Zeros that the exponent adds after the digits that were written.
    if magnitude != 0 {
        for _ in written..point.min(written.saturating_add(40)) {
            magnitude = magnitude.checked_mul(10)?;
        }
    }
    match negative {
        true => magnitude.checked_neg()?.checked_sub(i128::from(rest)),
        false => Some(magnitude),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_cut_down_to_a_whole_one_whatever_its_form() {
        for (text, expected) in [
            ("1248.7", 1248),
            ("1.2487e3", 1248),
            ("12487E-1", 1248),
            ("-0.5", -1),
            ("-10", -10),
            ("+7", 7),
            ("0.000", 0),
            ("-0.0", 0),
            ("5e2", 500),
            ("1e-30", 0),
            ("-1e-30", -1),
            ("0e99999", 0),
            ("12345678901234567890", 12_345_678_901_234_567_890),
        ] {
            assert_eq!(floor(text), Some(expected), "{text}");
        }
        for text in ["", "-", "1.", ".5", "1e", "1e999999999999", "1e200", "NaN", "1,5", "0x10", " 1"] {
            assert_eq!(floor(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_has_one_form() {
        assert!(date("2026-02-28").is_some());
        for text in ["2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00:00Z", "+026-02-03", "2026-13-01"] {
            assert!(date(text).is_none(), "{text}");
        }
    }
}
