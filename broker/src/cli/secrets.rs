//! Secrets and personal data that a command needs: from a file, standard input or a prompt, never
//! from the command line, where every user of the machine could read them.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use agreements::{AuthorityId, Function};
use clap::Args;
use common::function_key::{FunctionKey, FunctionKeyError};
use zeroize::Zeroizing;

use super::CliError;

/// Longest line that is read from standard input, in bytes.
const LONGEST: u64 = 64 * 1024;

/// A secret: the first line of the file, or what is typed.
pub(super) fn secret(file: Option<&Path>, what: &str, option: &str) -> Result<Zeroizing<String>, CliError> {
    match file {
        Some(path) => common::private_file::read_line(path).map_err(|error| CliError::Use(error.to_string())),
        None => typed(what, option),
    }
}

/// A secret that is typed twice when there is no file.
pub(super) fn new_secret(file: Option<&Path>, what: &str, option: &str) -> Result<Zeroizing<String>, CliError> {
    let first = secret(file, what, option)?;
    if file.is_none() && *typed(&format!("{what}, again"), option)? != *first {
        return Err(CliError::Use("the two are not the same".to_owned()));
    }
    if first.is_empty() { Err(CliError::Use(format!("the {what} is empty"))) } else { Ok(first) }
}

fn typed(what: &str, option: &str) -> Result<Zeroizing<String>, CliError> {
    let typed = rpassword::prompt_password(format!("{}: ", capital(what)));
    typed.map(Zeroizing::new).map_err(|_| {
        CliError::Use(format!("there is no terminal to ask for the {what}: give it in a file with `{option}`"))
    })
}

/// Personal data: the first line of standard input, asked for when that is a terminal.
pub(super) fn personal(what: &str) -> Result<Zeroizing<String>, CliError> {
    if std::io::stdin().is_terminal() {
        let _ = write!(std::io::stderr(), "{}: ", capital(what));
        let _ = std::io::stderr().flush();
    }
    let mut line = Zeroizing::new(String::new());
    let mut input = std::io::Read::take(std::io::stdin().lock(), LONGEST);
    input.read_line(&mut line).map_err(|_| CliError::Use(format!("the {what} is not a line of text")))?;
    let line = Zeroizing::new(line.trim().to_owned());
    if line.is_empty() {
        return Err(CliError::Use(format!("the {what} is expected on standard input")));
    }
    Ok(line)
}

/// Asks a question to which only `yes` is yes.
pub(super) fn confirmed(question: &str, option: &str) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::Use(format!("there is no terminal to ask \"{question}\": give `{option}`")));
    }
    let _ = write!(std::io::stderr(), "{question} Type yes: ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| CliError::failed(&error))?;
    Ok(line.trim() == "yes")
}

fn capital(what: &str) -> String {
    let mut letters = what.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A private key of a function, in a file of the person who holds it.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// Your private key, as `transire key new` wrote it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// File with the key's passphrase in its first line; asked for when the key is sealed and this is
    /// not given.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl KeyArgs {
    /// Refuses a key that is not of this authority and function, before anything is shown or asked.
    pub(super) fn is_of(&self, authority: &AuthorityId, function: Function) -> Result<(), CliError> {
        let wanted = format!("{authority}/{}", function.as_str());
        match super::key::shown(&self.key) {
            Some(key) if key.name() != wanted => Err(CliError::Use(format!(
                "`{}` is the key of `{}`, and this is signed as `{wanted}`: nothing was signed",
                self.key.display(),
                key.name()
            ))),
            // What is no key file is told when it is opened.
            _ => Ok(()),
        }
    }

    /// Opens the key.
    pub(super) fn load(&self) -> Result<FunctionKey, CliError> {
        load_key(&self.key, self.passphrase_file.as_deref())
    }
}

/// Opens a private key.
pub(super) fn load_key(path: &Path, passphrase_file: Option<&Path>) -> Result<FunctionKey, CliError> {
    let mut refused = None;
    let loaded = FunctionKey::load(path, || {
        match secret(passphrase_file, &format!("passphrase of `{}`", path.display()), "--passphrase-file") {
            Ok(passphrase) => Some(passphrase),
            Err(error) => {
                refused = Some(error);
                None
            }
        }
    });
    match (loaded, refused) {
        (Ok(key), _) => Ok(key),
        (Err(_), Some(refused)) => Err(refused),
        (Err(error @ FunctionKeyError::Locked(_)), None) => Err(CliError::failed(&error)),
        (Err(error), None) => Err(CliError::Use(error.to_string())),
    }
}
