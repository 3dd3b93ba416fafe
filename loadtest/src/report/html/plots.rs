//! The plots of a result.
//!
//! Owns which figures become which lines. It refuses to smooth: a second is a point.
//!
//! Invariant: a plot without values is left out.

use super::plot::{Axis, Line, Plot, Scale};
use crate::record::distribution::Distribution;
use crate::record::totals::PREFIX_CHARACTERS_MAX;
use crate::result::pairs::PairsResult;
use crate::result::{Measured, RunResult, SecondResult, SweepResult};

/// A prefix length with fewer answers is left out of the plot: a share of them says nothing. The result has it.
const PREFIX_ANSWERS_MIN: u64 = 50;

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds are far below 2^52")]
fn float(value: u64) -> f64 {
    value as f64
}

fn line(name: &str, points: Vec<(f64, f64)>) -> Line {
    Line { name: name.to_owned(), points }
}

/// A line over the seconds of a run; seconds without a value are left out.
fn over_time(run: &RunResult, name: &str, value: impl Fn(&SecondResult) -> Option<f64>) -> Line {
    let at = |second: &SecondResult| float(second.second as u64);
    line(name, run.series.iter().filter_map(|second| Some((at(second), value(second)?))).collect())
}

fn time_plot(run: &RunResult, title: &str, label: &'static str, scale: Scale, lines: Vec<Line>) -> String {
    let x = Axis::over("seconds", Scale::Linear, run.series.iter().map(|second| float(second.second as u64)));
    let y = Axis::over(label, scale, lines.iter().flat_map(|line| line.points.iter().map(|(_, y)| *y)));
    let mut plot = Plot::new(title, x, y, lines);
    let mut start = 0.0;
    for phase in &run.phases {
        plot.marks.push((start, phase.name.clone()));
        start += phase.seconds;
    }
    plot.figure()
}

pub(super) fn latency_over_time(run: &RunResult) -> String {
    // Seconds of a phase beyond the generator's limit have no figures.
    let claimed =
        |second: &SecondResult| run.phases.get(second.phase).is_some_and(|phase| run.header.within_limit(phase.rate));
    let line = |name: &str, value: fn(&SecondResult) -> Option<u64>| {
        over_time(run, name, |second| value(second).filter(|_| claimed(second)).map(|value| float(value) / 1e3))
    };
    let lines = vec![
        line("p50", |second| second.p50_us),
        line("p99", |second| second.p99_us),
        line("slowest", |second| second.max_us),
    ];
    time_plot(run, "Latency of answers, from the intended moment of sending", "ms", Scale::Log, lines)
}

pub(super) fn requests_over_time(run: &RunResult) -> String {
    let lines = vec![
        over_time(run, "planned", |second| Some(float(second.planned))),
        over_time(run, "answered", |second| Some(float(second.answered))),
        over_time(run, "hits", |second| Some(float(second.hits))),
        over_time(run, "shed or failed", |second| Some(float(second.shed + second.failed))),
    ];
    time_plot(run, "Requests", "a second", Scale::Linear, lines)
}

pub(super) fn cores_over_time(run: &RunResult) -> String {
    let lines = vec![
        over_time(run, "server", |second| second.server_cores),
        over_time(run, "generator", |second| second.generator_cores),
        over_time(run, "whole machine", |second| second.machine_cores),
    ];
    time_plot(run, "Cores kept busy", "cores", Scale::Linear, lines)
}

pub(super) fn memory_over_time(run: &RunResult) -> String {
    let mebibytes = |second: &SecondResult| second.server_bytes.map(|bytes| float(bytes >> 20));
    time_plot(run, "Memory of the server", "MiB", Scale::Linear, vec![over_time(run, "resident", mebibytes)])
}

/// Points of a distribution on the percentile axis, as far as it has requests: of ten, the slowest stands at 90 %.
fn percentile_points(latency: &Distribution) -> Vec<(f64, f64)> {
    let most = float(latency.count);
    let place = |share: f64| if share < 1.0 { (1.0 / (1.0 - share)).min(most) } else { most };
    latency.points().into_iter().map(|(share, value)| (place(share), float(value) / 1e3)).collect()
}

fn percentile_plot(title: &str, lines: Vec<Line>, levels: Vec<(f64, String)>) -> String {
    let values = lines.iter().flat_map(|line| line.points.iter().map(|(_, y)| *y));
    // A level belongs into the picture, with room for its word.
    let y = Axis::over("ms", Scale::Log, values.chain(levels.iter().map(|(level, _)| level * 1.1)));
    let mut plot = Plot::new(title, Axis::percentiles(), y, lines);
    plot.levels = levels;
    plot.figure()
}

pub(super) fn latency_by_tier(total: &Measured) -> String {
    let lines = total.by_tier.iter().map(|tier| line(tier.tier.as_str(), percentile_points(&tier.latency)));
    percentile_plot("Latency by tier of answer", lines.collect(), Vec::new())
}

pub(super) fn freshness(run: &RunResult) -> String {
    let lines =
        run.freshness().into_iter().map(|(name, seen)| line(name, percentile_points(&seen.acknowledged_to_visible)));
    let bound = float(run.scenario.probe.bound_ms);
    percentile_plot("From acknowledged to visible", lines.collect(), vec![(bound, "freshness bound".to_owned())])
}

pub(super) fn hits_by_prefix(total: &Measured) -> String {
    let points = |value: fn(&crate::result::HitRate) -> Option<f64>| -> Vec<(f64, f64)> {
        let rates = total.hits_by_prefix.iter().filter(|prefix| prefix.rate.answers >= PREFIX_ANSWERS_MIN);
        rates.filter_map(|prefix| Some((float(prefix.characters as u64), value(&prefix.rate)? * 100.0))).collect()
    };
    let lines = vec![
        line("hits of all", points(|rate| rate.share())),
        line("hits of those asked before", points(|rate| rate.repeated_share())),
        line("asked first", points(|rate| rate.first_asked_share())),
    ];
    let x = Axis::over("characters of the prefix", Scale::Linear, [float(PREFIX_CHARACTERS_MAX as u64)].into_iter());
    let mut plot = Plot::new(
        "Autocomplete hits by length of the prefix",
        x,
        Axis::over("%", Scale::Linear, [100.0].into_iter()),
        lines,
    );
    plot.dots = true;
    plot.figure()
}

/// The ratio of each pair, of all requests together.
pub(super) fn ratios(pairs: &PairsResult) -> String {
    let all = pairs.measures.iter().filter(|measure| measure.kind.is_none());
    let points = |ratios: &[f64]| (1_u64..).map(float).zip(ratios.iter().copied()).collect();
    let lines: Vec<Line> = all.map(|measure| line(&measure.figure, points(&measure.ratios))).collect();
    let x = Axis::over("pair", Scale::Linear, [float(pairs.pairs as u64)].into_iter());
    let y = Axis::over("A ÷ B", Scale::Linear, lines.iter().flat_map(|line| line.points.iter().map(|(_, y)| *y)));
    let mut plot = Plot::new("Ratios, pair by pair", x, y, lines);
    plot.dots = true;
    plot.levels = vec![(1.0, "alike".to_owned())];
    plot.figure()
}

pub(super) fn throughput_against_latency(sweep: &SweepResult) -> String {
    let mut steps: Vec<_> = sweep.steps.iter().filter(|step| sweep.header.within_limit(step.rate)).collect();
    steps.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    let points = |value: fn(&Distribution) -> f64| -> Vec<(f64, f64)> {
        steps.iter().map(|step| (step.rate, value(&step.measured.latency) / 1e3)).collect()
    };
    let lines = vec![
        line("mean", points(|latency| latency.mean_us)),
        line("p50", points(|latency| float(latency.p50_us))),
        line("p99", points(|latency| float(latency.p99_us))),
        line("p99.9", points(|latency| float(latency.p999_us))),
    ];
    let x = Axis::over("planned requests/s", Scale::Linear, steps.iter().map(|step| step.rate));
    let y = Axis::over("ms", Scale::Log, lines.iter().flat_map(|line| line.points.iter().map(|(_, y)| *y)));
    let mut plot = Plot::new("Latency at each rate", x, y, lines);
    plot.dots = true;
    let goal = &sweep.scenario.goal;
    plot.levels = vec![(goal.mean_ms, "goal: mean".to_owned()), (goal.p99_ms, "goal: p99".to_owned())];
    plot.marks.extend(sweep.verdict.rate().map(|rate| (rate, "knee".to_owned())));
    plot.figure()
}
