//! The program `transire-verify`: one line, and 0, 1 or 2.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::receipts::{receipt, told};
use crate::story::{LOG, Story, other_key};

fn run(arguments: &[&str], dir: &Path) -> (i32, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_transire-verify")).args(arguments).current_dir(dir).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

fn one_line(arguments: &[&str], dir: &Path, code: i32, words: &str) {
    let (found, text) = run(arguments, dir);
    assert_eq!((found, text.lines().count()), (code, 1), "{arguments:?}: {text}");
    assert!(text.contains(words), "{arguments:?}: {text}");
}

#[test]
fn it_answers_in_one_line_and_an_exit_code() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (story, index) = told();
    story.export(&at("log"), false).unwrap();
    fs::write(at("key"), format!("{}\n", Story::signer().key())).unwrap();
    fs::write(at("other"), other_key().to_string()).unwrap();
    fs::write(at("a"), Story::in_force().checkpoint().sign(&Story::signer()).unwrap()).unwrap();
    fs::write(at("receipt"), serde_json::to_vec(&receipt(&story, index)).unwrap()).unwrap();

    let log = ["log", "log", "--key", "key"];
    one_line(&log, dir.path(), 0, &format!("{LOG}: {} entries verified", story.edge.size()));
    one_line(&["log", "log", "--key", "other"], dir.path(), 1, "checkpoint: ");
    one_line(&["log", "nowhere", "--key", "key"], dir.path(), 2, "cannot be read");
    one_line(&["log", "log", "--key", "a"], dir.path(), 2, "cannot be read");
    one_line(&["receipt", "receipt", "--key", "key"], dir.path(), 0, &format!("entry {index} of "));
    one_line(&["receipt", "receipt"], dir.path(), 0, "under the key in the receipt");
    one_line(&["receipt", "receipt", "--key", "other"], dir.path(), 1, "another log");
    one_line(&["receipt", "a"], dir.path(), 1, "is not a receipt");
    one_line(&["receipt", "nowhere"], dir.path(), 2, "cannot be read");
    let both = ["checkpoints", "a", "log/checkpoint", "--key", "key"];
    one_line(&both, dir.path(), 2, "--dir");
    one_line(&[&both[..], &["--dir", "log"]].concat(), dir.path(), 0, "extends the log of");
    one_line(&[&both[..], &["--proof", "receipt"]].concat(), dir.path(), 1, "is not a consistency proof");
    assert_eq!(run(&[], dir.path()).0, 2);
    assert_eq!(run(&["log", "log"], dir.path()).0, 2);

    let leaf = at("log/tile/entries/000.p/").join(story.edge.size().to_string());
    let mut bytes = fs::read(&leaf).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&leaf, bytes).unwrap();
    one_line(&log, dir.path(), 1, &format!("entry {index}: its bytes do not have the hash"));
    fs::write(at("log/checkpoint"), [0xff, 0xfe]).unwrap();
    one_line(&log, dir.path(), 1, "is not UTF-8");
}
