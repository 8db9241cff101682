//! Declarations made up for the demonstration: the dataset `import-declarations`, the same in every run.
//!
//! Parties from many countries in their own scripts, numbers with valid check digits, several goods in
//! one declaration, and remarks that mention its parties in other spellings: what pseudonymisation has
//! to stand up to. Nobody in them exists.

mod check_digits;
mod draw;
mod goods;
mod lands;
mod narrative;
mod party;
mod tax_numbers;
#[cfg(test)]
mod tests;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::RawValue;

use draw::Draw;
use narrative::Scene;
use party::Party;

/// Kind of draw, beside those of parties.
const DECLARATION: u64 = 3;
/// Declarations per consignee and per consignor, on average.
const PER_CONSIGNEE: u64 = 5;
const PER_CONSIGNOR: u64 = 8;
/// The first day, and the number of days over which they are spread.
const FIRST_DAY: Date = jiff::civil::date(2025, 7, 1);
const DAYS: u64 = 270;

/// `count` declarations that follow from `seed`, each one line of JSON without its line end.
///
/// Consignees and consignors come back in several declarations, under the same numbers.
pub fn declarations(count: usize, seed: u64) -> impl Iterator<Item = String> {
    let total = count as u64;
    (0..total).filter_map(move |index| serde_json::to_string(&Record::draw(index, total, seed)).ok())
}

#[derive(Serialize)]
struct Record {
    declaration: Declaration,
    consignee: Consignee,
    consignor: Consignor,
    container: Container,
    goods: Vec<Good>,
    remarks: String,
}

#[derive(Serialize)]
struct Declaration {
    number: String,
    date: Date,
    office: &'static str,
}

#[derive(Serialize)]
struct Consignee {
    name: String,
    address: String,
    country: &'static str,
    eori: Option<String>,
    vat: Option<String>,
    iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passport: Option<String>,
}

#[derive(Serialize)]
struct Consignor {
    name: String,
    address: String,
    country: &'static str,
}

#[derive(Serialize)]
struct Container {
    number: String,
}

#[derive(Serialize)]
struct Good {
    hs_code: &'static str,
    description: String,
    /// Written with two decimals, `12.50` included: numbers go through as they are written.
    net_mass: Option<Box<RawValue>>,
    value: Option<Box<RawValue>>,
}

impl Record {
    fn draw(index: u64, total: u64, seed: u64) -> Self {
        let draw = &mut Draw::of(seed, DECLARATION, index);
        let consignee = Party::consignee(seed, draw.below(total / PER_CONSIGNEE + 1));
        let consignor = Party::consignor(seed, draw.below(total / PER_CONSIGNOR + 1));
        let declaration = Declaration::draw(draw, index, total);
        let container = container(draw);
        let scene = Scene {
            consignee: &consignee,
            consignor: &consignor,
            container: &container,
            number: &declaration.number,
        };
        let goods = (0..draw.between(1, 4)).map(|_| Good::draw(draw, &scene)).collect();
        let remarks = narrative::remarks(draw, &scene);
        Self {
            declaration,
            consignee: Consignee {
                name: consignee.name,
                address: consignee.address,
                country: consignee.country,
                eori: consignee.eori,
                vat: consignee.vat,
                iban: consignee.iban,
                passport: consignee.passport,
            },
            consignor: Consignor {
                name: consignor.name,
                address: consignor.address,
                country: consignor.country,
            },
            container: Container { number: container },
            goods,
            remarks,
        }
    }
}

impl Declaration {
    /// Days go up with the index, and so do movement reference numbers within an office.
    fn draw(draw: &mut Draw, index: u64, total: u64) -> Self {
        let day = i64::try_from(index * DAYS / total.max(1)).unwrap_or(0);
        let date = FIRST_DAY.saturating_add(day.days());
        let office =
            draw.one(&["NL000396", "NL000432", "NL000510", "NL000563", "NL000567", "NL000854", "NL000883"]);
        let body = format!("{:02}{office}{index:06}R", date.year() % 100);
        Self { number: format!("{body}{}", check_digits::iso_6346(&body)), date, office }
    }
}

impl Good {
    fn draw(draw: &mut Draw, scene: &Scene<'_>) -> Self {
        let good = draw.one(&goods::GOODS);
        let net_mass = draw.between(good.net_mass.0, good.net_mass.1);
        let value = net_mass * draw.between(good.price.0, good.price.1) / 100;
        Self {
            hs_code: good.hs_code,
            description: narrative::description(draw, good.words, scene),
            net_mass: hundredths(net_mass),
            value: hundredths(value),
        }
    }
}

/// A JSON number with two decimals.
fn hundredths(number: u64) -> Option<Box<RawValue>> {
    RawValue::from_string(format!("{}.{:02}", number / 100, number % 100)).ok()
}

/// An owner's three letters, `U` for a freight container, six digits and their check digit.
fn container(draw: &mut Draw) -> String {
    let body = format!("{}U{}", draw.letters(3), draw.digits(6));
    format!("{body}{}", check_digits::iso_6346(&body))
}
