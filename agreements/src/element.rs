//! Datasets and their elements: what a record holds and what each value is in law.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{AuthorityId, DatasetId, ElementPath};

/// The form in which a dataset's records are deposited and disclosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordFormat {
    /// One JSON object a line.
    Json,
    /// A header line and one line for each record, RFC 4180.
    Csv,
}

/// What a value is in law.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Category {
    /// Personal data, with its term of the W3C Data Privacy Vocabulary (`pd:Name`).
    Personal(String),
    /// Identifies a record, a consignment or a means of transport, and so links.
    RecordIdentifier,
    /// Commercial secret.
    Commercial,
    /// Tax secret.
    Tax,
    /// Official secret.
    Official,
    /// None of these.
    None,
}

/// What kind of identifier a value is: it decides normalisation, key and recogniser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierKind {
    /// A person's or firm's name.
    Name,
    /// A postal address.
    Address,
    /// A date of birth.
    BirthDate,
    /// Economic Operators Registration and Identification number.
    Eori,
    /// VAT identification number.
    Vat,
    /// Passport or other travel document number.
    Passport,
    /// Bank account.
    Iban,
    /// Telephone number.
    Phone,
    /// Electronic mail address.
    Email,
    /// A trader's or declarant's number in a national register.
    TraderNumber,
    /// Declaration number.
    DeclarationNumber,
    /// Container number (ISO 6346).
    Container,
    /// Licence plate of a vehicle.
    Plate,
    /// Seal number.
    Seal,
}

impl IdentifierKind {
    /// Every kind, the strongest first: the order in which an identifier tells one person from
    /// another. Numbers given to one person or firm come first, then what belongs to one but changes,
    /// then what several share; what identifies a thing or a record comes last.
    pub const BY_STRENGTH: [Self; 14] = [
        Self::Passport,
        Self::Eori,
        Self::Vat,
        Self::TraderNumber,
        Self::Iban,
        Self::Email,
        Self::Phone,
        Self::Name,
        Self::Address,
        Self::BirthDate,
        Self::Plate,
        Self::Seal,
        Self::Container,
        Self::DeclarationNumber,
    ];

    /// Its place in [`Self::BY_STRENGTH`], from 0: the smaller, the stronger.
    pub fn strength(self) -> usize {
        Self::BY_STRENGTH.iter().position(|kind| *kind == self).unwrap_or(Self::BY_STRENGTH.len())
    }

    /// Whether a party has one value of it: two different ones in a list are two parties. Of accounts,
    /// telephones and addresses one party may have several.
    pub const fn is_one_for_each_party(self) -> bool {
        match self {
            Self::Passport | Self::Eori | Self::Vat | Self::TraderNumber | Self::Name | Self::BirthDate => true,
            Self::Iban
            | Self::Email
            | Self::Phone
            | Self::Address
            | Self::Plate
            | Self::Seal
            | Self::Container
            | Self::DeclarationNumber => false,
        }
    }

    /// Its word in documents, tables and key derivations. Another word would make pseudonyms and
    /// subject tags of that kind unfindable, so none of them ever changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Address => "address",
            Self::BirthDate => "birth-date",
            Self::Eori => "eori",
            Self::Vat => "vat",
            Self::Passport => "passport",
            Self::Iban => "iban",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::TraderNumber => "trader-number",
            Self::DeclarationNumber => "declaration-number",
            Self::Container => "container",
            Self::Plate => "plate",
            Self::Seal => "seal",
        }
    }
}

/// What a value looks like; a value of another shape is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// Short text.
    #[default]
    Text,
    /// Free text written by people, which may name anybody.
    Narrative,
    /// A number.
    Number,
    /// A calendar date, `YYYY-MM-DD`.
    Date,
    /// A Harmonised System code, 2 to 10 digits.
    HsCode,
    /// A yes or no, or a 0 or 1.
    Flag,
}

/// One element of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Element {
    /// Where the value is in a JSON record, and its name everywhere else.
    pub path: ElementPath,
    /// The column's header in a CSV dataset; absent in a JSON dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What officers read.
    pub title: String,
    /// What the value is in law. Absent only in a document that is refused.
    pub category: Category,
    /// Kind of identifier, for values that identify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<IdentifierKind>,
    /// Elements with the same subject speak of the same party of the record (`consignee`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Together with others it may single out a person.
    #[serde(default, skip_serializing_if = "is_false")]
    pub quasi_identifier: bool,
    /// Shape of the value.
    #[serde(default)]
    pub kind: ValueKind,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A dataset of a controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Its name.
    pub id: DatasetId,
    /// What officers read.
    pub title: String,
    /// Who answers for the processing (GDPR 4(7)).
    pub controller: AuthorityId,
    /// Who collected the data first.
    pub originator: AuthorityId,
    /// Form of the records.
    pub format: RecordFormat,
    /// The elements, in the order of the columns of a CSV dataset.
    #[serde(rename = "element")]
    pub elements: Vec<Element>,
}

impl Dataset {
    /// The element at `path`.
    pub fn element(&self, path: &ElementPath) -> Option<&Element> {
        self.elements.iter().find(|element| element.path == *path)
    }
}

impl Element {
    /// Whether it identifies a party of the record, and not the record itself.
    pub const fn tells_a_person(&self) -> bool {
        self.identifier.is_some() && (self.subject.is_some() || self.category.is_personal())
    }

    /// Whether records can be found by this element: identifiers and what singles out with others,
    /// unless it is free text or a number, which nobody seeks by equality.
    pub const fn is_searchable(&self) -> bool {
        let names = self.identifier.is_some() || self.quasi_identifier;
        names && !matches!(self.kind, ValueKind::Narrative | ValueKind::Number)
    }
}

impl Category {
    /// Whether the value is personal data.
    pub const fn is_personal(&self) -> bool {
        matches!(self, Self::Personal(_))
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Personal(term) => f.write_str(term),
            Self::RecordIdentifier => f.write_str("record-identifier"),
            Self::Commercial => f.write_str("commercial"),
            Self::Tax => f.write_str("tax"),
            Self::Official => f.write_str("official"),
            Self::None => f.write_str("none"),
        }
    }
}

/// A category that is not written as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a category: write a personal-data term as `pd:Name`, or `record-identifier`, \
     `commercial`, `tax`, `official` or `none`"
)]
pub struct CategoryError(String);

impl TryFrom<String> for Category {
    type Error = CategoryError;
    fn try_from(text: String) -> Result<Self, CategoryError> {
        match text.as_str() {
            "record-identifier" => Ok(Self::RecordIdentifier),
            "commercial" => Ok(Self::Commercial),
            "tax" => Ok(Self::Tax),
            "official" => Ok(Self::Official),
            "none" => Ok(Self::None),
            term => match term.strip_prefix("pd:") {
                Some(name)
                    if !name.is_empty()
                        && name.len() <= 60
                        && name.chars().all(|c| c.is_ascii_alphanumeric()) =>
                {
                    Ok(Self::Personal(text))
                }
                _ => Err(CategoryError(text.chars().take(64).collect())),
            },
        }
    }
}

impl From<Category> for String {
    fn from(category: Category) -> String {
        category.to_string()
    }
}
