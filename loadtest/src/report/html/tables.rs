//! The tables of a page.
//!
//! Owns their columns. It refuses to compute figures that the result does not hold.
//!
//! Invariant: a table without rows is left out.

use super::escaped;
use crate::report::rows::Rows;
use crate::report::{count, milliseconds, percent};
use crate::result::{Measured, RunResult, ratio};

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
