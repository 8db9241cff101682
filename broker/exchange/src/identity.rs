//! Who an endpoint is: its one Ed25519 key, and the enrolment note that ties it to an authority.
//!
//! The MLS credential of an endpoint is the text of its enrolment note, whole. Whoever meets the
//! credential checks the note again; nothing is taken on the word of the other side.

use std::collections::BTreeMap;

use agreements::statements::Enrolment;
use agreements::{AuthorityId, Digest, Directory, EndpointId, Function, Note, NoteError, NoteKey};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::{SignedDuration, Timestamp};
use openmls::prelude::{BasicCredential, Credential, CredentialType, CredentialWithKey};
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use zeroize::Zeroizing;

/// Longest time for which an enrolment or a key package may be good, in days.
pub const LONGEST_ENROLMENT_DAYS: i64 = 90;
/// How far the clocks of two authorities may differ, in minutes.
pub const CLOCK_SKEW_MINUTES: i64 = 5;
/// Largest credential that is read, in bytes.
const MAX_CREDENTIAL_BYTES: usize = 4096;

/// The key of an endpoint: signs its MLS leaf, its outward calls and its receipts. It has no
/// `Debug`, and is overwritten when dropped.
#[derive(Clone)]
pub struct EndpointKey(SigningKey);

impl EndpointKey {
    /// The key of 32 random bytes.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key, in the type in which an enrolment names it.
    pub fn public(&self) -> Digest {
        Digest::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// An Ed25519 signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// Signs a note (a receipt) under the name of the endpoint; readers verify it with
    /// [`receipt_key`].
    ///
    /// # Errors
    /// [`NoteError`]; none is expected.
    pub fn sign_note(&self, endpoint: &EndpointId, note: &mut Note) -> Result<(), NoteError> {
        let key = receipt_key(endpoint, &self.public())?;
        note.attach(&key, &self.sign(note.text().as_bytes()))
    }
}

impl Signer for EndpointKey {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign(payload).to_bytes().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// The key under which an endpoint signs notes: its name is the endpoint's.
///
/// # Errors
/// [`NoteError::Key`] when the bytes are no Ed25519 public key.
pub fn receipt_key(endpoint: &EndpointId, public: &Digest) -> Result<NoteKey, NoteError> {
    NoteKey::new(endpoint.as_str(), *public.as_bytes())
}

/// Why an enrolment does not count.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentRefused {
    /// Its authority is none that this program knows.
    #[error("authority `{0}` is not known here")]
    UnknownAuthority(AuthorityId),
    /// The note is malformed, or not signed by the authority's enrolment function.
    #[error("the enrolment note does not hold")]
    Note(#[from] NoteError),
    /// It is past its date.
    #[error("the enrolment of `{endpoint}` expired at {expires}")]
    Expired {
        /// The endpoint.
        endpoint: EndpointId,
        /// When it expired.
        expires: Timestamp,
    },
    /// It was made in the future, or for longer than [`LONGEST_ENROLMENT_DAYS`].
    #[error("the enrolment of `{0}` is from the future or for more than 90 days")]
    Period(EndpointId),
    /// Its key is not the one of the leaf that shows it.
    #[error("the enrolment of `{0}` is for another key")]
    OtherKey(EndpointId),
    /// The endpoint was withdrawn.
    #[error("endpoint `{0}` is withdrawn")]
    Withdrawn(EndpointId),
    /// The credential is not a Basic credential that holds an enrolment note.
    #[error("the credential is not an enrolment note: {0}")]
    Credential(&'static str),
}

/// Who can tell whether an enrolment note is good: it knows the directories.
pub trait EnrolmentCheck {
    /// Verifies the note against the directory of the authority that it names, and refuses an
    /// endpoint that was withdrawn. Key, period and expiry are checked by [`check_credential`].
    ///
    /// # Errors
    /// [`EnrolmentRefused`] when it does not count.
    fn check(&self, note: &Note, now: Timestamp) -> Result<Enrolment, EnrolmentRefused>;
}

/// Directories by authority, already verified against their root keys.
impl EnrolmentCheck for BTreeMap<AuthorityId, Directory> {
    fn check(&self, note: &Note, _now: Timestamp) -> Result<Enrolment, EnrolmentRefused> {
        let claimed = <Enrolment as agreements::Statement>::from_note(note)?;
        let directory = self
            .get(&claimed.authority)
            .ok_or_else(|| EnrolmentRefused::UnknownAuthority(claimed.authority.clone()))?;
        let (enrolment, _) = directory.verified::<Enrolment>(note, Function::Enrolment)?;
        Ok(enrolment)
    }
}

/// Reads a credential and has it checked in full: form, signature, period, that it is for
/// `leaf_key`, and that it is good now.
///
/// # Errors
/// [`EnrolmentRefused`] naming the first check that failed.
pub fn check_credential(
    credential: &Credential,
    leaf_key: &[u8],
    trust: &dyn EnrolmentCheck,
    now: Timestamp,
) -> Result<Enrolment, EnrolmentRefused> {
    let enrolment = check_origin(credential, leaf_key, trust, now)?;
    if now >= enrolment.expires {
        return Err(EnrolmentRefused::Expired { endpoint: enrolment.endpoint, expires: enrolment.expires });
    }
    Ok(enrolment)
}

/// As [`check_credential`], but the enrolment may have ended since: an endpoint that was offline
/// reads commits of weeks ago, and must be able to follow them.
pub(crate) fn check_origin(
    credential: &Credential,
    leaf_key: &[u8],
    trust: &dyn EnrolmentCheck,
    now: Timestamp,
) -> Result<Enrolment, EnrolmentRefused> {
    let enrolment = trust.check(&credential_note(credential)?, now)?;
    if enrolment.leaf_key.as_bytes().as_slice() != leaf_key {
        return Err(EnrolmentRefused::OtherKey(enrolment.endpoint));
    }
    let longest = SignedDuration::from_hours(24 * LONGEST_ENROLMENT_DAYS);
    let future = enrolment.at.duration_since(now) > SignedDuration::from_mins(CLOCK_SKEW_MINUTES);
    if future || enrolment.expires.duration_since(enrolment.at) > longest {
        return Err(EnrolmentRefused::Period(enrolment.endpoint));
    }
    Ok(enrolment)
}

/// What a member's credential says, of a member whose credential was checked when it came in.
pub(crate) fn credential_claims(credential: &Credential) -> Result<Enrolment, EnrolmentRefused> {
    Ok(<Enrolment as agreements::Statement>::from_note(&credential_note(credential)?)?)
}

fn credential_note(credential: &Credential) -> Result<Note, EnrolmentRefused> {
    // Only Basic credentials: openmls takes the bytes of an X.509 credential unread.
    if credential.credential_type() != CredentialType::Basic {
        return Err(EnrolmentRefused::Credential("not of type Basic"));
    }
    let basic = BasicCredential::try_from(credential.clone())
        .map_err(|_| EnrolmentRefused::Credential("not of type Basic"))?;
    if basic.identity().len() > MAX_CREDENTIAL_BYTES {
        return Err(EnrolmentRefused::Credential("larger than 4 KiB"));
    }
    let text =
        std::str::from_utf8(basic.identity()).map_err(|_| EnrolmentRefused::Credential("not UTF-8 text"))?;
    Ok(Note::parse(text)?)
}

/// The credential that shows `enrolment` (the text of a note) with the key it is for.
pub(crate) fn credential_with_key(enrolment: &str, key: &EndpointKey) -> CredentialWithKey {
    CredentialWithKey {
        credential: BasicCredential::new(enrolment.as_bytes().to_vec()).into(),
        signature_key: key.public().as_bytes().to_vec().into(),
    }
}
