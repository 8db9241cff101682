//! The record written into a folder in the layout that `transire-verify` reads.

use std::path::Path;

use audit::layout::{Exported, LogWriter};
use audit::{Checkpoint, LogPurpose};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio_stream::StreamExt as _;

use super::CliError;
use super::client::Client;

/// Longest line of an export that is read, in bytes.
const LONGEST_LINE: usize = 16 << 20;

#[derive(Deserialize)]
struct First {
    checkpoint: String,
}

#[derive(Deserialize)]
struct Line<'a> {
    index: u64,
    leaf: String,
    #[serde(borrow)]
    particulars: Option<&'a RawValue>,
    #[serde(borrow, default)]
    personal: Option<&'a RawValue>,
}

/// Exports the record through a running broker. The reading is itself an entry.
pub(crate) async fn export(
    client: &Client,
    dir: &Path,
    grounds: LogPurpose,
    personal: bool,
) -> Result<Checkpoint, CliError> {
    let failed = |error: &dyn std::error::Error| CliError::failed(error);
    let word = serde_json::to_value(grounds).ok().and_then(|word| word.as_str().map(str::to_owned));
    let path = format!("/v1/log/export?grounds={}&personal={personal}", word.unwrap_or_default());
    let answer = client.get_stream(&path).await.map_err(|error| failed(&error))?;
    let mut pieces = answer.bytes_stream();
    let (mut waiting, mut writer) = (Vec::<u8>::new(), None::<LogWriter>);
    while let Some(piece) = pieces.next().await {
        waiting.extend_from_slice(&piece.map_err(|error| failed(&error))?);
        let mut from = 0;
        while let Some(length) =
            waiting.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
        {
            let line = waiting.get(from..from + length).unwrap_or_default();
            from += length + 1;
            take(line, dir, &mut writer)?;
        }
        waiting.drain(..from);
        if waiting.len() > LONGEST_LINE {
            return Err(CliError::Failed("the export has a line that is too long".to_owned()));
        }
    }
    match writer {
        Some(writer) if waiting.is_empty() => writer.finish().map_err(|error| failed(&error)),
        _ => Err(CliError::Failed("the export broke off".to_owned())),
    }
}

fn take(line: &[u8], dir: &Path, writer: &mut Option<LogWriter>) -> Result<(), CliError> {
    let failed = |error: &dyn std::error::Error| CliError::failed(error);
    let Some(writer) = writer else {
        let first: First = serde_json::from_slice(line).map_err(|error| failed(&error))?;
        *writer = Some(LogWriter::create(dir, &first.checkpoint).map_err(|error| failed(&error))?);
        return Ok(());
    };
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| failed(&error))?;
    let _ = line.index;
    let entry = Exported {
        leaf: line.leaf.into_bytes(),
        particulars: line.particulars.map(|opening| opening.get().to_owned()),
        personal: line.personal.map(|opening| opening.get().to_owned()),
    };
    writer.push(entry).map_err(|error| failed(&error))
}
