//! Where real and third-party test data is found.
//!
//! It is not part of the project. Tests look for it in `$TRANSIRE_TEST_DATA`, else beside the
//! project; where there is none they say so and pass, unless `TRANSIRE_TEST_DATA_REQUIRED=1`.

use std::path::{Path, PathBuf};

/// The file or folder `relative` of the test data; `None`, said on stderr, when there is none.
///
/// # Panics
/// When it is absent and `TRANSIRE_TEST_DATA_REQUIRED` is `1`: nothing is skipped silently.
#[expect(clippy::disallowed_methods, clippy::panic, clippy::print_stderr, reason = "tests only")]
pub fn data(relative: &str) -> Option<PathBuf> {
    let root = match std::env::var("TRANSIRE_TEST_DATA") {
        Ok(root) => PathBuf::from(root),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
    };
    let path = root.join(relative);
    if path.exists() {
        return Some(path);
    }
    if std::env::var("TRANSIRE_TEST_DATA_REQUIRED").is_ok_and(|required| required == "1") {
        panic!("no test data at {}, and TRANSIRE_TEST_DATA_REQUIRED is 1", path.display());
    }
    eprintln!("test data: not given, nothing at {}", path.display());
    None
}
