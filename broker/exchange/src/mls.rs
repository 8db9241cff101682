//! What both ends of a group agree on beforehand: the suite, the configuration, the extension that
//! carries the agreement's digest, and the associated data of every message.

use agreements::{Digest, GroupId, MessageId};
use openmls::prelude::{
    Capabilities, Ciphersuite, CredentialType, Extension, ExtensionType, Extensions, GroupContext,
    InvalidExtensionError, MlsGroupCreateConfig, MlsGroupJoinConfig, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY,
    ProtocolVersion, RequiredCapabilitiesExtension, SenderRatchetConfiguration, UnknownExtension,
};

use crate::content::Kind;

/// `MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519`; no negotiation.
pub(crate) const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
/// The `GroupContext` extension that holds the digest of the agreement (private use range).
pub(crate) const AGREEMENT_EXTENSION: u16 = 0xF1A0;
/// Messages that may arrive later than a newer one; each inbox is in order, so hardly any.
const OUT_OF_ORDER_TOLERANCE: u32 = 5;
/// Ratchet steps that a sender may have skipped: a batch that failed to commit skips its steps.
/// The broker begins a new epoch after 500, so this is never reached by an honest one.
const FORWARD_DISTANCE: u32 = 4000;
/// First bytes of the associated data of every message.
const AAD_PREFIX: &[u8; 10] = b"transire/1";

/// Why sealed bytes cannot be built or taken apart by openmls. The text of its error is kept: it
/// names what failed and holds no content.
pub(crate) type MlsFailure = Box<dyn std::error::Error + Send + Sync>;

/// An openmls group id.
pub(crate) fn group_id(group: GroupId) -> openmls::prelude::GroupId {
    openmls::prelude::GroupId::from_slice(group.as_bytes())
}

/// What leaves of a group must be able to do.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities::builder()
        .versions(vec![ProtocolVersion::Mls10])
        .ciphersuites(vec![SUITE])
        .extensions(vec![ExtensionType::Unknown(AGREEMENT_EXTENSION)])
        .proposals(Vec::new())
        .credentials(vec![CredentialType::Basic])
        .build()
}

/// The extensions of a group under the agreement of that digest.
pub(crate) fn context_extensions(
    agreement: &Digest,
) -> Result<Extensions<GroupContext>, InvalidExtensionError> {
    let digest = UnknownExtension(agreement.as_bytes().to_vec());
    Extensions::from_vec(vec![
        Extension::RequiredCapabilities(RequiredCapabilitiesExtension::new(
            &[ExtensionType::Unknown(AGREEMENT_EXTENSION)],
            &[],
            &[CredentialType::Basic],
        )),
        Extension::Unknown(AGREEMENT_EXTENSION, digest),
    ])
}

/// The digest in the extensions of a group; none when they are not exactly those of
/// [`context_extensions`] (an external sender, for one, is an extension).
pub(crate) fn agreement_of(extensions: &Extensions<GroupContext>) -> Option<Digest> {
    let bytes = &extensions.unknown(AGREEMENT_EXTENSION)?.0;
    let digest = Digest::from_bytes(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
    let expected = context_extensions(&digest).ok()?;
    let same = extensions.iter().count() == expected.iter().count()
        && expected.iter().all(|e| extensions.iter().any(|found| found == e));
    same.then_some(digest)
}

fn sender_ratchet() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(OUT_OF_ORDER_TOLERANCE, FORWARD_DISTANCE)
}

/// How the broker creates a group. Handshakes are `PrivateMessage`s; no secret of a past epoch is
/// kept; padding is done in [`crate::content`].
pub(crate) fn create_config(agreement: &Digest) -> Result<MlsGroupCreateConfig, InvalidExtensionError> {
    Ok(MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(0)
        .padding_size(0)
        .sender_ratchet_configuration(sender_ratchet())
        .use_ratchet_tree_extension(true)
        .capabilities(capabilities())
        .with_group_context_extensions(context_extensions(agreement)?)
        .build())
}

/// How an endpoint joins a group.
pub(crate) fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(0)
        .padding_size(0)
        .sender_ratchet_configuration(sender_ratchet())
        .use_ratchet_tree_extension(true)
        .build()
}

/// The associated data of a message: `transire/1`, the kind, the id. In clear on the wire.
pub(crate) fn associated_data(kind: Kind, id: MessageId) -> Vec<u8> {
    let mut bytes = AAD_PREFIX.to_vec();
    bytes.push(kind as u8);
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

/// Reads associated data; none when it is empty or of a form that we do not write.
pub(crate) fn read_associated_data(bytes: &[u8]) -> Option<(Kind, MessageId)> {
    let (&kind, id) = bytes.strip_prefix(AAD_PREFIX)?.split_first()?;
    Some((Kind::from_byte(kind)?, MessageId::from_bytes(<[u8; 16]>::try_from(id).ok()?)))
}
