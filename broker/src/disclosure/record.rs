//! Gives what is cleared to the recorder: from here on it is one entry, or nothing.

use agreements::ElementPath;
use audit::{Disclosure, Event, Form, Personal};
use exchange::Kind;
use exchange::content::FromBroker;

use super::authenticate::Asked;
use super::pseudonymise::{Cleared, counts_without_a_hit};
use crate::app::App;
use crate::recorder::rows::days_from;
use crate::recorder::{Condition, Effect, Item, Outgoing, RecordError, Recorded};
use crate::store::objects::{ObjectRow, ObjectStatus};
use crate::store::pseudonyms::PseudonymRow;

/// Records a disclosure. When something changed since the decision the question comes back, and
/// what was cleared is gone.
pub(super) async fn record(app: &App, cleared: Cleared) -> Result<Recorded, (Asked, RecordError)> {
    let Cleared { asked, permit, governed, decided_at, manifest, body, subjects, tags, lodged, index } =
        cleared;
    let form = lodged.as_ref().map_or(Form::Inline {}, |lodged| Form::Object {
        object: lodged.object,
        header: lodged.header,
        ciphertext: lodged.ciphertext,
        bytes: lodged.bytes,
    });
    let counted = if counts_without_a_hit(&permit) { manifest.records.max(1) } else { manifest.records };
    let disclosure = manifest.disclosure;
    let mut particulars = Disclosure {
        recipient: asked.recipient.clone(),
        agreement: manifest.agreement.clone(),
        digest: manifest.digest,
        sequence: 0,
        request: manifest.request,
        disclosure,
        clauses: permit.clauses.clone(),
        rules: permit.rules.iter().map(ToString::to_string).collect(),
        purpose: manifest.purpose.clone(),
        role: asked.statement.role.clone(),
        action: asked.question.action,
        dataset: manifest.dataset.clone(),
        elements: manifest.elements.clone(),
        records: manifest.records,
        counted,
        subjects,
        form,
        policy_epoch: decided_at,
        retention_days: manifest.retention_days,
    };
    let mut item = Item::at(move |place| {
        particulars.sequence = place.sequence;
        particulars.policy_epoch = place.policy_epoch;
        Event::Disclosure(Box::new(particulars))
    })
    .by(asked.personal())
    .tagged(crate::tags::of_question(&app.core, &asked.question))
    .while_holds(Condition::Open {
        agreement: governed.agreement.at_version(),
        digest: governed.digest,
        decided_at,
    })
    .while_holds(Condition::Vouched { authority: asked.recipient.clone(), key: asked.vouched_by.clone() })
    .while_holds(Condition::Enrolled { endpoint: asked.endpoint.clone() })
    .while_holds(Condition::NewRequest {
        group: asked.group.id,
        request: asked.question.request,
        digest: asked.digest,
    })
    .and(Effect::ArrivalDone { group: asked.group.id, position: asked.position })
    .and(Effect::Tags { rows: tags });
    let (domain, pseudonyms) = index;
    if !pseudonyms.is_empty() {
        let row = |(element, pseudonym, tag)| PseudonymRow { domain: domain.clone(), element, pseudonym, tag };
        item = item.and(Effect::PseudonymIndex { rows: pseudonyms.into_iter().map(row).collect() });
    }
    let object = lodged.as_ref().map(|lodged| lodged.object);
    if let Some(lodged) = lodged {
        let row = ObjectRow {
            object: lodged.object,
            disclosure,
            group: asked.group.id,
            recipient: asked.recipient.clone(),
            key_sealed: Some(lodged.key_sealed),
            ciphertext: lodged.ciphertext,
            bytes: lodged.bytes,
            status: ObjectStatus::Lodged,
            idx: 0,
            delete_after: days_from(app.clock.now(), app.config.limits.inbox_days),
            receipt: None,
        };
        item = item.and(Effect::Object { row });
    }
    item.disclosure = Some(disclosure);
    let item = item.sending(Outgoing {
        group: asked.group.id,
        kind: Kind::Envelope,
        id: app.message_id(),
        body: FromBroker::Answer { manifest, body },
    });
    match app.recorder.record(item).await {
        Ok(recorded) => Ok(recorded),
        Err(error) => {
            // After a commit whose outcome is unknown the file stays: the next start sweeps it, or needs it.
            let nothing_recorded = !matches!(error, RecordError::Stopped(_) | RecordError::Failed(_));
            if let Some(object) = object.filter(|_| nothing_recorded) {
                app.remove_object(object).await;
            }
            Err((asked, error))
        }
    }
}

impl Asked {
    /// The personal part of every entry about this question.
    pub(super) fn personal(&self) -> Personal {
        let terms: Vec<(&ElementPath, &str)> =
            self.question.terms.iter().map(|term| (&term.element, term.value.as_str())).collect();
        Personal {
            officer: Some(self.statement.officer.clone()),
            authority: Some(self.recipient.clone()),
            case: Some(self.question.case.clone()),
            justification: Some(self.question.justification.clone()),
            query: serde_json::to_value(terms).ok(),
            statement: Some(self.note.clone()),
            explanation: Vec::new(),
        }
    }
}
