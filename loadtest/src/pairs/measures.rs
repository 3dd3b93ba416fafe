//! What of two runs is put into a ratio.
//!
//! Owns the list of measures and reading them out of a run. It refuses to compare what was not answered.
//!
//! Invariant: a ratio exists only where both runs of its pair have the figure.

use std::collections::BTreeSet;

use hdrhistogram::Histogram;

use super::statistics::{interval, median};
use crate::record::distribution::Distribution;
use crate::result::Measured;
use crate::result::pairs::{MeasureResult, PairRun};
use crate::traffic::Kind;

/// A figure of a distribution of latencies.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Figure {
    Mean,
    P50,
    P90,
    P99,
}

impl Figure {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds of a minute")]
    fn of(self, latency: &Distribution) -> Option<f64> {
        let value = match self {
            Self::Mean => latency.mean_us,
            Self::P50 => latency.p50_us as f64,
            Self::P90 => latency.p90_us as f64,
            Self::P99 => latency.p99_us as f64,
        };
        (latency.count > 0 && value > 0.0).then_some(value)
    }
}

/// Each figure of all requests and of each kind that both sides were asked.
pub(crate) fn measures(runs: &[PairRun], figures: &[Figure]) -> Vec<MeasureResult> {
    let kinds: BTreeSet<Kind> = runs.iter().flat_map(|run| run.total.cells.iter().map(|cell| cell.kind)).collect();
    let asked = std::iter::once(None).chain(kinds.into_iter().filter(|kind| *kind != Kind::Hostile).map(Some));
    asked.flat_map(|kind| figures.iter().map(move |figure| measure(runs, *figure, kind))).collect()
}

fn measure(runs: &[PairRun], figure: Figure, kind: Option<Kind>) -> MeasureResult {
    let values = |second: bool| -> Vec<(usize, f64)> {
        let side = runs.iter().filter(|run| run.is_b == second);
        side.filter_map(|run| Some((run.pair, figure.of(&latency(&run.total, kind))?))).collect()
    };
    let (a, b) = (values(false), values(true));
    let of_pair = |(pair, a): &(usize, f64)| Some(a / b.iter().find(|(other, _)| other == pair)?.1);
    let ratios: Vec<f64> = a.iter().filter_map(of_pair).collect();
    let middle = |values: &[(usize, f64)]| median(&values.iter().map(|(_, value)| *value).collect::<Vec<_>>());
    MeasureResult {
        figure: figure.as_str().to_owned(),
        kind,
        a_us: middle(&a),
        b_us: middle(&b),
        median: median(&ratios),
        interval: interval(&ratios),
        ratios,
    }
}

/// Latency of one kind from all tiers, or of everything.
fn latency(total: &Measured, kind: Option<Kind>) -> Distribution {
    let Some(kind) = kind else { return total.latency.clone() };
    let cells = total.cells.iter().filter(|cell| cell.kind == kind);
    let mut all: Option<Histogram<u64>> = None;
    for histogram in cells.filter_map(|cell| cell.latency.unpacked().ok()) {
        match &mut all {
            // All have the bounds of the recorder, so that adding cannot fail.
            Some(all) => drop(all.add(&histogram)),
            none @ None => *none = Some(histogram),
        }
    }
    all.map_or_else(Distribution::default, |all| Distribution::of(&all))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::{CacheStatus, Head, Tier};
    use crate::record::Recorder;
    use crate::result::build;
    use crate::traffic::Ask;

    /// A run whose searches and autocompletes took so many milliseconds.
    fn run(pair: usize, is_b: bool, answers: &[(Kind, Tier, u64)]) -> PairRun {
        let mut recorder = Recorder::new(1);
        for (kind, tier, milliseconds) in answers {
            let ask = Ask { kind: *kind, target: "/".into(), prefix_characters: 0 };
            let asked = recorder.planned(Duration::ZERO, 0, &ask, 0);
            let cache = CacheStatus { tier: *tier, was_stale: false };
            let head = Head { status: 200, cache, retry_after_seconds: None, closes: false };
            recorder.finished(asked, Ok(&head), Duration::from_millis(*milliseconds));
        }
        let total = build::measured("p", 1.0, 1.0, true, &recorder.phases[0]);
        PairRun { pair, is_b, total, ..PairRun::default() }
    }

    #[test]
    fn ratios_are_made_within_pairs_and_by_kind() {
        let (search, complete) = (Kind::FirstPage, Kind::Autocomplete);
        let runs = [
            run(0, false, &[(search, Tier::Index, 10), (search, Tier::Memory, 20), (complete, Tier::Index, 4)]),
            run(0, true, &[(search, Tier::Index, 30), (complete, Tier::Index, 2)]),
            run(1, true, &[(search, Tier::Index, 10)]),
            run(1, false, &[(search, Tier::Index, 20), (complete, Tier::Index, 9)]),
        ];
        let measures = measures(&runs, &[Figure::Mean, Figure::P99]);
        let of = |figure: &str, kind| {
            let found = measures.iter().find(|measure| measure.figure == figure && measure.kind == kind).unwrap();
            found.ratios.iter().map(|ratio| (ratio * 100.0).round()).collect::<Vec<_>>()
        };
        assert_eq!(measures.len(), 6);
        // 15 of 30 ms, and 20 of 10.
        assert_eq!(of("mean", Some(search)), [50.0, 200.0]);
        // In the second pair B answered no autocomplete.
        assert_eq!(of("mean", Some(complete)), [200.0]);
        assert_eq!(of("p99", None), [67.0, 200.0]);
        assert_eq!(measures[0].interval.unwrap().level, 0.5);
    }
}
