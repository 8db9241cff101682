//! Validators of their own: each reads the whole number and knows nothing of how it was made.

/// Digits of a text; letters are `None`.
fn digits(text: &str) -> Option<Vec<i64>> {
    text.chars().map(|c| c.to_digit(10).map(i64::from)).collect()
}

fn dot(digits: &[i64], weights: &[i64]) -> i64 {
    assert_eq!(digits.len(), weights.len());
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

/// The remainder of a number of any length, in which a letter stands for 10 to 35.
fn remainder(text: &str, by: u32) -> u32 {
    let mut written = String::new();
    for c in text.chars() {
        written.push_str(&c.to_digit(36).unwrap().to_string());
    }
    written.bytes().fold(0, |rest, byte| (rest * 10 + u32::from(byte - b'0')) % by)
}

pub(super) fn luhn(text: &str) -> bool {
    const DOUBLED: [i64; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let Some(digits) = digits(text) else { return false };
    let odd: i64 = digits.iter().rev().step_by(2).sum();
    let even: i64 = digits.iter().rev().skip(1).step_by(2).map(|d| DOUBLED[usize::try_from(*d).unwrap()]).sum();
    (odd + even) % 10 == 0
}

pub(super) fn iban(text: &str) -> bool {
    let length = match &text[..2] {
        "BE" => 16,
        "DK" | "FI" | "NL" => 18,
        "AT" => 20,
        "BG" | "DE" | "IE" => 22,
        "CZ" | "ES" | "SE" => 24,
        "PT" => 25,
        "FR" | "GR" | "IT" => 27,
        "PL" => 28,
        other => panic!("no account is made in {other}"),
    };
    let inside = match (&text[..2], digits(&text[4..])) {
        ("BE", Some(d)) => (number(&d[..10]) - 1) % 97 + 1 == number(&d[10..]),
        ("ES", Some(d)) => {
            let bank = dot(&d[..8], &[4, 8, 5, 10, 9, 7, 3, 6]);
            let account = dot(&d[10..], &[1, 2, 4, 8, 5, 10, 9, 7, 3, 6]);
            // The check digit makes the sum a multiple of 11, or is 1 where that would take 10.
            [(bank, d[8]), (account, d[9])]
                .iter()
                .all(|(sum, check)| (sum + check) % 11 == 0 || (*check == 1 && sum % 11 == 1))
        }
        _ => true,
    };
    text.len() == length && inside && remainder(&format!("{}{}", &text[4..], &text[..4]), 97) == 1
}

pub(super) fn passport(text: &str) -> bool {
    let values: Vec<i64> = text.chars().map(|c| i64::from(c.to_digit(36).unwrap())).collect();
    values.len() == 9 && dot(&values[..8], &[7, 3, 1, 7, 3, 1, 7, 3]) % 10 == values[8]
}

pub(super) fn iso_6346(text: &str) -> bool {
    // The values of the standard's table, in the order of its characters.
    const TABLE: &str = "0123456789A?BCDEFGHIJK?LMNOPQRSTU?VWXYZ";
    let (body, check) = text.split_at(text.len() - 1);
    let sum: usize =
        body.chars().enumerate().map(|(at, c)| TABLE.find(c).unwrap() * 2_usize.pow(at as u32)).sum();
    (sum % 11 % 10).to_string() == check
}

/// Whether a VAT number, prefix included, is one of its Member State.
pub(super) fn vat(text: &str) -> bool {
    let (state, body) = text.split_at(2);
    let digits = digits(body);
    match (state, digits.as_deref()) {
        ("AT", None) => {
            let (letter, rest) = body.split_at(1);
            let d = self::digits(rest).unwrap();
            let sums: i64 =
                d[..7].iter().zip([1, 2, 1, 2, 1, 2, 1]).map(|(d, w)| (d * w) / 10 + (d * w) % 10).sum();
            letter == "U" && d.len() == 8 && (96 - sums) % 10 == d[7]
        }
        ("BE", Some(d)) => d.len() == 10 && d[0] <= 1 && (number(&d[..8]) + number(&d[8..])) % 97 == 0,
        ("BG", Some(d)) if d.len() == 9 => {
            let first = dot(&d[..8], &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
            let second = dot(&d[..8], &[3, 4, 5, 6, 7, 8, 9, 10]) % 11;
            d[8] == if first < 10 { first } else { second % 10 }
        }
        ("CZ", Some(d)) if d.len() == 8 => {
            let check = (11 - dot(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            d[0] != 9 && d[7] == if check == 0 { 1 } else { check % 10 }
        }
        ("DE", Some(d)) if d.len() == 9 => {
            // ISO 7064, hybrid system: the whole comes out as 1.
            let mut p = 10;
            for digit in &d[..8] {
                p = (p + digit) % 10;
                p = if p == 0 { 10 } else { p };
                p = (p * 2) % 11;
            }
            (p + d[8]) % 10 == 1 && d[0] != 0
        }
        ("DK", Some(d)) => d.len() == 8 && dot(d, &[2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0,
        ("EL", Some(d)) => d.len() == 9 && dot(&d[..8], &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == d[8],
        ("ES", None) => body.starts_with('B') && body.len() == 9 && luhn(&body[1..]),
        ("FI", Some(d)) => d.len() == 8 && dot(d, &[7, 9, 10, 5, 8, 4, 2, 1]) % 11 == 0,
        ("FR", Some(d)) => {
            d.len() == 11 && luhn(&body[2..]) && remainder(&format!("{}12", &body[2..]), 97) == d_u32(&d[..2])
        }
        ("IE", None) => {
            let d = self::digits(&body[..7]).unwrap();
            let rest = dot(&d, &[8, 7, 6, 5, 4, 3, 2]) % 23;
            body.len() == 8
                && body.ends_with(
                    [
                        'W', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P',
                        'Q', 'R', 'S', 'T', 'U', 'V',
                    ][usize::try_from(rest).unwrap()],
                )
        }
        ("IT", Some(d)) => d.len() == 11 && luhn(body) && (1..=100).contains(&number(&d[7..10])),
        ("NL", None) => {
            let d = self::digits(&body[..9]).unwrap();
            let eleven = (dot(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) - d[8]) % 11 == 0;
            body.len() == 12 && &body[9..10] == "B" && (eleven || remainder(text, 97) == 1)
        }
        ("PL", Some(d)) => d.len() == 10 && dot(&d[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == d[9],
        ("PT", Some(d)) => {
            d.len() == 9 && {
                let rest = dot(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
                d[8] == if rest < 2 { 0 } else { 11 - rest }
            }
        }
        ("SE", Some(d)) => d.len() == 12 && luhn(&body[..10]) && body.ends_with("01"),
        _ => false,
    }
}

fn number(digits: &[i64]) -> i64 {
    digits.iter().fold(0, |number, d| number * 10 + d)
}

fn d_u32(digits: &[i64]) -> u32 {
    u32::try_from(number(digits)).unwrap()
}

#[test]
fn they_tell_published_examples_from_damaged_ones() {
    for good in [
        "ATU13585627",
        "BE0428759497",
        "CZ25123891",
        "DE136695976",
        "DK13585628",
        "EL094259216",
        "ESB64717838",
        "FI20774740",
        "FR40303265045",
        "IE6433435F",
        "IT00743110157",
        "NL004495445B01",
        "NL123456789B13",
        "PL8567346215",
        "PT501964843",
        "SE556188840401",
        "BG175074752",
    ] {
        assert!(vat(good), "{good}");
        let at = if good.starts_with("IE") { 6 } else { 9 };
        let mut damaged = good.to_owned();
        let digit = damaged.as_bytes()[at];
        damaged.replace_range(at..=at, if digit == b'9' { "0" } else { "9" });
        assert!(!vat(&damaged), "{damaged}");
    }
    assert!(iban("NL91ABNA0417164300") && iban("BE68539007547034") && !iban("NL91ABNA0417164301"));
    assert!(iso_6346("CSQU3054383") && !iso_6346("CSQU3054384"));
    // ICAO's specimen: number `L898902C`, filler, check digit.
    assert!(passport("L898902C3") && !passport("L898902C4"));
    assert!(luhn("49927398716") && !luhn("49927398717"));
}
