//! Endpoints: enrolled by their authority, admitted to its groups, removed at once when withdrawn.

use std::sync::Arc;

use agreements::lifecycle::Status;
use agreements::statements::Enrolment;
use agreements::{EndpointId, Note, Statement};
use audit::{Event, GroupChange as What};
use exchange::CheckedKeyPackage;

use super::{Acting, GovernError};
use crate::app::App;
use crate::groups::LiveGroup;
use crate::recorder::{Effect, GroupChange, Item, Recorded};
use crate::store::endpoints::{self, EndpointRow};
use crate::trust::Trust;

/// Takes an enrolment note.
///
/// # Errors
/// [`GovernError`]
pub async fn enrol(app: &App, text: &str) -> Result<(EndpointId, Recorded), GovernError> {
    let enrolment = Enrolment::from_note(&Note::parse(text)?)?;
    let row = EndpointRow {
        endpoint: enrolment.endpoint.clone(),
        authority: enrolment.authority,
        leaf_key: *enrolment.leaf_key.as_bytes(),
        note: text.to_owned(),
        expires: enrolment.expires,
        active: true,
    };
    let item = Item::of(Event::Enrolled { note: text.to_owned() }).and(Effect::Endpoint { row });
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
    _by: &Acting,
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
    };
    let mut items = vec![Item::of(event).and(Effect::EndpointInactive { endpoint: endpoint.clone() })];
    for group in app.groups.all().into_iter().filter(|group| group.recipient == authority) {
        if is_member(&group, endpoint).await? {
            items.push(changed(
                &group,
                What::Removed,
                endpoint,
                GroupChange::Remove { group: group.id, endpoints: vec![endpoint.clone()] },
            ));
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

/// Admits one endpoint to the groups of its authority in which it is not.
///
/// # Errors
/// [`GovernError`]
pub async fn admit(app: &App, endpoint: &EndpointId) -> Result<(), GovernError> {
    let standing = app.standing.load_full();
    let Some(enrolment) = standing.endpoint(endpoint) else { return Ok(()) };
    let _one_at_a_time = app.admitting.lock().await;
    for group in app.groups.all().into_iter().filter(|group| group.recipient == enrolment.authority) {
        let open = standing.agreement(&group.agreement).is_some_and(|known| known.status() == Status::InForce);
        if !open || is_member(&group, endpoint).await? {
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

async fn is_member(group: &LiveGroup, endpoint: &EndpointId) -> Result<bool, GovernError> {
    let members = group.mls.lock().await.members();
    let members = members.map_err(|error| GovernError::NotAllowed(error.to_string()))?;
    Ok(members.contains(endpoint))
}

fn changed(group: &LiveGroup, what: What, endpoint: &EndpointId, change: GroupChange) -> Item {
    let (id, agreement, recipient) = (group.id, group.agreement.clone(), group.recipient.clone());
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
