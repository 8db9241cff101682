//! The outward routes: their paths, and the JSON around sealed bytes. Nothing here names an
//! element, a person, a purpose or a reason.

use agreements::{AgreementId, Digest, EndpointId, GroupId, MessageId, ObjectId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::content::MAX_CONTENT_BYTES;

/// `POST`: key packages of the calling endpoint, as [`KeyPackages`].
pub const KEY_PACKAGES: &str = "/v1/outward/key-packages";
/// `GET`: groups with an inbox for the calling endpoint, as [`Groups`].
pub const GROUPS: &str = "/v1/outward/groups";
/// `POST`: one sealed message, as [`OCTETS`]; answered 202 with [`Accepted`]. Route pattern.
pub const MESSAGES_ROUTE: &str = "/v1/outward/groups/{group}/messages";
/// `GET`: what waits, as [`InboxPage`]; query `after`, `wait_seconds`, `limit`. Route pattern.
pub const INBOX_ROUTE: &str = "/v1/outward/groups/{group}/inbox";
/// `GET`: the ciphertext of an object, as [`OCTETS`]. Route pattern.
pub const OBJECT_ROUTE: &str = "/v1/outward/objects/{object}";
/// `GET`: the newest checkpoint, as text.
pub const CHECKPOINT: &str = "/v1/outward/checkpoint";
/// `GET`: a hash tile (C2SP tlog-tiles). Route pattern.
pub const TILE_ROUTE: &str = "/v1/outward/tile/{*path}";

/// Content type of sealed bytes.
pub const OCTETS: &str = "application/octet-stream";
/// Header of every outward call: base64 of the newest checkpoint that the caller holds, or empty.
pub const CHECKPOINT_HEADER: &str = "transire-checkpoint";

/// Largest sealed message, in bytes: the largest content and what MLS adds to it.
pub const MAX_MESSAGE_BYTES: usize = MAX_CONTENT_BYTES + 4 * 1024;
/// Largest key package, in bytes.
pub const MAX_KEY_PACKAGE_BYTES: usize = 16 * 1024;
/// Most key packages in one call.
pub const MAX_KEY_PACKAGES: usize = 100;
/// Longest time for which an inbox call waits, in seconds.
pub const MAX_WAIT_SECONDS: u64 = 30;
/// Most messages in one page.
pub const MAX_PAGE: u64 = 256;

/// Path of [`MESSAGES_ROUTE`] for one group.
pub fn messages_path(group: GroupId) -> String {
    format!("{GROUPS}/{group}/messages")
}

/// Path of [`INBOX_ROUTE`] for one group.
pub fn inbox_path(group: GroupId) -> String {
    format!("{GROUPS}/{group}/inbox")
}

/// Path of [`OBJECT_ROUTE`] for one object.
pub fn object_path(object: ObjectId) -> String {
    format!("/v1/outward/objects/{object}")
}

/// Bytes, base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Octets(pub Vec<u8>);

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text).map(Self).map_err(|_| D::Error::custom("not base64"))
    }
}

/// Body of [`KEY_PACKAGES`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPackages {
    /// Key packages, each used once.
    pub packages: Vec<Octets>,
}

/// Answer of [`KEY_PACKAGES`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPackagesHeld {
    /// How many unused key packages of this endpoint are held now.
    pub unused: u64,
}

/// Answer of [`GROUPS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// The groups of the caller's authority.
    pub groups: Vec<GroupListed>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupListed {
    /// The group.
    pub group: GroupId,
    /// Its agreement.
    pub agreement: AgreementId,
}

/// Answer of [`MESSAGES_ROUTE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Place among the arrivals of that group.
    pub position: u64,
}

/// Query of [`INBOX_ROUTE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxQuery {
    /// Position of the last message that the caller has; 0 for none.
    #[serde(default)]
    pub after: u64,
    /// How long to wait for a message, in seconds; [`MAX_WAIT_SECONDS`] at most.
    #[serde(default)]
    pub wait_seconds: u64,
    /// Most messages wanted; [`MAX_PAGE`] at most, and 0 for that.
    #[serde(default)]
    pub limit: u64,
}

/// Answer of [`INBOX_ROUTE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxPage {
    /// The checkpoint that covers every message here; empty before the first entry.
    pub checkpoint: String,
    /// Proof that it extends the checkpoint that the caller named; empty when it named none, or
    /// the same.
    pub consistency: Vec<Digest>,
    /// In order, without gaps.
    pub messages: Vec<InboxMessage>,
}

/// What an inbox holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InboxKind {
    /// A commit, with its welcome where there is one ([`crate::Handshake`]).
    Handshake,
    /// A sealed [`crate::Envelope`].
    Message,
    /// A [`Notice`], not sealed.
    Notice,
}

/// One message in an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxMessage {
    /// Its place in the inbox, from 1.
    pub position: u64,
    /// What it is.
    pub kind: InboxKind,
    /// Index of its entry in the log; none for a notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The leaf, in its canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<String>,
    /// Proof that the leaf is in the tree of the page's checkpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<Digest>,
    /// Proof that the page's checkpoint extends the signed state that the message names inside.
    /// Empty where the caller can tell without: the message is the line after that state, the
    /// caller named that state, or an earlier message of the page proved it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<Digest>,
    /// The bytes.
    pub bytes: Octets,
}

/// Said in clear, since it says nothing of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Notice {
    /// A message was sealed in an epoch that has passed: collect, and seal it again.
    EpochPassed {
        /// The message, by the id in its associated data.
        message: MessageId,
        /// The endpoint that sent it; others ignore the notice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<EndpointId>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_as_it_was_written_and_takes_no_unknown_field() {
        let page = InboxPage {
            checkpoint: "log\n1\n".to_owned(),
            consistency: vec![Digest::of(b"a")],
            messages: vec![InboxMessage {
                position: 7,
                kind: InboxKind::Handshake,
                index: Some(3),
                leaf: Some("{}".to_owned()),
                proof: vec![Digest::of(b"b")],
                previous: vec![Digest::of(b"c")],
                bytes: Octets(vec![0, 255]),
            }],
        };
        let text = serde_json::to_string(&page).unwrap();
        assert_eq!(serde_json::from_str::<InboxPage>(&text).unwrap(), page);
        assert!(serde_json::from_str::<InboxPage>(&text.replacen('{', r#"{"x":1,"#, 1)).is_err());
    }

    #[test]
    fn paths_fit_their_routes() {
        let group = GroupId::from_bytes([1; 16]);
        assert_eq!(messages_path(group), MESSAGES_ROUTE.replace("{group}", &group.to_string()));
        assert_eq!(inbox_path(group), INBOX_ROUTE.replace("{group}", &group.to_string()));
        let object = ObjectId::from_bytes([2; 16]);
        assert_eq!(object_path(object), OBJECT_ROUTE.replace("{object}", &object.to_string()));
    }
}
