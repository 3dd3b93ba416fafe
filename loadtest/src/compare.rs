//! Two results side by side.
//!
//! Owns which figures are compared. It refuses to call a difference significant: two runs on a shared machine differ
//! by themselves, and how much is for the reader to find out by repeating one.
//!
//! Invariant: a ratio stands only where both figures are above zero, and no figure beyond the generator's limit does.

use crate::report::terminal::Table;
use crate::report::{BEYOND, mean_milliseconds, percent, rate};
use crate::result::pairs::MeasureResult;
use crate::result::{Measured, Outcome, SaturationRow, Verdict};
use crate::scenario::Scenario;

/// The text of a comparison.
pub(crate) fn text(one: &Outcome, other: &Outcome) -> String {
    let mut table = Table::new(&["", "A", "B", "B ÷ A"]);
    let headers = (one.header(), other.header());
    for (name, a, b) in [
        ("name", &headers.0.name, &headers.1.name),
        ("started", &headers.0.started, &headers.1.started),
        ("commit", &headers.0.commit, &headers.1.commit),
    ] {
        table.row(vec![name.to_owned(), a.clone(), b.clone()]);
    }
    for (name, a, b, written) in figures(one, other) {
        let ratio = if a > 0.0 && b > 0.0 { format!("{:.2}", b / a) } else { "-".to_owned() };
        table.row(vec![name, written(a), written(b), ratio]);
    }
    let mut text = table.text();
    for (side, outcome) in [("A", one), ("B", other)] {
        text.extend(claims(outcome).map(|claim| format!("\n{side}: {claim}\n")));
    }
    if headers.0.machine != headers.1.machine {
        let (a, b) = (headers.0.machine.text(), headers.1.machine.text());
        text.push_str(&format!("\nThe machines differ.\nA: {a}\nB: {b}\n"));
    }
    text
}

/// What a result cannot claim, if there is anything.
fn claims(outcome: &Outcome) -> Option<String> {
    let beyond = |rate: f64, limit: f64| {
        format!("{rate:.0} requests/s are {BEYOND} of {limit:.0}; latencies and answers a second are left out")
    };
    let header = outcome.header();
    let highest = |scenario: &Scenario| {
        scenario.phases.iter().filter(|phase| phase.counted).map(|phase| phase.rate).fold(0.0, f64::max)
    };
    let rate = match outcome {
        // A closed loop has no plan, and a calibration is the limit itself.
        Outcome::Saturation(_) | Outcome::Calibration(_) => return None,
        Outcome::Sweep(sweep) => match sweep.verdict {
            Verdict::BeyondGenerator { .. } => return Some(sweep.verdict.text()),
            Verdict::Knee { .. } | Verdict::BelowFirst { .. } | Verdict::AboveLast { .. } => 0.0,
        },
        Outcome::Run(run) => highest(&run.scenario),
        Outcome::Pairs(pairs) => highest(&pairs.a).max(highest(&pairs.b)),
    };
    match header.generator_limit {
        None => Some("the generator was not calibrated; what it claims may be its own limit".to_owned()),
        Some(limit) => (rate > limit).then(|| beyond(rate, limit)),
    }
}

/// Figures that a run beyond the generator's limit does not claim.
const UNCLAIMED: [&str; 7] = ["answered/s", "mean", "p50", "p90", "p99", "p99.9", "max"];

/// How a figure is written.
type Written = fn(f64) -> String;
type Figure = (String, f64, f64, Written);

fn figures(one: &Outcome, other: &Outcome) -> Vec<Figure> {
    match (one, other) {
        (Outcome::Run(one), Outcome::Run(other)) => {
            let mut figures = measured("", &one.total, &other.total);
            if !(one.claimed() && other.claimed()) {
                // Beyond the generator's limit they are not figures of the server.
                figures.retain(|(name, ..)| !UNCLAIMED.contains(&name.as_str()));
            }
            let lag = |run: &crate::result::RunResult| {
                let [published, content, price] =
                    [&run.freshness_published, &run.freshness_content, &run.freshness_price].map(|seen| {
                        [seen.acknowledged_to_visible.p50_us, seen.acknowledged_to_visible.p99_us].map(whole)
                    });
                let written = [&run.content, &run.live].map(|stream| stream.accepted_per_second);
                (content, price, written, published)
            };
            let (a, b) = (lag(one), lag(other));
            figures.push(("content changes/s".into(), a.2[0], b.2[0], rate));
            figures.push(("live changes/s".into(), a.2[1], b.2[1], rate));
            figures.push(("new word published, p50".into(), a.3[0], b.3[0], mean_milliseconds));
            figures.push(("new word published, p99".into(), a.3[1], b.3[1], mean_milliseconds));
            figures.push(("new word visible, p50".into(), a.0[0], b.0[0], mean_milliseconds));
            figures.push(("new word visible, p99".into(), a.0[1], b.0[1], mean_milliseconds));
            figures.push(("price visible, p50".into(), a.1[0], b.1[0], mean_milliseconds));
            figures.push(("price visible, p99".into(), a.1[1], b.1[1], mean_milliseconds));
            figures
        }
        (Outcome::Sweep(one), Outcome::Sweep(other)) => {
            let knee = |sweep: &crate::result::SweepResult| sweep.verdict.rate().unwrap_or(0.0);
            vec![("knee, requests/s".into(), knee(one), knee(other), |value| match value > 0.0 {
                true => rate(value),
                false => "none".to_owned(),
            })]
        }
        (Outcome::Calibration(one), Outcome::Calibration(other)) => {
            vec![("generator's limit, requests/s".into(), one.limit, other.limit, rate)]
        }
        (Outcome::Saturation(one), Outcome::Saturation(other)) => {
            let same = |a: &SaturationRow| {
                other.rows.iter().find(|b| (&b.target, b.connections) == (&a.target, a.connections))
            };
            let both = one.rows.iter().filter_map(|a| Some((a, same(a)?)));
            let figure = |(a, b): (&SaturationRow, &SaturationRow)| {
                let name = format!("{}, {} connections", a.target, a.connections);
                (name, a.answered_per_second, b.answered_per_second, rate as Written)
            };
            both.map(figure).collect()
        }
        (Outcome::Pairs(one), Outcome::Pairs(other)) if one.claimed() && other.claimed() => {
            let same = |a: &MeasureResult| other.measures.iter().find(|b| b.name() == a.name());
            let both = one.measures.iter().filter_map(|a| Some((a, same(a)?)));
            let ratio = |measure: &MeasureResult| measure.median.unwrap_or(0.0);
            let written: Written = |value| format!("{value:.3}");
            both.map(|(a, b)| (format!("ratio of {}", a.name()), ratio(a), ratio(b), written)).collect()
        }
        // Results of different kinds have no figures in common.
        (
            Outcome::Run(_) | Outcome::Sweep(_) | Outcome::Calibration(_) | Outcome::Saturation(_) | Outcome::Pairs(_),
            _,
        ) => Vec::new(),
    }
}

fn measured(prefix: &str, one: &Measured, other: &Measured) -> Vec<Figure> {
    let of = |measured: &Measured| {
        [
            measured.rate,
            measured.answered_per_second,
            whole(measured.shed),
            whole(measured.failed),
            measured.latency.mean_us,
            whole(measured.latency.p50_us),
            whole(measured.latency.p90_us),
            whole(measured.latency.p99_us),
            whole(measured.latency.p999_us),
            whole(measured.latency.max_us),
            measured.hits_overall.share().unwrap_or(0.0),
            measured.hits_first_page.share().unwrap_or(0.0),
            measured.hits_autocomplete.share().unwrap_or(0.0),
        ]
    };
    let number: Written = rate;
    let share: Written = |value| percent(Some(value));
    let names: [(&str, Written); 13] = [
        ("set/s", number),
        ("answered/s", number),
        ("shed", number),
        ("failed", number),
        ("mean", mean_milliseconds),
        ("p50", mean_milliseconds),
        ("p90", mean_milliseconds),
        ("p99", mean_milliseconds),
        ("p99.9", mean_milliseconds),
        ("max", mean_milliseconds),
        ("hits overall", share),
        ("hits, first page", share),
        ("hits, autocomplete", share),
    ];
    let values = of(one).into_iter().zip(of(other));
    names.into_iter().zip(values).map(|((name, written), (a, b))| (format!("{prefix}{name}"), a, b, written)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds are far below 2^52")]
fn whole(value: u64) -> f64 {
    value as f64
}
