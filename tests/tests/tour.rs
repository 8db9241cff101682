//! The tour in the book is what the demonstration really prints, and what it says of the record
//! holds. The programs are run as anybody runs them; nothing here knows the broker's code.
//!
//! `TRANSIRE_BLESS=1` writes the page anew: each block from its first line to that of the next.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};

/// How the page writes the folder that the demonstration works in.
const FOLDER: &str = "/tmp/transire-demo";

/// A program beside this test: `target/release` is one above its own folder.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let found = own.parent().and_then(Path::parent).unwrap().join(name);
    assert!(
        found.is_file(),
        "`{}` is missing: build it first, with cargo build --release --workspace --bins",
        found.display()
    );
    found
}

/// Held while the page is written anew.
static PAGE: Mutex<()> = Mutex::new(());

struct Run {
    folder: PathBuf,
    lines: Vec<String>,
}

/// One run of the demonstration, for all tests of this file.
fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        // The demonstration replaces its own folder of an earlier run.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tour");
        let done =
            Command::new(program("transire")).args(["demo", "--once", "--data"]).arg(&folder).output().unwrap();
        let (said, complained) = (text(&done.stdout), text(&done.stderr));
        assert!(done.status.success(), "the demonstration failed:\n{said}\n{complained}");
        let path = folder.to_str().unwrap();
        let lines = said.lines().map(|line| line.replace(path, FOLDER).trim_end().to_owned()).collect();
        Run { folder, lines }
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn page_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/tour.md")
}

/// The fenced blocks of a language, each as its lines.
fn blocks(page: &str, language: &str) -> Vec<Vec<String>> {
    let opening = format!("\n```{language}\n");
    let inner = |rest: &str| rest.split("\n```").next().unwrap().lines().map(str::to_owned).collect();
    page.split(&opening).skip(1).map(inner).collect()
}

/// A line with what differs from run to run replaced: pseudonyms, milliseconds, the size and root
/// of the record, which depend on keys and on how the programs took turns.
fn stable(line: &str) -> String {
    let mut words = Vec::new();
    let mut before = "";
    for word in line.split(' ') {
        let number = word.parse::<f64>().is_ok();
        words.push(if is_pseudonym(word) {
            "ps1-PSEUDONYM".to_owned()
        } else if number && ["in", "holds", "nl-customs/log:"].contains(&before) {
            "NUMBER".to_owned()
        } else if before == "root" {
            "ROOT".to_owned()
        } else {
            word.to_owned()
        });
        before = word;
    }
    words.join(" ").trim_end().to_owned()
}

fn is_pseudonym(word: &str) -> bool {
    let small = |c: u8| c.is_ascii_lowercase() || (b'2'..=b'7').contains(&c);
    word.strip_prefix("ps1-").is_some_and(|rest| rest.len() == 26 && rest.bytes().all(small))
}

#[expect(clippy::disallowed_methods, reason = "how the page is written anew")]
fn blessed() -> bool {
    std::env::var("TRANSIRE_BLESS").is_ok_and(|value| value == "1")
}

/// Where each block of the page begins in what was printed.
fn starts(blocks: &[Vec<String>], lines: &[String]) -> Vec<usize> {
    let mut from = 0;
    let begin = |block: &Vec<String>| {
        let first = stable(&block[0]);
        // While the page is being written anew, the beginning of a line is enough.
        let same = |line: &String| {
            let line = stable(line);
            line == first || (blessed() && line.starts_with(first.trim_end()))
        };
        let found = lines[from..].iter().position(same);
        from += found.unwrap_or_else(|| panic!("the demonstration does not print `{first}` here"));
        from
    };
    blocks.iter().map(begin).collect()
}

fn write_anew(blocks: &[Vec<String>], starts: &[usize], lines: &[String]) {
    let _held = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut page = std::fs::read_to_string(page_file()).unwrap();
    for (number, block) in blocks.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(lines.len());
        let now = lines[starts[number]..end].join("\n");
        let fenced = |inner: &str| format!("```text\n{inner}\n```");
        page = page.replacen(&fenced(&block.join("\n")), &fenced(now.trim_end()), 1);
    }
    std::fs::write(page_file(), page).unwrap();
}

#[test]
fn the_tour_is_what_the_demonstration_prints() {
    let page = std::fs::read_to_string(page_file()).unwrap();
    let (blocks, lines) = (blocks(&page, "text"), &run().lines);
    let starts = starts(&blocks, lines);
    if blessed() {
        return write_anew(&blocks, &starts, lines);
    }
    let mut told = 0;
    for (block, start) in blocks.iter().zip(starts) {
        assert!(
            lines[told..start].iter().all(String::is_empty),
            "the tour leaves out {:?}",
            &lines[told..start]
        );
        for (number, line) in block.iter().enumerate() {
            let printed = lines.get(start + number).map_or("", String::as_str);
            assert_eq!(
                stable(line),
                stable(printed),
                "the page (left) differs from the demonstration (right); if the demonstration is right, write \
                 the page anew with TRANSIRE_BLESS=1"
            );
        }
        told = start + block.len();
    }
    assert!(lines[told..].iter().all(String::is_empty), "the tour leaves out {:?}", &lines[told..]);
}

fn verify(folder: &Path, key: &Path) -> Output {
    Command::new(program("transire-verify")).arg("log").arg(folder).arg("--key").arg(key).output().unwrap()
}

#[test]
fn the_record_of_the_tour_verifies_without_the_broker_and_one_changed_byte_is_named() {
    let (log, key) = (run().folder.join("log"), run().folder.join("log.pub"));
    let good = verify(&log, &key);
    assert_eq!(good.status.code(), Some(0), "{}", text(&good.stderr));
    let said = text(&good.stdout);
    let _held = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let page = std::fs::read_to_string(page_file()).unwrap();
    let shown = &blocks(&page, "console")[0][0];
    if blessed() {
        let fenced = |line: &str| format!("```console\n{line}\n```");
        std::fs::write(page_file(), page.replacen(&fenced(shown), &fenced(said.trim_end()), 1)).unwrap();
    } else {
        assert_eq!(stable(shown), stable(said.trim_end()));
    }

    // A copy, so that the tests of this file can run in any order.
    let copy = run().folder.join("changed-log");
    copy_folder(&log, &copy);
    let file = copy.join("particulars").join("000.jsonl");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let bad = verify(&copy, &key);
    assert_eq!(bad.status.code(), Some(1));
    assert!(text(&bad.stderr).starts_with("entry "), "{}", text(&bad.stderr));
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
