//! `authority`: what an authority says of itself with its own keys: who holds which function, and
//! which programs are its own.

use std::path::PathBuf;

use agreements::directory::Holder;
use agreements::enrolment::MAX_ENROLMENT_DAYS;
use agreements::statements::Enrolment;
use agreements::{AuthorityId, Digest, Directory, EndpointId, Function, check_enrolment};
use clap::{Args, Subcommand};
use common::{Clock as _, SystemClock};
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use super::secrets::{KeyArgs, load_key};
use super::{CliError, Output, files};

#[derive(Debug, Subcommand)]
pub(super) enum AuthorityCommand {
    /// Make the directory of an authority: which function is held with which key.
    Directory(DirectoryArgs),
    /// Enrol a program of the authority as an endpoint.
    Enrol(EnrolArgs),
}

#[derive(Debug, Args)]
pub(super) struct DirectoryArgs {
    /// The authority.
    #[arg(long)]
    authority: AuthorityId,
    /// The authority's private root key.
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,
    /// File with the root key's passphrase in its first line.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Version of the directory; each must be greater than the one before.
    #[arg(long)]
    version: u32,
    /// A function, the title of the office that holds it (never a person's name) and the file of its
    /// public key, as `dpo=Data protection officer=dpo.key.pub`. Repeat it for each holder.
    #[arg(long = "holder", value_name = "FUNCTION=OFFICE=FILE", required = true, value_parser = holder)]
    holders: Vec<HolderArg>,
    /// File for the signed directory.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Clone)]
struct HolderArg {
    function: Function,
    office: String,
    key_file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct EnrolArgs {
    /// The authority.
    #[arg(long)]
    authority: AuthorityId,
    /// Name of the endpoint, as it was given to `init`.
    #[arg(long)]
    endpoint: EndpointId,
    /// Key of the endpoint, as `init` printed it: 64 hexadecimal digits.
    #[arg(long, value_name = "HEX", value_parser = Digest::parse)]
    leaf_key: Digest,
    /// The enrolment function's key.
    #[command(flatten)]
    key: KeyArgs,
    /// Days for which the enrolment holds, at most 90.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=MAX_ENROLMENT_DAYS))]
    days: i64,
    /// File for the signed note.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(command: AuthorityCommand, output: &Output) -> Result<(), CliError> {
    match command {
        AuthorityCommand::Directory(args) => directory(args, output),
        AuthorityCommand::Enrol(args) => enrol(args, output),
    }
}

fn holder(text: &str) -> Result<HolderArg, String> {
    let mut parts = text.splitn(3, '=');
    let (Some(function), Some(office), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("write it as FUNCTION=OFFICE=FILE".to_owned());
    };
    let function = files::word(function)?;
    Ok(HolderArg { function, office: office.to_owned(), key_file: PathBuf::from(file) })
}

fn directory(args: DirectoryArgs, output: &Output) -> Result<(), CliError> {
    let mut holders = Vec::with_capacity(args.holders.len());
    for HolderArg { function, office, key_file } in args.holders {
        holders.push(Holder { function, office, key: files::read_key(&key_file)? });
    }
    let directory =
        Directory { authority: args.authority, version: args.version, at: SystemClock.now(), holders };
    directory.follows(None).map_err(|error| CliError::Use(error.to_string()))?;
    let root = load_key(&args.root_key, args.passphrase_file.as_deref())?;
    let note = root.sign(&directory).map_err(|error| CliError::failed(&error))?;
    files::write_new(&args.out, &note.to_string())?;
    output.done(
        &json!({ "file": args.out, "directory": directory, "signed_by": root.key() }),
        &format!(
            "directory of `{}`, version {}, {} holders, signed by `{}`: {}",
            directory.authority,
            directory.version,
            directory.holders.len(),
            root.key().name(),
            args.out.display()
        ),
    )
}

fn enrol(args: EnrolArgs, output: &Output) -> Result<(), CliError> {
    // Whole seconds: nobody reads more, and no store keeps more.
    let at = Timestamp::from_second(SystemClock.now().as_second()).map_err(|error| CliError::failed(&error))?;
    let expires = at.checked_add((args.days * 24).hours()).map_err(|error| CliError::failed(&error))?;
    let enrolment =
        Enrolment { authority: args.authority, endpoint: args.endpoint, leaf_key: args.leaf_key, expires, at };
    check_enrolment(&enrolment, at).map_err(|error| CliError::Use(error.to_string()))?;
    let key = args.key.load()?;
    let note = key.sign(&enrolment).map_err(|error| CliError::failed(&error))?;
    files::write_new(&args.out, &note.to_string())?;
    output.done(
        &json!({ "file": args.out, "enrolment": enrolment, "signed_by": key.key() }),
        &format!(
            "endpoint `{}` of `{}` enrolled until {expires}, signed by `{}`: {}",
            enrolment.endpoint,
            enrolment.authority,
            key.key().name(),
            args.out.display()
        ),
    )
}
