//! A refusal is a value: on record like a disclosure, whole for the provider, reduced for the asker.

use std::sync::Arc;

use agreements::ClauseId;
use audit::{Event, Personal};
use exchange::Kind;
use exchange::content::FromBroker;
use policy::{Dimension, Refusal};

use super::SpineError;
use super::authenticate::Asked;
use crate::app::{App, Core};
use crate::governed::{self, Governed};
use crate::recorder::{Condition, Effect, Item, Outgoing, Overtaken, RecordError};
use crate::tags;

/// A question that is refused, and why.
pub(super) struct Refused {
    asked: Asked,
    refusal: Refusal,
}

/// Refused by the clauses of the agreement.
pub(super) fn by_policy(asked: Asked, _governed: Arc<Governed>, refusal: Refusal) -> Refused {
    Refused { asked, refusal }
}

/// Refused because the agreement is not in force now.
pub(super) fn not_open(app: &App, asked: Asked) -> Refused {
    let standing = app.standing.load();

    let refusal = governed::why_not_open(&standing, &asked.question.agreement);
    Refused { asked, refusal }
}

/// Refused because rows about the agreement differ from the record.
pub(super) fn stopped(asked: Asked) -> Refused {
    let named = &asked.question.agreement;
    let plain = format!("disclosures under agreement `{named}` are stopped until its record has been checked");
    let whole = vec![format!("rows about `{named}` in the database differ from the record")];
    let refusal = Refusal { dimension: Dimension::NotInForce, whole, plain };
    Refused { asked, refusal }
}

/// Refused because the question is about another agreement than the one whose exchange carries it.
/// Of agreements to which the asker is no party nothing is said.
pub(super) fn elsewhere(app: &App, asked: Asked) -> Refused {
    let named = &asked.question.agreement;
    let standing = app.standing.load_full();
    let own = standing
        .agreements()
        .find(|(version, known)| version.id == *named && known.agreement().party(&asked.recipient).is_some());
    let whole = vec![format!("asked about `{named}` through the exchange of `{}`", asked.group.agreement)];
    let refusal = match own {
        Some((_, known)) if known.is_open(app.today()) => {
            let plain = format!("questions under agreement `{named}` go through its own exchange");
            Refusal { dimension: Dimension::NoClause, whole, plain }
        }
        Some(_) => governed::why_not_open(&standing, named),
        None => Refusal { dimension: Dimension::NoClause, whole, plain: policy::explain::NO_CLAUSE.to_owned() },
    };
    Refused { asked, refusal }
}

/// Refused because the day's ceiling is reached, or would be passed.
pub(super) fn ceiling(core: &Core, asked: Asked, clause: &ClauseId) -> Refused {
    let plain = "the ceiling of records for today is reached".to_owned();
    let whole = vec![format!("ceiling of clause `{clause}` is reached on {}", core.today())];
    Refused { asked, refusal: Refusal { dimension: Dimension::Ceiling, whole, plain } }
}

/// Refused because what is sought cannot be searched in that form.
pub(super) fn search(asked: Asked, element: agreements::ElementPath, whole: String) -> Refused {
    let plain = format!("`{element}` cannot be searched in the form in which you gave it");
    Refused { asked, refusal: Refusal { dimension: Dimension::Search(element), whole: vec![whole], plain } }
}

/// Records the refusal and sends it. When something changed since the decision the question comes
/// back, to be decided again: a refusal on record was one at its place.
pub(super) async fn record(app: &App, refused: Refused, decided_at: u64) -> Result<Option<Asked>, SpineError> {
    let Refused { asked, refusal } = refused;
    let request = asked.question.request;
    let dimension = refusal.dimension.as_str().to_owned();
    let body = FromBroker::Refusal { request, dimension: dimension.clone(), plain: refusal.plain };
    let (recipient, agreement) = (asked.recipient.clone(), asked.group.agreement.clone());
    let (purpose, role, dataset) =
        (asked.question.purpose.clone(), asked.statement.role.clone(), asked.question.dataset.clone());
    let personal = Personal { explanation: refusal.whole, ..asked.personal() };
    let version = Some(asked.group.at_version().version);
    let asked_about = (asked.question.agreement != agreement).then(|| asked.question.agreement.clone());
    let item = Item::at(move |place| Event::Refusal {
        recipient,
        agreement,
        asked_about,
        version,
        sequence: place.sequence,
        request,
        dimension,
        purpose: Some(purpose),
        role: Some(role),
        dataset: Some(dataset),
    })
    .by(personal)
    .tagged(tags::of_question(&app.core, &asked.question))
    .while_holds(Condition::Unchanged { decided_at })
    .while_holds(Condition::NewRequest { group: asked.group.id, request, digest: asked.digest })
    .and(Effect::ArrivalDone { group: asked.group.id, position: asked.position })
    .sending(Outgoing { group: asked.group.id, kind: Kind::Envelope, id: app.message_id(), body });
    match app.recorder.record(item).await {
        Ok(_) => Ok(None),
        Err(RecordError::Overtaken(Overtaken::Agreement)) => Ok(Some(asked)),
        Err(RecordError::Overtaken(Overtaken::Answered { first })) => {
            super::problem::repeated(app, asked, first).await.map(|()| None)
        }
        Err(RecordError::Overtaken(Overtaken::Changed)) => {
            super::problem::changed(app, asked).await.map(|()| None)
        }
        Err(other) => Err(other.into()),
    }
}
