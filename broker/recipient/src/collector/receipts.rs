//! Receipts: what this endpoint signs for, put in the outbox in the transaction that makes it true.

use agreements::statements::{Receipt, ReceiptStage};
use agreements::{AgreementId, Digest, Note, NoteError, ObjectId, Statement as _};
use exchange::content::{ContentError, encode};
use exchange::identity::receipt_key;
use exchange::{FromRecipient, Manifest};

use crate::home::Home;
use crate::store::{StoreError, WriteTx};

/// A receipt cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiptError {
    /// It cannot be signed.
    #[error("a receipt cannot be signed: {0}")]
    Note(#[from] NoteError),
    /// It cannot be written.
    #[error("a receipt cannot be written: {0}")]
    Content(#[from] ContentError),
    /// It cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is signed for.
pub(crate) struct Received<'a> {
    /// The cover sheet.
    pub manifest: &'a Manifest,
    /// Index of the disclosure's entry.
    pub index: u64,
    /// The object, for a bulk disclosure.
    pub object: Option<ObjectId>,
    /// SHA-256 of the object's ciphertext, or of the sealed message.
    pub received: Digest,
    /// The newest checkpoint that was checked.
    pub checkpoint: &'a str,
}

/// Signs a receipt and puts it in the outbox.
pub(crate) async fn queue(
    home: &Home,
    tx: &mut WriteTx,
    stage: ReceiptStage,
    agreement: &AgreementId,
    received: &Received<'_>,
) -> Result<(), ReceiptError> {
    let at = home.clock.now();
    let manifest = received.manifest;
    let receipt = Receipt {
        stage,
        authority: home.authority().clone(),
        endpoint: home.endpoint().clone(),
        agreement: agreement.clone(),
        digest: manifest.digest,
        disclosure: manifest.disclosure,
        request: manifest.request,
        index: received.index,
        object: received.object,
        received: received.received,
        checkpoint: received.checkpoint.to_owned(),
        at,
    };
    let mut note = receipt.to_note()?;
    home.key.sign_note(home.endpoint(), &mut note)?;
    let payload = encode(&FromRecipient::Receipt { note: note.to_string() })?;
    let stage = match stage {
        ReceiptStage::Held => "held",
        ReceiptStage::Opened => "opened",
    };
    let id = format!("receipt:{stage}:{}", manifest.disclosure);
    Ok(tx.add_to_outbox(&id, agreement, &payload, at).await?)
}

/// Whether a note is a receipt `held` by this endpoint for this object.
pub(crate) fn is_own(home: &Home, text: &str, object: ObjectId) -> bool {
    let Ok(note) = Note::parse(text) else { return false };
    let Ok(key) = receipt_key(home.endpoint(), &home.leaf_key()) else { return false };
    Receipt::verified(&note, &key)
        .is_ok_and(|receipt| receipt.stage == ReceiptStage::Held && receipt.object == Some(object))
}
