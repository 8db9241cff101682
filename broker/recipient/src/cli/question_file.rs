//! Case, justification and what is sought, from a file or standard input: never from the command
//! line, where everybody on the machine could read them in the list of processes.

use std::io::Read as _;
use std::path::Path;

use agreements::ElementPath;
use exchange::content::QuestionTerm;
use serde::Deserialize;
use toml::{Table, Value};
use zeroize::Zeroizing;

use super::CliError;

/// Largest question that is read from standard input, in bytes; a file may be as large.
const MOST: u64 = 64 * 1024;

/// The form of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    case: String,
    justification: String,
    #[serde(rename = "where", default)]
    terms: Table,
}

/// What an officer wrote; it names people, so without `Debug`.
pub(super) struct QuestionText {
    pub(super) case: String,
    pub(super) justification: String,
    pub(super) terms: Vec<QuestionTerm>,
}

/// Whether a path means standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads a question; `-` is standard input. No error repeats what is in it.
pub(super) fn read(path: &Path) -> Result<QuestionText, CliError> {
    let bytes = if is_stdin(path) {
        let mut bytes = Zeroizing::new(Vec::new());
        let failed = |source| CliError::File { path: "standard input".into(), source };
        std::io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MOST {
            return Err(CliError::Use("the question is larger than 64 KiB".to_owned()));
        }
        bytes
    } else {
        common::private_file::read(path)?
    };
    let text =
        str::from_utf8(&bytes).map_err(|_| CliError::Use("the question is not text in UTF-8".to_owned()))?;
    parse(text)
}

fn parse(text: &str) -> Result<QuestionText, CliError> {
    let form: Form = toml::from_str(text).map_err(|error| {
        // Its own words would repeat the line.
        let line = error.span().and_then(|span| text.get(..span.start)).map_or(1, |before| {
            before.matches('\n').count() + 1
        });
        CliError::Use(format!(
            "line {line} of the question: write `case = \"...\"`, `justification = \"...\"` and, under `[where]`, \
             `element = \"value\"`"
        ))
    })?;
    let mut terms = Vec::new();
    collect("", &form.terms, &mut terms)?;
    Ok(QuestionText { case: form.case, justification: form.justification, terms })
}

/// `consignee.eori = "..."` is a table in a table; its path is that of the element, in quotes or not.
fn collect(above: &str, table: &Table, terms: &mut Vec<QuestionTerm>) -> Result<(), CliError> {
    for (key, value) in table {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            Value::Table(inner) => collect(&path, inner, terms)?,
            Value::String(value) if !value.is_empty() => {
                let element = ElementPath::parse(&path).map_err(|e| CliError::Use(format!("[where]: {e}")))?;
                terms.push(QuestionTerm { element, value: value.clone() });
            }
            _ => return Err(CliError::Use(format!("[where]: the value of `{path}` must be text in quotes"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_question_is_read_as_an_officer_writes_it() {
        let read = parse(
            "case = \"C-1\"\njustification = \"a tip\"\n[where]\nconsignee.eori = \"BE1\"\n\"declaration.office\" = \"X\"\n",
        )
        .unwrap();
        assert_eq!((read.case.as_str(), read.justification.as_str()), ("C-1", "a tip"));
        let terms: Vec<_> = read.terms.iter().map(|t| (t.element.as_str(), t.value.as_str())).collect();
        assert_eq!(terms, [("consignee.eori", "BE1"), ("declaration.office", "X")]);
        assert!(parse("case = \"C-1\"\njustification = \"a tip\"").unwrap().terms.is_empty());
    }

    #[test]
    fn a_question_that_is_not_of_its_form_is_refused_without_repeating_it() {
        for (text, place) in [
            ("case = \"C\"\njustification = Smuggler", "line 2"),
            ("case = \"C\"", "line 1"),
            ("case = \"C\"\njustification = \"j\"\nname = \"Smuggler\"", "line"),
            ("case = \"C\"\njustification = \"j\"\n[where]\nconsignee.eori = 7", "`consignee.eori`"),
            (
                "case = \"C\"\njustification = \"j\"\n[where]\nconsignee.eori = [\"Smuggler\"]",
                "`consignee.eori`",
            ),
        ] {
            let error = error(text);
            assert!(error.contains(place), "{error}");
            assert!(!error.contains("Smuggler") && !error.contains('7'), "{error}");
        }
    }
}
