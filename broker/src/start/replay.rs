//! Replays the log, so that the broker decides by what is on record and not by what stands in rows.

use agreements::{AgreementId, RequestId};
use audit::tree::leaf_hash;
use audit::{Edge, Event, Leaf, Standing};
use jiff::Timestamp;

use super::StartError;
use super::verify::leaf_in;
use crate::app::Core;
use crate::store::entries::{self, Entry};
use crate::store::tiles;

/// Entries read at once.
const PAGE: u32 = 1_000;

/// What the replayed part of the log gives.
pub(super) struct Replayed {
    /// After the last entry.
    pub(super) standing: Standing,
    /// Index and time of the newest state entry.
    pub(super) stated: (u64, Timestamp),
    /// Questions that were decided: index of the entry, agreement, request.
    pub(super) decided: Vec<(u64, AgreementId, RequestId)>,
}

/// Replays the log from the newest state entry on.
pub(super) async fn replay(core: &Core, edge: &Edge) -> Result<Replayed, StartError> {
    let mut store = core.store.read().await?;
    let mut standing = Standing::new();
    let mut stated = (0, core.clock.now());
    let newest = entries::newest(&mut store, "state").await?;
    let mut next = newest.map_or(0, |entry| entry.idx);
    let mut first = true;
    let mut decided = Vec::new();
    while next < edge.size() {
        let page = entries::page(&mut store, next, PAGE).await?;
        if page.is_empty() {
            return Err(StartError::Altered(format!("entry {next} is missing")));
        }
        for entry in page {
            if entry.idx != next {
                return Err(StartError::Altered(format!("entry {next} is missing")));
            }
            let tile = tiles::read(&mut store, 0, next / 256).await?;
            let hash = tile.and_then(|tile| leaf_in(&tile.bytes, next));
            let (event, at) = opened(core, &entry, hash)?;
            if matches!(event, Event::State { .. }) {
                stated = (next, at);
            }
            decided.extend(decision(&event).map(|(agreement, request)| (next, agreement.clone(), request)));
            let failed =
                |error: audit::ReplayError| StartError::Replay { index: next, text: error.to_string() };
            match &event {
                // Replay begins here; the state verifies every note that it restates.
                Event::State { state } if first => {
                    standing = Standing::from_state(at, state).map_err(failed)?
                }
                event => standing.apply(at, event).map_err(failed)?,
            }
            first = false;
            next += 1;
        }
    }
    Ok(Replayed { standing, stated, decided })
}

const fn decision(event: &Event) -> Option<(&AgreementId, RequestId)> {
    match event {
        Event::Disclosure(made) => Some((&made.agreement.id, made.request)),
        Event::Refusal { agreement, request, .. } => Some((agreement, *request)),
        _ => None,
    }
}

/// The event of an entry, once its leaf is the one in the tree and its particulars the ones in the leaf.
fn opened(core: &Core, entry: &Entry, hash: Option<audit::Hash>) -> Result<(Event, Timestamp), StartError> {
    let altered = |text: &str| StartError::Altered(format!("entry {}: {text}", entry.idx));
    if hash != Some(leaf_hash(&entry.leaf)) {
        return Err(altered("it is another than the one that was recorded"));
    }
    let leaf = Leaf::parse(&entry.leaf).map_err(|error| altered(&error.to_string()))?;
    let sealed = entry.particulars.as_ref().ok_or_else(|| altered("its particulars are missing"))?;
    let opening = core.open_particulars(entry.idx, sealed).map_err(|error| altered(&error))?;
    let commitment = opening.commitment().map_err(|error| altered(&error.to_string()))?;
    if commitment != leaf.particulars {
        return Err(altered("its particulars are not those that were recorded"));
    }
    let (event, about) = (&opening.values, opening.values.about());
    let columns = (entry.operation.as_str(), entry.agreement.as_ref(), entry.recipient.as_ref());
    if columns != (event.operation(), about.agreement, about.recipient) {
        return Err(altered("its row names another operation, agreement or recipient than its particulars"));
    }
    Ok((opening.values, leaf.at))
}
