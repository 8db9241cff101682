//! The vocabulary of Transire and the agreement document.
//!
//! Pure: no input or output, no clock, no private key. Everything that parties sign, that policy
//! compiles and that the log records has its type here, its text form and its canonical digest.

pub mod agreement;
pub mod digest;
pub mod directory;
pub mod document;
pub mod element;
pub mod enrolment;
pub mod ids;
pub mod law;
pub mod library;
pub mod lifecycle;
pub mod note;
pub mod statements;
pub mod transformation;
pub mod violations;

pub use agreement::{Action, Agreement, Clause, Party, PartyRole};
pub use digest::{Digest, canonical, digest_of};
pub use directory::{Directory, DirectoryError, Function};
pub use element::{Category, Dataset, Element, IdentifierKind, RecordFormat, ValueKind};
pub use enrolment::{EnrolmentError, check_enrolment};
pub use ids::*;
pub use lifecycle::{Lifecycle, LifecycleError, Status};
pub use note::{Note, NoteError, NoteKey, Statement};
pub use transformation::Transformation;
pub use violations::{Violation, Violations};
