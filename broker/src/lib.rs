//! The broker: the only place where agreements, policy, pseudonymisation, exchange and audit meet.

pub mod app;
pub mod attempts;
pub mod cli;
pub mod config;
pub mod database;
pub mod disclosure;
mod domains;
pub mod govern;
pub mod governed;
pub mod groups;
pub mod http;
pub mod metrics;
pub mod moment;
mod personal;
pub mod reading;
pub mod recorder;
pub mod roles;
pub mod serve;
pub mod source;
pub mod start;
pub mod store;
mod tags;
mod trust;
