//! A whole log: every entry, every tile, the root, and what the entries say taken together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use agreements::{AgreementId, AuthorityId, Digest, NoteKey, RequestId};

use crate::checkpoint::Checkpoint;
use crate::event::Event;
use crate::layout::CHECKPOINT;
use crate::standing::Standing;
use crate::tile::{Edge, FULL, Tile};
use crate::tree::Hash;
use crate::verify::bundle::{self, Checked, CheckedBundle};
use crate::verify::{Fault, read_text};

/// What a good log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReport {
    /// Its checkpoint.
    pub checkpoint: Checkpoint,
    /// Disclosures on record.
    pub disclosures: u64,
    /// Refusals on record.
    pub refusals: u64,
    /// Personal parts that were there and are what their leaves commit to.
    pub personal: u64,
}

impl fmt::Display for LogReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checkpoint { origin, size, root } = &self.checkpoint;
        write!(
            f,
            "{origin}: {size} entries verified ({} disclosures, {} refusals), root {root}",
            self.disclosures, self.refusals
        )?;
        if self.personal > 0 { write!(f, ", {} personal parts", self.personal) } else { Ok(()) }
    }
}

/// Verifies the log in `dir` under the key of its authority.
///
/// Entries are checked by themselves on all processors and replayed one after the other; memory
/// does not grow with the log. `progress` is told how many entries were good so far.
///
/// # Errors
/// [`Fault`], which names the first bad entry.
pub fn verify_log(dir: &Path, key: &NoteKey, progress: &mut dyn FnMut(u64, u64)) -> Result<LogReport, Fault> {
    let note = read_text(&dir.join(CHECKPOINT))?;
    let checkpoint = Checkpoint::verify(&note, key).map_err(Fault::checkpoint)?;
    let size = checkpoint.size;
    let mut replay = Replay {
        dir,
        edge: Edge::new(),
        standing: Standing::new(),
        answered: HashMap::new(),
        report: LogReport { checkpoint, disclosures: 0, refusals: 0, personal: 0 },
    };
    let bundles = size.div_ceil(FULL);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(16);
    let mut next = 0;
    while next < bundles {
        let window = next..bundles.min(next + workers as u64 * 4);
        for checked in check_all(dir, window.clone().collect(), size, workers) {
            replay.bundle(checked)?;
        }
        next = window.end;
        progress(replay.edge.size(), size);
    }
    let root = Digest::from_bytes(replay.edge.root());
    if root != replay.report.checkpoint.root {
        return Err(Fault::Checkpoint(format!(
            "entries and tiles agree with one another and not with its root: they give {root}"
        )));
    }
    Ok(replay.report)
}

/// Checks some bundles on several threads, and returns them in order.
fn check_all(dir: &Path, bundles: Vec<u64>, size: u64, workers: usize) -> Vec<CheckedBundle> {
    let share = bundles.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {
        let check = |share: &[u64]| -> Vec<CheckedBundle> {
            share.iter().map(|index| bundle::check(dir, *index, size)).collect()
        };
        let running: Vec<_> =
            bundles.chunks(share).map(|share| (share, scope.spawn(move || check(share)))).collect();
        // A worker that died is no reason to call an entry good: its share is checked again here.
        running.into_iter().flat_map(|(share, worker)| worker.join().unwrap_or_else(|_| check(share))).collect()
    })
}

struct Replay<'a> {
    dir: &'a Path,
    edge: Edge,
    standing: Standing,
    /// Questions that were answered: recipients choose their ids, each for itself.
    answered: HashMap<(AgreementId, AuthorityId), HashSet<RequestId>>,
    report: LogReport,
}

impl Replay<'_> {
    fn bundle(&mut self, bundle: CheckedBundle) -> Result<(), Fault> {
        let first = self.edge.size();
        let hashes: Vec<Hash> = bundle.entries.iter().map(|entry| entry.hash).collect();
        for (index, entry) in (first..).zip(&bundle.entries) {
            self.entry(index, entry)?;
        }
        if let Some(fault) = bundle.fault {
            return Err(fault);
        }
        for tile in self.edge.append(&hashes) {
            // Level 0 was compared entry by entry; a partial tile is compared when it is the last.
            if tile.level > 0 && tile.path().is_of(self.report.checkpoint.size) {
                self.tile(&tile)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, index: u64, entry: &Checked) -> Result<(), Fault> {
        let bad = |what: String| Fault::entry(index, what);
        self.standing.apply(entry.leaf.at, &entry.event).map_err(|error| bad(error.to_string()))?;
        match &entry.event {
            Event::Disclosure(_) if entry.leaf.message.is_none() => {
                return Err(bad("a disclosure without the hash of its message".into()));
            }
            Event::Disclosure(disclosure) => {
                asked(entry).and_then(|()| self.answered_once(entry, disclosure.request)).map_err(bad)?;
                self.report.disclosures += 1;
            }
            Event::Refusal { .. } => {
                asked(entry).map_err(bad)?;
                self.report.refusals += 1;
            }
            Event::Repeated { first, .. } if *first >= index => {
                return Err(bad(format!("it repeats entry {first}, which does not come before it")));
            }
            Event::Started { size, .. } if *size > index => {
                return Err(bad(format!("it speaks of {size} entries before it")));
            }
            _ => {}
        }
        self.report.personal += u64::from(entry.personal);
        Ok(())
    }

    fn answered_once(&mut self, entry: &Checked, request: RequestId) -> Result<(), String> {
        let about = entry.event.about();
        let (Some(agreement), Some(recipient)) = (about.agreement, about.recipient) else { return Ok(()) };
        let answered = self.answered.entry((agreement.clone(), recipient.clone())).or_default();
        if answered.insert(request) { Ok(()) } else { Err(format!("question `{request}` was answered before")) }
    }

    fn tile(&self, tile: &Tile) -> Result<(), Fault> {
        let (name, shift) = (tile.path().to_string(), 8 * u32::from(tile.level));
        let first = (tile.index * FULL) << shift;
        let stored = bundle::read(self.dir, &name).map_err(|what| Fault::entry(first, what))?;
        let bytes = tile.bytes();
        if stored == bytes {
            return Ok(());
        }
        let same = stored.chunks(32).zip(bytes.chunks(32)).take_while(|(a, b)| a == b).count() as u64;
        let index = first + (same.min(u64::from(tile.width()) - 1) << shift);
        Err(Fault::entry(index, format!("`{name}` does not hold the hash of the entries from here on")))
    }
}

/// Whoever asked, and why, is on record with every decision.
fn asked(entry: &Checked) -> Result<(), String> {
    if entry.leaf.personal.is_some() {
        return Ok(());
    }
    Err("a decision without a personal part: nobody would have asked".to_owned())
}
