//! Reading the record: for the DPO, for one of the purposes that the law names, and itself an entry.

mod named;

use std::sync::Arc;

use agreements::{AgreementId, AuthorityId, IdentifierKind};
use audit::{Event, LogPurpose};
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use common::problem::{Json, Problem, Query};
use futures_util::stream;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::refusal::store_failed;
use crate::app::App;
use crate::govern::Acting;
use crate::moment::Moment;
use crate::reading::{self, Read};
use crate::recorder::Item;
use crate::store::entries::{self, Filter};
use crate::store::tags;

/// Entries in one answer.
const PAGE: u32 = 200;
/// Entries read at once for an export.
const EXPORT_PAGE: u32 = 512;

/// Which entries, and what for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    grounds: LogPurpose,
    agreement: Option<AgreementId>,
    recipient: Option<AuthorityId>,
    operation: Option<String>,
    /// Entries from this time on; a day is one of UTC, from its beginning.
    from: Option<Moment>,
    /// Entries before this time; a day is one of UTC, and is in.
    until: Option<Moment>,
    /// Only entries before this index.
    before: Option<u64>,
    /// With the personal parts.
    #[serde(default)]
    personal: bool,
}

/// Whose disclosures, and what for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subject {
    grounds: LogPurpose,
    identifier: IdentifierKind,
    #[serde(deserialize_with = "super::secret::zeroizing")]
    value: Zeroizing<String>,
    /// First calendar year to look through; every year that is kept when absent.
    since: Option<i16>,
    /// Only entries before this index.
    before: Option<u64>,
}

/// Entries, newest first.
#[derive(Serialize)]
pub(super) struct Page {
    entries: Vec<Read>,
    /// There are more: ask again with this as `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
}

/// What for, and with what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Export {
    grounds: LogPurpose,
    #[serde(default)]
    personal: bool,
}

pub(super) async fn checkpoint(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Problem> {
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], app.checkpoint.load().to_string()))
}

pub(super) async fn entries(
    State(app): State<Arc<App>>,
    by: Acting,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Page>, Problem> {
    if let Some(word) = &asked.operation {
        named::operation(word)?;
    }
    let kinds = [
        ("agreement", asked.agreement.is_some()),
        ("recipient", asked.recipient.is_some()),
        ("operation", asked.operation.is_some()),
        ("time", asked.from.is_some() || asked.until.is_some()),
        ("personal parts", asked.personal),
    ];
    let used: Vec<&str> = kinds.iter().filter(|(_, used)| *used).map(|(kind, _)| *kind).collect();
    let filter = Filter {
        agreement: asked.agreement,
        recipient: asked.recipient,
        operation: asked.operation,
        from: asked.from.map(Moment::begins),
        until: asked.until.map(Moment::ends),
    };
    let mut store = app.store.read().await.map_err(store_failed)?;
    let rows = entries::find(&mut store, &filter, asked.before, PAGE + 1).await.map_err(store_failed)?;
    drop(store);
    if rows.is_empty() {
        named::nothing_found(&app, filter.agreement.as_ref(), filter.recipient.as_ref())?;
    }
    let page = page(&app, rows, asked.personal)?;
    let named = if used.is_empty() { "all".to_owned() } else { used.join(", ") };
    enter(&app, &by, asked.grounds, named, page.entries.len() as u64).await?;
    Ok(axum::Json(page))
}

pub(super) async fn subjects(
    State(app): State<Arc<App>>,
    by: Acting,
    Json(asked): Json<Subject>,
) -> Result<axum::Json<Page>, Problem> {
    named::identifier(&app, asked.identifier)?;
    let normalised = pseudonym::normalise(Some(asked.identifier), &asked.value);
    let (kept, this_year) = years(app.clock.now(), app.config.limits.log_days);
    let since = asked.since.unwrap_or(kept);
    if since > this_year {
        return Err(Problem::unprocessable("since", format!("the year {since} has not come yet")));
    }
    let since = since.max(kept);
    let sought: Vec<Vec<u8>> =
        (since..=this_year).map(|year| app.tags.tag(year, asked.identifier, &normalised).to_vec()).collect();
    let mut store = app.store.read().await.map_err(store_failed)?;
    let indices = tags::search(&mut store, &sought).await.map_err(store_failed)?;
    let before = asked.before.unwrap_or(u64::MAX);
    let mut rows = Vec::new();
    // One more than is shown tells whether there are more.
    for index in indices.into_iter().rev().filter(|index| *index < before).take(PAGE as usize + 1) {
        rows.extend(entries::at(&mut store, index).await.map_err(store_failed)?);
    }
    drop(store);
    let page = page(&app, rows, true)?;
    enter(&app, &by, asked.grounds, "data subject".to_owned(), page.entries.len() as u64).await?;
    Ok(axum::Json(page))
}

/// The first calendar year of which entries are kept, and the present one.
fn years(now: Timestamp, log_days: u32) -> (i16, i16) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let first = today.checked_sub(i64::from(log_days).days()).unwrap_or(today);
    // Nothing was recorded before there was this program.
    (first.year().max(2_025).min(today.year()), today.year())
}

/// The whole record as lines of JSON: first the checkpoint, then every entry that it covers.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    by: Acting,
    Query(asked): Query<Export>,
) -> Result<impl IntoResponse, Problem> {
    let what = if asked.personal { "export with personal parts" } else { "export" };
    let size = app.checkpoint.load();
    let size = audit::Checkpoint::verify(&size, app.log_key()).map_or(0, |read| read.size);
    enter(&app, &by, asked.grounds, what.to_owned(), size.saturating_add(1)).await?;
    let checkpoint = app.checkpoint.load().to_string();
    let covered = audit::Checkpoint::verify(&checkpoint, app.log_key()).map_err(|_| Problem::internal())?.size;
    let first = serde_json::json!({ "checkpoint": checkpoint }).to_string() + "\n";
    let state = (app, 0_u64, covered, Some(first), asked.personal);
    let lines = stream::unfold(state, |(app, next, covered, first, personal)| async move {
        if let Some(first) = first {
            return Some((Ok(Bytes::from(first)), (app, next, covered, None, personal)));
        }
        if next >= covered {
            return None;
        }
        let page = lines(&app, next, covered, personal).await;
        match page {
            Ok((text, after)) => Some((Ok(Bytes::from(text)), (app, after, covered, None, personal))),
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                Some((Err(std::io::Error::other("broken off")), (app, covered, covered, None, personal)))
            }
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/jsonl")], Body::from_stream(lines)))
}

async fn lines(app: &App, next: u64, covered: u64, personal: bool) -> Result<(String, u64), String> {
    let mut store = app.store.read().await.map_err(|error| error.to_string())?;
    let rows = entries::page(&mut store, next, EXPORT_PAGE).await.map_err(|error| error.to_string())?;
    drop(store);
    let mut text = String::new();
    let mut after = next;
    for row in rows.iter().take_while(|row| row.idx < covered) {
        let line = reading::exported(app, row, personal)?;
        text.push_str(&serde_json::to_string(&line).map_err(|error| error.to_string())?);
        text.push('\n');
        after = row.idx.saturating_add(1);
    }
    if after == next { Err(format!("entry {next} is missing")) } else { Ok((text, after)) }
}

/// Opens a page of rows, of which there may be one more than is shown.
fn page(app: &App, mut rows: Vec<entries::Entry>, personal: bool) -> Result<Page, Problem> {
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let before = rows.last().map(|row| row.idx).filter(|_| more);
    let read: Result<Vec<Read>, String> = rows.iter().map(|row| reading::read(app, row, personal)).collect();
    let entries = read.map_err(|error| {
        tracing::error!(%error, "the record cannot be read");
        Problem::internal()
    })?;
    Ok(Page { entries, before })
}

/// The reading itself is an entry, before anything is shown.
async fn enter(
    app: &App,
    by: &Acting,
    grounds: LogPurpose,
    filter: String,
    entries: u64,
) -> Result<(), Problem> {
    let event = Event::LogRead { by: by.officer.clone(), grounds, filter, entries };
    match app.recorder.record(Item::of(event)).await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(%error, "a reading could not be recorded");
            Err(Problem::unavailable("unavailable", "the reading could not be recorded, so nothing is shown"))
        }
    }
}
