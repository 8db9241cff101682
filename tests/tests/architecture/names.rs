//! Who may name what: the places where sealing, pseudonymising, signing and SQL are allowed to be.

use crate::none;
use crate::source::{Source, all, files, root};

/// Where the broker may call the exchange's sealing and the pseudonymisation.
const SPINE: [&str; 2] = ["broker/src/disclosure", "broker/src/recorder"];

/// Receivers of `.seal(` that seal a row or the personal part for our own store, and nothing that leaves.
const OWN_SEALING: [&str; 3] = ["rows", "key", "sealer"];

/// Where SQL may stand.
const STORES: [&str; 2] = ["broker/src/store", "broker/recipient/src/store"];

/// What the outward router may not know.
const INWARD: [&str; 8] =
    ["vault", "Vault", "policy", "Pdp", "pseudonym", "crate::app", "crate::source", "app::App"];

/// What a pure crate may not do.
const ACTS: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Timestamp::now",
];

/// Files of the programs, tests left out.
fn programs() -> impl Iterator<Item = Source> {
    all().into_iter().filter(|source| !source.is_test() && source.path.contains("/src/"))
}

fn broker() -> impl Iterator<Item = Source> {
    programs().filter(|source| source.path.starts_with("broker/src/"))
}

fn outside(source: &Source, folders: &[&str]) -> bool {
    !folders.iter().any(|folder| source.within(folder))
}

#[test]
fn only_the_spine_seals_for_a_recipient() {
    let mut broken = Vec::new();
    for source in broker().filter(|source| outside(source, &SPINE)) {
        if source.names("ObjectSealer") {
            broken.push(format!("{}: ObjectSealer", source.path));
        }
        for receiver in source.receivers("seal") {
            let last = receiver.rsplit('.').next().unwrap_or_default();
            if !OWN_SEALING.contains(&last) {
                broken.push(format!("{}: {receiver}.seal(", source.path));
            }
        }
        if source.names("BrokerGroup::seal") {
            broken.push(format!("{}: BrokerGroup::seal", source.path));
        }
    }
    none("in broker/src only disclosure/ and recorder/ seal with the exchange", &broken);
}

#[test]
fn only_the_spine_pseudonymises() {
    let broken: Vec<String> = broker()
        .filter(|source| outside(source, &SPINE))
        .filter(|source| source.names("pseudonym::Plan") || (source.names("pseudonym") && source.names("Plan")))
        .map(|source| source.path)
        .collect();
    none("in broker/src only disclosure/ and recorder/ name pseudonym's Plan", &broken);
}

#[test]
fn no_code_that_signs_for_a_function_is_in_reach_of_the_server() {
    let server = ["broker/src/http", "broker/src/disclosure", "broker/src/store"];
    let broken: Vec<String> = programs()
        .filter(|source| !outside(source, &server))
        .filter(|source| source.names("function_key") || source.names("FunctionKey"))
        .map(|source| source.path)
        .collect();
    none("nothing under http, disclosure and store names the code that signs with a function's key", &broken);
}

#[test]
fn the_outward_router_knows_neither_vault_nor_source_nor_policy() {
    let mut broken = Vec::new();
    for source in broker().filter(|source| source.within("broker/src/http/outward")) {
        for name in INWARD.iter().filter(|name| source.names(name)) {
            broken.push(format!("{}: {name}", source.path));
        }
        // `use crate::{app::App, ..}`
        for name in ["app", "source"] {
            if source.code.contains("crate::{") && source.names(&format!("{name}::")) {
                broken.push(format!("{}: crate::{{{name}::", source.path));
            }
        }
    }
    none("the outward router can run apart: it knows no vault, source, policy, pseudonyms or App", &broken);
}

#[test]
fn sql_stands_in_the_stores_only() {
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE FROM ", "CREATE TABLE", "WITH RECURSIVE ", "PRAGMA "];
    let mut broken = Vec::new();
    for source in programs().filter(|source| outside(source, &STORES)) {
        if source.names("sqlx") {
            broken.push(format!("{}: sqlx", source.path));
        }
        for string in &source.strings {
            if verbs.iter().any(|verb| string.trim_start().starts_with(verb)) {
                broken.push(format!("{}: \"{string}\"", source.path));
            }
        }
    }
    for path in files(&root()).iter().filter(|path| path.ends_with(".sql")) {
        let known = path.starts_with("broker/migrations/")
            || STORES.iter().any(|store| path.starts_with(&format!("{store}/")));
        if !known {
            broken.push(path.clone());
        }
    }
    none(
        "queries stand in broker/src/store and broker/recipient/src/store, one file for each aggregate",
        &broken,
    );
}

#[test]
fn the_broker_knows_the_recipient_program_in_its_demo_only() {
    let broken: Vec<String> = broker()
        .filter(|source| !source.within("broker/src/cli/demo") && source.uses_crate("recipient"))
        .map(|source| source.path)
        .collect();
    none("broker knows recipient only in cli/demo/", &broken);
}

#[test]
fn the_pure_crates_read_and_write_nothing() {
    let mut broken = Vec::new();
    for source in programs()
        .filter(|source| source.path.starts_with("agreements/") || source.path.starts_with("broker/pseudonym/"))
    {
        for name in ACTS.iter().filter(|name| source.names(name)) {
            broken.push(format!("{}: {name}", source.path));
        }
        if source.path.starts_with("agreements/") && source.names("SigningKey") {
            broken.push(format!("{}: SigningKey", source.path));
        }
    }
    none("agreements and pseudonym are without input, output, clock and private keys", &broken);
}
