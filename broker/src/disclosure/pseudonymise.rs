//! Applies the obligations of the permit. Permit and records go in as one value; what comes out is
//! cleared to be recorded, and nothing else is.

use std::collections::BTreeSet;
use std::sync::Arc;

use agreements::{Digest, DisclosureId, ElementPath, ObjectId, Transformation};
use exchange::content::{AnswerBody, Manifest};
use exchange::object::ObjectDescriptor;
use jiff::ToSpan as _;
use policy::{Permit, SearchBy};
use pseudonym::{Context, DomainKey, Plan, Tracked};

use super::authenticate::Asked;
use super::decide::Permitted;
use super::fetch::{Fetched, Selection};
use super::{SpineError, bulk};
use crate::app::Core;
use crate::governed::Governed;
use crate::store::tags::TagRow;
use crate::{domains, tags};

/// Largest answer that travels inside its message, in bytes; above it becomes an object.
const MOST_INLINE: usize = 64 * 1024;

/// Records that are cleared for one recipient, with the permit that cleared them. It is made here
/// alone, cannot be copied, and is consumed by the recorder.
pub struct Cleared {
    pub(super) asked: Asked,
    pub(super) permit: Permit,
    pub(super) governed: Arc<Governed>,
    pub(super) decided_at: u64,
    pub(super) manifest: Manifest,
    pub(super) body: AnswerBody,
    /// Different data subjects, as far as identifiers tell.
    pub(super) subjects: u64,
    /// Tags that become true with the entry; those of an object are staged before.
    pub(super) tags: Vec<TagRow>,
    /// The object that was made, with its sealed key.
    pub(super) lodged: Option<Lodged>,
    /// Domain and, for each searchable pseudonym disclosed, the blind index that it stands for.
    pub(super) index: (String, Vec<(ElementPath, String, Vec<u8>)>),
}

/// An object that lies sealed in its file, not yet named by any transaction.
pub(super) struct Lodged {
    pub(super) object: ObjectId,
    pub(super) key_sealed: Vec<u8>,
    pub(super) header: Digest,
    pub(super) ciphertext: Digest,
    pub(super) bytes: u64,
}

/// What a pass over records gave.
pub(super) struct Made {
    pub(super) records: u64,
    pub(super) subjects: u64,
    /// Tags that are not staged yet.
    pub(super) tags: Vec<TagRow>,
    pub(super) tracked: Vec<(ElementPath, String, Vec<u8>)>,
    pub(super) output: Output,
}

/// The records as they leave.
pub(super) enum Output {
    Inline(String),
    Object(Box<(ObjectDescriptor, Lodged)>),
}

/// What a pass over records needs; shared with the threads that do it.
pub(super) struct Passing {
    pub(super) plan: Plan,
    pub(super) identifiers: Context,
    pub(super) tagger: tags::Tagger,
    pub(super) blind: Arc<common::blind::BlindIndex>,
    pub(super) dataset: agreements::DatasetId,
    pub(super) disclosure: DisclosureId,
}

impl Passing {
    /// Blind indexes for what was tracked.
    pub(super) fn index(&self, tracked: Vec<Tracked>) -> Vec<(ElementPath, String, Vec<u8>)> {
        let known = tracked.into_iter().map(|one| {
            let tag = self.blind.tag(&self.dataset, &one.element, &one.normalised).to_vec();
            (one.element, one.pseudonym, tag)
        });
        known.collect()
    }
}

/// Pseudonymises the records of a permit.
pub(super) async fn pseudonymise(core: &Arc<Core>, fetched: Fetched) -> Result<Cleared, SpineError> {
    let Fetched { permitted, domain, dataset, records } = fetched;
    let Permitted { asked, permit, governed, decided_at } = permitted;
    let stored = |error: String| SpineError::Stored(error);
    let disclosure = DisclosureId::from_bytes(core.rng.id());
    let seed = domains::seed(core, &domain).map_err(stored)?;
    let keys = DomainKey::derive(&domains::root(core), &seed, &domain).map_err(|e| stored(e.to_string()))?;
    let searchable = searchable(&permit, &governed);
    let plan = Plan::new(&dataset, &permit.elements, &keys, disclosure)
        .map_err(|e| stored(e.to_string()))?
        .tracking(&searchable);
    let passing = Arc::new(Passing {
        plan,
        identifiers: Context::identifiers(&dataset).map_err(|e| stored(e.to_string()))?,
        tagger: tags::Tagger::new(core),
        blind: Arc::clone(&core.blind),
        dataset: dataset.id.clone(),
        disclosure,
    });
    let header = bulk::header(core, &asked, &permit, &governed, disclosure);
    let made = match records {
        Selection::Matching(records) => match few(core, &passing, &records)? {
            Some(made) => made,
            None => bulk::of_records(core, &passing, header, records).await?,
        },
        Selection::Whole => bulk::of_dataset(core, &passing, header, &dataset).await?,
    };
    let today = core.today();
    let manifest = Manifest {
        disclosure,
        request: asked.question.request,
        agreement: governed.agreement.at_version(),
        digest: governed.digest,
        purpose: asked.question.purpose.clone(),
        dataset: dataset.id.clone(),
        format: dataset.format,
        elements: permit.elements.clone(),
        records: made.records,
        retention_days: permit.retention_days,
        delete_by: today.checked_add(i64::from(permit.retention_days).days()).unwrap_or(today),
        onward_transfer: onward(&permit, &governed),
    };
    let (body, lodged) = match made.output {
        Output::Inline(records) => (AnswerBody::Inline { records }, None),
        Output::Object(made) => {
            let (descriptor, lodged) = *made;
            (AnswerBody::Object { descriptor }, Some(lodged))
        }
    };
    let id = domain.digest().map_err(|e| stored(e.to_string()))?.to_string();
    Ok(Cleared {
        asked,
        permit,
        governed,
        decided_at,
        manifest,
        body,
        subjects: made.subjects,
        tags: made.tags,
        lodged,
        index: (id, made.tracked),
    })
}

/// Elements by whose pseudonym the recipient may later ask.
fn searchable(permit: &Permit, governed: &Governed) -> BTreeSet<ElementPath> {
    let clauses = permit.clauses.iter().filter_map(|id| governed.agreement.clause(id));
    let searched = clauses.flat_map(|clause| &clause.search);
    let pseudonym =
        |path: &&ElementPath| matches!(permit.elements.get(*path), Some(Transformation::Pseudonymise(_)));
    searched.filter(pseudonym).cloned().collect()
}

/// The strictest words on onward transfer: all that the clauses say.
fn onward(permit: &Permit, governed: &Governed) -> String {
    let clauses = permit.clauses.iter().filter_map(|id| governed.agreement.clause(id));
    let words: BTreeSet<&str> = clauses.map(|clause| clause.onward_transfer.as_str()).collect();
    words.into_iter().collect::<Vec<_>>().join("; ")
}

/// Pseudonymises a few records in memory; none when they do not fit into a message.
fn few(
    core: &Core,
    passing: &Arc<Passing>,
    records: &[zeroize::Zeroizing<Vec<u8>>],
) -> Result<Option<Made>, SpineError> {
    let mut pass = passing.plan.begin();
    let mut tagged = tags::Tagged::default();
    for record in records {
        pass.record(record).map_err(|e| SpineError::Stored(e.to_string()))?;
        let added = tagged.add(&passing.tagger, &passing.identifiers, record);
        added.map_err(|e| SpineError::Stored(e.to_string()))?;
        if pass.waiting() > MOST_INLINE {
            return Ok(None);
        }
    }
    let subjects = tagged.persons();
    let tags = tags::rows(core, passing.disclosure, tagged.take_new());
    let tracked = passing.index(pass.take_pseudonyms());
    let (output, seen) = pass.finish();
    let text = String::from_utf8(output.into_bytes()).map_err(|e| SpineError::Stored(e.to_string()))?;
    Ok(Some(Made { records: seen.records, subjects, tags, tracked, output: Output::Inline(text) }))
}

/// Whether a search by a known value counts against the ceiling although nothing was found.
pub(super) fn counts_without_a_hit(permit: &Permit) -> bool {
    permit.search.values().any(|by| *by == SearchBy::Known)
}
