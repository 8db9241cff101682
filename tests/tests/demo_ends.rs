//! The demonstration leaves no program behind, however it is ended.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().and_then(Path::parent).unwrap().join("transire")
}

/// How many processes work in that folder.
fn working_in(folder: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(folder)).count()
}

/// Waits until that many work there, and says whether it came to that.
fn comes_to(folder: &str, fits: impl Fn(usize) -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(120) {
        if fits(working_in(folder)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn a_demonstration_that_is_terminated_ends_the_programs_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("demonstration");
    let name = folder.to_str().unwrap().to_owned();
    let mut command = Command::new(program());
    command.args(["demo", "--data", &name]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut demo = command.spawn().expect("the programs are built");
    assert!(comes_to(&name, |count| count > 1), "it starts no program");
    let ended = Command::new("kill").args(["-TERM", &demo.id().to_string()]).status().unwrap();
    assert!(ended.success());
    demo.wait().unwrap();
    assert!(comes_to(&name, |count| count == 0), "{} programs are left", working_in(&name));
}
