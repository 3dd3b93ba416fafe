//! The slow-query log: which computations took long, and whether they waited, computed or starved.
//!
//! A line has the time that a query waited for a thread, the time that it ran, and how much of that the thread had a
//! processor: a query that ran 80 ms on 2 ms of processor was not dear, the machine was busy. It is off unless a
//! threshold is configured, because a line shows the whole query, which a shopper wrote.
//!
//! Owns the threshold and the limit on lines. Invariant: what is not written is counted and told with the next line.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Lines in a second. A server that is slow with everything must not become slower by telling so; twenty show what
/// kind of query it is.
const LINES_PER_SECOND_MAX: u32 = 20;

/// The log. Any number of threads may use it at once.
#[derive(Debug)]
pub struct SlowQueries {
    threshold: Option<Duration>,
    second: Mutex<Second>,
}

/// Lines of the current second.
#[derive(Debug, Default)]
struct Second {
    began: Option<Instant>,
    written: u32,
    left_out: u64,
}

/// A query that was asked for, until a thread takes it up.
#[derive(Debug, Clone, Copy)]
pub struct Asked(Option<Instant>);

/// A query that runs.
#[derive(Debug)]
pub struct Running {
    waited: Duration,
    began: Instant,
    processor: Duration,
}

impl SlowQueries {
    /// A log of what takes longer than `threshold` from asking to answer; zero turns it off.
    pub fn new(threshold: Duration) -> Self {
        Self { threshold: (!threshold.is_zero()).then_some(threshold), second: Mutex::default() }
    }

    /// A query is asked for now.
    pub fn asked(&self) -> Asked {
        Asked(self.threshold.map(|_| Instant::now()))
    }

    /// A query is done; `key` is the whole question. Writes a line if it was slow.
    pub fn done(&self, running: Option<Running>, catalog: &str, key: &str, outcome: &'static str) {
        let (Some(threshold), Some(running)) = (self.threshold, running) else { return };
        let ran = running.began.elapsed();
        if running.waited + ran < threshold {
            return;
        }
        let Some(left_out) = self.allowed(Instant::now()) else { return };
        tracing::warn!(
            catalog,
            query.key = key,
            query.outcome = outcome,
            waited_ms = milliseconds(running.waited),
            ran_ms = milliseconds(ran),
            processor_ms = milliseconds(processor_time().saturating_sub(running.processor)),
            left_out,
            "a slow query"
        );
    }

    /// Whether a line may be written now, and how many were left out before it.
    fn allowed(&self, now: Instant) -> Option<u64> {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if second.began.is_none_or(|began| now.duration_since(began) >= Duration::from_secs(1)) {
            second.began = Some(now);
            second.written = 0;
        }
        if second.written == LINES_PER_SECOND_MAX {
            second.left_out += 1;
            return None;
        }
        second.written += 1;
        Some(std::mem::take(&mut second.left_out))
    }
}

impl Asked {
    /// A thread takes it up now. To be called on that thread.
    pub fn taken_up(self) -> Option<Running> {
        let asked = self.0?;
        let began = Instant::now();
        Some(Running { waited: began - asked, began, processor: processor_time() })
    }
}

/// Microseconds are noise here.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 10.0
}

/// Time that this thread has had a processor.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lines_beyond_the_limit_are_counted_and_told_with_the_next_one() {
        let log = SlowQueries::new(Duration::from_millis(1));
        let now = Instant::now();
        let lines = (0..LINES_PER_SECOND_MAX + 3).filter_map(|_| log.allowed(now)).collect::<Vec<_>>();
        assert_eq!(lines, vec![0; LINES_PER_SECOND_MAX as usize]);
        assert_eq!(log.allowed(now + Duration::from_millis(999)), None);
        assert_eq!(log.allowed(now + Duration::from_secs(1)), Some(4));
        assert_eq!(log.allowed(now + Duration::from_secs(1)), Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_and_running_are_told_apart_and_nothing_is_measured_when_off() {
        assert!(SlowQueries::new(Duration::ZERO).asked().taken_up().is_none());
        let asked = SlowQueries::new(Duration::from_millis(1)).asked();
        tokio::time::advance(Duration::from_millis(7)).await;
        let running = asked.taken_up().expect("it is on");
        assert_eq!(running.waited, Duration::from_millis(7));
    }
}
