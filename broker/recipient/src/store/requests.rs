//! Questions of own officers and what came back.

use agreements::{AgreementId, DisclosureId, OfficerNumber, RequestId};
use jiff::civil::Date;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::query_as;

use super::{Store, StoreError, WriteTx, counted, from_json, malformed, stored, to_json};

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestStatus {
    /// Asked; nothing came back yet.
    Waiting,
    /// The answer's object is announced and on its way.
    Coming,
    /// Data is here, proved and opened.
    Answered,
    /// Refused.
    Refused,
    /// It could not be processed.
    Problem,
    /// What came back did not prove right.
    Alarm,
    /// It was answered, and the data reached its date.
    Deleted,
}

impl RequestStatus {
    /// The word in the store and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Coming => "coming",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Problem => "problem",
            Self::Alarm => "alarm",
            Self::Deleted => "deleted",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "waiting" => Ok(Self::Waiting),
            "coming" => Ok(Self::Coming),
            "answered" => Ok(Self::Answered),
            "refused" => Ok(Self::Refused),
            "problem" => Ok(Self::Problem),
            "alarm" => Ok(Self::Alarm),
            "deleted" => Ok(Self::Deleted),
            _ => Err(malformed("requests", "unknown status")),
        }
    }

    /// Whether nothing more is to come.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Coming)
    }
}

/// A request without what is personal in it.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRow {
    /// The request.
    pub request: RequestId,
    /// Under which agreement.
    pub agreement: AgreementId,
    /// Who asked.
    pub officer: OfficerNumber,
    /// How it stands.
    pub status: RequestStatus,
    /// When it was asked.
    pub asked_at: String,
    /// When question and answer are deleted.
    pub delete_by: Date,
}

/// An answer as it is kept; `A` is the content, which is sealed.
pub struct AnswerRow<A> {
    /// Index of its entry in the provider's log; none when the relay itself refused the call.
    pub index: Option<u64>,
    /// The disclosure, unless it is a refusal or problem.
    pub disclosure: Option<DisclosureId>,
    /// The content.
    pub content: A,
    /// When it came.
    pub received_at: String,
}

type Columns = (String, String, String, String, String, String);
type AnswerColumns = (Option<i64>, Option<String>, Vec<u8>, String);

fn request_row(row: Columns) -> Result<RequestRow, StoreError> {
    let (request, agreement, officer, status, asked_at, delete_by) = row;
    let wrong = |e: agreements::IdError| malformed("requests", e);
    Ok(RequestRow {
        request: RequestId::parse(&request).map_err(wrong)?,
        agreement: AgreementId::parse(&agreement).map_err(wrong)?,
        officer: OfficerNumber::parse(&officer).map_err(wrong)?,
        status: RequestStatus::parse(&status)?,
        asked_at,
        delete_by: delete_by.parse().map_err(|_| malformed("requests", "not a date"))?,
    })
}

impl Store {
    /// The last `limit` requests, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn requests(&self, limit: i64) -> Result<Vec<RequestRow>, StoreError> {
        let rows: Vec<Columns> = query_as(
            "SELECT request, agreement, officer, status, asked_at, delete_by FROM requests \
             ORDER BY asked_at DESC, request LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(request_row).collect()
    }

    /// One request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request(&self, request: RequestId) -> Result<Option<RequestRow>, StoreError> {
        let row: Option<Columns> = query_as(
            "SELECT request, agreement, officer, status, asked_at, delete_by FROM requests WHERE request = $1",
        )
        .bind(request.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(request_row).transpose()
    }

    /// What was asked; `Q` is the question as it was kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn question<Q: DeserializeOwned>(&self, request: RequestId) -> Result<Option<Q>, StoreError> {
        let id = request.to_string();
        let row: Option<(Vec<u8>,)> = query_as("SELECT sealed FROM requests WHERE request = $1")
            .bind(&id)
            .fetch_optional(&self.pool)
            .await?;
        let Some((sealed,)) = row else { return Ok(None) };
        from_json("requests", &self.unseal("requests", &id, &sealed)?).map(Some)
    }

    /// What came back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answer<A: DeserializeOwned>(
        &self,
        request: RequestId,
    ) -> Result<Option<AnswerRow<A>>, StoreError> {
        let id = request.to_string();
        let row: Option<AnswerColumns> =
            query_as("SELECT idx, disclosure, sealed, received_at FROM answers WHERE request = $1")
                .bind(&id)
                .fetch_optional(&self.pool)
                .await?;
        let Some((index, disclosure, sealed, received_at)) = row else { return Ok(None) };
        let plain = self.unseal("answers", &id, &sealed)?;
        Ok(Some(AnswerRow {
            index: index.map(|index| counted("answers", index)).transpose()?,
            disclosure: disclosure
                .map(|d| DisclosureId::parse(&d).map_err(|e| malformed("answers", e)))
                .transpose()?,
            content: from_json("answers", &plain)?,
            received_at,
        }))
    }

    /// The proof of an answer, as JSON.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answer_proof(&self, request: RequestId) -> Result<Option<Vec<u8>>, StoreError> {
        let id = request.to_string();
        let row: Option<(Vec<u8>,)> =
            query_as("SELECT proof FROM answers WHERE request = $1 AND proof IS NOT NULL")
                .bind(&id)
                .fetch_optional(&self.pool)
                .await?;
        row.map(|(sealed,)| Ok(self.unseal("answers.proof", &id, &sealed)?.to_vec())).transpose()
    }

    /// Requests whose date has come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_for_deletion(&self, today: Date) -> Result<Vec<RequestId>, StoreError> {
        let rows: Vec<(String,)> = query_as(
            "SELECT request FROM requests WHERE delete_by < $1 AND status <> 'deleted' ORDER BY request LIMIT 1000",
        )
        .bind(today.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|(id,)| RequestId::parse(&id).map_err(|e| malformed("requests", e))).collect()
    }
}

impl WriteTx {
    /// Keeps a question.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_request<Q: Serialize + Sync>(
        &mut self,
        row: &RequestRow,
        question: &Q,
    ) -> Result<(), StoreError> {
        let id = row.request.to_string();
        let sealed = self.seal("requests", &id, &to_json("requests", question)?);
        sqlx::query(
            "INSERT INTO requests (request, agreement, officer, sealed, status, asked_at, delete_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&id)
        .bind(row.agreement.as_str())
        .bind(row.officer.as_str())
        .bind(sealed)
        .bind(row.status.as_str())
        .bind(&row.asked_at)
        .bind(row.delete_by.to_string())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Sets the status, and the date of deletion where a new one is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_request(
        &mut self,
        request: RequestId,
        status: RequestStatus,
        delete_by: Option<Date>,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE requests SET status = $1, delete_by = COALESCE($2, delete_by) WHERE request = $3")
            .bind(status.as_str())
            .bind(delete_by.map(|d| d.to_string()))
            .bind(request.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Keeps an answer and its proof.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_answer<A: Serialize + Sync>(
        &mut self,
        request: RequestId,
        answer: &AnswerRow<A>,
        proof: Option<&[u8]>,
        delete_by: Date,
    ) -> Result<(), StoreError> {
        let id = request.to_string();
        let sealed = self.seal("answers", &id, &to_json("answers", &answer.content)?);
        let proof = proof.map(|proof| self.seal("answers.proof", &id, proof));
        sqlx::query(
            "INSERT INTO answers (request, disclosure, idx, sealed, proof, received_at, delete_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&id)
        .bind(answer.disclosure.map(|d| d.to_string()))
        .bind(answer.index.map(stored).transpose()?)
        .bind(sealed)
        .bind(proof)
        .bind(&answer.received_at)
        .bind(delete_by.to_string())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Deletes question and answer; the row stays with its status `deleted`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_request_data(&mut self, request: RequestId) -> Result<(), StoreError> {
        let id = request.to_string();
        let empty = self.seal("requests", &id, b"null");
        for sql in ["DELETE FROM answers WHERE request = $1", "DELETE FROM objects WHERE request = $1"] {
            sqlx::query(sql).bind(&id).execute(self.connection()).await?;
        }
        sqlx::query("UPDATE requests SET status = 'deleted', sealed = $1 WHERE request = $2")
            .bind(empty)
            .bind(&id)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
