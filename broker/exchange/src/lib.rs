//! The exchange: what passes between a provider's broker and a recipient's endpoints, sealed.
//!
//! One MLS group (RFC 9420) for each agreement and recipient; bulk objects whose key travels in
//! the group; the JSON inside sealed messages and around them; the signature on outward calls.
//! No network, no files, no clock: bytes come in and bytes go out.

pub mod content;
pub mod identity;
pub mod object;
pub mod wire;

pub use content::{Envelope, FromBroker, FromRecipient, Kind, Manifest, Question};
pub use identity::{EndpointKey, EnrolmentCheck, EnrolmentRefused};
pub use object::{ObjectDescriptor, ObjectHeader, ObjectKey};
