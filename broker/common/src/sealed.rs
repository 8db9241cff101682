//! Sealed rows: what the store holds of persons, keys and questions is sealed before it gets there.
//!
//! One AEAD a row, whose associated data is table and row, so that a row opens in its own place
//! only. Layout: version (1), year (2), series (4), then nonce, ciphertext and tag as in
//! [`crate::aead`].
//!
//! The key follows from the vault's root for table, year and *series*. A series is a random number
//! that a sealer draws when it is made, and anew after 2^31 seals of a table: so no key seals more
//! than 2^31 times, without a counter that would have to survive a crash.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::aead::{AeadKey, OVERHEAD};
use crate::clock::Clock;
use crate::derive;
use crate::rng::Rng;
use crate::vault::{Branch, Vault};

/// First byte of a sealed row: the version of the layout.
const VERSION: u8 = 1;
/// Most seals with one key (half of what NIST SP 800-38D allows with random nonces).
const MOST_SEALS: u64 = 1 << 31;
/// Most keys of other series that are kept at hand.
const MOST_OPENING_KEYS: usize = 4096;

/// How much longer a sealed row is than what it holds.
pub const ROW_OVERHEAD: usize = 1 + 2 + 4 + OVERHEAD;

/// A row that does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// It was sealed for another place, under another vault, or has been altered.
    #[error("a row of `{table}` does not open: it was not sealed for this place or has been altered")]
    Altered {
        /// The table.
        table: &'static str,
    },
    /// It is not a sealed row of a version that this program knows.
    #[error("a row of `{table}` is not a sealed row")]
    Form {
        /// The table.
        table: &'static str,
    },
}

/// Seals and opens rows. Cheap to share; one for each program.
pub struct RowSealer {
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    sealing: RwLock<HashMap<&'static str, Arc<Sealing>>>,
    opening: RwLock<HashMap<(&'static str, i16, u32), AeadKey>>,
}

/// The key under which a table is sealed at present.
struct Sealing {
    key: AeadKey,
    year: i16,
    series: u32,
    seals: AtomicU64,
}

impl RowSealer {
    /// A sealer under `vault`.
    pub fn new(vault: Arc<Vault>, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { vault, clock, rng, sealing: RwLock::default(), opening: RwLock::default() }
    }

    /// Seals `plaintext` for the row `row` of `table`. `row` is whatever names the row for good: the
    /// bytes of its primary key, and of the column when a row has several.
    pub fn seal(&self, table: &'static str, row: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let key = self.key_of(table);
        let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(ROW_OVERHEAD));
        sealed.push(VERSION);
        sealed.extend_from_slice(&key.year.to_be_bytes());
        sealed.extend_from_slice(&key.series.to_be_bytes());
        key.key.seal_onto(&mut sealed, &*self.rng, &context(table, row), plaintext);
        sealed
    }

    /// Opens the row `row` of `table`.
    ///
    /// # Errors
    /// [`SealedError`] when it was sealed for another place or a bit of it is another.
    pub fn open(
        &self,
        table: &'static str,
        row: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealedError> {
        let form = SealedError::Form { table };
        let Some((&VERSION, rest)) = sealed.split_first() else { return Err(form) };
        let Some((year, rest)) = rest.split_first_chunk() else { return Err(form) };
        let Some((series, rest)) = rest.split_first_chunk() else { return Err(form) };
        let place = (table, i16::from_be_bytes(*year), u32::from_be_bytes(*series));
        let known = self.opening.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        let key = known.clone().unwrap_or_else(|| self.derive(place));
        let opened = key.open(&context(table, row), rest).map_err(|_| SealedError::Altered { table })?;
        if known.is_none() {
            // Kept only now, so that altered rows cannot fill the memory with keys.
            let mut opening = self.opening.write().unwrap_or_else(PoisonError::into_inner);
            if opening.len() >= MOST_OPENING_KEYS {
                opening.clear();
            }
            opening.insert(place, key);
        }
        Ok(opened)
    }

    /// The key of this year and series with a seal left, counted as used.
    fn key_of(&self, table: &'static str) -> Arc<Sealing> {
        let year = self.clock.now().to_zoned(TimeZone::UTC).year();
        let usable =
            |key: &Arc<Sealing>| key.year == year && key.seals.fetch_add(1, Ordering::Relaxed) < MOST_SEALS;
        if let Some(key) = self.sealing.read().unwrap_or_else(PoisonError::into_inner).get(table)
            && usable(key)
        {
            return key.clone();
        }
        let mut sealing = self.sealing.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = sealing.get(table)
            && usable(key)
        {
            return key.clone();
        }
        let mut series = [0; 4];
        self.rng.fill(&mut series);
        let series = u32::from_be_bytes(series);
        let key = self.derive((table, year, series));
        let key = Arc::new(Sealing { key, year, series, seals: AtomicU64::new(1) });
        sealing.insert(table, key.clone());
        key
    }

    fn derive(&self, (table, year, series): (&str, i16, u32)) -> AeadKey {
        AeadKey::new(&self.vault.branch(&Branch::Columns { table, year, series }))
    }
}

fn context(table: &str, row: &[u8]) -> Vec<u8> {
    derive::frame("transire/row/1", &[table.as_bytes(), row])
}

impl fmt::Debug for RowSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowSealer")
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::clock::FixedClock;
    use crate::rng::SeededRng;
    use crate::vault::Unlock;

    fn vault(dir: &tempfile::TempDir) -> Arc<Vault> {
        let (path, rng) = (dir.path().join("key"), SeededRng::new(1));
        crate::vault::make_key_file(&path, &rng).unwrap();
        let unlock = Unlock::KeyFileInDataFolder(path);
        Arc::new(Vault::create(&dir.path().join("vault"), &unlock, &rng).unwrap())
    }

    fn sealer(vault: Arc<Vault>, seed: u64) -> (RowSealer, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::new("2026-12-31T23:00:00Z".parse::<Timestamp>().unwrap()));
        (RowSealer::new(vault, clock.clone(), Arc::new(SeededRng::new(seed))), clock)
    }

    #[test]
    fn a_row_opens_in_its_own_place_only() {
        let dir = tempfile::tempdir().unwrap();
        let (rows, _) = sealer(vault(&dir), 2);
        let sealed = rows.seal("officers", b"17", b"a name");
        assert_eq!(sealed.len(), 6 + ROW_OVERHEAD);
        assert_eq!(rows.open("officers", b"17", &sealed).unwrap().as_slice(), b"a name");
        for (table, row) in [("officers", &b"18"[..]), ("officer", b"s17"), ("sessions", b"17")] {
            assert_eq!(rows.open(table, row, &sealed).unwrap_err(), SealedError::Altered { table });
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_of_a_row_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (rows, _) = sealer(vault(&dir), 2);
        let sealed = rows.seal("officers", b"17", b"a name");
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(rows.open("officers", b"17", &bad).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(rows.open("officers", b"17", &sealed[..length]).is_err(), "{length} bytes");
        }
        assert!(rows.opening.read().unwrap().len() <= 1, "refused rows leave no key behind");
    }

    #[test]
    fn rows_of_other_years_and_other_runs_still_open() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(&dir);
        let (first, clock) = sealer(vault.clone(), 2);
        let old = first.seal("records", b"1", b"old year");
        clock.advance(jiff::SignedDuration::from_hours(2));
        let new = first.seal("records", b"2", b"new year");
        assert_ne!(old[1..3], new[1..3], "another year, another key");
        let (second, _) = sealer(vault, 3);
        let other = second.seal("records", b"3", b"other run");
        assert_ne!(old[3..7], other[3..7], "another run, another series");
        assert_eq!(second.open("records", b"1", &old).unwrap().as_slice(), b"old year");
        assert_eq!(second.open("records", b"2", &new).unwrap().as_slice(), b"new year");
        assert_eq!(first.open("records", b"3", &other).unwrap().as_slice(), b"other run");
    }

    #[test]
    fn no_key_seals_more_often_than_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let (rows, _) = sealer(vault(&dir), 2);
        let first = rows.seal("records", b"1", b"");
        rows.sealing.read().unwrap()["records"].seals.store(MOST_SEALS - 1, Ordering::Relaxed);
        let last = rows.seal("records", b"2", b"");
        let next = rows.seal("records", b"3", b"");
        assert_eq!(first[..7], last[..7]);
        assert_ne!(last[3..7], next[3..7]);
        assert!(rows.open("records", b"1", &first).is_ok() && rows.open("records", b"3", &next).is_ok());
    }

    #[test]
    fn many_threads_seal_and_open_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (rows, _) = sealer(vault(&dir), 2);
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let rows = &rows;
                scope.spawn(move || {
                    for n in 0..200_u8 {
                        let sealed = rows.seal("records", &[thread, n], &[n]);
                        assert_eq!(rows.open("records", &[thread, n], &sealed).unwrap().as_slice(), [n]);
                    }
                });
            }
        });
        assert_eq!(rows.sealing.read().unwrap()["records"].seals.load(Ordering::Relaxed), 800);
    }
}
