//! The project's own files, and Rust source taken apart just enough to look for names in it.

use std::path::{Path, PathBuf};

/// Folders that hold no source of ours.
const SKIPPED: [&str; 3] = ["target", ".git", "node_modules"];

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// One file of Rust source.
pub(crate) struct Source {
    /// Its path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// Without comments, test modules and the inside of literals; no white space around `.` and `::`.
    pub(crate) code: String,
    /// The string literals of what `code` was made of.
    pub(crate) strings: Vec<String>,
}

impl Source {
    pub(crate) fn new(path: &str, text: String) -> Self {
        let (code, strings) = take_apart(before_tests(&text));
        Self { path: path.to_owned(), text, code, strings }
    }

    /// Whether it is the module file `folder.rs` or lies in `folder`.
    pub(crate) fn within(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    /// Whether it holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.split('/').rev().skip(1).any(|part| part == "tests")
    }

    /// Whether `name` stands in the code as a whole word; it may hold `::` and `.`.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.places(name).next().is_some()
    }

    /// The receivers of calls of `.method(`: the words and dots right before them.
    pub(crate) fn receivers(&self, method: &str) -> Vec<&str> {
        let call = format!(".{method}(");
        self.code
            .match_indices(&call)
            .map(|(at, _)| {
                let before = &self.code[..at];
                let start = before
                    .rfind(|c: char| !is_word(c) && !matches!(c, '.' | ':' | '?' | '(' | ')'))
                    .map_or(0, |at| at + 1);
                &before[start..]
            })
            .collect()
    }

    /// Whether a path of the code begins with crate `name`.
    pub(crate) fn uses_crate(&self, name: &str) -> bool {
        let used = format!("use {name}");
        self.places(name).any(|at| {
            let (before, after) = (&self.code[..at], &self.code[at + name.len()..]);
            (after.starts_with("::") && !before.ends_with("::"))
                || (before.ends_with("use ") && self.code[at - 4..].starts_with(&used))
        })
    }

    fn places(&self, name: &str) -> impl Iterator<Item = usize> {
        self.code.match_indices(name).map(|(at, _)| at).filter(move |at| {
            let (before, after) = (&self.code[..*at], &self.code[at + name.len()..]);
            !before.chars().next_back().is_some_and(is_word) && !after.chars().next().is_some_and(is_word)
        })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every Rust file of the repository, by path.
pub(crate) fn all() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for path in files(&root) {
        if path.ends_with(".rs") {
            let text = std::fs::read_to_string(root.join(&path)).unwrap();
            found.push(Source::new(&path, text));
        }
    }
    assert!(found.len() > 100, "only {} Rust files under {}", found.len(), root.display());
    found
}

/// The paths of all files of the repository from its root, sorted.
pub(crate) fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(entry.path());
                }
            } else {
                let path = entry.path();
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// The text up to its test module: `clippy::items_after_test_module` sees that nothing follows it.
fn before_tests(text: &str) -> &str {
    text.match_indices("#[cfg(test)]\n")
        .find(|(at, attribute)| text[at + attribute.len()..].starts_with("mod "))
        .map_or(text, |(at, _)| &text[..at])
}

/// Code without comments and the inside of literals, and its string literals.
fn take_apart(text: &str) -> (String, Vec<String>) {
    let (mut code, mut strings) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = behind_comment(rest);
        } else if c == '"' {
            let (literal, after) = quoted(&rest[1..], '"');
            strings.push(literal.to_owned());
            code.push_str("\"\"");
            rest = after;
        } else if let Some(hashes) = raw_opening(rest, &code) {
            let close = format!("\"{}", "#".repeat(hashes));
            let body = &rest[1 + hashes + 1..];
            let end = body.find(&close).unwrap_or(body.len());
            strings.push(body[..end].to_owned());
            code.push_str("\"\"");
            rest = body.get(end + close.len()..).unwrap_or("");
        } else if c == '\'' && is_char_literal(rest) {
            rest = quoted(&rest[1..], '\'').1;
            code.push_str("''");
        } else if c.is_whitespace() {
            if !code.ends_with([' ', '.', ':']) {
                code.push(' ');
            }
            rest = &rest[c.len_utf8()..];
        } else {
            if (c == '.' || rest.starts_with("::")) && code.ends_with(' ') {
                code.pop();
            }
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    (code, strings)
}

/// How many `#` a raw string that begins here has.
fn raw_opening(rest: &str, code: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    if code.chars().next_back().is_some_and(|c| is_word(c) && c != 'b' && c != 'c') {
        return None;
    }
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// Tells `'a'` and `'\n'` from the lifetime `'a`.
fn is_char_literal(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

/// What is inside a literal up to `quote`, and what follows it.
fn quoted(rest: &str, quote: char) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return (&rest[..at], &rest[at + 1..]),
            _ => {}
        }
    }
    (rest, "")
}

/// What follows a block comment, which may hold others.
fn behind_comment(rest: &str) -> &str {
    let mut depth = 0;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return &rest[at..];
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    ""
}

#[test]
fn names_in_comments_strings_and_tests_do_not_count() {
    let text = r##"//! vault
use std::fmt; /* vault /* vault */ vault */
fn f<'a>(c: char) -> &'a str { if c == '"' || c == '\'' { "vault\"" } else { r#"SELECT "vault" "# } }
#[cfg(test)]
mod tests { use common::vault; }
"##;
    let source = Source::new("broker/src/x.rs", text.to_owned());
    assert!(!source.names("vault"), "{}", source.code);
    assert!(source.names("fmt") && source.names("std::fmt"));
    assert_eq!(source.strings, ["vault\\\"", "SELECT \"vault\" "]);
}

#[test]
fn a_receiver_is_found_across_lines() {
    let source = Source::new(
        "x.rs",
        "let a = self\n    .rows\n    .seal(1); group.seal(2); Self::new(a)?.seal(3);".to_owned(),
    );
    assert_eq!(source.receivers("seal"), ["self.rows", "group", "Self::new(a)?"]);
}

#[test]
fn a_crate_is_told_from_a_field_of_that_name() {
    for (code, used) in [
        ("use recipient::run;", true),
        ("use recipient as other;", true),
        ("let a = recipient::run();", true),
        ("let a = (recipient, other.recipient, crate::recipient::x, recipient_of());", false),
    ] {
        assert_eq!(Source::new("x.rs", code.to_owned()).uses_crate("recipient"), used, "{code}");
    }
}
