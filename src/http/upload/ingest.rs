//! From records to accepted products: mapping, batches, the report.
//!
//! Blocking; it runs on a thread of its own. Invariant: every line that a reader yields is counted once, as accepted
//! or as rejected, unless a failing log ends the upload; then the batch in hand is neither.

use serde_json::{Map, Value, json};
use storefind_index::feed::FeedMapping;

use super::body::Broken;
use crate::catalog::feeds::LineError;
use crate::catalog::{Catalog, CatalogError, Change};
use crate::http::error::{ApiError, ErrorCode};

/// Products of one write: enough that a sync of the log is shared by many.
const BATCH_PRODUCTS_MAX: usize = 1_000;
/// Bytes of one write, roughly: a feed of very large products is written in smaller batches.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// Rejected lines that are reported one by one. A feed with a wrong mapping rejects every line; the first ones tell.
const ERRORS_REPORTED_MAX: usize = 100;

/// What became of the lines so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    /// Fields that the mapping does not name, over all products.
    pub(super) ignored_fields: u64,
    pub(super) sequence: u64,
    errors: Vec<Value>,
}

/// An upload in progress.
pub(super) struct Ingest<'a> {
    catalog: &'a Catalog,
    mapping: &'a FeedMapping,
    batch: Vec<Change>,
    /// Line and id of each product of the batch.
    places: Vec<(u64, String)>,
    batch_bytes: usize,
    report: Report,
    stopped: Result<(), ApiError>,
}

impl Report {
    /// The body of the answer.
    pub(super) fn to_json(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("accepted".into(), self.accepted.into());
        body.insert("rejected".into(), self.rejected.into());
        if self.ignored_fields > 0 {
            body.insert("ignored_fields".into(), self.ignored_fields.into());
        }
        body.insert("sequence".into(), self.sequence.into());
        body.insert("errors".into(), self.errors.clone().into());
        body
    }

    fn reject(&mut self, line: u64, id: Option<&str>, code: &str, message: &str) {
        self.rejected += 1;
        if self.errors.len() < ERRORS_REPORTED_MAX {
            let mut error = json!({"line": line});
            if let Some(id) = id {
                error["id"] = id.into();
            }
            error["code"] = code.into();
            error["message"] = message.into();
            self.errors.push(error);
        }
    }
}

impl<'a> Ingest<'a> {
    /// Begins with an empty write, so that a node that takes no writes says so before the body is read, and the report
    /// has a sequence even if no line is accepted.
    pub(super) fn begin(catalog: &'a Catalog, mapping: &'a FeedMapping) -> Result<Self, ApiError> {
        let sequence = catalog.write(Vec::new())?.sequence;
        Ok(Self {
            catalog,
            mapping,
            batch: Vec::new(),
            places: Vec::new(),
            batch_bytes: 0,
            report: Report { sequence, ..Report::default() },
            stopped: Ok(()),
        })
    }

    /// Takes one record. Returns whether there is any use in reading on.
    pub(super) fn take(&mut self, line: u64, record: Result<Map<String, Value>, LineError>) -> bool {
        let record = match record {
            Ok(record) => record,
            Err(LineError::Io(error)) => {
                self.stopped = stopped_by(error);
                return false;
            }
            Err(error) => {
                self.report.reject(line, None, error.code(), &error.to_string());
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
                self.report.reject(line, error.id.as_deref(), &error.code, &error.message);
                true
            }
        }
    }

    /// Writes the rest and returns the report, with the reason if the upload ended early.
    pub(super) fn finish(mut self) -> (Report, Result<(), ApiError>) {
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
                for ((line, id), outcome) in places.iter().zip(written.outcomes) {
                    match outcome {
                        Ok(_) => self.report.accepted += 1,
                        Err(refusal) => self.report.reject(*line, Some(id), &refusal.code, &refusal.message),
                    }
                }
                true
            }
            Err(error) => {
                self.stopped = Err(ended_by(error));
                false
            }
        }
    }
}

/// The reader failed: at the sender's side, which reports the reason itself, or here.
fn stopped_by(error: std::io::Error) -> Result<(), ApiError> {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Broken>()) {
        Some(Broken::Off) => Ok(()),
        Some(too_large @ Broken::TooLarge(_)) => Err(ApiError::new(ErrorCode::BodyTooLarge, too_large.to_string())),
        None => Err(ApiError::new(ErrorCode::InvalidBody, format!("the body cannot be read: {error}"))),
    }
}

/// The public message of a failed write, made right for uploads: earlier batches stand.
fn ended_by(error: CatalogError) -> ApiError {
    let busy = matches!(error, CatalogError::Busy);
    let mut error = ApiError::from(error);
    if busy {
        error.message = "more changes wait than can be applied in time; send again what follows the accepted lines".into();
    }
    error
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
