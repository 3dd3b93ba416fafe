//! From recordings to results.
//!
//! Owns the arithmetic between the two. It refuses to round: that is a matter of showing.
//!
//! Invariant: the total of a run is made of its counted phases and of nothing else.

pub(crate) mod faults;

use std::time::Duration;

use super::{Cell, FreshnessResult, HitRate, KindHits, Measured, PrefixHits, SecondResult, StreamResult, TierLatency};
use crate::changes::Written;
use crate::client::Tier;
use crate::probe::Seen;
use crate::record::series::Second;
use crate::record::totals::{Hits, Totals};
use crate::scenario::Phase;
use crate::server::usage::Samples;
use crate::traffic::Kind;

impl From<Hits> for HitRate {
    fn from(hits: Hits) -> Self {
        Self {
            answers: hits.answers,
            hits: hits.hits,
            first_asked: hits.firsts,
            first_asked_hits: hits.first_hits,
            outdated: hits.outdated,
        }
    }
}

/// What a phase, or several together, came to.
pub(crate) fn measured(name: &str, seconds: f64, rate: f64, counted: bool, totals: &Totals) -> Measured {
    let answered = totals.answered();
    let is_search_first = |kind| matches!(kind, Kind::FirstPage | Kind::FirstPagePriced);
    let mut tiers: Vec<Tier> = totals.cells.keys().map(|(_, tier)| *tier).collect();
    tiers.sort_unstable();
    tiers.dedup();
    let by_tier =
        tiers.into_iter().map(|tier| TierLatency { tier, latency: totals.latency(|_, other| other == tier).summary() });
    let cells = totals.cells.iter().map(|((kind, tier), recording)| Cell {
        kind: *kind,
        tier: *tier,
        latency: recording.summary(),
    });
    Measured {
        name: name.to_owned(),
        seconds,
        rate,
        counted,
        planned: totals.planned,
        answered,
        shed: totals.shed.count(),
        failed: totals.failed(),
        answered_per_second: per_second(answered, seconds),
        latency: totals.latency(|_, _| true).summary(),
        by_tier: by_tier.collect(),
        cells: cells.collect(),
        shed_latency: totals.shed.summary(),
        failures: totals.failures.clone(),
        hits_overall: totals.hits(|kind| kind != Kind::Hostile).into(),
        hits_first_page: totals.hits(is_search_first).into(),
        hits_autocomplete: totals.hits(|kind| kind == Kind::Autocomplete).into(),
        hits_by_kind: totals.hits.iter().map(|(kind, hits)| KindHits { kind: *kind, rate: (*hits).into() }).collect(),
        hits_by_prefix: totals
            .prefixes
            .iter()
            .map(|(characters, hits)| PrefixHits { characters: *characters, rate: (*hits).into() })
            .collect(),
    }
}

/// Each phase, and the counted ones together.
pub(crate) fn phases(phases: &[Phase], totals: &[Totals]) -> (Vec<Measured>, Measured) {
    let each = phases.iter().zip(totals);
    let mut sum = Totals::default();
    let (mut seconds, mut planned) = (0.0, 0.0);
    for (phase, totals) in each.clone().filter(|(phase, _)| phase.counted) {
        sum.merge(totals);
        seconds += phase.seconds;
        planned += phase.seconds * phase.rate;
    }
    let rate = if seconds > 0.0 { planned / seconds } else { 0.0 };
    let all = measured("all counted phases", seconds, rate, true, &sum);
    let each = each.map(|(phase, totals)| measured(&phase.name, phase.seconds, phase.rate, phase.counted, totals));
    (each.collect(), all)
}

pub(crate) fn stream(written: &Written, due_seconds: f64) -> StreamResult {
    // Up to the last acknowledgement: a server that is behind at the end has not kept the rate.
    let first = written.first.unwrap_or_default();
    let seconds = written.last.saturating_sub(first).as_secs_f64().max(due_seconds);
    StreamResult {
        due: written.due,
        accepted: written.accepted,
        rejected: written.rejected,
        failed: written.failed,
        not_sent: written.not_sent,
        waits_429: written.waits,
        accepted_per_second: per_second(written.accepted, seconds),
        due_per_second: per_second(written.due, due_seconds),
        acknowledgement: written.acknowledgement.summary(),
    }
}

pub(crate) fn freshness(seen: &Seen) -> FreshnessResult {
    FreshnessResult {
        acknowledged_to_visible: seen.visible.summary(),
        later_than_bound: seen.late,
        never_visible: seen.never,
        writes_failed: seen.failed,
    }
}

/// The seconds of a run; `phase` tells the phase of a moment.
pub(crate) fn series(
    seconds: &[Second],
    phase: impl Fn(Duration) -> Option<usize>,
    samples: &Samples,
    accepted: (&[u64], &[u64]),
) -> Vec<SecondResult> {
    let row = |(index, second): (usize, &Second)| SecondResult {
        second: index,
        phase: phase(Duration::from_secs(index as u64)).unwrap_or(0),
        planned: second.planned,
        answered: second.answered,
        hits: second.hits,
        shed: second.shed,
        failed: second.failed,
        in_flight_max: second.in_flight_max,
        p50_us: second.quantile_us(0.5),
        p99_us: second.quantile_us(0.99),
        max_us: second.quantile_us(1.0),
        content_accepted: accepted.0.get(index).copied().unwrap_or(0),
        live_accepted: accepted.1.get(index).copied().unwrap_or(0),
        server_cores: samples.server.get(index).map(|usage| usage.cores),
        server_bytes: samples.server.get(index).map(|usage| usage.resident_bytes),
        generator_cores: samples.generator.get(index).map(|usage| usage.cores),
        machine_cores: samples.machine_cores.get(index).copied(),
    };
    seconds.iter().enumerate().map(row).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(seconds: f64, rate: f64, counted: bool) -> Phase {
        Phase::new("p", seconds, rate, counted)
    }

    #[test]
    fn the_total_is_that_of_the_counted_phases() {
        let totals = [1, 2, 4].map(|planned| Totals { planned, ..Totals::default() });
        let listed = [phase(1.0, 10.0, false), phase(1.0, 20.0, true), phase(3.0, 40.0, true)];
        let (each, total) = phases(&listed, &totals);
        assert_eq!(each.len(), 3);
        assert_eq!((total.planned, total.seconds, total.rate), (6, 4.0, 35.0));
    }

    #[test]
    fn a_stream_that_is_shed_misses_its_rate() {
        let stream = |due, accepted| StreamResult { due, accepted, ..StreamResult::default() }.missed("content");
        assert_eq!((stream(0, 0), stream(100, 95)), (None, None));
        assert_eq!(stream(100, 94).as_deref(), Some("94 of 100 content changes were accepted"));
    }
}
