//! The plan of the house, held against the house: what may stand where, and what may know what.
//!
//! Each rule gathers every place that breaks it, by file, so that one run tells all.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod edges;
mod forms;
mod names;
mod pages;
mod source;

/// Fails with every place that breaks `rule`.
#[track_caller]
fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}; broken by:\n  {}\n", broken.join("\n  "));
}
