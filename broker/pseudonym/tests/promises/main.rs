//! The promises of this crate, one file for each subject.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod builders;
mod context;
mod csv;
mod deposit;
mod domains;
mod json;
mod normalise;
