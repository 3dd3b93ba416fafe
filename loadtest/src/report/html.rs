//! A result as one page: tables, plots, and what a sceptical reader should know first.
//!
//! Owns the order of the page. It refuses to load anything: no script, no font, no address of the web, so that a page
//! that is kept can be read in ten years.
//!
//! Invariant: every text from outside is escaped, and a rate beyond the generator's limit has no figures.

mod caveats;
mod pairs;
mod plot;
mod plots;
mod tables;

#[cfg(test)]
mod tests;

pub(crate) use caveats::others;

use crate::report::{rate, rows};
use crate::result::{CalibrationResult, Outcome, RunResult, SaturationResult, SweepResult};

const STYLE: &str = include_str!("html/style.css");

/// The whole page.
pub(crate) fn page(outcome: &Outcome) -> String {
    let body = match outcome {
        Outcome::Run(run) => run_body(run),
        Outcome::Sweep(sweep) => sweep_body(sweep),
        Outcome::Calibration(calibration) => calibration_body(calibration),
        Outcome::Saturation(saturation) => saturation_body(saturation),
        Outcome::Pairs(pairs) => pairs::body(pairs),
    };
    let header = outcome.header();
    let title = escaped(&header.name);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Storefind load test: {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{}{body}\
         </main>\n</body>\n</html>\n",
        head(outcome)
    )
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn head(outcome: &Outcome) -> String {
    let header = outcome.header();
    let mut rows = vec![
        ("Started", header.started.clone()),
        ("Command", header.command.clone()),
        ("Server", header.server_command.clone().unwrap_or_else(|| "not started by this program".to_owned())),
        ("Commit", header.commit.clone()),
        ("Machine", header.machine.text()),
    ];
    // A closed loop has no plan that could be missed.
    if !matches!(outcome, Outcome::Saturation(_)) {
        let limit = match header.generator_limit {
            Some(limit) => format!("{} requests/s; nothing is claimed beyond it", rate(limit)),
            None => "not calibrated on this machine".to_owned(),
        };
        rows.push(("Generator’s limit", limit));
    }
    let rows: String =
        rows.iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(value))).collect();
    format!(
        "<header><p class=\"kind\">Storefind load test</p>\n<h1>{}</h1>\n<p class=\"about\">{}</p>\n<dl>\n{rows}</dl></header>\n",
        escaped(&header.name),
        escaped(&header.about)
    )
}

fn section(title: &str, parts: &[String]) -> String {
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>{title}</h2>\n{}\n</section>\n", parts.join("\n"))
}

fn note(text: &str) -> String {
    format!("<p class=\"note\">{}</p>", escaped(text))
}

fn run_body(run: &RunResult) -> String {
    [
        section("In short", &[tables::verdict(run), tables::shared(rows::phases(run))]),
        section("Read this first", &[caveats::run(run)]),
        section(
            "Latency over time",
            &[
                plots::latency_over_time(run),
                plots::requests_over_time(run),
                note("Each request stands in the second in which it was meant to leave, also when it ended later."),
            ],
        ),
        section("Latency by tier of answer", &by_tier(run)),
        section(
            "Hit rates",
            &[
                tables::shared(rows::hit_rates(&run.total)),
                plots::hits_by_prefix(&run.total),
                note(
                    "“Asked first” are requests that nobody had made before in this run: no cache could know them. \
                     The rate among those asked before leaves them out.",
                ),
            ],
        ),
        section(
            "Changes and freshness",
            &[tables::shared(rows::changes(run)), tables::freshness(run), plots::freshness(run), freshness_note(run)],
        ),
        section("Faults", &faults(run)),
        section("Failures", &[tables::failures(&run.total)]),
        section("The machine meanwhile", &[plots::cores_over_time(run), plots::memory_over_time(run)]),
        section("The scenario", &[scenario(&run.scenario)]),
    ]
    .concat()
}

fn by_tier(run: &RunResult) -> Vec<String> {
    if run.claimed() {
        vec![plots::latency_by_tier(&run.total), tables::shared(rows::latencies(&run.total))]
    } else {
        vec![note(crate::report::BEYOND)]
    }
}

fn freshness_note(run: &RunResult) -> String {
    if run.scenario.probe.content_per_second + run.scenario.probe.price_per_second <= 0.0 {
        return String::new();
    }
    note(&format!(
        "From the acknowledgement of a write to the first answer of the ordinary search route that shows it, looked at \
         every {} ms. The time of the last look and of its answer is included: these are upper bounds.",
        run.scenario.probe.poll_ms
    ))
}

fn sweep_body(sweep: &SweepResult) -> String {
    [
        section("In short", &[format!("<p class=\"verdict\">{}</p>", escaped(&sweep.verdict.text())), goal(sweep)]),
        section("Read this first", &[caveats::sweep(sweep)]),
        section(
            "Throughput against latency",
            &[
                plots::throughput_against_latency(sweep),
                tables::shared(rows::steps(&sweep.steps, |rate| sweep.header.within_limit(rate))),
            ],
        ),
        section("The scenario", &[scenario(&sweep.scenario)]),
    ]
    .concat()
}

fn goal(sweep: &SweepResult) -> String {
    let goal = &sweep.scenario.goal;
    note(&format!(
        "The goal: mean at most {} ms, p99 at most {} ms, at most {} % failed. The knee is the highest rate that was \
         tried and met it, with no lower rate that did not. A rate did not meet it when it missed in {} step(s).",
        goal.mean_ms,
        goal.p99_ms,
        goal.failures * 100.0,
        sweep.scenario.sweep.as_ref().map_or(1, |sweep| sweep.tries)
    ))
}

fn calibration_body(calibration: &CalibrationResult) -> String {
    let text = format!(
        "{} requests/s is the highest rate at which the generator, driven against a bare handler that answers {} bytes, \
         met the goal of a mean of 1.2 ms and a p99 of 12 ms without a failure.",
        rate(calibration.limit),
        calibration.body_bytes
    );
    let mut parts =
        vec![format!("<p class=\"verdict\">{text}</p>"), tables::shared(rows::calibration(&calibration.steps))];
    for bursts in &calibration.bursts {
        parts.push(format!("<p>{}: {} requests/s on the average.</p>", escaped(&bursts.text()), rate(bursts.limit)));
        parts.push(tables::shared(rows::calibration(&bursts.steps)));
    }
    section("In short", &parts)
}

/// What was done to the processes beside the server.
fn faults(run: &RunResult) -> Vec<String> {
    let Some(faults) = run.faults.as_ref().filter(|faults| !faults.faults.is_empty()) else { return Vec::new() };
    vec![
        tables::shared(rows::windows(faults)),
        tables::shared(rows::faults(faults)),
        note(&format!(
            "The breakers were looked at every {} ms: they had changed up to so much earlier.",
            faults.looked_every_ms
        )),
    ]
}

fn saturation_body(saturation: &SaturationResult) -> String {
    section(
        "Throughput by connections",
        &[
            note(
                "A closed loop: each connection sends its next request when the last is answered. Shoppers do not wait \
                 for each other, so that these latencies are no promise; they compare one answer with another.",
            ),
            tables::shared(rows::saturation(saturation)),
        ],
    )
}

fn scenario(scenario: &crate::scenario::Scenario) -> String {
    let text = toml::to_string_pretty(scenario).unwrap_or_default();
    format!("<details><summary>As it was run, with all defaults</summary><pre>{}</pre></details>", escaped(&text))
}
