//! What remote tiers did for one catalog, counted.
//!
//! Owns the counters and the plain figures; `/v1/stats` and `/metrics` write them. Invariant: `lookups = hits + stale +
//! misses`, so that a tier that was not asked, or failed, is in neither of them but among those passed by.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::TierName;
use super::guard::Passed;
use crate::cache::freshness::StaleReason;
use crate::cache::outcome::MissReason;

/// What came of asking a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameOf {
    /// It had a fresh entry.
    Hit,
    /// It had one that is no longer fresh.
    Stale(StaleReason),
    /// It had none that could be used.
    Miss(MissReason),
    /// It gave no answer.
    Passed(Passed),
}

impl CameOf {
    /// The word for header and account.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale(reason) => reason.as_str(),
            Self::Miss(reason) => reason.as_str(),
            Self::Passed(reason) => reason.as_str(),
        }
    }
}

/// Counters of one tier and one catalog.
#[derive(Debug, Default)]
pub struct TierCounters {
    hits: AtomicU64,
    stale: [AtomicU64; StaleReason::ALL.len()],
    misses: [AtomicU64; MissReason::ALL.len()],
    passed: [AtomicU64; Passed::ALL.len()],
    fills: AtomicU64,
    fills_passed: [AtomicU64; Passed::ALL.len()],
}

/// Counters of one catalog, by remote tier.
#[derive(Debug, Default)]
pub struct CatalogTierCounters([TierCounters; TierName::REMOTE.len()]);

/// The figures of one tier and one catalog, since the start.
#[derive(Debug, Clone, Serialize)]
pub struct TierStats {
    /// Lookups that the tier answered: hits, stale and misses together.
    pub lookups: u64,
    /// Lookups that found a fresh entry.
    pub hits: u64,
    /// Lookups that found an entry that was no longer fresh, by reason.
    pub stale: BTreeMap<&'static str, u64>,
    /// Lookups that found nothing to use, by reason.
    pub misses: BTreeMap<&'static str, u64>,
    /// Lookups that the tier did not answer, by reason.
    pub passed: BTreeMap<&'static str, u64>,
    /// Entries that it took.
    pub fills: u64,
    /// Entries that it did not take, by reason.
    pub fills_passed: BTreeMap<&'static str, u64>,
}

impl CatalogTierCounters {
    /// Those of a tier; `None` for one that is not remote.
    pub fn of(&self, tier: TierName) -> Option<&TierCounters> {
        self.0.get(tier.remote_place()?)
    }

    /// The figures now, of the tiers that there are.
    pub fn stats(&self, tiers: &[TierName]) -> BTreeMap<&'static str, TierStats> {
        let of = |tier: &TierName| Some((tier.as_str(), self.of(*tier)?.stats()));
        tiers.iter().filter_map(of).collect()
    }
}

impl TierCounters {
    /// Counts what came of a lookup.
    pub fn lookup(&self, came_of: CameOf) {
        let counter = match came_of {
            CameOf::Hit => Some(&self.hits),
            CameOf::Stale(reason) => counter(&StaleReason::ALL, &self.stale, &reason),
            CameOf::Miss(reason) => counter(&MissReason::ALL, &self.misses, &reason),
            CameOf::Passed(reason) => counter(&Passed::ALL, &self.passed, &reason),
        };
        add(counter);
    }

    /// Counts what came of a fill.
    pub fn fill(&self, filled: Result<(), Passed>) {
        add(match filled {
            Ok(()) => Some(&self.fills),
            Err(reason) => counter(&Passed::ALL, &self.fills_passed, &reason),
        });
    }

    /// The figures now.
    pub fn stats(&self) -> TierStats {
        let by_name = |names: &[&'static str], counters: &[AtomicU64]| -> BTreeMap<&'static str, u64> {
            names.iter().copied().zip(counters.iter().map(read)).collect()
        };
        let hits = read(&self.hits);
        let stale = by_name(&StaleReason::ALL.map(StaleReason::as_str), &self.stale);
        let misses = by_name(&MissReason::ALL.map(MissReason::as_str), &self.misses);
        let passed = Passed::ALL.map(Passed::as_str);
        TierStats {
            lookups: hits + stale.values().sum::<u64>() + misses.values().sum::<u64>(),
            hits,
            stale,
            misses,
            passed: by_name(&passed, &self.passed),
            fills: read(&self.fills),
            fills_passed: by_name(&passed, &self.fills_passed),
        }
    }
}

/// A reason's counter. Every reason is in its `ALL`, which tests hold.
fn counter<'a, T: PartialEq>(all: &[T], counters: &'a [AtomicU64], reason: &T) -> Option<&'a AtomicU64> {
    counters.get(all.iter().position(|known| known == reason)?)
}

fn add(counter: Option<&AtomicU64>) {
    if let Some(counter) = counter {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_can_come_of_a_lookup_is_counted_once_under_its_own_name() {
        let counters = CatalogTierCounters::default();
        let redis = counters.of(TierName::Redis).expect("remote");
        redis.lookup(CameOf::Hit);
        StaleReason::ALL.into_iter().map(CameOf::Stale).for_each(|came_of| redis.lookup(came_of));
        MissReason::ALL.into_iter().map(CameOf::Miss).for_each(|came_of| redis.lookup(came_of));
        Passed::ALL.into_iter().map(CameOf::Passed).for_each(|came_of| redis.lookup(came_of));
        redis.fill(Ok(()));
        Passed::ALL.into_iter().for_each(|reason| redis.fill(Err(reason)));
        let stats = counters.stats(&TierName::REMOTE);
        let redis = &stats["redis"];
        assert_eq!((redis.hits, redis.lookups, redis.fills), (1, 21, 1));
        for (counts, names) in [(&redis.stale, 12), (&redis.misses, 8), (&redis.passed, 9), (&redis.fills_passed, 9)] {
            assert!(counts.len() == names && counts.values().all(|count| *count == 1), "{counts:?}");
        }
        assert_eq!(stats["memcached"].lookups, 0);
        assert!(counters.of(TierName::Memory).is_none());
    }
}
