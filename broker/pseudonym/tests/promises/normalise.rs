//! One identifier, one normal form, however it was typed.

use agreements::IdentifierKind::{self, Address, BirthDate, Email, Eori, Iban, Name, Phone, Plate};
use proptest::prelude::*;
use pseudonym::normalise;

const KINDS: [IdentifierKind; 14] = [
    Name,
    Address,
    BirthDate,
    Eori,
    IdentifierKind::Vat,
    IdentifierKind::Passport,
    Iban,
    Phone,
    Email,
    IdentifierKind::TraderNumber,
    IdentifierKind::DeclarationNumber,
    IdentifierKind::Container,
    Plate,
    IdentifierKind::Seal,
];

fn same(kind: IdentifierKind, forms: &[&str], normal: &str) {
    for form in forms {
        assert_eq!(normalise(Some(kind), form), normal, "{form}");
    }
}

#[test]
fn spellings_of_one_name_are_equal() {
    same(
        Name,
        &[
            "Anna Müller",
            "MÜLLER, Anna",
            "anna mu\u{308}ller",
            " Anna\u{a0}Mu\u{308}ller ",
            "Anna\u{200b} M\u{ad}üller",
            "\u{202e}Anna MÜLLER",
        ],
        "anna muller",
    );
    same(Name, &["O'Brien", "O’Brien", "o‘brien", "OBrien"], "obrien");
    same(Name, &["Jean-Pierre", "JEAN‐PIERRE", "jeanpierre"], "jeanpierre");
    same(Name, &["Straße", "STRASSE", "STRAẞE"], "strasse");
    same(Name, &["ＡＢＣ　Ltd.", "abc ltd"], "abc ltd");
    same(Name, &["Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ", "παπαδοπουλος"], "papadopoylos");
    same(Name, &["İstanbul", "ISTANBUL", "istanbul"], "istanbul");
}

#[test]
fn a_soft_sign_does_not_break_a_name_in_two() {
    same(Name, &["Рубець", "РУБЕЦЬ", "рубець"], &normalise(Some(Name), "Рубець"));
    assert!(!normalise(Some(Name), "Рубець").contains(' '));
    assert!(!normalise(Some(Name), "Объедков").contains(' '));
}

#[test]
fn numbers_are_equal_without_their_separators() {
    same(Eori, &["NL123456789", "nl 123.456.789", "NL-123456789", "ＮＬ123456789"], "NL123456789");
    same(Iban, &["NL91 ABNA 0417 1643 00", "nl91abna0417164300"], "NL91ABNA0417164300");
    same(Plate, &["AA-123-BB", "aa 123 bb"], "AA123BB");
    same(Phone, &["+31 20 123 45 67", "0031201234567", "tel. +31 (0)20-1234567"], "+31201234567");
    same(Phone, &["020-1234567", "(020) 123 45 67"], "0201234567");
    same(Email, &["Anna@Example.org ", "anna@example.org"], "anna@example.org");
    same(BirthDate, &["1980-05-17", "19800517", "17.05.1980", "1980/5/17", "1980 05 17"], "1980-05-17");
}

#[test]
fn a_value_in_an_unknown_script_stands_for_itself() {
    for kind in KINDS {
        for value in ["🦀🦀", "---", "\u{10920}\u{10921}"] {
            assert!(!normalise(Some(kind), value).is_empty(), "{kind:?} {value}");
        }
        assert_ne!(normalise(Some(kind), "🦀🦀"), normalise(Some(kind), "🦞🦞"));
        assert_eq!(normalise(Some(kind), " \u{200b}\t"), "");
    }
}

#[test]
fn the_label_of_a_kind_is_its_form_in_a_dataset() {
    for kind in KINDS {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn normalising_twice_changes_nothing(value in prop_oneof!["\\PC{0,20}", any::<String>(), "[ 0-9+().-]{0,14}"]) {
        for kind in KINDS.into_iter().map(Some).chain([None]) {
            let once = normalise(kind, &value);
            prop_assert_eq!(normalise(kind, &once), once.clone(), "{:?}", kind);
        }
    }

    /// The short way for ASCII gives what the long way gives.
    #[test]
    fn an_invisible_character_changes_nothing(value in "[ -~]{0,20}", at in 0usize..20) {
        let mut longer = value.clone();
        longer.insert(at.min(value.len()), '\u{200d}');
        for kind in KINDS.into_iter().map(Some).chain([None]) {
            prop_assert_eq!(normalise(kind, &longer), normalise(kind, &value));
        }
    }

    #[test]
    fn the_case_and_order_of_a_name_change_nothing(words in prop::collection::vec("[a-zäöüßéèñçøåłžőğ]{1,8}", 1..4)) {
        let name = words.join(" ");
        let reversed: Vec<String> = words.iter().rev().map(|word| word.to_uppercase()).collect();
        prop_assert_eq!(normalise(Some(Name), &name), normalise(Some(Name), &reversed.join(", ")));
    }
}
