//! The tables of a page.
//!
//! Owns their columns. It refuses to compute figures that the result does not hold.
//!
//! Invariant: a table without rows is left out.

use super::escaped;
use crate::report::rows::Rows;
use crate::report::terminal::spread;
use crate::report::{BEYOND, count, milliseconds, percent, rate};
use crate::result::{HitRate, Measured, RunResult, StreamResult, ratio};

fn table(names: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: String = names.iter().map(|name| format!("<th>{}</th>", escaped(name))).collect();
    let row = |cells: &Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!("<div class=\"scroll\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>")
}

pub(super) fn verdict(run: &RunResult) -> String {
    let text = crate::report::verdict(run);
    format!("<p class=\"verdict\">{}</p>", escaped(&text))
}

pub(super) fn phases(run: &RunResult) -> String {
    let names = [
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
            row.extend(spread(&phase.latency));
        } else {
            row.push(BEYOND.to_owned());
        }
        row
    };
    let mut rows: Vec<_> = run.phases.iter().map(row).collect();
    if run.phases.len() > 1 && run.claimed() {
        rows.push(row(&run.total));
    }
    table(&names, &rows)
}

pub(super) fn latencies(total: &Measured) -> String {
    let names = ["answered", "tier", "count", "mean", "p50", "p90", "p99", "p99.9", "max"];
    let all = total.by_tier.iter().map(|tier| ("all", tier.tier, &tier.latency));
    let cells = total.cells.iter().map(|cell| (cell.kind.as_str(), cell.tier, &cell.latency));
    let rows = all.chain(cells).map(|(name, tier, latency)| {
        let mut row = vec![name.to_owned(), tier.as_str().to_owned(), count(latency.count)];
        row.extend(spread(latency));
        row
    });
    table(&names, &rows.collect::<Vec<_>>())
}

pub(super) fn hit_rates(total: &Measured) -> String {
    let names = ["", "answers", "hits", "hits of all", "asked first", "hits of those asked before", "outdated entries"];
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
    table(&names, &rows)
}

pub(super) fn failures(total: &Measured) -> String {
    let mut rows = Vec::new();
    let share = |number: u64| percent(ratio(number, total.planned));
    if total.shed > 0 {
        rows.push(vec!["shed: status 503".to_owned(), count(total.shed), share(total.shed)]);
    }
    rows.extend(total.failures.iter().map(|(text, number)| vec![text.clone(), count(*number), share(*number)]));
    if rows.is_empty() {
        return "<p>None: every planned request was answered.</p>".to_owned();
    }
    table(&["failure", "count", "of all planned"], &rows)
}

pub(super) fn changes(run: &RunResult) -> String {
    let names =
        ["changes", "due/s", "accepted/s", "rejected", "failed", "not sent", "429s", "acknowledged p50", "p99", "max"];
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
    table(&names, &rows.collect::<Vec<_>>())
}

pub(super) fn freshness(run: &RunResult) -> String {
    let late = format!("over {} ms", run.scenario.probe.bound_ms);
    let names = ["acknowledged to visible", "seen", "p50", "p90", "p99", "max", &late, "never", "write failed"];
    let tried = run.freshness().into_iter().filter(|(_, seen)| seen.tried() > 0);
    let rows = tried.map(|(name, seen)| {
        let lag = &seen.acknowledged_to_visible;
        vec![
            name.to_owned(),
            count(lag.count),
            milliseconds(lag.p50_us),
            milliseconds(lag.p90_us),
            milliseconds(lag.p99_us),
            milliseconds(lag.max_us),
            count(seen.later_than_bound),
            count(seen.never_visible),
            count(seen.writes_failed),
        ]
    });
    table(&names, &rows.collect::<Vec<_>>())
}

/// A table whose rows the terminal shows, too.
pub(super) fn shared((names, rows): Rows) -> String {
    table(&names, &rows)
}
