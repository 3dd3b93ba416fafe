//! Latencies as an HdrHistogram, and as what of it goes into a result.
//!
//! Owns precision and range. It refuses to average percentiles: distributions are merged, never their figures.
//!
//! Invariant: a latency longer than the range counts as the longest, so that nothing slow is lost.

use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use hdrhistogram::{Counter, Histogram};
use serde::{Deserialize, Serialize};

/// Longest latency that is told apart: a minute is longer than any time limit here.
const MICROSECONDS_MAX: u64 = 60_000_000;
/// Three digits: a thousandth of the value, as is usual.
const DIGITS: u8 = 3;

/// A distribution that is being recorded. It takes no memory until the first value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recording(Option<Histogram<u32>>);

impl Recording {
    pub(crate) fn record(&mut self, latency: Duration) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).clamp(1, MICROSECONDS_MAX);
        if let Some(histogram) = self.histogram() {
            histogram.saturating_record(microseconds);
        }
    }

    fn histogram(&mut self) -> Option<&mut Histogram<u32>> {
        if self.0.is_none() {
            // The bounds are constants that the crate accepts; a test records.
            self.0 = Histogram::new_with_bounds(1, MICROSECONDS_MAX, DIGITS).ok();
        }
        self.0.as_mut()
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(other) = &other.0 {
            match &mut self.0 {
                // Both have the same bounds, so that adding cannot fail.
                Some(histogram) => drop(histogram.add(other)),
                empty @ None => *empty = Some(other.clone()),
            }
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    pub(crate) fn summary(&self) -> Distribution {
        self.0.as_ref().map_or_else(Distribution::default, Distribution::of)
    }
}

/// A distribution in a result: the usual figures, and the whole histogram (HdrHistogram V2, deflated, base64) for
/// whoever wants another.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Distribution {
    pub(crate) count: u64,
    pub(crate) mean_us: f64,
    pub(crate) p50_us: u64,
    pub(crate) p90_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) p999_us: u64,
    pub(crate) max_us: u64,
    pub(crate) histogram: String,
}

impl Distribution {
    pub(crate) fn of<T: Counter>(histogram: &Histogram<T>) -> Self {
        let mut bytes = Vec::new();
        let packed = V2DeflateSerializer::new().serialize(histogram, &mut bytes).is_ok();
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self {
            count: histogram.len(),
            mean_us: histogram.mean(),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: histogram.max(),
            histogram: if packed { STANDARD.encode(bytes) } else { String::new() },
        }
    }

    /// The histogram itself.
    pub(crate) fn unpacked(&self) -> anyhow::Result<Histogram<u64>> {
        let bytes = STANDARD.decode(&self.histogram).context("a histogram is not base64")?;
        Deserializer::new().deserialize(&mut bytes.as_slice()).ok().context("a histogram is not of HdrHistogram's V2")
    }

    /// Points (share of requests that are faster, microseconds) for a plot, dense towards the slow end.
    pub(crate) fn points(&self) -> Vec<(f64, u64)> {
        let Ok(histogram) = self.unpacked() else { return Vec::new() };
        if histogram.is_empty() {
            return Vec::new();
        }
        histogram.iter_quantiles(POINTS_PER_HALVING).map(|step| (step.quantile(), step.value_iterated_to())).collect()
    }
}

/// Points of a plot for each halving of what is left of the requests.
const POINTS_PER_HALVING: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(milliseconds: impl Iterator<Item = u64>) -> Recording {
        let mut recording = Recording::default();
        milliseconds.for_each(|value| recording.record(Duration::from_millis(value)));
        recording
    }

    #[test]
    fn figures_are_those_of_the_values_within_a_thousandth() {
        let summary = recorded(1..=1_000).summary();
        assert_eq!(summary.count, 1_000);
        for (seen, expected) in [
            (summary.p50_us, 500_000),
            (summary.p99_us, 990_000),
            (summary.p999_us, 999_000),
            (summary.max_us, 1_000_000),
        ] {
            assert!(seen.abs_diff(expected) <= expected / 1_000, "{seen}, not {expected}");
        }
    }

    #[test]
    fn merging_is_recording_both() {
        let mut one = recorded(1..=500);
        one.merge(&recorded(501..=1_000));
        assert_eq!(one.summary(), recorded(1..=1_000).summary());
        let mut empty = Recording::default();
        empty.merge(&recorded(1..=3));
        assert_eq!(empty.count(), 3);
    }

    #[test]
    fn nothing_slow_is_lost() {
        let mut recording = Recording::default();
        recording.record(Duration::from_secs(3_600));
        recording.record(Duration::ZERO);
        let summary = recording.summary();
        assert_eq!(summary.count, 2);
        assert!(summary.max_us >= MICROSECONDS_MAX);
    }

    #[test]
    fn a_result_holds_the_whole_histogram() {
        let summary = recorded(1..=1_000).summary();
        assert_eq!(summary.unpacked().unwrap().len(), 1_000);
        let points = summary.points();
        assert!(points.windows(2).all(|two| two[0].0 <= two[1].0 && two[0].1 <= two[1].1));
        assert_eq!(Recording::default().summary().points(), []);
    }
}
