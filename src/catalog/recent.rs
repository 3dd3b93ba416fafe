//! When recent events took effect: from a sequence to the time of the first event after it.
//!
//! By this an answer that a change may alter is still served for half of the freshness bound: the other half is what
//! the change may take to become visible.
//!
//! Invariant: the time told is never later than that of the first event after the sequence; what is forgotten counts
//! as long ago.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

use tokio::time::Instant;

/// Notes kept at most. Publications come every 50 ms at the oftenest, steps of a walk some thousand times a second;
/// what does not fit counts as long ago, which only costs computations.
const NOTES_MAX: usize = 16_384;

/// See the module.
#[derive(Debug)]
pub(crate) struct Recent {
    bound: Duration,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// Highest sequence of what took effect together, and when; ascending.
    kept: VecDeque<(u64, Instant)>,
    /// Everything through this sequence took effect before the notes begin.
    forgotten: u64,
}

impl Recent {
    /// Remembers for `bound`; everything through `sequence` took effect long ago.
    pub(crate) fn new(bound: Duration, sequence: u64) -> Self {
        Self { bound, notes: Mutex::new(Notes { kept: VecDeque::new(), forgotten: sequence }) }
    }

    /// Notes that everything through `sequence` has taken effect now.
    pub(crate) fn note(&self, sequence: u64, now: Instant) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if sequence <= notes.kept.back().map_or(notes.forgotten, |(last, _)| *last) {
            return;
        }
        let is_old = |at: Instant| now.saturating_duration_since(at) > self.bound;
        while notes.kept.len() >= NOTES_MAX || notes.kept.front().is_some_and(|(_, at)| is_old(*at)) {
            notes.forgotten = notes.kept.pop_front().map_or(notes.forgotten, |(through, _)| through);
        }
        notes.kept.push_back((sequence, now));
    }

    /// How long ago the first event after `sequence` took effect; `None`: too long ago to be remembered. An event that
    /// has not taken effect yet took effect no time ago. Never waits: who comes while a note is taken, by a thread that
    /// may have been put to sleep, is told `None`.
    pub(crate) fn first_after(&self, sequence: u64, now: Instant) -> Option<Duration> {
        let notes = match self.notes.try_lock() {
            Ok(notes) => notes,
            Err(TryLockError::Poisoned(notes)) => notes.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        if sequence < notes.forgotten {
            return None;
        }
        let at = notes.kept.partition_point(|(through, _)| *through <= sequence);
        Some(notes.kept.get(at).map_or(Duration::ZERO, |(_, at)| now.saturating_duration_since(*at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(1);

    #[test]
    fn the_first_event_after_a_sequence_is_dated_by_the_note_that_holds_it() {
        let (recent, start) = (Recent::new(BOUND, 10), Instant::now());
        let after = |ms: u64| start + Duration::from_millis(ms);
        recent.note(15, after(100));
        recent.note(20, after(200));
        let age = |sequence| recent.first_after(sequence, after(300)).map(|age| age.as_millis());
        assert_eq!([9, 10, 14, 15, 19, 20].map(age), [None, Some(200), Some(200), Some(100), Some(100), Some(0)]);
    }

    #[test]
    fn what_is_older_than_the_bound_is_forgotten() {
        let (recent, start) = (Recent::new(BOUND, 0), Instant::now());
        recent.note(1, start);
        recent.note(2, start + Duration::from_millis(1_001));
        assert_eq!(recent.first_after(0, start + BOUND), None);
        assert!(recent.first_after(1, start + BOUND * 2).is_some());
    }
}
