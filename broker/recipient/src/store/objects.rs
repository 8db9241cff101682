//! Bulk objects on their way in. Every step is a stage in this table, so that a program that was
//! stopped at any instruction goes on from the last one.

use agreements::{AgreementId, ObjectId, RequestId};
use jiff::civil::Date;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::query_as;
use zeroize::Zeroizing;

use super::{Store, StoreError, WriteTx, from_json, malformed, to_json};

/// How far an object has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Its description was received and proved; the file is to be fetched.
    Announced,
    /// The file is here and checked; the receipt `held` is on its way, the key is awaited.
    Held,
    /// The key is here; everything is to be checked.
    Keyed,
    /// Checked to the last byte.
    Opened,
    /// Something did not prove right.
    Alarm,
    /// The provider destroyed it before it was opened.
    Lapsed,
}

impl Stage {
    /// The word in the store and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Held => "held",
            Self::Keyed => "keyed",
            Self::Opened => "opened",
            Self::Alarm => "alarm",
            Self::Lapsed => "lapsed",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "announced" => Ok(Self::Announced),
            "held" => Ok(Self::Held),
            "keyed" => Ok(Self::Keyed),
            "opened" => Ok(Self::Opened),
            "alarm" => Ok(Self::Alarm),
            "lapsed" => Ok(Self::Lapsed),
            _ => Err(malformed("objects", "unknown stage")),
        }
    }
}

/// An object; `D` is its description as it was kept.
pub struct ObjectRow<D> {
    /// The object.
    pub object: ObjectId,
    /// The request that it answers.
    pub request: RequestId,
    /// Under which agreement.
    pub agreement: AgreementId,
    /// How far it has come.
    pub stage: Stage,
    /// Its description.
    pub description: D,
    /// Its key, from [`Stage::Keyed`] on.
    pub key: Option<Zeroizing<Vec<u8>>>,
}

type Columns = (String, String, String, Vec<u8>, String);

impl Store {
    fn object_row<D: DeserializeOwned>(
        &self,
        row: Columns,
        key: Option<Vec<u8>>,
    ) -> Result<ObjectRow<D>, StoreError> {
        let (id, request, agreement, sealed, stage) = row;
        let wrong = |e: agreements::IdError| malformed("objects", e);
        let key = key.map(|key| self.unseal("objects.key", &id, &key)).transpose()?;
        Ok(ObjectRow {
            object: ObjectId::parse(&id).map_err(wrong)?,
            request: RequestId::parse(&request).map_err(wrong)?,
            agreement: AgreementId::parse(&agreement).map_err(wrong)?,
            stage: Stage::parse(&stage)?,
            description: from_json("objects", &self.unseal("objects", &id, &sealed)?)?,
            key,
        })
    }

    async fn object_key(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Vec<u8>,)> =
            query_as("SELECT key_sealed FROM objects WHERE object = $1 AND key_sealed IS NOT NULL")
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(key,)| key))
    }

    /// The object of a request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn object_of<D: DeserializeOwned>(
        &self,
        request: RequestId,
    ) -> Result<Option<ObjectRow<D>>, StoreError> {
        let row: Option<Columns> =
            query_as("SELECT object, request, agreement, sealed, stage FROM objects WHERE request = $1")
                .bind(request.to_string())
                .fetch_optional(&self.pool)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let key = self.object_key(&row.0).await?;
        self.object_row(row, key).map(Some)
    }

    /// One object.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn object<D: DeserializeOwned>(
        &self,
        object: ObjectId,
    ) -> Result<Option<ObjectRow<D>>, StoreError> {
        let id = object.to_string();
        let row: Option<Columns> =
            query_as("SELECT object, request, agreement, sealed, stage FROM objects WHERE object = $1")
                .bind(&id)
                .fetch_optional(&self.pool)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let key = self.object_key(&id).await?;
        self.object_row(row, key).map(Some)
    }

    /// Objects at a stage.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn objects_at<D: DeserializeOwned>(&self, stage: Stage) -> Result<Vec<ObjectRow<D>>, StoreError> {
        let rows: Vec<Columns> = query_as(
            "SELECT object, request, agreement, sealed, stage FROM objects WHERE stage = $1 ORDER BY object LIMIT 16",
        )
        .bind(stage.as_str())
        .fetch_all(&self.pool)
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let key = self.object_key(&row.0).await?;
            found.push(self.object_row(row, key)?);
        }
        Ok(found)
    }

    /// The objects that the store names, for the sweep of files that nobody names.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn object_ids(&self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = query_as("SELECT object FROM objects").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}

impl WriteTx {
    /// Keeps the description of an object.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_object<D: Serialize + Sync>(
        &mut self,
        object: ObjectId,
        request: RequestId,
        agreement: &AgreementId,
        description: &D,
        delete_by: Date,
    ) -> Result<(), StoreError> {
        let id = object.to_string();
        let sealed = self.seal("objects", &id, &to_json("objects", description)?);
        sqlx::query(
            "INSERT INTO objects (object, request, agreement, sealed, stage, delete_by) \
             VALUES ($1, $2, $3, $4, 'announced', $5)",
        )
        .bind(&id)
        .bind(request.to_string())
        .bind(agreement.as_str())
        .bind(sealed)
        .bind(delete_by.to_string())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Moves an object from one stage to the next. Says whether it was at `from`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn move_object(
        &mut self,
        object: ObjectId,
        from: Stage,
        to: Stage,
        alarm: Option<&str>,
    ) -> Result<bool, StoreError> {
        let moved = sqlx::query("UPDATE objects SET stage = $1, alarm = $2 WHERE object = $3 AND stage = $4")
            .bind(to.as_str())
            .bind(alarm.map(str::to_owned))
            .bind(object.to_string())
            .bind(from.as_str())
            .execute(self.connection())
            .await?;
        Ok(moved.rows_affected() == 1)
    }

    /// Keeps the key of an object.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_object_key(&mut self, object: ObjectId, key: &[u8]) -> Result<(), StoreError> {
        let id = object.to_string();
        let sealed = self.seal("objects.key", &id, key);
        sqlx::query("UPDATE objects SET key_sealed = $1 WHERE object = $2")
            .bind(sealed)
            .bind(id)
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
