//! What waits to be sealed and sent: questions and receipts.
//!
//! `waiting` (only the content) -> `sealed` (the wire form, kept in the transaction that keeps the
//! group's advanced state, so that no ratchet step is used twice) -> `sent`, or gone for a receipt.
//! A question whose epoch passed goes back to `waiting` and is sealed again, the same request.

use agreements::{AgreementId, MessageId};
use sqlx::query_as;
use zeroize::Zeroizing;

use super::{Store, StoreError, WriteTx};

/// One thing to send.
pub struct OutboxRow {
    /// `question:<request>` or `receipt:<stage>:<disclosure>`.
    pub id: String,
    /// The plaintext, padded content.
    pub payload: Zeroizing<Vec<u8>>,
}

/// A sealed message that the relay has not yet accepted.
pub struct SealedRow {
    /// As in [`OutboxRow`].
    pub id: String,
    /// What is posted.
    pub wire: Vec<u8>,
}

impl Store {
    /// What waits to be sealed for an agreement, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_waiting(&self, agreement: &AgreementId) -> Result<Vec<OutboxRow>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = query_as(
            "SELECT id, payload FROM outbox WHERE agreement = $1 AND status = 'waiting' \
             ORDER BY made_at, id LIMIT 64",
        )
        .bind(agreement.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, payload)| {
                let payload = self.unseal("outbox", &id, &payload)?;
                Ok(OutboxRow { id, payload })
            })
            .collect()
    }

    /// What is sealed and was not accepted yet, in the order of sealing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_sealed(&self, agreement: &AgreementId) -> Result<Vec<SealedRow>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = query_as(
            "SELECT id, wire FROM outbox WHERE agreement = $1 AND status = 'sealed' AND wire IS NOT NULL \
             ORDER BY made_at, id LIMIT 64",
        )
        .bind(agreement.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(id, wire)| SealedRow { id, wire }).collect())
    }

    /// How many things were not accepted yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_length(&self) -> Result<i64, StoreError> {
        let (n,): (i64,) = query_as("SELECT COUNT(*) FROM outbox WHERE status IN ('waiting', 'sealed')")
            .fetch_one(&self.pool)
            .await?;
        Ok(n)
    }
}

impl WriteTx {
    /// Puts something in the outbox; the same id again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_to_outbox(
        &mut self,
        id: &str,
        agreement: &AgreementId,
        payload: &[u8],
        at: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let sealed = self.seal("outbox", id, payload);
        sqlx::query(
            "INSERT INTO outbox (id, agreement, subject, payload, status, made_at) \
             VALUES ($1, $2, $3, $4, 'waiting', $5) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(agreement.as_str())
        .bind(id.split(':').next().unwrap_or_default())
        .bind(sealed)
        .bind(at.to_string())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Keeps the sealed form.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_seal(&mut self, id: &str, message: MessageId, wire: &[u8]) -> Result<(), StoreError> {
        sqlx::query("UPDATE outbox SET message = $1, wire = $2, status = 'sealed' WHERE id = $3")
            .bind(message.to_string())
            .bind(wire)
            .bind(id)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Notes that the relay accepted it. It is kept until it is answered, since its epoch may have
    /// passed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_sent(&mut self, id: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE outbox SET status = 'sent', wire = NULL WHERE id = $1 AND status = 'sealed'")
            .bind(id)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Its epoch passed: it is to be sealed again. Says what it was, if it is still known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_again(&mut self, message: MessageId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = query_as("SELECT id FROM outbox WHERE message = $1")
            .bind(message.to_string())
            .fetch_optional(self.connection())
            .await?;
        let Some((id,)) = row else { return Ok(None) };
        sqlx::query("UPDATE outbox SET status = 'waiting', wire = NULL, message = NULL WHERE id = $1")
            .bind(&id)
            .execute(self.connection())
            .await?;
        Ok(Some(id))
    }

    /// Forgets it: it was answered, or the relay refused it for good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_done(&mut self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM outbox WHERE id = $1").bind(id).execute(self.connection()).await?;
        Ok(())
    }

    /// Forgets receipts that were accepted before `before`: their epoch cannot be said to have
    /// passed any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_forget_receipts(&mut self, before: jiff::Timestamp) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM outbox WHERE status = 'sent' AND subject = 'receipt' AND made_at < $1")
            .bind(before.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
