//! The two doors: the outward router, for recipients, knows enrolled keys and sealed bytes and nothing
//! else; the inward router is for the provider's own officers and systems. Every route names who may
//! use it; whatever is not named is refused. Beside them, where it is asked for, `/metrics`.

pub mod inward;
pub mod metrics;
pub mod outward;
