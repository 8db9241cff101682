//! A member that speaks openmls itself and keeps none of our rules.

use exchange::{BrokerGroup, CheckedKeyPackage, EndpointGroup, Handshake, Kind};
use openmls::prelude::tls_codec::DeserializeBytes as _;
use openmls::prelude::*;
use openmls_rust_crypto::OpenMlsRustCrypto;

use crate::world::{Endpoint, World, agreement, message};

pub const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
pub const EXTENSION: u16 = 0xF1A0;

pub struct Raw {
    pub provider: OpenMlsRustCrypto,
    pub endpoint: Endpoint,
    pub group: MlsGroup,
}

pub fn credential(endpoint: &Endpoint) -> CredentialWithKey {
    CredentialWithKey {
        credential: BasicCredential::new(endpoint.note.as_bytes().to_vec()).into(),
        signature_key: endpoint.key.public().as_bytes().to_vec().into(),
    }
}

pub fn able() -> Capabilities {
    Capabilities::builder()
        .ciphersuites(vec![SUITE])
        .extensions(vec![ExtensionType::Unknown(EXTENSION)])
        .proposals(vec![])
        .credentials(vec![CredentialType::Basic])
        .build()
}

pub fn package(endpoint: &Endpoint, provider: &OpenMlsRustCrypto) -> KeyPackage {
    KeyPackage::builder()
        .leaf_node_capabilities(able())
        .build(SUITE, provider, &endpoint.key, credential(endpoint))
        .unwrap()
        .into_key_package()
}

pub fn bytes(package: KeyPackage) -> Vec<u8> {
    MlsMessageOut::from(package).to_bytes().unwrap()
}

pub fn aad(kind: Kind) -> Vec<u8> {
    [b"transire/1".as_slice(), &[kind as u8], message(66).as_bytes()].concat()
}

pub fn extensions() -> Vec<Extension> {
    vec![
        Extension::RequiredCapabilities(RequiredCapabilitiesExtension::new(
            &[ExtensionType::Unknown(EXTENSION)],
            &[],
            &[CredentialType::Basic],
        )),
        Extension::Unknown(EXTENSION, UnknownExtension(agreement().as_bytes().to_vec())),
    ]
}

impl Raw {
    /// Comes in like anybody; `others` follow.
    pub fn member(
        world: &World,
        broker: &mut BrokerGroup,
        endpoint: Endpoint,
        others: &mut [&mut EndpointGroup],
    ) -> Self {
        let provider = OpenMlsRustCrypto::default();
        let package = bytes(package(&endpoint, &provider));
        let checked = CheckedKeyPackage::check(&package, &world.directories, world.now).unwrap();
        let changed = broker.add(vec![checked], message(200)).unwrap();
        let welcome = changed.handshake.welcome.clone().unwrap();
        world.take(broker, changed, others);
        let MlsMessageBodyIn::Welcome(welcome) =
            MlsMessageIn::tls_deserialize_exact_bytes(&welcome).unwrap().extract()
        else {
            panic!("no welcome")
        };
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .build();
        let group = StagedWelcome::new_from_welcome(&provider, &config, welcome, None)
            .unwrap()
            .into_group(&provider)
            .unwrap();
        Self { provider, endpoint, group }
    }

    /// Plays the broker in a group of its own.
    pub fn broker(endpoint: Endpoint, extensions: Vec<Extension>) -> Self {
        let provider = OpenMlsRustCrypto::default();
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(SUITE)
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .capabilities(able())
            .with_group_context_extensions(Extensions::from_vec(extensions).unwrap())
            .build();
        let id = GroupId::from_slice(crate::world::GROUP.as_bytes());
        let group =
            MlsGroup::new_with_group_id(&provider, &endpoint.key, &config, id, credential(&endpoint)).unwrap();
        Self { provider, endpoint, group }
    }

    /// Adds without asking anybody, and keeps the new epoch.
    pub fn add(&mut self, packages: &[KeyPackage]) -> Vec<u8> {
        self.group.set_aad(aad(Kind::Commit));
        let (commit, welcome, _) =
            self.group.add_members(&self.provider, &self.endpoint.key, packages).unwrap();
        self.group.merge_pending_commit(&self.provider).unwrap();
        handshake(&commit, Some(&welcome))
    }

    pub fn says(&mut self, aad: Vec<u8>, text: &[u8]) -> Vec<u8> {
        self.group.set_aad(aad);
        self.group.create_message(&self.provider, &self.endpoint.key, text).unwrap().to_bytes().unwrap()
    }
}

pub fn handshake(commit: &MlsMessageOut, welcome: Option<&MlsMessageOut>) -> Vec<u8> {
    let welcome = welcome.map(|message| message.to_bytes().unwrap());
    Handshake { commit: commit.to_bytes().unwrap(), welcome }.encode().unwrap()
}
