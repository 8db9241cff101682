//! Writes a batch: few statements, many rows each.

use audit::Tile;
use exchange::BrokerGroup;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use super::batch::{Batch, Drafted};
use super::item::Effect;
use crate::app::Core;
use crate::store::{
    StoreError, WriteTx, agreements as agreement_rows, arrivals, datasets, deposits, directories, endpoints,
    entries, groups, inbox, keys, objects, officers, pseudonyms, requests, tags, tiles,
};

/// Writes everything of a batch but the head.
pub(super) async fn write(
    tx: &mut WriteTx,
    core: &Core,
    batch: &Batch<'_>,
    new_tiles: &[Tile],
) -> Result<(), StoreError> {
    let delete_after = days_from(batch.at, core.config.limits.inbox_days);
    let rows: Vec<_> = batch.entries.iter().map(|entry| row_of(entry, batch.personal_key())).collect();
    entries::insert(tx, &rows).await?;
    let rows: Vec<_> = new_tiles
        .iter()
        .map(|tile| tiles::Tile {
            level: tile.level.into(),
            idx: tile.index,
            width: tile.width().into(),
            bytes: tile.bytes(),
        })
        .collect();
    tiles::write(tx, &rows).await?;
    let rows: Vec<_> = batch
        .inbox
        .iter()
        .map(|posted| inbox::InboxRow {
            group: posted.group,
            position: posted.position,
            kind: posted.kind,
            idx: posted.index,
            previous: (posted.kind == inbox::InboxKind::Message).then_some(batch.begins_at()),
            message: posted.message,
            bytes: posted.bytes.clone(),
            at: batch.at,
            delete_after,
        })
        .collect();
    inbox::insert(tx, &rows).await?;
    let rows: Vec<_> = batch
        .answered
        .iter()
        .map(|answered| requests::RequestRow {
            group: answered.group,
            request: answered.request,
            digest: answered.digest,
            idx: answered.index,
        })
        .collect();
    requests::insert(tx, &rows).await?;
    effects(tx, batch).await?;
    states(tx, core, batch).await
}

/// The state of each group that sealed or changed, at or beyond every message stored with it.
async fn states(tx: &mut WriteTx, core: &Core, batch: &Batch<'_>) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(batch.ledgers.len());
    for (group, ledger) in &batch.ledgers {
        let (agreement, recipient, state, epoch) = match (batch.scratch.get(group), core.groups.get(group)) {
            (Some(scratch), _) => {
                let (agreement, recipient) = (scratch.agreement.clone(), scratch.recipient.clone());
                (agreement, recipient, dumped(&scratch.mls)?, scratch.mls.epoch())
            }
            (None, Some(live)) => {
                let mls = live.mls.lock().await;
                (live.at_version(), live.recipient.clone(), dumped(&mls)?, mls.epoch())
            }
            (None, None) => continue,
        };
        rows.push(groups::GroupRow {
            group: *group,
            agreement,
            recipient,
            state: core.rows.seal("exchange_groups", group.as_bytes(), &state),
            row_version: ledger.row_version,
            epoch,
            next_position: ledger.next_position,
            next_sequence: ledger.next_sequence,
            status: ledger.status,
        });
    }
    let (new, known): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.row_version == 0);
    for mut row in new {
        // What the ledger holds once this commit is through.
        row.row_version = 1;
        groups::insert(tx, &row).await?;
    }
    groups::save(tx, &known).await
}

async fn effects(tx: &mut WriteTx, batch: &Batch<'_>) -> Result<(), StoreError> {
    let mut done = Vec::new();
    for effect in &batch.effects {
        match effect {
            Effect::AgreementProposed { row } => agreement_rows::insert(tx, row).await?,
            Effect::AgreementNote { agreement, note } => {
                agreement_rows::insert_note(tx, agreement, note).await?
            }
            Effect::AgreementStatus { agreement } => {
                let known = batch.standing.agreement(agreement);
                let known = known.ok_or(StoreError::Stale { table: "agreements" })?;
                agreement_rows::set_status(tx, agreement, known.status().as_str()).await?;
            }
            Effect::Root { authority, key } => directories::insert_root(tx, authority, key).await?,
            Effect::Directory { row } => directories::insert(tx, row).await?,
            Effect::Dataset { row } => datasets::insert(tx, row).await?,
            Effect::Officer { row } => officers::insert(tx, row).await?,
            Effect::OfficerRoles { number, roles, active } => {
                officers::set_roles(tx, number, roles, *active).await?;
            }
            Effect::Endpoint { row } => endpoints::enrol(tx, row).await?,
            Effect::EndpointInactive { endpoint } => {
                endpoints::withdraw(tx, endpoint).await?;
            }
            Effect::ArrivalDone { group, position } => done.push((*group, *position)),
            Effect::DepositRecorded { deposit, records } => deposits::record(tx, *deposit, *records).await?,
            Effect::Object { row } => objects::insert(tx, row).await?,
            Effect::ObjectHeld { object, receipt } => objects::hold(tx, *object, receipt).await?,
            Effect::ObjectKeySent { object } => objects::key_sent(tx, *object).await?,
            Effect::ObjectOpened { object } => objects::opened(tx, *object).await?,
            Effect::ObjectsDestroyed { group } => {
                objects::destroy_of_group(tx, *group).await?;
            }
            Effect::InboxDestroyed { group } => {
                inbox::destroy(tx, *group).await?;
            }
            Effect::PseudonymIndex { rows } => pseudonyms::insert(tx, rows).await?,
            Effect::Tags { rows } => tags::insert(tx, rows).await?,
            Effect::VaultKey { id, kind } => keys::insert(tx, id, kind, batch.at).await?,
            Effect::VaultKeyDestroyed { id } => {
                keys::destroy(tx, id, batch.at).await?;
            }
            // Taken when they were drafted.
            Effect::GroupStatus { .. } | Effect::Notice { .. } => {}
        }
    }
    arrivals::mark_done(tx, &done).await
}

/// The day that many days after a moment, in UTC.
pub(crate) fn days_from(at: jiff::Timestamp, days: u32) -> Date {
    let day = at.to_zoned(TimeZone::UTC).date();
    day.checked_add(i64::from(days).days()).unwrap_or(day)
}

fn row_of(entry: &Drafted, personal_key: &str) -> entries::Entry {
    entries::Entry {
        idx: entry.index,
        id: entry.id,
        leaf: entry.leaf.clone(),
        particulars: Some(entry.particulars.clone()),
        personal: entry.personal.clone(),
        operation: entry.event.operation().to_owned(),
        agreement: entry.event.agreement().cloned(),
        asked_about: entry.event.asked_about().cloned(),
        recipient: entry.event.recipient().cloned(),
        at: entry.at,
        disclosure: entry.disclosure,
        personal_key: entry.personal.is_some().then(|| personal_key.to_owned()),
    }
}

fn dumped(mls: &BrokerGroup) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    mls.dump().map_err(|_| StoreError::Corrupt { column: "exchange_groups.state" })
}
