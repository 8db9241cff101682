//! Every key of the whole system, in one list: where it is made, who holds it, what it is for, when
//! it ends, and what its thief can do.
//!
//! `docs/src/reference/keys.md` is rendered from this list, and a test compares the two. Adding a
//! kind of key begins here.

mod rows;

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Random root of the broker's vault.
    VaultRoot,
    /// File that unlocks a vault.
    UnlockKeyFile,
    /// Passphrase that unlocks a vault.
    UnlockPassphrase,
    /// Seals the files of the vault.
    VaultFiles,
    /// Codes the mark.
    Mark,
    /// Seals rows.
    Columns,
    /// Blind indexes.
    BlindIndex,
    /// Subject tags.
    SubjectTags,
    /// Root of all pseudonymisation domains.
    DomainRoot,
    /// Seed of one domain.
    DomainSeed,
    /// Key of one domain and those that follow from it.
    Domain,
    /// Salt of a commitment.
    CommitmentSalt,
    /// Seals the personal parts of entries.
    PersonalPart,
    /// Signs checkpoints.
    Log,
    /// Signs for the broker in MLS.
    BrokerEndpoint,
    /// Secrets of an MLS group.
    GroupState,
    /// Encrypts one bulk object.
    Object,
    /// Signs for a recipient's endpoint.
    Endpoint,
    /// Private parts of key packages not yet used.
    KeyPackage,
    /// Random root of a recipient's vault.
    RecipientVault,
    /// Root key of an authority.
    AuthorityRoot,
    /// Function `signatory`.
    Signatory,
    /// Function `dpo`.
    Dpo,
    /// Function `approver`.
    Approver,
    /// Function `enrolment`.
    Enrolment,
    /// Function `statements`.
    Statements,
    /// Token of a signed-in officer.
    SessionToken,
    /// Password of an officer.
    OfficerPassword,
}

/// What the reference says of a kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRow {
    /// Name for people.
    pub name: &'static str,
    /// Where it is made.
    pub made: &'static str,
    /// Who or what holds it.
    pub held: &'static str,
    /// From what it follows.
    pub derived: &'static str,
    /// What it is for.
    pub used: &'static str,
    /// When another takes its place.
    pub rotated: &'static str,
    /// When and how it ends.
    pub destroyed: &'static str,
    /// What its thief can do.
    pub thief: &'static str,
}

impl KeyKind {
    /// Every kind, in the order of the reference.
    pub const ALL: [Self; 28] = [
        Self::VaultRoot,
        Self::UnlockKeyFile,
        Self::UnlockPassphrase,
        Self::VaultFiles,
        Self::Mark,
        Self::Columns,
        Self::BlindIndex,
        Self::SubjectTags,
        Self::DomainRoot,
        Self::DomainSeed,
        Self::Domain,
        Self::CommitmentSalt,
        Self::PersonalPart,
        Self::Log,
        Self::BrokerEndpoint,
        Self::GroupState,
        Self::Object,
        Self::Endpoint,
        Self::KeyPackage,
        Self::RecipientVault,
        Self::AuthorityRoot,
        Self::Signatory,
        Self::Dpo,
        Self::Approver,
        Self::Enrolment,
        Self::Statements,
        Self::SessionToken,
        Self::OfficerPassword,
    ];

    /// The word for programs, as entries on keys name their kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VaultRoot => "vault-root",
            Self::UnlockKeyFile => "unlock-key-file",
            Self::UnlockPassphrase => "unlock-passphrase",
            Self::VaultFiles => "vault-files",
            Self::Mark => "mark",
            Self::Columns => "columns",
            Self::BlindIndex => "blind-index",
            Self::SubjectTags => "subject-tags",
            Self::DomainRoot => "domain-root",
            Self::DomainSeed => "domain-seed",
            Self::Domain => "domain",
            Self::CommitmentSalt => "commitment-salt",
            Self::PersonalPart => "personal-part",
            Self::Log => "log",
            Self::BrokerEndpoint => "broker-endpoint",
            Self::GroupState => "group-state",
            Self::Object => "object",
            Self::Endpoint => "endpoint",
            Self::KeyPackage => "key-package",
            Self::RecipientVault => "recipient-vault",
            Self::AuthorityRoot => "authority-root",
            Self::Signatory => "signatory",
            Self::Dpo => "dpo",
            Self::Approver => "approver",
            Self::Enrolment => "enrolment",
            Self::Statements => "statements",
            Self::SessionToken => "session-token",
            Self::OfficerPassword => "officer-password",
        }
    }

    /// The table of the reference, in Markdown.
    pub fn table() -> String {
        let mut text = String::from(
            "| key | made where | held by | derived from | used for | rotated | destroyed | what its thief can do |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        for kind in Self::ALL {
            let KeyRow { name, made, held, derived, used, rotated, destroyed, thief } = kind.row();
            let cells = [name, made, held, derived, used, rotated, destroyed, thief];
            text.push_str("| ");
            text.push_str(&cells.join(" | "));
            text.push_str(" |\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    const BEGIN: &str = "<!-- keys: rendered from KeyKind; do not edit -->\n";
    const END: &str = "<!-- end of keys -->";

    #[test]
    #[expect(clippy::disallowed_methods, reason = "tests only: how a reviewed change is written down")]
    fn the_reference_has_a_row_for_each_key_and_says_what_the_code_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference/keys.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(BEGIN).expect("the marker");
        let (table, after) = rest.split_once(END).expect("the end marker");
        if std::env::var("TRANSIRE_BLESS").is_ok() {
            std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", KeyKind::table())).unwrap();
        } else {
            assert_eq!(table, KeyKind::table(), "run this test with TRANSIRE_BLESS=1 and review the page");
        }
    }

    #[test]
    fn each_kind_stands_in_the_list_once_and_no_cell_is_empty() {
        // `ALL` is as long as it says; with distinct words it holds every variant once.
        let words: BTreeSet<_> = KeyKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words.len(), KeyKind::ALL.len());
        assert_eq!(KeyKind::ALL.last().copied().map(|kind| kind as usize + 1), Some(KeyKind::ALL.len()));
        for line in KeyKind::table().lines() {
            assert_eq!(line.matches('|').count(), 9, "{line}");
            assert!(line.split('|').skip(1).take(8).all(|cell| !cell.trim().is_empty()), "{line}");
        }
    }
}
