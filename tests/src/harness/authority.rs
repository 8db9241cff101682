//! An authority with the people who hold its functions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agreements::directory::Holder;
use agreements::statements::{ClauseOpinion, Enrolment, Opinion, PartySignature, Verdict};
use agreements::{Agreement, AuthorityId, Digest, Directory, EndpointId, Function};
use common::SystemRng;
use common::function_key::FunctionKey;
use jiff::{Timestamp, ToSpan as _};

/// An authority, its keys and its signed directory.
pub struct Authority {
    /// Its id.
    pub id: AuthorityId,
    /// Its folder.
    pub dir: PathBuf,
    /// Its root key.
    pub root: FunctionKey,
    /// The key of each function.
    pub keys: BTreeMap<Function, FunctionKey>,
    /// Its directory as a signed note.
    pub directory: String,
}

impl Authority {
    /// Makes keys and the directory in a folder of its own under `root`.
    pub fn make(root: &Path, name: &str) -> Self {
        let dir = root.join(name);
        std::fs::create_dir_all(&dir).expect("a folder");
        let generate = |name: &str| FunctionKey::generate(name, &SystemRng).expect("a key");
        let root = generate(&format!("{name}/root"));
        std::fs::write(dir.join("root.pub"), format!("{}\n", root.key())).expect("a file");
        let (mut keys, mut holders) = (BTreeMap::new(), Vec::new());
        for function in [Function::Signatory, Function::Dpo, Function::Enrolment, Function::Statements] {
            let key = generate(&format!("{name}/{}", function.as_str()));
            key.write_new(&dir.join(format!("{}.key", function.as_str())), None, &SystemRng)
                .expect("a key file");
            holders.push(Holder { function, office: "Office".to_owned(), key: key.key().clone() });
            keys.insert(function, key);
        }
        let id = AuthorityId::parse(name).expect("an id");
        let directory = Directory { authority: id.clone(), version: 1, at: Timestamp::now(), holders };
        let directory = root.sign(&directory).expect("a note").to_string();
        std::fs::write(dir.join("directory.note"), &directory).expect("a file");
        Self { id, dir, root, keys, directory }
    }

    /// The DPO's favourable opinion on every clause.
    pub fn opinion(&self, agreement: &Agreement) -> String {
        let clauses = agreement.clause_digests().expect("digests").into_iter();
        let opinion = Opinion {
            agreement: agreement.at_version(),
            digest: agreement.digest().expect("a digest"),
            authority: self.id.clone(),
            clauses: clauses
                .map(|(id, digest)| (id, ClauseOpinion { digest, verdict: Verdict::Favourable }))
                .collect(),
            text: "Necessary and proportionate.".to_owned(),
            at: Timestamp::now(),
        };
        self.keys[&Function::Dpo].sign(&opinion).expect("a note").to_string()
    }

    /// The signatory's signature.
    pub fn signature(&self, agreement: &Agreement) -> String {
        let signature = PartySignature {
            agreement: agreement.at_version(),
            digest: agreement.digest().expect("a digest"),
            clauses: agreement.clause_digests().expect("digests"),
            authority: self.id.clone(),
            at: Timestamp::now(),
        };
        self.keys[&Function::Signatory].sign(&signature).expect("a note").to_string()
    }

    /// Enrols an endpoint for thirty days.
    pub fn enrolment(&self, endpoint: &EndpointId, leaf_key: Digest) -> String {
        let at = Timestamp::now();
        let expires = at.checked_add((30 * 24).hours()).expect("a date");
        self.enrolment_until(endpoint, leaf_key, at, expires)
    }

    /// Enrols an endpoint for a time that the test chooses.
    pub fn enrolment_until(
        &self,
        endpoint: &EndpointId,
        leaf_key: Digest,
        at: Timestamp,
        expires: Timestamp,
    ) -> String {
        let enrolment =
            Enrolment { authority: self.id.clone(), endpoint: endpoint.clone(), leaf_key, expires, at };
        self.keys[&Function::Enrolment].sign(&enrolment).expect("a note").to_string()
    }
}
