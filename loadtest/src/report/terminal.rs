//! A result on the terminal.
//!
//! Owns the text. It refuses to add figures to those of the result.
//!
//! Invariant: columns are aligned, and a figure that cannot be claimed is replaced by the reason.

mod tables;

#[cfg(test)]
mod tests;

use crate::report::html::others;
use crate::report::{BEYOND, count, mean_milliseconds, milliseconds, percent, rate, verdict};
use crate::result::{
    CalibrationResult, HitRate, Measured, Outcome, RunResult, SaturationResult, StreamResult, SweepResult,
};
pub(crate) use tables::Table;

/// Writes a text to the terminal.
#[expect(clippy::print_stdout, reason = "this is the program's output")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

pub(crate) fn show(outcome: &Outcome) {
    say(&text(outcome));
}

pub(crate) fn text(outcome: &Outcome) -> String {
    let mut parts = vec![head(outcome)];
    match outcome {
        Outcome::Run(run) => parts.extend(run_parts(run)),
        Outcome::Sweep(sweep) => {
            parts.extend([steps(sweep), sweep.verdict.text()]);
            if sweep.interrupted {
                parts.push("INTERRUPTED: the knee may lie elsewhere".to_owned());
            }
        }
        Outcome::Calibration(calibration) => parts.push(calibrated(calibration)),
        Outcome::Saturation(saturation) => parts.push(saturated(saturation)),
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn head(outcome: &Outcome) -> String {
    let header = outcome.header();
    let mut text =
        format!("{} ({}, commit {})\n{}\n", header.name, header.started, header.commit, header.machine.text());
    let limit = match (outcome, header.generator_limit) {
        // A closed loop has no plan that could be missed; the bare handler beside it says what is possible.
        (Outcome::Saturation(_), _) => return text,
        (Outcome::Run(_) | Outcome::Sweep(_) | Outcome::Calibration(_), Some(limit)) => {
            format!("{} requests/s on this machine", rate(limit))
        }
        (Outcome::Run(_) | Outcome::Sweep(_) | Outcome::Calibration(_), None) => {
            "not known: run `calibrate` once on this machine".to_owned()
        }
    };
    text.push_str(&format!("generator's limit: {limit}\n"));
    text
}

fn run_parts(run: &RunResult) -> Vec<String> {
    let mut parts = vec![phases(run)];
    parts.push(if run.claimed() { latencies(&run.total) } else { format!("latency by tier: {BEYOND}\n") });
    parts.push(hit_rates(&run.total));
    parts.push(failures(&run.total));
    parts.push(changes(run));
    let lag = &run.generator_lag;
    parts.push(format!(
        "generator's lag: p50 {}, p99 {}, most {} (part of every latency above)",
        milliseconds(lag.p50_us),
        milliseconds(lag.p99_us),
        milliseconds(lag.max_us)
    ));
    if run.sent_again > 0 {
        let times = count(run.sent_again);
        parts.push(format!("{times} requests were sent again: the server had closed the kept connection meanwhile"));
    }
    if run.interrupted {
        parts.push("INTERRUPTED: these are the figures of a part of the run".to_owned());
    }
    parts.extend(others(run).map(|cores| format!("other programs kept {cores:.1} cores busy meanwhile, on average")));
    parts.push(verdict(run));
    parts
}

fn steps(sweep: &SweepResult) -> String {
    let mut table =
        Table::new(&["set/s", "answered/s", "mean", "p50", "p90", "p99", "p99.9", "max", "lag p99", "hits", "goal"]);
    for step in &sweep.steps {
        let mut row = vec![rate(step.rate)];
        if sweep.header.within_limit(step.rate) {
            row.push(rate(step.measured.answered_per_second));
            row.extend(spread(&step.measured.latency));
            row.push(milliseconds(step.generator_lag.p99_us));
            row.push(percent(step.measured.hits_overall.share()));
            row.push(if step.missed.is_empty() { "met".to_owned() } else { step.missed.join("; ") });
        } else {
            row.push(BEYOND.to_owned());
        }
        table.row(row);
    }
    table.text()
}

fn calibrated(calibration: &CalibrationResult) -> String {
    let mut table = Table::new(&[
        "planned/s",
        "answered/s",
        "failed",
        "mean",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "lag p99",
        "held",
    ]);
    for step in &calibration.steps {
        let mut row = vec![rate(step.rate), rate(step.answered_per_second), count(step.failed)];
        row.extend(spread(&step.latency));
        row.push(milliseconds(step.generator_lag.p99_us));
        row.push(if step.held { "yes" } else { "no" }.to_owned());
        table.row(row);
    }
    table.text()
}

fn saturated(saturation: &SaturationResult) -> String {
    let mut table = Table::new(&["answer", "connections", "answers/s", "p50", "p99", "failed", "of the bare handler"]);
    for (row, share) in saturation.rows.iter().zip(crate::saturate::shares(&saturation.rows)) {
        table.row(vec![
            row.target.clone(),
            count(row.connections as u64),
            rate(row.answered_per_second),
            milliseconds(row.latency.p50_us),
            milliseconds(row.latency.p99_us),
            count(row.failed),
            percent(share),
        ]);
    }
    table.text()
}

fn phases(run: &RunResult) -> String {
    let mut table = Table::new(&[
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
    ]);
    for phase in run.phases.iter().chain((run.phases.len() > 1 && run.claimed()).then_some(&run.total)) {
        let name = if phase.counted { phase.name.clone() } else { format!("{} (not counted)", phase.name) };
        let mut row = vec![name, format!("{:.0}", phase.seconds), rate(phase.rate), rate(phase.planned_per_second())];
        if run.header.within_limit(phase.rate) {
            row.extend([rate(phase.answered_per_second), count(phase.shed), count(phase.failed)]);
            row.extend(spread(&phase.latency));
        } else {
            row.push(BEYOND.to_owned());
        }
        table.row(row);
    }
    table.text()
}

/// Mean and percentiles, as columns.
pub(crate) fn spread(latency: &crate::record::distribution::Distribution) -> [String; 6] {
    [
        mean_milliseconds(latency.mean_us),
        milliseconds(latency.p50_us),
        milliseconds(latency.p90_us),
        milliseconds(latency.p99_us),
        milliseconds(latency.p999_us),
        milliseconds(latency.max_us),
    ]
}

fn latencies(total: &Measured) -> String {
    let mut table = Table::new(&["answered", "tier", "count", "mean", "p50", "p90", "p99", "p99.9", "max"]);
    for tier in &total.by_tier {
        let mut row = vec!["all".to_owned(), tier.tier.as_str().to_owned(), count(tier.latency.count)];
        row.extend(spread(&tier.latency));
        table.row(row);
    }
    for cell in &total.cells {
        let mut row = vec![cell.kind.as_str().to_owned(), cell.tier.as_str().to_owned(), count(cell.latency.count)];
        row.extend(spread(&cell.latency));
        table.row(row);
    }
    table.text()
}

fn hit_rates(total: &Measured) -> String {
    let mut table =
        Table::new(&["hit rate", "answers", "hits", "of all", "asked first", "of those asked before", "outdated"]);
    let mut row = |name: &str, rate: &HitRate| {
        table.row(vec![
            name.to_owned(),
            count(rate.answers),
            count(rate.hits),
            percent(rate.share()),
            percent(rate.first_asked_share()),
            percent(rate.repeated_share()),
            count(rate.outdated),
        ]);
    };
    row("overall, without hostile", &total.hits_overall);
    row("first page without filters", &total.hits_first_page);
    row("autocomplete", &total.hits_autocomplete);
    for kind in &total.hits_by_kind {
        row(&format!("  {}", kind.kind.as_str()), &kind.rate);
    }
    table.text()
}

fn failures(total: &Measured) -> String {
    if total.failures.is_empty() && total.shed == 0 {
        return String::new();
    }
    let mut table = Table::new(&["failure", "count"]);
    if total.shed > 0 {
        table.row(vec!["shed: status 503".to_owned(), count(total.shed)]);
    }
    for (text, number) in &total.failures {
        table.row(vec![text.clone(), count(*number)]);
    }
    table.text()
}

fn changes(run: &RunResult) -> String {
    let mut parts = Vec::new();
    let streams: [(&str, &StreamResult); 2] = [("content changes", &run.content), ("live changes", &run.live)];
    if streams.iter().any(|(_, stream)| stream.due > 0) {
        let mut table = Table::new(&[
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
        ]);
        for (name, stream) in streams.iter().filter(|(_, stream)| stream.due > 0) {
            table.row(vec![
                (*name).to_owned(),
                rate(stream.due_per_second),
                rate(stream.accepted_per_second),
                count(stream.rejected),
                count(stream.failed),
                count(stream.not_sent),
                count(stream.waits_429),
                milliseconds(stream.acknowledgement.p50_us),
                milliseconds(stream.acknowledgement.p99_us),
                milliseconds(stream.acknowledgement.max_us),
            ]);
        }
        parts.push(table.text());
    }
    let probes = run.freshness();
    if probes.iter().any(|(_, seen)| seen.tried() > 0) {
        let late = format!("over {} ms", run.scenario.probe.bound_ms);
        let mut table =
            Table::new(&["acknowledged to visible", "probes", "p50", "p90", "p99", "max", &late, "never", "failed"]);
        for (name, seen) in probes.iter().filter(|(_, seen)| seen.tried() > 0) {
            let lag = &seen.acknowledged_to_visible;
            table.row(vec![
                (*name).to_owned(),
                count(seen.tried()),
                milliseconds(lag.p50_us),
                milliseconds(lag.p90_us),
                milliseconds(lag.p99_us),
                milliseconds(lag.max_us),
                count(seen.later_than_bound),
                count(seen.never_visible),
                count(seen.writes_failed),
            ]);
        }
        parts.push(table.text());
    }
    parts.join("\n")
}
