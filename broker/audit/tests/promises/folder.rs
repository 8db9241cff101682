//! A log in a folder: that it verifies, and that nothing of it can be changed.

use std::fs;
use std::path::{Path, PathBuf};

use agreements::*;
use audit::verify::{Fault, verify_log};
use audit::*;
use tempfile::TempDir;

use crate::story::{Story, authority};

fn verified(dir: &Path) -> Result<LogReport, Fault> {
    verify_log(dir, Story::signer().key(), &mut |_, _| {})
}

fn exported(story: &Story, personal: bool) -> TempDir {
    let dir = TempDir::new().unwrap();
    story.export(dir.path(), personal).unwrap();
    dir
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// A story long enough for a second level of tiles.
fn long(entries: u64) -> Story {
    let mut story = Story::told();
    let mut sequence = story.standing.sequence(&story.version().id, &authority("be-customs"));
    while story.edge.size() < entries {
        sequence += 1;
        story.disclose(sequence);
    }
    story
}

#[test]
fn a_log_that_was_written_out_verifies() {
    for entries in [0, 256, 257, 700] {
        let story = long(entries);
        let dir = exported(&story, true);
        let report = verified(dir.path()).unwrap();
        assert_eq!(report.checkpoint, story.checkpoint());
        assert_eq!((report.refusals, report.disclosures > 2, report.personal > 3), (1, true, true));
        assert_eq!(verified(exported(&story, false).path()).unwrap().personal, 0);
        let names: Vec<_> = files(&dir.path().join("tile"))
            .iter()
            .map(|p| p.strip_prefix(dir.path()).unwrap().display().to_string())
            .collect();
        let mut expected: Vec<_> = TilePath::of_log(story.edge.size()).map(|path| path.to_string()).collect();
        expected.sort();
        assert_eq!(names, expected);
    }
    let empty = Story::new();
    assert_eq!(verified(exported(&empty, false).path()).unwrap().checkpoint.size, 0);
}

#[test]
fn no_bit_of_any_file_can_be_changed() {
    let story = Story::told();
    let dir = exported(&story, true);
    let mut tried = 0;
    for file in files(dir.path()) {
        let good = fs::read(&file).unwrap();
        // An odd step, so that every bit of a byte has its turn.
        let step = (good.len() * 8 / 300).max(7) | 1;
        for bit in (0..good.len() * 8).step_by(step) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&file, &bad).unwrap();
            let fault = verified(dir.path()).expect_err(&format!("{} bit {bit}", file.display()));
            assert_eq!(fault.code(), 1, "{fault}");
            tried += 1;
        }
        fs::write(&file, &good).unwrap();
    }
    assert!(tried > 800, "{tried}");
    verified(dir.path()).unwrap();
}

#[test]
fn the_first_bad_entry_is_named() {
    let story = long(600);
    let dir = exported(&story, false);
    let change = |name: &str, at: usize| {
        let file = dir.path().join(name);
        let good = fs::read(&file).unwrap();
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&file, bad).unwrap();
        let fault = verified(dir.path()).unwrap_err().to_string();
        fs::write(&file, good).unwrap();
        fault
    };
    let at = |index: u64| (256..index).map(|i| 2 + story.leaf(i).len()).sum::<usize>();
    let bytes = "its bytes do not have the hash that its tile holds";
    assert_eq!(change("tile/entries/001", at(300) + 2 + 10), format!("entry 300: {bytes}"));
    assert_eq!(change("tile/0/001", 32 * 44), format!("entry 300: {bytes}"));
    assert_eq!(change("tile/entries/001", at(300) + 1), format!("entry 300: {bytes}"));
    assert!(change("tile/1/000.p/2", 33).starts_with("entry 256: `tile/1/000.p/2`"));
    let lines = fs::read_to_string(dir.path().join("particulars/001.jsonl")).unwrap();
    let within: usize = lines.lines().take(44).map(|line| line.len() + 1).sum();
    assert!(change("particulars/001.jsonl", within + 60).starts_with("entry 300: its particulars: "));
}

#[test]
fn a_missing_cut_or_longer_file_is_a_bad_entry() {
    let story = long(600);
    let dir = exported(&story, false);
    for (name, entry) in [
        ("tile/entries/001", 256),
        ("tile/0/002.p/88", 512),
        ("tile/1/000.p/2", 0),
        ("particulars/001.jsonl", 256),
    ] {
        let file = dir.path().join(name);
        let good = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let fault = verified(dir.path()).unwrap_err();
        assert!(fault.to_string().starts_with(&format!("entry {entry}: ")), "{fault}");
        for bad in
            [good[..good.len() - 1].to_vec(), [&good[..], b"\n"].concat(), [&good[..], &good[..]].concat()]
        {
            fs::write(&file, bad).unwrap();
            assert_eq!(verified(dir.path()).unwrap_err().code(), 1, "{name}");
        }
        fs::write(&file, good).unwrap();
    }
    let file = dir.path().join("particulars/001.jsonl");
    let lines = fs::read_to_string(&file).unwrap();
    let without: String =
        lines.split_inclusive('\n').enumerate().filter(|(n, _)| *n != 44).map(|(_, l)| l).collect();
    fs::write(&file, without).unwrap();
    let fault = verified(dir.path()).unwrap_err().to_string();
    assert_eq!(fault, "entry 300: its particulars: no deletion is on record");
}

#[test]
fn a_broker_that_rewrites_its_log_well_is_still_found_out() {
    // Entry, tile and openings agree; the checkpoint that others hold does not.
    let (story, mut other) = (Story::in_force(), Story::in_force());
    let mut honest = story;
    honest.disclose(1);
    let mut fewer = other.disclosure(1);
    (fewer.records, fewer.counted) = (1, 1);
    other.push(Event::Disclosure(Box::new(fewer)));
    let dir = exported(&other, false);
    let held = honest.checkpoint().sign(&Story::signer()).unwrap();
    fs::write(dir.path().join("checkpoint"), held).unwrap();
    let fault = verified(dir.path()).unwrap_err().to_string();
    assert!(fault.starts_with("checkpoint: entries and tiles agree with one another"), "{fault}");
}

#[test]
fn a_signed_log_that_says_what_cannot_be_is_a_bad_log() {
    let bad = |event: &dyn Fn(&Story) -> Event| {
        let mut story = Story::in_force();
        story.suspend();
        let index = story.force(event(&story));
        let fault = verified(exported(&story, false).path()).unwrap_err().to_string();
        assert!(fault.starts_with(&format!("entry {index}: ")), "{fault}");
        fault
    };
    let fault = bad(&|story| Event::Disclosure(Box::new(story.disclosure(1))));
    assert!(fault.contains("is not in force at this point of the log: it is suspended"));
    bad(&|story| story.refusal(2));
    bad(&|story| {
        let mut state = story.standing.to_state();
        state.policy_epoch += 1;
        Event::State { state: Box::new(state) }
    });
    bad(&|story| Event::Repeated {
        recipient: authority("be-customs"),
        agreement: story.version().id,
        sequence: 1,
        request: RequestId::from_bytes([1; 16]),
        first: 1_000,
    });
}

#[test]
fn a_log_is_not_written_over_another_or_under_another_checkpoint() {
    let story = Story::told();
    let dir = exported(&story, false);
    assert!(matches!(story.export(dir.path(), false), Err(ExportError::NotEmpty(_))));
    let other = TempDir::new().unwrap();
    let note = Story::in_force().checkpoint().sign(&Story::signer()).unwrap();
    let writer = LogWriter::create(other.path(), &note).unwrap();
    assert!(matches!(writer.finish(), Err(ExportError::Root { given: 0, .. })));
    assert!(!other.path().join("checkpoint").exists());
}

#[test]
fn a_decision_has_somebody_who_asked_and_is_made_once() {
    let verified = |story: &Story| {
        let dir = tempfile::tempdir().unwrap();
        story.export(dir.path(), true).unwrap();
        verify_log(dir.path(), Story::signer().key(), &mut |_, _| ()).unwrap_err().to_string()
    };
    let mut story = Story::in_force();
    story.disclose(1);
    story.strip_personal();
    assert!(verified(&story).contains("without a personal part"));
    let mut story = Story::in_force();
    story.disclose(1);
    let first = story.disclosure(1);
    story.push(Event::Disclosure(Box::new(Disclosure { request: first.request, ..story.disclosure(2) })));
    assert!(verified(&story).contains("was answered before"));
    // A personal part that was left out of an export that has others.
    let mut story = Story::in_force();
    story.disclose(1);
    story.disclose(2);
    story.leave_out_personal();
    assert!(verified(&story).contains("though the folder holds personal parts"));
}
