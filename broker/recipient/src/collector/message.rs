//! Sealed messages: proved, opened, compared, and only then written, all in one transaction.

use agreements::RequestId;
use agreements::statements::ReceiptStage;
use audit::event::Event;
use exchange::content::decode;
use exchange::wire::InboxMessage;
use exchange::{Envelope, FromBroker, HandshakeError};

use super::reader::{ReadError, Reader};
use super::receipts::{self, Received};
use crate::answer::{KeptAnswer, ObjectNote};
use crate::evidence;
use crate::proof::{self, Expected, KeptQuestion, ProofFailure, Recorded};
use crate::store::WriteTx;
use crate::store::logs::KeptCheckpoint;
use crate::store::objects::{ObjectRow, Stage};
use crate::store::own_log::Act;
use crate::store::requests::{AnswerRow, RequestRow, RequestStatus};

/// A message that proved right in every part.
struct Proved {
    recorded: Recorded,
    envelope: Envelope,
    /// What is kept here of the request that it answers.
    request: Option<RequestRow>,
    /// The proof, as a file that `transire-verify` reads.
    evidence: Vec<u8>,
    checkpoint: KeptCheckpoint,
}

impl Reader {
    /// One sealed message.
    pub(super) async fn sealed(
        &mut self,
        message: &InboxMessage,
        checkpoint: Option<&KeptCheckpoint>,
    ) -> Result<(), ReadError> {
        let position = message.position;
        let recorded = self.on_record(message, checkpoint).await?;
        let Some(mls) = &mut self.mls else { return self.skip(message, recorded.index).await };
        let missing = ProofFailure::Missing { position, missing: "a signed state of the record" };
        let checkpoint = checkpoint.ok_or(missing)?;
        let received = mls.open(&message.bytes.0).map_err(|source| ReadError::Open { position, source })?;
        let envelope: Envelope =
            decode(&received.plaintext).map_err(|source| ReadError::Content { position, source })?;
        let digest = mls.epoch()?.agreement;
        let state = mls.dump().map_err(HandshakeError::from)?;

        let document = self.trust.at_digest(&self.row.agreement, digest);
        let document = document.ok_or(HandshakeError::UnknownAgreement(digest))?;
        let store = &self.shared.home.store;
        let log = self.signed.log_key.name().to_owned();
        let named = proof::named_state(position, &recorded, &envelope.previous, &self.signed.log_key)?;
        let kept = store.checkpoint_at(&log, named.size()).await?;
        let older = named.tie(kept.as_ref(), &recorded, message, checkpoint)?;
        let expected = Expected {
            authority: self.shared.home.authority(),
            agreement: &self.row.agreement,
            digest,
            document: &document.agreement,
            sequence: self.row.sequence,
        };
        let opening = proof::opened(&recorded, &envelope, &expected)?;
        let asked = proof::request_of(&envelope.body);
        let request = match asked {
            Some(request) => store.request(request).await?,
            None => None,
        };
        let question: Option<KeptQuestion> = match &request {
            Some(row) if row.status != RequestStatus::Deleted => store.question(row.request).await?,
            _ => None,
        };
        // With other endpoints in the group, their answers pass here too; with none, an answer to
        // nothing that was asked is a reason for alarm.
        let for_another = asked.is_some() && question.is_none() && self.row.members > 1;
        if !for_another {
            proof::agrees(
                &recorded,
                envelope.sequence,
                &opening.values,
                &envelope.body,
                question.as_ref(),
                &expected,
            )?;
        }
        let evidence = evidence::file(&recorded, message, &opening, checkpoint, &self.signed.log_key)
            .map_err(|e| ReadError::Other(e.to_string()))?;

        let mut row = self.row.clone();
        row.position = position;
        row.sequence = Some(envelope.sequence);
        let proved = Proved { recorded, envelope, request, evidence, checkpoint: checkpoint.clone() };
        let object = self.object_for(&proved, &opening.values).await?;
        let mut tx = self.shared.home.store.write().await?;
        tx.put_group(&mut row, Some(&state)).await?;
        tx.use_index(&log, proved.recorded.index).await?;
        if let Some(older) = &older {
            tx.put_checkpoint(&log, older).await?;
        }
        if for_another {
            self.note(&mut tx, asked, "an answer to another endpoint passed and was not kept").await?;
        } else {
            self.keep(&mut tx, proved, object).await?;
        }
        tx.commit().await?;
        self.row = row;
        self.shared.objects.notify_one();
        Ok(())
    }

    /// The object whose key came.
    async fn object_for(
        &self,
        proved: &Proved,
        event: &Event,
    ) -> Result<Option<ObjectRow<ObjectNote>>, ReadError> {
        let FromBroker::Key { disclosure, object, key } = &proved.envelope.body else { return Ok(None) };
        let index = proved.recorded.index;
        let differs = |what| ReadError::from(ProofFailure::Differs { index, what });
        let row: Option<ObjectRow<ObjectNote>> = self.shared.home.store.object(*object).await?;
        let Some(row) = row else {
            return if self.row.members > 1 {
                Ok(None)
            } else {
                Err(differs("the object, which is not known here"))
            };
        };
        let descriptor = &row.description.descriptor;
        if descriptor.header.disclosure != *disclosure {
            return Err(differs("the disclosure of the object"));
        }
        if key.commitment(*object) != descriptor.key_commitment {
            return Err(differs("the key of the object"));
        }
        if row.stage == Stage::Announced {
            return Err(differs("the receipt, which was not given yet"));
        }
        let receipt = match event {
            Event::KeyDelivered { receipt, .. } => receipt,
            _ => return Err(differs("the kind of message")),
        };
        if !receipts::is_own(&self.shared.home, receipt, *object) {
            return Err(differs("the receipt, which is not this endpoint's"));
        }
        Ok(Some(row))
    }

    async fn note(&self, tx: &mut WriteTx, request: Option<RequestId>, detail: &str) -> Result<(), ReadError> {
        Ok(tx.log(self.shared.home.clock.now(), None, Act::Received, request, detail).await?)
    }

    /// Writes what a proved message says.
    async fn keep(
        &self,
        tx: &mut WriteTx,
        proved: Proved,
        object: Option<ObjectRow<ObjectNote>>,
    ) -> Result<(), ReadError> {
        let index = proved.recorded.index;
        match &proved.envelope.body {
            FromBroker::Key { object: id, key, .. } => {
                let Some(row) = object else { return Ok(()) };
                if row.stage == Stage::Held {
                    tx.put_object_key(*id, key.as_bytes()).await?;
                    tx.move_object(*id, Stage::Held, Stage::Keyed, None).await?;
                }
                self.note(tx, Some(row.request), &format!("the key of its object, line {index}")).await
            }
            FromBroker::Repeated { request, first } => {
                let Some(row) = &proved.request else { return Ok(()) };
                let detail = format!("it was answered before, in line {first}");
                if !row.status.is_final() && row.status != RequestStatus::Coming {
                    let kept = KeptAnswer::Problem {
                        status: 409,
                        code: "repeated".to_owned(),
                        detail: detail.clone(),
                    };
                    self.answer(tx, row, kept, &proved).await?;
                }
                self.note(tx, Some(*request), &detail).await
            }
            FromBroker::Problem { .. } | FromBroker::Refusal { .. } | FromBroker::Answer { .. } => {
                self.keep_answer(tx, proved).await
            }
        }
    }

    async fn keep_answer(&self, tx: &mut WriteTx, proved: Proved) -> Result<(), ReadError> {
        let index = proved.recorded.index;
        let body = proved.envelope.body.clone();
        let (Some(row), Some(kept)) = (&proved.request, KeptAnswer::of(body)) else {
            return self.note(tx, None, &format!("a message that answers no request, line {index}")).await;
        };
        if row.status != RequestStatus::Waiting {
            // A late problem (of a receipt, say) changes nothing; data a second time is never right.
            if kept.manifest().is_some() {
                return Err(
                    ProofFailure::Differs { index, what: "the request, which was answered before" }.into()
                );
            }
            return self.note(tx, Some(row.request), &format!("a second message, line {index}")).await;
        }
        self.answer(tx, row, kept, &proved).await
    }

    async fn answer(
        &self,
        tx: &mut WriteTx,
        row: &RequestRow,
        kept: KeptAnswer,
        proved: &Proved,
    ) -> Result<(), ReadError> {
        let home = &self.shared.home;
        let (index, now) = (proved.recorded.index, home.clock.now());
        let (status, what) = match &kept {
            KeptAnswer::Inline { manifest, .. } => {
                let received = Received {
                    manifest,
                    index,
                    object: None,
                    received: proved.recorded.message,
                    checkpoint: &proved.checkpoint.note,
                };
                receipts::queue(home, tx, ReceiptStage::Opened, &row.agreement, &received)
                    .await
                    .map_err(|e| ReadError::Other(e.to_string()))?;
                (RequestStatus::Answered, "records")
            }
            KeptAnswer::Object { manifest, descriptor } => {
                let note = ObjectNote {
                    manifest: manifest.clone(),
                    descriptor: descriptor.clone(),
                    index,
                    message: proved.recorded.message,
                };
                let object = descriptor.header.object;
                tx.add_object(object, row.request, &row.agreement, &note, manifest.delete_by).await?;
                (RequestStatus::Coming, "the announcement of an object")
            }
            KeptAnswer::Refusal { .. } => (RequestStatus::Refused, "a refusal"),
            KeptAnswer::Problem { .. } => (RequestStatus::Problem, "a problem"),
        };
        let manifest = kept.manifest();
        let delete_by = manifest.map_or(row.delete_by, |manifest| manifest.delete_by);
        let disclosure = manifest.map(|manifest| manifest.disclosure);
        let answer = AnswerRow { index: Some(index), disclosure, content: kept, received_at: now.to_string() };
        tx.add_answer(row.request, &answer, Some(&proved.evidence), delete_by).await?;
        tx.set_request(row.request, status, Some(delete_by)).await?;
        tx.outbox_done(&format!("question:{}", row.request)).await?;
        self.note(tx, Some(row.request), &format!("{what}, line {index}, proved")).await
    }
}
