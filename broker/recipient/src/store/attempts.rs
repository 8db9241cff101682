//! Wrong passwords, counted for each officer number: guessing becomes slow, and nobody is kept out
//! for longer than some minutes.
//!
//! Three are free. After the third the next attempt waits 5 seconds, and each further wrong one
//! doubles that, up to 5 minutes. A right password, or a day without a wrong one, begins anew.
//! Numbers that nobody has are counted like any other.

use agreements::OfficerNumber;
use jiff::{SignedDuration, Timestamp};
use sqlx::query_as;

use super::{Store, StoreError, WriteTx, counted, malformed, stored};

/// Wrong passwords before the first wait.
const FREE: u64 = 3;
/// The first wait.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// The longest wait.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);
/// Time after which a count is forgotten.
pub const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Wrong passwords for one number since the last right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongPasswords {
    /// How many.
    pub count: u64,
    /// When the last of them was.
    pub last_at: Timestamp,
}

impl WrongPasswords {
    /// How long the next attempt must still wait; none when it need not.
    pub fn wait(&self, now: Timestamp) -> Option<SignedDuration> {
        let beyond = self.count.checked_sub(FREE)?;
        let factor = u32::try_from(beyond).ok().and_then(|n| 1_i32.checked_shl(n)).filter(|n| *n > 0);
        let wait = factor.and_then(|n| FIRST_WAIT.checked_mul(n)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        // A clock that was put back makes no wait longer.
        let passed = now.duration_since(self.last_at).max(SignedDuration::ZERO);
        (passed < wait).then(|| wait - passed)
    }
}

fn wrong(row: (i64, String)) -> Result<WrongPasswords, StoreError> {
    let (count, last_at) = row;
    Ok(WrongPasswords {
        count: counted("wrong_passwords", count)?,
        last_at: last_at.parse().map_err(|e| malformed("wrong_passwords", e))?,
    })
}

const READ: &str = "SELECT count, last_at FROM wrong_passwords WHERE officer = $1";

impl Store {
    /// The count of an officer number, if there is one that is not forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wrong_passwords(
        &self,
        officer: &OfficerNumber,
        now: Timestamp,
    ) -> Result<Option<WrongPasswords>, StoreError> {
        let row = query_as(READ).bind(officer.as_str()).fetch_optional(&self.pool).await?;
        let found = row.map(wrong).transpose()?;
        Ok(found.filter(|found| now.duration_since(found.last_at) < FORGOTTEN_AFTER))
    }
}

impl WriteTx {
    /// Counts a wrong password, and gives the new count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wrong_password(&mut self, officer: &OfficerNumber, now: Timestamp) -> Result<u64, StoreError> {
        let row = query_as(READ).bind(officer.as_str()).fetch_optional(self.connection()).await?;
        let found: Option<WrongPasswords> = row.map(wrong).transpose()?;
        let found = found.filter(|found| now.duration_since(found.last_at) < FORGOTTEN_AFTER);
        let count = found.map_or(0, |found| found.count).saturating_add(1);
        sqlx::query(
            "INSERT INTO wrong_passwords (officer, count, last_at) VALUES ($1, $2, $3) \
             ON CONFLICT (officer) DO UPDATE SET count = excluded.count, last_at = excluded.last_at",
        )
        .bind(officer.as_str())
        .bind(stored(count)?)
        .bind(now.to_string())
        .execute(self.connection())
        .await?;
        Ok(count)
    }

    /// Forgets the count of an officer number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn right_password(&mut self, officer: &OfficerNumber) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM wrong_passwords WHERE officer = $1")
            .bind(officer.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Forgets every count whose last wrong password was before that time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_wrong_passwords(&mut self, before: Timestamp) -> Result<(), StoreError> {
        let rows: Vec<(String, String)> =
            query_as("SELECT officer, last_at FROM wrong_passwords").fetch_all(self.connection()).await?;
        for (officer, last_at) in rows {
            if last_at.parse::<Timestamp>().is_ok_and(|last_at| last_at >= before) {
                continue;
            }
            sqlx::query("DELETE FROM wrong_passwords WHERE officer = $1")
                .bind(officer)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_wrong_password_and_ends_at_five_minutes() {
        let now: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let wait = |count| WrongPasswords { count, last_at: now }.wait(now).map_or(0, |wait| wait.as_secs());
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 8, 9, 10, 40, u64::MAX].map(wait),
            [0, 0, 0, 5, 10, 20, 160, 300, 300, 300, 300]
        );
        let third = WrongPasswords { count: 3, last_at: now };
        assert_eq!(third.wait(now + SignedDuration::from_secs(5)), None);
        assert_eq!(third.wait(now - SignedDuration::from_hours(2)), Some(FIRST_WAIT));
    }
}
