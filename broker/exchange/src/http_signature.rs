//! The signature on outward calls: RFC 9421 with one set of components and one algorithm, and the
//! content digest of RFC 9530.
//!
//! It says which endpoint calls, over method, path, query, body, the caller's newest checkpoint and,
//! where only a part is wanted, the range; it is good for a minute. What is inside the body is sealed apart from it.

use agreements::{Digest, EndpointId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use sfv::{
    BareItem, DictSerializer, Dictionary, FieldType as _, InnerList, Integer, KeyRef, ListEntry, Parser,
    StringRef,
};

use crate::identity::{EndpointKey, receipt_key};
use crate::wire::CHECKPOINT_HEADER;

/// How old or how far in the future a signature may be, in seconds.
pub const MAX_AGE_SECONDS: i64 = 60;
/// Header of RFC 9530.
pub const CONTENT_DIGEST: &str = "content-digest";
/// Header of RFC 9421.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// Header of RFC 9421.
pub const SIGNATURE: &str = "signature";

/// Header of RFC 9110: the part of an object that is wanted.
pub const RANGE: &str = "range";

/// The components, all of them always signed, in this order; after them [`RANGE`], in a call that
/// has one and in no other.
const COMPONENTS: [&str; 5] = ["@method", "@path", "@query", CONTENT_DIGEST, CHECKPOINT_HEADER];
const LABEL: &str = "transire";
const ALGORITHM: &str = "ed25519";
/// Largest header that is read, in bytes.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Why a call is not taken for that of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header that is always there is not.
    #[error("header `{0}` is missing")]
    Missing(&'static str),
    /// A header is not of its form.
    #[error("header `{0}` is malformed")]
    Malformed(&'static str),
    /// The components, algorithm or tag are not those that are used here.
    #[error("the signature does not cover what it must")]
    Coverage,
    /// It is more than a minute old, or from the future.
    #[error("the signature is not of this minute")]
    Age,
    /// The body is not the one that was signed.
    #[error("the body is not the one that was signed")]
    Body,
    /// No such endpoint is enrolled.
    #[error("endpoint `{0}` is not enrolled here")]
    UnknownEndpoint(EndpointId),
    /// It does not hold under the endpoint's key.
    #[error("the signature of endpoint `{0}` does not hold")]
    Forged(EndpointId),
    /// The signature cannot be written; none is expected.
    #[error("the signature cannot be written")]
    Unwritable,
}

/// The parts of a call that are signed beside its headers.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// As on the request line, without the query.
    pub path: &'a str,
    /// Without its `?`; none is as empty.
    pub query: Option<&'a str>,
    /// The one value of the header [`RANGE`]; none where there is none.
    pub range: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
}

/// What the signature of a call covers, in order.
fn components<'a>(call: &Call<'_>) -> impl Iterator<Item = &'a str> + use<'a> {
    COMPONENTS.into_iter().chain(call.range.map(|_| RANGE))
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The newest checkpoint that it holds, not verified yet; none before its first.
    pub checkpoint: Option<String>,
    /// The part that it wants, signed by it; none for the whole.
    pub range: Option<String>,
}

/// The headers that sign `call`. `checkpoint` is the newest one that the endpoint holds, or empty.
///
/// # Errors
/// [`SignatureError::Unwritable`]; none is expected.
pub fn sign(
    key: &EndpointKey,
    endpoint: &EndpointId,
    call: &Call<'_>,
    checkpoint: &str,
    now: Timestamp,
) -> Result<Vec<(&'static str, String)>, SignatureError> {
    let digest = content_digest(call.body)?;
    let checkpoint = BASE64.encode(checkpoint);
    let input = signature_input(endpoint, call, now)?;
    let (params, _) = read_input(&input)?;
    let base = signature_base(call, &digest, &checkpoint, &params);
    let signature = serialize(|dictionary| {
        dictionary.bare_item(label()?, key.sign(base.as_bytes()).as_slice());
        Ok(())
    })?;
    let mut headers = vec![
        (CONTENT_DIGEST, digest),
        (CHECKPOINT_HEADER, checkpoint),
        (SIGNATURE_INPUT, input),
        (SIGNATURE, signature),
    ];
    headers.extend(call.range.map(|range| (RANGE, range.to_owned())));
    Ok(headers)
}

/// Verifies a call. `header` gives the one value of a header (none when it is absent or there
/// more than once); `key_of` the key of an enrolled endpoint.
///
/// # Errors
/// [`SignatureError`] naming the first check that failed.
pub fn verify(
    header: impl Fn(&str) -> Option<String>,
    call: &Call<'_>,
    now: Timestamp,
    key_of: impl Fn(&EndpointId) -> Option<Digest>,
) -> Result<Caller, SignatureError> {
    let take = |name: &'static str| match header(name) {
        Some(value) if value.len() > MAX_HEADER_BYTES => Err(SignatureError::Malformed(name)),
        Some(value) => Ok(value.trim().to_owned()),
        None => Err(SignatureError::Missing(name)),
    };
    let (digest, checkpoint) = (take(CONTENT_DIGEST)?, take(CHECKPOINT_HEADER)?);
    let (params, list) = read_input(&take(SIGNATURE_INPUT)?)?;
    let (endpoint, created) = check_params(&list, call)?;
    if created.saturating_sub(now.as_second()).abs() > MAX_AGE_SECONDS {
        return Err(SignatureError::Age);
    }
    if digest != content_digest(call.body)? {
        return Err(SignatureError::Body);
    }
    let signature = read_signature(&take(SIGNATURE)?)?;
    let public = key_of(&endpoint).ok_or_else(|| SignatureError::UnknownEndpoint(endpoint.clone()))?;
    let base = signature_base(call, &digest, &checkpoint, &params);
    let holds = receipt_key(&endpoint, &public).is_ok_and(|key| key.verifies(base.as_bytes(), &signature));
    if !holds {
        return Err(SignatureError::Forged(endpoint));
    }
    Ok(Caller { endpoint, checkpoint: read_checkpoint(&checkpoint)?, range: call.range.map(str::to_owned) })
}

/// RFC 9421 section 2.5.
fn signature_base(call: &Call<'_>, digest: &str, checkpoint: &str, params: &str) -> String {
    let Call { method, path, query, range, .. } = call;
    let query = query.unwrap_or_default();
    let range = range.map(|range| format!("\"{RANGE}\": {range}\n")).unwrap_or_default();
    format!(
        "\"@method\": {method}\n\"@path\": {path}\n\"@query\": ?{query}\n\"{CONTENT_DIGEST}\": {digest}\n\
         \"{CHECKPOINT_HEADER}\": {checkpoint}\n{range}\"@signature-params\": {params}"
    )
}

fn content_digest(body: &[u8]) -> Result<String, SignatureError> {
    serialize(|dictionary| {
        let name = KeyRef::from_str("sha-256").map_err(|_| SignatureError::Unwritable)?;
        dictionary.bare_item(name, Digest::of(body).as_bytes().as_slice());
        Ok(())
    })
}

fn signature_input(endpoint: &EndpointId, call: &Call<'_>, now: Timestamp) -> Result<String, SignatureError> {
    let unwritable = |_| SignatureError::Unwritable;
    let key = |name| KeyRef::from_str(name).map_err(unwritable);
    let text = |value| StringRef::from_str(value).map_err(unwritable);
    let created = Integer::try_from(now.as_second()).map_err(|_| SignatureError::Unwritable)?;
    serialize(|dictionary| {
        let mut list = dictionary.inner_list(label()?);
        for component in components(call) {
            list.bare_item(text(component)?);
        }
        list.finish()
            .parameter(key("created")?, created)
            .parameter(key("keyid")?, text(endpoint.as_str())?)
            .parameter(key("alg")?, text(ALGORITHM)?)
            .parameter(key("tag")?, text(LABEL)?);
        Ok(())
    })
}

/// Reads `signature-input`: the parameters as they are signed, and as they are read.
fn read_input(header: &str) -> Result<(String, InnerList), SignatureError> {
    const WRONG: SignatureError = SignatureError::Malformed(SIGNATURE_INPUT);
    let mut dictionary: Dictionary = Parser::new(header).parse().map_err(|_| WRONG)?;
    if dictionary.len() != 1 {
        return Err(WRONG);
    }
    let Some(ListEntry::InnerList(list)) = dictionary.swap_remove(label()?) else { return Err(WRONG) };
    let params = vec![ListEntry::InnerList(list.clone())].serialize().ok_or(WRONG)?;
    Ok((params, list))
}

fn check_params(list: &InnerList, call: &Call<'_>) -> Result<(EndpointId, i64), SignatureError> {
    let components = list.items.iter().map(|item| match &item.bare_item {
        BareItem::String(name) if item.params.is_empty() => Some(name.as_str()),
        _ => None,
    });
    if !components.eq(self::components(call).map(Some)) || list.params.len() != 4 {
        return Err(SignatureError::Coverage);
    }
    let text = |name: &str| match list.params.get(name) {
        Some(BareItem::String(value)) => Ok(value.as_str()),
        _ => Err(SignatureError::Coverage),
    };
    if text("alg")? != ALGORITHM || text("tag")? != LABEL {
        return Err(SignatureError::Coverage);
    }
    let endpoint = EndpointId::parse(text("keyid")?).map_err(|_| SignatureError::Malformed(SIGNATURE_INPUT))?;
    match list.params.get("created") {
        Some(BareItem::Integer(created)) => Ok((endpoint, i64::from(*created))),
        _ => Err(SignatureError::Coverage),
    }
}

fn read_signature(header: &str) -> Result<[u8; 64], SignatureError> {
    const WRONG: SignatureError = SignatureError::Malformed(SIGNATURE);
    let dictionary: Dictionary = Parser::new(header).parse().map_err(|_| WRONG)?;
    match dictionary.get(LABEL) {
        Some(ListEntry::Item(item)) if dictionary.len() == 1 && item.params.is_empty() => {
            match &item.bare_item {
                BareItem::ByteSequence(bytes) => <[u8; 64]>::try_from(bytes.as_slice()).map_err(|_| WRONG),
                _ => Err(WRONG),
            }
        }
        _ => Err(WRONG),
    }
}

fn read_checkpoint(header: &str) -> Result<Option<String>, SignatureError> {
    const WRONG: SignatureError = SignatureError::Malformed(CHECKPOINT_HEADER);
    let bytes = BASE64.decode(header).map_err(|_| WRONG)?;
    let text = String::from_utf8(bytes).map_err(|_| WRONG)?;
    Ok((!text.is_empty()).then_some(text))
}

fn label() -> Result<&'static KeyRef, SignatureError> {
    KeyRef::from_str(LABEL).map_err(|_| SignatureError::Unwritable)
}

fn serialize(
    fill: impl FnOnce(&mut DictSerializer<String>) -> Result<(), SignatureError>,
) -> Result<String, SignatureError> {
    let mut dictionary = DictSerializer::new();
    fill(&mut dictionary)?;
    dictionary.finish().ok_or(SignatureError::Unwritable)
}
