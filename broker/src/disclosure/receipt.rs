//! What a recipient signs: `held` lets the key of an object follow, `opened` closes the disclosure.

use std::sync::Arc;

use agreements::statements::{Receipt, ReceiptStage};
use agreements::{EndpointId, Note, Statement};
use audit::{Event, Form, Leaf};
use exchange::identity::receipt_key;

use super::authenticate::Unasked;
use super::{SpineError, key, problem};
use crate::app::App;
use crate::groups::LiveGroup;
use crate::recorder::{Effect, Item, RecordError};
use crate::store::entries::{self, Entry};
use crate::store::objects;

/// Takes a receipt. One that the record does not allow is answered with a problem and changes nothing.
pub(super) async fn take(
    app: &App,
    group: &Arc<LiveGroup>,
    position: u64,
    endpoint: &EndpointId,
    note: &str,
) -> Result<(), SpineError> {
    match take_checked(app, group, position, endpoint, note).await {
        Err(SpineError::Record(RecordError::Refused(reason))) => {
            tracing::warn!(group = %group.id, position, %reason, "a receipt was refused");
            let detail = "the receipt does not fit what is on record";
            let unasked = Unasked { request: None, status: 400, code: "bad-receipt", detail };
            problem::record(app, group, position, group.recipient.clone(), unasked, None).await
        }
        other => other,
    }
}

async fn take_checked(
    app: &App,
    group: &Arc<LiveGroup>,
    position: u64,
    endpoint: &EndpointId,
    note: &str,
) -> Result<(), SpineError> {
    let receipt = match check(app, group, endpoint, note).await? {
        Ok(receipt) => receipt,
        Err(detail) => {
            let unasked = Unasked { request: None, status: 400, code: "bad-receipt", detail };
            return problem::record(app, group, position, group.recipient.clone(), unasked, None).await;
        }
    };
    match (receipt.stage, receipt.object) {
        (ReceiptStage::Held, Some(object)) => key::deliver(app, group, position, receipt, object, note).await,
        (ReceiptStage::Held, None) => {
            let detail = "a message needs no receipt `held`; only an object does";
            let unasked = Unasked { request: Some(receipt.request), status: 400, code: "bad-receipt", detail };
            problem::record(app, group, position, group.recipient.clone(), unasked, None).await
        }
        (ReceiptStage::Opened, object) => {
            let event = Event::ReceiptOpened {
                recipient: group.recipient.clone(),
                agreement: group.agreement.clone(),
                receipt: note.to_owned(),
            };
            let mut item = Item::of(event).and(Effect::ArrivalDone { group: group.id, position });
            if let Some(object) = object {
                item = item.and(Effect::ObjectOpened { object });
            }
            app.recorder.record(item).await?;
            if let Some(object) = object {
                app.remove_object(object).await;
            }
            Ok(())
        }
    }
}

/// The receipt, if it is this endpoint's and speaks of a disclosure that was made to it.
async fn check(
    app: &App,
    group: &Arc<LiveGroup>,
    endpoint: &EndpointId,
    note: &str,
) -> Result<Result<Receipt, &'static str>, SpineError> {
    const BAD: &str = "the receipt is not signed by the endpoint that sent it, or cannot be read";
    let standing = app.standing.load();
    let Some(enrolled) = standing.endpoint(endpoint) else { return Ok(Err(BAD)) };
    let Ok(key) = receipt_key(endpoint, &enrolled.leaf_key) else { return Ok(Err(BAD)) };
    let Ok(parsed) = Note::parse(note) else { return Ok(Err(BAD)) };
    let Ok(receipt) = Receipt::verified(&parsed, &key) else { return Ok(Err(BAD)) };
    drop(standing);
    if receipt.authority != group.recipient
        || receipt.endpoint != *endpoint
        || receipt.agreement != group.agreement
    {
        return Ok(Err("the receipt speaks of another recipient or agreement"));
    }
    let mut store = app.store.read().await?;
    let entry = entries::at(&mut store, receipt.index).await?;
    let made_to_it = entry.filter(|entry| {
        entry.operation == "disclosure"
            && entry.disclosure == Some(receipt.disclosure)
            && entry.recipient.as_ref() == Some(&group.recipient)
            && entry.agreement.as_ref() == Some(&group.agreement)
    });
    let Some(entry) = made_to_it else {
        return Ok(Err("the receipt speaks of a disclosure that was not made to you"));
    };
    if !is_of(app, &entry, &receipt)? {
        return Ok(Err("the receipt speaks of another thing than the one that was disclosed"));
    }
    let Some(object) = receipt.object else { return Ok(Ok(receipt)) };
    let row = objects::get(&mut store, object).await?.filter(|row| {
        row.disclosure == receipt.disclosure && row.group == group.id && row.ciphertext == receipt.received
    });
    let Some(row) = row else {
        return Ok(Err("the receipt names another object than the one that was lodged for you"));
    };
    // An object is opened with its key, so nobody can have opened it before the key went out.
    if receipt.stage == ReceiptStage::Opened && row.key_sealed.is_some() {
        return Ok(Err("the object cannot have been opened: its key has not been sent"));
    }
    Ok(Ok(receipt))
}

/// Whether a receipt names the question, the agreement's text and the form of its disclosure: the object, or the message
/// that went out with the entry.
fn is_of(app: &App, entry: &Entry, receipt: &Receipt) -> Result<bool, SpineError> {
    let Some(sealed) = &entry.particulars else { return Ok(false) };
    let Event::Disclosure(made) = app.open_particulars(entry.idx, sealed).map_err(SpineError::Stored)?.values
    else {
        return Ok(false);
    };
    let leaf = Leaf::parse(&entry.leaf).map_err(|error| SpineError::Stored(error.to_string()))?;
    let same = match made.form {
        Form::Inline {} => receipt.object.is_none() && leaf.message == Some(receipt.received),
        Form::Object { object, ciphertext, .. } => {
            receipt.object == Some(object) && ciphertext == receipt.received
        }
    };
    Ok(same && made.request == receipt.request && made.digest == receipt.digest)
}
