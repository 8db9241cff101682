//! `key`: the private keys of persons who act for an authority, each in a file of the person's own.

use std::path::{Path, PathBuf};

use agreements::{AuthorityId, NoteKey};
use clap::{Args, Subcommand};
use common::SystemRng;
use common::function_key::{FunctionKey, FunctionKeyError};
use serde::Deserialize;
use serde_json::json;

use super::{CliError, Output, files, secrets};

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key for a function: the private one in FILE, the public one in FILE.pub.
    New(NewArgs),
    /// Print the public key of a key file.
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Name under which the key signs: authority and function, as `nl-customs/dpo`.
    name: String,
    /// File for the private key; the public one goes beside it, with `.pub` after its name.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Seal the file with a passphrase, which is asked for.
    #[arg(long)]
    passphrase: bool,
    /// Seal the file with the passphrase in the first line of this one.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The private or the public key.
    file: PathBuf,
}

pub(super) fn run(command: KeyCommand, output: &Output) -> Result<(), CliError> {
    match command {
        KeyCommand::New(args) => new(&args, output),
        KeyCommand::Show(args) => show(&args.file, output),
    }
}

fn new(args: &NewArgs, output: &Output) -> Result<(), CliError> {
    let public_file = beside(&args.out);
    for path in [&args.out, &public_file] {
        if path.exists() {
            return Err(CliError::Use(format!("`{}` exists", path.display())));
        }
    }
    well_named(&args.name)?;
    let key = FunctionKey::generate(&args.name, &SystemRng)
        .map_err(|error| CliError::Use(format!("`{}`: {error}", args.name)))?;
    let passphrase = if args.passphrase || args.passphrase_file.is_some() {
        Some(secrets::new_secret(args.passphrase_file.as_deref(), "new passphrase", "--passphrase-file")?)
    } else {
        None
    };
    key.write_new(&args.out, passphrase.as_ref().map(|text| text.as_str()), &SystemRng)
        .map_err(|error| CliError::failed(&error))?;
    files::write_new(&public_file, &format!("{}\n", key.key()))?;
    output.done(
        &json!({ "key": key.key(), "file": args.out, "public_file": public_file, "sealed": passphrase.is_some() }),
        &key.key().to_string(),
    )
}

/// A name is `authority/function`: whoever reads a signature must see whose it is.
fn well_named(name: &str) -> Result<(), CliError> {
    let (authority, function) = name.split_once('/').unwrap_or((name, ""));
    let functions = ["root", "signatory", "dpo", "approver", "enrolment", "statements"];
    let is_right = AuthorityId::parse(authority).is_ok() && functions.contains(&function);
    if is_right {
        return Ok(());
    }
    let functions = functions.join(", ");
    let text = format!(
        "`{name}` is no name of a key: write it as AUTHORITY/FUNCTION, like `nl-customs/dpo`; functions are {functions}"
    );
    Err(CliError::Use(text))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// What a sealed key file shows without its passphrase.
#[derive(Deserialize)]
struct Shown {
    key: NoteKey,
}

/// The public key in a private one's file, where it can be read without the passphrase.
pub(super) fn shown(path: &Path) -> Option<NoteKey> {
    let bytes = common::private_file::read(path).ok()?;
    let shown = std::str::from_utf8(&bytes).ok().and_then(|text| toml::from_str::<Shown>(text).ok())?;
    Some(shown.key)
}

fn show(path: &Path, output: &Output) -> Result<(), CliError> {
    let wrong = |error: &dyn std::fmt::Display| CliError::Use(error.to_string());
    let text = zeroize::Zeroizing::new(files::read_text(path)?);
    let (key, kind) = match NoteKey::parse(text.trim()) {
        Ok(key) => (key, "public"),
        Err(_) => match FunctionKey::load(path, || None) {
            Ok(key) => (key.key().clone(), "private"),
            Err(FunctionKeyError::NeedsPassphrase(_)) => {
                let form = || CliError::Use(format!("`{}`: not a function key file", path.display()));
                (shown(path).ok_or_else(form)?, "private, sealed with a passphrase")
            }
            Err(error) => return Err(wrong(&error)),
        },
    };
    output.done(&json!({ "key": key, "name": key.name(), "kind": kind }), &format!("{key}\n{kind}"))
}
