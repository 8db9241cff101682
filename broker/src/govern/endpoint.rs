//! Endpoints: enrolled by their authority, admitted to its groups, removed at once when withdrawn.

use std::sync::Arc;

use agreements::lifecycle::Status;
use agreements::statements::Enrolment;
use agreements::{EndpointId, Note, Statement};
use audit::{Event, GroupChange as What, Standing};
use exchange::CheckedKeyPackage;
use jiff::{SignedDuration, Timestamp};

use super::{Acting, GovernError};
use crate::app::App;
use crate::groups::LiveGroup;
use crate::recorder::{Effect, GroupChange, Item, Recorded};
use crate::store::endpoints::{self, EndpointRow};
use crate::trust::Trust;

/// After so long an endpoint is added anew with a fresh key package, so that a stolen key heals.
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Takes an enrolment note.
///
/// # Errors
/// [`GovernError`]
pub async fn enrol(app: &App, by: &Acting, text: &str) -> Result<(EndpointId, Recorded), GovernError> {
    let enrolment = Enrolment::from_note(&Note::parse(text)?)?;
    let row = EndpointRow {
        endpoint: enrolment.endpoint.clone(),
        authority: enrolment.authority,
        leaf_key: *enrolment.leaf_key.as_bytes(),
        note: text.to_owned(),
        expires: enrolment.expires,
        active: true,
    };
    let item = Item::of(Event::Enrolled { note: text.to_owned(), by: by.officer.clone() });
    let item = item.and(Effect::Endpoint { row });
    let recorded = app.recorder.record(item).await?;
    admit_all(app).await?;
    Ok((enrolment.endpoint, recorded))
}

/// Withdraws an endpoint: it leaves its groups in the same commit.
///
/// # Errors
/// [`GovernError`]
pub async fn remove(
    app: &App,
    by: &Acting,
    endpoint: &EndpointId,
    grounds: &str,
) -> Result<Recorded, GovernError> {
    // No admission may be on its way meanwhile, or the endpoint would stay a member.
    let _one_at_a_time = app.admitting.lock().await;
    let standing = app.standing.load_full();
    let enrolled = standing.endpoint(endpoint);
    let absent = || GovernError::Absent(format!("endpoint `{endpoint}` is not enrolled"));
    let authority = enrolled.ok_or_else(absent)?.authority.clone();
    let event = Event::EndpointRemoved {
        authority: authority.clone(),
        endpoint: endpoint.clone(),
        grounds: grounds.to_owned(),
        by: by.officer.clone(),
    };
    let mut items = vec![Item::of(event).and(Effect::EndpointInactive { endpoint: endpoint.clone() })];
    for group in app.groups.all().into_iter().filter(|group| group.recipient == authority) {
        if joined(&standing, &group, endpoint).is_some() {
            items.push(leaving(&group, endpoint));
        }
    }
    let mut recorded = app.recorder.record_all(items).await?.into_iter();
    recorded.next().ok_or_else(absent)
}

/// Admits every enrolled endpoint that has offered a key package to the groups of its authority in
/// which it is not.
///
/// # Errors
/// [`GovernError`]
pub async fn admit_all(app: &App) -> Result<(), GovernError> {
    let rows = endpoints::all(&mut app.store.read().await?).await?;
    for row in rows.into_iter().filter(|row| row.active) {
        admit(app, &row.endpoint).await?;
    }
    Ok(())
}

/// Admits one endpoint to the groups of its authority in which it is not, or came in so long ago that
/// its keys are to be new.
///
/// # Errors
/// [`GovernError`]
pub async fn admit(app: &App, endpoint: &EndpointId) -> Result<(), GovernError> {
    let _one_at_a_time = app.admitting.lock().await;
    // Read under the lock, so that nobody is admitted twice.
    let standing = app.standing.load_full();
    let Some(enrolment) = standing.endpoint(endpoint) else { return Ok(()) };
    for group in app.groups.all().into_iter().filter(|group| group.recipient == enrolment.authority) {
        let open =
            standing.agreement(&group.at_version()).is_some_and(|known| known.status() == Status::InForce);
        let fresh = joined(&standing, &group, endpoint)
            .is_some_and(|at| app.clock.now().duration_since(at) < RENEWED_AFTER);
        if !open || fresh {
            continue;
        }
        let mut tx = app.store.write().await?;
        let package = endpoints::take_package(&mut tx, endpoint).await?;
        tx.commit().await?;
        let Some(package) = package else { continue };
        let trust = Trust::new(Arc::clone(&standing));
        let checked = match CheckedKeyPackage::check(&package, &trust, app.clock.now()) {
            Ok(checked) if checked.endpoint() == endpoint => checked,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%endpoint, %error, "a key package was refused");
                continue;
            }
        };
        let change = GroupChange::Add { group: group.id, packages: vec![checked] };
        app.recorder.record(changed(&group, What::Added, endpoint, change)).await?;
    }
    Ok(())
}

/// Removes from the groups every endpoint whose enrolment has ended.
///
/// # Errors
/// [`GovernError`]
pub async fn remove_ended(app: &App) -> Result<(), GovernError> {
    let _one_at_a_time = app.admitting.lock().await;
    let standing = app.standing.load_full();
    for group in app.groups.all() {
        let Some(known) = standing.group(&group.id) else { continue };
        for endpoint in known.endpoints.keys() {
            let enrolled = standing.endpoint(endpoint);
            if enrolled.is_none_or(|enrolled| enrolled.expires <= app.clock.now()) {
                app.recorder.record(leaving(&group, endpoint)).await?;
                tracing::info!(%endpoint, group = %group.id, "its enrolment has ended: it was removed");
            }
        }
    }
    Ok(())
}

/// When an endpoint came into a group with its present keys; none when it is not in it.
fn joined(standing: &Standing, group: &LiveGroup, endpoint: &EndpointId) -> Option<Timestamp> {
    standing.group(&group.id)?.endpoints.get(endpoint).copied()
}

fn leaving(group: &LiveGroup, endpoint: &EndpointId) -> Item {
    let change = GroupChange::Remove { group: group.id, endpoints: vec![endpoint.clone()] };
    changed(group, What::Removed, endpoint, change)
}

fn changed(group: &LiveGroup, what: What, endpoint: &EndpointId, change: GroupChange) -> Item {
    let (id, agreement, recipient) = (group.id, group.at_version(), group.recipient.clone());
    let endpoints = vec![endpoint.clone()];
    Item::at(move |place| Event::GroupChanged {
        group: id,
        agreement,
        recipient,
        epoch: place.group_epoch,
        change: what,
        endpoints,
    })
    .changing(change)
}
