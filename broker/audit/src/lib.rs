//! The log: entries in three layers, the tree over them, signed checkpoints, proofs, replay, and
//! the verifier that needs neither the broker nor its database.
//!
//! Formats are those of C2SP (tlog-tiles, tlog-checkpoint, signed-note), byte for byte. The tree is
//! our own code, since published crates write other paths; they serve as oracles in tests.

pub mod ceilings;
pub mod checkpoint;
pub mod commitment;
pub mod event;
pub mod layout;
pub mod leaf;
pub mod standing;
pub mod state;
pub mod tile;
pub mod tree;
pub mod verify;

pub use ceilings::Ceilings;
pub use checkpoint::{Checkpoint, CheckpointError, LogSigner};
pub use commitment::{Committed, Opening, Salt};
pub use event::{Disclosure, Event, Form, GroupChange, LogPurpose, Personal};
pub use layout::{ExportError, Exported, LogWriter, write_log};
pub use leaf::{Leaf, LeafError};
pub use standing::{ReplayError, Standing};
pub use state::State;
pub use tile::{Edge, Tile, TilePath, TileReader};
pub use tree::{Frontier, Hash, HashReader, ProofError};
pub use verify::{Fault, LogReport, ProvenEntry, ReceiptFile};
