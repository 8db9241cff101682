//! The personal part of an entry: who, why, about what. Its key is for a class of retention and a
//! month, lives in the vault, and its destruction is the deletion of everything under it.

use audit::{Opening, Personal};
use common::aead::AeadKey;
use common::vault::{KeyId, Vault, VaultError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::app::Core;

/// The one retention class of this version; its length is the configuration's `log_days`.
const CLASS: &str = "standard";

/// The key of the personal parts of one class and month.
pub(crate) struct PersonalKey {
    pub(crate) id: KeyId,
    key: AeadKey,
}

/// Id of the key under which a personal part of that moment is sealed.
pub(crate) fn id_at(at: Timestamp) -> Result<KeyId, VaultError> {
    let day = at.to_zoned(TimeZone::UTC).date();
    let text = format!("personal.{CLASS}.{:04}-{:02}", day.year(), day.month());
    KeyId::parse(&text).map_err(|_| VaultError::Damaged(text.into()))
}

/// Takes the key of that moment from the vault, or makes it. A key that was made is durable when
/// this returns, before any entry names it.
pub(crate) fn at(core: &Core, at: Timestamp) -> Result<PersonalKey, VaultError> {
    let id = id_at(at)?;
    let bytes = match core.vault.get(&id) {
        Ok(bytes) => bytes,
        Err(VaultError::NoKey(_)) => {
            let fresh = core.rng.key();
            core.vault.put(&id, fresh.as_slice(), &*core.rng)?;
            Zeroizing::new(fresh.to_vec())
        }
        Err(other) => return Err(other),
    };
    PersonalKey::read(id, &bytes)
}

impl PersonalKey {
    fn read(id: KeyId, bytes: &[u8]) -> Result<Self, VaultError> {
        let key: &[u8; 32] = bytes.try_into().map_err(|_| VaultError::NoKey(id.clone()))?;
        Ok(Self { key: AeadKey::new(key), id })
    }

    /// The key of that id, unless it was destroyed.
    pub(crate) fn of(vault: &Vault, id: &str) -> Result<Self, VaultError> {
        let id = KeyId::parse(id).map_err(|_| VaultError::Damaged(id.into()))?;
        let bytes = vault.get(&id)?;
        Self::read(id, &bytes)
    }

    /// Seals a personal part for its entry.
    pub(crate) fn seal(&self, core: &Core, index: u64, opening: &Opening<Personal>) -> Result<Vec<u8>, String> {
        let bytes = Zeroizing::new(serde_json::to_vec(opening).map_err(|error| error.to_string())?);
        Ok(self.key.seal(&*core.rng, &context(index), &bytes))
    }

    /// Opens the personal part of an entry.
    pub(crate) fn open(&self, index: u64, sealed: &[u8]) -> Result<Opening<Personal>, String> {
        let bytes = self.key.open(&context(index), sealed).map_err(|error| error.to_string())?;
        serde_json::from_slice(&bytes).map_err(|_| "personal part cannot be read".to_owned())
    }
}

fn context(index: u64) -> Vec<u8> {
    let mut context = b"transire/personal-part/1".to_vec();
    context.extend_from_slice(&index.to_be_bytes());
    context
}
