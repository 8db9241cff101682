//! The authority's own officers. Name, roles and password hash are sealed; the number, which is a
//! pseudonym for a year, is the key. Nothing of this table but the number ever leaves.

use agreements::{OfficerNumber, RoleId};
use serde::{Deserialize, Serialize};
use sqlx::query_as;

use super::{Store, StoreError, WriteTx, from_json, malformed, to_json};

/// An officer; no `Debug`, since it holds a name.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// The person's name.
    pub name: String,
    /// Roles in which the officer may ask.
    pub roles: Vec<RoleId>,
    /// Argon2id hash in the PHC form.
    pub password: String,
    /// Whether the officer may sign in.
    pub active: bool,
}

impl Store {
    /// The officer of that number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn officer(&self, number: &OfficerNumber) -> Result<Option<Officer>, StoreError> {
        let row: Option<(Vec<u8>,)> = query_as("SELECT sealed FROM officers WHERE number = $1")
            .bind(number.as_str())
            .fetch_optional(&self.pool)
            .await?;
        let Some((sealed,)) = row else { return Ok(None) };
        let plain = self.unseal("officers", number.as_str(), &sealed)?;
        from_json("officers", &plain).map(Some)
    }

    /// Every officer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn officers(&self) -> Result<Vec<(OfficerNumber, Officer)>, StoreError> {
        let rows: Vec<(String, Vec<u8>)> =
            query_as("SELECT number, sealed FROM officers ORDER BY number").fetch_all(&self.pool).await?;
        rows.into_iter()
            .map(|(number, sealed)| {
                let plain = self.unseal("officers", &number, &sealed)?;
                let number = OfficerNumber::parse(&number).map_err(|e| malformed("officers", e))?;
                Ok((number, from_json("officers", &plain)?))
            })
            .collect()
    }
}

impl WriteTx {
    /// Adds or replaces an officer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_officer(&mut self, number: &OfficerNumber, officer: &Officer) -> Result<(), StoreError> {
        let sealed = self.seal("officers", number.as_str(), &to_json("officers", officer)?);
        sqlx::query(
            "INSERT INTO officers (number, sealed) VALUES ($1, $2) \
             ON CONFLICT (number) DO UPDATE SET sealed = excluded.sealed",
        )
        .bind(number.as_str())
        .bind(sealed)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
