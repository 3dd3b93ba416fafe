//! What a reader should know before believing a figure.
//!
//! Owns these sentences. It refuses to excuse anything: they say what was, from the result's own figures.
//!
//! Invariant: what holds of every run comes last, what is special to this one first.

use super::escaped;
use crate::report::{BEYOND, milliseconds};
use crate::result::{Header, RunResult, SweepResult};

/// Lateness of the generator that is worth a warning: as much as the mean that is allowed.
const LAG_P99_US: u64 = 1_200;
/// Cores that other programs may use without a warning.
const OTHERS_CORES: f64 = 0.2;

fn list(weighty: &[String], usual: &[String]) -> String {
    let item = |class: &str, text: &String| format!("<li class=\"{class}\">{}</li>\n", escaped(text));
    let weighty: String = weighty.iter().map(|text| item("weighty", text)).collect();
    let usual: String = usual.iter().map(|text| item("usual", text)).collect();
    format!("<ul class=\"caveats\">\n{weighty}{usual}</ul>")
}

fn usual(header: &Header) -> Vec<String> {
    let mut sentences = vec![
        format!(
            "Server and generator share the {} cores of one machine over loopback. A server alone on such a machine \
             would be faster; a network would add its own time.",
            header.machine.cores
        ),
        "The load is open: requests leave when the plan says, whatever became of those before. Latency runs from that \
         planned moment to the last byte of the answer, so that a stall is charged to every request it delays."
            .to_owned(),
        "A request over the cap of requests in flight is dropped and counted as a failure, never delayed.".to_owned(),
        "The traffic is a model, and the catalog may be a generated one: hit rates are those of this model.".to_owned(),
    ];
    if header.generator_limit.is_none() {
        sentences
            .insert(0, "The generator was not calibrated on this machine, so that its own limit is unknown.".into());
    }
    sentences
}

fn late(lag: &crate::record::distribution::Distribution) -> Option<String> {
    (lag.p99_us > LAG_P99_US).then(|| {
        format!(
            "The generator itself was late: its p99 is {}. That is part of every latency here.",
            milliseconds(lag.p99_us)
        )
    })
}

/// Of one run.
pub(super) fn run(run: &RunResult) -> String {
    let mut weighty = Vec::new();
    if run.interrupted {
        weighty.push("The run was interrupted: these are the figures of a part of it.".to_owned());
    }
    if !run.claimed() {
        weighty.push(format!("The rate of a phase is {BEYOND}: its figures and those of the whole run are left out."));
    }
    weighty.extend(late(&run.generator_lag));
    if let Some(others) = others(run).filter(|others| *others > OTHERS_CORES) {
        weighty.push(format!(
            "Other programs kept {others:.1} cores busy on average during the run. Repeat it on a quiet machine."
        ));
    }
    list(&weighty, &usual(&run.header))
}

/// Cores that neither the server nor the generator kept busy, on average; unknown when the server is not ours.
pub(crate) fn others(run: &RunResult) -> Option<f64> {
    let of = |second: &crate::result::SecondResult| {
        Some((second.machine_cores? - second.server_cores? - second.generator_cores?).max(0.0))
    };
    let seconds: Vec<f64> = run.series.iter().filter_map(of).collect();
    #[expect(clippy::cast_precision_loss, reason = "seconds of a run")]
    let count = seconds.len() as f64;
    (!seconds.is_empty()).then(|| seconds.iter().sum::<f64>() / count)
}

/// Of two scenarios in turns: what is special to this result, and what holds of all.
pub(super) fn pairs(weighty: &[String], header: &Header) -> String {
    let mut usual = usual(header);
    usual.push(
        "Each ratio is that of two runs that followed each other, in an order that turns around with each pair. The \
         interval holds the median of what such ratios are drawn from with the probability that stands beside it, \
         whatever their distribution; it supposes that the pairs are independent."
            .to_owned(),
    );
    list(weighty, &usual)
}

/// Of a sweep.
pub(super) fn sweep(sweep: &SweepResult) -> String {
    let mut weighty = Vec::new();
    if sweep.interrupted {
        weighty.push("The sweep was interrupted: the knee may lie elsewhere.".to_owned());
    }
    let worst = sweep.steps.iter().filter(|step| step.missed.is_empty()).map(|step| &step.generator_lag);
    weighty.extend(worst.max_by_key(|lag| lag.p99_us).and_then(late));
    let mut usual = usual(&sweep.header);
    usual.push(
        "A step lasts some seconds. On a shared machine one bad moment can make a rate miss the goal, and where a rate \
         has several tries one good step is enough. Every step stands below: repeat the sweep before believing it."
            .to_owned(),
    );
    list(&weighty, &usual)
}
