//! An authority with the people who hold its functions, each key in a folder of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use agreements::directory::Holder;
use agreements::statements::{ClauseOpinion, Enrolment, Opinion, PartySignature, Verdict};
use agreements::{Agreement, AuthorityId, Digest, Directory, EndpointId, Function};
use common::function_key::FunctionKey;
use common::{Clock, Rng, SystemClock, SystemRng};
use jiff::ToSpan as _;

use super::folder::Folder;
use crate::cli::CliError;

/// The functions of every authority, with the title of the office.
const FUNCTIONS: [(Function, &str); 4] = [
    (Function::Signatory, "Director of international affairs"),
    (Function::Dpo, "Data protection officer"),
    (Function::Enrolment, "Head of information systems"),
    (Function::Statements, "Desk of the exchange"),
];

/// An authority.
pub(super) struct Authority {
    pub(super) id: AuthorityId,
    pub(super) dir: PathBuf,
    pub(super) root: FunctionKey,
    keys: BTreeMap<Function, FunctionKey>,
    /// Its directory, signed by its root key.
    pub(super) directory: String,
}

impl Authority {
    /// Makes keys for an authority and its people, and its directory.
    pub(super) fn make(folder: &Folder, name: &str) -> Result<Self, CliError> {
        let failed = |error: &dyn std::error::Error| CliError::failed(error);
        let id = AuthorityId::parse(name).map_err(|e| failed(&e))?;
        let dir = folder.of(name);
        let root = FunctionKey::generate(&format!("{name}/root"), &SystemRng).map_err(|e| failed(&e))?;
        write(&dir.join("root").join("key"), &root)?;
        Folder::write(&dir.join("root").join("key.pub"), &format!("{}\n", root.key()), &SystemRng)?;
        let (mut keys, mut holders) = (BTreeMap::new(), Vec::new());
        for (function, office) in FUNCTIONS {
            let key = FunctionKey::generate(&format!("{name}/{}", function.as_str()), &SystemRng);
            let key = key.map_err(|e| failed(&e))?;
            write(&dir.join(function.as_str()).join("key"), &key)?;
            holders.push(Holder { function, office: office.to_owned(), key: key.key().clone() });
            keys.insert(function, key);
        }
        let directory = Directory { authority: id.clone(), version: 1, at: SystemClock.now(), holders };
        let directory = root.sign(&directory).map_err(|e| failed(&e))?.to_string();
        Folder::write(&dir.join("directory.note"), &directory, &SystemRng)?;
        Ok(Self { id, dir, root, keys, directory })
    }

    fn key(&self, function: Function) -> Result<&FunctionKey, CliError> {
        let missing = || CliError::Failed(format!("`{}` has no key for {}", self.id, function.as_str()));
        self.keys.get(&function).ok_or_else(missing)
    }

    /// The DPO's favourable opinion, clause by clause.
    pub(super) fn opinion(&self, agreement: &Agreement) -> Result<String, CliError> {
        let failed = |error: &dyn std::error::Error| CliError::failed(error);
        let clauses = agreement.clause_digests().map_err(|e| failed(&e))?;
        let opinion = Opinion {
            agreement: agreement.at_version(),
            digest: agreement.digest().map_err(|e| failed(&e))?,
            authority: self.id.clone(),
            clauses: clauses
                .into_iter()
                .map(|(id, digest)| (id, ClauseOpinion { digest, verdict: Verdict::Favourable }))
                .collect(),
            text: "The clauses are necessary and proportionate for the purposes named.".to_owned(),
            at: SystemClock.now(),
        };
        let note = self.key(Function::Dpo)?.sign(&opinion).map_err(|e| failed(&e))?;
        Ok(note.to_string())
    }

    /// The signatory's signature.
    pub(super) fn signature(&self, agreement: &Agreement) -> Result<String, CliError> {
        let failed = |error: &dyn std::error::Error| CliError::failed(error);
        let signature = PartySignature {
            agreement: agreement.at_version(),
            digest: agreement.digest().map_err(|e| failed(&e))?,
            clauses: agreement.clause_digests().map_err(|e| failed(&e))?,
            authority: self.id.clone(),
            at: SystemClock.now(),
        };
        let note = self.key(Function::Signatory)?.sign(&signature).map_err(|e| failed(&e))?;
        Ok(note.to_string())
    }

    /// Enrols an endpoint for thirty days.
    pub(super) fn enrol(&self, endpoint: &EndpointId, leaf_key: Digest) -> Result<String, CliError> {
        let failed = |error: &dyn std::error::Error| CliError::failed(error);
        let at = SystemClock.now();
        let enrolment = Enrolment {
            authority: self.id.clone(),
            endpoint: endpoint.clone(),
            leaf_key,
            expires: at.checked_add((30 * 24).hours()).map_err(|e| failed(&e))?,
            at,
        };
        let note = self.key(Function::Enrolment)?.sign(&enrolment).map_err(|e| failed(&e))?;
        Ok(note.to_string())
    }

    /// A password for an officer, in a file of the officer's own.
    pub(super) fn password(&self, officer: &str) -> Result<(PathBuf, zeroize::Zeroizing<String>), CliError> {
        let text = zeroize::Zeroizing::new(hex::encode(SystemRng.id()));
        let path = self.dir.join("officers").join(officer).join("password");
        Folder::write(&path, &format!("{}\n", *text), &SystemRng)?;
        Ok((path, text))
    }
}

fn write(path: &std::path::Path, key: &FunctionKey) -> Result<(), CliError> {
    if let Some(parent) = path.parent() {
        common::durable::create_dir(parent, 0o700).map_err(|error| CliError::failed(&error))?;
    }
    key.write_new(path, None, &SystemRng).map_err(|error| CliError::failed(&error))
}
