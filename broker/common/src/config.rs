//! Configuration: one TOML file, read once, unknown keys refused by the type that is read.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// Largest configuration file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A configuration with which the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is larger than 1 MiB.
    #[error("`{0}` is larger than 1 MiB")]
    TooLarge(PathBuf),
    /// It is not UTF-8.
    #[error("`{0}` is not UTF-8 text")]
    NotText(PathBuf),
    /// It is not TOML, or a key is unknown, missing or of another type.
    #[error("`{path}` line {line}: {message}")]
    Content {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// The address can be reached from other machines.
    #[error(
        "`{0}` is not a loopback address: without TLS the program listens on this machine only, as `127.0.0.1:8470`"
    )]
    NotLoopback(SocketAddr),
}

/// Reads a configuration file. `T` refuses unknown keys by `#[serde(deny_unknown_fields)]`.
///
/// # Errors
/// [`ConfigError`], with the line.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let io = |source| ConfigError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(io)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ConfigError::TooLarge(path.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| ConfigError::NotText(path.to_owned()))?;
    toml::from_str(&text).map_err(|error| ConfigError::Content {
        path: path.to_owned(),
        line: line(&text, error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })
}

/// The line of a byte, from 1.
pub(crate) fn line(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

/// Refuses an address that other machines can reach.
///
/// # Errors
/// [`ConfigError::NotLoopback`].
pub const fn loopback_only(address: SocketAddr) -> Result<SocketAddr, ConfigError> {
    if address.ip().is_loopback() { Ok(address) } else { Err(ConfigError::NotLoopback(address)) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        listen: SocketAddr,
        #[serde(default)]
        wait_seconds: u32,
    }

    fn read(bytes: &[u8]) -> Result<Example, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("transire.toml");
        fs::write(&path, bytes).unwrap();
        load(&path)
    }

    #[test]
    fn a_good_file_is_read() {
        let example = read(b"listen = '127.0.0.1:1'\nwait_seconds = 3\n").unwrap();
        assert_eq!((example.listen.port(), example.wait_seconds), (1, 3));
    }

    #[test]
    fn an_error_names_the_file_and_the_line() {
        for (text, line, part) in [
            ("listen = '127.0.0.1:1'\nwait_secnds = 3\n", 2, "unknown field `wait_secnds`"),
            ("listen = '127.0.0.1:1'\n\nwait_seconds = 'x'\n", 3, "invalid type"),
            ("listen = '127.0.0.1:1'\nwait_seconds = = 3\n", 2, ""),
            ("listen = '127.0.0.1:1'\nlisten = '127.0.0.1:1'\n", 2, "duplicate"),
            ("wait_seconds = 1\n", 1, "missing field `listen`"),
        ] {
            match read(text.as_bytes()).unwrap_err() {
                ConfigError::Content { line: found, message, .. } => {
                    assert_eq!(found, line, "{message}");
                    assert!(message.contains(part), "{message}");
                }
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn a_file_that_is_absent_huge_or_not_text_is_refused() {
        assert!(matches!(load::<Example>(Path::new("/nowhere.toml")), Err(ConfigError::Io { .. })));
        assert!(matches!(load::<Example>(Path::new("/")), Err(ConfigError::Io { .. })));
        assert!(matches!(read(&vec![b'#'; 2 << 20]), Err(ConfigError::TooLarge(_))));
        assert!(matches!(read(b"listen = '\xff'"), Err(ConfigError::NotText(_))));
    }

    #[test]
    fn only_loopback_is_listened_on() {
        for good in ["127.0.0.1:8470", "127.9.9.9:1", "[::1]:8470"] {
            assert!(loopback_only(good.parse().unwrap()).is_ok());
        }
        for bad in ["0.0.0.0:8470", "10.0.0.1:1", "[::]:1", "[fe80::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(loopback_only(bad.parse().unwrap()).is_err(), "{bad}");
        }
    }
}
