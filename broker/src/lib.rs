//! The broker: the only place where agreements, policy, pseudonymisation, exchange and audit meet.

pub mod store;
