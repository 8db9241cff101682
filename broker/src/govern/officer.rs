//! Officers of the provider: named, given roles, and taken off again.

use agreements::OfficerNumber;
use audit::{Event, LogPurpose};
use common::password::PasswordError;
use zeroize::Zeroizing;

use super::{Acting, GovernError};
use crate::app::App;
use crate::recorder::{Condition, Effect, Item, Recorded};
use crate::store::officers::{self, OfficerRow};

/// A new officer as whoever administers names one.
pub struct NewOfficer {
    /// The number by which the record knows the officer.
    pub number: OfficerNumber,
    /// The name; sealed at once.
    pub name: zeroize::Zeroizing<String>,
    /// The first password.
    pub password: zeroize::Zeroizing<String>,
    /// Roles.
    pub roles: Vec<crate::roles::Role>,
}

/// Names an officer.
///
/// # Errors
/// [`GovernError`]
pub async fn name(app: &App, by: &Acting, new: NewOfficer) -> Result<Recorded, GovernError> {
    let password = app
        .passwords
        .hash(new.password)
        .await
        .map_err(|error: PasswordError| GovernError::NotAllowed(error.to_string()))?;
    let roles: Vec<String> = new.roles.iter().map(|role| role.as_str().to_owned()).collect();
    let row = OfficerRow {
        name_sealed: app.rows.seal("officers", new.number.as_str().as_bytes(), new.name.as_bytes()),
        number: new.number.clone(),
        password,
        roles: roles.clone(),
        active: true,
    };
    let unknown = Condition::NewOfficer { number: new.number.clone() };
    let event = Event::OfficerChanged { officer: new.number, roles, active: true, by: by.officer.clone() };
    let item = Item::of(event).while_holds(unknown).and(Effect::Officer { row });
    Ok(app.recorder.record(item).await?)
}

/// Gives an officer other roles, or takes the officer off.
///
/// # Errors
/// [`GovernError`]
pub async fn change(
    app: &App,
    by: &Acting,
    number: OfficerNumber,
    roles: Vec<crate::roles::Role>,
    active: bool,
) -> Result<Recorded, GovernError> {
    if app.standing.load().officer(&number).is_none() {
        return Err(GovernError::Absent(format!("there is no officer `{number}`")));
    }
    if by.officer == number {
        let text = "nobody gives roles to oneself or takes them; another administrator does".to_owned();
        return Err(GovernError::NotAllowed(text));
    }
    let roles: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    let event =
        Event::OfficerChanged { officer: number.clone(), roles: roles.clone(), active, by: by.officer.clone() };
    Ok(app.recorder.record(Item::of(event).and(Effect::OfficerRoles { number, roles, active })).await?)
}

/// The name of an officer, so that the person behind an entry can be told (LED 25(1)). That it was
/// opened, by whom and what for, is on record before it is given.
///
/// # Errors
/// [`GovernError`]
pub async fn identify(
    app: &App,
    by: &Acting,
    number: &OfficerNumber,
    grounds: LogPurpose,
) -> Result<Zeroizing<String>, GovernError> {
    let row = officers::get(&mut app.store.read().await?, number).await?;
    let row = row.ok_or_else(|| GovernError::Absent(format!("there is no officer `{number}`")))?;
    let unread = || GovernError::Vault(format!("the name of officer `{number}` cannot be opened"));
    let name = app.rows.open("officers", number.as_str().as_bytes(), &row.name_sealed).map_err(|_| unread())?;
    let name = Zeroizing::new(std::str::from_utf8(&name).map_err(|_| unread())?.to_owned());
    let event = Event::OfficerIdentified { officer: number.clone(), grounds, by: by.officer.clone() };
    app.recorder.record(Item::of(event)).await?;
    Ok(name)
}
