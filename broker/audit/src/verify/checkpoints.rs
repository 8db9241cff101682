//! Two checkpoints: that the newer log is the older one and more, and not another.

use std::fmt;
use std::path::Path;

use agreements::{Digest, NoteKey};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::tile::{TilePath, TileReader};
use crate::tree::{Hash, consistency_proof, verify_consistency};
use crate::verify::Fault;

/// What links two checkpoints of different sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Consistency proof of RFC 6962.
    pub consistency: Vec<Digest>,
}

/// Two checkpoints of one and the same log, the smaller first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The older.
    pub old: Checkpoint,
    /// The newer.
    pub new: Checkpoint,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { old, new } = self;
        if old.size == new.size {
            write!(f, "{}: both checkpoints are of the same {} entries", new.origin, new.size)
        } else {
            write!(f, "{}: the log of {} entries extends the log of {}", new.origin, new.size, old.size)
        }
    }
}

/// Compares two signed checkpoints of the log with `key`.
///
/// # Errors
/// [`Fault::Checkpoint`] when one is bad or they are of different histories, [`Fault::Missing`]
/// when their sizes differ and no evidence is given.
pub fn compare(a: &str, b: &str, key: &NoteKey, evidence: Option<&Evidence>) -> Result<Compared, Fault> {
    let Compared { old, new } = sorted(a, b, key)?;
    if old.size == new.size {
        return if old == new { Ok(Compared { old, new }) } else { Err(forked(&old, &new)) };
    }
    // The empty log is part of every log.
    let none = Evidence { consistency: Vec::new() };
    let evidence = evidence.or((old.size == 0).then_some(&none)).ok_or(Fault::Missing(
        "the checkpoints are of different sizes: give the log (--dir) or a consistency proof (--proof)",
    ))?;
    let proof: Vec<Hash> = evidence.consistency.iter().map(|hash| *hash.as_bytes()).collect();
    verify_consistency(old.size, old.root.as_bytes(), new.size, new.root.as_bytes(), &proof)
        .map_err(|_| forked(&old, &new))?;
    Ok(Compared { old, new })
}

/// Makes the evidence for two checkpoints out of the tiles of a log folder.
///
/// # Errors
/// [`Fault`] when a checkpoint is bad or a tile is missing.
pub fn evidence_from(dir: &Path, a: &str, b: &str, key: &NoteKey) -> Result<Evidence, Fault> {
    let Compared { old, new } = sorted(a, b, key)?;
    let tiles = |level: u8, index: u64| -> Option<Vec<u8>> {
        // The folder may hold a log that has grown since: any width at or above the one needed.
        let full = dir.join(TilePath::Hashes { level, index, width: 256 }.to_string());
        std::fs::read(&full).ok().or_else(|| {
            (1..256).rev().find_map(|width| {
                std::fs::read(dir.join(TilePath::Hashes { level, index, width }.to_string())).ok()
            })
        })
    };
    let proof = consistency_proof(old.size, new.size, &TileReader(tiles))
        .map_err(|error| Fault::Use { path: dir.to_owned(), why: error.to_string() })?;
    Ok(Evidence { consistency: proof.into_iter().map(Digest::from_bytes).collect() })
}

fn sorted(a: &str, b: &str, key: &NoteKey) -> Result<Compared, Fault> {
    let (a, b) = (
        Checkpoint::verify(a, key).map_err(Fault::checkpoint)?,
        Checkpoint::verify(b, key).map_err(Fault::checkpoint)?,
    );
    Ok(if a.size <= b.size { Compared { old: a, new: b } } else { Compared { old: b, new: a } })
}

fn forked(old: &Checkpoint, new: &Checkpoint) -> Fault {
    Fault::Checkpoint(format!(
        "the signed state of {} entries is not part of the signed state of {}: this log was forked or rewritten",
        old.size, new.size
    ))
}
