//! The golden matrix: for every worked agreement, who is given what, cell by cell.
//!
//! A file in `golden/` is read like a contract: a changed line is a change of what may leave.
//! `TRANSIRE_BLESS=1 cargo test -p policy --test matrix` writes them anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[cfg(test)]
mod fixture;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use agreements::{Action, Agreement, ElementPath};
use policy::{Asked, Decision, Pdp, Request, SearchBy, Term, TermForm};

/// Every agreement that is worked out, by the name of its file.
fn agreements() -> BTreeMap<String, Agreement> {
    let library = agreements::library::AGREEMENTS.iter().map(|(name, document)| {
        let read =
            agreements::document::read(document).unwrap_or_else(|violations| panic!("{name}: {violations:?}"));
        ((*name).to_owned(), read)
    });
    library.chain([("policy-fixture".to_owned(), fixture::agreement())]).collect()
}

#[test]
fn what_each_worked_agreement_gives_is_what_was_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut wrong = Vec::new();
    let mut expected = BTreeSet::new();
    for (name, agreement) in agreements() {
        let file = folder.join(format!("{name}.txt"));
        let found = matrix(&agreement);
        if blessed() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &found).unwrap();
        }
        if std::fs::read_to_string(&file).unwrap_or_default() != found {
            wrong.push(first_difference(&file, &found));
        }
        expected.insert(file);
    }
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !expected.contains(&path) {
            wrong.push(format!("{}: belongs to no worked agreement", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nif this is meant, run with TRANSIRE_BLESS=1 and review the difference",
        wrong.join("\n")
    );
}

#[expect(clippy::disallowed_methods, reason = "how golden files are written anew")]
fn blessed() -> bool {
    std::env::var("TRANSIRE_BLESS").is_ok_and(|value| value == "1")
}

fn first_difference(file: &PathBuf, found: &str) -> String {
    let golden = std::fs::read_to_string(file).unwrap_or_default();
    let mut lines = golden.lines();
    for (number, line) in found.lines().enumerate() {
        let reviewed = lines.next();
        if reviewed != Some(line) {
            let reviewed = reviewed.unwrap_or("(nothing)");
            return format!(
                "{}, line {}\n  reviewed: {reviewed}\n  now:      {line}",
                file.display(),
                number + 1
            );
        }
    }
    format!("{}: lines are missing at its end", file.display())
}

/// Every recipient, role, dataset, action and purpose of the agreement with every other.
fn matrix(agreement: &Agreement) -> String {
    let pdp = fixture::pdp_of(agreement);
    let mut out = format!("agreement {}\n", agreement.at_version());
    let clauses = &agreement.clauses;
    let recipients: BTreeSet<_> = agreement.recipients().map(|party| party.authority.clone()).collect();
    let roles: BTreeSet<_> = clauses.iter().flat_map(|clause| clause.roles.clone()).collect();
    let purposes: BTreeSet<_> = agreement.purposes.iter().map(|purpose| purpose.id.clone()).collect();
    for recipient in &recipients {
        for role in &roles {
            for dataset in &agreement.datasets {
                for action in [Action::Consult, Action::Bulk] {
                    for purpose in &purposes {
                        let request = Request {
                            recipient: recipient.clone(),
                            role: role.clone(),
                            dataset: dataset.id.clone(),
                            action,
                            purpose: purpose.clone(),
                            elements: Asked::All,
                            terms: Vec::new(),
                            today: agreement.validity.from,
                        };
                        let paths: Vec<_> = dataset.elements.iter().map(|element| &element.path).collect();
                        block(&pdp, &request, &paths, &mut out);
                    }
                }
            }
        }
    }
    out
}

fn block(pdp: &Pdp, request: &Request, elements: &[&ElementPath], out: &mut String) {
    let Request { recipient, role, dataset, action, purpose, .. } = request;
    let header = format!("{recipient}, {role}, {dataset}, {}, {purpose}", action.as_str());
    let permit = match pdp.decide(request).unwrap() {
        Decision::Permit(permit) => permit,
        Decision::Deny(refusal) => {
            writeln!(out, "{header}: refused, {}", refusal.dimension).unwrap();
            return;
        }
    };
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
    writeln!(out, "{header}").unwrap();
    let ceilings: Vec<String> = permit.ceilings.iter().map(|(id, rows)| format!("{id} {rows} a day")).collect();
    writeln!(
        out,
        "    under {}; pseudonyms of {}; kept {} days",
        ceilings.join(", "),
        permit.purpose,
        permit.retention_days
    )
    .unwrap();
    for element in elements {
        let alone = Request { elements: Asked::These(vec![(*element).clone()]), ..request.clone() };
        let given = match pdp.decide(&alone).unwrap() {
            Decision::Permit(permit) => permit.elements.into_values().map(|t| t.to_string()).collect(),
            Decision::Deny(refusal) => format!("refused, {}", refusal.dimension),
        };
        let line = format!("    {:<32}{given:<28}{}", element.as_str(), searches(pdp, request, element));
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
    out.push('\n');
}

/// How the element may be searched.
fn searches(pdp: &Pdp, request: &Request, element: &ElementPath) -> String {
    let by = |form| {
        let terms = vec![Term { element: element.clone(), form }];
        match pdp.decide(&Request { terms, ..request.clone() }).unwrap() {
            Decision::Permit(permit) => permit.search.into_values().next(),
            Decision::Deny(_) => None,
        }
    };
    match by(TermForm::Value).or_else(|| by(TermForm::Pseudonym)) {
        None => String::new(),
        Some(SearchBy::Value) => "searched by value".to_owned(),
        Some(SearchBy::Pseudonym) => "searched by pseudonym".to_owned(),
        Some(SearchBy::Known) => "searched for a known person".to_owned(),
    }
}
