//! Officers of the provider: administrators name them, the DPO sees them.

use std::sync::Arc;

use agreements::OfficerNumber;
use audit::LogPurpose;
use axum::extract::State;
use axum::http::StatusCode;
use common::problem::{Json, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::refusal;
use crate::app::App;
use crate::govern::Acting;
use crate::govern::officer::{self, NewOfficer};
use crate::roles::Role;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    number: OfficerNumber,
    #[serde(deserialize_with = "super::secret::zeroizing")]
    name: Zeroizing<String>,
    #[serde(deserialize_with = "super::secret::zeroizing")]
    password: Zeroizing<String>,
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Changed {
    roles: Vec<String>,
    active: bool,
}

#[derive(Serialize)]
pub(super) struct Listed {
    number: OfficerNumber,
    roles: Vec<String>,
    active: bool,
}

pub(super) async fn name(
    State(app): State<Arc<App>>,
    by: Acting,
    Json(named): Json<Named>,
) -> Result<StatusCode, Problem> {
    if app.standing.load().officer(&named.number).is_some() {
        return Err(Problem::conflict("exists", format!("officer `{}` exists", named.number)));
    }
    let roles = roles(&named.roles)?;
    let new = NewOfficer { number: named.number, name: named.name, password: named.password, roles };
    officer::name(&app, &by, new).await.map_err(refusal::govern)?;
    Ok(StatusCode::CREATED)
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    by: Acting,
    Path(number): Path<OfficerNumber>,
    Json(changed): Json<Changed>,
) -> Result<StatusCode, Problem> {
    let roles = roles(&changed.roles)?;
    officer::change(&app, &by, number, roles, changed.active).await.map_err(refusal::govern)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Result<axum::Json<Vec<Listed>>, Problem> {
    let standing = app.standing.load();
    let listed = standing.officers().map(|(number, known)| Listed {
        number: number.clone(),
        roles: known.roles.clone(),
        active: known.active,
    });
    Ok(axum::Json(listed.collect()))
}

/// What an officer's name is opened for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    grounds: LogPurpose,
}

/// An officer by name.
#[derive(Serialize)]
pub(super) struct Identified {
    number: OfficerNumber,
    name: String,
    roles: Vec<String>,
    active: bool,
}

/// Opens the sealed name: on record before it is shown, like any reading of who did what.
pub(super) async fn identify(
    State(app): State<Arc<App>>,
    by: Acting,
    Path(number): Path<OfficerNumber>,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Identified>, Problem> {
    let name = officer::identify(&app, &by, &number, asked.grounds).await.map_err(refusal::govern)?;
    let known = app.standing.load().officer(&number).cloned();
    let known = known.ok_or_else(|| Problem::not_found("absent", format!("there is no officer `{number}`")))?;
    Ok(axum::Json(Identified {
        number,
        name: name.as_str().to_owned(),
        roles: known.roles,
        active: known.active,
    }))
}

fn roles(words: &[String]) -> Result<Vec<Role>, Problem> {
    let known = words.iter().map(|word| {
        Role::parse(word).ok_or_else(|| {
            let all: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
            Problem::unprocessable("role", format!("a role is one of: {}", all.join(", ")))
        })
    });
    known.collect()
}
