//! One entry and its proof, as a recipient holds them: that a message is on record, and as what.

use std::fmt;

use agreements::{Digest, NoteKey};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::commitment::Opening;
use crate::event::{Event, Form};
use crate::leaf::Leaf;
use crate::tree::{Hash, leaf_hash, verify_inclusion};
use crate::verify::Fault;

/// The file that a recipient writes for `transire-verify receipt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptFile {
    /// Key of the log, as the agreement names it.
    pub log_key: NoteKey,
    /// The signed checkpoint that covers the entry.
    pub checkpoint: String,
    /// Index of the entry.
    pub index: u64,
    /// Bytes of the leaf.
    pub leaf: String,
    /// Inclusion proof, from the leaf upwards.
    pub proof: Vec<Digest>,
    /// SHA-256 of the sealed message that was received.
    pub message: Digest,
    /// Opening of the particulars, from inside that message.
    pub opening: Opening<Event>,
}

/// An entry that is in the log, and that the message is the one it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEntry {
    /// Its index.
    pub index: u64,
    /// Its leaf.
    pub leaf: Leaf,
    /// Its particulars.
    pub event: Event,
    /// The checkpoint that covers it.
    pub checkpoint: Checkpoint,
}

/// Proves that a sealed message with this digest is the one of entry `index` under `checkpoint`,
/// and that `opening` is of that entry. The checkpoint's signature is the caller's to verify.
///
/// # Errors
/// [`Fault::Entry`] naming what does not hold.
pub fn prove_entry(
    checkpoint: &Checkpoint,
    index: u64,
    leaf: &[u8],
    proof: &[Hash],
    message: &Digest,
    opening: &Opening<Event>,
) -> Result<Leaf, Fault> {
    let bad = |what: String| Fault::entry(index, what);
    verify_inclusion(index, checkpoint.size, &leaf_hash(leaf), proof, checkpoint.root.as_bytes())
        .map_err(|error| bad(error.to_string()))?;
    let leaf = Leaf::parse(leaf).map_err(|error| bad(error.to_string()))?;
    match &leaf.message {
        Some(on_record) if on_record == message => {}
        Some(_) => return Err(bad("it is about another message".into())),
        None => return Err(bad("it is about no message".into())),
    }
    let commitment = opening.commitment().map_err(|error| bad(error.to_string()))?;
    if commitment != leaf.particulars {
        return Err(bad("the particulars are not what its leaf commits to".into()));
    }
    Ok(leaf)
}

/// Verifies a recipient's file; `key`, when given, must be the key of the log.
///
/// # Errors
/// [`Fault`] naming what does not hold.
pub fn verify_receipt(file: &ReceiptFile, key: Option<&NoteKey>) -> Result<ProvenEntry, Fault> {
    if key.is_some_and(|key| *key != file.log_key) {
        return Err(Fault::Checkpoint(format!("it is of `{}`, another log", file.log_key)));
    }
    let checkpoint = Checkpoint::verify(&file.checkpoint, &file.log_key).map_err(Fault::checkpoint)?;
    let proof: Vec<Hash> = file.proof.iter().map(|hash| *hash.as_bytes()).collect();
    let leaf =
        prove_entry(&checkpoint, file.index, file.leaf.as_bytes(), &proof, &file.message, &file.opening)?;
    Ok(ProvenEntry { index: file.index, leaf, event: file.opening.values.clone(), checkpoint })
}

impl fmt::Display for ProvenEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, leaf, event, checkpoint } = self;
        write!(f, "{}: entry {index} of {} verified: ", checkpoint.origin, checkpoint.size)?;
        match event {
            Event::Disclosure(d) => {
                let form = match d.form {
                    Form::Inline {} => "in the message",
                    Form::Object { .. } => "as an object",
                };
                write!(
                    f,
                    "disclosure {} of {} records {form} to {} under {} for {}, {}",
                    d.disclosure, d.records, d.recipient, d.agreement, d.purpose, leaf.at
                )
            }
            other => {
                write!(f, "{}", other.operation())?;
                if let Some(recipient) = other.recipient() {
                    write!(f, " to {recipient}")?;
                }
                write!(f, ", {}", leaf.at)
            }
        }
    }
}
