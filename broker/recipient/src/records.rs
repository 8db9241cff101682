//! Records as they come, counted and written: JSON lines or CSV.

use std::io::{self, BufRead as _, BufReader, Read, Write};

use agreements::{ElementPath, RecordFormat};
use clap::ValueEnum;

/// Form in which records are written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// One JSON object a line.
    Jsonl,
    /// A header line and one line a record (RFC 4180).
    Csv,
}

impl FileFormat {
    /// The form in which the records came.
    pub const fn as_received(format: RecordFormat) -> Self {
        match format {
            RecordFormat::Json => Self::Jsonl,
            RecordFormat::Csv => Self::Csv,
        }
    }
}

/// Counts the records that are written to it, and passes them on.
pub struct RecordCounter<W> {
    to: W,
    format: RecordFormat,
    quoted: bool,
    in_record: bool,
    records: u64,
}

impl<W: Write> RecordCounter<W> {
    /// A counter in front of `to`.
    pub const fn new(format: RecordFormat, to: W) -> Self {
        Self { to, format, quoted: false, in_record: false, records: 0 }
    }

    /// How many records came; the header of a CSV is none.
    pub fn records(&self) -> u64 {
        let lines = self.records + u64::from(self.in_record);
        match self.format {
            RecordFormat::Json => lines,
            RecordFormat::Csv => lines.saturating_sub(1),
        }
    }

    /// What it passes on to.
    pub fn into_inner(self) -> W {
        self.to
    }
}

impl<W: Write> Write for RecordCounter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        for byte in bytes.iter().take(written) {
            match byte {
                b'"' if self.format == RecordFormat::Csv => {
                    self.quoted = !self.quoted;
                    self.in_record = true;
                }
                b'\n' if !self.quoted => {
                    self.records += u64::from(self.in_record);
                    self.in_record = false;
                }
                b'\r' => {}
                _ => self.in_record = true,
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Records in `text`.
pub fn count(format: RecordFormat, text: &str) -> u64 {
    let mut counter = RecordCounter::new(format, io::sink());
    // Writing to a sink cannot fail.
    let _ = counter.write_all(text.as_bytes());
    counter.records()
}

/// Writes records in the form that was asked for. From JSON to CSV the columns are `elements`, and
/// values that occur several times in a record are joined by `; `; from CSV to JSON every value is
/// text under its column's name.
///
/// # Errors
/// An I/O error, also for records that are malformed.
pub fn write(
    from: impl Read,
    format: RecordFormat,
    wanted: FileFormat,
    elements: &[ElementPath],
    to: &mut dyn Write,
) -> io::Result<()> {
    match (format, wanted) {
        (RecordFormat::Json, FileFormat::Jsonl) | (RecordFormat::Csv, FileFormat::Csv) => {
            let mut from = from;
            io::copy(&mut from, to)?;
            Ok(())
        }
        (RecordFormat::Json, FileFormat::Csv) => json_to_csv(from, elements, to),
        (RecordFormat::Csv, FileFormat::Jsonl) => csv_to_json(from, to),
    }
}

fn json_to_csv(from: impl Read, elements: &[ElementPath], to: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(elements.iter().map(ElementPath::as_str))?;
    for line in BufReader::new(from).lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let record: serde_json::Value = serde_json::from_str(&line)?;
        let row = elements.iter().map(|element| {
            let mut found = Vec::new();
            values(&record, &element.segments().collect::<Vec<_>>(), &mut found);
            found.join("; ")
        });
        writer.write_record(row)?;
    }
    writer.flush()
}

fn values(value: &serde_json::Value, path: &[&str], found: &mut Vec<String>) {
    use serde_json::Value;
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().for_each(|item| values(item, path, found)),
        (Value::Object(fields), Some((first, rest))) => {
            if let Some(inner) = fields.get(*first) {
                values(inner, rest, found);
            }
        }
        (Value::Null, _) => {}
        (Value::String(text), None) => found.push(text.clone()),
        (other, None) => found.push(other.to_string()),
        (_, Some(_)) => {}
    }
}

fn csv_to_json(from: impl Read, to: &mut dyn Write) -> io::Result<()> {
    let mut reader = csv::Reader::from_reader(from);
    let header = reader.headers()?.clone();
    for record in reader.records() {
        let record = record?;
        let object: serde_json::Map<_, _> =
            header.iter().zip(record.iter()).map(|(name, value)| (name.to_owned(), value.into())).collect();
        serde_json::to_writer(&mut *to, &object)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str, format: RecordFormat, wanted: FileFormat, elements: &[&str]) -> String {
        let elements: Vec<_> = elements.iter().map(|e| ElementPath::parse(e).unwrap()).collect();
        let mut out = Vec::new();
        write(text.as_bytes(), format, wanted, &elements, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn records_are_counted_whatever_their_quotes_and_line_ends() {
        for (text, records) in [
            ("", 0),
            ("a,b\n", 0),
            ("a\n1\n2\n", 2),
            ("a\r\n1\r\n2", 2),
            ("a\n\"x\ny\"\n", 1),
            ("a\n\"q\"\"\n\"\n2\n", 2),
        ] {
            assert_eq!(count(RecordFormat::Csv, text), records, "{text:?}");
        }
        for (text, records) in [("", 0), ("{}\n", 1), ("{}\n{}", 2), ("{\"a\":\"\\\"\"}\n{}\n\n", 2)] {
            assert_eq!(count(RecordFormat::Json, text), records, "{text:?}");
        }
    }

    #[test]
    fn every_value_of_an_array_reaches_the_table() {
        let json = "{\"d\":{\"n\":\"A, B\",\"g\":[{\"hs\":\"01\"},{\"hs\":\"02\"}],\"x\":null}}\n";
        let csv = converted(json, RecordFormat::Json, FileFormat::Csv, &["d.n", "d.g.hs", "d.x"]);
        assert_eq!(csv, "d.n,d.g.hs,d.x\n\"A, B\",01; 02,\n");
    }

    #[test]
    fn a_table_becomes_json_lines_with_its_values_as_written() {
        let json = converted("n,w\nA,1.10\n", RecordFormat::Csv, FileFormat::Jsonl, &[]);
        assert_eq!(json, "{\"n\":\"A\",\"w\":\"1.10\"}\n");
    }

    #[test]
    fn the_same_form_is_written_byte_for_byte() {
        let text = "n,w\r\nA, 1.10 \r\n";
        assert_eq!(converted(text, RecordFormat::Csv, FileFormat::Csv, &[]), text);
    }
}
