//! A provider, its broker and its recipients, ready to be asked.

use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agreements::{Agreement, Digest, EndpointId, NoteKey, document, library};
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;

use super::authority::Authority;
use super::database::On;
use super::declarations::{DECLARATIONS, declarations};
use super::log::Log;
use super::officer::Officer;
use super::programs::{self, Running};
use super::recipient::{Desk, Recipient};
use super::recorder::Recorder;

/// The broker as an endpoint.
const BROKER: &str = "nl-customs-broker";
/// The password of every officer of the provider.
pub const PASSWORD: &str = "nobody guesses this one";
/// Recipients: authority, endpoint, officer.
const RECIPIENTS: [(&str, &str, &str); 2] =
    [("be-customs", "be-customs-desk", "BE-2041"), ("fr-statistics", "fr-statistics-desk", "FR-0311")];

/// The provider's officers, one of each role, signed in.
#[derive(Clone)]
pub struct Officers {
    /// Names officers.
    pub administrator: Officer,
    /// Manages agreements.
    pub agreements: Officer,
    /// Publishes and deposits.
    pub source: Officer,
    /// Data protection officer.
    pub dpo: Officer,
}

/// Everything; its folder goes when it is dropped.
pub struct World {
    dir: TempDir,
    /// The provider.
    pub provider: Authority,
    /// The recipients that run.
    pub recipients: Vec<Recipient>,
    /// Address of the officers.
    pub inward: SocketAddr,
    /// Address of the recipients.
    pub outward: SocketAddr,
    /// Key of the log.
    pub log_key: NoteKey,
    /// The broker's public key as an endpoint.
    pub endpoint_key: Digest,
    /// Address of the broker's database.
    pub database_url: String,
    /// The provider's officers.
    pub officers: Officers,
    /// The agreement in force.
    pub agreement: Agreement,
    /// What passes the outward address, if it is recorded.
    pub recorder: Option<Recorder>,
    broker: Option<Running>,
    exports: usize,
}

impl World {
    /// A world with that many recipients, of at most two, which collect.
    pub async fn new(recipients: usize) -> Self {
        Self::made(recipients, false, On::Sqlite, str::to_owned).await
    }

    /// The same, under an agreement that the test has changed before anybody signs it.
    pub async fn under(recipients: usize, change: fn(&str) -> String) -> Self {
        Self::made(recipients, false, On::Sqlite, change).await
    }

    /// The same, with all that passes the outward address recorded.
    pub async fn recorded(recipients: usize) -> Self {
        Self::made(recipients, true, On::Sqlite, str::to_owned).await
    }

    /// A world whose broker runs on that database.
    pub async fn on(database: On, recipients: usize) -> Self {
        Self::made(recipients, false, database, str::to_owned).await
    }

    async fn made(count: usize, record: bool, on: On, change: fn(&str) -> String) -> Self {
        let dir = tempfile::Builder::new().prefix("transire-test-").tempdir().expect("a folder");
        let root = dir.path();
        let provider = Authority::make(root, "nl-customs");
        let others: Vec<Authority> =
            RECIPIENTS.iter().map(|(name, _, _)| Authority::make(root, name)).collect();
        let (inward, outward) = (programs::address(), programs::address());
        let database = on.make().await;
        let (log_key, endpoint_key) = init(&provider, inward, outward, database.as_deref()).await;
        let database_url = database
            .unwrap_or_else(|| format!("sqlite://{}", provider.dir.join("data").join("broker.db").display()));
        let broker = serve(root).await.expect("the broker starts");
        let officers = officers(inward).await;
        let manager = &officers.agreements;
        for authority in std::iter::once(&provider).chain(&others) {
            let trusted = json!({ "authority": authority.id, "key": authority.root.key() });
            manager.post("/v1/roots", &trusted).await.well();
            manager.text("/v1/directories", &authority.directory).await.well();
        }
        let own = EndpointId::parse(BROKER).expect("an id");
        manager.text("/v1/endpoints", &provider.enrolment(&own, endpoint_key)).await.well();
        for name in ["import-declarations", "kcs-import-declarations"] {
            let dataset = library::dataset(name).expect("it is in the library");
            officers.source.text("/v1/datasets", dataset).await.well();
        }
        let agreement = agree(manager, &provider, &others, &log_key, change).await;
        let recorder = if record { Some(Recorder::start(outward).await) } else { None };
        let address = recorder.as_ref().map_or(outward, |recorder| recorder.address);
        let mut recipients = Vec::new();
        for (authority, (_, endpoint, officer)) in others.into_iter().zip(RECIPIENTS).take(count) {
            let endpoint = EndpointId::parse(endpoint).expect("an id");
            let mut recipient = Recipient::new(authority, endpoint, officer);
            let note = recipient
                .set_up(&recipient.authority, &recipient.endpoint, &format!("http://{address}"), &provider)
                .await;
            manager.text("/v1/endpoints", &note).await.well();
            recipient.collect();
            recipients.push(recipient);
        }
        let world = Self {
            dir,
            provider,
            recipients,
            inward,
            outward,
            log_key,
            endpoint_key,
            database_url,
            officers,
            agreement,
            recorder,
            broker: Some(broker),
            exports: 0,
        };
        world.deposit(&declarations(DECLARATIONS)).await;
        for recipient in &world.recipients {
            recipient.joined().await;
        }
        world
    }

    /// Deposits declarations.
    pub async fn deposit(&self, lines: &str) {
        let body = lines.as_bytes().to_vec();
        let path = "/v1/datasets/import-declarations/deposits";
        let source = &self.officers.source;
        source.call(reqwest::Method::POST, path, Some("application/jsonl"), body).await.well();
    }

    /// The folder of everything.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// The broker's data folder.
    pub fn data(&self) -> PathBuf {
        self.provider.dir.join("data")
    }

    /// Path of a route of the agreement.
    pub fn of_agreement(&self, what: &str) -> String {
        format!("/v1/agreements/{}/{what}", self.agreement.id)
    }

    /// Enrols a second program of the first recipient.
    pub async fn annex(&self, endpoint: &EndpointId) -> Desk {
        self.annex_through(endpoint, self.outward).await
    }

    /// The same, which calls the broker at that address.
    pub async fn annex_through(&self, endpoint: &EndpointId, address: SocketAddr) -> Desk {
        let recipient = &self.recipients[0];
        let desk = recipient.annex();
        let broker = format!("http://{address}");
        let note = desk.set_up(&recipient.authority, endpoint, &broker, &self.provider).await;
        self.officers.agreements.text("/v1/endpoints", &note).await.well();
        desk
    }

    /// Enrols the broker itself, by its own authority, until then.
    pub async fn enrol_broker(&self, expires: Timestamp) {
        let own = EndpointId::parse(BROKER).expect("an id");
        let note = self.provider.enrolment_until(&own, self.endpoint_key, Timestamp::now(), expires);
        self.officers.agreements.text("/v1/endpoints", &note).await.well();
    }

    /// The next version of the agreement, changed and approved by those who are parties to it; not in
    /// force yet.
    pub async fn amend(&self, change: impl Fn(&str) -> String) -> Agreement {
        let text = std::fs::read_to_string(self.provider.dir.join("agreement.toml")).expect("the agreement");
        let version = format!("version = {}\n", self.agreement.version);
        assert_eq!(text.matches(&version).count(), 1);
        let next = format!("version = {}\n", self.agreement.version + 1);
        let text = change(&text.replace(&version, &next));
        let agreement = document::read(&text).expect("no violations");
        let all = std::iter::once(&self.provider).chain(self.recipients.iter().map(|one| &one.authority));
        let parties: Vec<&Authority> = all.filter(|one| agreement.party(&one.id).is_some()).collect();
        approve(&self.officers.agreements, &parties, &text).await
    }

    /// Tries to bring a version into force.
    pub async fn bring_into_force(&self, agreement: &Agreement) -> super::Answer {
        self.officers.agreements.post(&in_force(agreement), &json!({})).await
    }

    /// Suspends the agreement.
    pub async fn suspend(&self) {
        let grounds = json!({ "grounds": "an incident is being looked into" });
        self.officers.dpo.post(&self.of_agreement("suspension"), &grounds).await.well();
    }

    /// Resumes it.
    pub async fn resume(&self) {
        let grounds = json!({ "grounds": "the incident is over" });
        let path = self.of_agreement("suspension");
        self.officers.agreements.send(reqwest::Method::DELETE, &path, &grounds).await.well();
    }

    /// Exports the record.
    pub async fn log(&mut self) -> Log {
        self.exports += 1;
        let dir = self.root().join(format!("log-{}", self.exports));
        Log::export(&self.officers.dpo, dir, &self.log_key).await
    }

    /// Number of entries on record.
    pub async fn log_size(&self) -> u64 {
        let checkpoint = self.officers.dpo.get("/v1/log/checkpoint").await.well().text;
        audit::Checkpoint::verify(&checkpoint, &self.log_key).expect("a checkpoint").size
    }

    /// Kills the broker at once.
    pub async fn kill(&mut self) {
        self.broker.take().expect("it runs").kill().await;
    }

    /// Ends the broker as an operator does.
    pub async fn stop(&mut self) {
        self.broker.take().expect("it runs").end().await;
    }

    /// Starts the broker again.
    ///
    /// # Errors
    /// What it says when it does not start.
    pub async fn start(&mut self) -> Result<(), String> {
        self.broker = Some(serve(self.dir.path()).await?);
        Ok(())
    }

    /// Starts a second broker on the same data and database, at addresses of its own.
    ///
    /// # Errors
    /// What it says when it does not start.
    pub async fn second(&self) -> Result<Running, String> {
        let (config, _) = self.elsewhere();
        programs::broker(&config, &self.provider.dir.join("second.log")).await
    }

    /// Starts a stand-by of the broker, for the same addresses or for its own, and gives the one for
    /// recipients.
    pub fn stand_by(&self, own_addresses: bool) -> (Running, SocketAddr) {
        let same = || (self.provider.dir.join("transire.toml"), self.outward);
        let (config, outward) = if own_addresses { self.elsewhere() } else { same() };
        let config = config.display().to_string();
        let arguments = ["--json", "serve", "--standby", "--config", &config];
        (programs::start("transire", &arguments, &self.provider.dir.join("broker.log")), outward)
    }

    /// Waits until the stand-by serves; it is the broker from now on.
    pub async fn taken_over(&mut self, stand_by: Running) {
        let begun = std::time::Instant::now();
        while tokio::net::TcpStream::connect(self.outward).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(40), "nobody took over: {}", self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.broker = Some(stand_by);
    }

    /// The broker, for a test that ends it in its own way.
    pub fn take_broker(&mut self) -> Running {
        self.broker.take().expect("it runs")
    }

    fn elsewhere(&self) -> (PathBuf, SocketAddr) {
        let (inward, outward) = (programs::address(), programs::address());
        let path = self.provider.dir.join("transire.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let text = text
            .replace(&self.inward.to_string(), &inward.to_string())
            .replace(&self.outward.to_string(), &outward.to_string());
        let path = self.provider.dir.join("elsewhere.toml");
        std::fs::write(&path, text).expect("a file");
        (path, outward)
    }

    /// Starts the broker and kills it after a while, whether it serves by then or not.
    pub async fn kill_while_starting(&self, after: Duration) {
        let config = self.provider.dir.join("transire.toml").display().to_string();
        let arguments = ["--json", "serve", "--config", &config];
        let running = programs::start("transire", &arguments, &self.provider.dir.join("broker.log"));
        tokio::time::sleep(after).await;
        running.kill().await;
    }

    /// What the broker wrote to its standard error.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.provider.dir.join("broker.log")).unwrap_or_default()
    }
}

/// Writes a file that its owner alone can read.
pub(super) fn private(path: &Path, text: &str) {
    use std::io::Write as _;
    let file = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.expect("a file").write_all(text.as_bytes()).expect("a file");
}

async fn serve(root: &Path) -> Result<Running, String> {
    let dir = root.join("nl-customs");
    programs::broker(&dir.join("transire.toml"), &dir.join("broker.log")).await
}

async fn init(
    provider: &Authority,
    inward: SocketAddr,
    outward: SocketAddr,
    database: Option<&str>,
) -> (NoteKey, Digest) {
    let database = database.map(|url| format!("database_url = \"{url}\"\n")).unwrap_or_default();
    let config = format!(
        "authority = \"nl-customs\"\nendpoint = \"nl-customs-broker\"\ndata_dir = \"data\"\n\
         inward_listen = \"{inward}\"\noutward_listen = \"{outward}\"\n{database}\n\
         [unlock]\nkey_file = \"unlock.key\"\n\n[limits]\ndeposit_bytes = 4194304\n"
    );
    let path = provider.dir.join("transire.toml");
    std::fs::write(&path, config).expect("a file");
    let password = provider.dir.join("first.password");
    private(&password, &format!("{PASSWORD}\n"));
    let name = provider.dir.join("first.name");
    private(&name, "First Administrator\n");
    let [path, password, name] = [path, password, name].map(|file| file.display().to_string());
    let mut arguments = vec!["--json", "init", "--config", &path, "--officer", "NL-0001"];
    arguments.extend(["--name-file", &name, "--password-file", &password]);
    let made = programs::run("transire", &arguments).await;
    assert_eq!(made.code, 0, "{made:?}");
    let made = made.json();
    let log_key = NoteKey::parse(made["log_key"].as_str().expect("a key")).expect("a key");
    (log_key, Digest::parse(made["endpoint_key"].as_str().expect("a key")).expect("a key"))
}

async fn officers(inward: SocketAddr) -> Officers {
    let administrator = Officer::sign_in(inward, "NL-0001", PASSWORD).await;
    for (number, role) in [("NL-0002", "agreements"), ("NL-0003", "source"), ("NL-0004", "dpo")] {
        let officer = json!({ "number": number, "name": "Somebody", "password": PASSWORD, "roles": [role] });
        administrator.post("/v1/officers", &officer).await.well();
    }
    Officers {
        agreements: Officer::sign_in(inward, "NL-0002", PASSWORD).await,
        source: Officer::sign_in(inward, "NL-0003", PASSWORD).await,
        dpo: Officer::sign_in(inward, "NL-0004", PASSWORD).await,
        administrator,
    }
}

/// The library's agreement with everybody's keys, brought into force.
async fn agree(
    manager: &Officer,
    provider: &Authority,
    others: &[Authority],
    log_key: &NoteKey,
    change: fn(&str) -> String,
) -> Agreement {
    let template = library::agreement("import-declarations").expect("it is in the library");
    let parties = || std::iter::once(provider).chain(others);
    let keys = parties()
        .map(|party| {
            let log = (party.id == provider.id).then(|| log_key.clone());
            (party.id.clone(), (party.root.key().clone(), log))
        })
        .collect();
    let text = library::instantiate(&change(template), &keys).expect("the keys fit");
    let parties: Vec<&Authority> = parties().collect();
    let agreement = approve(manager, &parties, &text).await;
    manager.post(&in_force(&agreement), &json!({})).await.well();
    agreement
}

fn in_force(agreement: &Agreement) -> String {
    format!("/v1/agreements/{}/versions/{}/in-force", agreement.id, agreement.version)
}

/// Proposes a text, gathers opinions and signatures, and gives each party its files.
async fn approve(manager: &Officer, parties: &[&Authority], text: &str) -> Agreement {
    let agreement = document::read(text).expect("no violations");
    manager.text("/v1/agreements", text).await.well();
    for party in parties {
        manager.text("/v1/notes", &party.opinion(&agreement)).await.well();
    }
    for party in parties {
        let signature = party.signature(&agreement);
        manager.text("/v1/notes", &signature).await.well();
        std::fs::write(party.dir.join("agreement.toml"), text).expect("a file");
        std::fs::write(party.dir.join("agreement.note"), &signature).expect("a file");
    }
    agreement
}
