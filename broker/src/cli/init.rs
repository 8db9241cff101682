//! `init`: the data folder, the vault, and the first officer, who names all others.

use std::path::PathBuf;
use std::sync::Arc;

use agreements::OfficerNumber;
use clap::Args;
use common::{SystemClock, SystemRng};
use serde_json::json;
use zeroize::Zeroizing;

use super::{CliError, Output, secrets};
use crate::config::{Config, UnlockConfig};
use crate::govern::Acting;
use crate::govern::officer::{self, NewOfficer};
use crate::roles::Role;
use crate::start;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "transire.toml")]
    config: PathBuf,
    /// Number of the first officer, who becomes an administrator.
    #[arg(long, value_name = "NUMBER")]
    officer: OfficerNumber,
    /// File with the first officer's name in its first line; sealed at once. Read from standard input
    /// when it is not given.
    #[arg(long, value_name = "FILE")]
    name_file: Option<PathBuf>,
    /// File with the first officer's password in its first line, readable by the owner alone; asked
    /// for when it is not given.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File for the public key of the record, which the agreement names.
    #[arg(long, value_name = "FILE")]
    log_key_out: Option<PathBuf>,
}

pub(super) async fn init(args: InitArgs, output: &Output) -> Result<(), CliError> {
    let config = read_config(&args.config)?;
    let name = match &args.name_file {
        Some(path) => secrets::secret(Some(path), "name", "--name-file")?,
        None => secrets::personal("name of the first officer")?,
    };
    let password =
        secrets::new_secret(args.password_file.as_deref(), "password of the first officer", "--password-file")?;
    common::password::check_new(&password).map_err(|error| CliError::Use(error.to_string()))?;
    if let Some(path) = &args.log_key_out {
        super::files::check_new(path)?;
    }
    let making = Making::begin(&config)?;
    let made = create(config, args.officer, name, password).await?;
    if let Some(path) = &args.log_key_out {
        super::files::write_new(path, &format!("{}\n", made.log_key))?;
    }
    making.finish();
    output.done(
        &json!({ "log_key": made.log_key, "endpoint_key": made.endpoint_key, "data": made.data }),
        &format!(
            "made `{}`\nkey of the record, for the agreement:\n{}\nkey of this broker, to be enrolled by its authority:\n{}",
            made.data.display(),
            made.log_key,
            made.endpoint_key
        ),
    )
}

/// What `init` is making. Dropped before it is finished, all of it is taken away again, and what was
/// there before stays.
struct Making {
    /// Files and folders that were not there before.
    new: Vec<PathBuf>,
}

impl Making {
    /// # Errors
    /// [`CliError::Use`] when there is a vault or a database in the data folder already.
    fn begin(config: &Config) -> Result<Self, CliError> {
        let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
        let database = config.data_dir.join("broker.db");
        if let Some(old) = [config.vault_dir(), database.clone()].iter().find(|path| is_there(path)) {
            return Err(CliError::Use(format!(
                "`{}` exists already: nothing was made or changed; for a new start choose another `data_dir`",
                old.display()
            )));
        }
        let mut new = vec![config.vault_dir(), config.objects_dir(), database];
        new.extend(["-wal", "-shm", "-broker", "-reserve"].map(|end| {
            let mut name = std::ffi::OsString::from("broker.db");
            name.push(end);
            config.data_dir.join(name)
        }));
        if let UnlockConfig::KeyFile(path) | UnlockConfig::DemonstrationKeyFile(path) = &config.unlock {
            new.push(path.clone());
        }
        // Last: it is empty by then.
        new.push(config.data_dir.clone());
        new.retain(|path| !is_there(path));
        Ok(Self { new })
    }

    fn finish(mut self) {
        self.new.clear();
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        for path in &self.new {
            // Some of them were not made yet. A data folder in which somebody else put something stays.
            let _ = match path.symlink_metadata() {
                Ok(found) if found.is_dir() && self.new.last() == Some(path) => std::fs::remove_dir(path),
                Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
                _ => std::fs::remove_file(path),
            };
        }
    }
}

/// What was made.
pub(super) struct Made {
    pub(super) log_key: agreements::NoteKey,
    pub(super) endpoint_key: agreements::Digest,
    pub(super) data: PathBuf,
}

/// Makes the data folder and the first officer.
pub(super) async fn create(
    config: Config,
    number: OfficerNumber,
    name: Zeroizing<String>,
    password: Zeroizing<String>,
) -> Result<Made, CliError> {
    let failed = |error: &dyn std::error::Error| CliError::failed(error);
    let data = config.data_dir.clone();
    if let UnlockConfig::KeyFile(path) | UnlockConfig::DemonstrationKeyFile(path) = &config.unlock
        && !path.exists()
    {
        common::durable::create_dir(&config.data_dir, 0o700).map_err(|e| failed(&e))?;
        common::vault::make_key_file(path, &SystemRng).map_err(|e| failed(&e))?;
    }
    start::create(&config, &SystemRng).map_err(|e| failed(&e))?;
    let (log_key, endpoint_key) = start::public_keys(&config).map_err(|e| failed(&e))?;
    let started =
        start::start(config, Arc::new(SystemClock), Arc::new(SystemRng)).await.map_err(|e| failed(&e))?;
    let by = Acting { officer: number.clone() };
    let new = NewOfficer { number, name, password, roles: vec![Role::Administrator] };
    officer::name(&started.app, &by, new).await.map_err(|e| failed(&e))?;
    started.app.store.close().await;
    Ok(Made { log_key, endpoint_key, data })
}

/// Reads the configuration; its relative paths are taken from its own folder.
pub(super) fn read_config(path: &std::path::Path) -> Result<Config, CliError> {
    let config: Config = common::config::load(path).map_err(|error| CliError::failed(&error))?;
    let absolute = std::path::absolute(path).map_err(|error| CliError::failed(&error))?;
    let folder = absolute.parent().unwrap_or(std::path::Path::new("/")).to_owned();
    Ok(config.relative_to(&folder))
}
