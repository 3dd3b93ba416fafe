//! What a catalog tells about itself, for `/v1/stats` and `/metrics`.
//!
//! Owns the shape and the counters that the projector keeps. Invariant: reading it never waits for a commit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One look at a catalog. The numbers are each right, but not of the same instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Sequence of the last acknowledged event.
    pub log_sequence: u64,
    /// Sequence that the projector has walked to; what lies beyond [`Status::validated`] is not visible yet.
    pub applied: u64,
    /// Sequence through which answers are validated (`V`).
    pub validated: u64,
    /// Acknowledged events that are not visible yet.
    pub lag_events: u64,
    /// Age of the oldest acknowledgement that is not visible yet; zero when all are.
    pub lag: Duration,
    /// Products that can be found.
    pub products: u64,
    /// Segments of which the index consists.
    pub segments: usize,
    /// Whether the projector has caught up once since the start.
    pub ready: bool,
    /// Events set aside since the start because they could not be applied.
    pub set_aside: u64,
    /// The last of them.
    pub set_aside_last: Option<SetAside>,
    /// Why the projector is trying again, while it is.
    pub failing: Option<String>,
    /// Failures that were followed by another attempt, since the start.
    pub failures: u64,
    /// Snapshots published since the start.
    pub commits: u64,
    /// How long the last commit took.
    pub commit_last: Option<Duration>,
    /// Generation of the suggestions; 0 before the first.
    pub suggestions_generation: u64,
    /// Suggestions held.
    pub suggestions: usize,
    /// Bytes of the touch table.
    pub touch_table_bytes: u64,
    /// Bytes of the log on disk; `None` if the disk does not tell.
    pub log_bytes: Option<u64>,
}

/// An event that could not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its sequence.
    pub sequence: u64,
    /// Why.
    pub reason: String,
}

/// What the projector reports.
#[derive(Debug, Default)]
pub(crate) struct Report {
    details: Mutex<Details>,
    pub(crate) set_aside: AtomicU64,
}

/// The parts of a report that are no single numbers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Details {
    pub(crate) set_aside_last: Option<SetAside>,
    pub(crate) failing: Option<String>,
    pub(crate) failures: u64,
    pub(crate) commits: u64,
    pub(crate) commit_last: Option<Duration>,
}

impl Report {
    pub(crate) fn details(&self) -> Details {
        self.lock().clone()
    }

    pub(crate) fn set_aside(&self, sequence: u64, reason: String) {
        self.set_aside.fetch_add(1, Ordering::Relaxed);
        self.lock().set_aside_last = Some(SetAside { sequence, reason });
    }

    pub(crate) fn failed(&self, reason: String) {
        let mut details = self.lock();
        details.failing = Some(reason);
        details.failures += 1;
    }

    pub(crate) fn committed(&self, took: Duration) {
        let mut details = self.lock();
        details.failing = None;
        details.commits += 1;
        details.commit_last = Some(took);
    }

    fn lock(&self) -> MutexGuard<'_, Details> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
