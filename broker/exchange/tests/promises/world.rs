//! Two authorities, their directories and their endpoints.

use std::collections::{BTreeMap, BTreeSet};

use agreements::directory::Holder;
use agreements::statements::Enrolment;
use agreements::{
    AuthorityId, Digest, Directory, EndpointId, Function, GroupId, MessageId, NoteKey, Statement,
};
use exchange::{
    BrokerGroup, Change, Changed, CheckedKeyPackage, EndpointGroup, EndpointKey, Incoming, Kind, OwnSide,
    PreparedKeyPackage, make_key_package,
};
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

/// openmls compares lifetimes with the clock of the machine, so these tests need it.
#[expect(clippy::disallowed_methods, reason = "openmls reads the clock of the machine itself")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

pub fn authority(name: &str) -> AuthorityId {
    AuthorityId::parse(name).unwrap()
}

pub fn endpoint_id(name: &str) -> EndpointId {
    EndpointId::parse(name).unwrap()
}

pub fn message(number: u8) -> MessageId {
    MessageId::from_bytes([number; 16])
}

pub const GROUP: GroupId = GroupId::from_bytes([7; 16]);

pub fn agreement() -> Digest {
    Digest::of(b"NL-BE-2026-04 version 1")
}

fn key_of(name: &str) -> EndpointKey {
    EndpointKey::from_seed(&Zeroizing::new(*Digest::of(name.as_bytes()).as_bytes()))
}

pub struct World {
    pub directories: BTreeMap<AuthorityId, Directory>,
    pub agreements: BTreeSet<Digest>,
    pub provider: AuthorityId,
    pub now: Timestamp,
}

pub struct Endpoint {
    pub key: EndpointKey,
    pub note: String,
}

impl World {
    pub fn new() -> Self {
        let now = now();
        let directories = ["nl-customs", "be-customs", "fr-statistics"].map(|name| {
            let enrolment =
                NoteKey::new(&format!("{name}-enrolment"), *key_of(name).public().as_bytes()).unwrap();
            let holder =
                Holder { function: Function::Enrolment, office: "Enrolment office".to_owned(), key: enrolment };
            let of = authority(name);
            (of.clone(), Directory { authority: of, version: 1, at: now, holders: vec![holder] })
        });
        Self {
            directories: directories.into(),
            agreements: [agreement()].into(),
            provider: authority("nl-customs"),
            now,
        }
    }

    pub fn own(&self) -> OwnSide<'_> {
        OwnSide {
            provider: &self.provider,
            agreements: &self.agreements,
            trust: &self.directories,
            now: self.now,
        }
    }

    /// An endpoint enrolled now for 90 days.
    pub fn endpoint(&self, of: &str, name: &str) -> Endpoint {
        self.endpoint_with(of, name, self.now, 90)
    }

    pub fn endpoint_with(&self, of: &str, name: &str, at: Timestamp, days: i64) -> Endpoint {
        let key = key_of(name);
        let enrolment = Enrolment {
            authority: authority(of),
            endpoint: endpoint_id(name),
            leaf_key: key.public(),
            expires: at + SignedDuration::from_hours(24 * days),
            at,
        };
        let mut note = enrolment.to_note().unwrap();
        let signer = &self.directories[&authority(of)].holders[0].key;
        note.attach(signer, &key_of(of).sign(note.text().as_bytes())).unwrap();
        Endpoint { key, note: note.to_string() }
    }

    pub fn broker(&self) -> Endpoint {
        self.endpoint("nl-customs", "nl-broker")
    }

    pub fn group(&self) -> BrokerGroup {
        let me = self.broker();
        BrokerGroup::create(GROUP, &agreement(), &authority("be-customs"), &me.key, &me.note).unwrap()
    }

    pub fn prepare(&self, endpoint: &Endpoint) -> PreparedKeyPackage {
        make_key_package(&endpoint.key, &endpoint.note, self.now).unwrap()
    }

    pub fn check(&self, prepared: &PreparedKeyPackage) -> CheckedKeyPackage {
        CheckedKeyPackage::check(&prepared.bytes, &self.directories, self.now).unwrap()
    }

    /// Adds an endpoint and lets it join; `others` follow.
    pub fn add(
        &self,
        broker: &mut BrokerGroup,
        endpoint: &Endpoint,
        others: &mut [&mut EndpointGroup],
    ) -> EndpointGroup {
        let prepared = self.prepare(endpoint);
        let changed = broker.add(vec![self.check(&prepared)], message(200)).unwrap();
        let bytes = self.take(broker, changed, others);
        EndpointGroup::join(&bytes, &prepared.state, &endpoint.key, &self.own()).unwrap()
    }

    /// Takes a change over and lets `others` follow; gives the bytes of the handshake.
    pub fn take(
        &self,
        broker: &mut BrokerGroup,
        changed: Changed,
        others: &mut [&mut EndpointGroup],
    ) -> Vec<u8> {
        let bytes = changed.handshake.encode().unwrap();
        *broker = changed.group;
        for other in others {
            assert!(matches!(other.follow(&bytes, &self.own()).unwrap(), Incoming::EpochChanged(_)));
        }
        bytes
    }

    /// A group with one endpoint of be-customs in it.
    pub fn pair(&self) -> (BrokerGroup, EndpointGroup) {
        let mut broker = self.group();
        let endpoint = self.add(&mut broker, &self.endpoint("be-customs", "be-desk-1"), &mut []);
        (broker, endpoint)
    }
}

/// What arrives when the broker seals `text`.
pub fn said(broker: &mut BrokerGroup, text: &str) -> Vec<u8> {
    broker.seal(Kind::Envelope, message(1), text.as_bytes()).unwrap()
}

pub fn reads(endpoint: &mut EndpointGroup, bytes: &[u8]) -> String {
    String::from_utf8(endpoint.open(bytes).unwrap().plaintext.to_vec()).unwrap()
}

pub fn removal(endpoint: &str) -> Change {
    Change { remove: vec![endpoint_id(endpoint)], ..Change::default() }
}
