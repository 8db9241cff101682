//! The proof of a message as a file that `transire-verify receipt` reads without this program.

use agreements::digest::CanonicalError;
use agreements::{Digest, NoteKey, canonical};
use exchange::Envelope;
use exchange::content::ParticularsOpening;
use exchange::wire::InboxMessage;
use serde::{Deserialize, Serialize};

use crate::proof::Recorded;
use crate::store::logs::KeptCheckpoint;

/// What proves that a message is on record, and what the record says of it. It holds no record
/// and no name, and may be shown to a court or a supervisory authority.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The key of the provider's log, as the agreement names it.
    pub log_key: NoteKey,
    /// The checkpoint under which it was proved.
    pub checkpoint: String,
    /// Index of the entry.
    pub index: u64,
    /// The leaf, in canonical form.
    pub leaf: String,
    /// Inclusion proof.
    pub proof: Vec<Digest>,
    /// SHA-256 of the sealed message.
    pub message: Digest,
    /// Opens the leaf's commitment to the particulars.
    pub opening: serde_json::Value,
}

/// The file for a message that proved right.
///
/// # Errors
/// [`CanonicalError`]; none is expected.
pub(crate) fn file(
    recorded: &Recorded,
    message: &InboxMessage,
    envelope: &Envelope,
    checkpoint: &KeptCheckpoint,
    log_key: &NoteKey,
) -> Result<Vec<u8>, CanonicalError> {
    let ParticularsOpening { salt, values } = &envelope.opening;
    let evidence = Evidence {
        log_key: log_key.clone(),
        checkpoint: checkpoint.note.clone(),
        index: recorded.index,
        leaf: recorded.leaf_text.clone(),
        proof: message.proof.clone(),
        message: recorded.message,
        opening: serde_json::json!({ "salt": salt, "values": values }),
    };
    Ok(canonical(&evidence)?.into_bytes())
}
