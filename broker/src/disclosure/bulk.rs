//! A bulk disclosure: the whole dataset, page by page, into one sealed object; memory stays flat.
//!
//! The object is complete and synced before the recording transaction names it; a file that no
//! transaction names is swept at start.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use agreements::{Dataset, DisclosureId, ObjectId};
use exchange::object::{CHUNK_BYTES, ObjectHeader, ObjectKey, ObjectSealer};
use policy::Permit;
use zeroize::Zeroizing;

use super::SpineError;
use super::authenticate::Asked;
use super::pseudonymise::{Lodged, Made, Output, Passing};
use crate::app::Core;
use crate::governed::Governed;
use crate::{source, tags};

/// Records in one page: some hundred kilobytes.
const PAGE: u32 = 2_000;

/// The object's header, fixed before sealing.
pub(super) fn header(
    core: &Core,
    asked: &Asked,
    permit: &Permit,
    governed: &Governed,
    disclosure: DisclosureId,
) -> ObjectHeader {
    ObjectHeader {
        object: ObjectId::from_bytes(core.rng.id()),
        disclosure,
        digest: governed.digest,
        request: asked.question.request,
        purpose: asked.question.purpose.clone(),
        elements: permit.elements.clone(),
        chunk_bytes: CHUNK_BYTES,
    }
}

/// An object that is being written. Dropped before it is finished, its file goes with it.
struct Writing {
    sealer: Option<ObjectSealer<BufWriter<File>>>,
    path: PathBuf,
    header: ObjectHeader,
    key: ObjectKey,
    first: bool,
    records: u64,
    /// All tags so far, of which those of the page at hand are not staged.
    tagged: tags::Tagged,
    tracked: Vec<(agreements::ElementPath, String, Vec<u8>)>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        if self.sealer.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Writing {
    fn begin(core: &Core, header: ObjectHeader) -> Result<Self, String> {
        let path = core.object_file(header.object);
        let file =
            File::create_new(&path).map_err(|error| format!("an object's file cannot be made: {error}"))?;
        let key = ObjectKey::from_bytes(core.rng.key());
        let sealer =
            ObjectSealer::new(BufWriter::new(file), header.clone(), &key).map_err(|e| e.to_string())?;
        Ok(Self {
            sealer: Some(sealer),
            path,
            header,
            key,
            first: true,
            records: 0,
            tagged: tags::Tagged::default(),
            tracked: Vec::new(),
        })
    }

    /// Pseudonymises and seals one page of records.
    fn page(&mut self, passing: &Passing, records: &[Zeroizing<Vec<u8>>]) -> Result<(), String> {
        let mut pass =
            if std::mem::take(&mut self.first) { passing.plan.begin() } else { passing.plan.begin_part() };
        for record in records {
            pass.record(record).map_err(|error| error.to_string())?;
            let tagged = self.tagged.add(&passing.tagger, &passing.identifiers, record);
            tagged.map_err(|error| error.to_string())?;
        }
        self.tracked.extend(passing.index(pass.take_pseudonyms()));
        let (output, seen) = pass.finish();
        self.records += seen.records;
        let sealer = self.sealer.as_mut().ok_or("the object is finished")?;
        sealer.write_all(output.as_bytes()).map_err(|error| error.to_string())
    }

    fn finish(mut self, core: &Core) -> Result<Made, String> {
        let sealer = self.sealer.take().ok_or("the object is finished")?;
        let done = sealer.finish().map_err(|error| error.to_string()).and_then(|(writer, descriptor)| {
            let file = writer.into_inner().map_err(|error| error.to_string())?;
            file.sync_all().map_err(|error| error.to_string())?;
            common::durable::sync_dir(&core.config.objects_dir()).map_err(|error| error.to_string())?;
            Ok(descriptor)
        });
        let descriptor = match done {
            Ok(descriptor) => descriptor,
            Err(error) => {
                let _ = std::fs::remove_file(&self.path);
                return Err(error);
            }
        };
        let header = agreements::digest_of(&self.header).map_err(|error| error.to_string())?;
        let object = self.header.object;
        let key = Zeroizing::new(*self.key.as_bytes());
        let lodged = Lodged {
            object,
            key_sealed: core.seal_object_key(object, &key),
            header,
            ciphertext: descriptor.ciphertext,
            bytes: descriptor.ciphertext_bytes,
        };
        Ok(Made {
            records: self.records,
            subjects: self.tagged.persons(),
            tags: Vec::new(),
            tracked: std::mem::take(&mut self.tracked),
            output: Output::Object(Box::new((descriptor, lodged))),
        })
    }
}

/// Makes an object of a whole dataset.
pub(super) async fn of_dataset(
    core: &Arc<Core>,
    passing: &Arc<Passing>,
    header: ObjectHeader,
    dataset: &Dataset,
) -> Result<Made, SpineError> {
    let mut writing = Writing::begin(core, header).map_err(SpineError::Stored)?;
    let mut after = None;
    loop {
        let sealed = source::page(core, &dataset.id, after, PAGE).await?;
        let Some(last) = sealed.last() else { break };
        after = Some(last.place);
        writing = on_a_thread(core, passing, writing, move |core| source::open_page(core, &sealed)).await?;
    }
    end(core, writing).await
}

/// Makes an object of records that are too many for a message.
pub(super) async fn of_records(
    core: &Arc<Core>,
    passing: &Arc<Passing>,
    header: ObjectHeader,
    records: Vec<Zeroizing<Vec<u8>>>,
) -> Result<Made, SpineError> {
    let writing = Writing::begin(core, header).map_err(SpineError::Stored)?;
    let writing = on_a_thread(core, passing, writing, move |_| Ok(records)).await?;
    end(core, writing).await
}

/// Works on one page off the threads that serve calls, then stages its tags.
async fn on_a_thread(
    core: &Arc<Core>,
    passing: &Arc<Passing>,
    mut writing: Writing,
    records: impl FnOnce(&Core) -> Result<Vec<Zeroizing<Vec<u8>>>, String> + Send + 'static,
) -> Result<Writing, SpineError> {
    let (shared, pass) = (Arc::clone(core), Arc::clone(passing));
    let worked = tokio::task::spawn_blocking(move || {
        let records = records(&shared)?;
        writing.page(&pass, &records)?;
        Ok::<_, String>(writing)
    });
    let mut writing =
        worked.await.map_err(|error| SpineError::Stored(error.to_string()))?.map_err(SpineError::Stored)?;
    tags::stage(core, passing.disclosure, writing.tagged.take_new()).await?;
    Ok(writing)
}

async fn end(core: &Arc<Core>, writing: Writing) -> Result<Made, SpineError> {
    let shared = Arc::clone(core);
    let finished = tokio::task::spawn_blocking(move || writing.finish(&shared));
    finished.await.map_err(|error| SpineError::Stored(error.to_string()))?.map_err(SpineError::Stored)
}
