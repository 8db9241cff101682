//! A log that is written entry by entry, each checked by the standing as the broker would.

use std::collections::BTreeMap;
use std::path::Path;

use agreements::directory::{Directory, Holder};
use agreements::note::Statement;
use agreements::statements::{
    ClauseOpinion, Enrolment, Opinion, PartySignature, Receipt, ReceiptStage, Verdict,
};
use agreements::*;
use audit::layout::{ExportError, Exported, write_log};
use audit::tree::leaf_hash;
use audit::*;
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use zeroize::Zeroizing;

pub const LOG: &str = "nl-customs.example/log";

/// A key that anybody can make again from its name; for tests only.
pub fn secret(name: &str) -> SigningKey {
    SigningKey::from_bytes(Digest::of(name.as_bytes()).as_bytes())
}

pub fn key(name: &str) -> NoteKey {
    NoteKey::new(name, secret(name).verifying_key().to_bytes()).unwrap()
}

/// Another key under the name of the log.
pub fn other_key() -> NoteKey {
    NoteKey::new(LOG, *key("other").public()).unwrap()
}

pub fn signed(statement: &impl Statement, name: &str) -> String {
    let mut note = statement.to_note().unwrap();
    let signature = secret(name).sign(note.text().as_bytes()).to_bytes();
    note.attach(&key(name), &signature).unwrap();
    note.to_string()
}

pub fn authority(name: &str) -> AuthorityId {
    AuthorityId::parse(name).unwrap()
}

pub fn officer(number: &str) -> OfficerNumber {
    OfficerNumber::parse(number).unwrap()
}

pub fn endpoint(name: &str) -> EndpointId {
    EndpointId::parse(name).unwrap()
}

pub fn path(text: &str) -> ElementPath {
    ElementPath::parse(text).unwrap()
}

pub struct Story {
    pub at: Timestamp,
    pub standing: Standing,
    pub edge: Edge,
    pub agreement: Agreement,
    pub document: String,
    leaves: Vec<Vec<u8>>,
    pub openings: Vec<Opening<Event>>,
    personal: Vec<Option<Opening<Personal>>>,
}

impl Story {
    /// A log without entries, and an agreement whose parties have keys that the tests hold.
    pub fn new() -> Self {
        let worked = library::agreement("import-declarations").unwrap();
        let keys: BTreeMap<_, _> = ["nl-customs", "be-customs", "fr-statistics"]
            .map(|name| (authority(name), (key(&format!("{name}/root")), None)))
            .into();
        let document = library::instantiate(worked, &keys).unwrap();
        Self {
            at: "2026-05-17T10:00:00Z".parse().unwrap(),
            standing: Standing::new(),
            edge: Edge::new(),
            agreement: document::read(&document).unwrap(),
            document,
            leaves: Vec::new(),
            openings: Vec::new(),
            personal: Vec::new(),
        }
    }

    /// The same, with the agreement in force, an endpoint of the recipient and its group.
    pub fn in_force() -> Self {
        let mut story = Self::new();
        story.begin();
        story.approve();
        story.come_into_force();
        story.enrol();
        story
    }

    pub fn version(&self) -> AgreementVersion {
        self.agreement.at_version()
    }

    pub fn digest(&self) -> Digest {
        self.agreement.digest().unwrap()
    }

    /// Appends an entry that must follow; returns its index.
    pub fn push(&mut self, event: Event) -> u64 {
        self.standing.apply(self.at, &event).unwrap_or_else(|error| panic!("{event:?}: {error}"));
        self.force(event)
    }

    /// Makes the last entry one without a commitment to a personal part.
    pub fn strip_personal(&mut self) {
        let mut leaf = Leaf::parse(self.leaves.last().unwrap()).unwrap();
        leaf.personal = None;
        *self.leaves.last_mut().unwrap() = leaf.to_bytes().unwrap();
        self.leave_out_personal();
        self.edge = Edge::new();
        let hashes = self.hashes();
        self.edge.append(&hashes);
    }

    /// Leaves the personal part of the last entry out of an export.
    pub fn leave_out_personal(&mut self) {
        *self.personal.last_mut().unwrap() = None;
    }

    /// Appends an entry whether it follows or not: what a dishonest broker could do.
    pub fn force(&mut self, event: Event) -> u64 {
        let index = self.edge.size();
        let message = event.sequence().map(|_| Digest::of(&index.to_be_bytes()));
        let opening = Opening::new(*Digest::of(&[1, index as u8]).as_bytes(), event);
        let personal = message.map(|_| {
            let values = Personal { justification: Some(format!("case {index}")), ..Personal::default() };
            Opening::new(*Digest::of(&[2, index as u8]).as_bytes(), values)
        });
        let mut id = [0; 16];
        id[..8].copy_from_slice(&index.to_be_bytes());
        let leaf = Leaf::new(
            EntryId::from_bytes(id),
            self.at,
            message,
            opening.commitment().unwrap(),
            personal.as_ref().map(|personal| personal.commitment().unwrap()),
        );
        let bytes = leaf.to_bytes().unwrap();
        self.edge.append(&[leaf_hash(&bytes)]);
        self.leaves.push(bytes);
        self.openings.push(opening);
        self.personal.push(personal);
        self.at += jiff::SignedDuration::from_millis(1500);
        index
    }

    pub fn begin(&mut self) {
        let by = officer("NL-1");
        self.push(Event::OfficerChanged {
            officer: by.clone(),
            roles: vec!["controller".into()],
            active: true,
            by: by.clone(),
        });
        self.push(Event::Started { version: "0.1.0".into(), size: 0 });
        for name in ["nl-customs", "be-customs", "fr-statistics"] {
            let key = key(&format!("{name}/root"));
            self.push(Event::RootTrusted { authority: authority(name), key, by: by.clone() });
            self.push(Event::DirectoryChanged { note: self.directory(name, 1), by: officer("NL-1") });
        }
        let dataset = self.agreement.datasets[0].clone();
        let digest = digest_of(&dataset).unwrap();
        self.push(Event::DatasetPublished { dataset: dataset.id.clone(), digest, by: by.clone() });
        let (agreement, digest, document) = (self.version(), self.digest(), self.document.clone());
        self.push(Event::Proposed { agreement, digest, document, by });
    }

    /// The directory of an authority; of every version but the first the DPO has another key.
    pub fn directory(&self, name: &str, version: u32) -> String {
        let dpo = if version == 1 { "dpo".to_owned() } else { format!("dpo-{version}") };
        let functions = [
            (Function::Signatory, "signatory".to_owned()),
            (Function::Dpo, dpo),
            (Function::Enrolment, "enrolment".to_owned()),
            (Function::Statements, "statements".to_owned()),
        ];
        let directory = Directory {
            authority: authority(name),
            version,
            at: self.at,
            holders: functions
                .into_iter()
                .map(|(function, key)| Holder {
                    function,
                    office: "Office".into(),
                    key: self::key(&format!("{name}/{key}")),
                })
                .collect(),
        };
        signed(&directory, &format!("{name}/root"))
    }

    pub fn opinion(&self, name: &str) -> Event {
        let clauses = self.agreement.clause_digests().unwrap();
        let opinion = Opinion {
            agreement: self.version(),
            digest: self.digest(),
            authority: authority(name),
            clauses: clauses
                .into_iter()
                .map(|(id, digest)| (id, ClauseOpinion { digest, verdict: Verdict::Favourable }))
                .collect(),
            text: "Nothing stands against it.".into(),
            at: self.at,
        };
        Event::OpinionGiven { note: signed(&opinion, &format!("{name}/dpo")), by: officer("NL-1") }
    }

    pub fn signature(&self, name: &str) -> Event {
        let signature = PartySignature {
            agreement: self.version(),
            digest: self.digest(),
            clauses: self.agreement.clause_digests().unwrap(),
            authority: authority(name),
            at: self.at,
        };
        Event::Signed { note: signed(&signature, &format!("{name}/signatory")), by: officer("NL-1") }
    }

    pub fn approve(&mut self) {
        for name in ["nl-customs", "be-customs", "fr-statistics"] {
            self.push(self.opinion(name));
        }
        for name in ["nl-customs", "be-customs", "fr-statistics"] {
            self.push(self.signature(name));
        }
    }

    pub fn come_into_force(&mut self) {
        let (agreement, digest) = (self.version(), self.digest());
        let policy_epoch = self.standing.policy_epoch() + 1;
        self.push(Event::InForce { agreement, digest, by: officer("NL-1"), policy_epoch });
    }

    pub fn enrolment(&self, name: &str, days: i64) -> String {
        let enrolment = Enrolment {
            authority: authority("be-customs"),
            endpoint: endpoint(name),
            leaf_key: Digest::from_bytes(*key(name).public()),
            expires: self.at + jiff::SignedDuration::from_hours(24 * days),
            at: self.at,
        };
        signed(&enrolment, "be-customs/enrolment")
    }

    pub fn group(&self, epoch: u64, change: GroupChange, endpoints: &[&str]) -> Event {
        Event::GroupChanged {
            group: GroupId::from_bytes([9; 16]),
            agreement: self.version(),
            recipient: authority("be-customs"),
            epoch,
            change,
            endpoints: endpoints.iter().map(|name| endpoint(name)).collect(),
        }
    }

    pub fn enrol(&mut self) {
        self.push(Event::Enrolled { note: self.enrolment("desk-1", 90), by: officer("NL-1") });
        self.push(Event::KeyMade { key: "domain-1".into(), kind: "domain-seed".into() });
        self.push(self.group(0, GroupChange::Created, &[]));
        self.push(self.group(1, GroupChange::Added, &["desk-1"]));
    }

    pub fn disclosure(&self, sequence: u64) -> Disclosure {
        Disclosure {
            recipient: authority("be-customs"),
            agreement: self.version(),
            digest: self.digest(),
            sequence,
            request: RequestId::from_bytes(u128::from(sequence).to_be_bytes()),
            disclosure: DisclosureId::from_bytes([sequence as u8; 16]),
            clauses: vec![ClauseId::parse("risk-analysis").unwrap()],
            rules: vec!["risk-analysis/1".into()],
            purpose: PurposeId::parse("customs:RiskManagement").unwrap(),
            role: RoleId::parse("risk-analyst").unwrap(),
            action: Action::Consult,
            dataset: DatasetId::parse("import-declarations").unwrap(),
            elements: BTreeMap::from([
                (path("consignee.eori"), Transformation::parse("pseudonymise").unwrap()),
                (path("goods.value"), Transformation::parse("generalise-number:10000").unwrap()),
            ]),
            records: 3,
            counted: 3,
            subjects: 2,
            form: Form::Inline {},
            policy_epoch: self.standing.policy_epoch(),
            retention_days: 365,
        }
    }

    pub fn disclose(&mut self, sequence: u64) -> u64 {
        self.push(Event::Disclosure(Box::new(self.disclosure(sequence))))
    }

    pub fn disclose_object(&mut self, sequence: u64) -> u64 {
        let form = Form::Object {
            object: ObjectId::from_bytes([sequence as u8; 16]),
            header: Digest::of(b"header"),
            ciphertext: Digest::of(b"ciphertext"),
            bytes: 10,
        };
        let disclosure = Disclosure { form, action: Action::Bulk, ..self.disclosure(sequence) };
        self.push(Event::Disclosure(Box::new(disclosure)))
    }

    pub fn receipt(&self, index: u64, disclosure: u64, stage: ReceiptStage) -> Receipt {
        Receipt {
            stage,
            authority: authority("be-customs"),
            endpoint: endpoint("desk-1"),
            agreement: self.version().id,
            digest: self.digest(),
            disclosure: DisclosureId::from_bytes([disclosure as u8; 16]),
            request: RequestId::from_bytes(u128::from(disclosure).to_be_bytes()),
            index,
            object: Some(ObjectId::from_bytes([disclosure as u8; 16])),
            received: Digest::of(b"ciphertext"),
            checkpoint: String::new(),
            at: self.at,
        }
    }

    pub fn key_delivered(&self, disclosure: u64, sequence: u64, receipt: &Receipt) -> Event {
        Event::KeyDelivered {
            recipient: authority("be-customs"),
            agreement: self.version().id,
            sequence,
            disclosure: DisclosureId::from_bytes([disclosure as u8; 16]),
            object: ObjectId::from_bytes([disclosure as u8; 16]),
            receipt: signed(receipt, receipt.endpoint.as_str()),
        }
    }

    pub fn refusal(&self, sequence: u64) -> Event {
        Event::Refusal {
            asked_about: None,
            recipient: authority("be-customs"),
            agreement: self.version().id,
            version: Some(1),
            sequence,
            request: RequestId::from_bytes((u128::from(sequence) << 64 | 1).to_be_bytes()),
            dimension: "purpose".into(),
            purpose: Some(PurposeId::parse("dpv:Marketing").unwrap()),
            role: None,
            dataset: None,
        }
    }

    pub fn suspend(&mut self) -> u64 {
        let (agreement, policy_epoch) = (self.version(), self.standing.policy_epoch() + 1);
        self.push(Event::Suspended { agreement, by: officer("NL-1"), policy_epoch, grounds: "breach".into() })
    }

    pub fn resume(&mut self) -> u64 {
        let (agreement, policy_epoch) = (self.version(), self.standing.policy_epoch() + 1);
        self.push(Event::Resumed { agreement, by: officer("NL-1"), policy_epoch, grounds: "mended".into() })
    }

    pub fn restate(&mut self) -> u64 {
        let state = Box::new(self.standing.to_state());
        self.push(Event::State { state })
    }

    /// A whole story with one of nearly everything; returns the index after the last entry.
    pub fn told() -> Self {
        let mut story = Self::in_force();
        story.disclose(1);
        story.push(story.refusal(2));
        let index = story.disclose_object(3);
        let held = story.receipt(index, 3, ReceiptStage::Held);
        story.push(story.key_delivered(3, 4, &held));
        let opened = signed(&story.receipt(index, 3, ReceiptStage::Opened), "desk-1");
        let (recipient, agreement) = (authority("be-customs"), story.version().id);
        story.push(Event::ReceiptOpened { recipient, agreement, receipt: opened });
        story.restate();
        story.suspend();
        story.resume();
        story.disclose(5);
        story
    }

    pub fn signer() -> LogSigner {
        LogSigner::from_seed(LOG, Zeroizing::new(*Digest::of(LOG.as_bytes()).as_bytes())).unwrap()
    }

    pub fn checkpoint(&self) -> Checkpoint {
        let root = Digest::from_bytes(self.edge.root());
        Checkpoint { origin: LOG.into(), size: self.edge.size(), root }
    }

    pub fn leaf(&self, index: u64) -> &[u8] {
        &self.leaves[index as usize]
    }

    pub fn hashes(&self) -> Vec<Hash> {
        self.leaves.iter().map(|leaf| leaf_hash(leaf)).collect()
    }

    /// Writes the log out, with the personal parts when `personal`.
    pub fn export(&self, dir: &Path, personal: bool) -> Result<Checkpoint, ExportError> {
        let note = self.checkpoint().sign(&Self::signer()).unwrap();
        let entries =
            self.leaves.iter().zip(&self.openings).zip(&self.personal).map(|((leaf, opening), part)| {
                Ok(Exported {
                    leaf: leaf.clone(),
                    particulars: Some(opening.to_json().unwrap()),
                    personal: part.as_ref().filter(|_| personal).map(|part| part.to_json().unwrap()),
                })
            });
        write_log(dir, &note, entries)
    }
}
