//! The exchange: what passes between a provider's broker and a recipient's endpoints, sealed.
//!
//! One MLS group (RFC 9420) for each agreement and recipient; bulk objects whose key travels in
//! the group; the JSON inside sealed messages and around them; the signature on outward calls.
//! No network, no files, no clock: bytes come in and bytes go out.

pub mod broker_group;
pub mod content;
pub mod endpoint_group;
pub mod handshake;
pub mod http_signature;
pub mod identity;
pub mod key_package;
mod mls;
pub mod object;
pub mod sealed;
mod state;
pub mod wire;

pub use broker_group::{BrokerGroup, Change, Changed, GroupError, OpenError, Opened};
pub use content::{Envelope, FromBroker, FromRecipient, Kind, Manifest, Question};
pub use endpoint_group::{EndpointGroup, Epoch, HandshakeError, Incoming, OwnSide, ReceiveError, Received};
pub use handshake::Handshake;
pub use identity::{EndpointKey, EnrolmentCheck, EnrolmentRefused};
pub use key_package::{CheckedKeyPackage, KeyPackageError, PreparedKeyPackage, make_key_package};
pub use object::{ObjectDescriptor, ObjectError, ObjectHeader, ObjectKey, ObjectOpener, ObjectSealer};
