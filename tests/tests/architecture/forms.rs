//! What stands at the root, and the form of every file.

use crate::none;
use crate::source::{all, root};

/// What may stand at the root, besides dot-files.
const ROOT: [&str; 9] =
    ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "agreements", "broker", "docs", "policy", "tests"];

/// Lines a file may have.
const LINES: usize = 500;

#[test]
fn nothing_else_stands_at_the_root() {
    let ignored = std::fs::read_to_string(root().join(".gitignore")).unwrap();
    let ignored: Vec<&str> = ignored.lines().map(|line| line.trim().trim_matches('/')).collect();
    let mut broken = Vec::new();
    for entry in std::fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = ROOT.contains(&name.as_str()) || name.starts_with('.');
        if !known && !ignored.contains(&name.as_str()) {
            broken.push(name);
        }
    }
    none("the root holds only what the plan of the house names", &broken);
}

#[test]
fn no_file_of_source_is_longer_than_500_lines() {
    let broken: Vec<String> = all()
        .iter()
        .map(|source| (&source.path, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    none("a file holds one idea in at most 500 lines", &broken);
}

#[test]
fn every_file_of_source_first_says_why_it_exists() {
    let broken: Vec<String> = all()
        .iter()
        .filter(|source| {
            let first = source.text.lines().next().unwrap_or_default();
            let why = first.strip_prefix("//!").unwrap_or_default().trim();
            why.is_empty() || why == "Placeholder."
        })
        .map(|source| source.path.clone())
        .collect();
    none("the first line of every .rs file is `//! ` and why it exists", &broken);
}
