//! Compares the rows by which an administrator could try to change what stands with the log.
//!
//! Nothing is decided by those rows. A difference, be it a row changed, added or deleted, stops
//! disclosures under what differs, so that somebody looks.

use std::collections::BTreeSet;

use agreements::lifecycle::Status;
use agreements::{AuthorityId, Digest};
use audit::Standing;

use super::StartError;
use super::replay::Replayed;
use crate::app::Core;
use crate::store::{
    ReadConn, agreements as agreement_rows, directories, endpoints, groups, officers, requests,
};

/// Compares, and blocks what differs.
pub(super) async fn compare(core: &Core, replayed: &Replayed) -> Result<(), StartError> {
    let standing = &replayed.standing;
    let mut store = core.store.read().await?;
    agreements(core, standing, &mut store).await?;
    directories(core, standing, &mut store).await?;
    endpoints(core, standing, &mut store).await?;
    for agreement in requests::lost(&mut store).await? {
        tracing::error!(%agreement, "the row of an answered request is missing, and it would be answered again");
        core.blocked.add(agreement);
    }
    let since = replayed.decided.first().map_or(u64::MAX, |(index, ..)| *index);
    let rows = requests::since(&mut store, since).await?;
    for (index, agreement, request) in &replayed.decided {
        if rows.get(index) != Some(request) {
            tracing::error!(%agreement, index, "the row of an answered request is another, and it would be answered again");
            core.blocked.add(agreement.clone());
        }
    }
    officers(core, standing, &mut store).await
}

/// Agreements, and the exchange groups by which they are carried out.
async fn agreements(core: &Core, standing: &Standing, store: &mut ReadConn) -> Result<(), StartError> {
    let mut seen = BTreeSet::new();
    for row in agreement_rows::all(store).await? {
        let known = standing.agreement(&row.agreement);
        let record = standing.agreement_record(&row.agreement);
        let same = known.zip(record).is_some_and(|(known, record)| {
            known.digest() == row.digest
                && known.status().as_str() == row.status
                && record.document == row.document
        });
        if !same {
            tracing::error!(agreement = %row.agreement, "the row differs from the record; nothing is disclosed under it");
            core.blocked.add(row.agreement.id.clone());
        }
        seen.insert(row.agreement);
    }
    for (version, _) in standing.agreements().filter(|(version, _)| !seen.contains(version)) {
        tracing::error!(agreement = %version, "the row is missing; nothing is disclosed under it");
        core.blocked.add(version.id.clone());
    }
    let rows: BTreeSet<_> = groups::all(store).await?.into_iter().map(|row| row.group).collect();
    for (group, known) in standing.groups().filter(|(group, _)| !rows.contains(group)) {
        let status = standing.agreement(&known.agreement).map(|agreement| agreement.status());
        if matches!(status, Some(Status::InForce | Status::Suspended)) {
            tracing::error!(%group, agreement = %known.agreement, "the state of an exchange group is missing; nothing is disclosed under its agreement");
            core.blocked.add(known.agreement.id.clone());
        }
    }
    Ok(())
}

async fn directories(core: &Core, standing: &Standing, store: &mut ReadConn) -> Result<(), StartError> {
    let mut newest_rows = BTreeSet::new();
    for row in directories::all(store).await? {
        let newest = standing.directory(&row.authority);
        let same = match newest {
            Some(newest) if newest.version == row.version => {
                newest_rows.insert(row.authority.clone());
                standing.directory_note(&row.authority) == Some(row.note.as_str())
            }
            Some(newest) => row.version < newest.version,
            None => false,
        };
        if !same {
            tracing::error!(authority = %row.authority, "a directory differs from the record");
            block_party(core, standing, &row.authority);
        }
    }
    for authority in standing.authorities() {
        if standing.directory(authority).is_some() && !newest_rows.contains(authority) {
            tracing::error!(%authority, "the row of its directory is missing");
            block_party(core, standing, authority);
        }
    }
    Ok(())
}

async fn endpoints(core: &Core, standing: &Standing, store: &mut ReadConn) -> Result<(), StartError> {
    let mut seen = BTreeSet::new();
    for row in endpoints::all(store).await? {
        let mut known = standing.endpoints();
        let same = known.find(|(enrolment, _)| enrolment.endpoint == row.endpoint).is_some_and(
            |(enrolment, state)| {
                state.note == row.note
                    && state.active == row.active
                    && enrolment.leaf_key == Digest::from_bytes(row.leaf_key)
                    // Rows keep times to the second.
                    && enrolment.expires.as_second() == row.expires.as_second()
            },
        );
        if !same {
            tracing::error!(endpoint = %row.endpoint, "an endpoint's row differs from the record");
            block_party(core, standing, &row.authority);
        }
        seen.insert(row.endpoint);
    }
    for (enrolment, state) in standing.endpoints() {
        if state.active && !seen.contains(&enrolment.endpoint) {
            tracing::error!(endpoint = %enrolment.endpoint, "an endpoint's row is missing");
            block_party(core, standing, &enrolment.authority);
        }
    }
    Ok(())
}

async fn officers(core: &Core, standing: &Standing, store: &mut ReadConn) -> Result<(), StartError> {
    let mut seen = BTreeSet::new();
    for row in officers::all(store).await? {
        let known = standing.officer(&row.number);
        if !known.is_some_and(|known| known.roles == row.roles && known.active == row.active) {
            tracing::error!(officer = %row.number, "an officer's row differs from the record; sign-in is refused");
            core.blocked.add_officer(row.number.clone());
        }
        seen.insert(row.number);
    }
    for (officer, _) in standing.officers().filter(|(officer, _)| !seen.contains(*officer)) {
        tracing::error!(%officer, "an officer's row is missing; sign-in is refused");
        core.blocked.add_officer(officer.clone());
    }
    Ok(())
}

fn block_party(core: &Core, standing: &Standing, authority: &AuthorityId) {
    for (_, known) in standing.agreements() {
        if known.agreement().party(authority).is_some() {
            core.blocked.add(known.agreement().id.clone());
        }
    }
}
