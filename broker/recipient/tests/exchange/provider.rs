//! A provider in memory: one group, one log, an inbox, objects. It answers as it is told to, also
//! wrongly.

use std::collections::BTreeMap;

use agreements::{
    Agreement, AuthorityId, Digest, Directory, DisclosureId, ElementPath, EndpointId, EntryId, GroupId,
    MessageId, ObjectId, RecordFormat, RequestId, RoleId,
};
use audit::checkpoint::{Checkpoint, LogSigner};
use audit::commitment::Opening;
use audit::event::{Disclosure, Event, Form, GroupChange};
use audit::leaf::Leaf;
use audit::tree::{self, Frontier, Hash, HashReader};
use common::{Clock as _, Rng as _, SystemClock, SystemRng};
use exchange::content::{AnswerBody, ParticularsOpening, decode, encode};
use exchange::object::{CHUNK_BYTES, ObjectKey, ObjectSealer};
use exchange::wire::{InboxKind, InboxMessage, InboxPage, Notice, Octets};
use exchange::{
    BrokerGroup, CheckedKeyPackage, EndpointKey, Envelope, FromBroker, FromRecipient, Kind, Manifest,
    ObjectHeader, OpenError, Question,
};
use jiff::tz::TimeZone;
use std::io::Write as _;

/// What arrived and was opened.
pub enum Arrived {
    Question(Question, RoleId),
    Receipt(agreements::statements::Receipt, String),
}

pub struct Leaves(pub Vec<Vec<u8>>);

impl HashReader for Leaves {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        if level == 0 {
            return self.0.get(usize::try_from(index).ok()?).map(|leaf| tree::leaf_hash(leaf));
        }
        let (left, right) = (self.node(level - 1, index * 2)?, self.node(level - 1, index * 2 + 1)?);
        Some(tree::node_hash(&left, &right))
    }
}

pub struct Stored {
    pub kind: InboxKind,
    pub index: Option<u64>,
    /// Size of the state that it names inside.
    pub previous: Option<u64>,
    pub bytes: Vec<u8>,
}

type Tamper = Box<dyn FnMut(&mut InboxPage) + Send>;

pub struct Provider {
    pub me: EndpointKey,
    pub agreement: Agreement,
    pub digest: Digest,
    pub recipient: AuthorityId,
    pub directories: BTreeMap<AuthorityId, Directory>,
    pub endpoints: BTreeMap<EndpointId, Digest>,
    pub signer: LogSigner,
    pub leaves: Leaves,
    pub group_id: GroupId,
    pub group: BrokerGroup,
    pub inbox: Vec<Stored>,
    pub arrivals: Vec<Vec<u8>>,
    pub opened: Vec<Arrived>,
    pub key_packages: Vec<Vec<u8>>,
    pub objects: BTreeMap<ObjectId, Vec<u8>>,
    /// First byte of each call for an object; none for the whole.
    pub ranges: Vec<Option<usize>>,
    /// After how many bytes the next calls for an object are cut; the last first.
    pub cuts: Vec<usize>,
    /// Whether it serves a part of an object.
    pub serves_parts: bool,
    pub keys: BTreeMap<ObjectId, (DisclosureId, ObjectKey)>,
    pub sequence: u64,
    /// Changes a page before it is sent.
    pub tamper: Option<Tamper>,
    /// Everything that passed the outward routes.
    pub passed: Vec<u8>,
    /// Answers nothing but 503.
    pub down: bool,
}

impl Provider {
    pub fn new(
        agreement: Agreement,
        recipient: &AuthorityId,
        directories: BTreeMap<AuthorityId, Directory>,
        enrol: impl FnOnce(Digest) -> String,
        signer: LogSigner,
    ) -> Self {
        let me = EndpointKey::from_seed(&SystemRng.key());
        let enrolment = enrol(me.public());
        let digest = agreement.digest().unwrap();
        let group_id = GroupId::from_bytes(SystemRng.id());
        let group = BrokerGroup::create(group_id, &digest, recipient, &me, &enrolment).unwrap();
        Self {
            me,
            agreement,
            digest,
            recipient: recipient.clone(),
            directories,
            endpoints: BTreeMap::new(),
            signer,
            leaves: Leaves(Vec::new()),
            group_id,
            group,
            inbox: Vec::new(),
            arrivals: Vec::new(),
            opened: Vec::new(),
            key_packages: Vec::new(),
            objects: BTreeMap::new(),
            ranges: Vec::new(),
            cuts: Vec::new(),
            serves_parts: true,
            keys: BTreeMap::new(),
            sequence: 0,
            tamper: None,
            passed: Vec::new(),
            down: false,
        }
    }

    pub fn checkpoint_of(&self, size: usize) -> Checkpoint {
        let mut frontier = Frontier::new();
        for leaf in self.leaves.0.iter().take(size) {
            frontier.push(tree::leaf_hash(leaf));
        }
        let root = Digest::from_bytes(frontier.root());
        Checkpoint { origin: self.signer.key().name().to_owned(), size: size as u64, root }
    }

    pub fn checkpoint(&self) -> String {
        if self.leaves.0.is_empty() {
            return String::new();
        }
        self.checkpoint_of(self.leaves.0.len()).sign(&self.signer).unwrap()
    }

    /// Writes an entry that records nothing for this recipient.
    pub fn other_entry(&mut self) -> u64 {
        let event = Event::Started { version: "test".to_owned(), size: self.leaves.0.len() as u64 };
        self.entry(&event, None).0
    }

    fn entry(&mut self, event: &Event, message: Option<Digest>) -> (u64, Opening<Event>) {
        let opening = Opening::new(*SystemRng.key(), event.clone());
        self.append(&opening, message);
        (self.leaves.0.len() as u64 - 1, opening)
    }

    fn append(&mut self, opening: &Opening<Event>, message: Option<Digest>) {
        let id = EntryId::from_bytes(SystemRng.id());
        let commitment = opening.commitment().unwrap();
        let leaf = Leaf::new(id, SystemClock.now(), message, commitment, None);
        self.leaves.0.push(leaf.to_bytes().unwrap());
    }

    /// Adds every endpoint whose key package waits.
    pub fn welcome(&mut self) {
        let packages: Vec<_> = self
            .key_packages
            .drain(..)
            .map(|bytes| CheckedKeyPackage::check(&bytes, &self.directories, SystemClock.now()).unwrap())
            .fold(BTreeMap::new(), |mut one, package| {
                one.insert(package.endpoint().clone(), package);
                one
            })
            .into_values()
            .collect();
        let changed = self.group.add(packages, MessageId::from_bytes(SystemRng.id())).unwrap();
        self.handshake(changed, GroupChange::Added);
    }

    pub fn refresh(&mut self) {
        let changed = self.group.refresh(MessageId::from_bytes(SystemRng.id())).unwrap();
        self.handshake(changed, GroupChange::Refreshed);
    }

    pub fn remove(&mut self, endpoint: &str) {
        let endpoint = EndpointId::parse(endpoint).unwrap();
        let changed = self.group.remove(&[endpoint], MessageId::from_bytes(SystemRng.id())).unwrap();
        self.handshake(changed, GroupChange::Removed);
    }

    /// On record like a message: an entry whose leaf holds the hash of what is posted.
    pub fn handshake(&mut self, changed: exchange::Changed, change: GroupChange) {
        self.group = changed.group;
        let bytes = changed.handshake.encode().unwrap();
        let event = Event::GroupChanged {
            group: self.group_id,
            agreement: self.agreement.at_version(),
            recipient: self.recipient.clone(),
            epoch: self.group.epoch(),
            change,
            endpoints: Vec::new(),
        };
        let (index, _) = self.entry(&event, Some(Digest::of(&bytes)));
        self.inbox.push(Stored { kind: InboxKind::Handshake, index: Some(index), previous: None, bytes });
    }

    /// Opens what arrived; what is of a past epoch gets its notice.
    pub fn open_arrivals(&mut self) {
        for bytes in std::mem::take(&mut self.arrivals) {
            let opened = match self.group.open(&bytes) {
                Ok(opened) => opened,
                Err(OpenError::EpochPassed { id, .. }) => {
                    let notice = Notice::EpochPassed { message: id, endpoint: None };
                    let bytes = serde_json::to_vec(&notice).unwrap();
                    self.inbox.push(Stored { kind: InboxKind::Notice, index: None, previous: None, bytes });
                    continue;
                }
                Err(other) => panic!("{other}"),
            };
            match decode(&opened.plaintext).unwrap() {
                FromRecipient::Question { question, statement } => {
                    let note = agreements::Note::parse(&statement).unwrap();
                    let directory = &self.directories[&self.recipient];
                    let (statement, _) = directory
                        .verified::<agreements::statements::OfficerStatement>(
                            &note,
                            agreements::Function::Statements,
                        )
                        .unwrap();
                    assert_eq!(statement.request, question.digest().unwrap());
                    self.opened.push(Arrived::Question(question, statement.role));
                }
                FromRecipient::Receipt { note } => {
                    let parsed = agreements::Note::parse(&note).unwrap();
                    let key =
                        exchange::identity::receipt_key(&opened.endpoint, &self.endpoints[&opened.endpoint])
                            .unwrap();
                    let receipt = agreements::Statement::verified(&parsed, &key).unwrap();
                    self.opened.push(Arrived::Receipt(receipt, note));
                }
            }
        }
    }

    /// The particulars and cover sheet of a disclosure that is right in every part.
    pub fn disclosure(&self, question: &Question, role: &RoleId, records: u64) -> (Disclosure, Manifest) {
        let clause = self
            .agreement
            .clauses
            .iter()
            .find(|clause| clause.roles.contains(role) && clause.recipients.contains(&self.recipient))
            .unwrap();
        let elements: BTreeMap<ElementPath, _> = clause
            .elements
            .iter()
            .filter(|(_, transformation)| **transformation != agreements::Transformation::Withhold)
            .map(|(path, transformation)| (path.clone(), *transformation))
            .collect();
        let disclosure = DisclosureId::from_bytes(SystemRng.id());
        let event = Disclosure {
            recipient: self.recipient.clone(),
            agreement: self.agreement.at_version(),
            digest: self.digest,
            sequence: self.sequence + 1,
            request: question.request,
            disclosure,
            clauses: vec![clause.id.clone()],
            rules: vec!["r1".to_owned()],
            purpose: question.purpose.clone(),
            role: role.clone(),
            action: question.action,
            dataset: question.dataset.clone(),
            elements: elements.clone(),
            records,
            counted: records,
            subjects: records,
            form: Form::Inline {},
            policy_epoch: 1,
            retention_days: clause.retention_days,
        };
        let today = SystemClock.now().to_zoned(TimeZone::UTC).date();
        let manifest = Manifest {
            disclosure,
            request: question.request,
            agreement: self.agreement.at_version(),
            digest: self.digest,
            purpose: question.purpose.clone(),
            dataset: question.dataset.clone(),
            format: RecordFormat::Json,
            elements,
            records,
            retention_days: clause.retention_days,
            delete_by: today.checked_add(jiff::Span::new().days(i64::from(clause.retention_days))).unwrap(),
            onward_transfer: clause.onward_transfer.clone(),
        };
        (event, manifest)
    }

    /// Seals a body with the opening of its entry, appends the entry, puts it in the inbox.
    pub fn deliver(&mut self, event: Event, body: FromBroker) {
        self.deliver_with(event, body, |_| {});
    }

    pub fn deliver_with(&mut self, event: Event, body: FromBroker, change: impl FnOnce(&mut Envelope)) {
        self.sequence += 1;
        let index = self.leaves.0.len() as u64;
        let opening = Opening::new(*SystemRng.key(), event);
        let mut envelope = Envelope {
            index,
            sequence: self.sequence,
            previous: self.checkpoint(),
            opening: ParticularsOpening {
                salt: hex::encode(opening.salt.as_bytes()),
                values: serde_json::to_value(&opening.values).unwrap(),
            },
            body,
        };
        change(&mut envelope);
        let id = MessageId::from_bytes(SystemRng.id());
        let bytes = self.group.seal(Kind::Envelope, id, &encode(&envelope).unwrap()).unwrap();
        self.append(&opening, Some(Digest::of(&bytes)));
        let previous = envelope.previous.split('\n').nth(1).and_then(|size| size.parse().ok());
        self.inbox.push(Stored { kind: InboxKind::Message, index: Some(index), previous, bytes });
    }

    /// An inline answer that is right.
    pub fn answer(&mut self, question: &Question, role: &RoleId, records: &[&str]) {
        let (event, manifest) = self.disclosure(question, role, records.len() as u64);
        let body = AnswerBody::Inline { records: records.iter().map(|r| format!("{r}\n")).collect() };
        self.deliver(Event::Disclosure(Box::new(event)), FromBroker::Answer { manifest, body });
    }

    /// A bulk answer that is right; the key follows by [`Self::give_key`].
    pub fn answer_in_bulk(&mut self, question: &Question, role: &RoleId, records: &[String]) -> ObjectId {
        let (mut event, manifest) = self.disclosure(question, role, records.len() as u64);
        let object = ObjectId::from_bytes(SystemRng.id());
        let key = ObjectKey::from_bytes(SystemRng.key());
        let header = ObjectHeader {
            object,
            disclosure: manifest.disclosure,
            digest: manifest.digest,
            request: manifest.request,
            purpose: manifest.purpose.clone(),
            elements: manifest.elements.clone(),
            chunk_bytes: CHUNK_BYTES,
        };
        let mut sealer = ObjectSealer::new(Vec::new(), header, &key).unwrap();
        for record in records {
            writeln!(sealer, "{record}").unwrap();
        }
        let (bytes, descriptor) = sealer.finish().unwrap();
        event.form = Form::Object {
            object,
            header: agreements::digest_of(&descriptor.header).unwrap(),
            ciphertext: descriptor.ciphertext,
            bytes: descriptor.ciphertext_bytes,
        };
        self.objects.insert(object, bytes);
        self.keys.insert(object, (manifest.disclosure, key));
        let body = AnswerBody::Object { descriptor };
        self.deliver(Event::Disclosure(Box::new(event)), FromBroker::Answer { manifest, body });
        object
    }

    pub fn give_key(&mut self, object: ObjectId, receipt: &str) {
        let (disclosure, key) = self.keys[&object].clone();
        let event = Event::KeyDelivered {
            recipient: self.recipient.clone(),
            agreement: self.agreement.id.clone(),
            sequence: self.sequence + 1,
            disclosure,
            object,
            receipt: receipt.to_owned(),
        };
        self.deliver(event, FromBroker::Key { disclosure, object, key });
    }

    pub fn refuse(&mut self, request: RequestId, dimension: &str, plain: &str) {
        let event = Event::Refusal {
            asked_about: None,
            recipient: self.recipient.clone(),
            agreement: self.agreement.id.clone(),
            version: None,
            sequence: self.sequence + 1,
            request,
            dimension: dimension.to_owned(),
            purpose: None,
            role: None,
            dataset: None,
        };
        let (dimension, plain) = (dimension.to_owned(), plain.to_owned());
        self.deliver(event, FromBroker::Refusal { request, dimension, plain });
    }

    pub fn page(&self, after: u64, held: Option<&str>) -> InboxPage {
        let size = self.leaves.0.len() as u64;
        let held = held.map(|note| Checkpoint::verify(note, self.signer.key()).unwrap());
        let hashes = |proof: Vec<Hash>| proof.into_iter().map(Digest::from_bytes).collect::<Vec<_>>();
        let consistency = match held {
            Some(held) if held.size < size => {
                hashes(tree::consistency_proof(held.size, size, &self.leaves).unwrap())
            }
            _ => Vec::new(),
        };
        let messages = self.inbox.iter().zip(1_u64..).filter(|(_, position)| *position > after);
        let messages = messages.map(|(stored, position)| InboxMessage {
            position,
            kind: stored.kind,
            index: stored.index,
            leaf: stored.index.map(|index| {
                String::from_utf8(self.leaves.0[usize::try_from(index).unwrap()].clone()).unwrap()
            }),
            proof: stored.index.map_or_else(Vec::new, |index| {
                hashes(tree::inclusion_proof(index, size, &self.leaves).unwrap())
            }),
            previous: match stored.previous {
                Some(previous) if Some(previous) != stored.index => {
                    hashes(tree::consistency_proof(previous, size, &self.leaves).unwrap_or_default())
                }
                _ => Vec::new(),
            },
            bytes: Octets(stored.bytes.clone()),
        });
        InboxPage { checkpoint: self.checkpoint(), consistency, messages: messages.collect() }
    }
}
