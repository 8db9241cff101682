//! What a receiving authority runs: it joins exchange groups, lets officers ask, collects what
//! comes, believes nothing without proof, opens, and signs for it.
//!
//! The binary `transire-receive` and the broker's hidden `transire receive` are both [`run`].

pub mod answer;
pub mod cli;
pub mod collector;
pub mod config;
pub mod desk;
pub mod evidence;
pub mod export;
pub mod home;
pub mod outward;
pub mod proof;
pub mod records;
pub mod store;
pub mod trust;

pub use cli::main;
pub use home::{Home, HomeError};
