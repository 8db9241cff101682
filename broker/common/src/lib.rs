//! What both programs stand on: chance and time as arguments, the vault and what is sealed under
//! it, passwords and sessions, keys of functions, problems, listeners, configuration, durable files,
//! logging.
//!
//! The broker and the recipient program share nothing else, so nothing here knows of agreements'
//! rules, of groups or of the log; it knows files, keys and the outside world.

pub mod aead;
pub mod blind;
pub mod clock;
pub mod config;
pub mod derive;
pub mod durable;
pub mod function_key;
pub mod logging;
pub mod passphrase;
pub mod password;
pub mod private_file;
pub mod problem;
pub mod rng;
pub mod sealed;
pub mod serve;
pub mod session;
pub mod vault;

pub use clock::{Clock, FixedClock, SystemClock};
pub use rng::{Rng, SeededRng, SystemRng};
pub use vault::{Branch, KeyId, KeyKind, Unlock, Vault};
