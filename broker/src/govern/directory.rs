//! Root keys that are trusted, and the directories that they sign.

use agreements::{AuthorityId, Directory, Note, NoteKey, Statement};
use audit::Event;

use super::{Acting, GovernError};
use crate::app::App;
use crate::recorder::{Effect, Item, Recorded};
use crate::store::directories::DirectoryRow;

/// Accepts the root key of an authority. It came by a way that people trust: a meeting, a gazette.
///
/// # Errors
/// [`GovernError`]
pub async fn trust(
    app: &App,
    by: &Acting,
    authority: AuthorityId,
    key: NoteKey,
) -> Result<Recorded, GovernError> {
    let event = Event::RootTrusted { authority: authority.clone(), key: key.clone(), by: by.officer.clone() };
    Ok(app.recorder.record(Item::of(event).and(Effect::Root { authority, key })).await?)
}

/// Takes an authority's new directory, signed by its root key.
///
/// # Errors
/// [`GovernError`]
pub async fn replace(app: &App, by: &Acting, note: &str) -> Result<Recorded, GovernError> {
    let directory = Directory::from_note(&Note::parse(note)?)?;
    let row =
        DirectoryRow { authority: directory.authority, version: directory.version, note: note.to_owned() };
    let item = Item::of(Event::DirectoryChanged { note: note.to_owned(), by: by.officer.clone() });
    Ok(app.recorder.record(item.and(Effect::Directory { row })).await?)
}
