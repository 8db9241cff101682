//! Which crate may know which.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;

use crate::none;
use crate::source::root;

/// Each crate of the project and those of the project that it may know, in whatever way.
const EDGES: [(&str, &[&str]); 9] = [
    ("agreements", &[]),
    ("policy", &["agreements"]),
    ("audit", &["agreements"]),
    ("pseudonym", &["agreements"]),
    ("exchange", &["agreements"]),
    ("common", &["agreements"]),
    ("recipient", &["agreements", "audit", "common", "exchange"]),
    ("broker", &["agreements", "audit", "common", "exchange", "policy", "pseudonym", "recipient"]),
    ("tests", &["agreements", "audit", "broker", "common", "exchange", "policy", "pseudonym", "recipient"]),
];

/// Crates without input and output, and what would give it to them, or a clock or chance.
const PURE: [&str; 2] = ["agreements", "pseudonym"];
const IMPURE: [&str; 9] =
    ["axum", "casbin", "getrandom", "http", "openmls", "rand", "reqwest", "sqlx", "tokio"];

/// What `cargo metadata` says, as far as it matters here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

fn packages() -> Vec<Package> {
    let said = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(said.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice::<Metadata>(&said.stdout).unwrap().packages
}

#[test]
fn dependencies_run_one_way() {
    let allowed = BTreeMap::from(EDGES);
    let mut broken = Vec::new();
    for package in packages() {
        let name = package.name;
        let Some(known) = allowed.get(name.as_str()) else {
            broken.push(format!("{}: crate `{name}` has no place in the plan", package.manifest_path));
            continue;
        };
        for dependency in &package.dependencies {
            let other = dependency.name.as_str();
            if allowed.contains_key(other) && !known.contains(&other) {
                broken.push(format!("{}: `{name}` may not know `{other}`", package.manifest_path));
            }
        }
    }
    none("dependencies run agreements <- policy <- broker, with the crates of broker beside them", &broken);
}

#[test]
fn every_crate_of_the_plan_is_in_the_workspace() {
    let found: Vec<String> = packages().into_iter().map(|package| package.name).collect();
    let missing: Vec<String> = EDGES
        .iter()
        .filter(|(name, _)| !found.iter().any(|f| f == name))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    none("every crate of the plan is a member in Cargo.toml", &missing);
}

#[test]
fn the_pure_crates_depend_on_nothing_that_acts() {
    let mut broken = Vec::new();
    for package in packages().iter().filter(|p| PURE.contains(&p.name.as_str())) {
        for dependency in &package.dependencies {
            if IMPURE.contains(&dependency.name.as_str()) {
                broken.push(format!("{}: `{}`", package.manifest_path, dependency.name));
            }
        }
    }
    none("agreements and pseudonym have no input, output, clock or chance", &broken);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let mut broken = Vec::new();
    for package in packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            broken.push(package.manifest_path.to_string());
        }
    }
    none("every crate says [lints] workspace = true", &broken);
}
