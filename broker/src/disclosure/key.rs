//! The key of a bulk object: it follows the receipt `held`, and is decided again before it goes.

use std::sync::Arc;

use agreements::ObjectId;
use agreements::statements::Receipt;
use audit::Event;
use exchange::Kind;
use exchange::content::FromBroker;
use exchange::object::ObjectKey;

use super::authenticate::Unasked;
use super::{SpineError, problem};
use crate::app::App;
use crate::groups::LiveGroup;
use crate::recorder::{Condition, Effect, Item, Outgoing, Overtaken, RecordError};
use crate::store::objects;

/// Decisions before a key is held back.
const TRIES: usize = 3;

/// Sends the key of an object whose ciphertext the recipient holds.
///
/// While the agreement is suspended the receipt is kept and the key waits; [`deliver_waiting`]
/// sends it on resumption.
pub(super) async fn deliver(
    app: &App,
    group: &Arc<LiveGroup>,
    position: u64,
    receipt: Receipt,
    object: ObjectId,
    note: &str,
) -> Result<(), SpineError> {
    let refuse = |detail| Unasked { request: Some(receipt.request), status: 404, code: "no-object", detail };
    let Some(row) = objects::get(&mut app.store.read().await?, object).await? else {
        let unasked = refuse("there is no such object");
        return problem::record(app, group, position, group.recipient.clone(), unasked, None).await;
    };
    if row.disclosure != receipt.disclosure || row.group != group.id || row.ciphertext != receipt.received {
        let unasked = refuse("the receipt names another object than the one that was lodged for you");
        return problem::record(app, group, position, group.recipient.clone(), unasked, None).await;
    }
    let done = || Effect::ArrivalDone { group: group.id, position };
    for _ in 0..TRIES {
        let Some(item) = key_item(app, group, &receipt, object, row.key_sealed.clone(), note)? else { break };
        match app.recorder.record(item.and(done())).await {
            Ok(_) => return Ok(()),
            Err(RecordError::Overtaken(Overtaken::KeySent)) => break,
            // Something changed meanwhile; unless it is this agreement, the key still goes.
            Err(RecordError::Overtaken(Overtaken::Agreement)) if app.is_open(&group.at_version()) => {}
            Err(RecordError::Overtaken(Overtaken::Agreement)) => {
                let held = Effect::ObjectHeld { object, receipt: note.to_owned() };
                app.recorder.record(Item::without_entry().and(done()).and(held)).await?;
                return Ok(());
            }
            Err(other) => return Err(other.into()),
        }
    }
    // The key went out before; the receipt came again.
    app.recorder.record(Item::without_entry().and(done())).await?;
    Ok(())
}

/// Sends the keys that waited for the agreement to be resumed.
pub(crate) async fn deliver_waiting(app: &App, group: &Arc<LiveGroup>) -> Result<(), SpineError> {
    use agreements::{Note, Statement};
    for row in objects::waiting(&mut app.store.read().await?, group.id).await? {
        let Some(note) = row.receipt else { continue };
        let sent = async {
            let read = Note::parse(&note).and_then(|parsed| Receipt::from_note(&parsed));
            let receipt = read.map_err(|error| SpineError::Stored(error.to_string()))?;
            if let Some(item) = key_item(app, group, &receipt, row.object, row.key_sealed, &note)? {
                match app.recorder.record(item).await {
                    Ok(_) | Err(RecordError::Overtaken(Overtaken::KeySent)) => {}
                    Err(other) => return Err(other.into()),
                }
            }
            Ok::<_, SpineError>(())
        };
        // One that cannot be sent does not hold up the others.
        if let Err(error) = sent.await {
            tracing::error!(object = %row.object, %error, "a key that waited could not be sent");
        }
    }
    Ok(())
}

fn key_item(
    app: &App,
    group: &Arc<LiveGroup>,
    receipt: &Receipt,
    object: ObjectId,
    key_sealed: Option<Vec<u8>>,
    note: &str,
) -> Result<Option<Item>, SpineError> {
    let Some(sealed) = key_sealed else { return Ok(None) };
    let key = ObjectKey::from_bytes(app.open_object_key(object, &sealed).map_err(SpineError::Stored)?);
    let (recipient, agreement) = (group.recipient.clone(), group.agreement.clone());
    let (disclosure, receipt_note) = (receipt.disclosure, note.to_owned());
    let standing = app.standing.load();
    let item = Item::at(move |place| Event::KeyDelivered {
        recipient,
        agreement,
        sequence: place.sequence,
        disclosure,
        object,
        receipt: receipt_note,
    })
    .while_holds(Condition::Open {
        agreement: group.at_version(),
        digest: receipt.digest,
        decided_at: standing.policy_epoch(),
    })
    .while_holds(Condition::KeyWaits { object })
    .and(Effect::ObjectKeySent { object })
    .sending(Outgoing {
        group: group.id,
        kind: Kind::Envelope,
        id: app.message_id(),
        body: FromBroker::Key { disclosure, object, key },
    });
    Ok(Some(item))
}
