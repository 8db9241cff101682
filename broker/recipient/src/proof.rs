//! No proof, no data: what must hold before anything of a message is written out.
//!
//! In order: the page's checkpoint is signed by the log key that the agreement names and extends
//! the one kept before ([`advance`]); the leaf beside the message holds this message's SHA-256 and
//! is in that tree ([`recorded`]), and stands for no other message; the message, once opened, names
//! that index and the next sequence, and opens the leaf's commitment to particulars ([`opened`]), and
//! the older state that it names is a beginning of the same log ([`named_state`]);
//! and those particulars say what the message says, of a question that was asked here, within the
//! clauses that the own side signed ([`agrees`]). A change of the group is proved as a message is,
//! before it is followed. No input or output.

mod agrees;
mod clauses;
mod previous;

use agreements::{Agreement, AgreementId, AuthorityId, Digest, NoteKey, RequestId};
use audit::checkpoint::Checkpoint;
use audit::commitment::Opening;
use audit::event::Event;
use audit::leaf::Leaf;
use exchange::Envelope;
use exchange::wire::InboxMessage;

pub use agrees::{KeptQuestion, agrees, request_of};
pub use previous::{NamedState, named_state};

use crate::store::logs::KeptCheckpoint;

/// Why a message or a page is not believed.
#[derive(Debug, thiserror::Error)]
pub enum ProofFailure {
    /// The checkpoint is malformed or not signed by the agreement's log key.
    #[error("the signed state of the record does not hold: {0}")]
    Checkpoint(String),
    /// The checkpoint is of a smaller log than the one kept.
    #[error("the record went back from {kept} to {shown} lines")]
    Shrunk {
        /// Size kept.
        kept: u64,
        /// Size shown.
        shown: u64,
    },
    /// The checkpoint does not extend the one kept: two histories.
    #[error("the record of {shown} lines does not extend the one of {kept} lines that was kept: it is forked")]
    Forked {
        /// Size kept.
        kept: u64,
        /// Size shown.
        shown: u64,
    },
    /// A sealed message came without index, leaf or checkpoint.
    #[error("message {position} came without {missing}")]
    Missing {
        /// Place in the inbox.
        position: u64,
        /// What is missing.
        missing: &'static str,
    },
    /// The leaf is malformed.
    #[error("the leaf of message {position} is malformed: {detail}")]
    Leaf {
        /// Place in the inbox.
        position: u64,
        /// What is wrong.
        detail: String,
    },
    /// The leaf is for another message.
    #[error("the leaf of message {0} does not hold its SHA-256")]
    OtherMessage(u64),
    /// The inclusion proof does not hold.
    #[error("message {position} is not proved to be line {index} of the record")]
    NotIncluded {
        /// Place in the inbox.
        position: u64,
        /// Index that it names.
        index: u64,
    },
    /// Inside and outside name different indexes.
    #[error("the message says line {inside}, its leaf is line {outside}")]
    OtherIndex {
        /// Inside the sealed message.
        inside: u64,
        /// Beside it.
        outside: u64,
    },
    /// The index was used before.
    #[error("line {0} was used for a message before")]
    IndexUsed(u64),
    /// A message is missing before this one, or it came twice.
    #[error("message number {found} came where number {expected} was due: one is missing or repeated")]
    Sequence {
        /// The next number.
        expected: u64,
        /// The number in the message.
        found: u64,
    },
    /// The checkpoint from before the batch is not proved to be of this log's history.
    #[error("the signed state of the record that message {position} names does not hold: {detail}")]
    Previous {
        /// Place in the inbox.
        position: u64,
        /// What is wrong.
        detail: String,
    },
    /// The opening does not open the leaf's commitment.
    #[error("the particulars of line {0} do not open its commitment")]
    Commitment(u64),
    /// The particulars and the message differ, or either differs from what was asked or agreed.
    #[error("line {index} and the message differ: {what}")]
    Differs {
        /// Index of the entry.
        index: u64,
        /// Which part, never its value.
        what: &'static str,
    },
    /// It answers a question that was not asked here.
    #[error("line {index} answers request `{request}`, which was not asked here")]
    NotAsked {
        /// Index of the entry.
        index: u64,
        /// The request.
        request: RequestId,
    },
}

/// Checks a page's checkpoint against the one kept before.
///
/// # Errors
/// [`ProofFailure`] when it is not signed by `log_key`, is older, or does not extend the kept one.
pub fn advance(
    kept: Option<&KeptCheckpoint>,
    note: &str,
    consistency: &[Digest],
    log_key: &NoteKey,
) -> Result<KeptCheckpoint, ProofFailure> {
    let shown = Checkpoint::verify(note, log_key).map_err(|e| ProofFailure::Checkpoint(e.to_string()))?;
    if let Some(kept) = kept {
        if shown.size < kept.size {
            return Err(ProofFailure::Shrunk { kept: kept.size, shown: shown.size });
        }
        let proof: Vec<_> = consistency.iter().map(|hash| *hash.as_bytes()).collect();
        let holds = audit::tree::verify_consistency(
            kept.size,
            kept.root.as_bytes(),
            shown.size,
            shown.root.as_bytes(),
            &proof,
        );
        if holds.is_err() {
            return Err(ProofFailure::Forked { kept: kept.size, shown: shown.size });
        }
    }
    Ok(KeptCheckpoint { size: shown.size, root: shown.root, note: note.to_owned() })
}

/// A message that is proved to be on record, still sealed.
pub struct Recorded {
    /// Index of its entry.
    pub index: u64,
    /// Its leaf.
    pub leaf: Leaf,
    /// The leaf as it stands in the tree.
    pub leaf_text: String,
    /// SHA-256 of the sealed bytes.
    pub message: Digest,
}

/// Checks that a message is on record, before it is opened.
///
/// # Errors
/// [`ProofFailure`] naming what is missing or does not hold.
pub fn recorded(message: &InboxMessage, checkpoint: &KeptCheckpoint) -> Result<Recorded, ProofFailure> {
    let position = message.position;
    let missing = |missing| ProofFailure::Missing { position, missing };
    let index = message.index.ok_or_else(|| missing("its line number"))?;
    let text = message.leaf.as_deref().ok_or_else(|| missing("its leaf"))?;
    let leaf =
        Leaf::parse(text.as_bytes()).map_err(|e| ProofFailure::Leaf { position, detail: e.to_string() })?;
    let sealed = Digest::of(&message.bytes.0);
    if leaf.message != Some(sealed) {
        return Err(ProofFailure::OtherMessage(position));
    }
    let proof: Vec<_> = message.proof.iter().map(|hash| *hash.as_bytes()).collect();
    let hash = audit::tree::leaf_hash(text.as_bytes());
    audit::tree::verify_inclusion(index, checkpoint.size, &hash, &proof, checkpoint.root.as_bytes())
        .map_err(|_| ProofFailure::NotIncluded { position, index })?;
    Ok(Recorded { index, leaf, leaf_text: text.to_owned(), message: sealed })
}

/// What an opened message must fit.
pub struct Expected<'a> {
    /// This authority.
    pub authority: &'a AuthorityId,
    /// The group's agreement.
    pub agreement: &'a AgreementId,
    /// The digest that the group is at.
    pub digest: Digest,
    /// The agreement of that digest, from the own authority's file.
    pub document: &'a Agreement,
    /// Sequence of the last message of the group; none when the ones before the welcome were gone,
    /// and the first one that comes is taken as it is.
    pub sequence: Option<u64>,
}

/// Checks an opened message against its entry, and gives the opening of the entry's particulars.
///
/// # Errors
/// [`ProofFailure`] naming what does not fit.
pub fn opened(
    recorded: &Recorded,
    envelope: &Envelope,
    expected: &Expected<'_>,
) -> Result<Opening<Event>, ProofFailure> {
    let index = recorded.index;
    if envelope.index != index {
        return Err(ProofFailure::OtherIndex { inside: envelope.index, outside: index });
    }
    if let Some(due) = expected.sequence.map(|last| last.saturating_add(1))
        && envelope.sequence != due
    {
        return Err(ProofFailure::Sequence { expected: due, found: envelope.sequence });
    }
    let opening = serde_json::json!({
        "salt": envelope.opening.salt,
        "values": envelope.opening.values,
    });
    let opening: Opening<Event> =
        serde_json::from_value(opening).map_err(|_| ProofFailure::Commitment(index))?;
    if opening.commitment().ok() != Some(recorded.leaf.particulars) {
        return Err(ProofFailure::Commitment(index));
    }
    Ok(opening)
}
