//! Tiles and entry bundles in the layout of C2SP tlog-tiles: their paths, their bytes, and the
//! edge of the tree that says which tiles a new entry changes.
//!
//! A tile holds up to 256 hashes of one level; level 0 are the leaves, each tile of level 1 holds
//! the roots of 256 tiles of level 0, and so on. Only the last tile of a level is partial.

use std::fmt;

use crate::tree::{Frontier, Hash, HashReader, hashes};

/// Hashes in a full tile, entries in a full bundle.
pub const FULL: u64 = 256;
/// Tiles of a level cover this many bits of an index.
const BITS: u32 = 8;
/// Highest level of a tile that a path may name (C2SP tlog-tiles).
const MAX_LEVEL: u8 = 63;
/// Largest entry that a bundle can hold, in bytes.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// What is wrong with tiles or bundles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The tiles at the edge do not belong to the frontier beside which they were kept.
    #[error("tile {level}/{index} does not belong to a tree of {size} entries with this frontier")]
    Edge {
        /// Level of the tile.
        level: u8,
        /// Its position.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// An entry is longer than a bundle can say.
    #[error("an entry of {0} bytes is longer than 65535 bytes")]
    Long(usize),
    /// A bundle ends in the middle of an entry.
    #[error("the bundle ends in the middle of its entry {0}")]
    Cut(usize),
}

/// Path of a tile or of an entry bundle, relative to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TilePath {
    /// `tile/<level>/<index>[.p/<width>]`
    Hashes {
        /// Level.
        level: u8,
        /// Position at that level.
        index: u64,
        /// Hashes in it, 1 to 256.
        width: u16,
    },
    /// `tile/entries/<index>[.p/<width>]`
    Entries {
        /// Position.
        index: u64,
        /// Entries in it, 1 to 256.
        width: u16,
    },
}

impl TilePath {
    /// Reads a path; `None` unless it is written in the one canonical way.
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|w| (1..256).contains(w))?),
            None => (rest, 256),
        };
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let index = digits.parse().ok()?;
        let read = match kind {
            "entries" => Self::Entries { index, width },
            level => Self::Hashes { level: level.parse().ok().filter(|l| *l <= MAX_LEVEL)?, index, width },
        };
        (read.to_string() == path).then_some(read)
    }

    /// Whether a log of `size` entries has this very tile or bundle at its edge or before it.
    pub fn is_of(self, size: u64) -> bool {
        match self {
            Self::Hashes { level, index, width: own } => {
                let count = size.checked_shr(BITS * u32::from(level)).unwrap_or(0);
                own == width(count, index)
            }
            Self::Entries { index, width: own } => own == width(size, index),
        }
    }

    /// The paths of all tiles and bundles of a log of `size` entries, levels first.
    pub fn of_log(size: u64) -> impl Iterator<Item = Self> {
        let tiles = (0..8_u8).flat_map(move |level| {
            pieces(size.checked_shr(BITS * u32::from(level)).unwrap_or(0))
                .map(move |(index, width)| Self::Hashes { level, index, width })
        });
        tiles.chain(pieces(size).map(|(index, width)| Self::Entries { index, width }))
    }
}

/// Cuts `count` things into pieces of 256, the last of them shorter.
fn pieces(count: u64) -> impl Iterator<Item = (u64, u16)> {
    (0..count.div_ceil(FULL)).map(move |index| (index, width(count, index)))
}

/// Width of piece `index` of `count` things.
fn width(count: u64, index: u64) -> u16 {
    u16::try_from(count.saturating_sub(index.saturating_mul(FULL)).min(FULL)).unwrap_or(256)
}

/// A number in groups of three digits, all but the last marked: `x001/x234/067`.
pub(crate) fn grouped(number: u64) -> String {
    let mut text = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    text
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = match self {
            Self::Hashes { level, index, width } => {
                write!(f, "tile/{level}/{}", grouped(*index))?;
                width
            }
            Self::Entries { index, width } => {
                write!(f, "tile/entries/{}", grouped(*index))?;
                width
            }
        };
        if u64::from(*width) == FULL { Ok(()) } else { write!(f, ".p/{width}") }
    }
}

/// A tile as it is stored; a wider one replaces it until it is full.
#[derive(Clone, PartialEq, Eq)]
pub struct Tile {
    /// Level.
    pub level: u8,
    /// Position at that level.
    pub index: u64,
    hashes: Vec<Hash>,
}

impl Tile {
    /// Hashes in it, 1 to 256.
    pub fn width(&self) -> u16 {
        u16::try_from(self.hashes.len()).unwrap_or(256)
    }

    /// Its hashes.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Its bytes: the hashes one after the other.
    pub fn bytes(&self) -> Vec<u8> {
        self.hashes.concat()
    }

    /// Its path.
    pub fn path(&self) -> TilePath {
        TilePath::Hashes { level: self.level, index: self.index, width: self.width() }
    }
}

impl fmt::Debug for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tile({})", self.path())
    }
}

/// The right edge of a log: its frontier and the partial tile of each level.
///
/// Cheap to clone (16 KiB for a million entries), so that a batch is tried on a copy and swapped
/// in after its commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    frontier: Frontier,
    partial: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a log without entries.
    pub const fn new() -> Self {
        Self { frontier: Frontier::new(), partial: Vec::new() }
    }

    /// The edge of a stored log; `tiles` gives the bytes of the tile at (level, index).
    ///
    /// # Errors
    /// [`TileError::Edge`] when a tile is missing, has another width, or does not belong to the
    /// frontier.
    pub fn restore<F, B>(frontier: Frontier, tiles: F) -> Result<Self, TileError>
    where
        F: Fn(u8, u64) -> Option<B>,
        B: AsRef<[u8]>,
    {
        let size = frontier.size();
        let (mut partial, mut nodes) = (Vec::new(), frontier.nodes());
        let mut height = size;
        while height > 0 {
            partial.push(Vec::new());
            height >>= BITS;
        }
        let levels: Vec<_> = (0_u8..8).zip(partial.iter_mut()).collect();
        for (level, slot) in levels.into_iter().rev() {
            let count = size >> (BITS * u32::from(level));
            let (index, width) = (count / FULL, count % FULL);
            if width == 0 {
                continue;
            }
            let wrong = || TileError::Edge { level, index, size };
            let tile = tiles(level, index).and_then(|b| hashes(b.as_ref())).ok_or_else(wrong)?;
            let mut own = Frontier::new();
            tile.iter().for_each(|hash| own.push(*hash));
            let rest = nodes.strip_prefix(own.nodes()).filter(|_| own.size() == width);
            nodes = rest.ok_or_else(wrong)?;
            *slot = tile;
        }
        Ok(Self { frontier, partial })
    }

    /// The frontier: what the head row keeps.
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Number of entries.
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Appends leaf hashes and returns every tile that is new or wider than before.
    pub fn append(&mut self, leaves: &[Hash]) -> Vec<Tile> {
        let (mut full, mut touched) = (Vec::new(), 0);
        for leaf in leaves {
            self.frontier.push(*leaf);
            let (mut node, mut level) = (*leaf, 0_u8);
            loop {
                let at = usize::from(level);
                if self.partial.len() == at {
                    self.partial.push(Vec::new());
                }
                let Some(tile) = self.partial.get_mut(at) else { break };
                tile.push(node);
                touched = touched.max(at + 1);
                if (tile.len() as u64) < FULL {
                    break;
                }
                let hashes = std::mem::take(tile);
                node = complete(&hashes);
                let index = (self.frontier.size() >> (BITS * (u32::from(level) + 1))) - 1;
                full.push(Tile { level, index, hashes });
                level += 1;
            }
        }
        let size = self.frontier.size();
        let edge = (0_u8..).zip(&self.partial).take(touched).filter(|(_, hashes)| !hashes.is_empty());
        full.extend(edge.map(|(level, hashes)| {
            let index = size.checked_shr(BITS * (u32::from(level) + 1)).unwrap_or(0);
            Tile { level, index, hashes: hashes.clone() }
        }));
        full
    }
}

/// The root of a number of hashes that is a power of two.
pub(crate) fn complete(hashes: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    hashes.iter().for_each(|hash| frontier.push(*hash));
    frontier.root()
}

/// Reads the hashes of complete subtrees out of tiles; `tiles` gives the bytes of the tile at
/// (level, index), at its widest.
pub struct TileReader<F>(pub F);

impl<F, B> HashReader for TileReader<F>
where
    F: Fn(u8, u64) -> Option<B>,
    B: AsRef<[u8]>,
{
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let (tile, within) = (u8::try_from(level / BITS).ok()?, level % BITS);
        let first = index.checked_mul(1 << within)?;
        let bytes = (self.0)(tile, first / FULL)?;
        let (hashes, _) = bytes.as_ref().as_chunks::<32>();
        let start = usize::try_from(first % FULL).ok()?;
        hashes.get(start..start + (1 << within)).map(complete)
    }
}

/// The tiles (level, index) that an inclusion proof reads, to be fetched before it is made.
pub fn tiles_for_inclusion(index: u64, size: u64) -> Vec<(u8, u64)> {
    asked(|reader| drop(crate::tree::inclusion_proof(index, size, reader)))
}

/// The tiles (level, index) that the root of the first `size` entries is made of.
pub fn tiles_for_root(size: u64) -> Vec<(u8, u64)> {
    asked(|reader| drop(crate::tree::root(size, reader)))
}

/// The tiles (level, index) that a consistency proof reads, to be fetched before it is made.
pub fn tiles_for_consistency(old: u64, new: u64) -> Vec<(u8, u64)> {
    asked(|reader| drop(crate::tree::consistency_proof(old, new, reader)))
}

fn asked(prove: impl Fn(&dyn HashReader)) -> Vec<(u8, u64)> {
    let seen = std::cell::RefCell::new(std::collections::BTreeSet::new());
    prove(&TileReader(|level, index| {
        seen.borrow_mut().insert((level, index));
        Some([0; 32 * FULL as usize])
    }));
    seen.into_inner().into_iter().collect()
}

/// The bytes of a bundle: each entry after its length in two bytes, big-endian.
///
/// # Errors
/// [`TileError::Long`] when an entry is longer than [`MAX_ENTRY_BYTES`].
pub fn encode_bundle<B: AsRef<[u8]>>(entries: &[B]) -> Result<Vec<u8>, TileError> {
    let mut bytes = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let length = u16::try_from(entry.len()).map_err(|_| TileError::Long(entry.len()))?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle.
///
/// # Errors
/// [`TileError::Cut`] naming the entry, counted from 0, in which the bytes end.
pub fn decode_bundle(bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    Bundle::new(bytes).collect()
}

/// The entries of a bundle, one after the other; nothing follows an error.
pub struct Bundle<'a> {
    rest: &'a [u8],
    read: usize,
}

impl<'a> Bundle<'a> {
    /// Reads these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, read: 0 }
    }
}

impl<'a> Iterator for Bundle<'a> {
    type Item = Result<&'a [u8], TileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = std::mem::take(&mut self.rest);
        if bytes.is_empty() {
            return None;
        }
        let parts = bytes
            .split_first_chunk::<2>()
            .and_then(|(length, rest)| rest.split_at_checked(u16::from_be_bytes(*length).into()));
        let Some((entry, rest)) = parts else { return Some(Err(TileError::Cut(self.read))) };
        self.rest = rest;
        self.read += 1;
        Some(Ok(entry))
    }
}

#[cfg(test)]
mod tests;
