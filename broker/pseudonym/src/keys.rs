//! Keys of a pseudonymisation domain: one for each domain, and below it one for each identifier
//! type and technique.
//!
//! A domain is the circle in which pseudonyms are equal and may be linked (EDPB 01/2025). Its key
//! depends on the vault's root, on a random seed made when the agreement came into force, and on
//! who receives for which purpose; never on the version or digest of the agreement. With the seed
//! destroyed no pseudonym of the domain can be computed again.

use agreements::digest::CanonicalError;
use agreements::{AgreementId, AuthorityId, Digest, IdentifierKind, PurposeId, canonical, digest_of};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What went wrong in a derivation; none of these is expected.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The domain has no canonical form.
    #[error("pseudonymisation domain has no canonical form")]
    Canonical(#[from] CanonicalError),
    /// More bytes were asked of HKDF than it can give, or its key is too short.
    #[error("key derivation was asked for a length that it cannot give")]
    Length,
}

/// Who may link pseudonyms with each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The agreement, whatever its version.
    pub agreement: AgreementId,
    /// The authority that receives.
    pub recipient: AuthorityId,
    /// The purpose as the clause writes it, which may be broader than the one asked for.
    pub purpose: PurposeId,
    /// Raised when the domain is closed and another begins.
    pub epoch: u32,
}

impl Domain {
    /// A name for the domain that is safe as a column of a table.
    ///
    /// # Errors
    /// [`KeyError::Canonical`]; none is expected.
    pub fn digest(&self) -> Result<Digest, KeyError> {
        Ok(digest_of(self)?)
    }
}

/// The key of a domain. Zeroized when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct DomainKey([u8; 32]);

impl DomainKey {
    /// HKDF-SHA256 (RFC 5869): key material is the vault's root, salt is the domain's seed.
    ///
    /// # Errors
    /// [`KeyError`]; none is expected.
    pub fn derive(root: &[u8; 32], seed: &[u8; 32], domain: &Domain) -> Result<Self, KeyError> {
        let info = format!("transire/domain/1{}", canonical(domain)?);
        let mut key = Self([0; 32]);
        hkdf(root, seed, info.as_bytes(), &mut key.0)?;
        Ok(key)
    }

    /// The key of one kind of identifier and technique: importer and declarant with the same number
    /// have the same pseudonym, and the same text as a passport number has another.
    pub(crate) fn kind(&self, technique: Technique, kind: IdentifierKind) -> Result<Mac, KeyError> {
        let info = format!("transire/pseudonym/1\n{}\n{}", technique.label(), kind.as_str());
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::from_prk(&self.0)
            .map_err(|_| KeyError::Length)?
            .expand(info.as_bytes(), key.as_mut_slice())
            .map_err(|_| KeyError::Length)?;
        Mac::new(key.as_slice())
    }
}

/// ENISA's three policies, each under a key of its own.
#[derive(Clone, Copy)]
pub(crate) enum Technique {
    Deterministic,
    DocumentRandomised,
    FullyRandomised,
}

impl Technique {
    const fn label(self) -> &'static str {
        match self {
            Self::Deterministic => "deterministic",
            Self::DocumentRandomised => "document-randomised",
            Self::FullyRandomised => "fully-randomised",
        }
    }
}

/// Fills `out` by HKDF-SHA256; the derivation of every domain, public so that vectors reach it.
///
/// # Errors
/// [`KeyError::Length`] when `out` is longer than 8160 bytes.
pub fn hkdf(material: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), KeyError> {
    Hkdf::<Sha256>::new(Some(salt), material).expand(info, out).map_err(|_| KeyError::Length)
}

/// HMAC-SHA-256 with its key already taken in; public so that vectors reach it.
#[derive(Clone)]
pub struct Mac(Hmac<Sha256>);

impl Mac {
    /// Takes in a key of any length.
    ///
    /// # Errors
    /// [`KeyError::Length`]; none is expected, HMAC takes every length.
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        Hmac::new_from_slice(key).map(Self).map_err(|_| KeyError::Length)
    }

    /// The tag over the parts, one after the other without a separator.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}
