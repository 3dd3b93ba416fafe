//! A histogram of durations that many threads may feed at once.
//!
//! The histogram of `prometheus-client` takes a lock for each observation; every request makes one, so this one is
//! made of counters instead. Owns buckets, sum and the estimate of quantiles. Invariant: the bounds never change, so
//! series of different versions can be compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Upper bounds in microseconds: 1-2-5 steps from a memory hit (some 10 µs) to what a person would call hanging.
const BOUNDS_US: [u64; 19] = [
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_000_000, 5_000_000, 10_000_000,
];

/// Counts of durations per bucket. A clone feeds the same counts.
#[derive(Debug, Clone, Default)]
pub struct DurationHistogram {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// One per bound, and one for what is beyond the last.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

impl DurationHistogram {
    /// Counts one duration.
    pub fn observe(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        // The bounds are few and most durations are short, so that a scan beats a binary search.
        let index = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        self.inner.buckets[index].fetch_add(1, Ordering::Relaxed);
        self.inner.sum_ns.fetch_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.inner.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// Upper bound of the bucket that holds the quantile (0 to 1); `None` before the first observation or beyond the
    /// last bound.
    pub fn quantile_at_most(&self, quantile: f64) -> Option<Duration> {
        let wanted = (self.count() as f64 * quantile).ceil().max(1.0) as u64;
        let mut seen = 0;
        let index = self.inner.buckets.iter().position(|bucket| {
            seen += bucket.load(Ordering::Relaxed);
            seen >= wanted
        })?;
        BOUNDS_US.get(index).map(|us| Duration::from_micros(*us))
    }
}

impl EncodeMetric for DurationHistogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        let bounds = BOUNDS_US.iter().map(|us| *us as f64 / 1e6).chain([f64::MAX]);
        let counts = self.inner.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = self.inner.sum_ns.load(Ordering::Relaxed) as f64 / 1e9;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for DurationHistogram {
    const TYPE: MetricType = MetricType::Histogram;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_bounded_by_the_bucket_that_holds_it() {
        let histogram = DurationHistogram::default();
        assert_eq!(histogram.quantile_at_most(0.5), None);
        for us in [5, 15, 15, 15, 900] {
            histogram.observe(Duration::from_micros(us));
        }
        assert_eq!(histogram.quantile_at_most(0.5), Some(Duration::from_micros(20)));
        assert_eq!(histogram.quantile_at_most(0.99), Some(Duration::from_millis(1)));
        histogram.observe(Duration::from_secs(3_600));
        assert_eq!(histogram.quantile_at_most(1.0), None);
        assert_eq!(histogram.count(), 6);
    }
}
