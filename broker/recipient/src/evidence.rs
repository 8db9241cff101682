//! The proof of a message as a file that `transire-verify receipt` reads without this program.

use agreements::digest::CanonicalError;
use agreements::{NoteKey, canonical};
use audit::commitment::Opening;
use audit::event::Event;
use audit::verify::ReceiptFile;
use exchange::wire::InboxMessage;

use crate::proof::Recorded;
use crate::store::logs::KeptCheckpoint;

/// The file for a message that proved right: what is on record of it, and the proof that it is. It
/// holds no record and no name, and may be shown to a court or a supervisory authority.
///
/// # Errors
/// [`CanonicalError`]; none is expected.
pub(crate) fn file(
    recorded: &Recorded,
    message: &InboxMessage,
    opening: &Opening<Event>,
    checkpoint: &KeptCheckpoint,
    log_key: &NoteKey,
) -> Result<Vec<u8>, CanonicalError> {
    let file = ReceiptFile {
        log_key: log_key.clone(),
        checkpoint: checkpoint.note.clone(),
        index: recorded.index,
        leaf: recorded.leaf_text.clone(),
        proof: message.proof.clone(),
        message: recorded.message,
        opening: opening.clone(),
    };
    Ok(canonical(&file)?.into_bytes())
}
