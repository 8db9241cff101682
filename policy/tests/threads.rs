//! casbin's own logger keeps a thread for each enforcer; ours must leave none behind. This test
//! has a file, and so a process, of its own, since it counts the threads of the process.

#[cfg(test)]
mod fixture;

use std::time::Duration;

#[test]
fn a_hundred_decision_points_keep_no_thread() {
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = threads();
    let kept: Vec<_> = (0..100).map(|_| fixture::pdp()).collect();
    // The threads of the loggers that were replaced end by themselves.
    for _ in 0..100 {
        if threads() <= before {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(threads(), before, "with {} decision points", kept.len());
}
