//! From records to accepted products: mapping, batches, the report. Shared by uploads and the local import.
//!
//! Owns how a record becomes a change, and the report. Batches are written by `batches`; lines of live fields, which
//! are no records, are read by `live`. It knows neither where records come from nor who reads the report. Blocking; it
//! runs on a thread of its own.
//!
//! Invariant: every record is counted once, as accepted or as rejected, unless a failing log ends the ingest; then the
//! batch in hand is neither.

mod batches;
mod live;
pub mod once;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storefind_index::feed::FeedMapping;
use storefind_index::product::ID_BYTES_MAX;
use xxhash_rust::xxh3::xxh3_128;

use self::batches::Batches;
pub use self::live::LiveIngest;
use self::once::Once;
use crate::catalog::feeds::{LineError, Record};
use crate::catalog::{Catalog, CatalogError, Change};
use crate::shortened::shortened;

/// Products of one write: enough that a sync of the log is shared by many.
const BATCH_PRODUCTS_MAX: usize = 1_000;
/// Rejected lines that are reported one by one. A feed with a wrong mapping rejects every line; the first ones tell.
pub const ERRORS_REPORTED_MAX: usize = 100;

/// Longest message about a rejected line, in characters. It may repeat what stands in the line, and that may be
/// megabytes.
const REASON_CHARS_MAX: usize = 500;

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
    mapping: &'a FeedMapping,
    batches: Batches<'a>,
    named: Option<&'a mut Ids>,
}

/// A set of product ids, 16 bytes each: a million of them are held beside an import without thought. Two ids that
/// share a digest of 128 bits are taken for one.
#[derive(Debug, Default)]
pub struct Ids(FxHashSet<u128>);

impl Ids {
    /// Adds one.
    pub fn insert(&mut self, id: &str) {
        self.0.insert(xxh3_128(id.as_bytes()));
    }

    /// Whether it was added.
    pub fn contains(&self, id: &str) -> bool {
        self.0.contains(&xxh3_128(id.as_bytes()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Report {
    /// Counts a refusal and keeps it if it is among the first.
    pub fn reject(&mut self, rejected: Rejected) {
        self.rejected += 1;
        if self.errors.len() < ERRORS_REPORTED_MAX {
            let id = rejected.id.map(|id| shortened(&id, ID_BYTES_MAX).into_owned());
            let message = shortened(&rejected.message, REASON_CHARS_MAX).into_owned();
            self.errors.push(Rejected { id, message, ..rejected });
        }
    }
}

impl<'a> Ingest<'a> {
    /// Begins with an empty write, so that the report has a sequence even if no record is accepted.
    ///
    /// # Errors
    /// As [`Catalog::write`].
    pub fn begin(catalog: &'a Catalog, mapping: &'a FeedMapping, once: Option<Once>) -> Result<Self, CatalogError> {
        Ok(Self { mapping, batches: Batches::begin(catalog, BATCH_PRODUCTS_MAX, once)?, named: None })
    }

    /// Notes the id of every record that has one, also of the rejected, in `ids`.
    #[must_use]
    pub fn noting(self, ids: Option<&'a mut Ids>) -> Self {
        Self { named: ids, ..self }
    }

    /// Takes one record. Returns whether there is any use in reading on.
    pub fn take(&mut self, line: u64, record: Record) -> bool {
        let record = match record {
            Ok(record) => record,
            Err(error) if error.code == LineError::READ_FAILED => {
                self.batches.stop(Stopped::Unreadable(error));
                return false;
            }
            Err(LineError { code, message, .. }) => {
                self.batches.reject(Rejected { line, id: None, code: code.to_owned(), message });
                return true;
            }
        };
        let bytes = weight(&record);
        match self.mapping.map(record) {
            Ok((product, ignored)) => {
                self.batches.report().ignored_fields += ignored as u64;
                self.note(&product.id);
                self.batches.push(line, Change::Upsert(product), bytes)
            }
            Err(error) => {
                if let Some(id) = &error.id {
                    self.note(id);
                }
                self.batches.reject(Rejected { line, id: error.id, code: error.code, message: error.message });
                true
            }
        }
    }

    /// Writes the rest and returns the report, with the reason if the ingest ended early.
    pub fn finish(self) -> (Report, Option<Stopped>) {
        self.batches.finish()
    }

    fn note(&mut self, id: &str) {
        if let Some(ids) = &mut self.named {
            ids.insert(id);
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
