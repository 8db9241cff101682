//! An authority's directory: which function is held with which key, signed by its root key.
//!
//! Agreements name functions; directories name keys. So a person may change without a new
//! agreement, and only the authority itself can say so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::AuthorityId;
use crate::note::{Note, NoteError, NoteKey, Statement};

/// An office whose holder acts for the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Signs agreements.
    Signatory,
    /// Data protection officer: gives opinions.
    Dpo,
    /// Decides reversals.
    Approver,
    /// Enrols endpoints.
    Enrolment,
    /// Vouches for officers' requests.
    Statements,
}

impl Function {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signatory => "signatory",
            Self::Dpo => "dpo",
            Self::Approver => "approver",
            Self::Enrolment => "enrolment",
            Self::Statements => "statements",
        }
    }
}

/// One function and the key that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The function.
    pub function: Function,
    /// Title of the office, never a person's name.
    pub office: String,
    /// Its key.
    pub key: NoteKey,
}

/// A directory, statement of the authority's root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Whose directory.
    pub authority: AuthorityId,
    /// From 1, each replacing the one before.
    pub version: u32,
    /// When it was made.
    pub at: Timestamp,
    /// Who holds what.
    pub holders: Vec<Holder>,
}

impl Statement for Directory {
    const KIND: &'static str = "transire/directory/1";
}

impl Directory {
    /// The keys that hold `function`.
    pub fn keys(&self, function: Function) -> impl Iterator<Item = &NoteKey> {
        self.holders.iter().filter(move |holder| holder.function == function).map(|holder| &holder.key)
    }

    /// Reads a statement made by any holder of `function`, and says by which key.
    ///
    /// # Errors
    /// [`NoteError`] when no holder of that function has signed it, or one of them has a line that
    /// does not hold.
    pub fn verified<S: Statement>(&self, note: &Note, function: Function) -> Result<(S, NoteKey), NoteError> {
        for key in self.keys(function) {
            match note.verify(key) {
                Ok(()) => return Ok((S::from_note(note)?, key.clone())),
                Err(NoteError::Unsigned(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Err(NoteError::Unsigned(format!("the {} of {}", function.as_str(), self.authority)))
    }
}

/// A directory that may not replace the one before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// It is the directory of another authority.
    #[error("this is the directory of `{found}`, not of `{expected}`")]
    OtherAuthority {
        /// Whose it is.
        found: AuthorityId,
        /// Whose was to be replaced.
        expected: AuthorityId,
    },
    /// Its version is not greater, or it is 0.
    #[error("version {found} of the directory of `{authority}` does not follow version {previous}")]
    Version {
        /// The authority.
        authority: AuthorityId,
        /// Its version.
        found: u32,
        /// The version in use, 0 for none.
        previous: u32,
    },
    /// It is older than the one that it would replace.
    #[error("version {version} of the directory of `{authority}` is dated before the version in use")]
    Dated {
        /// The authority.
        authority: AuthorityId,
        /// Its version.
        version: u32,
    },
    /// It has more holders than are read.
    #[error("the directory of `{0}` has more than {MAX_HOLDERS} holders")]
    TooMany(AuthorityId),
    /// An office has no title, or one that cannot be shown.
    #[error("an office in the directory of `{0}` has no title, a control character or more than 200 letters")]
    Office(AuthorityId),
    /// The same key stands twice for the same function.
    #[error("the directory of `{authority}` names key `{key}` twice as {}", .function.as_str())]
    Twice {
        /// The authority.
        authority: AuthorityId,
        /// The function.
        function: Function,
        /// Name of the key.
        key: String,
    },
    /// Whoever gives opinions or decides reversals acts in no other function.
    #[error("in the directory of `{authority}` key `{key}` is {} and may hold no other function", .function.as_str())]
    NotApart {
        /// The authority.
        authority: AuthorityId,
        /// DPO or approver.
        function: Function,
        /// Name of the key.
        key: String,
    },
}

/// Most holders in one directory.
pub const MAX_HOLDERS: usize = 1_000;

impl Directory {
    /// Checks that this directory may replace `previous`, or be the first that is known: same
    /// authority, greater version, not dated before it, no holder twice, and the keys of DPO and
    /// approvers in no other function. Its signature is checked apart, against the root key.
    ///
    /// # Errors
    /// [`DirectoryError`] naming the first thing that is wrong.
    pub fn follows(&self, previous: Option<&Self>) -> Result<(), DirectoryError> {
        let authority = || self.authority.clone();
        if let Some(previous) = previous.filter(|previous| previous.authority != self.authority) {
            let expected = previous.authority.clone();
            return Err(DirectoryError::OtherAuthority { found: authority(), expected });
        }
        let in_use = previous.map_or(0, |previous| previous.version);
        if self.version <= in_use {
            let (found, previous) = (self.version, in_use);
            return Err(DirectoryError::Version { authority: authority(), found, previous });
        }
        if previous.is_some_and(|previous| self.at < previous.at) {
            return Err(DirectoryError::Dated { authority: authority(), version: self.version });
        }
        if self.holders.len() > MAX_HOLDERS {
            return Err(DirectoryError::TooMany(authority()));
        }
        self.holders_are_apart()
    }

    fn holders_are_apart(&self) -> Result<(), DirectoryError> {
        let authority = || self.authority.clone();
        let mut known: Vec<&Holder> = Vec::with_capacity(self.holders.len());
        for holder in &self.holders {
            let office = &holder.office;
            if office.trim().is_empty() || office.len() > 200 || office.contains(char::is_control) {
                return Err(DirectoryError::Office(authority()));
            }
            let key = || holder.key.name().to_owned();
            for other in known.iter().filter(|other| other.key.public() == holder.key.public()) {
                let function = holder.function;
                if other.function == function {
                    return Err(DirectoryError::Twice { authority: authority(), function, key: key() });
                }
                for apart in [Function::Dpo, Function::Approver] {
                    if function == apart || other.function == apart {
                        let (authority, key) = (authority(), key());
                        return Err(DirectoryError::NotApart { authority, function: apart, key });
                    }
                }
            }
            known.push(holder);
        }
        Ok(())
    }

    /// The first key that stands in both directories: two authorities share none.
    pub fn shares_key_with(&self, other: &Self) -> Option<&NoteKey> {
        let keys = self.holders.iter().map(|holder| &holder.key);
        keys.into_iter().find(|key| other.holders.iter().any(|held| held.key.public() == key.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, seed: u8) -> NoteKey {
        let public = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes();
        NoteKey::new(name, public).unwrap()
    }

    fn directory(version: u32, holders: &[(Function, u8)]) -> Directory {
        Directory {
            authority: AuthorityId::parse("be-customs").unwrap(),
            version,
            at: Timestamp::from_second(i64::from(version) * 1_000).unwrap(),
            holders: holders
                .iter()
                .map(|(function, seed)| Holder {
                    function: *function,
                    office: "Office".to_owned(),
                    key: key(function.as_str(), *seed),
                })
                .collect(),
        }
    }

    #[test]
    fn a_directory_follows_only_an_older_version_of_the_same_authority() {
        let first = directory(3, &[(Function::Dpo, 1)]);
        assert_eq!(first.follows(None), Ok(()));
        assert_eq!(directory(5, &[]).follows(Some(&first)), Ok(()));
        for version in [0, 2, 3] {
            let refused = directory(version, &[]).follows(Some(&first));
            assert!(matches!(refused, Err(DirectoryError::Version { .. })));
        }
        assert!(matches!(directory(0, &[]).follows(None), Err(DirectoryError::Version { .. })));
        let mut other = directory(4, &[]);
        other.authority = AuthorityId::parse("fr-statistics").unwrap();
        assert!(matches!(other.follows(Some(&first)), Err(DirectoryError::OtherAuthority { .. })));
        let mut backdated = directory(4, &[]);
        backdated.at = Timestamp::UNIX_EPOCH;
        assert!(matches!(backdated.follows(Some(&first)), Err(DirectoryError::Dated { .. })));
    }

    #[test]
    fn the_dpo_holds_no_other_function_and_nobody_stands_twice() {
        use Function::{Dpo, Enrolment, Signatory, Statements};
        assert_eq!(
            directory(1, &[(Dpo, 1), (Signatory, 2), (Enrolment, 3), (Statements, 3)]).follows(None),
            Ok(())
        );
        for holders in [[(Dpo, 1), (Signatory, 1)], [(Signatory, 1), (Dpo, 1)]] {
            let refused = directory(1, &holders).follows(None);
            assert!(matches!(refused, Err(DirectoryError::NotApart { function: Dpo, .. })));
        }
        let twice = directory(1, &[(Signatory, 1), (Signatory, 1)]).follows(None);
        assert!(matches!(twice, Err(DirectoryError::Twice { .. })));
    }

    #[test]
    fn a_key_that_two_authorities_share_is_found() {
        let ours = directory(1, &[(Function::Dpo, 1), (Function::Signatory, 2)]);
        let theirs = directory(1, &[(Function::Signatory, 1)]);
        assert_eq!(ours.shares_key_with(&theirs).map(NoteKey::name), Some("dpo"));
        assert_eq!(theirs.shares_key_with(&directory(1, &[(Function::Signatory, 9)])), None);
    }
}
