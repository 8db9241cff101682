//! Subject tags: which entries speak of a data subject, found without storing who that is: what was
//! disclosed, and what was asked by name and refused or not found.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use agreements::{Dataset, DisclosureId, IdentifierKind};
use common::blind::{SubjectTags, Tag};
use exchange::content::Question;
use jiff::tz::TimeZone;
use pseudonym::context::{Found, persons};
use pseudonym::{Context, Pseudonym, RecordError, normalise};

use crate::app::Core;
use crate::disclosure::SpineError;
use crate::recorder::rows::days_from;
use crate::store::tags::{self, TagRow};

/// Terms of a question that are tagged: as many as one may have.
const MOST_TERMS: usize = 16;
/// Longest value that is tagged, in bytes: no identifier is longer.
const LONGEST_VALUE: usize = 1_024;

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
    fn tag(&self, found: &Found<'_>) -> Option<Tag> {
        let kind = found.element.identifier?;
        Some(self.tags.tag(self.year, kind, &found.normalised))
    }
}

/// The tags of one disclosure, each once.
#[derive(Default)]
pub(crate) struct Tagged {
    /// Whether a person counts by it.
    known: BTreeMap<Tag, bool>,
    /// Those that are not staged yet.
    new: BTreeSet<Tag>,
    persons: u64,
}

impl Tagged {
    /// Adds what one record says.
    pub(crate) fn add(&mut self, tagger: &Tagger, reading: &Context, record: &[u8]) -> Result<(), RecordError> {
        let found = reading.read(record)?;
        for tag in found.iter().filter_map(|one| tagger.tag(one)) {
            if let Entry::Vacant(place) = self.known.entry(tag) {
                place.insert(false);
                self.new.insert(tag);
            }
        }
        for tag in persons(&found).into_iter().filter_map(|one| tagger.tag(one)) {
            if !self.known.insert(tag, true).unwrap_or_default() {
                self.persons += 1;
            }
        }
        Ok(())
    }

    /// Different data subjects, as far as identifiers tell.
    pub(crate) const fn persons(&self) -> u64 {
        self.persons
    }

    /// Those that came since this was last asked.
    pub(crate) fn take_new(&mut self) -> BTreeSet<Tag> {
        std::mem::take(&mut self.new)
    }
}

/// The tags of a question: of each value in clear that it seeks, by the kinds of identifier that the
/// element may be. So whoever looks for a person finds what was asked about that person, also when it
/// was refused or nothing was found. Pseudonyms name nobody here.
pub(crate) fn of_question(core: &Core, question: &Question) -> BTreeSet<Tag> {
    let tagger = Tagger::new(core);
    let standing = core.standing.load();
    let datasets = standing.agreements().flat_map(|(_, known)| &known.agreement().datasets);
    let datasets: Vec<&Dataset> = datasets.filter(|dataset| dataset.id == question.dataset).collect();
    let mut tags = BTreeSet::new();
    let in_clear = |value: &str| value.len() <= LONGEST_VALUE && !Pseudonym::is_form(value);
    for term in question.terms.iter().take(MOST_TERMS).filter(|term| in_clear(&term.value)) {
        let elements = datasets.iter().filter_map(|dataset| dataset.element(&term.element));
        let known: Vec<Option<IdentifierKind>> = elements.map(|element| element.identifier).collect();
        let kinds: BTreeSet<IdentifierKind> = if known.is_empty() {
            // An element that nobody has described may be anything.
            IdentifierKind::BY_STRENGTH.into_iter().collect()
        } else {
            known.into_iter().flatten().collect()
        };
        for kind in kinds {
            let normalised = normalise(Some(kind), &term.value);
            if !normalised.is_empty() {
                tags.insert(tagger.tags.tag(tagger.year, kind, &normalised));
            }
        }
    }
    tags
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
