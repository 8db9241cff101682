//! The exported record, read back.

use std::path::PathBuf;

use agreements::{AuthorityId, NoteKey};
use audit::layout::{Exported, LogWriter};
use serde_json::Value;

use super::officer::Officer;
use super::programs::{self, Finished};

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its index.
    pub index: u64,
    /// Its leaf, as it is hashed.
    pub leaf: String,
    /// What happened: `disclosure`, `refusal`, ...
    pub operation: String,
    /// The particulars.
    pub values: Value,
}

/// A record in a folder, as `transire-verify` reads it.
pub struct Log {
    /// The folder.
    pub dir: PathBuf,
    /// The key file beside it.
    pub key: PathBuf,
    /// Its signed checkpoint.
    pub checkpoint: String,
    /// Its entries.
    pub entries: Vec<Entry>,
}

impl Log {
    /// Exports the whole record as a DPO into a new folder.
    pub(super) async fn export(dpo: &Officer, dir: PathBuf, log_key: &NoteKey) -> Self {
        let answer = dpo.get("/v1/log/export?grounds=self-monitoring&personal=false").await.well();
        let mut lines = answer.text.lines();
        let first: Value = serde_json::from_str(lines.next().expect("a checkpoint")).expect("JSON");
        let checkpoint = first["checkpoint"].as_str().expect("a checkpoint").to_owned();
        let mut writer = LogWriter::create(&dir, &checkpoint).expect("a folder");
        let mut entries = Vec::new();
        for line in lines {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let leaf = line["leaf"].as_str().expect("a leaf").to_owned();
            let text = |part: &Value| (!part.is_null()).then(|| part.to_string());
            writer
                .push(Exported {
                    leaf: leaf.clone().into_bytes(),
                    particulars: text(&line["particulars"]),
                    personal: text(&line["personal"]),
                })
                .expect("an entry");
            let values = line["particulars"]["values"].clone();
            let operation = values["operation"].as_str().unwrap_or_default().to_owned();
            entries.push(Entry { index: line["index"].as_u64().expect("an index"), leaf, operation, values });
        }
        writer.finish().expect("the record is whole");
        let key = dir.with_extension("pub");
        std::fs::write(&key, format!("{log_key}\n")).expect("a file");
        Self { dir, key, checkpoint, entries }
    }

    /// What `transire-verify log` says.
    pub async fn verify(&self) -> Finished {
        let (dir, key) = (self.dir.display().to_string(), self.key.display().to_string());
        programs::run("transire-verify", &["log", &dir, "--key", &key]).await
    }

    /// The entries of an operation.
    pub fn of(&self, operation: &str) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.operation == operation)
    }

    /// The sequence numbers of a recipient, in the order of the record.
    pub fn sequences(&self, recipient: &AuthorityId) -> Vec<u64> {
        let own = self.entries.iter().filter(|entry| entry.values["recipient"] == recipient.as_str());
        own.filter_map(|entry| entry.values["sequence"].as_u64()).collect()
    }
}
