//! The parties of a declaration: firms and sole traders, known by several numbers.

use super::check_digits::{iban, icao_9303, national_account};
use super::draw::Draw;
use super::lands::{Land, MEMBER_STATES, Order, SELLERS, Spelt};
use super::tax_numbers::TaxNumbers;

/// Kinds of things that are drawn, so that none follows from another.
const CONSIGNEE: u64 = 1;
const CONSIGNOR: u64 = 2;

/// A consignee or consignor.
pub(super) struct Party {
    /// As it is registered, in its own script.
    pub(super) name: String,
    /// In Latin letters without marks.
    pub(super) latin: String,
    /// Of a natural person: given and family name in its own script.
    person: Option<(String, String)>,
    pub(super) address: String,
    pub(super) country: &'static str,
    pub(super) eori: Option<String>,
    pub(super) vat: Option<String>,
    pub(super) iban: Option<String>,
    pub(super) passport: Option<String>,
}

impl Party {
    /// The consignee of that number: established in a Member State, registered for VAT and customs.
    pub(super) fn consignee(seed: u64, index: u64) -> Self {
        let draw = &mut Draw::of(seed, CONSIGNEE, index);
        let land = draw.one(MEMBER_STATES);
        let sole_trader = draw.chance(40);
        let mut party = Self::draw(draw, land, sole_trader);
        let numbers = TaxNumbers::draw(draw, land.code, sole_trader);
        party.eori = Some(numbers.eori);
        party.vat = Some(numbers.vat);
        let account = national_account(land.code, &land.fill(draw, land.account));
        party.iban = Some(iban(land.code, &account));
        if sole_trader {
            let number = format!("{}{}", draw.letters(2), draw.digits(6));
            party.passport = Some(format!("{number}{}", icao_9303(&number)));
        }
        party
    }

    /// The consignor of that number: a seller outside the Union, of whom only name and address are known.
    pub(super) fn consignor(seed: u64, index: u64) -> Self {
        let draw = &mut Draw::of(seed, CONSIGNOR, index);
        let land = draw.one(SELLERS);
        let person = draw.chance(25);
        Self::draw(draw, land, person)
    }

    fn draw(draw: &mut Draw, land: &'static Land, person: bool) -> Self {
        let (given, family) = (land.given(draw), land.family(draw));
        let (name, latin) = if person {
            (land.person(given.native, family.native), latin_person(given, family, land.order))
        } else {
            let firm = land.firm(draw);
            (firm.native.replace("{}", family.native), firm.latin.replace("{}", family.latin))
        };
        let template = land.address(draw);
        Self {
            name,
            latin,
            person: person.then(|| (given.native.to_owned(), family.native.to_owned())),
            address: land.fill(draw, template),
            country: land.code,
            eori: None,
            vat: None,
            iban: None,
            passport: None,
        }
    }

    /// Family name first, with a comma; a firm's name as it is.
    pub(super) fn reversed(&self) -> String {
        match &self.person {
            Some((given, family)) => format!("{family}, {given}"),
            None => self.name.clone(),
        }
    }

    /// Initial and family name; a firm's name as it is.
    pub(super) fn initials(&self) -> String {
        match &self.person {
            Some((given, family)) => match given.chars().next() {
                Some(initial) => format!("{initial}. {family}"),
                None => family.clone(),
            },
            None => self.name.clone(),
        }
    }
}

fn latin_person(given: Spelt, family: Spelt, order: Order) -> String {
    match order {
        Order::GivenFirst => format!("{} {}", given.latin, family.latin),
        Order::FamilyFirst | Order::FamilyFirstJoined => format!("{} {}", family.latin, given.latin),
    }
}
