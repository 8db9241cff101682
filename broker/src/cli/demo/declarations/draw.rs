//! Draws that follow from a seed: the same declarations on every machine and in every run.

/// A sequence of draws (SplitMix64). Fit for examples and for nothing that must not be foretold.
pub(super) struct Draw(u64);

impl Draw {
    /// The sequence of one thing, `index`, of one `kind`, under `seed`; it does not depend on how many
    /// things were made before.
    pub(super) fn of(seed: u64, kind: u64, index: u64) -> Self {
        let mut draw = Self(seed ^ kind.rotate_left(32));
        let start = draw.next() ^ index.wrapping_mul(0xd134_2543_de82_ef95);
        Self(start)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The slight preference for small numbers does not matter here.
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// A number from `low` to `high`, both possible.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Yes in `percent` of a hundred draws.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub(super) fn one<T: Copy + Default>(&mut self, of: &[T]) -> T {
        let at = self.below(of.len() as u64);
        of.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or_default()
    }

    /// `count` decimal digits, the first of them not 0.
    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|at| char::from(b'0' + self.between(u64::from(at == 0), 9) as u8)).collect()
    }

    /// `count` capital letters.
    pub(super) fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'A' + self.below(26) as u8)).collect()
    }
}
