//! What is kept of a provider's log: every checkpoint that was checked, and the indexes used.

use agreements::Digest;
use sqlx::query_as;

use super::{Store, StoreError, WriteTx, counted, malformed, stored};

/// A checkpoint that was verified and linked to the ones before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCheckpoint {
    /// Entries in the log.
    pub size: u64,
    /// Root of its tree.
    pub root: Digest,
    /// The signed note.
    pub note: String,
}

fn kept(row: (i64, String, String)) -> Result<KeptCheckpoint, StoreError> {
    let (size, root, note) = row;
    Ok(KeptCheckpoint {
        size: counted("checkpoints", size)?,
        root: Digest::parse(&root).map_err(|e| malformed("checkpoints", e))?,
        note,
    })
}

impl Store {
    /// The newest checkpoint of the log that signs under `log`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_checkpoint(&self, log: &str) -> Result<Option<KeptCheckpoint>, StoreError> {
        query_as("SELECT size, root, note FROM checkpoints WHERE log = $1 ORDER BY size DESC LIMIT 1")
            .bind(log)
            .fetch_optional(&self.pool)
            .await?
            .map(kept)
            .transpose()
    }

    /// The checkpoint kept for exactly this size.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoint_at(&self, log: &str, size: u64) -> Result<Option<KeptCheckpoint>, StoreError> {
        query_as("SELECT size, root, note FROM checkpoints WHERE log = $1 AND size = $2")
            .bind(log)
            .bind(stored(size)?)
            .fetch_optional(&self.pool)
            .await?
            .map(kept)
            .transpose()
    }

    /// Whether a message with this index was already accepted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn index_used(&self, log: &str, index: u64) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = query_as("SELECT idx FROM used_indexes WHERE log = $1 AND idx = $2")
            .bind(log)
            .bind(stored(index)?)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }
}

impl WriteTx {
    /// Keeps a checkpoint.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_checkpoint(&mut self, log: &str, kept: &KeptCheckpoint) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO checkpoints (log, size, root, note) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (log, size) DO NOTHING",
        )
        .bind(log)
        .bind(stored(kept.size)?)
        .bind(kept.root.to_string())
        .bind(&kept.note)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Marks an index as used; a second use is an error of the database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_index(&mut self, log: &str, index: u64) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO used_indexes (log, idx) VALUES ($1, $2)")
            .bind(log)
            .bind(stored(index)?)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
