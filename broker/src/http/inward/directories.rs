//! Directories of authorities: notes signed by their root keys.

use std::sync::Arc;

use agreements::directory::Holder;
use agreements::{AuthorityId, Directory, Function, NoteKey};
use axum::extract::State;
use axum::http::StatusCode;
use common::problem::Problem;
use jiff::Timestamp;
use serde::Serialize;

use super::refusal;
use crate::app::App;
use crate::govern::{Acting, directory};

pub(super) async fn replace(
    State(app): State<Arc<App>>,
    by: Acting,
    note: String,
) -> Result<StatusCode, Problem> {
    directory::replace(&app, &by, &note).await.map_err(refusal::govern)?;
    Ok(StatusCode::CREATED)
}

/// An authority and its directory in use.
#[derive(Serialize)]
pub(super) struct Listed {
    authority: AuthorityId,
    root_key: NoteKey,
    /// None while the authority has given no directory.
    version: Option<u32>,
    at: Option<Timestamp>,
    holders: Vec<Held>,
}

/// A function and who holds it.
#[derive(Serialize)]
pub(super) struct Held {
    function: Function,
    /// Title of the office, never a person's name.
    office: String,
    key: NoteKey,
    /// Key id: the first four bytes that stand in front of each signature, hexadecimal.
    key_id: String,
    /// Date of the directory since which this key has held this function without a break.
    since: Timestamp,
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Result<axum::Json<Vec<Listed>>, Problem> {
    let standing = app.standing.load();
    let mut listed = Vec::new();
    for authority in standing.authorities() {
        let Some(root_key) = standing.root(authority).cloned() else { continue };
        let history: Vec<&Directory> = standing.directories(authority).collect();
        let now = history.last();
        let holders = now.into_iter().flat_map(|now| &now.holders).map(|held| Held {
            function: held.function,
            office: held.office.clone(),
            key: held.key.clone(),
            key_id: hex::encode(held.key.id()),
            since: since(&history, held).unwrap_or_default(),
        });
        listed.push(Listed {
            authority: authority.clone(),
            root_key,
            version: now.map(|now| now.version),
            at: now.map(|now| now.at),
            holders: holders.collect(),
        });
    }
    Ok(axum::Json(listed))
}

/// The date of the first directory from which on every one has the key in that function.
fn since(history: &[&Directory], held: &Holder) -> Option<Timestamp> {
    let holds = |one: &&&Directory| one.keys(held.function).any(|key| *key == held.key);
    history.iter().rev().take_while(holds).last().map(|first| first.at)
}
