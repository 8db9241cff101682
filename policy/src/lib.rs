//! From an agreement to a decision: rows for casbin, and what its answer means.
//!
//! This crate decides and never acts. [`compile`] turns an agreement into rules, [`Pdp`] asks
//! casbin about each element of a request, and a refusal says which part of the request is not
//! covered: in full to the provider, reduced to the asker's own words for the asker.

pub mod compile;
pub mod decision;
pub mod explain;
pub mod pdp;
pub mod request;
pub mod rule;
mod weigh;

pub use compile::{CompileError, compile};
pub use decision::{Decision, Dimension, Permit, Refusal, SearchBy};
pub use pdp::{Pdp, PdpError};
pub use request::{Asked, Request, Term, TermForm};
pub use rule::{Right, Rule, RuleId, RuleSet};
