//! A member of a recipient's group that a test holds in its hands: it says what no honest program
//! would say, and keeps every byte that it fetched.

use agreements::statements::{OfficerStatement, Receipt, ReceiptStage};
use agreements::{
    Action, AgreementId, AuthorityId, DatasetId, Digest, Directory, ElementPath, EndpointId, GroupId,
    MessageId, Note, OfficerNumber, PurposeId, RequestId, RoleId, Statement as _,
};
use common::function_key::FunctionKey;
use common::{Rng as _, SystemRng};
use exchange::content::{AnswerBody, Asked, Question, QuestionTerm};
use exchange::object::{ObjectDescriptor, ObjectKey, ObjectOpener};
use exchange::wire::{
    GROUPS, Groups, InboxMessage, InboxPage, KEY_PACKAGES, KeyPackages, OCTETS, Octets, inbox_path,
    messages_path, object_path,
};
use exchange::{EndpointKey, Envelope, FromBroker, FromRecipient, Manifest};
use jiff::Timestamp;
use reqwest::Method;

use super::authority::Authority;
use super::outward::Endpoint;
use super::reader::{Read, Reader};
use super::world::World;

/// Tries, each of a second, before a test gives up.
const PATIENCE: usize = 30;

/// The member.
pub struct Member {
    /// Its signed calls.
    pub endpoint: Endpoint,
    /// Its keys, and what they open.
    pub reader: Reader,
    /// Its group.
    pub group: GroupId,
    /// Everything that it fetched.
    pub inbox: Vec<InboxMessage>,
    /// Everything that it opened, in order.
    pub opened: Vec<Envelope>,
    authority: AuthorityId,
    agreement: AgreementId,
    officer: OfficerNumber,
    statements: FunctionKey,
    refused: Vec<MessageId>,
}

/// A bulk disclosure that was announced.
pub struct Announced {
    /// Its cover sheet.
    pub manifest: Manifest,
    /// Its object.
    pub object: ObjectDescriptor,
    /// Index of its entry.
    pub index: u64,
}

impl World {
    /// A member for the authority of that recipient, enrolled until then; it has not joined yet.
    pub async fn enrolled(&self, of: usize, name: &str, expires: Timestamp) -> Member {
        let recipient = &self.recipients[of];
        let authority = &recipient.authority;
        let endpoint = Endpoint::new(name, self.outward);
        let at = Timestamp::now();
        let note = authority.enrolment_until(&endpoint.id, endpoint.public(), at, expires);
        self.officers.agreements.text("/v1/endpoints", &note).await.well();
        let directories = [&self.provider, authority].map(directory).into();
        let digest = self.agreement.digest().expect("a digest");
        let reader = Reader::new(endpoint.key.clone(), note, self.provider.id.clone(), digest, directories);
        let listed = endpoint.call(Method::GET, GROUPS, b"", OCTETS).await.well();
        let listed: Groups = serde_json::from_str(&listed.text).expect("groups");
        Member {
            reader,
            group: listed.groups[0].group,
            inbox: Vec::new(),
            opened: Vec::new(),
            authority: authority.id.clone(),
            agreement: self.agreement.id.clone(),
            officer: OfficerNumber::parse(if of == 0 { "BE-2041" } else { "FR-0311" }).expect("a number"),
            statements: FunctionKey::load(&authority.dir.join("statements.key"), || None).expect("a key"),
            refused: Vec::new(),
            endpoint,
        }
    }

    /// The same, enrolled for thirty days and joined.
    pub async fn member(&self, of: usize, name: &str) -> Member {
        let mut member =
            self.enrolled(of, name, Timestamp::now() + jiff::SignedDuration::from_hours(720)).await;
        member.join().await;
        member
    }
}

fn directory(of: &Authority) -> (AuthorityId, Directory) {
    let note = Note::parse(&of.directory).expect("a note");
    (of.id.clone(), Directory::from_note(&note).expect("a directory"))
}

impl Member {
    /// Its name.
    pub fn id(&self) -> &EndpointId {
        &self.endpoint.id
    }

    /// Offers one fresh key package; gives the status.
    pub async fn offer(&mut self) -> u16 {
        let packages = KeyPackages { packages: vec![Octets(self.reader.package())] };
        let body = serde_json::to_vec(&packages).expect("JSON");
        self.call(Method::POST, KEY_PACKAGES, &body, "application/json").await
    }

    /// A well signed call by its own clock; gives the status.
    pub async fn call(&self, method: Method, path: &str, body: &[u8], kind: &str) -> u16 {
        let headers = self.endpoint.headers(method.as_str(), path, body, self.reader.now());
        self.endpoint.send(method, path, body.to_vec(), &headers, kind).await.status
    }

    /// Offers itself and waits until it is in.
    pub async fn join(&mut self) {
        assert_eq!(self.offer().await, 200);
        for _ in 0..PATIENCE {
            self.collect(1).await;
            if self.reader.has_joined() {
                return;
            }
        }
        panic!("`{}` never joined its group", self.id());
    }

    /// Reads what waits; gives the status.
    pub async fn collect(&mut self, wait_seconds: u64) -> u16 {
        let after = self.inbox.last().map_or(0, |message| message.position);
        let path = format!("{}?after={after}&wait_seconds={wait_seconds}", inbox_path(self.group));
        let (status, bytes) = self.endpoint.bytes(&path, self.reader.now()).await;
        if status != 200 {
            return status;
        }
        let page: InboxPage = serde_json::from_slice(&bytes).expect("a page");
        for message in page.messages {
            match self.reader.read(&message) {
                Read::Opened(envelope) => self.opened.push(*envelope),
                Read::EpochPassed(id) => self.refused.push(id),
                Read::Epoch | Read::Nothing => {}
            }
            self.inbox.push(message);
        }
        status
    }

    /// Says something; gives the id of the message.
    pub async fn say(&mut self, said: &FromRecipient) -> MessageId {
        let (id, bytes) = self.reader.seal(said);
        assert_eq!(self.call(Method::POST, &messages_path(self.group), &bytes, OCTETS).await, 202);
        id
    }

    /// Says something, again if an epoch has passed, and gives the first answer that fits.
    pub async fn exchange(&mut self, said: &FromRecipient, fits: impl Fn(&FromBroker) -> bool) -> Envelope {
        self.collect(0).await;
        let from = self.opened.len();
        let mut id = self.say(said).await;
        for _ in 0..PATIENCE {
            self.collect(1).await;
            if let Some(answer) = self.opened[from..].iter().find(|envelope| fits(&envelope.body)) {
                return answer.clone();
            }
            if self.refused.contains(&id) {
                id = self.say(said).await;
            }
        }
        panic!("`{}` got no answer", self.id());
    }

    /// A question that is answered.
    pub fn question(&self) -> Question {
        let (purpose, _) = self.station();
        let office = ElementPath::parse("declaration.office").expect("a path");
        Question {
            request: RequestId::from_bytes(SystemRng.id()),
            agreement: self.agreement.clone(),
            purpose: PurposeId::parse(purpose).expect("a purpose"),
            dataset: DatasetId::parse("import-declarations").expect("a dataset"),
            action: Action::Consult,
            elements: Asked::All,
            terms: vec![QuestionTerm { element: office, value: "NL000403".to_owned() }],
            case: "CASE-77-QUAY".to_owned(),
            justification: "weighing the Rotterdam tip".to_owned(),
            asked_at: self.reader.now(),
        }
    }

    fn station(&self) -> (&'static str, &'static str) {
        match self.authority.as_str() {
            "be-customs" => ("customs:RiskManagement", "risk-analyst"),
            _ => ("dpv:ProvideOfficialStatistics", "statistician"),
        }
    }

    /// The question with the statement that vouches for it.
    pub fn vouched(&self, question: Question) -> FromRecipient {
        let statement = OfficerStatement {
            authority: self.authority.clone(),
            officer: self.officer.clone(),
            role: RoleId::parse(self.station().1).expect("a role"),
            purpose: question.purpose.clone(),
            case: question.case.clone(),
            asked_at: question.asked_at,
            nonce: RequestId::from_bytes(SystemRng.id()),
            request: question.digest().expect("a digest"),
        };
        let statement = self.statements.sign(&statement).expect("a note").to_string();
        FromRecipient::Question { question, statement }
    }

    /// Asks, and gives what is said to it.
    pub async fn ask(&mut self, question: Question) -> Envelope {
        let request = question.request;
        let said = self.vouched(question);
        self.exchange(&said, |body| about(body) == Some(request)).await
    }

    /// Asks for everything; the object waits to be fetched.
    pub async fn bulk(&mut self) -> Announced {
        let question = Question { action: Action::Bulk, terms: Vec::new(), ..self.question() };
        let envelope = self.ask(question).await;
        match envelope.body {
            FromBroker::Answer { manifest, body: AnswerBody::Object { descriptor } } => {
                Announced { manifest, object: descriptor, index: envelope.index }
            }
            _ => panic!("the answer is no object"),
        }
    }

    /// The honest receipt for an object.
    pub fn receipt(&self, stage: ReceiptStage, of: &Announced) -> Receipt {
        Receipt {
            stage,
            authority: self.authority.clone(),
            endpoint: self.id().clone(),
            agreement: self.agreement.clone(),
            digest: of.manifest.digest,
            disclosure: of.manifest.disclosure,
            request: of.manifest.request,
            index: of.index,
            object: Some(of.object.header.object),
            received: of.object.ciphertext,
            checkpoint: "none".to_owned(),
            at: self.reader.now(),
        }
    }

    /// A receipt signed by its own key.
    pub fn signed(&self, receipt: &Receipt) -> FromRecipient {
        self.signed_by(receipt, &self.endpoint.key)
    }

    /// A receipt signed by whatever key.
    pub fn signed_by(&self, receipt: &Receipt, key: &EndpointKey) -> FromRecipient {
        let mut note = receipt.to_note().expect("a note");
        key.sign_note(&receipt.endpoint, &mut note).expect("a signature");
        FromRecipient::Receipt { note: note.to_string() }
    }

    /// Fetches an object; gives the status and its bytes.
    pub async fn fetch(&self, object: &ObjectDescriptor) -> (u16, Vec<u8>) {
        self.endpoint.bytes(&object_path(object.header.object), self.reader.now()).await
    }

    /// Signs `held`, gets the key and opens the object; gives the records.
    pub async fn open(&mut self, of: &Announced) -> String {
        let (status, sealed) = self.fetch(&of.object).await;
        assert_eq!(status, 200, "the object cannot be fetched");
        assert_eq!(Digest::of(&sealed), of.object.ciphertext, "the object was changed");
        let held = self.signed(&self.receipt(ReceiptStage::Held, of));
        let object = of.object.header.object;
        let key =
            self.exchange(&held, |body| matches!(body, FromBroker::Key { object: o, .. } if *o == object));
        let FromBroker::Key { key, .. } = key.await.body else { panic!("it is a key") };
        opened(&of.object, &key, &sealed)
    }
}

fn opened(object: &ObjectDescriptor, key: &ObjectKey, sealed: &[u8]) -> String {
    let mut records = Vec::new();
    let opener = ObjectOpener::new(object, key).expect("the key is the one");
    opener.open(sealed, &mut records).expect("the object opens");
    String::from_utf8(records).expect("text")
}

/// The question that a message of the broker speaks of.
pub fn about(body: &FromBroker) -> Option<RequestId> {
    match body {
        FromBroker::Answer { manifest, .. } => Some(manifest.request),
        FromBroker::Refusal { request, .. } | FromBroker::Repeated { request, .. } => Some(*request),
        FromBroker::Problem { request, .. } => *request,
        FromBroker::Key { .. } => None,
    }
}
