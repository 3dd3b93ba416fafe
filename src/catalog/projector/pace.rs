//! When the projector publishes. Pure: `now` is passed in.
//!
//! Publishing costs a commit (12–130 ms on catalogs of 19,000–194,000 products), whatever the number of changes in it,
//! and each snapshot makes cached answers prove themselves again. So changes are gathered for an interval; but the
//! first change after a quiet time is published at once, because nothing is gained by waiting.
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

    /// Notes a publication.
    pub(crate) fn published(&mut self, began: Instant, ended: Instant) {
        self.due_from = Some((began + self.interval).max(ended + PAUSE_MIN));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn check(bound: Duration, commit: Duration, next: Duration) {
        let mut pace = Pace::new(bound);
        let began = Instant::now();
        assert_eq!(pace.wait(began), Duration::ZERO, "the first change is published at once");
        pace.published(began, began + commit);
        assert_eq!(pace.wait(began), next, "bound {bound:?}, commit {commit:?}");
        assert_eq!(pace.wait(began + next), Duration::ZERO);
    }

    #[test]
    fn publications_keep_the_interval_of_the_bound() {
        check(ms(1_000), ms(20), ms(350));
        check(ms(60_000), ms(20), ms(400));
        check(ms(200), ms(5), ms(70));
        check(ms(0), ms(0), ms(50));
    }

    #[test]
    fn a_slow_commit_is_followed_by_a_pause() {
        check(ms(1_000), ms(340), ms(390));
        check(ms(1_000), ms(2_000), ms(2_050));
    }
}
