//! Changes, collected into batches and written; the report of what became of each.
//!
//! **Once.** With an idempotency key, each batch is a write of its own in the log, under a key made of the caller's and
//! the batch's number, with a digest of the lines that it was made of. Where a batch ends depends only on the lines
//! before, so a retry after a broken connection makes the same batches: those that were written answer as the first
//! time, and the first that was not goes on from there. Two rules keep this true:
//! - A body that breaks off inside a batch leaves that batch unwritten. Without a key its lines are written; with one
//!   they would take the number of the whole batch, and the retry would be refused as another request.
//! - The last batch is written even when it is empty, and its digest says that it is the last, so that a request that
//!   is longer or shorter than the first one is told apart.
//!
//! Owns the counts. Invariant: every line is counted once, as accepted or rejected, unless the ingest ends early; then
//! the batch in hand is neither.

use super::once::{Digest, Once};
use super::{Rejected, Report, Stopped};
use crate::catalog::{Catalog, CatalogError, Change};

/// Bytes of one write, roughly: a feed of very large products is written in smaller batches.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Batches<'a> {
    catalog: &'a Catalog,
    changes_max: usize,
    changes: Vec<Change>,
    /// Line of each change, and where its id ends in `ids`.
    places: Vec<(u64, usize)>,
    /// One after the other, so that a batch of small changes costs no allocation for each.
    ids: String,
    bytes: usize,
    once: Option<Keyed>,
    report: Report,
    stopped: Option<Stopped>,
}

#[derive(Debug)]
struct Keyed {
    once: Once,
    digest: Digest,
    written: u64,
}

impl<'a> Batches<'a> {
    /// Begins with an empty write, so that the report has a sequence even if nothing is accepted.
    pub(super) fn begin(catalog: &'a Catalog, changes_max: usize, once: Option<Once>) -> Result<Self, CatalogError> {
        let sequence = catalog.write(Vec::new())?.sequence;
        Ok(Self {
            catalog,
            changes_max,
            changes: Vec::with_capacity(changes_max),
            places: Vec::with_capacity(changes_max),
            ids: String::new(),
            bytes: 0,
            once: once.map(|once| Keyed { digest: once.digest(), once, written: 0 }),
            report: Report { sequence, ..Report::default() },
            stopped: None,
        })
    }

    pub(super) fn report(&mut self) -> &mut Report {
        &mut self.report
    }

    /// Takes the change of a line, whose memory is about `bytes`. Returns whether there is any use in reading on.
    pub(super) fn push(&mut self, line: u64, change: Change, bytes: usize) -> bool {
        if let Some(keyed) = &mut self.once {
            keyed.digest.number(line);
            keyed.digest.change(&change);
        }
        self.ids.push_str(id_of(&change));
        self.places.push((line, self.ids.len()));
        self.changes.push(change);
        self.bytes += bytes;
        let full = self.changes.len() >= self.changes_max || self.bytes >= BATCH_BYTES_MAX;
        !full || self.write()
    }

    /// Counts a line that has no change.
    pub(super) fn reject(&mut self, rejected: Rejected) {
        if let Some(keyed) = &mut self.once {
            keyed.digest.number(rejected.line);
            keyed.digest.text(&rejected.message);
        }
        self.report.reject(rejected);
    }

    /// Notes why there is nothing more to read.
    pub(super) fn stop(&mut self, stopped: Stopped) {
        self.stopped = Some(stopped);
    }

    /// Writes the rest and returns the report, with the reason if the ingest ended early.
    pub(super) fn finish(mut self) -> (Report, Option<Stopped>) {
        match (&mut self.once, &self.stopped) {
            (None, _) => {
                if !self.changes.is_empty() {
                    self.write();
                }
            }
            (Some(keyed), None) => {
                keyed.digest.text("end");
                self.write();
            }
            (Some(_), Some(_)) => {}
        }
        (self.report, self.stopped)
    }

    fn write(&mut self) -> bool {
        self.bytes = 0;
        // The log takes the changes; the next batch will have as many.
        let changes = std::mem::replace(&mut self.changes, Vec::with_capacity(self.changes_max));
        let written = match &mut self.once {
            None => self.catalog.write(changes),
            Some(keyed) => {
                keyed.written += 1;
                let digest = std::mem::replace(&mut keyed.digest, keyed.once.digest()).finish();
                self.catalog.write_once(&keyed.once.part(keyed.written), digest, changes)
            }
        };
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                self.stopped = Some(Stopped::Refused(error));
                return false;
            }
        };
        let accepted = written.outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64;
        self.report.sequence = match (self.report.accepted, accepted) {
            (0, _) => written.sequence,
            (_, 0) => self.report.sequence,
            // A batch that changes nothing names the older events that made its products so.
            (_, _) => self.report.sequence.max(written.sequence),
        };
        self.report.accepted += accepted;
        let mut begin = 0;
        for ((line, end), outcome) in self.places.drain(..).zip(written.outcomes) {
            if let Err(refusal) = outcome {
                let (id, code, message) = (self.ids[begin..end].to_owned(), refusal.code, refusal.message);
                self.report.reject(Rejected { line, id: Some(id), code, message });
            }
            begin = end;
        }
        self.ids.clear();
        true
    }
}

fn id_of(change: &Change) -> &str {
    match change {
        Change::Upsert(product) => &product.id,
        Change::Patch { id, .. } | Change::Live { id, .. } | Change::Delete { id } => id,
    }
}
