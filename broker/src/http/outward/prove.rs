//! Proofs that travel beside messages, made from hash tiles alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use agreements::Digest;
use audit::{Checkpoint, TileReader, tile, tree};
use common::problem::Problem;

use super::Outward;
use super::authenticate::failed;
use crate::store::{ReadConn, head, tiles};

/// Tiles read for a proof.
type Tiles = BTreeMap<(u32, u64), tiles::Tile>;

/// The newest checkpoint of this log, as text and read.
pub(super) async fn newest(
    store: &mut ReadConn,
    outward: &Outward,
) -> Result<(String, Option<Checkpoint>), Problem> {
    let head = head::read(store).await.map_err(failed)?;
    if head.checkpoint.is_empty() {
        return Ok((head.checkpoint, None));
    }
    match Checkpoint::verify(&head.checkpoint, &outward.log_key) {
        Ok(read) => Ok((head.checkpoint, Some(read))),
        Err(error) => {
            outward.signals.ahead(&format!("the signed state of this record does not hold: {error}"));
            Err(stopped())
        }
    }
}

/// The checkpoint that a caller holds. If this log signed it and does not extend it, the database was
/// put back or the log forked: everything stops.
pub(super) async fn held(outward: &Arc<Outward>, text: &str) -> Result<Checkpoint, Problem> {
    let bad =
        || Problem::bad_request("bad-checkpoint", "the checkpoint that you hold is not one of this record");
    let held = Checkpoint::verify(text, &outward.log_key).map_err(|_| bad())?;
    let mut store = outward.store.read().await.map_err(failed)?;
    let (_, newest) = newest(&mut store, outward).await?;
    let size = newest.map_or(0, |newest| newest.size);
    let extends = if held.size > size {
        false
    } else if held.size == 0 {
        true
    } else {
        let wanted = tile::tiles_for_root(held.size);
        let read = fetch(&mut store, wanted).await?;
        let root = tree::root(held.size, &reader(&read)).map_err(|_| stopped())?;
        Digest::from_bytes(root) == held.root
    };
    if !extends {
        outward.signals.ahead(&format!(
            "a recipient holds a signed state of {} entries that this record, of {size} entries, does not extend: \
             an older copy of the database was put back, or the record was altered",
            held.size
        ));
        return Err(stopped());
    }
    Ok(held)
}

/// The proof that the tree of `new` entries extends that of `old`.
pub(super) async fn consistency(store: &mut ReadConn, old: u64, new: u64) -> Result<Vec<Digest>, Problem> {
    if old == 0 || old >= new {
        return Ok(Vec::new());
    }
    let read = fetch(store, tile::tiles_for_consistency(old, new)).await?;
    let proof = tree::consistency_proof(old, new, &reader(&read)).map_err(|_| stopped())?;
    Ok(proof.into_iter().map(Digest::from_bytes).collect())
}

/// Proofs that entries are in the tree of `size` entries, in their order.
pub(super) async fn inclusion(
    store: &mut ReadConn,
    indices: &[u64],
    size: u64,
) -> Result<Vec<Vec<Digest>>, Problem> {
    let mut wanted: Vec<(u8, u64)> =
        indices.iter().flat_map(|index| tile::tiles_for_inclusion(*index, size)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let read = fetch(store, wanted).await?;
    let proofs = indices.iter().map(|index| {
        let proof = tree::inclusion_proof(*index, size, &reader(&read)).map_err(|_| stopped())?;
        Ok(proof.into_iter().map(Digest::from_bytes).collect())
    });
    proofs.collect()
}

async fn fetch(store: &mut ReadConn, wanted: Vec<(u8, u64)>) -> Result<Tiles, Problem> {
    let places: Vec<(u32, u64)> = wanted.into_iter().map(|(level, index)| (level.into(), index)).collect();
    tiles::read_many(store, &places).await.map_err(failed)
}

fn reader<'t>(tiles: &'t Tiles) -> TileReader<impl Fn(u8, u64) -> Option<&'t [u8]>> {
    TileReader(|level: u8, index| tiles.get(&(u32::from(level), index)).map(|tile| tile.bytes.as_slice()))
}

fn stopped() -> Problem {
    Problem::unavailable("stopped", "the exchange service has stopped; its operator has been told")
}
