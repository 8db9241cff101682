//! Files that commands read and write: never larger than they need be, never written over.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use agreements::document::{self, MAX_DOCUMENT_BYTES};
use agreements::{Agreement, NoteKey, Violations};
use common::SystemRng;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{CliError, Output};

/// Text of a document or note, at most 1 MiB of UTF-8.
pub(super) fn read_text(path: &Path) -> Result<String, CliError> {
    let wrong = |what: &str| CliError::Use(format!("`{}`: {what}", path.display()));
    let file = File::open(path).map_err(|error| wrong(&error.to_string()))?;
    let mut bytes = Vec::new();
    let limit = MAX_DOCUMENT_BYTES as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| wrong(&error.to_string()))?;
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(wrong("larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|b| **b == b'\n');
        wrong(&format!("line {}: not UTF-8 text", line.count() + 1))
    })
}

/// A public key, alone in its file, as `transire key new` writes it.
pub(super) fn read_key(path: &Path) -> Result<NoteKey, CliError> {
    let text = read_text(path)?;
    NoteKey::parse(text.trim())
        .map_err(|_| CliError::Use(format!("`{}`: not a public key (name+hash+base64)", path.display())))
}

/// Writes a file that others may read; one that is there already is left alone.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    common::durable::write_new(path, text.as_bytes(), 0o644, &SystemRng)
        .map_err(|error| CliError::failed(&error))
}

/// Whether [`write_new`] could write this file now. Leaves nothing behind.
pub(super) fn check_new(path: &Path) -> Result<(), CliError> {
    if path.symlink_metadata().is_ok() {
        return Err(CliError::Use(format!("`{}` exists already", path.display())));
    }
    write_new(path, "")?;
    std::fs::remove_file(path).map_err(|error| CliError::Use(format!("`{}`: {error}", path.display())))
}

/// An agreement without violations. What is wrong with another one is printed whole.
pub(super) fn read_agreement(path: &Path, output: &Output) -> Result<(String, Agreement), CliError> {
    let text = read_text(path)?;
    match document::read(&text) {
        Ok(agreement) => Ok((text, agreement)),
        Err(violations) => Err(report(path, &violations, output)?),
    }
}

/// Prints every violation of a document; the error that comes back adds nothing.
pub(super) fn report(path: &Path, violations: &Violations, output: &Output) -> Result<CliError, CliError> {
    let listed: Vec<Value> = violations
        .iter()
        .map(|v| json!({ "line": v.line, "path": v.path, "place": v.place, "text": v.text }))
        .collect();
    let count = listed.len();
    let words = if count == 1 { "1 violation".to_owned() } else { format!("{count} violations") };
    output.done(
        &json!({ "file": path, "valid": false, "violations": listed }),
        &format!("`{}` has {words}:\n{violations}", path.display()),
    )?;
    Ok(CliError::Reported)
}

/// Reads one of the words that a type has in JSON; the error lists all of them.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::from(text)).map_err(|error| error.to_string())
}

/// Reads `LEFT=FILE`.
pub(super) fn named_file<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &str,
) -> Result<(T, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("write it as NAME=FILE")?;
    let name = name.parse().map_err(|error: T::Err| error.to_string())?;
    if path.is_empty() { Err("no file after `=`".to_owned()) } else { Ok((name, PathBuf::from(path))) }
}

#[cfg(test)]
mod tests {
    use agreements::AuthorityId;

    use super::*;

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        write_new(&path, "one").unwrap();
        assert!(write_new(&path, "two").is_err());
        assert_eq!(read_text(&path).unwrap(), "one");
    }

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, b"a\nb\n\xff\n").unwrap();
        let error = read_text(&path).unwrap_err();
        assert!(error.to_string().ends_with("line 3: not UTF-8 text"), "{error}");
    }

    #[test]
    fn a_name_and_its_file_are_told_apart_at_the_first_sign() {
        let (name, path) = named_file::<AuthorityId>("nl-customs=a=b.pub").unwrap();
        assert_eq!((name.as_str(), path), ("nl-customs", PathBuf::from("a=b.pub")));
        assert!(named_file::<AuthorityId>("nl-customs").is_err());
        assert!(named_file::<AuthorityId>("nl-customs=").is_err());
        assert!(named_file::<AuthorityId>("NL=x").is_err());
    }
}
