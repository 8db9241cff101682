//! Agreements that the own side signed, directories of both sides, the own enrolment and the key
//! packages that wait for a welcome.

use agreements::{AgreementVersion, AuthorityId, Digest};
use sqlx::query_as;
use zeroize::Zeroizing;

use super::{Store, StoreError, WriteTx, counted, malformed};

/// An agreement as it was added.
pub struct AgreementRow {
    /// Its digest.
    pub digest: Digest,
    /// The document.
    pub document: String,
    /// Note of the own side's signature.
    pub signature: String,
    /// Note of the own directory as it was when that signature was checked.
    pub directory: String,
}

/// A key package that was sent and may still be answered by a welcome.
pub struct KeyPackageRow {
    /// Its reference, by which a welcome names it.
    pub id: String,
    /// What is sent.
    pub package: Vec<u8>,
    /// Its private half.
    pub state: Zeroizing<Vec<u8>>,
    /// When it was made.
    pub made_at: String,
}

impl Store {
    /// Every agreement, newest version last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn agreements(&self) -> Result<Vec<AgreementRow>, StoreError> {
        let rows: Vec<(String, String, String, String)> = query_as(
            "SELECT digest, document, signature, directory FROM agreements \
             ORDER BY agreement, version, digest",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(digest, document, signature, directory)| {
                let digest = Digest::parse(&digest).map_err(|e| malformed("agreements", e))?;
                Ok(AgreementRow { digest, document, signature, directory })
            })
            .collect()
    }

    /// The newest directory of an authority, as a note.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn directory(&self, authority: &AuthorityId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = query_as("SELECT note FROM directories WHERE authority = $1")
            .bind(authority.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(note,)| note))
    }

    /// The newest directories, as notes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn directories(&self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> =
            query_as("SELECT note FROM directories ORDER BY authority").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(note,)| note).collect())
    }

    /// The own enrolment note.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enrolment(&self) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            query_as("SELECT note FROM enrolment WHERE id = 1").fetch_optional(&self.pool).await?;
        Ok(row.map(|(note,)| note))
    }

    /// Key packages with `status` (`made`, `sent`), oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_packages(&self, status: &str) -> Result<Vec<KeyPackageRow>, StoreError> {
        let rows: Vec<(String, Vec<u8>, Vec<u8>, String)> = query_as(
            "SELECT id, package, state, made_at FROM key_packages WHERE status = $1 ORDER BY made_at, id",
        )
        .bind(status)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, package, state, made_at)| {
                let state = self.unseal("key_packages", &id, &state)?;
                Ok(KeyPackageRow { id, package, state, made_at })
            })
            .collect()
    }
}

impl WriteTx {
    /// Adds an agreement; adding it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_agreement(
        &mut self,
        agreement: &AgreementVersion,
        row: &AgreementRow,
        at: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO agreements (digest, agreement, version, document, signature, directory, added_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING",
        )
        .bind(row.digest.to_string())
        .bind(agreement.id.as_str())
        .bind(i64::from(agreement.version))
        .bind(&row.document)
        .bind(&row.signature)
        .bind(&row.directory)
        .bind(at.to_string())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Keeps a directory; the caller has verified it. An older version never replaces a newer one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_directory(
        &mut self,
        authority: &AuthorityId,
        version: u32,
        note: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO directories (authority, version, note) VALUES ($1, $2, $3) \
             ON CONFLICT (authority) DO UPDATE SET version = excluded.version, note = excluded.note \
             WHERE excluded.version > directories.version",
        )
        .bind(authority.as_str())
        .bind(i64::from(version))
        .bind(note)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Keeps the own enrolment note.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_enrolment(&mut self, note: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO enrolment (id, note) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET note = excluded.note",
        )
        .bind(note)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Keeps a key package before it is sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_key_package(
        &mut self,
        reference: Digest,
        package: &[u8],
        state: &[u8],
        at: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let id = reference.to_string();
        let sealed = self.seal("key_packages", &id, state);
        sqlx::query(
            "INSERT INTO key_packages (id, package, state, made_at, status) VALUES ($1, $2, $3, $4, 'made')",
        )
        .bind(id)
        .bind(package)
        .bind(sealed)
        .bind(at.to_string())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Notes that a key package was sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_package_sent(&mut self, id: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE key_packages SET status = 'sent' WHERE id = $1")
            .bind(id)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Forgets a key package: it was used, or it is too old to be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_key_package(&mut self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM key_packages WHERE id = $1").bind(id).execute(self.connection()).await?;
        Ok(())
    }

    /// The version of the stored directory of an authority.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn directory_version(&mut self, authority: &AuthorityId) -> Result<u64, StoreError> {
        let row: Option<(i64,)> = query_as("SELECT version FROM directories WHERE authority = $1")
            .bind(authority.as_str())
            .fetch_optional(self.connection())
            .await?;
        row.map_or(Ok(0), |(version,)| counted("directories", version))
    }

    /// How many key packages are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_packages_waiting(&mut self) -> Result<u64, StoreError> {
        let (n,): (i64,) = query_as("SELECT COUNT(*) FROM key_packages").fetch_one(self.connection()).await?;
        counted("key_packages", n)
    }
}
