//! Subject tags: which disclosures speak of a data subject, found without storing who that is.

use std::collections::BTreeSet;
use std::sync::Arc;

use agreements::DisclosureId;
use common::blind::{SubjectTags, Tag};
use jiff::tz::TimeZone;
use pseudonym::context::Found;

use crate::app::Core;
use crate::disclosure::SpineError;
use crate::recorder::rows::days_from;
use crate::store::tags::{self, TagRow};

/// Makes the tags of one disclosure.
pub(crate) struct Tagger {
    tags: Arc<SubjectTags>,
    year: i16,
}

impl Tagger {
    pub(crate) fn new(core: &Core) -> Self {
        let year = core.clock.now().to_zoned(TimeZone::UTC).year();
        Self { tags: Arc::clone(&core.tags), year }
    }

    /// The tag of an identifier.
    pub(crate) fn tag(&self, found: &Found<'_>) -> Option<Tag> {
        let kind = found.element.identifier?;
        Some(self.tags.tag(self.year, kind, &found.normalised))
    }
}

/// The rows of a disclosure's tags.
pub(crate) fn rows(core: &Core, disclosure: DisclosureId, tags: BTreeSet<Tag>) -> Vec<TagRow> {
    let last = days_from(core.clock.now(), core.config.limits.log_days);
    let month = format!("{:04}-{:02}", last.year(), last.month());
    tags.into_iter().map(|tag| TagRow { tag: tag.to_vec(), disclosure, month: month.clone() }).collect()
}

/// Puts tags of a large disclosure beside the log before it is recorded; they count once it is.
pub(crate) async fn stage(
    core: &Core,
    disclosure: DisclosureId,
    tags: BTreeSet<Tag>,
) -> Result<(), SpineError> {
    if tags.is_empty() {
        return Ok(());
    }
    let rows = rows(core, disclosure, tags);
    let mut tx = core.store.write().await?;
    tags::stage(&mut tx, &rows).await?;
    tx.commit().await?;
    Ok(())
}
