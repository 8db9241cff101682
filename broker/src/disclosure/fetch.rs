//! Fetches what the permit covers, and nothing before there is a permit.

use agreements::{Action, ClauseId, Dataset, ElementPath};
use policy::SearchBy;
use pseudonym::{Domain, normalise};
use zeroize::Zeroizing;

use super::SpineError;
use super::authenticate::Asked;
use super::decide::Permitted;
use super::refuse::{self, Refused};
use crate::app::Core;
use crate::source::{self, Sought};
use crate::store::{deposits, pseudonyms};

/// Records that a permit covers, on their way to be pseudonymised. They are as the provider holds
/// them, so this has no `Debug` and goes nowhere else.
pub struct Fetched {
    pub(super) permitted: Permitted,
    pub(super) domain: Domain,
    pub(super) dataset: Dataset,
    pub(super) records: Selection,
}

/// Which records.
pub(super) enum Selection {
    /// Those that match the question.
    Matching(Vec<Zeroizing<Vec<u8>>>),
    /// All of the dataset; read page by page.
    Whole,
}

pub(super) enum Found {
    Records(Box<Fetched>),
    Refused(Box<Refused>),
    /// More records match than one answer may hold.
    TooMany {
        asked: Box<Asked>,
        most: u32,
    },
}

/// Fetches the records of a permit.
pub(super) async fn fetch(core: &Core, permitted: Permitted) -> Result<Found, SpineError> {
    let question = &permitted.asked.question;
    let dataset = permitted.governed.agreement.dataset(&question.dataset);
    let dataset = dataset.cloned().ok_or_else(|| SpineError::Decision("dataset is gone".to_owned()))?;
    let domain = Domain {
        agreement: question.agreement.clone(),
        recipient: permitted.asked.recipient.clone(),
        purpose: permitted.permit.purpose.clone(),
        epoch: 0,
    };
    let records = match question.action {
        Action::Bulk => {
            let records = deposits::count_records(&mut core.store.read().await?, &dataset.id).await?;
            if let Some(clause) = full(core, &permitted, records) {
                return Ok(Found::Refused(Box::new(refuse::ceiling(core, permitted.asked, &clause))));
            }
            Selection::Whole
        }
        Action::Consult => {
            if let Some(clause) = full(core, &permitted, 1) {
                return Ok(Found::Refused(Box::new(refuse::ceiling(core, permitted.asked, &clause))));
            }
            let sought = match seek(core, &permitted, &dataset, &domain).await? {
                Ok(sought) => sought,
                Err((element, why)) => {
                    let refused = refuse::search(permitted.asked, element, why);
                    return Ok(Found::Refused(Box::new(refused)));
                }
            };
            let most = core.config.limits.answer_records;
            match source::matching(core, &dataset, &sought, most).await? {
                Some(records) => Selection::Matching(records),
                None => return Ok(Found::TooMany { asked: Box::new(permitted.asked), most }),
            }
        }
    };
    Ok(Found::Records(Box::new(Fetched { permitted, domain, dataset, records })))
}

/// The clause whose ceiling has no room for so many records, as it stands now. The record decides
/// again; this spares the work, above all that of a bulk.
fn full(core: &Core, permitted: &Permitted, records: u64) -> Option<ClauseId> {
    let standing = core.standing.load();
    let (agreement, recipient) = (&permitted.asked.question.agreement, &permitted.asked.recipient);
    let given = |clause| standing.ceilings().given(core.today(), agreement, recipient, clause);
    let mut limits = permitted.permit.ceilings.iter();
    let full = limits.find(|(clause, limit)| given(clause).saturating_add(records) > **limit);
    full.map(|(clause, _)| clause.clone())
}

/// Turns the terms of a question into blind indexes. A pseudonym that was never disclosed to this
/// domain is refused like anything else that cannot be searched.
async fn seek(
    core: &Core,
    permitted: &Permitted,
    dataset: &Dataset,
    domain: &Domain,
) -> Result<Result<Vec<Sought>, (ElementPath, String)>, SpineError> {
    let mut sought = Vec::new();
    for term in &permitted.asked.question.terms {
        let by = permitted.permit.search.get(&term.element).copied();
        let element = dataset.element(&term.element);
        let (Some(by), Some(element)) = (by, element) else {
            return Ok(Err((term.element.clone(), "the permit does not cover this search".to_owned())));
        };
        if !element.is_searchable() {
            return Ok(Err((term.element.clone(), "the element is not indexed for search".to_owned())));
        }
        let tag = match by {
            SearchBy::Value | SearchBy::Known => {
                source::blind(core, &dataset.id, element, &normalise(element.identifier, &term.value)).to_vec()
            }
            SearchBy::Pseudonym => {
                let id = domain.digest().map_err(|e| SpineError::Stored(e.to_string()))?.to_string();
                let mut store = core.store.read().await?;
                match pseudonyms::get(&mut store, &id, &term.element, &term.value).await? {
                    Some(tag) => tag,
                    None => {
                        let why = "the pseudonym was never disclosed to this domain".to_owned();
                        return Ok(Err((term.element.clone(), why)));
                    }
                }
            }
        };
        sought.push(Sought { element: term.element.clone(), tag });
    }
    Ok(Ok(sought))
}
