//! An authority with the keys of its functions and its directory.

use agreements::directory::Holder;
use agreements::statements::Enrolment;
use agreements::{AuthorityId, Digest, Directory, EndpointId, Function};
use common::function_key::FunctionKey;
use common::{Clock as _, Rng as _, SeededRng, SystemClock};
use jiff::SignedDuration;

pub struct Authority {
    pub id: AuthorityId,
    pub root: FunctionKey,
    pub signatory: FunctionKey,
    pub enrolment: FunctionKey,
    pub statements: FunctionKey,
    pub directory: String,
    pub verified: Directory,
}

impl Authority {
    pub fn new(name: &str, seed: u64) -> Self {
        let rng = SeededRng::new(seed);
        let key = |function: &str| FunctionKey::from_seed(&format!("{name}/{function}"), &rng.key()).unwrap();
        let (root, signatory, dpo) = (key("root"), key("signatory"), key("dpo"));
        let (enrolment, statements) = (key("enrolment"), key("statements"));
        let holder = |function, key: &FunctionKey| Holder {
            function,
            office: "Office".to_owned(),
            key: key.key().clone(),
        };
        let id = AuthorityId::parse(name).unwrap();
        let verified = Directory {
            authority: id.clone(),
            version: 1,
            at: SystemClock.now(),
            holders: vec![
                holder(Function::Signatory, &signatory),
                holder(Function::Dpo, &dpo),
                holder(Function::Enrolment, &enrolment),
                holder(Function::Statements, &statements),
            ],
        };
        let directory = root.sign(&verified).unwrap().to_string();
        Self { id, root, signatory, enrolment, statements, directory, verified }
    }

    pub fn enrol(&self, endpoint: &str, leaf_key: Digest) -> String {
        let at = SystemClock.now();
        let enrolment = Enrolment {
            authority: self.id.clone(),
            endpoint: EndpointId::parse(endpoint).unwrap(),
            leaf_key,
            expires: at.checked_add(SignedDuration::from_hours(24 * 60)).unwrap(),
            at,
        };
        self.enrolment.sign(&enrolment).unwrap().to_string()
    }
}
