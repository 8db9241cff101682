//! Replays the log, so that the broker decides by what is on record and not by what stands in rows.

use agreements::Digest;
use audit::tree::leaf_hash;
use audit::{Edge, Event, Leaf, Standing};
use jiff::Timestamp;

use super::StartError;
use super::verify::leaf_in;
use crate::app::Core;
use crate::store::entries::{self, Entry};
use crate::store::{agreements as agreement_rows, directories, endpoints, officers, tiles};

/// Entries read at once.
const PAGE: u32 = 1_000;

/// The standing after the last entry, and index and time of the newest state entry.
pub(super) async fn replay(core: &Core, edge: &Edge) -> Result<(Standing, (u64, Timestamp)), StartError> {
    let mut store = core.store.read().await?;
    let mut standing = Standing::new();
    let mut stated = (0, core.clock.now());
    let newest = entries::newest(&mut store, "state").await?;
    let mut next = newest.map_or(0, |entry| entry.idx);
    let mut first = true;
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
            let failed =
                |error: audit::ReplayError| StartError::Replay { index: next, text: error.to_string() };
            match &event {
                // Replay begins here; the state verifies every note that it restates.
                Event::State { state } if first => standing = Standing::from_state(state).map_err(failed)?,
                event => standing.apply(at, event).map_err(failed)?,
            }
            first = false;
            next += 1;
        }
    }
    Ok((standing, stated))
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
    Ok((opening.values, leaf.at))
}

/// Compares the rows by which an administrator could try to change what stands. Nothing is decided by
/// them; a difference stops disclosures under what differs, so that somebody looks.
pub(super) async fn compare(core: &Core, standing: &Standing) -> Result<(), StartError> {
    let mut store = core.store.read().await?;
    for row in agreement_rows::all(&mut store).await? {
        let known = standing.agreement(&row.agreement);
        let record = standing.agreement_record(&row.agreement);
        let same = known.zip(record).is_some_and(|(known, record)| {
            known.digest() == row.digest
                && known.status().as_str() == row.status
                && record.document == row.document
        });
        if !same {
            tracing::error!(agreement = %row.agreement, "the row differs from the record; nothing is disclosed under it");
            core.blocked.add(row.agreement.id);
        }
    }
    for row in directories::all(&mut store).await? {
        let newest = standing.directory(&row.authority);
        let same = match newest {
            Some(newest) if newest.version == row.version => {
                standing.directory_note(&row.authority) == Some(row.note.as_str())
            }
            Some(newest) => row.version < newest.version,
            None => false,
        };
        if !same {
            tracing::error!(authority = %row.authority, "a directory differs from the record");
            block_party(core, standing, &row.authority);
        }
    }
    for row in endpoints::all(&mut store).await? {
        let mut known = standing.endpoints();
        let same = known.find(|(enrolment, _)| enrolment.endpoint == row.endpoint).is_some_and(
            |(enrolment, state)| {
                state.note == row.note
                    && state.active == row.active
                    && enrolment.leaf_key == Digest::from_bytes(row.leaf_key)
                    // Rows keep times to the second.
                && enrolment.expires.as_second() == row.expires.as_second()
            },
        );
        if !same {
            tracing::error!(endpoint = %row.endpoint, "an endpoint's row differs from the record");
            block_party(core, standing, &row.authority);
        }
    }
    for row in officers::all(&mut store).await? {
        let known = standing.officer(&row.number);
        if !known.is_some_and(|known| known.roles == row.roles && known.active == row.active) {
            tracing::error!(officer = %row.number, "an officer's row differs from the record; sign-in is refused");
            core.blocked.add_officer(row.number);
        }
    }
    Ok(())
}

fn block_party(core: &Core, standing: &Standing, authority: &agreements::AuthorityId) {
    for (_, known) in standing.agreements() {
        if known.agreement().party(authority).is_some() {
            core.blocked.add(known.agreement().id.clone());
        }
    }
}
