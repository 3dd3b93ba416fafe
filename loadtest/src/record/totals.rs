//! Sums over a phase or a run: latencies by kind and tier, hit rates, failures.
//!
//! Owns what is added up. It refuses to turn it into text.
//!
//! Invariant: totals of two phases can be merged, and the merged ones are those of both together.

use std::collections::BTreeMap;
use std::time::Duration;

use super::distribution::Recording;
use super::{Asked, Ending};
use crate::client::{CacheStatus, Tier};
use crate::traffic::Kind;

/// Prefixes longer than this are counted with it: few are.
pub(crate) const PREFIX_CHARACTERS_MAX: usize = 24;

/// Answers of one kind, or of one prefix length.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Hits {
    pub(crate) answers: u64,
    pub(crate) hits: u64,
    /// Asked for the first time in the run.
    pub(crate) firsts: u64,
    /// Of these, hits: another spelling was known.
    pub(crate) first_hits: u64,
    /// An entry existed and was no longer valid.
    pub(crate) outdated: u64,
}

impl Hits {
    fn count(&mut self, asked: Asked, cache: CacheStatus) {
        let hit = u64::from(cache.tier.is_hit());
        self.answers += 1;
        self.hits += hit;
        self.firsts += u64::from(asked.first);
        self.first_hits += u64::from(asked.first) & hit;
        self.outdated += u64::from(cache.was_stale);
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.hits += other.hits;
        self.firsts += other.firsts;
        self.first_hits += other.first_hits;
        self.outdated += other.outdated;
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) planned: u64,
    /// Latencies of answered requests.
    pub(crate) cells: BTreeMap<(Kind, Tier), Recording>,
    /// Latencies of answers that said 503.
    pub(crate) shed: Recording,
    pub(crate) failures: BTreeMap<String, u64>,
    pub(crate) hits: BTreeMap<Kind, Hits>,
    /// Of autocomplete requests, by the length of the prefix.
    pub(crate) prefixes: BTreeMap<usize, Hits>,
}

impl Totals {
    pub(super) fn finished(&mut self, asked: Asked, ending: Ending, cache: Option<CacheStatus>, latency: Duration) {
        match (ending, cache) {
            (Ending::Answered, Some(cache)) => {
                self.cells.entry((asked.kind, cache.tier)).or_default().record(latency);
                self.hits.entry(asked.kind).or_default().count(asked, cache);
                if asked.kind == Kind::Autocomplete {
                    let length = asked.prefix_characters.min(PREFIX_CHARACTERS_MAX);
                    self.prefixes.entry(length).or_default().count(asked, cache);
                }
            }
            (Ending::Shed, _) => self.shed.record(latency),
            (Ending::Answered | Ending::Limited | Ending::Status(_) | Ending::Failed(_), _) => {
                *self.failures.entry(ending.text()).or_insert(0) += 1;
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.planned += other.planned;
        for (cell, recording) in &other.cells {
            self.cells.entry(*cell).or_default().merge(recording);
        }
        self.shed.merge(&other.shed);
        for (text, count) in &other.failures {
            *self.failures.entry(text.clone()).or_insert(0) += count;
        }
        for (kind, hits) in &other.hits {
            self.hits.entry(*kind).or_default().add(*hits);
        }
        for (length, hits) in &other.prefixes {
            self.prefixes.entry(*length).or_default().add(*hits);
        }
    }

    /// Latencies of the answers that a choice of kinds and tiers covers.
    pub(crate) fn latency(&self, chosen: impl Fn(Kind, Tier) -> bool) -> Recording {
        let mut all = Recording::default();
        for ((kind, tier), recording) in &self.cells {
            if chosen(*kind, *tier) {
                all.merge(recording);
            }
        }
        all
    }

    pub(crate) fn answered(&self) -> u64 {
        self.cells.values().map(Recording::count).sum()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// Hits of several kinds together.
    pub(crate) fn hits(&self, chosen: impl Fn(Kind) -> bool) -> Hits {
        let mut all = Hits::default();
        for (kind, hits) in &self.hits {
            if chosen(*kind) {
                all.add(*hits);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(kind: Kind, first: bool, prefix_characters: usize) -> Asked {
        Asked { at: Duration::ZERO, phase: 0, kind, prefix_characters, first, key: 0 }
    }

    fn totals(answers: &[(Kind, bool, Tier)]) -> Totals {
        let mut totals = Totals::default();
        for (kind, first, tier) in answers {
            totals.planned += 1;
            let cache = CacheStatus { tier: *tier, was_stale: false };
            totals.finished(asked(*kind, *first, 40), Ending::Answered, Some(cache), Duration::from_millis(1));
        }
        totals
    }

    #[test]
    fn hits_and_first_requests_are_told_apart() {
        let totals = totals(&[
            (Kind::FirstPage, true, Tier::Index),
            (Kind::FirstPage, false, Tier::Memory),
            (Kind::FirstPage, true, Tier::Memory),
            (Kind::FirstPage, false, Tier::Collapsed),
            (Kind::Autocomplete, false, Tier::Redis),
        ]);
        let expected = Hits { answers: 4, hits: 2, firsts: 2, first_hits: 1, outdated: 0 };
        assert_eq!(totals.hits[&Kind::FirstPage], expected);
        assert_eq!(totals.hits(|_| true).hits, 3);
        assert_eq!(totals.prefixes.keys().collect::<Vec<_>>(), [&PREFIX_CHARACTERS_MAX]);
    }

    #[test]
    fn merged_totals_are_those_of_both() {
        let (one, two) = ([(Kind::FirstPage, true, Tier::Index)], [(Kind::Other, false, Tier::Memory)]);
        let mut merged = totals(&one);
        merged.merge(&totals(&two));
        let both = totals(&[one, two].concat());
        assert_eq!((merged.planned, merged.answered(), &merged.hits), (both.planned, both.answered(), &both.hits));
    }
}
