//! The signed state of the record that a message names as the newest before its batch, tied to the
//! state that covers the message. Whoever sealed the message named it under the head lock, so a
//! provider that shows another history than the one it sealed in is found out.
//!
//! Nobody's word is needed. A state of that very size may be kept here, checked before. If the
//! message is the line after it, the proof that the message is on record holds its root: what is
//! hashed in from the left are the complete subtrees of all lines before. Otherwise a consistency
//! proof comes beside the message.

use agreements::NoteKey;
use audit::checkpoint::Checkpoint;
use audit::tree::{self, Hash};
use exchange::wire::InboxMessage;

use super::{ProofFailure, Recorded};
use crate::store::logs::KeptCheckpoint;

/// The state that a message names: signed, but not tied to the log yet.
pub struct NamedState {
    position: u64,
    state: KeptCheckpoint,
}

/// Reads the state that a message names.
///
/// # Errors
/// [`ProofFailure::Previous`] when there is none, it is not signed by the log key, or is not older
/// than the message.
pub fn named_state(
    position: u64,
    recorded: &Recorded,
    note: &str,
    log_key: &NoteKey,
) -> Result<NamedState, ProofFailure> {
    let wrong = |detail: String| ProofFailure::Previous { position, detail };
    if note.is_empty() {
        // A group has an entry before its first message, so a record of nothing is never the state.
        return Err(wrong("it names none".to_owned()));
    }
    let read = Checkpoint::verify(note, log_key).map_err(|error| wrong(error.to_string()))?;
    if read.size == 0 || read.size > recorded.index {
        return Err(wrong("it is not older than the message".to_owned()));
    }
    Ok(NamedState {
        position,
        state: KeptCheckpoint { size: read.size, root: read.root, note: note.to_owned() },
    })
}

impl NamedState {
    /// Its size.
    pub const fn size(&self) -> u64 {
        self.state.size
    }

    /// Ties it to the log: `kept` is the state of that size that is kept here, where there is one;
    /// `covering` the one in which the message is proved to be. Gives it back when it was not known
    /// and may be kept.
    ///
    /// # Errors
    /// [`ProofFailure::Previous`] when it is of another history, or nothing proves that it is not.
    pub fn tie(
        self,
        kept: Option<&KeptCheckpoint>,
        recorded: &Recorded,
        message: &InboxMessage,
        covering: &KeptCheckpoint,
    ) -> Result<Option<KeptCheckpoint>, ProofFailure> {
        let Self { position, state } = self;
        let wrong = |detail: &str| ProofFailure::Previous { position, detail: detail.to_owned() };
        let two = "it has another root than this record had at that size: two histories";
        if let Some(kept) = kept {
            let same = kept.size == state.size && kept.root == state.root;
            return if same { Ok(None) } else { Err(wrong(two)) };
        }
        if state.size == recorded.index {
            let path: Vec<Hash> = message.proof.iter().map(|hash| *hash.as_bytes()).collect();
            let before = root_before(recorded.index, covering.size, &path);
            return if before.as_ref() == Some(state.root.as_bytes()) { Ok(None) } else { Err(wrong(two)) };
        }
        if message.previous.is_empty() {
            return Err(wrong("it came without the proof that this record extends it"));
        }
        let proof: Vec<Hash> = message.previous.iter().map(|hash| *hash.as_bytes()).collect();
        tree::verify_consistency(
            state.size,
            state.root.as_bytes(),
            covering.size,
            covering.root.as_bytes(),
            &proof,
        )
        .map_err(|_| wrong("it is not proved that this record extends it: two histories"))?;
        Ok(Some(state))
    }
}

/// Root of the tree of the first `index` leaves, from the inclusion proof of leaf `index` in a tree
/// of `size` leaves, which must have been verified. None for the first leaf.
fn root_before(index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    // RFC 9162 section 2.1.3.2: which hashes of the path stand to the left.
    let (mut node, mut last) = (index, size.checked_sub(1)?);
    let mut root: Option<Hash> = None;
    for hash in proof {
        if node & 1 == 1 || node == last {
            root = Some(root.map_or(*hash, |smaller| tree::node_hash(hash, &smaller)));
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        }
        (node, last) = (node >> 1, last >> 1);
    }
    root
}

#[cfg(test)]
mod tests {
    use audit::tree::{Frontier, HashReader, inclusion_proof, leaf_hash, node_hash};

    use super::*;

    struct Leaves(u64);

    impl HashReader for Leaves {
        fn node(&self, level: u32, index: u64) -> Option<Hash> {
            if level == 0 {
                return (index < self.0).then(|| leaf_hash(&index.to_be_bytes()));
            }
            Some(node_hash(&self.node(level - 1, index * 2)?, &self.node(level - 1, index * 2 + 1)?))
        }
    }

    #[test]
    fn the_proof_of_a_line_holds_the_root_of_all_lines_before_it() {
        for size in 1..70 {
            let mut frontier = Frontier::new();
            for index in 0..size {
                let proof = inclusion_proof(index, size, &Leaves(size)).unwrap();
                let before = (index > 0).then(|| frontier.root());
                assert_eq!(root_before(index, size, &proof), before, "line {index} of {size}");
                frontier.push(leaf_hash(&index.to_be_bytes()));
            }
        }
    }
}
