//! What a node tells about its answers: counters by catalog and kind.
//!
//! Owns counting and the plain figures for `/v1/stats` and `/metrics`; how those write them is theirs.
//! Invariant: `lookups = hits + stale + misses`, once no request is under way; bypasses are no lookups.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::Kind;
use super::error::AnswerError;
use super::histogram::{Histogram, Quantiles};
use super::tier_stats::RemoteStats;
use super::warm_up::replays::{ReplayStats, Replays};
use crate::cache::entry::Holding;
use crate::cache::fill::FillStats;
use crate::cache::freshness::StaleReason;
use crate::cache::outcome::{MissReason, Outcome};
use crate::cache::remote_tiers::CatalogTiers;
use crate::cache::tier::counters::TierStats;
use crate::cache::tier::{TierName, Usage};
use crate::resilience::pool::PoolStats;

/// Counters of one catalog.
#[derive(Debug, Default)]
pub struct CatalogCounters {
    /// Searches.
    pub search: KindCounters,
    /// Autocompletes.
    pub autocomplete: KindCounters,
    /// What remote tiers did, and what computing costs.
    pub tiers: Arc<CatalogTiers>,
    /// What was replayed.
    pub warm_up: Replays,
}

impl CatalogCounters {
    /// Those of the catalog `name`.
    pub fn new(name: &str) -> Self {
        Self { tiers: Arc::new(CatalogTiers::new(name)), ..Self::default() }
    }

    /// Counters for questions that no shopper asked. They share what is alive and what is known of costs, and count
    /// the rest where nobody looks.
    pub fn of_our_own(&self) -> Self {
        let beside =
            |kind: &KindCounters| KindCounters { holding: Arc::clone(&kind.holding), ..KindCounters::default() };
        Self {
            search: beside(&self.search),
            autocomplete: beside(&self.autocomplete),
            tiers: Arc::new(self.tiers.of_our_own()),
            warm_up: Replays::default(),
        }
    }

    /// Those of a kind.
    pub fn of(&self, kind: Kind) -> &KindCounters {
        match kind {
            Kind::Search => &self.search,
            Kind::Autocomplete => &self.autocomplete,
        }
    }

    /// The figures now, with those of the `remote` tiers that there are.
    pub fn stats(&self, remote: &[TierName]) -> CatalogStats {
        CatalogStats {
            search: self.search.stats(),
            autocomplete: self.autocomplete.stats(),
            tiers: self.tiers.counters.stats(remote),
            warm_up: self.warm_up.stats(),
        }
    }
}

/// Counters of one kind of question to one catalog.
#[derive(Debug, Default)]
pub struct KindCounters {
    hits: AtomicU64,
    stale: [AtomicU64; StaleReason::ALL.len()],
    misses: [AtomicU64; MissReason::ALL.len()],
    bypasses: AtomicU64,
    collapsed: AtomicU64,
    not_modified: AtomicU64,
    rescued: AtomicU64,
    errors: ErrorCounters,
    computations: Histogram,
    hit_latency: Histogram,
    other_latency: Histogram,
    /// Entries of this kind alive, for [`crate::cache::entry::Entry::new`].
    pub holding: Arc<Holding>,
}

#[derive(Debug, Default)]
struct ErrorCounters {
    refused: AtomicU64,
    overloaded: AtomicU64,
    deadline_exceeded: AtomicU64,
    not_yet_visible: AtomicU64,
    internal: AtomicU64,
}

impl ErrorCounters {
    fn of(&self, error: &AnswerError) -> &AtomicU64 {
        match error {
            AnswerError::InvalidParameter { .. } | AnswerError::InvalidFilter(_) | AnswerError::UnknownField { .. } => {
                &self.refused
            }
            AnswerError::Overloaded => &self.overloaded,
            AnswerError::DeadlineExceeded => &self.deadline_exceeded,
            AnswerError::NotYetVisible(_) => &self.not_yet_visible,
            AnswerError::Internal(_) => &self.internal,
        }
    }
}

impl KindCounters {
    /// Counts what a lookup came to.
    pub fn outcome(&self, outcome: Outcome) {
        match outcome {
            Outcome::Hit => add(&self.hits),
            Outcome::Stale(reason) => add(&self.stale[place(&StaleReason::ALL, &reason)]),
            Outcome::Miss(reason) => add(&self.misses[place(&MissReason::ALL, &reason)]),
            Outcome::Bypass => add(&self.bypasses),
        }
    }

    /// Counts a caller that waited for another's computation.
    pub fn collapsed(&self) {
        add(&self.collapsed);
    }

    /// Counts an answer that the caller had already.
    pub fn not_modified(&self) {
        add(&self.not_modified);
    }

    /// Counts a stale answer in place of one that could not be computed.
    pub fn rescued(&self) {
        add(&self.rescued);
    }

    /// Counts a request without answer.
    pub fn error(&self, error: &AnswerError) {
        add(self.errors.of(error));
    }

    /// Counts a computation and the time that it took on its thread.
    pub fn computation(&self, time: Duration) {
        self.computations.record(time);
    }

    /// Counts the time of a whole answer.
    pub fn latency(&self, outcome: Outcome, time: Duration) {
        match outcome {
            Outcome::Hit => self.hit_latency.record(time),
            Outcome::Stale(_) | Outcome::Miss(_) | Outcome::Bypass => self.other_latency.record(time),
        }
    }

    /// The figures now.
    pub fn stats(&self) -> KindStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let hits = read(&self.hits);
        let by_reason = |names: &[&'static str], counters: &[AtomicU64]| -> BTreeMap<&'static str, u64> {
            names.iter().copied().zip(counters.iter().map(read)).collect()
        };
        let stale = by_reason(&StaleReason::ALL.map(StaleReason::as_str), &self.stale);
        let misses = by_reason(&MissReason::ALL.map(MissReason::as_str), &self.misses);
        let errors = &self.errors;
        KindStats {
            lookups: hits + stale.values().sum::<u64>() + misses.values().sum::<u64>(),
            hits,
            stale,
            misses,
            bypasses: read(&self.bypasses),
            collapsed: read(&self.collapsed),
            not_modified: read(&self.not_modified),
            rescued: read(&self.rescued),
            errors: BTreeMap::from([
                ("refused", read(&errors.refused)),
                ("overloaded", read(&errors.overloaded)),
                ("deadline_exceeded", read(&errors.deadline_exceeded)),
                ("not_yet_visible", read(&errors.not_yet_visible)),
                ("internal", read(&errors.internal)),
            ]),
            entries: self.holding.entries(),
            bytes: self.holding.bytes(),
            computations: self.computations.quantiles(),
            latency_hit: self.hit_latency.quantiles(),
            latency_other: self.other_latency.quantiles(),
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn place<T: PartialEq, const N: usize>(all: &[T; N], one: &T) -> usize {
    // Every reason is in its `ALL`, which a test holds; the first stands in for one that is not.
    all.iter().position(|known| known == one).unwrap_or(0)
}

/// Figures of a whole node.
#[derive(Debug, Clone, Serialize)]
pub struct Stats {
    /// The memory tier, all catalogs together.
    pub memory: Usage,
    /// The remote tiers by name, all catalogs together.
    pub remote: BTreeMap<&'static str, RemoteStats>,
    /// What is on its way to remote tiers.
    pub filling: FillStats,
    /// The threads that compute.
    pub pool: PoolStats,
    /// By catalog; those that were asked at least once, and those that are warmed up.
    pub catalogs: BTreeMap<String, CatalogStats>,
}

/// Figures of one catalog.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogStats {
    /// Searches.
    pub search: KindStats,
    /// Autocompletes.
    pub autocomplete: KindStats,
    /// What each remote tier did.
    pub tiers: BTreeMap<&'static str, TierStats>,
    /// What was replayed.
    pub warm_up: ReplayStats,
}

/// Figures of one kind of question to one catalog, since the start.
#[derive(Debug, Clone, Serialize)]
pub struct KindStats {
    /// Lookups in all tiers together: hits, stale and misses.
    pub lookups: u64,
    /// Lookups that found a fresh entry.
    pub hits: u64,
    /// Lookups that found an entry that was no longer fresh, by reason.
    pub stale: BTreeMap<&'static str, u64>,
    /// Lookups that found nothing, by reason.
    pub misses: BTreeMap<&'static str, u64>,
    /// Requests that asked not to be answered from a tier.
    pub bypasses: u64,
    /// Requests that waited for another's computation.
    pub collapsed: u64,
    /// Answers that the caller had already (304).
    pub not_modified: u64,
    /// Stale answers in place of ones that could not be computed.
    pub rescued: u64,
    /// Requests without answer, by kind of error.
    pub errors: BTreeMap<&'static str, u64>,
    /// Entries alive.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Computations and the time that each took on its thread.
    pub computations: Quantiles,
    /// Time of answers from a tier, until they are handed to HTTP.
    pub latency_hit: Quantiles,
    /// Time of all other answers.
    pub latency_other: Quantiles,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_counted_under_its_own_name() {
        let counters = KindCounters::default();
        let stale = StaleReason::ALL.map(Outcome::Stale);
        let misses = MissReason::ALL.map(Outcome::Miss);
        for outcome in [Outcome::Hit, Outcome::Bypass].into_iter().chain(stale).chain(misses) {
            counters.outcome(outcome);
        }
        let stats = counters.stats();
        assert_eq!((stats.hits, stats.bypasses, stats.lookups), (1, 1, 21));
        assert_eq!(stats.stale, StaleReason::ALL.map(|reason| (reason.as_str(), 1)).into());
        assert_eq!(stats.misses, MissReason::ALL.map(|reason| (reason.as_str(), 1)).into());
    }

    #[test]
    fn every_error_is_counted_under_the_name_that_it_has() {
        let errors = [
            AnswerError::parameter("q", "too long"),
            AnswerError::InvalidFilter("x".into()),
            AnswerError::Overloaded,
            AnswerError::DeadlineExceeded,
            AnswerError::NotYetVisible(7),
            AnswerError::internal(std::io::Error::other("x")),
        ];
        for error in errors {
            let counters = KindCounters::default();
            counters.error(&error);
            assert_eq!(counters.stats().errors.get(error.as_str()), Some(&1), "{error:?}");
        }
    }
}
