//! The entries of the log: the leaf in clear, its particulars and personal part sealed.
//!
//! The columns beside them repeat what the particulars say, for the DPO's search; nothing is
//! decided by them.

use agreements::{AgreementId, AuthorityId, DisclosureId, EntryId};
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::rows::{self, Args, Columns as _, Values};
use super::{Reads, StoreError, WriteTx};

/// One entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log, from 0.
    pub idx: u64,
    /// The random id inside the leaf.
    pub id: EntryId,
    /// The bytes that the tree hashes.
    pub leaf: Vec<u8>,
    /// The opening of the particulars, sealed; gone after its deletion.
    pub particulars: Option<Vec<u8>>,
    /// The opening of the personal part, sealed; gone after its deletion.
    pub personal: Option<Vec<u8>>,
    /// The kind of event, as `audit` names it.
    pub operation: String,
    /// The agreement that the event is under.
    pub agreement: Option<AgreementId>,
    /// The agreement that a refused question was about, where it is another.
    pub asked_about: Option<AgreementId>,
    /// The recipient that the event concerns.
    pub recipient: Option<AuthorityId>,
    /// The time inside the leaf, to the second.
    pub at: Timestamp,
    /// The disclosure that the event records.
    pub disclosure: Option<DisclosureId>,
    /// The vault key under which the personal part is sealed.
    pub personal_key: Option<String>,
}

/// What the DPO looks for; what is `None` is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only events under this agreement, and refusals of questions about it.
    pub agreement: Option<AgreementId>,
    /// Only events that concern this recipient.
    pub recipient: Option<AuthorityId>,
    /// Only events of this kind.
    pub operation: Option<String>,
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

const ALL: &str = "SELECT idx, id, leaf, particulars, personal, operation, agreement, asked_about, recipient, at, \
                   disclosure, personal_key FROM entries";

static INSERT: Values = Values::new(
    "INSERT INTO entries (idx, id, leaf, particulars, personal, operation, agreement, asked_about, recipient, at, \
     disclosure, personal_key)",
    12,
    "",
);

/// Adds entries, under the lock of the head row.
///
/// # Errors
/// [`StoreError::Conflict`] when an index or id is taken.
pub async fn insert(tx: &mut WriteTx, entries: &[Entry]) -> Result<(), StoreError> {
    INSERT
        .execute(&mut tx.tx, entries, |args, entry| {
            args.number(entry.idx).shown(&entry.id).bytes(&entry.leaf);
            args.maybe_bytes(entry.particulars.as_deref()).maybe_bytes(entry.personal.as_deref());
            args.text(&entry.operation).maybe_shown(entry.agreement.as_ref());
            args.maybe_shown(entry.asked_about.as_ref());
            args.maybe_shown(entry.recipient.as_ref()).time(entry.at);
            args.maybe_shown(entry.disclosure.as_ref()).maybe_text(entry.personal_key.as_deref());
        })
        .await?;
    Ok(())
}

/// The entry at `idx`.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn at(store: &mut impl Reads, idx: u64) -> Result<Option<Entry>, StoreError> {
    // Others name entries too: a number that the store cannot hold is that of no entry.
    if i64::try_from(idx).is_err() {
        return Ok(None);
    }
    Ok(page(store, idx, 1).await?.pop().filter(|entry| entry.idx == idx))
}

/// Up to `limit` entries from index `from` on, in order.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn page(store: &mut impl Reads, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let sql = "SELECT idx, id, leaf, particulars, personal, operation, agreement, asked_about, recipient, at, \
               disclosure, personal_key FROM entries WHERE idx >= $1 ORDER BY idx LIMIT $2";
    let found = rows::all(store.connection(), sql, |args| {
        args.number(from).number(limit.into());
    })
    .await?;
    found.iter().map(entry_of).collect()
}

/// Up to `limit` leaves (index and bytes) from index `from` on, in order: what a proof needs.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn leaves(store: &mut impl Reads, from: u64, limit: u32) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let sql = "SELECT idx, leaf FROM entries WHERE idx >= $1 ORDER BY idx LIMIT $2";
    let found = rows::all(store.connection(), sql, |args| {
        args.number(from).number(limit.into());
    })
    .await?;
    found.iter().map(|row| Ok((row.number("idx")?, row.bytes("leaf")?))).collect()
}

/// Up to `limit` entries that the filter lets through, newest first, before index `before`.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn find(
    store: &mut impl Reads,
    filter: &Filter,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut query = Composed::new();
    if let Some(agreement) = &filter.agreement {
        query.either(["agreement = ", "asked_about = "]).shown(agreement).shown(agreement);
    }
    if let Some(recipient) = &filter.recipient {
        query.and("recipient = ").shown(recipient);
    }
    if let Some(operation) = &filter.operation {
        query.and("operation = ").text(operation);
    }
    if let Some(from) = filter.from {
        query.and("at >= ").time(from);
    }
    if let Some(until) = filter.until {
        query.and("at < ").time(until);
    }
    if let Some(before) = before {
        query.and("idx < ").number(before);
    }
    let sql = format!("{ALL}{} ORDER BY idx DESC LIMIT {limit}", query.sql);
    rows::all_composed(store.connection(), sql, query.args).await?.iter().map(entry_of).collect()
}

/// The newest entry of one kind, where replay begins.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn newest(store: &mut impl Reads, operation: &str) -> Result<Option<Entry>, StoreError> {
    let filter = Filter { operation: Some(operation.to_owned()), ..Filter::default() };
    Ok(find(store, &filter, None, 1).await?.pop())
}

/// The entries of one disclosure (its own, the delivery of its key), in order.
///
/// # Errors
/// As [`StoreError`] says.
pub async fn of_disclosure(store: &mut impl Reads, disclosure: DisclosureId) -> Result<Vec<Entry>, StoreError> {
    let sql = "SELECT idx, id, leaf, particulars, personal, operation, agreement, asked_about, recipient, at, \
               disclosure, personal_key FROM entries WHERE disclosure = $1 ORDER BY idx";
    let found = rows::all(store.connection(), sql, |args| {
        args.shown(&disclosure);
    })
    .await?;
    found.iter().map(entry_of).collect()
}

/// Conditions put together from constants; each binds its value.
struct Composed {
    sql: String,
    args: Args,
    bound: usize,
}

impl Composed {
    fn new() -> Self {
        Self { sql: String::new(), args: Args::default(), bound: 0 }
    }

    fn and(&mut self, condition: &'static str) -> &mut Args {
        self.sql.push_str(if self.bound == 0 { " WHERE " } else { " AND " });
        self.bound += 1;
        self.sql.push_str(&format!("{condition}${}", self.bound));
        &mut self.args
    }

    /// Two conditions of which one must hold; each binds its value.
    fn either(&mut self, [first, second]: [&'static str; 2]) -> &mut Args {
        self.sql.push_str(if self.bound == 0 { " WHERE " } else { " AND " });
        self.sql.push_str(&format!("({first}${} OR {second}${})", self.bound + 1, self.bound + 2));
        self.bound += 2;
        &mut self.args
    }
}

fn entry_of(row: &AnyRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        idx: row.number("idx")?,
        id: row.parsed("id")?,
        leaf: row.bytes("leaf")?,
        particulars: row.maybe_bytes("particulars")?,
        personal: row.maybe_bytes("personal")?,
        operation: row.text("operation")?,
        agreement: row.maybe_parsed("agreement")?,
        asked_about: row.maybe_parsed("asked_about")?,
        recipient: row.maybe_parsed("recipient")?,
        at: row.time("at")?,
        disclosure: row.maybe_parsed("disclosure")?,
        personal_key: row.maybe_text("personal_key")?,
    })
}
