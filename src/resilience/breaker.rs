//! A circuit breaker: stops asking a server that does not answer, and finds out when it does again.
//!
//! A state machine without clock, randomness or lock: the caller brings `now` and a random number, and guards it.
//!
//! | phase | lets through | becomes |
//! | --- | --- | --- |
//! | closed | every call | open, when at least half of at least [`CALLS_MIN`] calls of the last [`WINDOW`] failed, or [`FAILURES_IN_A_ROW_MAX`] in a row |
//! | open | none | half-open, with the first call after the probe interval |
//! | half-open | that one call, the *probe* | closed when it succeeds; open again, with a longer interval, when it fails |
//!
//! A call takes a [`Pass`] and reports with it. A pass belongs to the round in which it was given: an answer that comes
//! after the breaker has opened, good or bad, says nothing about the server now and is ignored. A probe whose caller
//! vanished is given up after [`PROBE_LOST_AFTER`].
//!
//! Invariants: between closed and closed at most one call runs at a time; the interval is jittered, so that a fleet does
//! not come back as one.

use std::time::Duration;

use tokio::time::Instant;

/// How far back failures count. Two seconds: short enough to see that a server is gone, long enough to forgive a pause.
pub const WINDOW: Duration = Duration::from_secs(2);
/// Parts of the window that are forgotten at once.
const SLOTS: u64 = 10;
/// Fewer calls than this say little about a share.
pub const CALLS_MIN: u32 = 20;
/// A server that has not answered so many calls in a row is not asked twenty times: a quiet node opens too.
pub const FAILURES_IN_A_ROW_MAX: u32 = 5;
/// Time from opening to the first probe: what a server takes at least to come back, and little to go without it.
pub const PROBE_INTERVAL: Duration = Duration::from_millis(250);
/// The interval doubles with each failed probe up to this: a server that is back is used again within a good second.
pub const PROBE_INTERVAL_MAX: Duration = Duration::from_secs(1);
/// An interval is up to this share longer or shorter.
pub const PROBE_JITTER: f64 = 0.25;
/// A probe that has not reported by now never will: its caller was dropped.
pub const PROBE_LOST_AFTER: Duration = Duration::from_secs(1);

/// What a breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Lets them through.
    Closed,
    /// Refuses them.
    Open,
    /// Has let one through to see.
    HalfOpen,
}

impl Phase {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The right to make one call. To be reported with; one that is dropped counts for nothing.
#[derive(Debug)]
#[must_use]
pub struct Pass {
    round: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Breaker {
    state: State,
    /// Raised whenever what earlier calls say has become meaningless.
    round: u64,
    epoch: Instant,
    window: [Slot; SLOTS as usize],
    in_a_row: u32,
    openings: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    Open { until: Instant, interval: Duration },
    HalfOpen { since: Instant, interval: Duration },
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    number: u64,
    calls: u32,
    failures: u32,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(now: Instant) -> Self {
        let window = [Slot::default(); SLOTS as usize];
        Self { state: State::Closed, round: 0, epoch: now, window, in_a_row: 0, openings: 0 }
    }

    /// What it does with calls.
    pub fn phase(&self) -> Phase {
        match self.state {
            State::Closed => Phase::Closed,
            State::Open { .. } => Phase::Open,
            State::HalfOpen { .. } => Phase::HalfOpen,
        }
    }

    /// How often it has opened; a probe that failed does not count again.
    pub fn openings(&self) -> u64 {
        self.openings
    }

    /// Lets a call through, or refuses it.
    pub fn enter(&mut self, now: Instant) -> Option<Pass> {
        match self.state {
            State::Closed => {}
            State::Open { until, interval } if now >= until => self.probe(now, interval),
            State::HalfOpen { since, interval } if now >= since + PROBE_LOST_AFTER => self.probe(now, interval),
            State::Open { .. } | State::HalfOpen { .. } => return None,
        }
        Some(Pass { round: self.round })
    }

    /// Takes note of how a call went. `random` is in [0, 1).
    #[expect(clippy::needless_pass_by_value, reason = "a pass is spent with its report")]
    pub fn report(&mut self, pass: Pass, succeeded: bool, now: Instant, random: f64) {
        if pass.round != self.round {
            return;
        }
        match self.state {
            State::Closed => {
                self.count(succeeded, now);
                if self.is_over() {
                    self.openings += 1;
                    self.open(PROBE_INTERVAL, now, random);
                }
            }
            State::HalfOpen { .. } if succeeded => self.close(),
            State::HalfOpen { interval, .. } => self.open((interval * 2).min(PROBE_INTERVAL_MAX), now, random),
            // A round that is open has given no pass.
            State::Open { .. } => {}
        }
    }

    fn probe(&mut self, now: Instant, interval: Duration) {
        self.round += 1;
        self.state = State::HalfOpen { since: now, interval };
    }

    fn open(&mut self, interval: Duration, now: Instant, random: f64) {
        self.round += 1;
        let jittered = interval.mul_f64(1.0 + PROBE_JITTER * (2.0 * random - 1.0));
        self.state = State::Open { until: now + jittered, interval };
    }

    fn close(&mut self) {
        self.round += 1;
        self.state = State::Closed;
        self.window = [Slot::default(); SLOTS as usize];
        self.in_a_row = 0;
    }

    fn count(&mut self, succeeded: bool, now: Instant) {
        let number = self.slot_number(now);
        let slot = &mut self.window[(number % SLOTS) as usize];
        if slot.number != number {
            *slot = Slot { number, ..Slot::default() };
        }
        slot.calls = slot.calls.saturating_add(1);
        slot.failures = slot.failures.saturating_add(u32::from(!succeeded));
        self.in_a_row = if succeeded { 0 } else { self.in_a_row.saturating_add(1) };
        // What has slid out must not count, also if nothing takes its place.
        for slot in &mut self.window {
            if slot.number + SLOTS <= number {
                *slot = Slot::default();
            }
        }
    }

    fn is_over(&self) -> bool {
        let calls = self.window.iter().fold(0_u32, |sum, slot| sum.saturating_add(slot.calls));
        let failures = self.window.iter().fold(0_u32, |sum, slot| sum.saturating_add(slot.failures));
        self.in_a_row >= FAILURES_IN_A_ROW_MAX || (calls >= CALLS_MIN && failures >= calls - failures)
    }

    /// Time in parts of the window, since the breaker was made.
    fn slot_number(&self, now: Instant) -> u64 {
        let part = WINDOW.as_millis() / u128::from(SLOTS);
        u64::try_from(now.saturating_duration_since(self.epoch).as_millis() / part).unwrap_or(u64::MAX - SLOTS)
    }
}

#[cfg(test)]
mod tests;
