//! What a server's answers take, and how long to wait for the next one.
//!
//! The estimate of TCP's retransmission timer (RFC 6298): a smoothed mean and a smoothed deviation, from which the
//! deadline follows: generous to a server that is slow but steady, strict with one that is fast. Time is measured by the
//! caller.
//!
//! Invariant: the deadline lies within the bounds that it is asked for, whatever was recorded.

use std::time::Duration;

/// Share of a sample in the mean (RFC 6298: alpha).
const MEAN_GAIN: f64 = 1.0 / 8.0;
/// Share of a sample in the deviation (RFC 6298: beta).
const DEVIATION_GAIN: f64 = 1.0 / 4.0;
/// Deviations above the mean that are waited for (RFC 6298: K).
const DEVIATIONS: f64 = 4.0;

/// The estimate for one server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Latency {
    /// Seconds, mean and deviation; `None` before the first sample.
    estimate: Option<(f64, f64)>,
}

impl Latency {
    /// Takes a sample. A call that was given up is a sample too, of the time after which it was: so the deadline grows
    /// with a server that becomes slower than it.
    pub fn record(&mut self, sample: Duration) {
        let sample = sample.as_secs_f64();
        self.estimate = Some(match self.estimate {
            None => (sample, sample / 2.0),
            Some((mean, deviation)) => {
                let off = (sample - mean).abs();
                (mean + MEAN_GAIN * (sample - mean), deviation + DEVIATION_GAIN * (off - deviation))
            }
        });
    }

    /// The smoothed mean, once there is one.
    pub fn mean(&self) -> Option<Duration> {
        self.estimate.and_then(|(mean, _)| Duration::try_from_secs_f64(mean).ok())
    }

    /// How long to wait for the next answer: the longest before anything is known.
    pub fn deadline(&self, least: Duration, most: Duration) -> Duration {
        let wait = self.estimate.map(|(mean, deviation)| mean + DEVIATIONS * deviation);
        let wait = wait.and_then(|wait| Duration::try_from_secs_f64(wait).ok()).unwrap_or(most);
        wait.max(least).min(most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LEAST: Duration = Duration::from_millis(1);
    const MOST: Duration = Duration::from_millis(5);

    fn after(samples_us: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        samples_us.into_iter().for_each(|us| latency.record(Duration::from_micros(us)));
        latency
    }

    #[test]
    fn an_unknown_server_is_given_the_longest_a_fast_one_the_least() {
        assert_eq!(Latency::default().deadline(LEAST, MOST), MOST);
        assert_eq!(Latency::default().mean(), None);
        let fast = after([90; 100]);
        assert_eq!(fast.deadline(LEAST, MOST), LEAST);
        assert!(fast.mean().is_some_and(|mean| mean.abs_diff(Duration::from_micros(90)) < Duration::from_micros(1)));
    }

    #[test]
    fn the_deadline_follows_a_server_that_becomes_slow_or_uneven() {
        let slow = after([2_500; 100]).deadline(LEAST, MOST);
        assert!(slow >= Duration::from_micros(2_500) && slow < Duration::from_micros(2_600), "{slow:?}");
        let uneven = after((0..100).map(|n| if n % 2 == 0 { 100 } else { 900 })).deadline(LEAST, MOST);
        assert!(uneven > Duration::from_micros(1_800), "{uneven:?}");
        let frozen = after((0..100).map(|n| if n < 50 { 90 } else { 1_000 }));
        assert!(frozen.deadline(LEAST, MOST) > LEAST || frozen.mean() > Some(Duration::from_micros(900)));
    }

    proptest! {
        #[test]
        fn the_deadline_stays_within_its_bounds(samples in prop::collection::vec(any::<u64>(), 0..50)) {
            let mut latency = Latency::default();
            for ns in samples {
                latency.record(Duration::from_nanos(ns));
                prop_assert!((LEAST..=MOST).contains(&latency.deadline(LEAST, MOST)));
            }
        }
    }
}
