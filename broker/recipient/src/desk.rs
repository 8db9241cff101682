//! The officer's desk: sign in, ask, wait, look at what came.
//!
//! Names and passwords stay here. What leaves is a question and a note in which the authority's
//! function `statements` vouches for it: officer number, role, purpose, case, time, the hash of
//! the question.

use std::path::PathBuf;
use std::time::Duration;

use agreements::statements::OfficerStatement;
use agreements::{
    Action, AgreementId, DatasetId, Function, OfficerNumber, PurposeId, RequestId, RoleId,
    digest::CanonicalError,
};
use common::function_key::{FunctionKey, FunctionKeyError};
use common::password::{PasswordError, Passwords};
use exchange::content::{Asked, ContentError, QuestionTerm, encode};
use exchange::{FromRecipient, Question};
use jiff::{Span, Timestamp, tz::TimeZone};
use zeroize::Zeroizing;

use crate::home::Home;
use crate::proof::KeptQuestion;
use crate::store::StoreError;
use crate::store::groups::GroupStatus;
use crate::store::officers::Officer;
use crate::store::own_log::Act;
use crate::store::requests::{RequestRow, RequestStatus};
use crate::trust::{Trust, TrustError};

/// How long a question is kept that is never answered, in days.
const UNANSWERED_DAYS: i64 = 30;
/// How often a waiting desk looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Longest case or justification, in characters.
const LONGEST_TEXT: usize = 4000;

/// The desk refuses, or cannot.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Number or password is wrong, or the officer may not sign in; one text for all of them.
    #[error("officer number or password is wrong")]
    SignIn,
    /// Too many wrong passwords were given for that number.
    #[error(
        "too many wrong passwords were given for officer `{officer}`: wait {seconds} seconds, then try again"
    )]
    Wait {
        /// The officer number that was given.
        officer: OfficerNumber,
        /// For how long, in whole seconds.
        seconds: i64,
    },
    /// The officer does not have the role.
    #[error("officer `{officer}` does not have the role `{role}`")]
    Role {
        /// The officer.
        officer: OfficerNumber,
        /// The role.
        role: RoleId,
    },
    /// The request is another officer's, asked in a role that this one does not have.
    #[error("request `{request}` was asked in a role that officer `{officer}` does not have")]
    NotYours {
        /// The request.
        request: RequestId,
        /// The officer.
        officer: OfficerNumber,
    },
    /// The own side has not signed it.
    #[error("agreement `{0}` is not one that your authority has signed and added here")]
    Agreement(AgreementId),
    /// Reading was stopped by an alarm.
    #[error("the exchange under agreement `{agreement}` is stopped: {alarm}")]
    Stopped {
        /// The agreement.
        agreement: AgreementId,
        /// What was wrong.
        alarm: String,
    },
    /// Something is missing or too long.
    #[error("{0}")]
    Input(&'static str),
    /// No key vouches for officers here.
    #[error("no key of the function `statements` is configured: add `statements_key_file` to `{0}`")]
    NoStatementsKey(PathBuf),
    /// The key is not the one in the directory.
    #[error("the statements key `{0}` is not in your authority's directory")]
    OtherStatementsKey(String),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] FunctionKeyError),
    /// A password cannot be checked or is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The question is too large.
    #[error("the question does not fit into a message: {0}")]
    Content(#[from] ContentError),
    /// The question has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// Something stored is not trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an officer, or changes name, roles and password of one.
///
/// # Errors
/// [`DeskError`] when the password is too short or the store fails.
pub async fn add_officer(
    home: &Home,
    number: &OfficerNumber,
    name: String,
    roles: Vec<RoleId>,
    password: Zeroizing<String>,
) -> Result<(), DeskError> {
    if roles.is_empty() {
        return Err(DeskError::Input("an officer needs at least one role"));
    }
    let password = Passwords::new(home.rng.clone()).hash(password).await?;
    let officer = Officer { name, roles, password, active: true };
    write_officer(home, number, &officer, "added or changed").await
}

/// Takes an officer's access away.
///
/// # Errors
/// [`DeskError`] when there is no such officer.
pub async fn remove_officer(home: &Home, number: &OfficerNumber) -> Result<(), DeskError> {
    let Some(mut officer) = home.store.officer(number).await? else {
        return Err(DeskError::Input("there is no officer of that number"));
    };
    officer.active = false;
    write_officer(home, number, &officer, "may not sign in any more").await
}

async fn write_officer(
    home: &Home,
    number: &OfficerNumber,
    officer: &Officer,
    detail: &str,
) -> Result<(), DeskError> {
    let mut tx = home.store.write().await?;
    tx.put_officer(number, officer).await?;
    tx.log(home.clock.now(), Some(number), Act::OfficerChanged, None, detail).await?;
    Ok(tx.commit().await?)
}

/// An officer who has signed in; made by [`sign_in`] alone.
pub struct SignedIn {
    number: OfficerNumber,
    roles: Vec<RoleId>,
}

impl SignedIn {
    /// The officer's number.
    pub const fn number(&self) -> &OfficerNumber {
        &self.number
    }
}

/// Checks number and password; as much work for a number that nobody has. Wrong ones are entered in
/// the own log, and make the next attempt wait.
///
/// # Errors
/// [`DeskError::SignIn`]; [`DeskError::Wait`] after too many of them.
pub async fn sign_in(
    home: &Home,
    number: &OfficerNumber,
    password: Zeroizing<String>,
) -> Result<SignedIn, DeskError> {
    may_try(home, number).await?;
    let officer = home.store.officer(number).await?;
    let stored = officer.as_ref().map(|officer| officer.password.clone());
    let right = Passwords::new(home.rng.clone()).verify(password, stored).await?;
    let now = home.clock.now();
    match officer {
        Some(officer) if right && officer.active => {
            // Of many guesses at once, those that end after the wrong ones were counted wait too.
            if may_try(home, number).await? {
                let mut tx = home.store.write().await?;
                tx.right_password(number).await?;
                tx.commit().await?;
            }
            Ok(SignedIn { number: number.clone(), roles: officer.roles })
        }
        _ => {
            let mut tx = home.store.write().await?;
            let count = tx.wrong_password(number, now).await?;
            let detail = format!("wrong password, {count} in a row");
            tx.log(now, Some(number), Act::WrongPassword, None, &detail).await?;
            tx.commit().await?;
            Err(DeskError::SignIn)
        }
    }
}

/// Whether an attempt may be made now; says whether there are wrong ones to forget.
async fn may_try(home: &Home, number: &OfficerNumber) -> Result<bool, DeskError> {
    let now = home.clock.now();
    let Some(wrong) = home.store.wrong_passwords(number, now).await? else { return Ok(false) };
    match wrong.wait(now) {
        // Rounded up, so that the time that is told is enough.
        Some(wait) => Err(DeskError::Wait {
            officer: number.clone(),
            seconds: wait.as_secs().saturating_add(i64::from(wait.subsec_nanos() > 0)),
        }),
        None => Ok(true),
    }
}

/// A request that an officer may see: asked by the same officer, or in a role of this one.
///
/// # Errors
/// [`DeskError::NotYours`]; nothing for a request that is not here.
pub async fn visible(
    home: &Home,
    officer: &SignedIn,
    request: RequestId,
) -> Result<Option<RequestRow>, DeskError> {
    let Some(row) = home.store.request(request).await? else { return Ok(None) };
    if row.officer == officer.number {
        return Ok(Some(row));
    }
    let kept: Option<KeptQuestion> = match row.status {
        RequestStatus::Deleted => None,
        _ => home.store.question(request).await?,
    };
    if kept.is_some_and(|kept| officer.roles.contains(&kept.role)) {
        return Ok(Some(row));
    }
    Err(DeskError::NotYours { request, officer: officer.number.clone() })
}

/// What an officer wants to know.
pub struct Wanted {
    /// Under which agreement.
    pub agreement: AgreementId,
    /// Agreement whose exchange carries the question, where it is another one.
    pub through: Option<AgreementId>,
    /// In which role.
    pub role: RoleId,
    /// For which purpose.
    pub purpose: PurposeId,
    /// Of which dataset.
    pub dataset: DatasetId,
    /// To look up or to receive whole.
    pub action: Action,
    /// Which elements.
    pub elements: Asked,
    /// Equal to what.
    pub terms: Vec<QuestionTerm>,
    /// The case.
    pub case: String,
    /// Why.
    pub justification: String,
}

/// Puts a question in the outbox, with the authority's statement for it.
///
/// # Errors
/// [`DeskError`]; then nothing was asked.
pub async fn ask(home: &Home, officer: &SignedIn, wanted: Wanted) -> Result<RequestId, DeskError> {
    let Wanted { agreement, through, role, .. } = &wanted;
    if !officer.roles.contains(role) {
        return Err(DeskError::Role { officer: officer.number.clone(), role: role.clone() });
    }
    if wanted.case.trim().is_empty() || wanted.justification.trim().is_empty() {
        return Err(DeskError::Input("a question needs a case and a justification"));
    }
    if wanted.case.chars().count() > LONGEST_TEXT || wanted.justification.chars().count() > LONGEST_TEXT {
        return Err(DeskError::Input("case and justification are at most 4000 characters each"));
    }
    let carrier = through.as_ref().unwrap_or(agreement).clone();
    let trust = Trust::load(home).await?;
    if trust.newest(&carrier).is_none() {
        return Err(DeskError::Agreement(carrier));
    }
    for group in home.store.groups().await? {
        if group.agreement == carrier && group.status == GroupStatus::Stopped {
            let alarm = group.alarm.unwrap_or_default();
            return Err(DeskError::Stopped { agreement: carrier, alarm });
        }
    }
    let key = statements_key(home, &trust)?;
    let now = home.clock.now();
    let request = RequestId::from_bytes(home.rng.id());
    let role = role.clone();
    let question = Question {
        request,
        agreement: wanted.agreement,
        purpose: wanted.purpose,
        dataset: wanted.dataset,
        action: wanted.action,
        elements: wanted.elements,
        terms: wanted.terms,
        case: wanted.case,
        justification: wanted.justification,
        asked_at: now,
    };
    let statement = OfficerStatement {
        authority: home.authority().clone(),
        officer: officer.number.clone(),
        role: role.clone(),
        purpose: question.purpose.clone(),
        case: question.case.clone(),
        asked_at: now,
        nonce: RequestId::from_bytes(home.rng.id()),
        request: question.digest()?,
    };
    let statement = key.sign(&statement)?.to_string();
    let payload = encode(&FromRecipient::Question { question: question.clone(), statement })?;
    let row = RequestRow {
        request,
        agreement: carrier.clone(),
        officer: officer.number.clone(),
        status: RequestStatus::Waiting,
        asked_at: now.to_string(),
        delete_by: last_day(now),
    };
    let mut tx = home.store.write().await?;
    tx.add_request(&row, &KeptQuestion { question, role }).await?;
    tx.add_to_outbox(&format!("question:{request}"), &carrier, &payload, now).await?;
    tx.log(now, Some(&officer.number), Act::Asked, Some(request), carrier.as_str()).await?;
    tx.commit().await?;
    Ok(request)
}

fn statements_key(home: &Home, trust: &Trust) -> Result<FunctionKey, DeskError> {
    let Some(path) = &home.config.statements_key_file else {
        return Err(DeskError::NoStatementsKey(home.dir.join(crate::config::FILE)));
    };
    let key = FunctionKey::load(path, || None)?;
    let directory = trust.directories.get(home.authority());
    let held = directory.is_some_and(|own| own.keys(Function::Statements).any(|held| held == key.key()));
    if held { Ok(key) } else { Err(DeskError::OtherStatementsKey(key.key().name().to_owned())) }
}

fn last_day(now: Timestamp) -> jiff::civil::Date {
    let today = now.to_zoned(TimeZone::UTC).date();
    today.checked_add(Span::new().days(UNANSWERED_DAYS)).unwrap_or(today)
}

/// Waits until nothing more is to come for a request, or the time is over; says how it stands.
///
/// # Errors
/// [`DeskError`].
pub async fn wait(home: &Home, request: RequestId, longest: Duration) -> Result<Option<RequestRow>, DeskError> {
    let started = tokio::time::Instant::now();
    loop {
        let row = home.store.request(request).await?;
        match row {
            Some(row) if !row.status.is_final() && started.elapsed() < longest => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            other => return Ok(other),
        }
    }
}
