//! The tree as it is stored, checked against the signed checkpoint and the mark beside the vault.

use agreements::Digest;
use audit::tree::{Hash, leaf_hash};
use audit::{Checkpoint, Edge, Frontier, Tile};

use super::StartError;
use crate::app::Core;
use crate::store::{ReadConn, entries, head, tiles};

/// Hashes in a full tile.
const FULL: u64 = 256;

/// The right edge of the log, once every stored leaf hash has been folded to the root that the
/// checkpoint signs.
pub(super) async fn edge(core: &Core) -> Result<Edge, StartError> {
    let mut store = core.store.read().await?;
    let head = head::read(&mut store).await?;
    if let Some(mark) = core.vault.read_mark()? {
        if head.size < mark.size {
            return Err(StartError::OldDatabase { found: head.size, known: mark.size });
        }
        if head.size == mark.size && head.root != mark.root {
            return Err(altered("its root is another than at the last commit"));
        }
    }
    let mut edge = Edge::new();
    if head.size == 0 {
        return if head.checkpoint.is_empty() { Ok(edge) } else { Err(altered("it is empty, yet signed")) };
    }
    let signed = Checkpoint::verify(&head.checkpoint, core.log_key())
        .map_err(|error| altered(&format!("the signed state does not hold: {error}")))?;
    if signed.size != head.size {
        return Err(altered("the signed state is of another size"));
    }
    for index in 0..head.size.div_ceil(FULL) {
        let tile = tiles::read(&mut store, 0, index).await?;
        let tile = tile.ok_or_else(|| altered(&format!("tile {index} is missing")))?;
        let (hashes, rest) = tile.bytes.as_chunks::<32>();
        let expected = (head.size - index * FULL).min(FULL);
        if !rest.is_empty() || hashes.len() as u64 != expected {
            return Err(altered(&format!("tile {index} has another width")));
        }
        for written in edge.append(hashes) {
            same(&mut store, &written, head.size).await?;
        }
    }
    if Digest::from_bytes(edge.root()) != signed.root {
        return Err(first_difference(&mut store, head.size).await?);
    }
    let frontier = Frontier::from_bytes(&head.frontier);
    if head.root != edge.root() || frontier.as_ref() != Some(edge.frontier()) {
        return Err(altered("the head row differs from the entries"));
    }
    Ok(edge)
}

/// Compares a tile above the leaves with the stored one.
async fn same(store: &mut ReadConn, written: &Tile, size: u64) -> Result<(), StartError> {
    // While the tree is folded a level's last tile is still growing; it is compared when it is done.
    let done = size >> (8 * (u32::from(written.level) + 1));
    let complete = written.width() == 256;
    let last =
        written.index == done && u64::from(written.width()) == (size >> (8 * u32::from(written.level))) % FULL;
    if written.level == 0 || !(complete || last) {
        return Ok(());
    }
    let stored = tiles::read(store, u32::from(written.level), written.index).await?;
    let equal = stored.is_some_and(|tile| tile.bytes == written.bytes());
    if equal {
        Ok(())
    } else {
        Err(altered(&format!("tile {} at level {} differs", written.index, written.level)))
    }
}

/// The first entry whose leaf is another than its tile says; where all agree, tiles and entries were
/// both altered.
async fn first_difference(store: &mut ReadConn, size: u64) -> Result<StartError, StartError> {
    for index in 0..size.div_ceil(FULL) {
        let Some(tile) = tiles::read(store, 0, index).await? else { break };
        for (at, leaf) in entries::leaves(store, index * FULL, 256).await? {
            if at / FULL == index && leaf_in(&tile.bytes, at) != Some(leaf_hash(&leaf)) {
                return Ok(altered(&format!("entry {at}: its hash in the tree is not that of the entry")));
            }
        }
    }
    Ok(altered("its entries do not lead to the signed root"))
}

fn altered(text: &str) -> StartError {
    StartError::Altered(text.to_owned())
}

/// The hash of a stored leaf, as the tiles have it.
pub(super) fn leaf_in(tile: &[u8], index: u64) -> Option<Hash> {
    let (hashes, _) = tile.as_chunks::<32>();
    hashes.get(usize::try_from(index % FULL).ok()?).copied()
}
