//! Sending: questions and receipts are sealed, the advanced state of the group is committed with
//! them, and only then does anything leave. So no ratchet step is ever used for two messages.

use agreements::{MessageId, RequestId};
use exchange::{HandshakeError, Kind};

use super::reader::{ReadError, Reader};
use crate::answer::KeptAnswer;
use crate::outward::OutwardError;
use crate::store::requests::{AnswerRow, RequestStatus};

impl Reader {
    /// Seals what waits and posts what is sealed. What the provider cannot take now stays.
    pub(super) async fn send(&mut self) -> Result<(), ReadError> {
        self.seal_what_waits().await?;
        let shared = std::sync::Arc::clone(&self.shared);
        let sealed = shared.home.store.outbox_sealed(&self.row.agreement).await?;
        if sealed.is_empty() {
            return Ok(());
        }
        let checkpoint = shared.checkpoint(self.signed.log_key.name()).await?;
        for row in sealed {
            match shared.outward.post(self.row.group, row.wire, &checkpoint).await {
                Ok(_) => {
                    let mut tx = shared.home.store.write().await?;
                    tx.outbox_sent(&row.id).await?;
                    tx.commit().await?;
                    shared.did_something();
                }
                Err(error) if error.is_passing() => {
                    tracing::debug!(id = %row.id, %error, "not taken yet");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    return Ok(());
                }
                Err(error) => self.refused(&row.id, &error).await?,
            }
        }
        Ok(())
    }

    async fn seal_what_waits(&mut self) -> Result<(), ReadError> {
        let Some(mls) = &mut self.mls else { return Ok(()) };
        let home = &self.shared.home;
        let waiting = home.store.outbox_waiting(&self.row.agreement).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let mut sealed = Vec::with_capacity(waiting.len());
        for row in &waiting {
            let kind = if row.id.starts_with("question:") { Kind::Question } else { Kind::Receipt };
            let id = MessageId::from_bytes(home.rng.id());
            sealed.push((&row.id, id, mls.seal(kind, id, &row.payload)?));
        }
        let state = mls.dump().map_err(HandshakeError::from)?;
        let mut group = self.row.clone();
        let mut tx = home.store.write().await?;
        tx.put_group(&mut group, Some(&state)).await?;
        for (row, id, wire) in &sealed {
            tx.outbox_seal(row, *id, wire).await?;
        }
        tx.commit().await?;
        self.row = group;
        Ok(())
    }

    /// The provider's outward routes refused the call for good: the officer reads why.
    async fn refused(&self, id: &str, error: &OutwardError) -> Result<(), ReadError> {
        tracing::warn!(%id, %error, "a message was refused");
        let home = &self.shared.home;
        let request = id.strip_prefix("question:").and_then(|text| RequestId::parse(text).ok());
        let row = match request {
            Some(request) => home.store.request(request).await?,
            None => None,
        };
        let mut tx = home.store.write().await?;
        tx.outbox_done(id).await?;
        if let Some(row) = row.filter(|row| row.status == RequestStatus::Waiting) {
            let status = match error {
                OutwardError::Refused { status, .. } => status.as_u16(),
                _ => 502,
            };
            let content =
                KeptAnswer::Problem { status, code: "not-taken".to_owned(), detail: error.to_string() };
            let received_at = home.clock.now().to_string();
            let answer = AnswerRow { index: None, disclosure: None, content, received_at };
            tx.add_answer(row.request, &answer, None, row.delete_by).await?;
            tx.set_request(row.request, RequestStatus::Problem, None).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
