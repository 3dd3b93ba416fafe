//! From records to accepted products: mapping, batches, the report. Shared by uploads and the local import.
//!
//! Owns what is counted and how large a write is. It knows neither where records come from nor who reads the report.
//! Blocking; it runs on a thread of its own.
//!
//! Invariant: every record is counted once, as accepted or as rejected, unless a failing log ends the ingest; then the
//! batch in hand is neither.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storefind_index::feed::FeedMapping;

use crate::catalog::feeds::{LineError, Record};
use crate::catalog::{Catalog, CatalogError, Change};

/// Products of one write: enough that a sync of the log is shared by many.
const BATCH_PRODUCTS_MAX: usize = 1_000;
/// Bytes of one write, roughly: a feed of very large products is written in smaller batches.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// Rejected lines that are reported one by one. A feed with a wrong mapping rejects every line; the first ones tell.
pub const ERRORS_REPORTED_MAX: usize = 100;
/// Code of the last item of a reader that cannot read on.
const READ_FAILED: &str = "read_failed";

/// What became of the records so far; the body of an upload's answer.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Durable.
    pub accepted: u64,
    /// Refused, each for a reason.
    pub rejected: u64,
    /// Fields that the mapping does not name, over all products.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ignored_fields: u64,
    /// Sequence of the last accepted change (of the log, if none was accepted).
    pub sequence: u64,
    /// The first refusals.
    pub errors: Vec<Rejected>,
}

/// One refused record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// Line that it begins on, or number of the array's element, from 1.
    pub line: u64,
    /// The product's id where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Stable.
    pub code: String,
    /// For the person who made the feed.
    pub message: String,
}

/// Why an ingest ended before its last record.
#[derive(Debug)]
pub enum Stopped {
    /// The rest cannot be read.
    Unreadable(LineError),
    /// The catalog takes no more.
    Refused(CatalogError),
}

/// Records on their way into a catalog.
#[derive(Debug)]
pub struct Ingest<'a> {
    catalog: &'a Catalog,
    mapping: &'a FeedMapping,
    batch: Vec<Change>,
    /// Line and id of each product of the batch.
    places: Vec<(u64, String)>,
    batch_bytes: usize,
    report: Report,
    stopped: Option<Stopped>,
}

impl Report {
    /// Counts a refusal and keeps it if it is among the first.
    pub fn reject(&mut self, rejected: Rejected) {
        self.rejected += 1;
        if self.errors.len() < ERRORS_REPORTED_MAX {
            self.errors.push(rejected);
        }
    }
}

impl<'a> Ingest<'a> {
    /// Begins with an empty write, so that the report has a sequence even if no record is accepted.
    ///
    /// # Errors
    /// As [`Catalog::write`].
    pub fn begin(catalog: &'a Catalog, mapping: &'a FeedMapping) -> Result<Self, CatalogError> {
        let sequence = catalog.write(Vec::new())?.sequence;
        Ok(Self {
            catalog,
            mapping,
            batch: Vec::new(),
            places: Vec::new(),
            batch_bytes: 0,
            report: Report { sequence, ..Report::default() },
            stopped: None,
        })
    }

    /// Takes one record. Returns whether there is any use in reading on.
    pub fn take(&mut self, line: u64, record: Record) -> bool {
        let record = match record {
            Ok(record) => record,
            Err(error) if error.code == READ_FAILED => {
                self.stopped = Some(Stopped::Unreadable(error));
                return false;
            }
            Err(LineError { code, message, .. }) => {
                self.report.reject(Rejected { line, id: None, code: code.to_owned(), message });
                return true;
            }
        };
        let bytes = weight(&record);
        match self.mapping.map(record) {
            Ok((product, ignored)) => {
                self.report.ignored_fields += ignored as u64;
                self.places.push((line, product.id.clone()));
                self.batch.push(Change::Upsert(product));
                self.batch_bytes += bytes;
                let full = self.batch.len() >= BATCH_PRODUCTS_MAX || self.batch_bytes >= BATCH_BYTES_MAX;
                !full || self.write()
            }
            Err(error) => {
                self.report.reject(Rejected { line, id: error.id, code: error.code, message: error.message });
                true
            }
        }
    }

    /// How far it is.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Writes the rest and returns the report, with the reason if the ingest ended early.
    pub fn finish(mut self) -> (Report, Option<Stopped>) {
        self.write();
        (self.report, self.stopped)
    }

    fn write(&mut self) -> bool {
        if self.batch.is_empty() {
            return true;
        }
        self.batch_bytes = 0;
        let places = std::mem::take(&mut self.places);
        match self.catalog.write(std::mem::take(&mut self.batch)) {
            Ok(written) => {
                self.report.sequence = written.sequence;
                for ((line, id), outcome) in places.into_iter().zip(written.outcomes) {
                    match outcome {
                        Ok(_) => self.report.accepted += 1,
                        Err(refusal) => {
                            let (code, message) = (refusal.code, refusal.message);
                            self.report.reject(Rejected { line, id: Some(id), code, message });
                        }
                    }
                }
                true
            }
            Err(error) => {
                self.stopped = Some(Stopped::Refused(error));
                false
            }
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Bytes that a record holds, roughly: enough to keep batches small without measuring each exactly.
fn weight(record: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(of).sum(),
            Value::Object(fields) => weight(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        }
    }
    record.iter().map(|(name, value)| name.len() + of(value)).sum()
}
