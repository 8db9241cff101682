//! `init`, `enrol`, `agreement`, `directory`: what makes the program a part of its authority.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use agreements::{AuthorityId, EndpointId, NoteKey};
use clap::{Args, Subcommand};
use common::{SystemClock, SystemRng};
use serde_json::json;

use super::output::Output;
use super::{CliError, read_text};
use crate::config::{Config, UnlockConfig};
use crate::home::Home;
use crate::trust;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The authority that this program serves.
    #[arg(long)]
    authority: AuthorityId,
    /// Name of this program as a member of exchange groups.
    #[arg(long)]
    endpoint: EndpointId,
    /// Address of the provider's outward routes: `http://127.0.0.1:PORT`.
    #[arg(long, value_name = "URL")]
    broker: String,
    /// File with the authority's root key, as `name+hash+base64`.
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,
    /// File of the key that vouches for officers' requests (function `statements`).
    #[arg(long, value_name = "FILE")]
    statements_key: Option<PathBuf>,
    #[command(flatten)]
    unlock: UnlockArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct UnlockArgs {
    /// Unlock the vault with this key file, outside the data folder; made when it is missing.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Unlock the vault with the passphrase in the first line of this file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Keep the key file inside the data folder, for a demonstration: whoever copies the folder
    /// can read everything.
    #[arg(long)]
    demonstration: bool,
}

#[derive(Debug, Args)]
pub(super) struct EnrolArgs {
    /// The enrolment note.
    #[arg(long, value_name = "FILE")]
    note: PathBuf,
    /// The own authority's directory, signed by its root key; needed the first time.
    #[arg(long, value_name = "FILE")]
    own_directory: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum AgreementCommand {
    /// Add an agreement that the own side signed.
    Add {
        /// The agreement document (TOML).
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Note of the own side's signature.
        #[arg(long, value_name = "FILE")]
        signature: PathBuf,
        /// The own directory, signed by the own root key.
        #[arg(long, value_name = "FILE")]
        own_directory: PathBuf,
        /// The provider's directory, signed by its root key.
        #[arg(long, value_name = "FILE")]
        provider_directory: PathBuf,
    },
    /// List the agreements here.
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum DirectoryCommand {
    /// Take a newer directory of an authority that is known here.
    Add {
        /// The directory note.
        #[arg(long, value_name = "FILE")]
        note: PathBuf,
    },
}

pub(super) async fn init(data: &Path, args: InitArgs, output: &Output) -> Result<ExitCode, CliError> {
    let absolute = |path: PathBuf| std::path::absolute(&path).map_err(|source| CliError::File { path, source });
    let unlock = match (args.unlock.key_file, args.unlock.passphrase_file) {
        (Some(path), _) => UnlockConfig::KeyFile(absolute(path)?),
        (None, Some(path)) => UnlockConfig::PassphraseFile(absolute(path)?),
        (None, None) => UnlockConfig::DemonstrationKeyFile(PathBuf::from("unlock.key")),
    };
    let root_key = NoteKey::parse(read_text(&args.root_key)?.trim())
        .map_err(|e| CliError::Use(format!("`{}`: {e}", args.root_key.display())))?;
    let config = Config {
        authority: args.authority,
        endpoint: args.endpoint,
        root_key,
        broker: args.broker,
        statements_key_file: args.statements_key.map(absolute).transpose()?,
        unlock,
    };
    let home = Home::create(data, config, Arc::new(SystemClock), Arc::new(SystemRng)).await?;
    let leaf_key = home.leaf_key();
    output.done(
        &json!({
            "authority": home.authority(),
            "endpoint": home.endpoint(),
            "leaf_key": leaf_key,
            "data": home.dir,
        }),
        &format!(
            "made `{}`\nendpoint `{}` of `{}`, to be enrolled with this key:\n{leaf_key}",
            home.dir.display(),
            home.endpoint(),
            home.authority()
        ),
    )
}

pub(super) async fn enrol(home: &Home, args: EnrolArgs, output: &Output) -> Result<ExitCode, CliError> {
    let note = read_text(&args.note)?;
    let own_directory = args.own_directory.as_deref().map(read_text).transpose()?;
    let enrolment = trust::enrol(home, &note, own_directory.as_deref()).await?;
    output.done(
        &json!({ "endpoint": enrolment.endpoint, "expires": enrolment.expires }),
        &format!("`{}` is enrolled until {}", enrolment.endpoint, enrolment.expires),
    )
}

pub(super) async fn agreement(
    home: &Home,
    command: AgreementCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        AgreementCommand::Add { file, signature, own_directory, provider_directory } => {
            let (document, signature) = (read_text(&file)?, read_text(&signature)?);
            let (own, provider) = (read_text(&own_directory)?, read_text(&provider_directory)?);
            let signed = trust::add_agreement(home, document, signature, own, &provider).await?;
            let version = signed.agreement.at_version();
            output.done(
                &json!({ "agreement": version.id, "version": version.version, "digest": signed.digest }),
                &format!("added {version}, digest {}", signed.digest),
            )
        }
        AgreementCommand::List => {
            let trust = trust::Trust::load(home).await?;
            let (mut values, mut lines) = (Vec::new(), Vec::new());
            for signed in &trust.agreements {
                let version = signed.agreement.at_version();
                values.push(json!({
                    "agreement": version.id,
                    "version": version.version,
                    "digest": signed.digest,
                    "provider": signed.provider,
                    "title": signed.agreement.title,
                }));
                lines.push(format!("{version}  {}  {}", signed.provider, signed.agreement.title));
            }
            output.done(&json!({ "agreements": values }), &lines.join("\n"))
        }
    }
}

pub(super) async fn directory(
    home: &Home,
    command: DirectoryCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let DirectoryCommand::Add { note } = command;
    let directory = trust::add_directory(home, &read_text(&note)?).await?;
    output.done(
        &json!({ "authority": directory.authority, "version": directory.version }),
        &format!("took version {} of the directory of `{}`", directory.version, directory.authority),
    )
}
