//! Pseudonymisation: what is done to a record before it may be disclosed.
//!
//! Pure: no input or output, no clock, no chance. A [`Plan`] says what happens to each element of a
//! dataset under one permit; one pass over a record, JSON or CSV, writes what the recipient may
//! have into [`Pseudonymised`] and nothing else, since an element that the plan does not name is
//! never copied. [`Context`] reads identifiers apart from that output, for subject tags and blind
//! indexes. [`Deposit`] splits and checks what a source gives, before it is stored.
//!
//! Nothing here prints a value or a key: no error, and no type that holds one has `Debug`.

pub mod context;
pub mod deposit;
pub mod keys;
pub mod normalise;
pub mod plan;
pub mod pseudonym;
pub mod record;

mod csv_line;
mod shape;
mod transform;
mod value;
mod walk;

pub use context::{Context, Found};
pub use deposit::{Deposit, DepositError, HeaderError, Row};
pub use keys::{Domain, DomainKey, KeyError};
pub use normalise::{NORMALISATION, normalise};
pub use plan::{Pass, Plan, PlanError, Pseudonymised, Seen, Tracked};
pub use pseudonym::Pseudonym;
pub use record::{RECORD_BYTES, RecordError};
pub use shape::ShapeError;
