//! The Merkle tree of RFC 6962: hashes, the frontier that grows it, and both kinds of proof.
//!
//! A tree is never held in memory. Growing it needs the [`Frontier`] only; proving needs the
//! hashes of complete subtrees, which a [`HashReader`] finds in tiles; verifying needs nothing.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A node of the tree.
pub type Hash = [u8; 32];

/// Why a proof cannot be made or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index lies outside the tree, or the older tree is the larger one.
    #[error("`{asked}` does not lie within a tree of {size} entries")]
    Range {
        /// Index, or size of the older tree.
        asked: u64,
        /// Size of the tree.
        size: u64,
    },
    /// A node that the proof needs is not stored.
    #[error("the hash at level {level}, index {index} is not stored")]
    Missing {
        /// Height above the leaves.
        level: u32,
        /// Position at that height.
        index: u64,
    },
    /// The proof has too few or too many hashes for these sizes.
    #[error("the proof has the wrong length")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// The hash of an entry.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without entries.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The complete subtrees at the right edge of a tree, largest first: all that appending needs.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree without entries.
    pub const fn new() -> Self {
        Self { size: 0, nodes: Vec::new() }
    }

    /// A frontier from its parts.
    ///
    /// Returns `None` unless there is one node for each bit that is set in `size`.
    pub fn from_parts(size: u64, nodes: Vec<Hash>) -> Option<Self> {
        (u32::try_from(nodes.len()) == Ok(size.count_ones())).then_some(Self { size, nodes })
    }

    /// Number of entries.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its complete subtrees, largest first.
    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    /// Appends the hash of a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.nodes.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return empty_root() };
        nodes.fold(*last, |right, left| node_hash(left, &right))
    }

    /// Eight bytes of size, big-endian, and the nodes, largest first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.nodes.iter().flatten());
        bytes
    }

    /// Reads [`Self::to_bytes`]; `None` when the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, rest) = bytes.split_first_chunk::<8>()?;
        Self::from_parts(u64::from_be_bytes(*size), hashes(rest)?)
    }
}

impl fmt::Debug for Frontier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frontier({}, {})", self.size, hex::encode(self.root()))
    }
}

/// Cuts bytes into hashes; `None` when something is left over.
pub(crate) fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (whole, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| whole.to_vec())
}

/// Where the hashes of complete subtrees are found.
pub trait HashReader {
    /// The root of the complete subtree over entries `index << level` to `(index + 1) << level`;
    /// `None` when it is not stored.
    fn node(&self, level: u32, index: u64) -> Option<Hash>;
}

/// The root of the tree over the first `size` entries.
///
/// # Errors
/// [`ProofError::Missing`] when a hash is not stored.
pub fn root(size: u64, reader: &dyn HashReader) -> Result<Hash, ProofError> {
    if size == 0 { Ok(empty_root()) } else { range_root(0, size, reader) }
}

/// Proof that the tree of `size` entries holds the entry at `index` (RFC 6962 section 2.1.1).
///
/// # Errors
/// [`ProofError::Range`] when there is no such entry, [`ProofError::Missing`].
pub fn inclusion_proof(index: u64, size: u64, reader: &dyn HashReader) -> Result<Vec<Hash>, ProofError> {
    if index >= size {
        return Err(ProofError::Range { asked: index, size });
    }
    let (mut start, mut end, mut proof) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range_root(middle, end, reader)?);
            end = middle;
        } else {
            proof.push(range_root(start, middle, reader)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proof that the tree of `new` entries extends the tree of `old` entries (RFC 6962 section 2.1.2).
///
/// # Errors
/// [`ProofError::Range`] when `old` is larger than `new`, [`ProofError::Missing`].
pub fn consistency_proof(old: u64, new: u64, reader: &dyn HashReader) -> Result<Vec<Hash>, ProofError> {
    if old > new {
        return Err(ProofError::Range { asked: old, size: new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let (mut start, mut end, mut proof) = (0, new, Vec::new());
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range_root(middle, end, reader)?);
            end = middle;
        } else {
            proof.push(range_root(start, middle, reader)?);
            start = middle;
        }
    }
    // The older root itself is known to the verifier when it is this very subtree.
    if start != 0 {
        proof.push(range_root(start, end, reader)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that a tree of `size` entries with `root` holds `leaf` at `index`.
///
/// # Errors
/// [`ProofError`] when it does not follow from `proof`.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range { asked: index, size });
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree of `new` entries extends the tree of `old` entries.
///
/// # Errors
/// [`ProofError`] when it does not follow from `proof`.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Range { asked: old, size: new });
    }
    if old == 0 {
        return match (proof.is_empty(), *old_root == empty_root()) {
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::Root),
            // Of the newer tree nothing is claimed, but that an empty one is the empty one.
            (true, true) if new == 0 && new_root != old_root => Err(ProofError::Root),
            (true, true) => Ok(()),
        };
    }
    verify_subtree(0..old, old_root, new, new_root, proof)
}

/// Checks that the subtree over `range` with root `subtree` holds `leaf` at `index` of the tree.
///
/// # Errors
/// [`ProofError`] when the range is not one of a subtree, or it does not follow from `proof`.
pub fn verify_subtree_inclusion(
    index: u64,
    range: std::ops::Range<u64>,
    leaf: &Hash,
    proof: &[Hash],
    subtree: &Hash,
) -> Result<(), ProofError> {
    let outside = ProofError::Range { asked: index, size: range.end };
    if !is_subtree(&range) || !range.contains(&index) {
        return Err(outside);
    }
    verify_inclusion(index - range.start, range.end - range.start, leaf, proof, subtree)
}

/// Whether a range starts at a multiple of the power of two at or above its length.
fn is_subtree(range: &std::ops::Range<u64>) -> bool {
    let width = range.end.checked_sub(range.start).filter(|length| *length > 0);
    let width = width.and_then(u64::checked_next_power_of_two);
    width.is_some_and(|width| range.start.is_multiple_of(width)) || (range.start == 0 && range.end > 0)
}

/// Checks that the tree of `size` entries holds, over `range`, the subtree with root `subtree`
/// (draft-davidben-tls-merkle-tree-certs section 4.4.3). From 0 it is a consistency proof.
///
/// # Errors
/// [`ProofError`] when the range is not one of a subtree, or it does not follow from `proof`.
pub fn verify_subtree(
    range: std::ops::Range<u64>,
    subtree: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    let (start, end) = (range.start, range.end);
    if !is_subtree(&range) || end > size {
        return Err(ProofError::Range { asked: end, size });
    }
    let (mut first, mut last, mut edge) = (start, end - 1, size - 1);
    while first != last && (last == edge || last & 1 == 1) {
        first >>= 1;
        last >>= 1;
        edge >>= 1;
    }
    let mut rest = proof;
    let mut old = *subtree;
    if first != last {
        let (seed, after) = proof.split_first().ok_or(ProofError::Length)?;
        (old, rest) = (*seed, after);
    }
    let mut new = old;
    for hash in rest {
        if edge == 0 {
            return Err(ProofError::Length);
        }
        if last & 1 == 1 || last == edge {
            if first < last {
                old = node_hash(hash, &old);
            }
            new = node_hash(hash, &new);
            while last & 1 == 0 && last != 0 {
                first >>= 1;
                last >>= 1;
                edge >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        first >>= 1;
        last >>= 1;
        edge >>= 1;
    }
    if edge != 0 {
        return Err(ProofError::Length);
    }
    if old == *subtree && new == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// The largest power of two below `count`, which is at least 2.
const fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root over a range that RFC 6962 would cut out of a tree: it starts at a multiple of the
/// power of two at or above its length.
fn range_root(start: u64, end: u64, reader: &dyn HashReader) -> Result<Hash, ProofError> {
    let (mut start, mut parts) = (start, Vec::new());
    while start < end {
        let level = (end - start).ilog2();
        let index = start >> level;
        parts.push(reader.node(level, index).ok_or(ProofError::Missing { level, index })?);
        start += 1 << level;
    }
    let frontier = Frontier { size: 0, nodes: parts };
    Ok(frontier.root())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Leaves(Vec<Hash>);

    impl HashReader for Leaves {
        fn node(&self, level: u32, index: u64) -> Option<Hash> {
            let width = 1_usize << level;
            let start = usize::try_from(index).ok()? * width;
            let mut frontier = Frontier::new();
            self.0.get(start..start + width)?.iter().for_each(|leaf| frontier.push(*leaf));
            Some(frontier.root())
        }
    }

    fn leaves(count: usize) -> Leaves {
        Leaves((0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect())
    }

    fn root_of(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            many => {
                let (left, right) = many.split_at(split(many.len() as u64) as usize);
                node_hash(&root_of(left), &root_of(right))
            }
        }
    }

    #[test]
    fn the_frontier_gives_the_root_that_rfc_6962_defines() {
        let all = leaves(300);
        let mut frontier = Frontier::new();
        for size in 0..=300 {
            assert_eq!(frontier.root(), root_of(&all.0[..size]));
            assert_eq!(root(size as u64, &all).unwrap(), frontier.root());
            assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).unwrap(), frontier);
            if size < 300 {
                frontier.push(all.0[size]);
            }
        }
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_and_holds_for_nothing_else() {
        let all = leaves(40);
        let roots: Vec<Hash> = (0..=40).map(|size| root_of(&all.0[..size])).collect();
        for size in 0..=40_u64 {
            let root = &roots[size as usize];
            for index in 0..size {
                let proof = inclusion_proof(index, size, &all).unwrap();
                for claimed in 0..size + 2 {
                    let held = verify_inclusion(claimed, size, &all.0[index as usize], &proof, root).is_ok();
                    assert_eq!(held, claimed == index);
                }
            }
            for old in 0..=size {
                let proof = consistency_proof(old, size, &all).unwrap();
                for claimed in 0..=40_u64 {
                    let held =
                        verify_consistency(claimed, &roots[claimed as usize], size, root, &proof).is_ok();
                    assert!(
                        held == (claimed == old) || (proof.is_empty() && (claimed == 0 || claimed == size))
                    );
                }
            }
            assert_eq!(inclusion_proof(size, size, &all).unwrap_err(), ProofError::Range { asked: size, size });
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_verifier_fail_to_answer(
            a in any::<u64>(), b in any::<u64>(), c in any::<u64>(),
            hash in any::<[u8; 32]>(), proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
        ) {
            let _ = verify_inclusion(a, b, &hash, &proof, &hash);
            let _ = verify_consistency(a, &hash, b, &hash, &proof);
            let _ = verify_subtree(a..b, &hash, c, &hash, &proof);
        }

        #[test]
        fn no_bytes_make_the_frontier_reader_fail_to_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frontier::from_bytes(&bytes);
        }
    }
}
