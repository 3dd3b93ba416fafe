//! When requests arrive: rates over the phases of a run, and random arrivals that follow them.
//!
//! Owns the mathematics of arrival times. It refuses to wait: it deals in times, not in clocks.
//!
//! Invariant: arrivals are drawn without looking at the server. A process is drawn at the highest rate of the run and
//! thinned to the rate of the moment, which keeps a Poisson process a Poisson process.

use std::time::Duration;

use rand::{Rng, RngExt as _};

use crate::scenario::{Arrivals, Phase};

/// The rate, the flash share and the phase at any moment.
#[derive(Clone, Debug)]
pub(crate) struct Rates {
    /// End, rate and flash share of each phase.
    phases: Vec<(Duration, f64, f64)>,
}

impl Rates {
    pub(crate) fn new(phases: &[Phase]) -> Self {
        let mut end = Duration::ZERO;
        let phases = phases.iter().map(|phase| {
            end += Duration::from_secs_f64(phase.seconds);
            (end, phase.rate, phase.flash)
        });
        Self { phases: phases.collect() }
    }

    /// The number of the phase at a moment; none after the end.
    pub(crate) fn phase(&self, at: Duration) -> Option<usize> {
        let phase = self.phases.partition_point(|(end, ..)| *end <= at);
        (phase < self.phases.len()).then_some(phase)
    }

    /// Requests a second at a moment; 0 after the end.
    pub(crate) fn rate(&self, at: Duration) -> f64 {
        self.phase(at).map_or(0.0, |phase| self.phases[phase].1)
    }

    pub(crate) fn flash(&self, at: Duration) -> f64 {
        self.phase(at).map_or(0.0, |phase| self.phases[phase].2)
    }

    pub(crate) fn highest(&self) -> f64 {
        self.phases.iter().map(|(_, rate, _)| *rate).fold(0.0, f64::max)
    }

    pub(crate) fn end(&self) -> Duration {
        self.phases.last().map_or(Duration::ZERO, |(end, ..)| *end)
    }
}

/// An exponentially distributed time with this mean.
pub(crate) fn exponential(mean_seconds: f64, random: &mut impl Rng) -> f64 {
    // 1 − u is above zero, so that the logarithm is finite.
    -(1.0 - random.random::<f64>()).ln() * mean_seconds
}

/// A log-normally distributed value with this median.
pub(crate) fn log_normal(median: f64, sigma: f64, random: &mut impl Rng) -> f64 {
    // Box and Muller's transform.
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * random.random::<f64>()).cos();
    median * (sigma * normal).exp()
}

/// Arrival times that follow the rates of a run.
#[derive(Debug)]
pub(crate) struct Process {
    rates: Rates,
    bursts: Option<Bursts>,
    /// Candidates a second: never less than the rate of any moment.
    candidates: f64,
    at: f64,
}

/// A two-state process: bursts and calm times of random length.
#[derive(Debug)]
struct Bursts {
    factor: f64,
    calm_factor: f64,
    burst_seconds: f64,
    calm_seconds: f64,
    bursting: bool,
    until: f64,
}

impl Bursts {
    fn factor_at(&mut self, at: f64, random: &mut impl Rng) -> f64 {
        while self.until <= at {
            self.bursting = !self.bursting;
            let mean = if self.bursting { self.burst_seconds } else { self.calm_seconds };
            self.until += exponential(mean, random);
        }
        if self.bursting { self.factor } else { self.calm_factor }
    }
}

impl Process {
    pub(crate) fn new(arrivals: Arrivals, rates: Rates) -> Self {
        let bursts = match arrivals {
            Arrivals::Poisson => None,
            Arrivals::Bursts { factor, burst_ms, calm_ms } => Some(Bursts {
                factor,
                // What is left for the calm times, so that the mean over both is the rate.
                calm_factor: ((burst_ms + calm_ms - factor * burst_ms) / calm_ms).max(0.0),
                burst_seconds: burst_ms / 1e3,
                calm_seconds: calm_ms / 1e3,
                bursting: false,
                until: 0.0,
            }),
        };
        let candidates = rates.highest() * bursts.as_ref().map_or(1.0, |bursts| bursts.factor);
        Self { rates, bursts, candidates, at: 0.0 }
    }

    /// The next arrival; none after the end of the run.
    pub(crate) fn next(&mut self, random: &mut impl Rng) -> Option<Duration> {
        if self.candidates <= 0.0 {
            return None;
        }
        loop {
            self.at += exponential(1.0 / self.candidates, random);
            let at = Duration::from_secs_f64(self.at);
            if at >= self.rates.end() {
                return None;
            }
            let factor = self.bursts.as_mut().map_or(1.0, |bursts| bursts.factor_at(self.at, random));
            if random.random::<f64>() * self.candidates < self.rates.rate(at) * factor {
                return Some(at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn phase(seconds: f64, rate: f64) -> Phase {
        Phase::new("p", seconds, rate, true)
    }

    fn drawn(arrivals: Arrivals, phases: &[Phase]) -> Vec<f64> {
        let mut process = Process::new(arrivals, Rates::new(phases));
        let mut random = ChaCha8Rng::seed_from_u64(2);
        std::iter::from_fn(|| process.next(&mut random)).map(|at| at.as_secs_f64()).collect()
    }

    #[test]
    fn arrivals_follow_the_rate_of_each_phase() {
        let times = drawn(Arrivals::Poisson, &[phase(10.0, 1_000.0), phase(10.0, 4_000.0), phase(10.0, 0.0)]);
        let first = times.iter().filter(|at| **at < 10.0).count();
        let second = times.len() - first;
        // Six standard deviations.
        assert!(first.abs_diff(10_000) < 600, "{first}");
        assert!(second.abs_diff(40_000) < 1_200, "{second}");
        assert!(times.windows(2).all(|two| two[0] <= two[1]) && times.iter().all(|at| *at < 20.0));
    }

    #[test]
    fn times_between_poisson_arrivals_vary_as_much_as_their_mean() {
        let times = drawn(Arrivals::Poisson, &[phase(20.0, 1_000.0)]);
        let gaps: Vec<f64> = times.windows(2).map(|two| two[1] - two[0]).collect();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / count;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count).sqrt();
        assert!((deviation / mean - 1.0).abs() < 0.05, "{}", deviation / mean);
    }

    #[test]
    fn bursts_keep_the_mean_rate() {
        let bursts = Arrivals::Bursts { factor: 5.0, burst_ms: 100.0, calm_ms: 900.0 };
        let times = drawn(bursts, &[phase(200.0, 100.0)]);
        assert!(times.len().abs_diff(20_000) < 2_000, "{}", times.len());
        // In bursts some tenth of a second holds far more than ten times the spread of a Poisson process would allow.
        let mut tenths = vec![0; 2_000];
        for at in times {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 2,000")]
            let tenth = (at * 10.0) as usize;
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().max() > Some(&35));
    }

    #[test]
    fn the_same_seed_gives_the_same_arrivals() {
        let phases = [phase(1.0, 500.0)];
        assert_eq!(drawn(Arrivals::Poisson, &phases), drawn(Arrivals::Poisson, &phases));
    }

    #[test]
    fn a_moment_belongs_to_one_phase() {
        let rates = Rates::new(&[phase(1.0, 5.0), phase(1.0, 7.0)]);
        for (milliseconds, expected) in
            [(0, Some(0)), (999, Some(0)), (1_000, Some(1)), (1_999, Some(1)), (2_000, None)]
        {
            assert_eq!(rates.phase(Duration::from_millis(milliseconds)), expected);
        }
        assert_eq!(rates.rate(Duration::from_secs(2)), 0.0);
    }
}
