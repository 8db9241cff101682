//! Every key of the whole system, in one list: where it is made, who holds it, what it is for, when
//! it ends, and what its thief can do.
//!
//! `docs/src/reference/keys.md` is rendered from this list, and a test compares the two. Adding a
//! kind of key begins here.

use super::key_id::{KeyId, KeyIdError};

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

const RANDOM: &str = "nothing: random";
const WITH_ROOT: &str = "with the vault root";

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

    /// The word for programs, in entries and in file names of the vault.
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

    /// The id under which a vault keeps one key of this kind: `personal-part.led.2026-11`.
    ///
    /// # Errors
    /// [`KeyIdError`] when `which` is empty or is more than small letters, digits, `-` and `.`.
    pub fn key_id(self, which: &str) -> Result<KeyId, KeyIdError> {
        if which.is_empty() {
            return Err(KeyIdError);
        }
        KeyId::parse(&format!("{}.{which}", self.as_str()))
    }

    /// What the reference says of it.
    pub const fn row(self) -> KeyRow {
        match self {
            Self::VaultRoot => KeyRow {
                name: "vault root",
                made: "broker, when the vault is made",
                held: "vault, file `root`, wrapped",
                derived: RANDOM,
                used: "everything below that follows from it",
                rotated: "never; what wraps it can be changed without sealing anything again",
                destroyed: "with the vault folder",
                thief: "with a copy of the database: read every stored row and find every person in it. \
                        Not: keys that have a file of their own, without the vault folder",
            },
            Self::UnlockKeyFile => KeyRow {
                name: "unlock key file",
                made: "`transire` command, on the host",
                held: "a file of mode 0600 outside the data folder; `demo` alone keeps one inside, and says so",
                derived: RANDOM,
                used: "wraps the vault root",
                rotated: "when the administrator wraps the root anew",
                destroyed: "by its owner",
                thief: "with the vault folder: everything that the vault holds. Alone: nothing",
            },
            Self::UnlockPassphrase => KeyRow {
                name: "unlock passphrase",
                made: "by the administrator",
                held: "the administrator, or a file of mode 0600",
                derived: "nothing; stretched by Argon2id (64 MiB, 3 passes, 4 lanes)",
                used: "wraps the vault root",
                rotated: "when the administrator wraps the root anew",
                destroyed: "forgotten",
                thief: "with the vault folder: everything that the vault holds. Alone: nothing",
            },
            Self::VaultFiles => KeyRow {
                name: "key of the vault's files",
                made: "broker, at start",
                held: "memory",
                derived: "vault root, HKDF",
                used: "seals the file of each key that can be destroyed on its own",
                rotated: WITH_ROOT,
                destroyed: WITH_ROOT,
                thief: "with the vault folder: every key that has a file there",
            },
            Self::Mark => KeyRow {
                name: "key of the mark",
                made: "broker, at start",
                held: "memory",
                derived: "vault root, HKDF",
                used: "codes the note of size and root of the log after each commit",
                rotated: WITH_ROOT,
                destroyed: WITH_ROOT,
                thief: "hide from the broker that its database was put back; recipients still notice",
            },
            Self::Columns => KeyRow {
                name: "column keys",
                made: "broker and recipient program, when a table is first written in a run or a year",
                held: "memory",
                derived: "vault root, table, year and a random series of the run, HKDF",
                used: "seal rows: one AEAD a row, bound to table and row; 2^31 seals at most",
                rotated: "each year, each start, and after 2^31 seals",
                destroyed: WITH_ROOT,
                thief: "with a copy of the database: read that table's rows of that series",
            },
            Self::BlindIndex => KeyRow {
                name: "blind index keys",
                made: "broker, at first use",
                held: "memory",
                derived: "vault root, dataset and element, HKDF",
                used: "find stored records by a value, without its plaintext",
                rotated: "never while the dataset lives",
                destroyed: WITH_ROOT,
                thief: "with a copy of the database: test whether a guessed value is stored, and where",
            },
            Self::SubjectTags => KeyRow {
                name: "tag keys",
                made: "broker, at first use in a year",
                held: "memory",
                derived: "vault root, year and kind of identifier, HKDF",
                used: "find the entries that speak of a data subject",
                rotated: "each year",
                destroyed: "its tags go with the personal parts of the entries; the key with the vault root",
                thief: "with a copy of the database: test whether data on a guessed person went out that year",
            },
            Self::DomainRoot => KeyRow {
                name: "domain root",
                made: "broker, at start",
                held: "memory",
                derived: "vault root, HKDF",
                used: "domain keys, each together with a domain's seed",
                rotated: "never: pseudonyms would change",
                destroyed: WITH_ROOT,
                thief: "nothing without the seeds",
            },
            Self::DomainSeed => KeyRow {
                name: "domain seeds",
                made: "broker, when an agreement comes into force",
                held: "vault, a file each",
                derived: RANDOM,
                used: "domain keys, together with the domain root",
                rotated: "never within a domain; a new domain has a new seed",
                destroyed: "when the domain ends: overwritten and unlinked after the entry that records it",
                thief: "nothing without the domain root",
            },
            Self::Domain => KeyRow {
                name: "domain keys",
                made: "broker, when a domain is first used after a start",
                held: "memory",
                derived: "domain root, the domain's seed, and agreement, recipient, purpose and epoch, HKDF; \
                          one further for each kind of identifier and technique",
                used: "pseudonyms of one recipient for one purpose",
                rotated: "with the domain",
                destroyed: "with the domain's seed",
                thief: "test whether a pseudonym of that domain belongs to a guessed person. No other domain",
            },
            Self::CommitmentSalt => KeyRow {
                name: "commitment salts",
                made: "broker, one for each part of an entry",
                held: "beside the part, sealed with it; in the message to the recipient, for the particulars",
                derived: RANDOM,
                used: "so that nobody guesses a part of an entry from the commitment in its leaf",
                rotated: "never: one for each part",
                destroyed: "with the part",
                thief: "test guesses of that one part",
            },
            Self::PersonalPart => KeyRow {
                name: "personal-part keys",
                made: "broker, at the first entry of a retention class in a month",
                held: "vault, a file for each class and month; never in the database or its backups",
                derived: RANDOM,
                used: "seal officer, justification and query of the entries of that class and month",
                rotated: "each month",
                destroyed: "on the last day of retention: that is the deletion of those parts, backups included",
                thief: "with a copy of the database: read who asked what and why in that month",
            },
            Self::Log => KeyRow {
                name: "log key",
                made: "broker, when the log is opened",
                held: "vault, a file; the public key stands in each agreement",
                derived: RANDOM,
                used: "signs checkpoints of the record",
                rotated: "with a new log only",
                destroyed: "with the log",
                thief: "sign a different record; noticed as soon as two checkpoints are compared",
            },
            Self::BrokerEndpoint => KeyRow {
                name: "broker endpoint key",
                made: "broker, when it is set up",
                held: "vault, a file",
                derived: RANDOM,
                used: "signs the broker's MLS leaf, commits and messages",
                rotated: "with its enrolment, 90 days at most",
                destroyed: "after the enrolment that follows it",
                thief: "pose as the broker in a new group; reads no message of a group without its state",
            },
            Self::GroupState => KeyRow {
                name: "MLS group state",
                made: "broker and endpoints, when a group is made or joined",
                held: "memory, and the database of each, sealed under a column key; never in a backup",
                derived: "MLS key schedule (RFC 9420)",
                used: "encrypts questions, answers and keys between broker and recipient",
                rotated: "each message moves the ratchet on; each commit begins a new epoch, at the least after \
                          every start",
                destroyed: "overwritten with each message; deleted when the agreement ends",
                thief: "read that group's messages that follow, until the next commit of the party robbed. \
                        Not those before",
            },
            Self::Object => KeyRow {
                name: "object keys",
                made: "broker, one for each bulk object",
                held: "broker's database, sealed under a column key, until delivered; recipient's store until opened",
                derived: RANDOM,
                used: "encrypts one bulk object (AES-256-GCM, STREAM)",
                rotated: "never: one for each object",
                destroyed: "at the broker after the receipt `opened`, or when the agreement ends first",
                thief: "with the object's ciphertext: read that object",
            },
            Self::Endpoint => KeyRow {
                name: "endpoint keys",
                made: "recipient program, when it is set up",
                held: "recipient's vault, a file",
                derived: RANDOM,
                used: "signs its MLS leaf, its outward calls and its receipts",
                rotated: "with its enrolment, 90 days at most",
                destroyed: "after the enrolment that follows it",
                thief: "call the outward routes and sign receipts as that endpoint until it is removed; reads no \
                        message of a group without its state",
            },
            Self::KeyPackage => KeyRow {
                name: "key package keys",
                made: "recipient program, with each key package",
                held: "recipient's database, sealed under a column key",
                derived: RANDOM,
                used: "open the welcome to one group, once",
                rotated: "30 days, with a fresh key package; 90 days at most",
                destroyed: "when the group is joined or the package has expired",
                thief: "with the welcome: join in the endpoint's place and read that epoch",
            },
            Self::RecipientVault => KeyRow {
                name: "recipient's vault root",
                made: "recipient program, when the vault is made",
                held: "recipient's vault, file `root`, wrapped as the broker's is",
                derived: RANDOM,
                used: "column keys of the recipient's store, and the files of its vault",
                rotated: "never; what wraps it can be changed",
                destroyed: "with the vault folder",
                thief: "with a copy of the recipient's store: read what it received and still keeps",
            },
            Self::AuthorityRoot => KeyRow {
                name: "authority root keys",
                made: "`transire key new`, on a machine of the authority that is kept offline",
                held: "the authority, in a file of mode 0600, best under a passphrase; the public key stands in each agreement",
                derived: RANDOM,
                used: "signs the authority's directory of functions",
                rotated: "by a new version of every agreement that names it",
                destroyed: "by the authority",
                thief: "name holders of functions for that authority; every change of a directory is an entry",
            },
            Self::Signatory => KeyRow {
                name: "function key `signatory`",
                made: "`transire key new`, on the person's own machine",
                held: "the person, in a file of mode 0600, best under a passphrase; never a server",
                derived: RANDOM,
                used: "signs agreements and attests conditions",
                rotated: "by a new directory",
                destroyed: "by the person, after the directory that no longer names it",
                thief: "sign for that party; nothing comes into force by it without the DPO and the other parties",
            },
            Self::Dpo => KeyRow {
                name: "function key `dpo`",
                made: "`transire key new`, on the person's own machine",
                held: "the person, in a file of mode 0600, best under a passphrase; never a server",
                derived: RANDOM,
                used: "signs opinions on agreements",
                rotated: "by a new directory",
                destroyed: "by the person, after the directory that no longer names it",
                thief: "give opinions for that DPO; nothing comes into force by it without the signatures",
            },
            Self::Approver => KeyRow {
                name: "function key `approver`",
                made: "`transire key new`, on the person's own machine",
                held: "the person, in a file of mode 0600, best under a passphrase; never a server",
                derived: RANDOM,
                used: "signs decisions on reversals",
                rotated: "by a new directory",
                destroyed: "by the person, after the directory that no longer names it",
                thief: "approve a reversal that somebody else asks for; it is on record and told to the DPO",
            },
            Self::Enrolment => KeyRow {
                name: "function key `enrolment`",
                made: "`transire key new`, on the person's own machine",
                held: "the person, in a file of mode 0600, best under a passphrase; never a server",
                derived: RANDOM,
                used: "signs enrolments of endpoints",
                rotated: "by a new directory",
                destroyed: "by the person, after the directory that no longer names it",
                thief: "enrol an endpoint of that authority, which then receives what the authority receives; every \
                        enrolment is an entry",
            },
            Self::Statements => KeyRow {
                name: "function key `statements`",
                made: "`transire key new`, by the authority",
                held: "the recipient program, in a file of mode 0600: it vouches for each request of an officer",
                derived: RANDOM,
                used: "signs officer statements",
                rotated: "by a new directory",
                destroyed: "by the authority, after the directory that no longer names it",
                thief: "vouch for officers who did not ask; needs an endpoint of the group to send anything",
            },
            Self::SessionToken => KeyRow {
                name: "session tokens",
                made: "broker or recipient program, at sign-in",
                held: "the officer's client; the database holds the SHA-256",
                derived: RANDOM,
                used: "shows that an officer has signed in",
                rotated: "each sign-in",
                destroyed: "at sign-out, or when it expires",
                thief: "act as that officer until it expires. The stored SHA-256 is of no use",
            },
            Self::OfficerPassword => KeyRow {
                name: "officer passwords",
                made: "by the officer",
                held: "the officer; the database of the officer's own authority holds the Argon2id hash (19 MiB, 2 passes)",
                derived: "nothing",
                used: "signs the officer in",
                rotated: "when the officer changes it",
                destroyed: "when the officer's account is deleted",
                thief: "act as that officer. Of the stored hash: try guesses, 26 ms each",
            },
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

    #[test]
    fn a_key_is_named_by_its_kind_and_which() {
        let id = KeyKind::PersonalPart.key_id("led.2026-11").unwrap();
        assert_eq!(id.as_str(), "personal-part.led.2026-11");
        assert!(KeyKind::Log.key_id("").is_err() && KeyKind::Log.key_id("NL").is_err());
    }
}
