//! Names and random identifiers, each parsed once at the door.
//!
//! A name is written by people (`nl-customs`, `NL-BE-2026-04`); a random identifier is 16 bytes
//! made by the program and written as 32 hexadecimal digits. Neither can be empty: an empty value
//! in a request would match an empty policy.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name or identifier that does not have its required form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty, too long, or has a character that this kind of name does not allow.
    #[error("`{text}` is not {what}: {rule}")]
    Form {
        /// The offending text, cut to 64 characters.
        text: String,
        /// What was expected, with its article.
        what: &'static str,
        /// The rule in words.
        rule: &'static str,
    },
}

fn refuse(text: &str, what: &'static str, rule: &'static str) -> IdError {
    let shown = text.chars().filter(|c| !c.is_control()).take(64).collect();
    IdError::Form { text: shown, what, rule }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $rule:literal, $allowed:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads the name.
            ///
            /// # Errors
            /// [`IdError::Form`] when it is empty, too long or has a character outside its rule.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let allowed: fn(char) -> bool = $allowed;
                if text.is_empty() || text.len() > $max || !text.chars().all(allowed) {
                    return Err(refuse(text, $what, $rule));
                }
                Ok(Self(text.to_owned()))
            }

            /// The name as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    )*};
}

names! {
    /// An organisation that can be a party: `nl-customs`.
    AuthorityId, "an authority", 60, "small letters, digits and `-`, at most 60",
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    /// An agreement, whatever its version: `NL-BE-2026-04`.
    AgreementId, "an agreement", 60, "capital letters, digits and `-`, at most 60",
        |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    /// A clause, unique within its agreement: `risk-analysis`.
    ClauseId, "a clause", 60, "small letters, digits and `-`, at most 60",
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    /// A dataset of the provider: `import-declarations`.
    DatasetId, "a dataset", 60, "small letters, digits and `-`, at most 60",
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    /// A role of officers at the recipient: `risk-analyst`.
    RoleId, "a role", 60, "small letters, digits and `-`, at most 60",
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    /// A purpose by its code: `dpv:FraudPreventionAndDetection`, `customs:RiskManagement`.
    PurposeId, "a purpose", 80, "a vocabulary, `:` and a term, of letters, digits, `-` and `:`, at most 80",
        |c| c.is_ascii_alphanumeric() || c == '-' || c == ':';
    /// A program of an authority that is a member of exchange groups: `be-customs-desk-1`.
    EndpointId, "an endpoint", 60, "small letters, digits and `-`, at most 60",
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    /// The pseudonym of an officer that the officer's authority uses for a year.
    OfficerNumber, "an officer number", 60, "letters, digits and `-`, at most 60",
        |c| c.is_ascii_alphanumeric() || c == '-';
    /// A data element: the path of a value in a record, segments joined by dots
    /// (`declaration.consignee.name`). A path goes through arrays element by element.
    ElementPath, "an element", 200, "segments of letters, digits, `_` and `-`, joined by `.`, at most 200",
        |c| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
}

impl ElementPath {
    /// The segments of the path, outermost first.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

macro_rules! random_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// Wraps 16 random bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads 32 hexadecimal digits.
            ///
            /// # Errors
            /// [`IdError::Form`] when the text is anything else.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; 16];
                let small = !text.bytes().any(|b| b.is_ascii_uppercase());
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if small => Ok(Self(bytes)),
                    _ => Err(refuse(text, "an identifier", "32 small hexadecimal digits")),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    )*};
}

random_ids! {
    /// One question of one officer; repeated, it is answered the same.
    RequestId;
    /// One act of letting data go.
    DisclosureId;
    /// One encrypted bulk object.
    ObjectId;
    /// One MLS group: one agreement, one recipient.
    GroupId;
    /// One entry of the log.
    EntryId;
    /// One batch of records given by a source.
    DepositId;
    /// One message between broker and endpoint; in clear on the wire.
    MessageId;
}

/// An agreement at one version: `NL-BE-2026-04` version 2.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementVersion {
    /// The agreement.
    pub id: AgreementId,
    /// Its version, from 1.
    pub version: u32,
}

impl fmt::Display for AgreementVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.id, self.version)
    }
}
