//! The real programs, as processes, for tests that walk the whole way.
//!
//! A [`World`] is a provider with its broker and one or two recipients, all in one temporary folder:
//! keys for everybody, an agreement in force, declarations deposited. Tests speak to it as officers
//! and recipients do: over HTTP, and by running the programs.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests only: whatever is not as it should be ends the test"
)]

mod authority;
mod database;
mod declarations;
mod log;
mod member;
mod officer;
mod outward;
mod programs;
mod reader;
mod recipient;
mod recorder;
mod relay;
mod world;

pub use authority::Authority;
pub use database::On;
pub use declarations::{DECLARATIONS, declaration, declarations};
pub use log::{Entry, Log};
pub use member::{Announced, Member, about};
pub use officer::{Answer, Officer};
pub use outward::Endpoint;
pub use programs::{Finished, Running, address, run};
pub use reader::{Read, Reader};
pub use recipient::{Desk, Question, Recipient};
pub use recorder::{Recorded, Recorder};
pub use relay::Relay;
pub use world::{Officers, PASSWORD, World};
