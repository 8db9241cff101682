//! VAT numbers of Member States with valid check digits, and the EORI numbers that go with them.

use super::check_digits::{digit, luhn, luhn_sum, mod_11_10, mod_97_complement, number, weighted};
use super::draw::Draw;

/// The numbers under which one trader is known.
pub(super) struct TaxNumbers {
    /// VAT identification number, prefix included.
    pub(super) vat: String,
    /// EORI number: country and up to 15 characters.
    pub(super) eori: String,
}

impl TaxNumbers {
    /// Numbers of a trader of that Member State; its VAT prefix is the country's code but for Greece.
    pub(super) fn draw(draw: &mut Draw, country: &str, sole_trader: bool) -> Self {
        let body = loop {
            if let Some(body) = body(draw, country, sole_trader) {
                break body;
            }
        };
        let prefix = if country == "GR" { "EL" } else { country };
        let registered = match country {
            // The nine digits before the `B`.
            "NL" => body.get(..9).unwrap_or(&body).to_owned(),
            // An establishment: the firm's nine digits and five of its own, the last by Luhn.
            "FR" => {
                let place = format!("{}{:04}", body.get(2..).unwrap_or(&body), draw.between(1, 60));
                format!("{place}{}", luhn(&place))
            }
            "PL" => format!("{body}00000"),
            _ => body.clone(),
        };
        Self { vat: format!("{prefix}{body}"), eori: format!("{country}{registered}") }
    }
}

/// The number without its prefix; `None` when what was drawn has no check digit.
fn body(draw: &mut Draw, country: &str, sole_trader: bool) -> Option<String> {
    match country {
        "AT" => {
            let base = draw.digits(7);
            // Luhn's sum, and 4 for the letter in front.
            Some(format!("U{base}{}", (16 - luhn_sum(&base, false) % 10) % 10))
        }
        "BE" => {
            let base = format!("0{}", draw.digits(7));
            Some(format!("{base}{:02}", 97 - number(&base) % 97))
        }
        "BG" => {
            let base = draw.digits(8);
            let first = weighted(&base, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
            let check = if first == 10 { weighted(&base, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10 } else { first };
            Some(format!("{base}{check}"))
        }
        "CZ" => {
            let base = format!("{}{}", draw.between(1, 8), draw.digits(6));
            let check = (11 - weighted(&base, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            Some(format!("{base}{}", if check == 0 { 1 } else { check % 10 }))
        }
        "DE" => {
            let base = draw.digits(8);
            Some(format!("{base}{}", mod_11_10(&base)))
        }
        "DK" => last_of_eleven(draw.digits(7), &[2, 7, 6, 5, 4, 3, 2]),
        "ES" => {
            let base = draw.digits(7);
            Some(format!("B{base}{}", luhn(&base)))
        }
        "FI" => last_of_eleven(draw.digits(7), &[7, 9, 10, 5, 8, 4, 2]),
        "FR" => {
            let base = draw.digits(8);
            let siren = format!("{base}{}", luhn(&base));
            Some(format!("{:02}{siren}", (number(&siren) * 100 + 12) % 97))
        }
        "GR" => {
            let base = format!("0{}", draw.digits(7));
            let check = weighted(&base, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10;
            Some(format!("{base}{check}"))
        }
        "IE" => {
            let base = draw.digits(7);
            let rest = weighted(&base, &[8, 7, 6, 5, 4, 3, 2]) % 23;
            Some(format!("{base}{}", "WABCDEFGHIJKLMNOPQRSTUV".chars().nth(usize::try_from(rest).ok()?)?))
        }
        "IT" => {
            // Seven digits of the firm and three of the province.
            let base = format!("0{}{:03}", draw.digits(6), draw.between(1, 100));
            Some(format!("{base}{}", luhn(&base)))
        }
        "NL" if sole_trader => {
            // Since 2020: the whole, prefix included, leaves 1 when divided by 97.
            let base = draw.digits(9);
            let check = mod_97_complement(&format!("NL{base}B00"));
            Some(format!("{base}B{check:02}"))
        }
        "NL" => {
            let base = draw.digits(8);
            let check = weighted(&base, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
            (check < 10).then(|| format!("{base}{check}B01"))
        }
        "PL" => {
            let base = draw.digits(9);
            let check = weighted(&base, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
            (check < 10).then(|| format!("{base}{check}"))
        }
        "PT" => {
            let base = format!("5{}", draw.digits(7));
            let check = (11 - weighted(&base, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10;
            Some(format!("{base}{check}"))
        }
        "SE" => {
            let base = format!("55{}", draw.digits(7));
            Some(format!("{base}{}01", luhn(&base)))
        }
        // No other Member State is among the parties.
        other => Some(format!("{other}{}", draw.digits(9))),
    }
}

/// The digit that makes the weighted sum, it included once, a multiple of 11.
fn last_of_eleven(base: String, weights: &[u64]) -> Option<String> {
    let check = (11 - weighted(&base, weights) % 11) % 11;
    (check < 10).then(|| format!("{base}{}", digit(check)))
}
