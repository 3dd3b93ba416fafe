//! From a file to request bodies, each with the lines of the file that its records came from.
//!
//! JSON of either form travels as NDJSON. CSV is split between rows and gets its header again in every batch; what its
//! cells mean is the server's to say. Invariant: joined, the batches hold every record of the file once, in order.

use std::io::BufRead;

use anyhow::{Context as _, anyhow};
use storefind_index::feed::FeedMapping;

use crate::catalog::feeds::{self, Format, Records, Source};
use crate::ingest::{Rejected, Report};

/// Records of one request: what the server writes at a time.
const BATCH_RECORDS_MAX: usize = 1_000;
/// Bytes of one request, exceeded by at most one record.
const BATCH_BYTES_MAX: usize = 4 << 20;

type Input = Box<dyn BufRead + Send>;

/// One request body.
pub(super) struct Batch {
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    /// Line of the body and line of the file of each record, ascending.
    lines: Vec<(u64, u64)>,
}

impl Batch {
    /// Rejections name lines of the body; afterwards they name lines of the file.
    pub(super) fn restore_lines(&self, report: &mut Report) {
        for error in &mut report.errors {
            if let Ok(index) = self.lines.binary_search_by_key(&error.line, |(in_body, _)| *in_body) {
                error.line = self.lines[index].1;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= BATCH_RECORDS_MAX || self.body.len() >= BATCH_BYTES_MAX
    }
}

/// The batches of a file.
pub(super) enum Batches {
    Json(Box<Records<'static, Input>>),
    Csv(Box<Rows>),
}

/// The rows of a CSV file, as they stand.
pub(super) struct Rows {
    reader: csv::Reader<Input>,
    header: Option<csv::ByteRecord>,
}

impl Batches {
    pub(super) fn of(source: Source) -> Self {
        match source.format {
            Format::Csv => {
                // The server judges ragged rows.
                let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source.input);
                Self::Csv(Box::new(Rows { reader, header: None }))
            }
            format => Self::Json(Box::new(feeds::read(format, source.input, &IDENTITY))),
        }
    }

    /// The next batch; `None` at the end. Records that cannot even be read are rejected here.
    pub(super) fn next(&mut self, reject: impl FnMut(Rejected)) -> Result<Option<Batch>, anyhow::Error> {
        let batch = match self {
            Self::Json(records) => json(records, reject)?,
            Self::Csv(rows) => rows.next()?,
        };
        Ok((!batch.lines.is_empty()).then_some(batch))
    }
}

/// Only CSV asks the mapping anything while it is read.
static IDENTITY: std::sync::LazyLock<FeedMapping> = std::sync::LazyLock::new(FeedMapping::identity);

fn json(records: &mut Records<'static, Input>, mut reject: impl FnMut(Rejected)) -> Result<Batch, anyhow::Error> {
    let mut batch = Batch { content_type: "application/x-ndjson", body: Vec::new(), lines: Vec::new() };
    while !batch.is_full() {
        match records.next() {
            None => break,
            Some((line, Ok(record))) => {
                serde_json::to_writer(&mut batch.body, &record).context("a record cannot be written as JSON")?;
                batch.body.push(b'\n');
                batch.lines.push((batch.lines.len() as u64 + 1, line));
            }
            Some((_, Err(error))) if error.code == "read_failed" => {
                return Err(anyhow!("cannot read beyond line {}: {}", error.line, error.message));
            }
            Some((line, Err(error))) => {
                reject(Rejected { line, id: None, code: error.code.to_owned(), message: error.message });
            }
        }
    }
    Ok(batch)
}

impl Rows {
    fn next(&mut self) -> Result<Batch, anyhow::Error> {
        let header = match &self.header {
            Some(header) => header,
            None => {
                let mut header = csv::ByteRecord::new();
                self.reader.read_byte_record(&mut header)?;
                self.header.insert(header)
            }
        };
        let mut batch = Batch { content_type: "text/csv", body: row(header)?, lines: Vec::new() };
        let mut line = 1 + newlines(&batch.body);
        let mut record = csv::ByteRecord::new();
        while !batch.is_full() && self.reader.read_byte_record(&mut record)? {
            batch.lines.push((line, record.position().map_or(0, csv::Position::line)));
            let row = row(&record)?;
            line += newlines(&row);
            batch.body.extend(row);
        }
        Ok(batch)
    }
}

fn row(record: &csv::ByteRecord) -> Result<Vec<u8>, anyhow::Error> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_byte_record(record)?;
    writer.into_inner().map_err(|error| anyhow!("a row cannot be written: {error}"))
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(format: Format, text: &str) -> (Vec<Batch>, Vec<u64>) {
        let source = Source { format, input: Box::new(std::io::Cursor::new(text.to_owned())) };
        let mut all = Batches::of(source);
        let (mut batches, mut rejected) = (Vec::new(), Vec::new());
        while let Some(batch) = all.next(|error| rejected.push(error.line)).unwrap() {
            batches.push(batch);
        }
        (batches, rejected)
    }

    #[test]
    fn rejections_name_the_lines_of_the_file() {
        let (batches, rejected) = batches(Format::Ndjson, "{\"id\":1}\nnonsense\n\n{\"id\":2}\n");
        assert_eq!((batches.len(), rejected), (1, vec![2]));
        assert_eq!(batches[0].body, b"{\"id\":1}\n{\"id\":2}\n");
        let error = Rejected { line: 2, id: None, code: "c".into(), message: "m".into() };
        let mut report = Report { errors: vec![error], ..Report::default() };
        batches[0].restore_lines(&mut report);
        assert_eq!(report.errors[0].line, 4);
    }

    #[test]
    fn csv_stays_csv_with_its_header_in_every_batch() {
        let rows: String = (0..1_500).map(|id| format!("{id},\"two\nlines\",12E4\n")).collect();
        let (batches, _) = batches(Format::Csv, &format!("id,title,sku\n{rows}"));
        assert_eq!(batches.iter().map(|batch| batch.lines.len()).collect::<Vec<_>>(), [1_000, 500]);
        for batch in &batches {
            assert!(batch.body.starts_with(b"id,title,sku\n"));
        }
        assert_eq!(batches[1].lines[1], (4, 2 + 2 * 1_001));
        assert!(String::from_utf8_lossy(&batches[1].body).contains("\n1000,\"two\nlines\",12E4\n"));
    }

    #[test]
    fn a_file_without_records_makes_no_batch() {
        for (format, text) in
            [(Format::Ndjson, ""), (Format::Json, "[]"), (Format::Csv, "id,title\n"), (Format::Csv, "")]
        {
            assert_eq!(batches(format, text).0.len(), 0, "{format:?}");
        }
    }
}
