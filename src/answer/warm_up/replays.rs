//! What warm-up tells about one catalog: what is kept, and what became of asking it again.
//!
//! These are not shoppers' questions, so nothing of them is in the counters of lookups, hits and computations.
//! Invariant: after each time, `answered + failed + cut` has grown by the number of questions that were kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use crate::cache::tier::TierName;

/// Who answers.
const TIERS: [TierName; 4] = [TierName::Memory, TierName::Redis, TierName::Memcached, TierName::Index];

/// Counters of one catalog.
#[derive(Debug, Default)]
pub struct Replays {
    kept: AtomicU64,
    times: AtomicU64,
    /// In the order of [`TIERS`].
    answered: [AtomicU64; TIERS.len()],
    failed: AtomicU64,
    cut: AtomicU64,
    last_nanos: AtomicU64,
}

/// The figures, since the start.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayStats {
    /// Questions that are kept at present.
    pub kept: u64,
    /// How often they were asked again: after the start, and after changes that no kept answer outlived.
    pub times: u64,
    /// Questions that were answered, by the tier that did.
    pub answered: BTreeMap<&'static str, u64>,
    /// Questions that have no answer any more, or took too long.
    pub failed: u64,
    /// Questions that the limit left no time for.
    pub cut: u64,
    /// What asking all of them took the last time.
    pub last_seconds: f64,
}

impl Replays {
    /// Says how many questions are kept.
    pub(super) fn kept(&self, questions: usize) {
        self.kept.store(questions as u64, Ordering::Relaxed);
    }

    /// Counts an answer.
    pub(super) fn answered(&self, by: TierName) {
        if let Some(at) = TIERS.iter().position(|tier| *tier == by) {
            self.answered[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a question without answer.
    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts that all were asked, as far as the limit allowed.
    pub(super) fn ended(&self, cut: usize, took: Duration) {
        self.cut.fetch_add(cut as u64, Ordering::Relaxed);
        self.last_nanos.store(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.times.fetch_add(1, Ordering::Relaxed);
    }

    /// The figures now.
    pub fn stats(&self) -> ReplayStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ReplayStats {
            kept: read(&self.kept),
            times: read(&self.times),
            answered: TIERS.map(TierName::as_str).into_iter().zip(self.answered.iter().map(read)).collect(),
            failed: read(&self.failed),
            cut: read(&self.cut),
            last_seconds: Duration::from_nanos(read(&self.last_nanos)).as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_counted_under_its_own_name() {
        let replays = Replays::default();
        replays.kept(7);
        for (times, tier) in TIERS.into_iter().enumerate() {
            (0..=times).for_each(|_| replays.answered(tier));
        }
        replays.failed();
        replays.ended(3, Duration::from_millis(250));
        replays.ended(2, Duration::from_millis(500));
        let expected = ReplayStats {
            kept: 7,
            times: 2,
            answered: [("memory", 1), ("redis", 2), ("memcached", 3), ("index", 4)].into(),
            failed: 1,
            cut: 5,
            last_seconds: 0.5,
        };
        assert_eq!(replays.stats(), expected);
    }
}
