//! A recipient: its authority, its data folder, its officer.

use std::path::PathBuf;

use agreements::{Digest, EndpointId};
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

/// A recipient.
pub struct Recipient {
    /// Its authority.
    pub authority: Authority,
    /// Number of its officer.
    pub officer: &'static str,
    /// Its endpoint.
    pub endpoint: EndpointId,
    /// The program that collects, while it runs.
    pub collector: Option<Running>,
}

impl Recipient {
    /// The question of a risk analyst or statistician about the declarations of one office.
    pub fn question(&self) -> Question {
        let (role, purpose) = match self.authority.id.as_str() {
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

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.authority.dir.join("receive")
    }

    /// A file of its authority.
    pub fn file(&self, name: &str) -> String {
        self.authority.dir.join(name).display().to_string()
    }

    /// Runs a command of the recipient program.
    pub async fn run(&self, arguments: &[&str]) -> Finished {
        let data = self.data().display().to_string();
        let mut all = vec!["--json", "--data", &data];
        all.extend(arguments);
        programs::run("transire-receive", &all).await
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
        arguments.extend(["--case", &question.case, "--justification", &question.justification]);
        arguments.extend(["--officer", self.officer, "--password-file", &password, "--wait-seconds", &wait]);
        for term in &question.terms {
            arguments.extend(["--where", term]);
        }
        if let Some(out) = &out {
            arguments.extend(["--out", out, "--format", "jsonl"]);
        }
        let done = self.run(&arguments).await;
        assert!(matches!(done.code, 0 | 1 | 3), "a question: {done:?}");
        done.json()
    }

    /// Every request and how it stands, newest first.
    pub async fn requests(&self) -> Vec<Value> {
        let said = self.well(&["answers", "--limit", "100000"]).await;
        said["requests"].as_array().expect("requests").clone()
    }

    /// Starts to collect.
    pub fn collect(&mut self) {
        let data = self.data().display().to_string();
        let arguments = ["--json", "--data", &data, "collect", "--follow"];
        let log = self.authority.dir.join("receive.log");
        self.collector = Some(programs::start("transire-receive", &arguments, &log));
    }

    /// Makes the data folder; gives the note that enrols it at the broker.
    pub(super) async fn set_up(&self, broker: &str, provider: &Authority) -> String {
        let (root, statements) = (self.file("root.pub"), self.file("statements.key"));
        let unlock = self.file("unlock.key");
        let mut arguments = vec!["init", "--authority", self.authority.id.as_str()];
        arguments.extend(["--endpoint", self.endpoint.as_str(), "--broker", broker]);
        arguments.extend(["--root-key", &root, "--statements-key", &statements, "--key-file", &unlock]);
        let made = self.well(&arguments).await;
        let leaf_key = Digest::parse(made["leaf_key"].as_str().expect("a key")).expect("a key");
        let note = self.authority.enrolment(&self.endpoint, leaf_key);
        std::fs::write(self.file("enrolment.note"), &note).expect("a file");
        let (enrolment, directory) = (self.file("enrolment.note"), self.file("directory.note"));
        self.well(&["enrol", "--note", &enrolment, "--own-directory", &directory]).await;
        let (document, signature) = (self.file("agreement.toml"), self.file("agreement.note"));
        let other = provider.dir.join("directory.note").display().to_string();
        let mut arguments = vec!["agreement", "add", "--file", &document, "--signature", &signature];
        arguments.extend(["--own-directory", &directory, "--provider-directory", &other]);
        self.well(&arguments).await;
        let password = self.file("officer.password");
        super::world::private(&self.authority.dir.join("officer.password"), "a long enough password\n");
        let mut arguments = vec!["officer", "add", self.officer, "--name", "Wilhelmina Achterberg"];
        for role in ["risk-analyst", "case-officer", "statistician", "director"] {
            arguments.extend(["--role", role]);
        }
        arguments.extend(["--password-file", &password]);
        self.well(&arguments).await;
        note
    }
}
