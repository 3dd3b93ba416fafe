//! Which values of a scenario are shares, and which must be above zero.
//!
//! Owns the two lists. It refuses to report problems: that is its parent's.
//!
//! Invariant: each value stands beside the key under which it is written.

use super::Scenario;

impl Scenario {
    /// Values that are shares, with their keys.
    pub(super) fn shares(&self) -> [(&'static str, f64); 9] {
        [
            ("goal.failures", self.goal.failures),
            ("traffic.typos", self.traffic.typos),
            ("traffic.hostile", self.traffic.hostile),
            ("traffic.ends_on_suggestion", self.traffic.ends_on_suggestion),
            ("traffic.second_page", self.traffic.second_page),
            ("traffic.refine", self.traffic.refine),
            ("traffic.autocomplete", self.traffic.autocomplete),
            ("popularity.fresh", self.popularity.fresh),
            ("popularity.churn_per_minute", self.popularity.churn_per_minute),
        ]
    }

    /// Values that must be above zero, with their keys.
    #[expect(clippy::cast_precision_loss, reason = "only the sign is looked at")]
    pub(super) fn positive(&self) -> Vec<(&'static str, f64)> {
        let mut values = vec![
            ("goal.mean_ms", self.goal.mean_ms),
            ("goal.p99_ms", self.goal.p99_ms),
            ("traffic.session_searches", self.traffic.session_searches),
            ("traffic.think_seconds", self.traffic.think_seconds),
            ("popularity.exponent", self.popularity.exponent),
            ("popularity.distinct", self.popularity.distinct as f64),
            ("queries.sample", self.queries.sample as f64),
            ("changes.content_batch", self.changes.content_batch as f64),
            ("changes.live_batch", self.changes.live_batch as f64),
            ("changes.in_flight_max", self.changes.in_flight_max as f64),
            ("probe.poll_ms", self.probe.poll_ms as f64),
        ];
        if let Some(sweep) = &self.sweep {
            values.push(("sweep.seconds", sweep.seconds));
            values.push(("sweep.precision", sweep.precision));
        }
        values
    }
}
