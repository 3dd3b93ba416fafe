//! A latency histogram of atomics: recording is one addition, reading is a copy.
//!
//! Buckets grow with the value: each power of two has [`STEPS`] of them, so a quantile is at most an eighth too
//! large. Not for exact reports (the load generator has its own), but for what a node tells about itself.
//!
//! Invariant: a value is counted in exactly one bucket, whatever its size.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

/// Buckets for each power of two.
const STEPS: usize = 8;
/// Shorter times share the first bucket: the clock itself takes a good part of it.
const LEAST_BITS: u32 = 7;
/// Powers of two above the first, up to 2^38 ns, more than four minutes; longer times share the last bucket.
const POWERS: usize = 31;
const BUCKETS: usize = 1 + POWERS * STEPS;

/// Times, counted.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_ns: AtomicU64,
    longest_ns: AtomicU64,
}

/// What the times were like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many.
    pub count: u64,
    /// Their sum in seconds.
    pub sum_seconds: f64,
    /// Half were shorter, in seconds.
    pub p50_seconds: f64,
    /// Nine tenths were shorter.
    pub p90_seconds: f64,
    /// 99 % were shorter.
    pub p99_seconds: f64,
    /// 99.9 % were shorter.
    pub p999_seconds: f64,
    /// The longest.
    pub max_seconds: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            sum_ns: AtomicU64::new(0),
            longest_ns: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Counts a time.
    pub fn record(&self, time: Duration) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(ns)].fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
        // Read first: the longest changes rarely, and a read does not take the cache line from other threads.
        if self.longest_ns.load(Ordering::Relaxed) < ns {
            self.longest_ns.fetch_max(ns, Ordering::Relaxed);
        }
    }

    /// What they were like. Times recorded meanwhile may be in or not.
    pub fn quantiles(&self) -> Quantiles {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let count = counts.iter().sum();
        let longest = self.longest_ns.load(Ordering::Relaxed);
        let quantile = |share: f64| seconds(quantile_ns(&counts, count, share).min(longest));
        Quantiles {
            count,
            sum_seconds: seconds(self.sum_ns.load(Ordering::Relaxed)),
            p50_seconds: quantile(0.5),
            p90_seconds: quantile(0.9),
            p99_seconds: quantile(0.99),
            p999_seconds: quantile(0.999),
            max_seconds: seconds(longest),
        }
    }
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

fn bucket(ns: u64) -> usize {
    let Some(power) = ns.checked_ilog2().and_then(|bits| bits.checked_sub(LEAST_BITS)) else { return 0 };
    // The three bits behind the leading one.
    let step = (ns >> (power + LEAST_BITS - STEPS.ilog2())) as usize % STEPS;
    (1 + power as usize * STEPS + step).min(BUCKETS - 1)
}

/// The first value that is in a later bucket.
fn end_ns(bucket: usize) -> u64 {
    let steps = bucket as u64;
    let (power, step) = (steps / STEPS as u64, steps % STEPS as u64);
    (1 << (power + u64::from(LEAST_BITS))) + (step << (power + u64::from(LEAST_BITS - STEPS.ilog2())))
}

fn quantile_ns(counts: &[u64], count: u64, share: f64) -> u64 {
    let wanted = (count as f64 * share).ceil() as u64;
    let mut seen = 0;
    for (bucket, count) in counts.iter().enumerate() {
        seen += count;
        if seen >= wanted && seen > 0 {
            return end_ns(bucket);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_recorded_is_all_zero() {
        assert_eq!(Histogram::default().quantiles(), Quantiles::default());
    }

    #[test]
    fn quantiles_are_an_eighth_too_large_at_most() {
        let histogram = Histogram::default();
        for us in 1..=10_000 {
            histogram.record(Duration::from_micros(us));
        }
        let found = histogram.quantiles();
        for (found, exact) in [(found.p50_seconds, 5e-3), (found.p90_seconds, 9e-3), (found.p99_seconds, 9.9e-3)] {
            assert!((exact..=exact * 1.125).contains(&found), "{found} for {exact}");
        }
        assert_eq!((found.count, found.max_seconds), (10_000, 0.01));
        assert!((found.sum_seconds - 50.005).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn a_time_lies_in_the_bucket_that_ends_behind_it(ns in prop_oneof![any::<u64>(), 0..1_000_000_u64]) {
            let place = bucket(ns);
            prop_assert!(place < BUCKETS);
            prop_assert!(place == BUCKETS - 1 || ns < end_ns(place));
            prop_assert!(place == 0 || ns >= end_ns(place - 1));
        }
    }
}
