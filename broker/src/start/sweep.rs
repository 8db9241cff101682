//! Removes what no entry names: keys, objects, deposits and tags of acts that a crash cut short.

use std::collections::BTreeSet;

use agreements::ObjectId;
use audit::Standing;
use common::vault::KeyId;

use super::StartError;
use crate::app::Core;
use crate::store::{deposits, objects, tags};

/// Sweeps. Runs before the first entry, when nobody else can write.
pub(super) async fn sweep(core: &Core, standing: &Standing) -> Result<(), StartError> {
    for deposit in deposits::staged(&mut core.store.read().await?).await? {
        crate::source::deposit::sweep(&core.store, deposit.id).await?;
    }
    core.store.keep_reserve();
    let mut tx = core.store.write().await?;
    tags::sweep(&mut tx).await?;
    let kept: BTreeSet<ObjectId> = objects::named(&mut tx).await?.into_iter().collect();
    tx.commit().await?;
    files(core, &kept)?;
    // Before the first entry the log's own key has no entry either.
    if standing.keys().is_empty() {
        return Ok(());
    }
    // Keys that were destroyed on record are named no more, so what a crash left of them goes too.
    let named: Result<BTreeSet<KeyId>, _> = standing.keys().into_iter().map(KeyId::parse).collect();
    let named = named.map_err(|error| StartError::Altered(error.to_string()))?;
    core.vault.sweep(&named, &*core.rng)?;
    Ok(())
}

fn files(core: &Core, kept: &BTreeSet<ObjectId>) -> Result<(), StartError> {
    let folder = core.config.objects_dir();
    let failed = |source| StartError::File { path: folder.clone(), source };
    for file in std::fs::read_dir(&folder).map_err(failed)? {
        let file = file.map_err(failed)?;
        let object = file.file_name().to_str().and_then(|name| ObjectId::parse(name).ok());
        if !object.is_some_and(|object| kept.contains(&object)) {
            std::fs::remove_file(file.path()).map_err(failed)?;
        }
    }
    Ok(())
}
