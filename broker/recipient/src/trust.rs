//! What this authority trusts: its own root key, the agreements that its own signatory signed, and
//! the directories of both sides. A row in the store grants nothing by itself: every note is
//! verified again each time this is loaded.

use std::collections::{BTreeMap, BTreeSet};

use agreements::digest::CanonicalError;
use agreements::statements::{Enrolment, PartySignature};
use agreements::{
    Agreement, AgreementId, AuthorityId, Digest, Directory, Function, Note, NoteError, NoteKey, PartyRole,
    Statement, Violations,
};

use crate::home::Home;
use crate::store::StoreError;
use crate::store::agreements::AgreementRow;
use crate::store::own_log::Act;

/// Something is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The document has violations.
    #[error("the agreement document does not hold:\n{0}")]
    Document(Violations),
    /// The document has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// A note does not hold.
    #[error("{what}: {source}")]
    Note {
        /// Which note.
        what: &'static str,
        /// What is wrong with it.
        source: NoteError,
    },
    /// A note is of somebody or something else.
    #[error("{0}")]
    Other(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn note(what: &'static str) -> impl Fn(NoteError) -> TrustError {
    move |source| TrustError::Note { what, source }
}

fn other<T>(text: impl Into<String>) -> Result<T, TrustError> {
    Err(TrustError::Other(text.into()))
}

/// An agreement that the own side signed.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The agreement.
    pub agreement: Agreement,
    /// Its digest.
    pub digest: Digest,
    /// The key of the provider's log.
    pub log_key: NoteKey,
    /// The provider.
    pub provider: AuthorityId,
}

/// All that is trusted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Agreements, each version by itself.
    pub agreements: Vec<Signed>,
    /// Directories by authority, verified.
    pub directories: BTreeMap<AuthorityId, Directory>,
}

impl Trust {
    /// Loads and verifies.
    ///
    /// # Errors
    /// [`TrustError`] naming the first note or document that does not hold.
    pub async fn load(home: &Home) -> Result<Self, TrustError> {
        let mut agreements = Vec::new();
        for row in home.store.agreements().await? {
            agreements.push(signed(home, &row)?);
        }
        let mut directories = BTreeMap::new();
        for text in home.store.directories().await? {
            let parsed = Note::parse(&text).map_err(note("a stored directory"))?;
            let claimed = Directory::from_note(&parsed).map_err(note("a stored directory"))?;
            let root = root_key(home, &agreements, &claimed.authority)?;
            parsed.verify(&root).map_err(note("a stored directory"))?;
            directories.insert(claimed.authority.clone(), claimed);
        }
        Ok(Self { agreements, directories })
    }

    /// The newest version of an agreement.
    pub fn newest(&self, agreement: &AgreementId) -> Option<&Signed> {
        self.agreements
            .iter()
            .filter(|signed| signed.agreement.id == *agreement)
            .max_by_key(|signed| signed.agreement.version)
    }

    /// The version of an agreement that has this digest.
    pub fn at_digest(&self, agreement: &AgreementId, digest: Digest) -> Option<&Signed> {
        self.agreements.iter().find(|signed| signed.agreement.id == *agreement && signed.digest == digest)
    }

    /// The digests of every version of an agreement that the own side signed.
    pub fn digests(&self, agreement: &AgreementId) -> BTreeSet<Digest> {
        let versions = self.agreements.iter().filter(|signed| signed.agreement.id == *agreement);
        versions.map(|signed| signed.digest).collect()
    }
}

fn root_key(home: &Home, signed: &[Signed], authority: &AuthorityId) -> Result<NoteKey, TrustError> {
    if authority == home.authority() {
        return Ok(home.root_key().clone());
    }
    let parties = signed.iter().rev().filter_map(|signed| signed.agreement.party(authority));
    match parties.map(|party| party.root_key.clone()).next() {
        Some(key) => Ok(key),
        None => other(format!("authority `{authority}` is a party to no agreement here")),
    }
}

/// Verifies an agreement and the own side's signature of it.
fn signed(home: &Home, row: &AgreementRow) -> Result<Signed, TrustError> {
    let agreement = agreements::document::read(&row.document).map_err(TrustError::Document)?;
    let digest = agreement.digest()?;
    if digest != row.digest {
        return other(format!("agreement `{}` was changed after it was added", agreement.id));
    }
    let own = agreement.party(home.authority());
    let Some(own) = own.filter(|party| party.role == PartyRole::Recipient) else {
        return other(format!("`{}` is no recipient in agreement `{}`", home.authority(), agreement.id));
    };
    if own.root_key != *home.root_key() {
        return other(format!("agreement `{}` names another root key for `{}`", agreement.id, own.authority));
    }
    let directory = directory_of(&row.directory, home.authority(), home.root_key(), "the own directory")?;
    let parsed = Note::parse(&row.signature).map_err(note("the own signature"))?;
    let (signature, _) = directory
        .verified::<PartySignature>(&parsed, Function::Signatory)
        .map_err(note("the own signature"))?;
    if signature.authority != *home.authority()
        || signature.agreement != agreement.at_version()
        || signature.digest != digest
        || signature.clauses != agreement.clause_digests()?
    {
        return other(format!("the signature is not for this text of agreement `{}`", agreement.id));
    }
    let Some(provider) = agreement.provider() else {
        return other(format!("agreement `{}` has no provider", agreement.id));
    };
    let Some(log_key) = provider.log_key.clone() else {
        return other(format!("agreement `{}` names no log key of its provider", agreement.id));
    };
    let provider = provider.authority.clone();
    Ok(Signed { agreement, digest, log_key, provider })
}

fn directory_of(
    text: &str,
    authority: &AuthorityId,
    root: &NoteKey,
    what: &'static str,
) -> Result<Directory, TrustError> {
    let parsed = Note::parse(text).map_err(note(what))?;
    let directory = <Directory as Statement>::verified(&parsed, root).map_err(note(what))?;
    if directory.authority != *authority {
        return other(format!("{what} is that of `{}`, not of `{authority}`", directory.authority));
    }
    Ok(directory)
}

/// Adds an agreement that the own side signed, with the directories of both sides.
///
/// # Errors
/// [`TrustError`] naming what does not hold; then nothing is added.
pub async fn add_agreement(
    home: &Home,
    document: String,
    signature: String,
    own_directory: String,
    provider_directory: &str,
) -> Result<Signed, TrustError> {
    let digest = agreements::document::read(&document).map_err(TrustError::Document)?.digest()?;
    let row = AgreementRow { digest, document, signature, directory: own_directory };
    let signed = signed(home, &row)?;
    let Some(root) = signed.agreement.party(&signed.provider).map(|party| party.root_key.clone()) else {
        return other("the provider has no root key");
    };
    let provider = directory_of(provider_directory, &signed.provider, &root, "the provider's directory")?;
    let own = directory_of(&row.directory, home.authority(), home.root_key(), "the own directory")?;
    let at = home.clock.now();
    let mut tx = home.store.write().await?;
    tx.add_agreement(&signed.agreement.at_version(), &row, at).await?;
    tx.put_directory(home.authority(), own.version, &row.directory).await?;
    tx.put_directory(&signed.provider, provider.version, provider_directory).await?;
    tx.log(at, None, Act::AgreementAdded, None, &signed.agreement.at_version().to_string()).await?;
    tx.commit().await?;
    Ok(signed)
}

/// Keeps a newer directory of an authority that is known here.
///
/// # Errors
/// [`TrustError`] when it does not hold, or is not newer.
pub async fn add_directory(home: &Home, text: &str) -> Result<Directory, TrustError> {
    let trust = Trust::load(home).await?;
    let parsed = Note::parse(text).map_err(note("the directory"))?;
    let claimed = Directory::from_note(&parsed).map_err(note("the directory"))?;
    let root = root_key(home, &trust.agreements, &claimed.authority)?;
    parsed.verify(&root).map_err(note("the directory"))?;
    let held = trust.directories.get(&claimed.authority).map_or(0, |held| held.version);
    if claimed.version <= held {
        return other(format!("version {held} of the directory of `{}` is held already", claimed.authority));
    }
    let mut tx = home.store.write().await?;
    tx.put_directory(&claimed.authority, claimed.version, text).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Keeps the enrolment of this endpoint, once it holds against the own directory.
///
/// # Errors
/// [`TrustError`] when it is for another endpoint, authority or key, at its end, or not signed.
pub async fn enrol(home: &Home, text: &str, own_directory: Option<&str>) -> Result<Enrolment, TrustError> {
    let held = home.store.directory(home.authority()).await?;
    let Some(directory_text) = own_directory.map(str::to_owned).or(held) else {
        return other("the own directory is not known yet: give it with --own-directory");
    };
    let directory = directory_of(&directory_text, home.authority(), home.root_key(), "the own directory")?;
    let parsed = Note::parse(text).map_err(note("the enrolment"))?;
    let (enrolment, _) =
        directory.verified::<Enrolment>(&parsed, Function::Enrolment).map_err(note("the enrolment"))?;
    if enrolment.authority != *home.authority() || enrolment.endpoint != *home.endpoint() {
        return other(format!("the enrolment is for `{}` of `{}`", enrolment.endpoint, enrolment.authority));
    }
    if enrolment.leaf_key != home.leaf_key() {
        return other("the enrolment is for another key than this endpoint's");
    }
    if enrolment.expires <= home.clock.now() {
        return other(format!("the enrolment expired at {}", enrolment.expires));
    }
    let mut tx = home.store.write().await?;
    tx.put_directory(home.authority(), directory.version, &directory_text).await?;
    tx.put_enrolment(text).await?;
    tx.commit().await?;
    Ok(enrolment)
}
