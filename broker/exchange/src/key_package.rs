//! Key packages: how an endpoint offers itself to be added, and how the broker checks the offer.

use agreements::statements::Enrolment;
use agreements::{AuthorityId, Digest, EndpointId};
use jiff::Timestamp;
use openmls::prelude::{
    BasicCredential, Credential, DeserializeBytes as _, ExtensionType, KeyPackage, Lifetime, MlsMessageBodyIn,
    MlsMessageIn, MlsMessageOut, OpenMlsProvider as _, ProtocolVersion,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::identity::{
    EndpointKey, EnrolmentCheck, EnrolmentRefused, LONGEST_ENROLMENT_DAYS, check_credential, credential_claims,
    credential_with_key,
};
use crate::mls::{AGREEMENT_EXTENSION, MlsFailure, SUITE, capabilities};
use crate::state::{self, Holder, StateError};
use crate::wire::MAX_KEY_PACKAGE_BYTES;

const DAY_SECONDS: u64 = 24 * 60 * 60;
/// How long a key package is good, in days, unless the enrolment ends before.
const KEY_PACKAGE_DAYS: u64 = 84;
/// How far into the past a key package is good, for clocks that differ, in seconds.
const MARGIN_SECONDS: u64 = 60 * 60;

/// Why a key package is not made or not taken.
#[derive(Debug, thiserror::Error)]
pub enum KeyPackageError {
    /// It is not one MLS key package of at most 16 KiB.
    #[error("not a key package")]
    Malformed,
    /// It is for another suite, lacks a capability, or may be used more than once.
    #[error("the key package {0}")]
    Unfit(&'static str),
    /// A signature or an extension in it does not hold, or it is past its date.
    #[error("the key package does not hold")]
    Invalid(#[source] MlsFailure),
    /// It is good for more than 90 days, not yet, or no more.
    #[error("the key package is not good now, or for more than 90 days")]
    Period,
    /// The enrolment that it shows does not count.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentRefused),
    /// Its private part cannot be stored.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A key package of our own.
pub struct PreparedKeyPackage {
    /// What goes to the broker.
    pub bytes: Vec<u8>,
    /// By which a welcome names it ([`crate::Handshake::welcomes`]).
    pub reference: Digest,
    /// The private part: stored sealed until the welcome comes, used once.
    pub state: Zeroizing<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyPackageHeader {
    pub(crate) reference: Digest,
}

/// Makes a key package for the endpoint that `enrolment` (the text of a note) names.
///
/// # Errors
/// [`KeyPackageError`] when the note is malformed, for another key or at its end.
pub fn make_key_package(
    me: &EndpointKey,
    enrolment: &str,
    now: Timestamp,
) -> Result<PreparedKeyPackage, KeyPackageError> {
    let credential: Credential = BasicCredential::new(enrolment.as_bytes().to_vec()).into();
    let claims = credential_claims(&credential)?;
    if claims.leaf_key != me.public() {
        return Err(EnrolmentRefused::OtherKey(claims.endpoint).into());
    }
    let now_seconds = seconds(now)?;
    let not_after = (now_seconds + KEY_PACKAGE_DAYS * DAY_SECONDS).min(seconds(claims.expires)?);
    if not_after <= now_seconds {
        return Err(EnrolmentRefused::Expired { endpoint: claims.endpoint, expires: claims.expires }.into());
    }
    let provider = OpenMlsRustCrypto::default();
    let bundle = KeyPackage::builder()
        .key_package_lifetime(Lifetime::init(now_seconds.saturating_sub(MARGIN_SECONDS), not_after))
        .leaf_node_capabilities(capabilities())
        .build(SUITE, &provider, me, credential_with_key(enrolment, me))
        .map_err(|e| KeyPackageError::Invalid(e.into()))?;
    let package = bundle.into_key_package();
    let reference = reference_of(&package, &provider)?;
    let bytes = MlsMessageOut::from(package).to_bytes().map_err(|e| KeyPackageError::Invalid(e.into()))?;
    let state = state::dump(Holder::KeyPackage, &KeyPackageHeader { reference }, &provider)?;
    Ok(PreparedKeyPackage { bytes, reference, state })
}

/// A key package whose every part was checked, and that may be added.
pub struct CheckedKeyPackage {
    pub(crate) package: KeyPackage,
    enrolment: Enrolment,
    reference: Digest,
}

impl CheckedKeyPackage {
    /// Checks form, suite, signatures, capabilities, period (90 days at most) and enrolment.
    ///
    /// # Errors
    /// [`KeyPackageError`] naming the first check that failed.
    pub fn check(bytes: &[u8], trust: &dyn EnrolmentCheck, now: Timestamp) -> Result<Self, KeyPackageError> {
        if bytes.len() > MAX_KEY_PACKAGE_BYTES {
            return Err(KeyPackageError::Malformed);
        }
        let message =
            MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| KeyPackageError::Malformed)?;
        let MlsMessageBodyIn::KeyPackage(unchecked) = message.extract() else {
            return Err(KeyPackageError::Malformed);
        };
        let provider = OpenMlsRustCrypto::default();
        let package = unchecked
            .validate(provider.crypto(), ProtocolVersion::Mls10)
            .map_err(|e| KeyPackageError::Invalid(e.into()))?;
        let enrolment = check_package(&package, trust, now)?;
        let reference = reference_of(&package, &provider)?;
        Ok(Self { package, enrolment, reference })
    }

    /// The endpoint that offers itself.
    pub fn endpoint(&self) -> &EndpointId {
        &self.enrolment.endpoint
    }

    /// Its authority.
    pub fn authority(&self) -> &AuthorityId {
        &self.enrolment.authority
    }

    /// The enrolment that it shows, checked.
    pub fn enrolment(&self) -> &Enrolment {
        &self.enrolment
    }

    /// Its reference: a key package is used once.
    pub fn reference(&self) -> Digest {
        self.reference
    }
}

/// The checks of ours that openmls leaves to the application; it takes a key package that is good
/// for a year, and an X.509 credential of any bytes.
pub(crate) fn check_package(
    package: &KeyPackage,
    trust: &dyn EnrolmentCheck,
    now: Timestamp,
) -> Result<Enrolment, KeyPackageError> {
    if package.ciphersuite() != SUITE {
        return Err(KeyPackageError::Unfit("is for another suite"));
    }
    if package.last_resort() {
        return Err(KeyPackageError::Unfit("is one of last resort"));
    }
    let leaf = package.leaf_node();
    if !leaf.capabilities().extensions().contains(&ExtensionType::Unknown(AGREEMENT_EXTENSION)) {
        return Err(KeyPackageError::Unfit("does not know the extension of the agreement's digest"));
    }
    let lifetime = package.life_time();
    let (from, until, now_seconds) = (lifetime.not_before(), lifetime.not_after(), seconds(now)?);
    let longest = u64::try_from(LONGEST_ENROLMENT_DAYS).unwrap_or_default() * DAY_SECONDS;
    if from > now_seconds || until <= now_seconds || until.saturating_sub(from) > longest {
        return Err(KeyPackageError::Period);
    }
    Ok(check_credential(leaf.credential(), leaf.signature_key().as_slice(), trust, now)?)
}

fn reference_of(package: &KeyPackage, provider: &OpenMlsRustCrypto) -> Result<Digest, KeyPackageError> {
    let reference = package.hash_ref(provider.crypto()).map_err(|e| KeyPackageError::Invalid(e.into()))?;
    let bytes = <[u8; 32]>::try_from(reference.as_slice())
        .map_err(|_| KeyPackageError::Unfit("has a reference that is not 32 bytes"))?;
    Ok(Digest::from_bytes(bytes))
}

fn seconds(at: Timestamp) -> Result<u64, KeyPackageError> {
    u64::try_from(at.as_second()).map_err(|_| KeyPackageError::Period)
}
