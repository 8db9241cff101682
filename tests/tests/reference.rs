//! The book against the program and itself: every key of the configuration is described with its
//! default, every operation, every route and every promise that is named exists.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// Everything from the line that holds `opening` to the first line that is `closing`.
fn part<'a>(source: &'a str, opening: &str, closing: &str) -> &'a str {
    let from = source.find(opening).unwrap_or_else(|| panic!("`{opening}` is not in the source"));
    let rest = source.get(from..).unwrap();
    rest.split(&format!("\n{closing}\n")).next().unwrap()
}

/// The public fields of a struct, from its text.
fn fields(source: &str, name: &str) -> Vec<String> {
    let body = part(source, &format!("pub struct {name} {{"), "}");
    let field = |line: &str| Some(line.trim().strip_prefix("pub ")?.split_once(": ")?.0.to_owned());
    let found: Vec<String> = body.lines().filter_map(field).collect();
    assert!(!found.is_empty(), "struct `{name}` has no field that this test can read");
    found
}

/// The variants of an enum as `snake_case` or, with `-`, as kebab-case.
fn variants(source: &str, name: &str, joint: char) -> Vec<String> {
    let body = part(source, &format!("pub enum {name} {{"), "}");
    let variant = |line: &str| {
        let line = line.strip_prefix("    ")?;
        let word: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
        word.starts_with(|c: char| c.is_ascii_uppercase()).then_some(word)
    };
    let spelled = |word: String| {
        let mut text = String::new();
        for c in word.chars() {
            if c.is_ascii_uppercase() && !text.is_empty() {
                text.push(joint);
            }
            text.push(c.to_ascii_lowercase());
        }
        text
    };
    let found: Vec<String> = body.lines().filter_map(variant).map(spelled).collect();
    assert!(!found.is_empty(), "enum `{name}` has no variant that this test can read");
    found
}

/// The rows of the page's tables by the key in their first column.
fn row<'a>(page: &'a str, key: &str) -> &'a str {
    let start = format!("| `{key}` |");
    page.lines()
        .find(|line| line.starts_with(&start))
        .unwrap_or_else(|| panic!("docs/src/reference/configuration.md has no row for `{key}`"))
}

#[test]
fn every_key_of_the_configuration_is_on_its_page_in_the_part_of_its_program() {
    let page = read("docs/src/reference/configuration.md");
    let (provider, recipient) = page.split_once("\n## The recipient program").unwrap();
    let programs =
        [(provider, read("broker/src/config.rs")), (recipient, read("broker/recipient/src/config.rs"))];
    for (text, source) in &programs {
        for key in fields(source, "Config") {
            row(text, &key);
        }
        for key in variants(source, "UnlockConfig", '_') {
            assert!(text.contains(&format!("`{key}`")), "the way to unlock `{key}` is not described");
        }
    }
}

#[test]
fn every_limit_is_on_the_page_with_the_default_of_the_code() {
    let page = read("docs/src/reference/configuration.md");
    let source = read("broker/src/config.rs");
    let defaults = part(&source, "impl Default for Limits", "}");
    for key in fields(&source, "Limits") {
        let written =
            defaults.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: "))?.strip_suffix(','));
        let written = written.unwrap_or_else(|| panic!("no default of `{key}` in the source")).replace('_', "");
        let value = match written.split_once(" << ") {
            Some((number, by)) => number.parse::<u64>().unwrap() << by.parse::<u32>().unwrap(),
            None => written.parse::<u64>().unwrap(),
        };
        let row = row(&page, &key);
        let shown = row.trim_end_matches(" |").rsplit("| ").next().unwrap();
        let number = shown.split(' ').next().unwrap();
        assert_eq!(number, value.to_string(), "the default of `{key}` in configuration.md");
    }
}

#[test]
fn every_operation_of_the_record_is_named() {
    let page = read("docs/src/reference/record.md");
    for operation in variants(&read("broker/audit/src/event.rs"), "Event", '-') {
        assert!(page.contains(&format!("`{operation}`")), "record.md does not name `{operation}`");
        assert!(audit::Event::OPERATIONS.contains(&operation.as_str()), "`{operation}` cannot be asked for");
    }
}

#[test]
fn every_outward_route_is_named() {
    let page = read("docs/src/reference/wire.md");
    let source = read("broker/exchange/src/wire.rs");
    let routes = source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split('"').nth(1));
    let routes: Vec<String> =
        routes.filter(|route| route.starts_with('/')).map(|route| route.replace("{*", "{")).collect();
    assert!(routes.len() >= 7, "{routes:?}");
    for route in routes {
        assert!(page.contains(&route), "wire.md does not name `{route}`");
    }
}

/// The tests of a source: functions with the attribute of one, and promises that are run on each
/// database by their list.
fn tests_of(source: &str) -> BTreeSet<String> {
    let (mut names, mut of_a_test, mut in_a_list) = (BTreeSet::new(), false, false);
    for line in source.lines().map(str::trim) {
        if let Some(one) = line.strip_prefix("tests::on_both!(").and_then(|line| line.strip_suffix(");")) {
            names.insert(one.to_owned());
        } else if line == "promises! {" || line == "tests::on_both!(" {
            in_a_list = true;
        } else if line == "}" || line == ");" {
            in_a_list = false;
        } else if in_a_list {
            let promise = line.rsplit("::").next().unwrap_or_default();
            names.insert(promise.trim_end_matches([';', ',']).to_owned());
        } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            of_a_test = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| of_a_test) {
            names.insert(rest.split('(').next().unwrap_or_default().to_owned());
            of_a_test = false;
        }
    }
    names
}

/// The tests that the sources of the project hold.
fn promises() -> BTreeSet<String> {
    fn walk(folder: &Path, into: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.append(&mut tests_of(&std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut names = BTreeSet::new();
    for folder in ["agreements", "policy", "broker", "tests"] {
        walk(&root().join(folder), &mut names);
    }
    names
}

#[test]
fn every_control_of_the_page_on_threats_names_tests_and_every_test_that_it_names_exists() {
    let page = read("docs/src/threats.md");
    let promises = promises();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| cannot |"));
    let (mut controls, mut wrong) = (0, Vec::new());
    for row in rows {
        let proof = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let mut named = proof.split('`').skip(1).step_by(2).peekable();
        if named.peek().is_none() {
            wrong.push(format!("no test: {row}"));
        }
        for name in named {
            // Tests in the documentation of a file are named by the file.
            let is_there =
                if name.contains('/') { root().join(name).is_file() } else { promises.contains(name) };
            if !is_there {
                wrong.push(format!("`{name}` does not exist"));
            }
        }
        controls += 1;
    }
    assert!(controls > 40, "{controls} controls: the page is not read any more");
    assert!(wrong.is_empty(), "threats.md:\n  {}", wrong.join("\n  "));
}

#[test]
fn only_a_function_with_the_attribute_of_a_test_is_one() {
    let source = "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test(x)]\n#[allow(y)]\nasync fn three() {\n}\n\
                  promises! {\n    log::four;\n}\nfn five() {}\ntests::on_both!(\n    seven,\n);\n\
                  tests::on_both!(eight);\n\n#[test]\nfn six(x in 0..3) {}\n";
    let found = tests_of(source);
    assert_eq!(
        found.iter().map(String::as_str).collect::<Vec<_>>(),
        ["eight", "four", "one", "seven", "six", "three"]
    );
}
