//! What every part of the broker stands on, and how it is held together.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use agreements::{AgreementVersion, MessageId, NoteKey, ObjectId};
use arc_swap::{ArcSwap, ArcSwapOption};
use audit::{Event, LogSigner, Opening, Standing};
use common::blind::{BlindIndex, SubjectTags};
use common::clock::Clock;
use common::rng::Rng;
use common::sealed::RowSealer;
use common::vault::Vault;
use exchange::EndpointKey;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::governed::{AllGoverned, Blocked};
use crate::groups::Groups;
use crate::recorder::Recorder;
use crate::store::Store;

/// Everything but the writer. Time and chance come from here, so that a test can hold them.
pub struct Core {
    /// The configuration.
    pub config: Config,
    /// The one source of time.
    pub clock: Arc<dyn Clock>,
    /// The one source of chance.
    pub rng: Arc<dyn Rng>,
    /// The database.
    pub store: Store,
    /// The vault.
    pub vault: Arc<Vault>,
    /// Seals rows.
    pub rows: RowSealer,
    /// Makes blind indexes.
    pub blind: Arc<BlindIndex>,
    /// Makes subject tags.
    pub tags: Arc<SubjectTags>,
    /// Signs checkpoints.
    pub log: LogSigner,
    /// Key of this broker as a member of groups.
    pub endpoint_key: EndpointKey,
    /// What the log says stands. The broker decides from this, never from rows.
    pub standing: ArcSwap<Standing>,
    /// This broker's own enrolment, once its authority has given it.
    pub enrolment: ArcSwapOption<String>,
    /// Agreements in force.
    pub governed: ArcSwap<AllGoverned>,
    /// Agreements whose rows differ from the log.
    pub blocked: Blocked,
    /// Groups.
    pub groups: Groups,
    /// The newest signed checkpoint; empty before the first entry.
    pub checkpoint: ArcSwap<Arc<str>>,
    /// Figures for those who run it.
    pub metrics: Arc<crate::metrics::Metrics>,
    /// Attempts to sign in.
    pub attempts: crate::attempts::Attempts,
    /// Hashes and checks passwords.
    pub passwords: common::password::Passwords,
    /// Held while an endpoint is admitted, so that it is admitted once.
    pub(crate) admitting: tokio::sync::Mutex<()>,
    /// Tells of groups that have just been made, so that somebody collects for them.
    pub(crate) opened: tokio::sync::mpsc::UnboundedSender<Arc<crate::groups::LiveGroup>>,
    /// Calls that could not be authenticated since they were last entered.
    pub unauthenticated: std::sync::atomic::AtomicU64,
}

/// The broker.
pub struct App {
    pub(crate) core: Arc<Core>,
    /// The only writer.
    pub recorder: Recorder,
}

impl Deref for App {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

impl App {
    pub(crate) const fn new(core: Arc<Core>, recorder: Recorder) -> Self {
        Self { core, recorder }
    }
}

impl Core {
    /// The day, in UTC.
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(TimeZone::UTC).date()
    }

    /// A new message id.
    pub(crate) fn message_id(&self) -> MessageId {
        MessageId::from_bytes(self.rng.id())
    }

    /// Whether disclosures may be made under an agreement now.
    pub(crate) fn is_open(&self, agreement: &AgreementVersion) -> bool {
        let standing = self.standing.load();
        let known = standing.agreement(agreement);
        known.is_some_and(|known| known.is_open(self.today())) && !self.blocked.holds(&agreement.id)
    }

    /// Takes over this broker's own enrolment, and says whether it is another than before.
    pub(crate) fn take_enrolment(&self, standing: &Standing) -> bool {
        let mut all = standing.endpoints();
        let own = all.find(|(known, own)| known.endpoint == self.config.endpoint && own.active);
        let Some((_, own)) = own else { return false };
        let known = self.enrolment.load();
        let changed = known.as_ref().is_none_or(|known| **known != own.note);
        if changed {
            self.enrolment.store(Some(Arc::new(own.note.clone())));
        }
        changed
    }

    /// The public key of the log.
    pub fn log_key(&self) -> &NoteKey {
        self.log.key()
    }

    /// Seals the particulars of an entry for its row.
    pub(crate) fn seal_particulars(&self, index: u64, opening: &Opening<Event>) -> Result<Vec<u8>, String> {
        let json = opening.to_json().map_err(|error| error.to_string())?;
        Ok(self.rows.seal("entries", &index.to_be_bytes(), json.as_bytes()))
    }

    /// Opens the particulars of an entry.
    pub(crate) fn open_particulars(&self, index: u64, sealed: &[u8]) -> Result<Opening<Event>, String> {
        let json = self.rows.open("entries", &index.to_be_bytes(), sealed).map_err(|e| e.to_string())?;
        serde_json::from_slice(&json).map_err(|_| format!("particulars of entry {index} cannot be read"))
    }

    /// Seals the key of a bulk object for its row.
    pub(crate) fn seal_object_key(&self, object: ObjectId, key: &Zeroizing<[u8; 32]>) -> Vec<u8> {
        self.rows.seal("objects", object.as_bytes(), key.as_slice())
    }

    /// Opens the key of a bulk object.
    pub(crate) fn open_object_key(
        &self,
        object: ObjectId,
        sealed: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, String> {
        let bytes = self.rows.open("objects", object.as_bytes(), sealed).map_err(|e| e.to_string())?;
        let key =
            <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| "object key has another length".to_owned())?;
        Ok(Zeroizing::new(key))
    }

    /// The file of a bulk object.
    pub(crate) fn object_file(&self, object: ObjectId) -> PathBuf {
        self.config.objects_dir().join(object.to_string())
    }

    /// Removes the file of a bulk object that is opened or destroyed. What stays behind after a crash
    /// is swept at start.
    pub(crate) async fn remove_object(&self, object: ObjectId) {
        if let Err(error) = tokio::fs::remove_file(self.object_file(object)).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%object, %error, "the file of an object could not be removed");
        }
    }
}
