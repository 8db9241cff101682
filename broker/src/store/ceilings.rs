//! Ceilings: how many rows a recipient has had under a clause on a day.
//!
//! The recorder takes for a whole batch at once: [`load`] reads what its keys have used,
//! [`Ceilings::take`] decides in order, [`save`] writes what changed. All three happen inside one
//! [`WriteTx`], which is the only one, so what was read is still true when it is written. [`take`]
//! is the same for one item, in one conditional statement.

use std::collections::BTreeMap;

use agreements::{AgreementId, AuthorityId, ClauseId};
use jiff::civil::Date;

use super::rows::{self, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// What a ceiling is counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CeilingKey {
    /// The agreement, whatever its version.
    pub agreement: AgreementId,
    /// The clause.
    pub clause: ClauseId,
    /// The recipient.
    pub recipient: AuthorityId,
    /// The day, in UTC.
    pub day: Date,
}

/// What the keys of a batch have used, and what the batch adds.
pub struct Ceilings {
    used: BTreeMap<CeilingKey, Used>,
}

struct Used {
    rows: u64,
    changed: bool,
}

impl Ceilings {
    /// Takes `rows` under every one of the ceilings (key, rows a day), or under none of them.
    ///
    /// # Errors
    /// The first ceiling that does not allow it, in the order given. A key that was not loaded
    /// allows nothing.
    pub fn take<'k>(&mut self, ceilings: &'k [(CeilingKey, u64)], rows: u64) -> Result<(), &'k CeilingKey> {
        for (key, limit) in ceilings {
            let used = self.used.get(key).ok_or(key)?;
            if used.rows.checked_add(rows).is_none_or(|sum| sum > *limit) {
                return Err(key);
            }
        }
        for (key, _) in ceilings {
            if let Some(used) = self.used.get_mut(key) {
                used.rows = used.rows.saturating_add(rows);
                used.changed = true;
            }
        }
        Ok(())
    }

    /// Gives back what an item took that then left the batch.
    pub fn give_back(&mut self, ceilings: &[(CeilingKey, u64)], rows: u64) {
        for (key, _) in ceilings {
            if let Some(used) = self.used.get_mut(key) {
                used.rows = used.rows.saturating_sub(rows);
            }
        }
    }
}

static SELECT: Values = Values::new(
    "SELECT ceilings.agreement, ceilings.clause, ceilings.recipient, ceilings.day, ceilings.used \
     FROM ceilings JOIN (",
    4,
    ") AS v ON ceilings.agreement = v.column1 AND ceilings.clause = v.column2 \
     AND ceilings.recipient = v.column3 AND ceilings.day = v.column4",
);

/// Reads what the keys have used.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn load(
    tx: &mut WriteTx,
    keys: impl IntoIterator<Item = CeilingKey>,
) -> Result<Ceilings, StoreError> {
    let fresh = |key| (key, Used { rows: 0, changed: false });
    let mut used: BTreeMap<CeilingKey, Used> = keys.into_iter().map(fresh).collect();
    let asked: Vec<&CeilingKey> = used.keys().collect();
    let found = SELECT.fetch(&mut tx.tx, &asked, |args, key| {
        args.shown(&key.agreement).shown(&key.clause).shown(&key.recipient).shown(&key.day);
    });
    for row in found.await? {
        let key = CeilingKey {
            agreement: row.parsed("agreement")?,
            clause: row.parsed("clause")?,
            recipient: row.parsed("recipient")?,
            day: row.date("day")?,
        };
        used.insert(key, Used { rows: row.number("used")?, changed: false });
    }
    Ok(Ceilings { used })
}

static SAVE: Values = Values::new(
    "INSERT INTO ceilings (agreement, clause, recipient, day, used)",
    5,
    "ON CONFLICT (agreement, clause, recipient, day) DO UPDATE SET used = excluded.used",
);

/// Writes what the batch took.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn save(tx: &mut WriteTx, ceilings: &Ceilings) -> Result<(), StoreError> {
    let changed: Vec<_> = ceilings.used.iter().filter(|(_, used)| used.changed).collect();
    SAVE.execute(&mut tx.tx, &changed, |args, (key, used)| {
        args.shown(&key.agreement).shown(&key.clause).shown(&key.recipient).shown(&key.day);
        args.number(used.rows);
    })
    .await?;
    Ok(())
}

/// Takes `rows` under one ceiling, if that stays within `limit` rows a day.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn take(tx: &mut WriteTx, key: &CeilingKey, rows: u64, limit: u64) -> Result<bool, StoreError> {
    if rows > limit {
        return Ok(false);
    }
    let sql = "INSERT INTO ceilings (agreement, clause, recipient, day, used) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (agreement, clause, recipient, day) DO UPDATE \
               SET used = ceilings.used + excluded.used WHERE ceilings.used + excluded.used <= $6";
    let changed = rows::execute(&mut tx.tx, sql, |args| {
        args.shown(&key.agreement).shown(&key.clause).shown(&key.recipient).shown(&key.day);
        args.number(rows).number(limit.min(i64::MAX.unsigned_abs()));
    })
    .await?;
    Ok(changed == 1)
}

/// How many rows a key has used.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn used(store: &mut impl Reads, key: &CeilingKey) -> Result<u64, StoreError> {
    let sql = "SELECT used FROM ceilings WHERE agreement = $1 AND clause = $2 AND recipient = $3 AND day = $4";
    let row = rows::optional(store.connection(), sql, |args| {
        args.shown(&key.agreement).shown(&key.clause).shown(&key.recipient).shown(&key.day);
    })
    .await?;
    row.map_or(Ok(0), |row| row.number("used"))
}
