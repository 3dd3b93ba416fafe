//! Tables that the terminal and the page show alike: their columns and rows, as text.
//!
//! Owns what stands in a cell. It refuses to lay anything out.
//!
//! Invariant: a row has a cell for each column, or ends with the reason why it has not.

use super::{BEYOND, count, mean_milliseconds, milliseconds, percent, rate};
use crate::result::faults::FaultsResult;
use crate::result::pairs::{MeasureResult, PairRun, PairsResult};
use crate::result::{CalibrationStep, HitRate, Measured, RunResult, SaturationResult, Step, StreamResult};

/// Columns and rows.
pub(crate) type Rows = (Vec<&'static str>, Vec<Vec<String>>);

/// The phases of a run, and all of them together.
pub(crate) fn phases(run: &RunResult) -> Rows {
    let names = vec![
        "phase",
        "seconds",
        "set/s",
        "planned/s",
        "answered/s",
        "shed",
        "failed",
        "mean",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
    ];
    let row = |phase: &Measured| {
        let name = if phase.counted { phase.name.clone() } else { format!("{} (not counted)", phase.name) };
        let mut row = vec![name, format!("{:.0}", phase.seconds), rate(phase.rate), rate(phase.planned_per_second())];
        if run.header.within_limit(phase.rate) {
            row.extend([rate(phase.answered_per_second), count(phase.shed), count(phase.failed)]);
            row.extend(super::terminal::spread(&phase.latency));
        } else {
            row.push(BEYOND.to_owned());
        }
        row
    };
    let mut rows: Vec<_> = run.phases.iter().map(row).collect();
    if run.phases.len() > 1 && run.claimed() {
        rows.push(row(&run.total));
    }
    (names, rows)
}

/// Latencies by what was asked and which tier answered.
pub(crate) fn latencies(total: &Measured) -> Rows {
    let names = vec!["answered", "tier", "count", "mean", "p50", "p90", "p99", "p99.9", "max"];
    let all = total.by_tier.iter().map(|tier| ("all", tier.tier, &tier.latency));
    let cells = total.cells.iter().map(|cell| (cell.kind.as_str(), cell.tier, &cell.latency));
    let rows = all.chain(cells).map(|(name, tier, latency)| {
        let mut row = vec![name.to_owned(), tier.as_str().to_owned(), count(latency.count)];
        row.extend(super::terminal::spread(latency));
        row
    });
    (names, rows.collect())
}

/// Hit rates as users define them.
pub(crate) fn hit_rates(total: &Measured) -> Rows {
    let names =
        vec!["hit rate", "answers", "hits", "of all", "asked first", "of those asked before", "outdated entries"];
    let row = |name: &str, hits: &HitRate| {
        vec![
            name.to_owned(),
            count(hits.answers),
            count(hits.hits),
            percent(hits.share()),
            percent(hits.first_asked_share()),
            percent(hits.repeated_share()),
            count(hits.outdated),
        ]
    };
    let mut rows = vec![
        row("overall, without hostile", &total.hits_overall),
        row("first page without filters", &total.hits_first_page),
        row("autocomplete", &total.hits_autocomplete),
    ];
    rows.extend(total.hits_by_kind.iter().map(|kind| row(&format!("· {}", kind.kind.as_str()), &kind.rate)));
    (names, rows)
}

/// Changes written beside the requests.
pub(crate) fn changes(run: &RunResult) -> Rows {
    let names = vec![
        "changes",
        "due/s",
        "accepted/s",
        "rejected",
        "failed",
        "not sent",
        "429s",
        "acknowledged p50",
        "p99",
        "max",
    ];
    let streams: [(&str, &StreamResult); 2] = [("content", &run.content), ("live (price, stock)", &run.live)];
    let rows = streams.into_iter().filter(|(_, stream)| stream.due > 0).map(|(name, stream)| {
        vec![
            name.to_owned(),
            rate(stream.due_per_second),
            rate(stream.accepted_per_second),
            count(stream.rejected),
            count(stream.failed),
            count(stream.not_sent),
            count(stream.waits_429),
            milliseconds(stream.acknowledgement.p50_us),
            milliseconds(stream.acknowledgement.p99_us),
            milliseconds(stream.acknowledgement.max_us),
        ]
    });
    (names, rows.collect())
}

/// The steps of a sweep.
pub(crate) fn steps(steps: &[Step], claims: impl Fn(f64) -> bool) -> Rows {
    let names = vec![
        "set/s",
        "answered/s",
        "mean",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "lag p99",
        "hits",
        "content",
        "live",
        "goal",
    ];
    let row = |step: &Step| {
        let mut row = vec![rate(step.rate)];
        if !claims(step.rate) {
            row.push(BEYOND.to_owned());
            return row;
        }
        row.push(rate(step.measured.answered_per_second));
        row.extend(super::terminal::spread(&step.measured.latency));
        row.push(milliseconds(step.generator_lag.p99_us));
        row.push(percent(step.measured.hits_overall.share()));
        row.extend([&step.content, &step.live].map(|stream| match stream.due {
            0 => "-".to_owned(),
            due => format!("{} of {}", count(stream.accepted), count(due)),
        }));
        row.push(if step.missed.is_empty() { "met".to_owned() } else { step.missed.join("; ") });
        row
    };
    (names, steps.iter().map(row).collect())
}

/// The steps of a calibration.
pub(crate) fn calibration(steps: &[CalibrationStep]) -> Rows {
    let names = vec!["set/s", "answered/s", "failed", "mean", "p50", "p90", "p99", "p99.9", "max", "lag p99", "held"];
    let row = |step: &CalibrationStep| {
        let mut row = vec![rate(step.rate), rate(step.answered_per_second), count(step.failed)];
        row.extend(super::terminal::spread(&step.latency));
        row.push(milliseconds(step.generator_lag.p99_us));
        row.push(if step.held { "yes" } else { "no" }.to_owned());
        row
    };
    (names, steps.iter().map(row).collect())
}

/// Throughput by connections.
pub(crate) fn saturation(saturation: &SaturationResult) -> Rows {
    let names = vec![
        "answer",
        "connections",
        "answers/s",
        "mean",
        "p50",
        "p99",
        "kept",
        "shed",
        "failed",
        "of the bare handler",
    ];
    let rows = saturation.rows.iter().map(|row| {
        vec![
            row.target.clone(),
            count(row.connections as u64),
            rate(row.answered_per_second),
            mean_milliseconds(row.latency.mean_us),
            milliseconds(row.latency.p50_us),
            milliseconds(row.latency.p99_us),
            percent(crate::result::ratio(row.kept, row.latency.count)),
            count(row.shed),
            count(row.failed),
            percent(row.of_bare),
        ]
    });
    (names, rows.collect())
}

/// Requests before, between and after faults.
pub(crate) fn windows(faults: &FaultsResult) -> Rows {
    let names = vec!["requests", "seconds", "answered", "shed", "failed", "mean", "p50", "p90", "p99", "p99.9", "max"];
    let rows = faults.windows.iter().map(|window| {
        let mut row = vec![window.name.clone(), format!("{:.1}", window.seconds)];
        row.extend([window.answered, window.shed, window.failed].map(count));
        row.extend(super::terminal::spread(&window.latency));
        row
    });
    (names, rows.collect())
}

/// What was done, and how the breakers answered.
pub(crate) fn faults(faults: &FaultsResult) -> Rows {
    let names = vec!["fault", "at", "breaker opened after", "closed after"];
    let rows = faults.faults.iter().map(|fault| {
        let name = format!("{} {}", fault.act.as_str(), fault.process);
        vec![name, format!("{:.2} s", fault.at_seconds), after(fault.opened_after_ms), after(fault.closed_after_ms)]
    });
    (names, rows.collect())
}

fn after(milliseconds: Option<f64>) -> String {
    milliseconds.map_or_else(|| "-".to_owned(), |time| format!("{time:.0} ms"))
}

/// The ratios of two scenarios.
pub(crate) fn measures(pairs: &PairsResult) -> Rows {
    let names = vec!["A ÷ B", "pairs", "median", "interval", "level", "least", "most", "A", "B"];
    let row = |measure: &MeasureResult| {
        let mut row = vec![measure.name(), count(measure.ratios.len() as u64)];
        if !pairs.claimed() {
            row.push(BEYOND.to_owned());
            return row;
        }
        let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"));
        row.push(ratio(measure.median));
        row.push(measure.interval.map_or_else(|| "-".to_owned(), |seen| format!("{:.3}–{:.3}", seen.low, seen.high)));
        row.push(percent(measure.interval.map(|seen| seen.level)));
        row.push(ratio(measure.ratios.iter().copied().reduce(f64::min)));
        row.push(ratio(measure.ratios.iter().copied().reduce(f64::max)));
        row.extend([measure.a_us, measure.b_us].map(|time| time.map_or_else(|| "-".to_owned(), mean_milliseconds)));
        row
    };
    (names, pairs.measures.iter().map(row).collect())
}

/// Every run of two scenarios.
pub(crate) fn runs(pairs: &PairsResult) -> Rows {
    let names = vec![
        "run",
        "answered",
        "shed",
        "failed",
        "mean",
        "p50",
        "p99",
        "memory",
        "Redis",
        "Memcached",
        "index",
        "changes",
        "start",
        "lag p99",
        "others",
    ];
    let rows = pairs.runs.iter().map(|run| {
        let total = &run.total;
        let mut row = vec![format!("{} {}", run.pair + 1, if run.is_b { "B" } else { "A" })];
        row.extend([total.answered, total.shed, total.failed].map(count));
        if !pairs.claimed() {
            row.push(BEYOND.to_owned());
            return row;
        }
        row.push(mean_milliseconds(total.latency.mean_us));
        row.extend([total.latency.p50_us, total.latency.p99_us].map(milliseconds));
        row.extend(shares(run));
        row.push(format!("{} of {}", count(run.changes_accepted), count(run.changes_due)));
        row.push(run.start_seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s")));
        row.push(milliseconds(run.generator_lag_p99_us));
        row.push(run.others_cores.map_or_else(|| "-".to_owned(), |cores| format!("{cores:.1}")));
        row
    });
    (names, rows.collect())
}

/// Shares of the answers by tier.
fn shares(run: &PairRun) -> [String; 4] {
    use crate::client::Tier;
    [Tier::Memory, Tier::Redis, Tier::Memcached, Tier::Index].map(|tier| {
        let answers =
            run.total.by_tier.iter().filter(|other| other.tier == tier).map(|other| other.latency.count).sum();
        percent(crate::result::ratio(answers, run.total.answered))
    })
}

/// How soon breakers opened and closed over all runs of two scenarios, by side and fault.
pub(crate) fn breakers(pairs: &PairsResult) -> Rows {
    let names = vec!["fault", "runs", "breaker opened", "median", "latest", "closed again", "median", "latest"];
    let mut rows = Vec::new();
    for (is_b, side) in [(false, "A"), (true, "B")] {
        let faults = || pairs.side(is_b).filter_map(|run| run.faults.as_ref()).flat_map(|faults| &faults.faults);
        let mut kinds: Vec<_> = faults().map(|fault| (fault.act, &fault.process)).collect();
        kinds.dedup();
        kinds.sort_by_key(|(act, process)| (act.as_str(), process.as_str()));
        kinds.dedup();
        for (act, process) in kinds {
            let of_kind: Vec<_> = faults().filter(|fault| fault.act == act && fault.process == *process).collect();
            let mut row = vec![format!("{side}: {} {process}", act.as_str()), count(of_kind.len() as u64)];
            for times in [of_kind.iter().filter_map(|fault| fault.opened_after_ms).collect::<Vec<_>>(), {
                of_kind.iter().filter_map(|fault| fault.closed_after_ms).collect()
            }] {
                row.push(count(times.len() as u64));
                row.push(after(crate::pairs::statistics::median(&times)));
                row.push(after(times.iter().copied().reduce(f64::max)));
            }
            rows.push(row);
        }
    }
    (names, rows)
}
