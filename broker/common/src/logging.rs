//! What the program says of itself while it runs: lines on stderr, by `tracing`, without personal
//! data. Standard output belongs to the answers of commands.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Form of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter is none.
    #[error("`{filter}` is not a log filter such as `info` or `info,broker=debug`")]
    Filter {
        /// What was given.
        filter: String,
        /// What the reader said.
        source: ParseError,
    },
    /// It is set up already.
    #[error("logging is set up already")]
    Twice,
}

/// Sets up logging for the whole process, once.
///
/// `filter` is a level, or levels by crate: `info,broker=debug`. It comes from the configuration,
/// not from the environment.
///
/// # Errors
/// [`LoggingError`].
pub fn init(format: LogFormat, filter: &str) -> Result<(), LoggingError> {
    let parsed = EnvFilter::try_new(filter)
        .map_err(|source| LoggingError::Filter { filter: filter.to_owned(), source })?;
    let lines = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(std::io::stderr);
    let done = match format {
        LogFormat::Text => lines.finish().try_init(),
        LogFormat::Json => lines.json().finish().try_init(),
    };
    done.map_err(|_| LoggingError::Twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_filter_is_refused_and_a_second_start_too() {
        assert!(matches!(init(LogFormat::Text, "info,=,x=loud"), Err(LoggingError::Filter { .. })));
        init(LogFormat::Json, "warn").unwrap();
        assert!(matches!(init(LogFormat::Text, "warn"), Err(LoggingError::Twice)));
    }
}
