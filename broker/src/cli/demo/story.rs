//! The story: found, agree, deposit, disclose, ask, be refused, suspend, verify.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use agreements::{Agreement, Digest, EndpointId, OfficerNumber, document, library};
use common::SystemRng;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::authority::Authority;
use super::folder::Folder;
use super::processes::{self, Desk, Running};
use super::source::{Chosen, Source};
use crate::cli::client::Client;
use crate::cli::init;
use crate::cli::{CliError, Output};
use crate::config::{Config, Limits, UnlockConfig};

/// A refusal that was shown.
pub(super) struct Refused {
    pub(super) attempt: &'static str,
    pub(super) reason: String,
}

/// The recipient side of one authority.
pub(super) struct Recipient {
    pub(super) authority: Authority,
    pub(super) desk: Desk,
    pub(super) officer: &'static str,
    pub(super) password: PathBuf,
    pub(super) running: Option<Running>,
}

/// The demonstration as it goes.
pub(super) struct Story {
    pub(super) folder: Folder,
    pub(super) source: Source,
    pub(super) output: Output,
    pub(super) provider: Authority,
    pub(super) recipients: Vec<Recipient>,
    pub(super) config: Config,
    pub(super) log_key: agreements::NoteKey,
    endpoint_key: Digest,
    broker: Option<Running>,
    clients: Option<Clients>,
    pub(super) agreement: Option<(String, Agreement)>,
    pub(super) deposited: u64,
    pub(super) disclosed: u64,
    pub(super) opened: u64,
    pub(super) answers: u64,
    pub(super) proofs: Vec<bool>,
    pub(super) refused: Vec<Refused>,
    pub(super) chosen: Option<Chosen>,
    pub(super) shown: Vec<(String, Value)>,
    pub(super) suspension: Duration,
    pub(super) verified: Option<audit::verify::log::LogReport>,
    pub(super) officers: Vec<(String, PathBuf)>,
}

/// Signed-in officers of the provider.
struct Clients {
    agreements: Client,
    source: Client,
    dpo: Client,
}

/// Recipients: authority, endpoint, officer.
const RECIPIENTS: [(&str, &str, &str); 2] =
    [("be-customs", "be-customs-desk", "BE-2041"), ("fr-statistics", "fr-statistics-desk", "FR-0311")];

impl Story {
    /// Keys for everybody, and the broker's folder.
    pub(super) async fn begin(
        folder: Folder,
        source: Source,
        output: Output,
        database: Option<String>,
    ) -> Result<Self, CliError> {
        let provider = Authority::make(&folder, "nl-customs")?;
        let mut recipients = Vec::new();
        for (name, _, officer) in RECIPIENTS {
            let authority = Authority::make(&folder, name)?;
            let (password, _) = authority.password(officer)?;
            let desk = Desk { data: folder.of(name).join("receive") };
            recipients.push(Recipient { authority, desk, officer, password, running: None });
        }
        let home = folder.of("nl-customs").join("broker");
        let config = Config {
            authority: provider.id.clone(),
            endpoint: EndpointId::parse("nl-customs-broker").map_err(|error| CliError::failed(&error))?,
            data_dir: home.join("data"),
            database_url: database,
            database_password_file: None,
            inward_listen: free_address()?,
            outward_listen: free_address()?,
            metrics_listen: None,
            unlock: UnlockConfig::DemonstrationKeyFile(home.join("data").join("unlock.key")),
            limits: Limits::default(),
        };
        let text = toml::to_string(&config).map_err(|error| CliError::failed(&error))?;
        Folder::write(&home.join("transire.toml"), &text, &SystemRng)?;
        let first = OfficerNumber::parse("NL-0001").map_err(|error| CliError::failed(&error))?;
        let (path, password) = provider.password("NL-0001")?;
        let made = init::create(
            config.clone(),
            first,
            zeroize::Zeroizing::new("First Administrator".to_owned()),
            password,
        )
        .await?;
        Ok(Self {
            folder,
            source,
            output,
            provider,
            recipients,
            config,
            log_key: made.log_key,
            endpoint_key: made.endpoint_key,
            broker: None,
            clients: None,
            agreement: None,
            deposited: 0,
            disclosed: 0,
            opened: 0,
            answers: 0,
            proofs: Vec::new(),
            refused: Vec::new(),
            chosen: None,
            shown: Vec::new(),
            suspension: Duration::ZERO,
            verified: None,
            officers: vec![("NL-0001 (administrator)".to_owned(), path)],
        })
    }

    fn clients(&self) -> Result<&Clients, CliError> {
        self.clients.as_ref().ok_or_else(|| CliError::Failed("nobody is signed in".to_owned()))
    }

    /// The broker, its officers, whom it trusts, what it publishes.
    pub(super) async fn found(&mut self) -> Result<(), CliError> {
        self.output.say("Starting the broker; naming officers; trusting root keys; publishing the datasets");
        let home = self.folder.of("nl-customs").join("broker");
        self.broker = Some(processes::broker(&home.join("transire.toml"), &home.join("broker.log")).await?);
        let inward = self.config.inward_listen;
        let administrator = self.sign_in(inward, "NL-0001", None).await?;
        let mut named = Vec::new();
        for (number, name, role) in [
            ("NL-0002", "Head of Agreements", "agreements"),
            ("NL-0003", "Registrar of Declarations", "source"),
            ("NL-0004", "Data Protection Officer", "dpo"),
        ] {
            let (path, password) = self.provider.password(number)?;
            let officer = json!({
                "number": number, "name": name, "password": password.as_str(), "roles": [role],
            });
            act(&administrator, reqwest::Method::POST, "/v1/officers", &officer).await?;
            self.officers.push((format!("{number} ({role})"), path.clone()));
            named.push(self.sign_in(inward, number, Some(path)).await?);
        }
        let Ok([agreements, source, dpo]) = <[Client; 3]>::try_from(named) else {
            return Err(CliError::Failed("not every officer is signed in".to_owned()));
        };
        let clients = Clients { agreements, source, dpo };
        for authority in std::iter::once(&self.provider).chain(self.recipients.iter().map(|r| &r.authority)) {
            let root = json!({ "authority": authority.id, "key": authority.root.key() });
            act(&clients.agreements, reqwest::Method::POST, "/v1/roots", &root).await?;
            text(&clients.agreements, "/v1/directories", &authority.directory).await?;
        }
        let own = self.provider.enrol(&self.config.endpoint, self.endpoint_key)?;
        text(&clients.agreements, "/v1/endpoints", &own).await?;
        for (_, dataset) in library::DATASETS {
            // One for another authority, or not of this demonstration, stays out.
            let described = document::read_dataset(dataset).map_err(|v| CliError::Failed(v.to_string()))?;
            if described.controller == self.config.authority {
                text(&clients.source, "/v1/datasets", dataset).await?;
            }
        }
        self.clients = Some(clients);
        Ok(())
    }

    /// The agreement: proposed, advised on, signed, in force; the recipients join its exchange.
    pub(super) async fn agree(&mut self) -> Result<(), CliError> {
        self.output.say("Proposing the agreement; gathering opinions and signatures");
        let (document, agreement) = self.instantiated(self.source.scenario.name)?;
        let (unsigned, _) = self.instantiated("statistics-office")?;
        let clients = self.clients()?;
        text(&clients.agreements, "/v1/agreements", &document).await?;
        text(&clients.agreements, "/v1/agreements", &unsigned).await?;
        let parties = || std::iter::once(&self.provider).chain(self.recipients.iter().map(|r| &r.authority));
        for party in parties() {
            text(&clients.agreements, "/v1/notes", &party.opinion(&agreement)?).await?;
        }
        for party in parties() {
            let signature = party.signature(&agreement)?;
            Folder::write(&party.dir.join("agreement.note"), &signature, &SystemRng)?;
            Folder::write(&party.dir.join("agreement.toml"), &document, &SystemRng)?;
            text(&clients.agreements, "/v1/notes", &signature).await?;
        }
        let path = format!("/v1/agreements/{}/versions/{}/in-force", agreement.id, agreement.version);
        act(&clients.agreements, reqwest::Method::POST, &path, &json!({})).await?;
        self.output.say(&format!("Agreement {} is in force", agreement.id));
        let mut notes = Vec::new();
        for (recipient, (_, endpoint, _)) in self.recipients.iter_mut().zip(RECIPIENTS) {
            let outward = format!("http://{}", self.config.outward_listen);
            notes.push(join(recipient, &self.provider, endpoint, &outward).await?);
        }
        let clients = self.clients()?;
        for note in &notes {
            text(&clients.agreements, "/v1/endpoints", note).await?;
        }
        for recipient in &mut self.recipients {
            recipient.running = Some(recipient.desk.collect(&recipient.authority.dir.join("receive.log"))?);
        }
        self.agreement = Some((document, agreement));
        Ok(())
    }

    /// Deposits every declaration.
    pub(super) async fn deposit(&mut self) -> Result<(), CliError> {
        let bar = self.bar("Depositing", self.source.bytes(), true);
        let sent = bar.clone();
        let body = self.source.body(move |bytes| sent.inc(bytes)).await?;
        let path = format!("/v1/datasets/{}/deposits", self.source.dataset.id);
        let client = &self.clients()?.source;
        let done: Value = client
            .post_stream(&path, self.source.content_type(), body)
            .await
            .map_err(|error| CliError::failed(&error))?;
        bar.finish_and_clear();
        self.deposited = done.get("records").and_then(Value::as_u64).unwrap_or_default();
        self.output.say(&format!("Deposited {} declarations", self.deposited));
        self.chosen = Some(self.source.choose()?);
        Ok(())
    }

    /// A bar on a terminal; nothing elsewhere.
    pub(super) fn bar(&self, what: &'static str, length: u64, bytes: bool) -> ProgressBar {
        let target =
            if self.output.is_json() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(length), target).with_message(what);
        let template = if bytes {
            "{msg:12} [{bar:40}] {bytes}/{total_bytes}"
        } else {
            "{msg:12} [{bar:40}] {human_pos}/{human_len}"
        };
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }

    async fn sign_in(
        &self,
        inward: SocketAddr,
        number: &str,
        path: Option<PathBuf>,
    ) -> Result<Client, CliError> {
        let path = path.unwrap_or_else(|| self.provider.dir.join("officers").join(number).join("password"));
        let password = common::private_file::read_line(&path).map_err(|error| CliError::failed(&error))?;
        let officer = OfficerNumber::parse(number).map_err(|error| CliError::failed(&error))?;
        Client::sign_in(inward, &officer, &password).await.map_err(|error| CliError::failed(&error))
    }

    fn instantiated(&self, name: &str) -> Result<(String, Agreement), CliError> {
        let template =
            library::agreement(name).ok_or_else(|| CliError::Failed(format!("no agreement `{name}`")))?;
        let example = document::read(template).map_err(|v| CliError::Failed(v.to_string()))?;
        let all = std::iter::once((&self.provider, Some(self.log_key.clone())))
            .chain(self.recipients.iter().map(|recipient| (&recipient.authority, None)));
        let keys = all
            .filter(|(authority, _)| example.party(&authority.id).is_some())
            .map(|(authority, log)| (authority.id.clone(), (authority.root.key().clone(), log)))
            .collect();
        let document = library::instantiate(template, &keys).map_err(|error| CliError::failed(&error))?;
        let agreement = document::read(&document).map_err(|v| CliError::Failed(v.to_string()))?;
        Ok((document, agreement))
    }

    /// Suspends the agreement, shows that the next question is refused, and resumes it.
    pub(super) async fn suspend(&mut self) -> Result<(), CliError> {
        self.output.say("Suspending the agreement");
        let agreement = self.agreement_id()?;
        let path = format!("/v1/agreements/{agreement}/suspension");
        let grounds = json!({ "grounds": "an incident at a recipient is being looked into" });
        let begun = Instant::now();
        act(&self.clients()?.dpo, reqwest::Method::POST, &path, &grounds).await?;
        self.suspension = begun.elapsed();
        self.refuse("while the agreement is suspended", 0, super::story::Attempt::default()).await?;
        act(&self.clients()?.agreements, reqwest::Method::DELETE, &path, &grounds).await
    }

    /// Exports the record and verifies it as anybody can, with the public key alone.
    pub(super) async fn verify(&mut self) -> Result<(), CliError> {
        self.output.say("Exporting the record and verifying it without the broker");
        let dir = self.folder.root.join("log");
        let key = self.folder.root.join("log.pub");
        Folder::write(&key, &format!("{}\n", self.log_key), &SystemRng)?;
        crate::cli::export::export(&self.clients()?.dpo, &dir, audit::LogPurpose::Lawfulness, false).await?;
        let report = audit::verify::log::verify_log(&dir, &self.log_key, &mut |_, _| {});
        self.verified = Some(report.map_err(|error| CliError::failed(&error))?);
        Ok(())
    }

    pub(super) fn agreement_id(&self) -> Result<String, CliError> {
        let agreement = self.agreement.as_ref().map(|(_, agreement)| agreement.id.to_string());
        agreement.ok_or_else(|| CliError::Failed("there is no agreement yet".to_owned()))
    }

    /// Where to look on.
    pub(super) fn addresses(&self) -> String {
        let mut text = format!(
            "\nServing on: officers http://{}, recipients http://{}\nSign-in names, each with the file of the password:\n",
            self.config.inward_listen, self.config.outward_listen
        );
        for (officer, path) in &self.officers {
            text.push_str(&format!("  {officer}: {}\n", path.display()));
        }
        for recipient in &self.recipients {
            let (officer, path) = (recipient.officer, recipient.password.display());
            text.push_str(&format!("  {officer} of {}: {path}\n", recipient.authority.id));
        }
        text.push_str("Ctrl-C ends it.");
        text
    }

    /// Ends every program.
    pub(super) async fn end(&mut self) -> Result<(), CliError> {
        for recipient in &mut self.recipients {
            if let Some(running) = recipient.running.take() {
                running.end().await?;
            }
        }
        match self.broker.take() {
            Some(broker) => broker.end().await,
            None => Ok(()),
        }
    }
}

/// One question, as the arguments of `ask`; what is not given is as the agreement has it.
#[derive(Default, Clone)]
pub(super) struct Attempt {
    pub(super) agreement: Option<String>,
    pub(super) role: Option<&'static str>,
    pub(super) purpose: Option<&'static str>,
    pub(super) bulk: bool,
    pub(super) elements: Option<&'static str>,
    pub(super) terms: Vec<String>,
    pub(super) out: Option<PathBuf>,
}

/// Makes a recipient's folder and officer, and has its authority enrol it.
async fn join(
    recipient: &mut Recipient,
    provider: &Authority,
    endpoint: &str,
    outward: &str,
) -> Result<String, CliError> {
    let own = &recipient.authority;
    let path = |path: PathBuf| path.display().to_string();
    let (root, statements) =
        (path(own.dir.join("root").join("key.pub")), path(own.dir.join("statements").join("key")));
    let desk = &recipient.desk;
    let made = desk
        .run(&[
            "init",
            "--authority",
            own.id.as_str(),
            "--endpoint",
            endpoint,
            "--broker",
            outward,
            "--root-key",
            &root,
            "--statements-key",
            &statements,
            "--demonstration",
        ])
        .await?;
    let leaf_key = made.get("leaf_key").and_then(Value::as_str).unwrap_or_default();
    let leaf_key = Digest::parse(leaf_key).map_err(|error| CliError::failed(&error))?;
    let endpoint = EndpointId::parse(endpoint).map_err(|error| CliError::failed(&error))?;
    let note = own.enrol(&endpoint, leaf_key)?;
    let note_file = own.dir.join("enrolment.note");
    Folder::write(&note_file, &note, &SystemRng)?;
    let (directory, other) = (path(own.dir.join("directory.note")), path(provider.dir.join("directory.note")));
    desk.run(&["enrol", "--note", &path(note_file), "--own-directory", &directory]).await?;
    let (document, signature) = (path(own.dir.join("agreement.toml")), path(own.dir.join("agreement.note")));
    desk.run(&[
        "agreement",
        "add",
        "--file",
        &document,
        "--signature",
        &signature,
        "--own-directory",
        &directory,
        "--provider-directory",
        &other,
    ])
    .await?;
    let password = path(recipient.password.clone());
    let mut arguments = vec!["officer", "add", recipient.officer];
    for role in ["risk-analyst", "case-officer", "statistician", "director"] {
        arguments.extend(["--role", role]);
    }
    arguments.extend(["--password-file", &password]);
    desk.told(&arguments, "Officer of the demonstration\n").await?;
    Ok(note)
}

async fn act(client: &Client, method: reqwest::Method, path: &str, body: &Value) -> Result<(), CliError> {
    client.act(method, path, body).await.map_err(|error| CliError::failed(&error))
}

async fn text(client: &Client, path: &str, body: &str) -> Result<(), CliError> {
    client.post_text(path, body).await.map(|_| ()).map_err(|error| CliError::failed(&error))
}

/// An address of loopback that is free at this moment.
fn free_address() -> Result<SocketAddr, CliError> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| CliError::failed(&error))?;
    listener.local_addr().map_err(|error| CliError::failed(&error))
}
