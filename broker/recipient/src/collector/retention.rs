//! What reached its date of deletion goes: question, answer, object and its key; and old counts of
//! wrong passwords.

use jiff::tz::TimeZone;

use super::CollectError;
use crate::answer::ObjectNote;
use crate::home::Home;
use crate::store::attempts::FORGOTTEN_AFTER;
use crate::store::own_log::Act;

/// Deletes every request whose day of deletion has passed.
pub(super) async fn delete_what_is_due(home: &Home) -> Result<(), CollectError> {
    let now = home.clock.now();
    if let Ok(before) = now.checked_sub(FORGOTTEN_AFTER) {
        let mut tx = home.store.write().await?;
        tx.forget_wrong_passwords(before).await?;
        tx.commit().await?;
    }
    let today = now.to_zoned(TimeZone::UTC).date();
    for request in home.store.due_for_deletion(today).await? {
        let object = home.store.object_of::<ObjectNote>(request).await?;
        let mut tx = home.store.write().await?;
        tx.delete_request_data(request).await?;
        tx.outbox_done(&format!("question:{request}")).await?;
        tx.log(now, None, Act::Deleted, Some(request), "its day of deletion has passed").await?;
        tx.commit().await?;
        if let Some(row) = object {
            for path in
                [super::objects::sealed_file(home, row.object), super::objects::part_file(home, row.object)]
            {
                common::durable::destroy(&path, &*home.rng)?;
            }
        }
    }
    Ok(())
}
