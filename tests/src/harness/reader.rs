//! What an endpoint can read of an inbox: everything that its keys open, whoever fetched the bytes.
//!
//! It keeps what an honest program destroys: every key package, and every state that it is told to
//! remember. So it shows what a thief of an endpoint could still read.

use std::collections::{BTreeMap, BTreeSet};

use agreements::{AuthorityId, Digest, Directory, MessageId};
use common::{Rng as _, SystemRng};
use exchange::content::{decode, encode};
use exchange::wire::{InboxKind, InboxMessage, Notice};
use exchange::{
    EndpointGroup, EndpointKey, Envelope, FromRecipient, Handshake, OwnSide, PreparedKeyPackage,
    make_key_package,
};
use jiff::{SignedDuration, Timestamp};

/// What a message turned out to be.
pub enum Read {
    /// The broker's message, opened.
    Opened(Box<Envelope>),
    /// The group is in a new epoch, or was joined.
    Epoch,
    /// A message of this endpoint came too late: it must be sealed again.
    EpochPassed(MessageId),
    /// It opens nothing with these keys.
    Nothing,
}

/// The keys of an endpoint and its state in one group.
pub struct Reader {
    key: EndpointKey,
    note: String,
    provider: AuthorityId,
    agreements: BTreeSet<Digest>,
    directories: BTreeMap<AuthorityId, Directory>,
    packages: Vec<PreparedKeyPackage>,
    group: Option<EndpointGroup>,
    /// How far its clock runs ahead.
    pub ahead: SignedDuration,
}

impl Reader {
    pub(super) fn new(
        key: EndpointKey,
        note: String,
        provider: AuthorityId,
        agreement: Digest,
        directories: BTreeMap<AuthorityId, Directory>,
    ) -> Self {
        let (agreements, ahead) = ([agreement].into(), SignedDuration::ZERO);
        Self { key, note, provider, agreements, directories, packages: Vec::new(), group: None, ahead }
    }

    /// Its clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::now() + self.ahead
    }

    /// A fresh key package, whose private part is kept for good.
    pub fn package(&mut self) -> Vec<u8> {
        let prepared = make_key_package(&self.key, &self.note, self.now()).expect("a key package");
        let bytes = prepared.bytes.clone();
        self.packages.push(prepared);
        bytes
    }

    /// Whether it is, or once was, in a group.
    pub fn has_joined(&self) -> bool {
        self.group.is_some()
    }

    /// Its state as it would lie in a file.
    pub fn state(&self) -> Vec<u8> {
        self.group.as_ref().expect("it has joined").dump().expect("a state").to_vec()
    }

    /// Goes back to a state that was kept.
    pub fn restore(&mut self, state: &[u8]) {
        self.group = Some(EndpointGroup::restore(state, &self.key).expect("a state"));
    }

    /// Goes back to a state that was stolen before any of its key packages was made.
    pub fn stolen(&mut self, state: &[u8]) {
        self.packages.clear();
        self.restore(state);
    }

    /// Tries everything on one message of the inbox.
    pub fn read(&mut self, message: &InboxMessage) -> Read {
        let bytes = &message.bytes.0;
        match message.kind {
            InboxKind::Notice => match serde_json::from_slice(bytes) {
                Ok(Notice::EpochPassed { message, .. }) => Read::EpochPassed(message),
                Err(_) => Read::Nothing,
            },
            InboxKind::Handshake if self.join(bytes) || self.follow(bytes) => Read::Epoch,
            InboxKind::Handshake => Read::Nothing,
            InboxKind::Message => {
                let opened = self.group.as_mut().and_then(|group| group.open(bytes).ok());
                opened.map_or(Read::Nothing, |opened| {
                    Read::Opened(Box::new(decode(&opened.plaintext).expect("an envelope")))
                })
            }
        }
    }

    fn join(&mut self, handshake: &[u8]) -> bool {
        let welcomed =
            Handshake::decode(handshake).and_then(|handshake| handshake.welcomes()).unwrap_or_default();
        let own = own(&self.provider, &self.agreements, &self.directories, Timestamp::now() + self.ahead);
        let mut packages = self.packages.iter().filter(|package| welcomed.contains(&package.reference));
        let joined =
            packages.find_map(|package| EndpointGroup::join(handshake, &package.state, &self.key, &own).ok());
        let is_welcome = joined.is_some();
        self.group = joined.or_else(|| self.group.take());
        is_welcome
    }

    fn follow(&mut self, handshake: &[u8]) -> bool {
        let own = own(&self.provider, &self.agreements, &self.directories, Timestamp::now() + self.ahead);
        self.group.as_mut().is_some_and(|group| group.follow(handshake, &own).is_ok())
    }

    /// Seals what it wants to say.
    pub fn seal(&mut self, said: &FromRecipient) -> (MessageId, Vec<u8>) {
        let id = MessageId::from_bytes(SystemRng.id());
        let plaintext = encode(said).expect("a content");
        let group = self.group.as_mut().expect("it has joined");
        (id, group.seal(said.kind(), id, &plaintext).expect("a sealed message"))
    }
}

fn own<'a>(
    provider: &'a AuthorityId,
    agreements: &'a BTreeSet<Digest>,
    directories: &'a BTreeMap<AuthorityId, Directory>,
    now: Timestamp,
) -> OwnSide<'a> {
    OwnSide { provider, agreements, trust: directories, now }
}
