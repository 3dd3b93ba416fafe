//! How many queries may wait: no more than can be begun soon enough to be of use.
//!
//! By Little's law whoever joins a queue of `n` before `t` threads waits about `n / t` times what one query takes. So the
//! limit is the longest wait that is of use, times the threads, by the time that queries take now. It follows the
//! machine: when other programs, larger pages or dearer filters make queries slower, fewer may wait, and the wait
//! stays what it was. A limit found by trying instead (additive increase, multiplicative decrease) would have to
//! cause the waits that it is to prevent, and would take seconds to find back.
//!
//! A pure state machine; the pool measures. Invariant: at least [`PLACES_MIN`] may wait, whatever was measured.

use std::time::Duration;

/// Weight of one query in the mean: the mean follows a change within some hundred queries, a tenth of a second under
/// load, and one query of 100 ms among thousands of 0.5 ms moves it by 0.4 ms only.
const WEIGHT: f64 = 1.0 / 256.0;
/// So many may always wait: a page of a browser asks for a search and some suggestions at once.
pub const PLACES_MIN: usize = 8;

/// See the module.
#[derive(Debug)]
pub struct Limiter {
    threads: usize,
    /// Mean time that a query takes, in seconds; zero until one was measured.
    mean: f64,
}

impl Limiter {
    /// A limiter of a queue before so many threads.
    pub fn new(threads: usize) -> Self {
        Self { threads, mean: 0.0 }
    }

    /// A query took so long, from its thread's taking it up to its end.
    pub fn took(&mut self, time: Duration) {
        let time = time.as_secs_f64();
        self.mean = if self.mean == 0.0 { time } else { self.mean + WEIGHT * (time - self.mean) };
    }

    /// How many may wait for the last of them to be begun within `wait`.
    pub fn places(&self, wait: Duration) -> usize {
        if self.mean == 0.0 {
            return usize::MAX;
        }
        // A float that is too large for a `usize` becomes the largest one.
        let places = (wait.as_secs_f64() * self.threads as f64 / self.mean) as usize;
        places.max(PLACES_MIN)
    }

    /// Mean time that a query takes.
    pub fn mean(&self) -> Duration {
        Duration::try_from_secs_f64(self.mean).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(30);

    fn after(times: impl IntoIterator<Item = Duration>) -> Limiter {
        let mut limiter = Limiter::new(2);
        times.into_iter().for_each(|time| limiter.took(time));
        limiter
    }

    #[test]
    fn as_many_may_wait_as_two_threads_begin_within_the_wait() {
        assert_eq!(after([]).places(WAIT), usize::MAX, "nothing is known yet");
        assert_eq!(after([Duration::from_micros(500); 10]).places(WAIT), 120);
        assert_eq!(after([Duration::from_millis(3); 10]).places(WAIT), 20);
        assert_eq!(after([Duration::from_secs(3); 10]).places(WAIT), PLACES_MIN);
        assert_eq!(after([Duration::ZERO; 10]).places(WAIT), usize::MAX);
    }

    #[test]
    fn it_follows_what_queries_take_and_forgives_a_single_slow_one() {
        let quick = || std::iter::repeat_n(Duration::from_micros(500), 1_000);
        let mut limiter = after(quick().chain([Duration::from_millis(100)]));
        assert!((60..120).contains(&limiter.places(WAIT)), "{limiter:?}");
        (0..1_000).for_each(|_| limiter.took(Duration::from_millis(5)));
        assert!((11..=13).contains(&limiter.places(WAIT)), "{limiter:?}");
        quick().for_each(|time| limiter.took(time));
        assert!(limiter.places(WAIT) > 100, "{limiter:?}");
    }
}
