//! What could be neither answered nor refused: malformed, not vouched for, changed, repeated.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use agreements::{AuthorityId, RequestId};
use audit::{Event, Personal};
use common::blind::Tag;
use exchange::Kind;
use exchange::content::{FromBroker, Question};

use super::SpineError;
use super::authenticate::{Asked, Unasked};
use crate::app::App;
use crate::groups::LiveGroup;
use crate::recorder::{Effect, Item, Outgoing};
use crate::tags;

/// Who asked what, and the tags by which it is found.
pub(super) struct Said {
    personal: Personal,
    tags: BTreeSet<Tag>,
}

impl Said {
    /// What a question says that could be authenticated.
    fn by(app: &App, asked: &Asked) -> Self {
        Self::of(app, asked.personal(), &asked.question)
    }

    /// What a question says, as far as it can be believed.
    pub(super) fn of(app: &App, personal: Personal, question: &Question) -> Self {
        Self { personal, tags: tags::of_question(&app.core, question) }
    }

    fn on(self, item: Item) -> Item {
        item.by(self.personal).tagged(self.tags)
    }
}

/// What is told.
pub(super) struct Told {
    request: Option<RequestId>,
    status: u16,
    code: &'static str,
    detail: Cow<'static, str>,
}

impl From<Unasked> for Told {
    fn from(Unasked { request, status, code, detail }: Unasked) -> Self {
        Self { request, status, code, detail: detail.into() }
    }
}

/// The same question again: says at which entry it was answered.
pub(super) async fn repeated(app: &App, asked: Asked, first: u64) -> Result<(), SpineError> {
    let request = asked.question.request;
    let (recipient, agreement) = (asked.recipient.clone(), asked.group.agreement.clone());
    let item = Item::at(move |place| Event::Repeated {
        recipient,
        agreement,
        sequence: place.sequence,
        request,
        first,
    });
    let body = FromBroker::Repeated { request, first };
    let said = Said::by(app, &asked);
    send(app, &asked.group, asked.position, said.on(item), body).await
}

/// Another question under an id that was used before.
pub(super) async fn changed(app: &App, asked: Asked) -> Result<(), SpineError> {
    let detail = "this request id was used before, for another question; nothing was given";
    of(app, asked, 409, "changed", detail).await
}

/// The statement or the endpoint lost its standing meanwhile.
pub(super) async fn unvouched(app: &App, asked: Asked) -> Result<(), SpineError> {
    of(app, asked, 401, "not-vouched-for", "nobody who may do so vouches for this officer").await
}

/// The agreement changed too often meanwhile.
pub(super) async fn busy(app: &App, asked: Asked) -> Result<(), SpineError> {
    of(app, asked, 503, "changing", "the agreement is being changed; ask again in a moment").await
}

/// More records match than one answer holds. An answer that leaves some out would pass for the whole.
pub(super) async fn too_many(app: &App, asked: Asked, most: u32) -> Result<(), SpineError> {
    let detail = format!(
        "more than {most} records match, and one answer holds no more: nothing was given. Narrow the \
         question, or ask in bulk where the agreement allows it"
    );
    of(app, asked, 422, "too-many-records", detail).await
}

async fn of(
    app: &App,
    asked: Asked,
    status: u16,
    code: &'static str,
    detail: impl Into<Cow<'static, str>>,
) -> Result<(), SpineError> {
    let told = Told { request: Some(asked.question.request), status, code, detail: detail.into() };
    let said = Said::by(app, &asked);
    record(app, &asked.group, asked.position, asked.recipient.clone(), told, Some(said)).await
}

/// Records and sends a problem with a message that is no question.
pub(super) async fn record(
    app: &App,
    group: &Arc<LiveGroup>,
    position: u64,
    recipient: AuthorityId,
    told: impl Into<Told>,
    said: Option<Said>,
) -> Result<(), SpineError> {
    let Told { request, status, code, detail } = told.into();
    let agreement = group.agreement.clone();
    let item = Item::at(move |place| Event::Problem {
        recipient,
        agreement,
        sequence: place.sequence,
        request,
        status,
        code: code.to_owned(),
    });
    let item = match said {
        Some(said) => said.on(item),
        None => item,
    };
    let body = problem(request, status, code, &detail);
    send(app, group, position, item, body).await
}

fn problem(request: Option<RequestId>, status: u16, code: &str, detail: &str) -> FromBroker {
    FromBroker::Problem { request, status, code: code.to_owned(), detail: detail.to_owned() }
}

async fn send(
    app: &App,
    group: &Arc<LiveGroup>,
    position: u64,
    item: Item,
    body: FromBroker,
) -> Result<(), SpineError> {
    let item = item.and(Effect::ArrivalDone { group: group.id, position }).sending(Outgoing {
        group: group.id,
        kind: Kind::Envelope,
        id: app.message_id(),
        body,
    });
    app.recorder.record(item).await?;
    Ok(())
}
