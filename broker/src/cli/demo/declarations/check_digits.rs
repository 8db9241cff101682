//! Numbers that carry check digits, made whole: container, passport, bank account, declaration.
//!
//! Each is computed as its standard says; the tests check them with code of their own.

/// The check digit of a container's four letters and six digits (ISO 6346), also that of a movement
/// reference number's first seventeen characters.
pub(super) fn iso_6346(text: &str) -> char {
    let mut sum = 0_u64;
    for (at, c) in text.chars().enumerate() {
        sum += letter_value(c) << at;
    }
    digit(sum % 11 % 10)
}

/// Letters count from 10 and leave out the multiples of 11.
fn letter_value(c: char) -> u64 {
    match c.to_digit(36) {
        Some(value @ 0..=9) => u64::from(value),
        Some(value) => u64::from(value + (value - 1) / 10),
        None => 0,
    }
}

/// The check digit of a field of a machine-readable travel document (ICAO 9303-3): weights 7, 3, 1.
pub(super) fn icao_9303(text: &str) -> char {
    let sum: u64 = text
        .chars()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(c, w)| w * u64::from(c.to_digit(36).unwrap_or(0)))
        .sum();
    digit(sum % 10)
}

/// The bank account of `country` with that national part and the two check digits of ISO 13616.
pub(super) fn iban(country: &str, national: &str) -> String {
    format!("{country}{:02}{national}", mod_97_complement(&format!("{national}{country}00")))
}

/// The national part of a bank account with the check digits that Belgium and Spain have inside it.
pub(super) fn national_account(country: &str, base: &str) -> String {
    let check = |digits: &str| match 11 - weighted(digits, &[1, 2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 {
        11 => 0,
        10 => 1,
        check => check,
    };
    match (country, base.split_at_checked(8)) {
        ("BE", _) => {
            let rest = number(base) % 97;
            format!("{base}{:02}", if rest == 0 { 97 } else { rest })
        }
        ("ES", Some((bank, account))) => {
            format!("{bank}{}{}{account}", check(&format!("00{bank}")), check(account))
        }
        _ => base.to_owned(),
    }
}

/// Two digits that make the whole leave 1 when divided by 97 (ISO 7064), letters counting from 10;
/// `text` ends in `00` in their place.
pub(super) fn mod_97_complement(text: &str) -> u64 {
    98 - mod_97(text)
}

fn mod_97(text: &str) -> u64 {
    text.chars().filter_map(|c| c.to_digit(36)).map(u64::from).fold(0, |sum, value| {
        let shift = if value > 9 { 100 } else { 10 };
        (sum * shift + value) % 97
    })
}

/// The check digit to be put behind a number of digits after Luhn (ISO/IEC 7812-1).
pub(super) fn luhn(digits: &str) -> u64 {
    (10 - luhn_sum(digits, true) % 10) % 10
}

/// Luhn's sum: every other digit doubled, `from_last` on or from the one before it.
pub(super) fn luhn_sum(digits: &str, from_last: bool) -> u64 {
    let first = usize::from(!from_last);
    values(digits)
        .rev()
        .enumerate()
        .map(|(at, d)| if at % 2 == first { d * 2 / 10 + d * 2 % 10 } else { d })
        .sum()
}

/// The check digit of ISO 7064 MOD 11,10.
pub(super) fn mod_11_10(digits: &str) -> u64 {
    let product = values(digits).fold(10, |product, d| {
        let sum = (d + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10
}

/// The sum of digits times weights.
pub(super) fn weighted(digits: &str, weights: &[u64]) -> u64 {
    values(digits).zip(weights).map(|(d, w)| d * w).sum()
}

/// The number that digits write.
pub(super) fn number(digits: &str) -> u64 {
    values(digits).fold(0, |number, d| number * 10 + d)
}

fn values(digits: &str) -> impl DoubleEndedIterator<Item = u64> {
    digits.bytes().filter(u8::is_ascii_digit).map(|byte| u64::from(byte - b'0'))
}

/// The decimal digit of a value below 10.
pub(super) fn digit(value: u64) -> char {
    char::from_digit(u32::try_from(value).unwrap_or(0), 10).unwrap_or('0')
}
