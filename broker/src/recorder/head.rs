//! What the writer keeps in memory between commits. It is the only one that writes, so memory and
//! the head row agree, and the head row is compared at each lock.

use std::collections::HashMap;
use std::sync::Arc;

use agreements::GroupId;
use audit::tile::Edge;

use crate::store::groups::GroupStatus;

/// The end of the log, and what counts on it.
pub(crate) struct Head {
    /// Right edge of the tree; its size is the log's.
    pub(crate) edge: Edge,
    /// The newest signed checkpoint; empty before the first entry.
    pub(crate) checkpoint: Arc<str>,
    /// Raised by whatever changes what may leave.
    pub(crate) policy_epoch: u64,
    /// Number of this writer; a later writer has a higher one.
    pub(crate) fence: u64,
    /// Each group's counters.
    pub(crate) ledgers: HashMap<GroupId, Ledger>,
}

/// Counters of one group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ledger {
    /// Position that the next inbox row takes, from 1.
    pub(crate) next_position: u64,
    /// Number that the next sealed message takes, from 1.
    pub(crate) next_sequence: u64,
    /// Version of the stored state.
    pub(crate) row_version: u64,
    /// Whether this process has made a commit with a fresh path in this group.
    pub(crate) fresh: bool,
    /// Whether its inbox is open, held or closed.
    pub(crate) status: GroupStatus,
    /// Ratchet steps skipped in this epoch by failed commits.
    pub(crate) skipped: u32,
}

impl Ledger {
    /// The counters after a commit that wrote them.
    pub(crate) const fn stored(mut self) -> Self {
        self.row_version += 1;
        self
    }

    /// The counters of a group that is just being made.
    pub(crate) const fn new() -> Self {
        Self {
            next_position: 1,
            next_sequence: 1,
            row_version: 0,
            fresh: true,
            status: GroupStatus::Open,
            skipped: 0,
        }
    }
}
