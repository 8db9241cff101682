//! Temporary.
pub(super) fn declarations(_count: usize, _seed: u64) -> impl Iterator<Item = String> {
    std::iter::empty()
}
