//! An agreement from its proposal to its end.

use std::collections::BTreeSet;

use agreements::digest::digest_of;
use agreements::document;
use agreements::lifecycle::Status;
use agreements::statements::{ConditionMet, Opinion, PartySignature};
use agreements::{Agreement, AgreementId, AgreementVersion, AuthorityId, Digest, GroupId, Note, Statement};
use audit::{Event, GroupChange as What};

use super::{Acting, GovernError, endpoint};
use crate::app::App;
use crate::groups::LiveGroup;
use crate::recorder::{Condition, Effect, GroupChange, Item, Recorded};
use crate::store::agreements::{AgreementNote, AgreementRow};
use crate::store::datasets::DatasetRow;
use crate::store::groups::GroupStatus;
use crate::{disclosure, domains, governed};

/// Publishes a dataset: its description, with a category for every element.
///
/// # Errors
/// [`GovernError`]
pub async fn publish_dataset(app: &App, by: &Acting, text: &str) -> Result<Recorded, GovernError> {
    let dataset = document::read_dataset(text).map_err(GovernError::Document)?;
    if dataset.controller != app.config.authority {
        let text = format!("dataset `{}` is controlled by `{}`", dataset.id, dataset.controller);
        return Err(GovernError::NotAllowed(text));
    }
    let digest = digest_of(&dataset)?;
    let event = Event::DatasetPublished { dataset: dataset.id.clone(), digest, by: by.officer.clone() };
    let unknown = Condition::NewDataset { dataset: dataset.id.clone() };
    let row = DatasetRow { id: dataset.id, digest, document: text.to_owned() };
    Ok(app.recorder.record(Item::of(event).while_holds(unknown).and(Effect::Dataset { row })).await?)
}

/// Proposes an agreement.
///
/// # Errors
/// [`GovernError`]
pub async fn propose(app: &App, by: &Acting, text: &str) -> Result<(AgreementVersion, Recorded), GovernError> {
    let agreement = document::read(text).map_err(GovernError::Document)?;
    check_proposal(app, &agreement)?;
    governed::compile(&agreement).map_err(GovernError::NotAllowed)?;
    let (version, digest) = (agreement.at_version(), agreement.digest()?);
    let event = Event::Proposed {
        agreement: version.clone(),
        digest,
        document: text.to_owned(),
        by: by.officer.clone(),
    };
    let status = Status::Proposed.as_str().to_owned();
    let row = AgreementRow { agreement: version.clone(), digest, document: text.to_owned(), status };
    let recorded = app.recorder.record(Item::of(event).and(Effect::AgreementProposed { row })).await?;
    Ok((version, recorded))
}

/// What a proposal must agree with here: this authority, its log, the trusted roots, the datasets.
fn check_proposal(app: &App, agreement: &Agreement) -> Result<(), GovernError> {
    let refuse = |text: String| Err(GovernError::NotAllowed(text));
    let Some(provider) = agreement.provider() else {
        return refuse("the agreement has no provider".to_owned());
    };
    if provider.authority != app.config.authority {
        return refuse(format!(
            "the provider is `{}`, and this is `{}`",
            provider.authority, app.config.authority
        ));
    }
    if provider.log_key.as_ref() != Some(app.log_key()) {
        return refuse("the provider's log key is another than that of this record".to_owned());
    }
    let standing = app.standing.load();
    for party in &agreement.parties {
        if standing.root(&party.authority) != Some(&party.root_key) {
            return refuse(format!(
                "the root key of `{}` is not the one that is trusted here",
                party.authority
            ));
        }
        if standing.directory(&party.authority).is_none() {
            return refuse(format!("`{}` has no directory here yet", party.authority));
        }
    }
    for dataset in &agreement.datasets {
        if standing.dataset(&dataset.id) != Some(digest_of(dataset)?) {
            return refuse(format!("dataset `{}` is not published as the agreement describes it", dataset.id));
        }
    }
    Ok(())
}

/// Takes an opinion, a signature or an attestation, whichever the note is.
///
/// # Errors
/// [`GovernError`]
pub async fn take_note(
    app: &App,
    by: &Acting,
    text: &str,
) -> Result<(AgreementVersion, Recorded), GovernError> {
    let note = Note::parse(text)?;
    let first = note.text().lines().next().unwrap_or_default();
    let by = by.officer.clone();
    let (agreement, kind, authority, event) = match first {
        Opinion::KIND => {
            let said = Opinion::from_note(&note)?;
            let event = Event::OpinionGiven { note: text.to_owned(), by };
            (said.agreement, "opinion".to_owned(), said.authority, event)
        }
        PartySignature::KIND => {
            let said = PartySignature::from_note(&note)?;
            let event = Event::Signed { note: text.to_owned(), by };
            (said.agreement, "signature".to_owned(), said.authority, event)
        }
        _ => {
            let said = ConditionMet::from_note(&note)?;
            let event = Event::ConditionAttested { note: text.to_owned(), by };
            (said.agreement, format!("condition/{}", said.condition), said.authority, event)
        }
    };
    let note = AgreementNote { kind, authority, note: text.to_owned() };
    let item = Item::of(event)
        .and(Effect::AgreementNote { agreement: agreement.clone(), note })
        .and(Effect::AgreementStatus { agreement: agreement.clone() });
    let recorded = app.recorder.record(item).await?;
    Ok((agreement, recorded))
}

/// Brings an agreement into force: domain seeds and groups come into being with it.
///
/// The version in force before it is superseded in the same commit: groups of recipients that stay
/// go over to the new text, those of others end, and so do the domains that nobody has any more.
///
/// # Errors
/// [`GovernError`]
pub async fn enter_into_force(
    app: &App,
    by: &Acting,
    agreement: &AgreementVersion,
) -> Result<Recorded, GovernError> {
    // Nobody is admitted to a group while it goes over to another text.
    let one_at_a_time = app.admitting.lock().await;
    let standing = app.standing.load_full();
    let known = standing.agreement(agreement);
    let known =
        known.ok_or_else(|| GovernError::Absent(format!("agreement `{agreement}` was never proposed")))?;
    governed::compile(known.agreement()).map_err(GovernError::NotAllowed)?;
    let (digest, document) = (known.digest(), known.agreement().clone());
    let event = Event::InForce {
        agreement: agreement.clone(),
        digest,
        by: by.officer.clone(),
        policy_epoch: standing.policy_epoch().saturating_add(1),
    };
    // Seeds are made before the entry, so an agreement that is not complete is refused first.
    let tried = audit::Standing::clone(&standing).apply(app.clock.now(), &event);
    tried.map_err(|error| GovernError::NotAllowed(error.to_string()))?;
    let mut into_force = stepping(agreement, digest, by, Step::InForce);
    let mut items = domains::make_seeds(&app.core, &document).map_err(GovernError::Vault)?;
    let before = standing.versions(&agreement.id).find(|(_, known)| known.status() == Status::InForce);
    if let Some((version, known)) = before {
        into_force = into_force.and(Effect::AgreementStatus { agreement: version.clone() });
        let kept = domains::of_agreement(&document);
        let ended = domains::of_agreement(known.agreement()).into_iter().filter(|one| !kept.contains(one));
        items.extend(domains::destroy_seeds(&app.core, ended).map_err(GovernError::Vault)?);
    }
    for group in app.groups.all().into_iter().filter(|group| group.agreement == agreement.id) {
        let stays = document.recipients().any(|party| party.authority == group.recipient);
        if stays {
            items.push(agreed(&group, agreement, digest));
            into_force = into_force.and(Effect::ObjectsDestroyed { group: group.id });
        } else {
            into_force = ending(into_force, group.id);
        }
    }
    let has_one = |recipient: &AuthorityId| app.groups.of(&agreement.id, recipient).is_some();
    let new = document.recipients().filter(|party| !has_one(&party.authority));
    items.extend(new.map(|party| created(app, agreement, digest, &party.authority)));
    items.insert(0, into_force);
    let recorded = app.recorder.record_all(items).await?;
    drop(one_at_a_time);
    endpoint::admit_all(app).await?;
    first(recorded)
}

/// A group goes over to the next version of its agreement.
fn agreed(group: &LiveGroup, agreement: &AgreementVersion, digest: Digest) -> Item {
    let (id, named, recipient) = (group.id, agreement.clone(), group.recipient.clone());
    Item::at(move |place| Event::GroupChanged {
        group: id,
        agreement: named,
        recipient,
        epoch: place.group_epoch,
        change: What::Agreed,
        endpoints: Vec::new(),
    })
    .changing(GroupChange::Agree { group: group.id, agreement: agreement.clone(), digest })
}

/// A group ends, and what waits in it is destroyed.
fn ending(item: Item, group: GroupId) -> Item {
    item.and(Effect::GroupStatus { group, status: GroupStatus::Ended })
        .and(Effect::ObjectsDestroyed { group })
        .and(Effect::InboxDestroyed { group })
}

fn created(app: &App, agreement: &AgreementVersion, digest: Digest, recipient: &AuthorityId) -> Item {
    let group = GroupId::from_bytes(app.rng.id());
    let (named, to) = (agreement.clone(), recipient.clone());
    Item::at(move |place| Event::GroupChanged {
        group,
        agreement: named,
        recipient: to,
        epoch: place.group_epoch,
        change: What::Created,
        endpoints: Vec::new(),
    })
    .changing(GroupChange::Create {
        group,
        agreement: agreement.clone(),
        digest,
        recipient: recipient.clone(),
    })
}

/// A step in the life of an agreement.
#[derive(Clone)]
enum Step {
    InForce,
    Suspended(String),
    Resumed(String),
    Terminated(String),
}

fn stepping(agreement: &AgreementVersion, digest: Digest, by: &Acting, step: Step) -> Item {
    let (named, officer) = (agreement.clone(), by.officer.clone());
    Item::at(move |place| {
        let (agreement, by, policy_epoch) = (named, officer, place.next_policy_epoch);
        match step {
            Step::InForce => Event::InForce { agreement, digest, by, policy_epoch },
            Step::Suspended(grounds) => Event::Suspended { agreement, by, policy_epoch, grounds },
            Step::Resumed(grounds) => Event::Resumed { agreement, by, policy_epoch, grounds },
            Step::Terminated(grounds) => Event::Terminated { agreement, by, policy_epoch, grounds },
        }
    })
    .and(Effect::AgreementStatus { agreement: agreement.clone() })
}

/// Suspends an agreement: no disclosure under it has a later index.
///
/// # Errors
/// [`GovernError`]
pub async fn suspend(
    app: &App,
    by: &Acting,
    agreement: &AgreementId,
    grounds: &str,
) -> Result<Recorded, GovernError> {
    let (version, digest) = standing_version(app, agreement)?;
    let item = stepping(&version, digest, by, Step::Suspended(grounds.to_owned()));
    Ok(app.recorder.record(with_groups(app, item, agreement, GroupStatus::Suspended)).await?)
}

/// Resumes a suspended agreement; keys that waited go out, each decided again.
///
/// # Errors
/// [`GovernError`]
pub async fn resume(
    app: &App,
    by: &Acting,
    agreement: &AgreementId,
    grounds: &str,
) -> Result<Recorded, GovernError> {
    let (version, digest) = standing_version(app, agreement)?;
    let item = stepping(&version, digest, by, Step::Resumed(grounds.to_owned()));
    let recorded = app.recorder.record(with_groups(app, item, agreement, GroupStatus::Open)).await?;
    for group in app.groups.all().iter().filter(|group| group.agreement == *agreement) {
        group.inbox.notify_waiters();
        if let Err(error) = disclosure::key::deliver_waiting(app, group).await {
            tracing::error!(group = %group.id, %error, "keys that waited could not be sent");
        }
    }
    endpoint::admit_all(app).await?;
    Ok(recorded)
}

/// Ends an agreement: its groups end, what waits is destroyed, and so are the seeds of its domains.
///
/// # Errors
/// [`GovernError`]
pub async fn terminate(
    app: &App,
    by: &Acting,
    agreement: &AgreementId,
    grounds: &str,
) -> Result<Recorded, GovernError> {
    let (version, digest) = standing_version(app, agreement)?;
    end(app, &version, stepping(&version, digest, by, Step::Terminated(grounds.to_owned()))).await
}

/// Ends every agreement whose last day has passed.
///
/// # Errors
/// [`GovernError`]; those that were ended before it stay so.
pub async fn expire_all(app: &App) -> Result<(), GovernError> {
    let (standing, today) = (app.standing.load_full(), app.today());
    let held = |status| matches!(status, Status::InForce | Status::Suspended);
    let due = standing.agreements().filter(|(_, known)| held(known.status()));
    for (version, _) in due.filter(|(_, known)| known.status_on(today) == Status::Expired) {
        let named = version.clone();
        let item =
            Item::at(move |place| Event::Expired { agreement: named, policy_epoch: place.next_policy_epoch });
        let item = item.and(Effect::AgreementStatus { agreement: version.clone() });
        end(app, version, item).await?;
        tracing::info!(agreement = %version, "its last day has passed: it has ended");
    }
    Ok(())
}

async fn end(app: &App, agreement: &AgreementVersion, item: Item) -> Result<Recorded, GovernError> {
    let groups = app.groups.all().into_iter().filter(|group| group.agreement == agreement.id);
    let mut items = vec![groups.fold(item, |item, group| ending(item, group.id))];
    let standing = app.standing.load_full();
    if let Some(known) = standing.agreement(agreement) {
        let domains = domains::of_agreement(known.agreement());
        items.extend(domains::destroy_seeds(&app.core, domains).map_err(GovernError::Vault)?);
    }
    first(app.recorder.record_all(items).await?)
}

fn with_groups(app: &App, item: Item, agreement: &AgreementId, status: GroupStatus) -> Item {
    let groups: BTreeSet<GroupId> =
        app.groups.all().iter().filter(|g| g.agreement == *agreement).map(|g| g.id).collect();
    groups.into_iter().fold(item, |item, group| item.and(Effect::GroupStatus { group, status }))
}

/// The version of an agreement that is in force or suspended.
fn standing_version(app: &App, agreement: &AgreementId) -> Result<(AgreementVersion, Digest), GovernError> {
    let standing = app.standing.load();
    let mut versions = standing.versions(agreement);
    let known = versions.find(|(_, known)| matches!(known.status(), Status::InForce | Status::Suspended));
    let known = known.ok_or_else(|| GovernError::Absent(format!("agreement `{agreement}` is not in force")))?;
    Ok((known.0.clone(), known.1.digest()))
}

fn first(recorded: Vec<Recorded>) -> Result<Recorded, GovernError> {
    recorded.into_iter().next().ok_or_else(|| GovernError::NotAllowed("nothing was recorded".to_owned()))
}
