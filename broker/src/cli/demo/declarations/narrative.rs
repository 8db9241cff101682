//! Remarks and descriptions as declarants write them: the record's own parties, in whatever spelling.

use super::draw::Draw;
use super::party::Party;

/// What remarks may speak of.
pub(super) struct Scene<'r> {
    pub(super) consignee: &'r Party,
    pub(super) consignor: &'r Party,
    pub(super) container: &'r str,
    pub(super) number: &'r str,
}

/// `{e}` and `{r}`: consignee and consignor in one of their spellings; `{v}` VAT, `{o}` EORI, `{i}` IBAN,
/// `{p}` passport, `{c}` container, `{d}` declaration, `{a}` the consignee's address.
const REMARKS: [&str; 16] = [
    "Goods for {e}, seller {r}. Container {c} was opened at the quay.",
    "Consignee {e} (VAT {v}) asks for release before noon; invoice by {r} follows.",
    "Zending van {r} voor {e}, {a}. Container {c}, zegel in orde.",
    "Aangever belde namens {e}; EORI {o} nagekeken.",
    "Marchandise expédiée par {r} pour le compte de {e}. TVA {v}.",
    "Remboursement des droits à {e}, compte {i}.",
    "Sendung von {r} an {e}, Behälter {c}. Rückfragen an {e}.",
    "Sicherheit geleistet durch {e}, Konto {i}, EORI {o}.",
    "Duties refunded to {e} on account {i}; see also {d}.",
    "{r} confirms by telephone that {e} is the buyer.",
    "Carried by hand by {e}, passport {p}, shown at the counter.",
    "See declaration {d}: same consignee {e}, same seller {r}.",
    "Address corrected to {a} at the request of {e}.",
    "{e} / {r} / {c}",
    "Documents checked, no remarks.",
    "Physical inspection, quantity as declared.",
];

const CODAS: [&str; 5] =
    ["{w}", "{w}, for {e}", "{w} / order of {e}", "{w}; manufacturer {r}", "{w} ({r}, contract with {e})"];

/// The remarks of a declaration.
pub(super) fn remarks(draw: &mut Draw, scene: &Scene<'_>) -> String {
    loop {
        let template = draw.one(&REMARKS);
        if let Some(text) = fill(draw, template, scene) {
            return text;
        }
    }
}

/// The description of one good, which now and then names a party.
pub(super) fn description(draw: &mut Draw, words: &str, scene: &Scene<'_>) -> String {
    let template = if draw.chance(70) { "{w}" } else { draw.one(&CODAS) };
    fill(draw, &template.replace("{w}", words), scene).unwrap_or_else(|| words.to_owned())
}

/// The template with what it speaks of; `None` when the record has no such thing.
fn fill(draw: &mut Draw, template: &str, scene: &Scene<'_>) -> Option<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (field, after) = after.split_once('}')?;
        match field {
            "e" => text.push_str(&spelling(draw, scene.consignee)),
            "r" => text.push_str(&spelling(draw, scene.consignor)),
            "a" => text.push_str(&scene.consignee.address),
            "v" => text.push_str(&written(draw, scene.consignee.vat.as_deref()?)),
            "o" => text.push_str(&written(draw, scene.consignee.eori.as_deref()?)),
            "i" => text.push_str(&written(draw, scene.consignee.iban.as_deref()?)),
            "p" => text.push_str(scene.consignee.passport.as_deref()?),
            "c" => text.push_str(&written(draw, scene.container)),
            "d" => text.push_str(scene.number),
            _ => return None,
        }
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// A party's name as somebody in a hurry writes it.
fn spelling(draw: &mut Draw, party: &Party) -> String {
    match draw.below(7) {
        0 => party.latin.to_uppercase(),
        1 => party.latin.clone(),
        2 => party.name.to_uppercase(),
        3 => party.reversed(),
        4 => party.initials(),
        _ => party.name.clone(),
    }
}

/// A number as it is, or in groups of four.
fn written(draw: &mut Draw, number: &str) -> String {
    if draw.chance(50) {
        return number.to_owned();
    }
    let mut text = String::new();
    for (at, c) in number.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push(' ');
        }
        text.push(c);
    }
    text
}
