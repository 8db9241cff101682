//! The policy decision point: one casbin enforcer for one version of an agreement.
//!
//! It is built once from a rule set and has no method that changes it; another version is another
//! [`Pdp`], put in its place whole. What no rule of it allows, and whatever goes wrong, is denied.

use std::collections::HashMap;
use std::future::Future;

use agreements::{ElementPath, PurposeId};
use casbin::{CoreApi, DefaultModel, Enforcer, EventData, Logger, MemoryAdapter, MgmtApi};
use futures_util::FutureExt as _;

use crate::decision::Decision;
use crate::explain::explain;
use crate::request::Request;
use crate::rule::{Rule, RuleSet};
use crate::weigh::{Governing, Kind, Matching, Weighed, governing, read, weigh};

/// The model, as casbin reads it.
pub const MODEL: &str = include_str!("../model.conf");

/// What keeps a decision from being made. Nothing may be disclosed then.
#[derive(Debug, thiserror::Error)]
pub enum PdpError {
    /// casbin did not read the model, load a row or evaluate a request.
    #[error("casbin failed")]
    Casbin(#[from] Box<casbin::Error>),
    /// casbin did not take the rows as they are, for two of them are the same.
    #[error("casbin did not take every row of agreement `{0}`")]
    Rows(String),
    /// casbin waited for something, which it must not with rows in memory.
    #[error("casbin did not finish at once")]
    Waiting,
    /// casbin named a row that is none of ours.
    #[error("casbin answered with a row that is not of the agreement")]
    StrangeRow,
    /// casbin and our own reading of the rules differ.
    #[error("casbin and the rules of agreement `{0}` do not agree on a request")]
    Disagreement(String),
}

impl From<casbin::Error> for PdpError {
    fn from(error: casbin::Error) -> Self {
        Self::Casbin(Box::new(error))
    }
}

/// The decision point of one version of an agreement.
pub struct Pdp {
    rules: RuleSet,
    /// Index of each rule by the name in its row.
    by_name: HashMap<String, usize>,
    enforcer: Enforcer,
}

impl Pdp {
    /// Loads the rules into an enforcer.
    ///
    /// # Errors
    /// [`PdpError`] when casbin does not take them.
    pub fn new(rules: RuleSet) -> Result<Self, PdpError> {
        let model = at_once(DefaultModel::from_str(MODEL))??;
        let mut enforcer = at_once(Enforcer::new_raw(model, MemoryAdapter::default()))??;
        // The logger that casbin starts with keeps a thread alive for each enforcer.
        enforcer.set_logger(Box::new(Silent));
        let refused = || PdpError::Rows(rules.agreement().to_string());
        // It refuses all of them if it has one already, and drops one that is there twice unsaid.
        let taken = at_once(enforcer.add_policies(rules.rows()))??;
        if !taken || enforcer.get_policy().len() != rules.rules().len() {
            return Err(refused());
        }
        let links: Vec<Vec<String>> = rules
            .broader
            .iter()
            .flat_map(|(purpose, all)| all.iter().map(move |wide| vec![purpose.to_string(), wide.to_string()]))
            .collect();
        if !links.is_empty() && !at_once(enforcer.add_grouping_policies(links))?? {
            return Err(refused());
        }
        let by_name: HashMap<String, usize> =
            rules.rules().iter().enumerate().map(|(index, rule)| (rule.id.to_string(), index)).collect();
        if by_name.is_empty() || by_name.len() != rules.rules().len() {
            return Err(refused());
        }
        Ok(Self { rules, by_name, enforcer })
    }

    /// The rules by which it decides.
    pub const fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Decides a request. Status, ceilings and officers are not its matter: the recorder checks
    /// them in the transaction that discloses.
    ///
    /// # Errors
    /// [`PdpError`] when no decision can be made; nothing may be disclosed then.
    pub fn decide(&self, request: &Request) -> Result<Decision, PdpError> {
        let Governing::One(written) = governing(&self.rules, request) else {
            return Ok(Decision::Deny(explain(&self.rules, request)));
        };
        let said = self.ask_casbin(request, &written)?;
        if said != read(&self.rules, request, &written) {
            return Err(PdpError::Disagreement(self.rules.agreement().to_string()));
        }
        Ok(match said {
            Weighed::Permit(permit) => Decision::Permit(permit),
            Weighed::Short { .. } => Decision::Deny(explain(&self.rules, request)),
        })
    }

    pub(crate) fn ask_casbin(&self, request: &Request, written: &PurposeId) -> Result<Weighed, PdpError> {
        weigh(&self.rules, request, written, &Asking { pdp: self, request, written })
    }
}

/// One request put to casbin, element by element.
struct Asking<'r, 'q> {
    pdp: &'r Pdp,
    request: &'q Request,
    written: &'q PurposeId,
}

impl<'r> Matching<'r> for Asking<'r, '_> {
    type Error = PdpError;

    fn matching(&self, kind: Kind, element: &ElementPath) -> Result<Vec<&'r Rule>, PdpError> {
        let Request { recipient, role, dataset, action, purpose, today, .. } = self.request;
        // In the order of `request_definition` in `model.conf`. None of these can be empty or
        // absent: a comparison with an absent attribute can hold.
        let question = vec![
            element.to_string(),
            kind.word().to_owned(),
            recipient.to_string(),
            role.to_string(),
            dataset.to_string(),
            action.as_str().to_owned(),
            purpose.to_string(),
            self.written.to_string(),
            today.to_string(),
        ];
        let (allowed, rows) = self.pdp.enforcer.enforce_ex(question)?;
        if !allowed {
            return Ok(Vec::new());
        }
        let found: Option<Vec<&Rule>> = rows.iter().map(|row| self.pdp.rule_of(row, kind, element)).collect();
        found.filter(|found| !found.is_empty()).ok_or(PdpError::StrangeRow)
    }
}

impl Pdp {
    /// The rule of a row that casbin says has matched.
    fn rule_of(&self, row: &[String], kind: Kind, element: &ElementPath) -> Option<&Rule> {
        let index = row.iter().rev().nth(1).and_then(|name| self.by_name.get(name))?;
        let rule = self.rules.rules().get(*index)?;
        (rule.columns(&self.rules.validity) == row && rule.element == *element && kind.is_of(rule.right))
            .then_some(rule)
    }
}

/// casbin is asynchronous for adapters that read files or databases; ours is memory.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, PdpError> {
    future.now_or_never().ok_or(PdpError::Waiting)
}

/// Says nothing: requests are logged by the recorder, and only there.
struct Silent;

impl Logger for Silent {
    fn enable_log(&mut self, _: bool) {}

    fn is_enabled(&self) -> bool {
        false
    }

    fn print_enforce_log(&self, _: Vec<String>, _: bool, _: bool) {}

    fn print_mgmt_log(&self, _: &EventData) {}

    fn print_explain_log(&self, _: Vec<String>) {}

    fn print_status_log(&self, _: bool) {}
}
