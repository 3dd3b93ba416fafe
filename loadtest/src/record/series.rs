//! What happened second by second.
//!
//! Owns the time series of requests. It refuses to smooth anything.
//!
//! Invariant: a request stands in the second of its intended moment, also when it ends in a later one.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::Ending;
use crate::client::CacheStatus;

/// Longest latency in the series; slower ones count as this.
const MICROSECONDS_MAX: u64 = 60_000_000;
/// Two digits are enough for a plot, and small enough for every second.
const DIGITS: u8 = 2;

#[derive(Debug, Default)]
pub(crate) struct Series {
    pub(crate) seconds: Vec<Second>,
}

impl Series {
    /// The second of a moment.
    pub(crate) fn at(&mut self, at: Duration) -> &mut Second {
        let index = usize::try_from(at.as_secs()).unwrap_or(usize::MAX - 1);
        if index >= self.seconds.len() {
            self.seconds.resize_with(index + 1, Second::default);
        }
        &mut self.seconds[index]
    }
}

#[derive(Debug, Default)]
pub(crate) struct Second {
    pub(crate) planned: u64,
    pub(crate) answered: u64,
    pub(crate) hits: u64,
    pub(crate) shed: u64,
    pub(crate) failed: u64,
    pub(crate) in_flight_max: usize,
    latency: Option<Histogram<u32>>,
}

impl Second {
    pub(super) fn planned(&mut self, in_flight: usize) {
        self.planned += 1;
        self.in_flight_max = self.in_flight_max.max(in_flight);
    }

    pub(super) fn finished(&mut self, ending: Ending, cache: Option<CacheStatus>, latency: Duration) {
        match ending {
            Ending::Answered => {
                self.answered += 1;
                self.hits += u64::from(cache.is_some_and(|cache| cache.tier.is_hit()));
                if self.latency.is_none() {
                    self.latency = Histogram::new_with_bounds(1, MICROSECONDS_MAX, DIGITS).ok();
                }
                if let Some(histogram) = &mut self.latency {
                    let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
                    histogram.saturating_record(microseconds.clamp(1, MICROSECONDS_MAX));
                }
            }
            Ending::Shed => self.shed += 1,
            Ending::Limited | Ending::Status(_) | Ending::Failed(_) => self.failed += 1,
        }
    }

    /// Latency at a quantile of the answered requests; none when there were none.
    pub(crate) fn quantile_us(&self, quantile: f64) -> Option<u64> {
        self.latency.as_ref().filter(|latency| !latency.is_empty()).map(|latency| latency.value_at_quantile(quantile))
    }
}
