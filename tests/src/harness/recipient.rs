//! A recipient: its authority, its data folder, its officer.

use std::path::PathBuf;

use agreements::{AuthorityId, Digest, EndpointId};
use serde_json::Value;

use super::authority::Authority;
use super::programs::{self, Finished, Running};

/// A question, as the arguments of `ask`; it begins as one that is answered.
#[derive(Debug, Clone)]
pub struct Question {
    /// In which role.
    pub role: String,
    /// For which purpose.
    pub purpose: String,
    /// `consult` or `bulk`.
    pub action: String,
    /// Elements, or `all`.
    pub elements: String,
    /// `PATH=VALUE`.
    pub terms: Vec<String>,
    /// The case.
    pub case: String,
    /// Why.
    pub justification: String,
    /// Where the records are written; as JSON lines.
    pub out: Option<PathBuf>,
    /// How long to wait.
    pub wait_seconds: u32,
}

/// Runs the recipient program over one data folder; tasks of their own may ask with a copy.
#[derive(Debug, Clone)]
pub struct Desk {
    authority: AuthorityId,
    dir: PathBuf,
    /// Name of its data folder.
    name: &'static str,
    officer: &'static str,
}

/// A recipient.
pub struct Recipient {
    /// Its authority.
    pub authority: Authority,
    /// Its program.
    desk: Desk,
    /// Its endpoint.
    pub endpoint: EndpointId,
    /// The program that collects, while it runs.
    pub collector: Option<Running>,
}

impl std::ops::Deref for Recipient {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Desk {
    /// The question of a risk analyst or statistician about the declarations of one office.
    pub fn question(&self) -> Question {
        let (role, purpose) = match self.authority.as_str() {
            "be-customs" => ("risk-analyst", "customs:RiskManagement"),
            _ => ("statistician", "dpv:ProvideOfficialStatistics"),
        };
        Question {
            role: role.to_owned(),
            purpose: purpose.to_owned(),
            action: "consult".to_owned(),
            elements: "all".to_owned(),
            terms: vec!["declaration.office=NL000403".to_owned()],
            case: "CASE-77-QUAY".to_owned(),
            justification: "weighing the Rotterdam tip".to_owned(),
            out: None,
            wait_seconds: 60,
        }
    }

    /// The question of a case officer about one trader, who is known by the VAT number.
    pub fn question_about(&self, vat: &str) -> Question {
        Question {
            role: "case-officer".to_owned(),
            purpose: "customs:PostClearanceControl".to_owned(),
            terms: vec![format!("consignee.vat={vat}")],
            ..self.question()
        }
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.dir.join(self.name)
    }

    /// A file of its authority.
    pub fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    /// Runs a command of the recipient program.
    pub async fn run(&self, arguments: &[&str]) -> Finished {
        self.told(arguments, "").await
    }

    /// As [`Self::run`], with what the program reads from standard input.
    async fn told(&self, arguments: &[&str], input: &str) -> Finished {
        let data = self.data().display().to_string();
        let mut all = vec!["--json", "--data", &data];
        all.extend(arguments);
        programs::run_with("transire-receive", &all, input).await
    }

    /// Runs a command that must succeed.
    pub async fn well(&self, arguments: &[&str]) -> Value {
        let done = self.run(arguments).await;
        assert_eq!(done.code, 0, "`{}`: {done:?}", arguments.join(" "));
        done.json()
    }

    /// Asks, and gives what is printed.
    pub async fn ask(&self, question: &Question) -> Value {
        let (password, wait) = (self.file("officer.password"), question.wait_seconds.to_string());
        let out = question.out.as_ref().map(|path| path.display().to_string());
        let mut arguments = vec!["ask", "--agreement", "NL-BE-FR-2026-04", "--dataset", "import-declarations"];
        arguments.extend(["--role", &question.role, "--purpose", &question.purpose]);
        arguments.extend(["--action", &question.action, "--elements", &question.elements]);
        arguments.extend(["--question", "-"]);
        arguments.extend(["--officer", self.officer, "--password-file", &password, "--wait-seconds", &wait]);
        let mut text = format!(
            "case = {}\njustification = {}\n[where]\n",
            Value::from(question.case.as_str()),
            Value::from(question.justification.as_str())
        );
        for term in &question.terms {
            let (path, value) = term.split_once('=').expect("PATH=VALUE");
            text.push_str(&format!("{} = {}\n", Value::from(path), Value::from(value)));
        }
        if let Some(out) = &out {
            arguments.extend(["--out", out, "--format", "jsonl"]);
        }
        let done = self.told(&arguments, &text).await;
        assert!(matches!(done.code, 0 | 1 | 3), "a question: {done:?}");
        done.json()
    }

    /// Every request and how it stands, newest first.
    pub async fn requests(&self) -> Vec<Value> {
        let said = self.well(&["answers", "--limit", "100000"]).await;
        said["requests"].as_array().expect("requests").clone()
    }

    /// Waits until it is a member of its group.
    pub async fn joined(&self) {
        for _ in 0..600 {
            let groups = self.well(&["status"]).await["groups"].clone();
            if groups.as_array().is_some_and(|groups| !groups.is_empty()) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("`{}` never joined its group", self.name);
    }

    /// Starts a process that collects.
    pub fn collecting(&self) -> Running {
        let data = self.data().display().to_string();
        let arguments = ["--json", "--data", &data, "collect", "--follow"];
        programs::start("transire-receive", &arguments, &self.dir.join(format!("{}.log", self.name)))
    }

    /// Adds the agreement that its authority has signed last.
    pub async fn add_agreement(&self, provider: &Authority) {
        let (document, signature) = (self.file("agreement.toml"), self.file("agreement.note"));
        let (own, other) = (self.file("directory.note"), provider.dir.join("directory.note"));
        let other = other.display().to_string();
        let mut arguments = vec!["agreement", "add", "--file", &document, "--signature", &signature];
        arguments.extend(["--own-directory", &own, "--provider-directory", &other]);
        self.well(&arguments).await;
    }

    /// Makes the data folder; gives the note that enrols it at the broker.
    pub(super) async fn set_up(
        &self,
        own: &Authority,
        endpoint: &EndpointId,
        broker: &str,
        provider: &Authority,
    ) -> String {
        let (root, statements) = (self.file("root.pub"), self.file("statements.key"));
        let unlock = self.file(&format!("{}.key", self.name));
        let mut arguments = vec!["init", "--authority", own.id.as_str()];
        arguments.extend(["--endpoint", endpoint.as_str(), "--broker", broker]);
        arguments.extend(["--root-key", &root, "--statements-key", &statements, "--key-file", &unlock]);
        let made = self.well(&arguments).await;
        let leaf_key = Digest::parse(made["leaf_key"].as_str().expect("a key")).expect("a key");
        let note = own.enrolment(endpoint, leaf_key);
        std::fs::write(self.file("enrolment.note"), &note).expect("a file");
        let (enrolment, directory) = (self.file("enrolment.note"), self.file("directory.note"));
        self.well(&["enrol", "--note", &enrolment, "--own-directory", &directory]).await;
        self.add_agreement(provider).await;
        let password = self.file("officer.password");
        super::world::private(&self.dir.join("officer.password"), "a long enough password\n");
        let name = self.file("officer.name");
        super::world::private(&self.dir.join("officer.name"), "Wilhelmina Achterberg\n");
        let mut arguments = vec!["officer", "add", self.officer, "--name-file", &name];
        for role in ["risk-analyst", "case-officer", "statistician", "director"] {
            arguments.extend(["--role", role]);
        }
        arguments.extend(["--password-file", &password]);
        self.well(&arguments).await;
        note
    }
}

impl Recipient {
    /// A recipient whose program is not set up yet.
    pub(super) fn new(authority: Authority, endpoint: EndpointId, officer: &'static str) -> Self {
        let (own, dir) = (authority.id.clone(), authority.dir.clone());
        let desk = Desk { authority: own, dir, name: "receive", officer };
        Self { authority, desk, endpoint, collector: None }
    }

    /// A second program of the same authority, in a folder of its own.
    pub fn annex(&self) -> Desk {
        Desk { name: "annex", ..self.desk.clone() }
    }

    /// A copy with which a task of its own may ask.
    pub fn asking(&self) -> Desk {
        self.desk.clone()
    }

    /// Starts to collect.
    pub fn collect(&mut self) {
        self.collector = Some(self.desk.collecting());
    }
}
