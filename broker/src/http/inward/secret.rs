//! Texts that are overwritten when they are dropped, read from JSON.

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// For `#[serde(deserialize_with)]`.
pub(super) fn zeroizing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}
