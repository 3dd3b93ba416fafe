//! A result on the terminal.
//!
//! Owns the text. It refuses to add figures to those of the result.
//!
//! Invariant: columns are aligned, and a figure that cannot be claimed is replaced by the reason.

mod tables;

#[cfg(test)]
mod tests;

use crate::report::html::others;
use crate::report::rows::{self, Rows};
use crate::report::{BEYOND, count, mean_milliseconds, milliseconds, pairs_caveats, pairs_verdict, rate, verdict};
use crate::result::faults::FaultsResult;
use crate::result::pairs::PairsResult;
use crate::result::{CalibrationResult, Measured, Outcome, RunResult};
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
            let steps = rows::steps(&sweep.steps, |rate| sweep.header.within_limit(rate));
            parts.extend([table(steps), sweep.verdict.text()]);
            if sweep.interrupted {
                parts.push("INTERRUPTED: the knee may lie elsewhere".to_owned());
            }
        }
        Outcome::Calibration(calibration) => parts.extend(calibrated(calibration)),
        Outcome::Saturation(saturation) => parts.push(table(rows::saturation(saturation))),
        Outcome::Pairs(pairs) => parts.extend(paired(pairs)),
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
        (Outcome::Run(_) | Outcome::Sweep(_) | Outcome::Calibration(_) | Outcome::Pairs(_), Some(limit)) => {
            format!("{} requests/s on this machine", rate(limit))
        }
        (Outcome::Run(_) | Outcome::Sweep(_) | Outcome::Calibration(_) | Outcome::Pairs(_), None) => {
            "not known: run `calibrate` once on this machine".to_owned()
        }
    };
    text.push_str(&format!("generator's limit: {limit}\n"));
    text
}

fn run_parts(run: &RunResult) -> Vec<String> {
    let mut parts = vec![table(rows::phases(run))];
    parts.push(if run.claimed() { table(rows::latencies(&run.total)) } else { format!("latency by tier: {BEYOND}\n") });
    parts.push(table(rows::hit_rates(&run.total)));
    parts.push(failures(&run.total));
    parts.push(changes(run));
    parts.extend(run.faults.iter().flat_map(faulted));
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

fn table((names, rows): Rows) -> String {
    let mut table = Table::new(&names);
    rows.into_iter().for_each(|row| table.row(row));
    table.text()
}

fn calibrated(calibration: &CalibrationResult) -> Vec<String> {
    let mut parts = vec![table(rows::calibration(&calibration.steps))];
    for bursts in &calibration.bursts {
        parts.push(format!("{}: {} requests/s on the average", bursts.text(), rate(bursts.limit)));
        parts.push(table(rows::calibration(&bursts.steps)));
    }
    parts
}

fn faulted(faults: &FaultsResult) -> Vec<String> {
    let mut parts = vec![table(rows::windows(faults))];
    if !faults.faults.is_empty() {
        parts.push(table(rows::faults(faults)));
        parts.push(format!("The breakers were looked at every {} ms.", faults.looked_every_ms));
    }
    parts
}

fn paired(pairs: &PairsResult) -> Vec<String> {
    let mut parts = vec![table(rows::runs(pairs))];
    let (names, rows) = rows::breakers(pairs);
    if !rows.is_empty() {
        parts.push(table((names, rows)));
    }
    parts.push(table(rows::measures(pairs)));
    parts.extend(pairs_caveats(pairs));
    parts.push(pairs_verdict(pairs));
    parts
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
    let (names, rows) = rows::changes(run);
    if !rows.is_empty() {
        parts.push(table((names, rows)));
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
