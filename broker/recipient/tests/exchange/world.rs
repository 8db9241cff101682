//! A provider that serves, and a recipient program that is set up, enrolled and a member.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use agreements::statements::PartySignature;
use agreements::{
    Action, AgreementId, DatasetId, EndpointId, OfficerNumber, PurposeId, RequestId, RoleId, library,
};
use audit::checkpoint::LogSigner;
use common::{Clock as _, Rng as _, SystemClock, SystemRng};
use exchange::Question;
use exchange::content::{Asked, QuestionTerm};
use recipient::answer::KeptAnswer;
use recipient::collector::{self, CollectError, Until};
use recipient::config::{Config, UnlockConfig};
use recipient::desk::{self, SignedIn, Wanted};
use recipient::store::groups::GroupRow;
use recipient::store::requests::{RequestRow, RequestStatus};
use recipient::{Home, trust};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::authority::Authority;
use crate::outward;
use crate::provider::{Arrived, Provider};

pub const ENDPOINT: &str = "be-customs-desk-1";
pub const PASSWORD: &str = "correct horse battery";

type Running = (watch::Sender<bool>, JoinHandle<Result<(), CollectError>>);

pub struct World {
    pub folder: TempDir,
    pub be: Authority,
    pub nl: Authority,
    pub provider: outward::Shared,
    pub home: Arc<Home>,
    pub document: String,
    collector: Option<Running>,
}

impl World {
    /// Set up and enrolled; not collecting yet.
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (nl, be) = (Authority::new("nl-customs", 1), Authority::new("be-customs", 2));
        let signer = LogSigner::from_seed("nl-customs.example/log", SystemRng.key()).unwrap();
        let keys = BTreeMap::from([
            (nl.id.clone(), (nl.root.key().clone(), Some(signer.key().clone()))),
            (be.id.clone(), (be.root.key().clone(), None)),
        ]);
        let document = library::instantiate(library::agreement("import-declarations").unwrap(), &keys).unwrap();
        let agreement = agreements::document::read(&document).unwrap();
        let directories =
            BTreeMap::from([(nl.id.clone(), nl.verified.clone()), (be.id.clone(), be.verified.clone())]);
        let mut provider =
            Provider::new(agreement, &be.id, directories, |key| nl.enrol("nl-customs-broker", key), signer);
        provider.other_entry();
        let provider = Arc::new(Mutex::new(provider));
        let broker = outward::serve(Arc::clone(&provider)).await;
        let home = home(&folder, &be, &broker, "data", ENDPOINT).await;
        let world = Self { folder, be, nl, provider, home, document, collector: None };
        world.settle(&world.home).await;
        world
    }

    /// Enrolment, agreement and officers.
    pub async fn settle(&self, home: &Home) {
        let note = self.be.enrol(home.endpoint().as_str(), home.leaf_key());
        trust::enrol(home, &note, Some(&self.be.directory)).await.unwrap();
        let signature = self.signature(&self.document);
        trust::add_agreement(
            home,
            self.document.clone(),
            signature,
            self.be.directory.clone(),
            &self.nl.directory,
        )
        .await
        .unwrap();
        let roles = ["risk-analyst", "case-officer"].map(|role| RoleId::parse(role).unwrap());
        let password = Zeroizing::new(PASSWORD.to_owned());
        desk::add_officer(home, &officer(), "Anna Peeters".to_owned(), roles.to_vec(), password).await.unwrap();
        self.provider().endpoints.insert(home.endpoint().clone(), home.leaf_key());
    }

    pub fn signature(&self, document: &str) -> String {
        let agreement = agreements::document::read(document).unwrap();
        let signature = PartySignature {
            agreement: agreement.at_version(),
            digest: agreement.digest().unwrap(),
            clauses: agreement.clause_digests().unwrap(),
            authority: self.be.id.clone(),
            at: SystemClock.now(),
        };
        self.be.signatory.sign(&signature).unwrap().to_string()
    }

    /// Set up, a member of its group, collecting.
    pub async fn joined() -> Self {
        let mut world = Self::new().await;
        world.start();
        world.until("key packages", |world| !world.provider().key_packages.is_empty()).await;
        world.provider().welcome();
        world.join().await;
        world
    }

    pub async fn join(&self) {
        for _ in 0..500 {
            if self.group().await.is_some_and(|row| row.epoch > 0) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the endpoint did not join");
    }

    pub fn start(&mut self) {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(collector::collect(Arc::clone(&self.home), Until::Stopped, stopped));
        self.collector = Some((stop, task));
    }

    pub async fn stop(&mut self) {
        if let Some((stop, task)) = self.collector.take() {
            stop.send(true).unwrap();
            task.await.unwrap().unwrap();
        }
    }

    /// Ends the collector wherever it is, as a crash would.
    pub async fn crash(&mut self) {
        if let Some((_stop, task)) = self.collector.take() {
            task.abort();
            let _ = task.await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Opens the data folder anew, as another start of the program does.
    pub async fn reopen(&mut self) {
        self.home =
            Arc::new(Home::open(&self.home.dir, Arc::new(SystemClock), Arc::new(SystemRng)).await.unwrap());
    }

    pub fn provider(&self) -> MutexGuard<'_, Provider> {
        self.provider.lock().unwrap()
    }

    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{what} did not come");
    }

    pub async fn group(&self) -> Option<GroupRow> {
        self.home.store.groups().await.unwrap().into_iter().next()
    }

    pub async fn signed_in(&self) -> SignedIn {
        desk::sign_in(&self.home, &officer(), Zeroizing::new(PASSWORD.to_owned())).await.unwrap()
    }

    pub async fn ask(&self) -> RequestId {
        self.ask_for(Action::Consult).await
    }

    pub async fn ask_for(&self, action: Action) -> RequestId {
        self.ask_with(|wanted| wanted.action = action).await
    }

    pub async fn ask_with(&self, change: impl FnOnce(&mut Wanted)) -> RequestId {
        let mut wanted = Wanted {
            agreement: AgreementId::parse("NL-BE-FR-2026-04").unwrap(),
            through: None,
            role: RoleId::parse("risk-analyst").unwrap(),
            purpose: PurposeId::parse("customs:RiskManagement").unwrap(),
            dataset: DatasetId::parse("import-declarations").unwrap(),
            action: Action::Consult,
            elements: Asked::All,
            terms: vec![QuestionTerm {
                element: agreements::ElementPath::parse("declaration.office").unwrap(),
                value: "NL000510-secret-value".to_owned(),
            }],
            case: "BE-2026-secret-case".to_owned(),
            justification: "secret justification".to_owned(),
        };
        change(&mut wanted);
        desk::ask(&self.home, &self.signed_in().await, wanted).await.unwrap()
    }

    /// The question as the provider opened it.
    pub async fn question(&self, request: RequestId) -> (Question, RoleId) {
        let find = |world: &Self| {
            world.provider().opened.iter().find_map(|arrived| match arrived {
                Arrived::Question(question, role) if question.request == request => {
                    Some((question.clone(), role.clone()))
                }
                _ => None,
            })
        };
        self.until("the question", |world| find(world).is_some()).await;
        find(self).unwrap()
    }

    /// Asks and waits until the provider has the question.
    pub async fn asked(&self) -> (Question, RoleId) {
        let request = self.ask().await;
        self.question(request).await
    }

    pub async fn settled(&self, request: RequestId) -> RequestRow {
        desk::wait(&self.home, request, Duration::from_secs(20)).await.unwrap().unwrap()
    }

    pub async fn answer(&self, request: RequestId) -> Option<KeptAnswer> {
        self.home.store.answer::<KeptAnswer>(request).await.unwrap().map(|answer| answer.content)
    }

    /// Waits for the alarm of the group and gives its text; nothing of the request may be kept.
    pub async fn alarm(&self, request: RequestId) -> String {
        for _ in 0..500 {
            if let Some(alarm) = self.group().await.and_then(|row| row.alarm) {
                assert!(self.answer(request).await.is_none(), "something was written: {alarm}");
                let row = self.home.store.request(request).await.unwrap().unwrap();
                assert_eq!(row.status, RequestStatus::Waiting);
                return alarm;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no alarm; the request is {:?}", self.home.store.request(request).await.unwrap());
    }

    /// A receipt of that stage.
    pub async fn receipt(
        &self,
        stage: agreements::statements::ReceiptStage,
    ) -> (agreements::statements::Receipt, String) {
        let find = |world: &Self| {
            world.provider().opened.iter().find_map(|arrived| match arrived {
                Arrived::Receipt(receipt, note) if receipt.stage == stage => {
                    Some((receipt.clone(), note.clone()))
                }
                _ => None,
            })
        };
        self.until("the receipt", |world| find(world).is_some()).await;
        find(self).unwrap()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub fn officer() -> OfficerNumber {
    OfficerNumber::parse("BE-0417").unwrap()
}

pub async fn home(folder: &TempDir, be: &Authority, broker: &str, name: &str, endpoint: &str) -> Arc<Home> {
    let statements = folder.path().join(format!("{name}.statements.key"));
    be.statements.write_new(&statements, None, &SystemRng).unwrap();
    let config = Config {
        authority: be.id.clone(),
        endpoint: EndpointId::parse(endpoint).unwrap(),
        root_key: be.root.key().clone(),
        broker: broker.to_owned(),
        statements_key_file: Some(statements),
        unlock: UnlockConfig::KeyFile(folder.path().join(format!("{name}.key"))),
    };
    let dir = folder.path().join(name);
    Arc::new(Home::create(&dir, config, Arc::new(SystemClock), Arc::new(SystemRng)).await.unwrap())
}

/// Bytes in a file of the data folder.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
