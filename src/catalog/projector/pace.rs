//! When the projector publishes. Pure: `now` is passed in.
//!
//! Publishing costs a commit (12–130 ms on catalogs of 19,000–194,000 products), whatever the number of changes in it,
//! and each snapshot makes cached answers prove themselves again. So changes are gathered for an interval; but the
//! first change after a quiet time is published at once, because nothing is gained by waiting.
//!
//! Behind a bulk import freshness is lost anyway, and every commit delays the rest: then publishing gets a small share
//! of the time, and the end comes sooner.
//!
//! Invariant: two publications begin at least one interval apart, and [`PAUSE_MIN`] lies between the end of one and
//! the beginning of the next.

use std::time::Duration;

use tokio::time::Instant;

/// Longest time for which changes are gathered, however generous the bound: a person who edits a product should see
/// it before wondering.
const INTERVAL_MAX: Duration = Duration::from_millis(400);

/// Share of the freshness bound spent on gathering: half of the bound is for becoming visible, and the commit itself
/// needs the rest of that half.
const BOUND_SHARE: f64 = 0.35;

/// Shortest time between publications, however tight the bound: below it, commits of small segments would take the
/// projector's whole time and leave merging behind.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// The projector is behind when more events than this wait: more than the highest rate that a node is to sustain
/// (5,000 a second) brings in two intervals.
const BEHIND_EVENTS: u64 = 4_000;

/// While behind, pause after a publication, as a multiple of its duration: publishing takes a fifth of the time.
const BEHIND_PAUSE_PER_COMMIT: u32 = 4;

/// Longest such pause: an import of minutes should be seen to progress.
const BEHIND_PAUSE_MAX: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    due_from: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(freshness_bound: Duration) -> Self {
        let interval = freshness_bound.mul_f64(BOUND_SHARE).clamp(PAUSE_MIN, INTERVAL_MAX);
        Self { interval, due_from: None }
    }

    /// Time from `now` until changes that wait may be published.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.due_from.map_or(Duration::ZERO, |due_from| due_from.saturating_duration_since(now))
    }

    /// Notes a publication, after which `waiting` events were still to be applied.
    pub(crate) fn published(&mut self, began: Instant, ended: Instant, waiting: u64) {
        let pause = if waiting > BEHIND_EVENTS {
            ((ended - began) * BEHIND_PAUSE_PER_COMMIT).min(BEHIND_PAUSE_MAX).max(PAUSE_MIN)
        } else {
            PAUSE_MIN
        };
        self.due_from = Some((began + self.interval).max(ended + pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn check(bound: Duration, commit: Duration, waiting: u64, next: Duration) {
        let mut pace = Pace::new(bound);
        let began = Instant::now();
        assert_eq!(pace.wait(began), Duration::ZERO, "the first change is published at once");
        pace.published(began, began + commit, waiting);
        assert_eq!(pace.wait(began), next, "bound {bound:?}, commit {commit:?}, {waiting} waiting");
        assert_eq!(pace.wait(began + next), Duration::ZERO);
    }

    #[test]
    fn publications_keep_the_interval_of_the_bound() {
        check(ms(1_000), ms(20), 0, ms(350));
        check(ms(60_000), ms(20), 0, ms(400));
        check(ms(200), ms(5), 0, ms(70));
        check(ms(0), ms(0), 0, ms(50));
    }

    #[test]
    fn a_slow_commit_is_followed_by_a_pause() {
        check(ms(1_000), ms(340), 0, ms(390));
        check(ms(1_000), ms(2_000), 0, ms(2_050));
    }

    #[test]
    fn behind_a_bulk_import_publishing_takes_a_fifth_of_the_time() {
        check(ms(1_000), ms(200), BEHIND_EVENTS, ms(350));
        check(ms(1_000), ms(200), BEHIND_EVENTS + 1, ms(1_000));
        check(ms(1_000), ms(10), BEHIND_EVENTS + 1, ms(350));
        check(ms(1_000), ms(900), BEHIND_EVENTS + 1, ms(2_900));
    }
}
