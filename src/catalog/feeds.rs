//! Readers of product files and request bodies: bytes → records with the line that they stand on.
//!
//! Owns NDJSON, JSON arrays and CSV, each read as a stream in constant memory, and the recognition of format and
//! compression. It does not know product fields beyond how a CSV column is taken; `FeedMapping` makes products.
//!
//! Invariant: what is wrong with one record costs that record. Only a stream that cannot be read further (a failing
//! disk, damaged gzip, a header or an array that is none) ends early, and then the last item says why.

mod csv;
mod json_array;
mod ndjson;
mod record;
mod source;

use std::io::BufRead;

use serde_json::{Map, Value};
use storefind_index::feed::FeedMapping;

pub use ndjson::Lines;
pub use source::{Source, open};

/// Longest record in bytes: the longest text of a product four times over. More is another file, or a quote that was
/// never closed.
pub const RECORD_BYTES_MAX: usize = 4 << 20;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// One JSON array of objects.
    Json,
    /// Comma-separated values with a header row.
    Csv,
}

/// One record, or why there is none.
pub type Record = Result<Map<String, Value>, LineError>;

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LineError {
    /// The line that the record begins on, or the number of the array's element; both from 1.
    pub line: u64,
    /// Stable: `invalid_json`, `invalid_csv`, `invalid_utf8`, `record_too_long`, `read_failed`.
    pub code: &'static str,
    /// For the person who made the file.
    pub message: String,
}

impl LineError {
    /// Code of the last item of a reader that cannot read on.
    pub const READ_FAILED: &'static str = "read_failed";

    fn new(line: u64, code: &'static str, message: impl Into<String>) -> Self {
        Self { line, code, message: message.into() }
    }

    fn too_long(line: u64, what: &str) -> Self {
        Self::new(line, "record_too_long", format!("the {what} is longer than {RECORD_BYTES_MAX} bytes"))
    }

    fn read_failed(line: u64, error: &std::io::Error) -> Self {
        Self::new(line, Self::READ_FAILED, format!("the rest could not be read: {error}"))
    }
}

impl Format {
    /// The format that a file's name tells, with or without `.gz`.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "jsonl" | "ndjson" => Some(Self::Ndjson),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The format of a request body by its `Content-Type`, parameters ignored.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
                Some(Self::Ndjson)
            }
            "application/json" => Some(Self::Json),
            "text/csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The format that content looks like by its first bytes: an array, objects, or else CSV.
    pub fn of_content(start: &[u8]) -> Self {
        let start = start.strip_prefix(record::BOM).unwrap_or(start);
        match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => Self::Json,
            Some(b'{') | None => Self::Ndjson,
            Some(_) => Self::Csv,
        }
    }
}

/// Reads records one after the other, each with its line (NDJSON, CSV) or the number of its element (JSON), from 1.
///
/// `mapping` tells which columns of a CSV file are text as they stand; the records still have the feed's fields.
/// Blocking wherever `input` is.
pub fn read<R: BufRead>(format: Format, input: R, mapping: &FeedMapping) -> Records<'_, R> {
    let reader = match format {
        Format::Ndjson => Reader::Ndjson(ndjson::Lines::new(input)),
        Format::Json => Reader::Json(json_array::Elements::new(input)),
        Format::Csv => Reader::Csv(Box::new(csv::Rows::new(input, mapping))),
    };
    Records { reader }
}

/// Reads one JSON object that stands on a line of its own.
///
/// # Errors
/// It is not UTF-8, not JSON or no object.
pub fn object(bytes: &[u8], line: u64) -> Record {
    record::object(bytes, line, "line")
}

/// See [`read`].
#[derive(Debug)]
pub struct Records<'m, R> {
    reader: Reader<'m, R>,
}

#[derive(Debug)]
enum Reader<'m, R> {
    Ndjson(ndjson::Lines<R>),
    Json(json_array::Elements<R>),
    /// Boxed: the parser's tables are large beside the other readers.
    Csv(Box<csv::Rows<'m, R>>),
}

impl<R: BufRead> Iterator for Records<'_, R> {
    type Item = (u64, Record);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.reader {
            Reader::Ndjson(lines) => lines.next(),
            Reader::Json(elements) => elements.next(),
            Reader::Csv(rows) => rows.next(),
        }
    }
}

#[cfg(test)]
mod tests;
