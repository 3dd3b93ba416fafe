//! The page says what it must, for every sort of result.

use std::time::Duration;

use super::*;
use crate::client::{CacheStatus, Head, Tier};
use crate::record::Recorder;
use crate::record::distribution::Recording;
use crate::report::BEYOND;
use crate::result::{Header, Step, Verdict, build};
use crate::scenario;
use crate::server::usage::Samples;
use crate::traffic::{Ask, Kind};

fn header(limit: Option<f64>) -> Header {
    Header { generator_limit: limit, ..Header::new("a <b> & c", "what it shows") }
}

fn measured(rate: f64) -> crate::result::Measured {
    let mut measured = build::measured("p", 1.0, rate, true, &crate::record::totals::Totals::default());
    let mut recording = Recording::default();
    (1..200).for_each(|number| recording.record(Duration::from_micros(number * 137)));
    measured.latency = recording.summary();
    measured
}

fn sweep(limit: Option<f64>) -> Outcome {
    let text = "name = \"x\"\ncatalog = \"demo\"\n[sweep]\nfrom = 100.0\nto = 10000.0\n";
    let step = |rate: f64| Step {
        rate,
        measured: measured(rate),
        generator_lag: measured(rate).latency,
        content: Default::default(),
        live: Default::default(),
        missed: Vec::new(),
    };
    Outcome::Sweep(Box::new(SweepResult {
        header: header(limit),
        scenario: scenario::parse(text).unwrap(),
        sampled_products: 1,
        known_queries: 1,
        interrupted: false,
        steps: vec![step(100.0), step(7_777.0)],
        verdict: Verdict::Knee { rate: 100.0, missed_at: 7_777.0 },
    }))
}

/// A run with an autocomplete answer of each tier that was asked twice.
fn run() -> Outcome {
    let text = "name = \"x\"\ncatalog = \"demo\"\n[[phases]]\nname = \"a\"\nseconds = 1\nrate = 10\n";
    let mut recorder = Recorder::new(1);
    for tier in [Tier::Memory, Tier::Index, Tier::Memory, Tier::Index] {
        let ask = Ask { kind: Kind::Autocomplete, target: tier.as_str().into(), prefix_characters: 3 };
        let asked = recorder.planned(Duration::ZERO, 0, &ask, 0);
        let cache = CacheStatus { tier, was_stale: false };
        let head = Head { status: 200, cache, retry_after_seconds: None, closes: false };
        recorder.finished(asked, Ok(&head), Duration::from_millis(3));
    }
    let scenario = scenario::parse(text).unwrap();
    let (phases, total) = build::phases(&scenario.phases, &recorder.phases);
    let samples = Samples::default();
    Outcome::Run(Box::new(RunResult {
        header: header(None),
        sampled_products: 1,
        known_queries: 1,
        interrupted: false,
        phases,
        total,
        generator_lag: recorder.lag.summary(),
        connections_opened: 1,
        sent_again: 0,
        content: Default::default(),
        live: Default::default(),
        freshness_content: Default::default(),
        freshness_published: Default::default(),
        freshness_price: Default::default(),
        series: build::series(&recorder.series.seconds, |_| Some(0), &samples, (&[], &[])),
        scenario,
    }))
}

#[test]
fn a_page_loads_nothing_and_escapes_what_it_shows() {
    let page = page(&sweep(None));
    assert!(page.contains("<h1>a &lt;b&gt; &amp; c</h1>"));
    for address in ["http://", "https://", "<script", "url(", "@import"] {
        assert!(!page.contains(address), "{address}");
    }
    assert!(page.contains("not calibrated"));
}

#[test]
fn a_rate_beyond_the_generator_has_no_figures() {
    let claimed = page(&sweep(None));
    let refused = page(&sweep(Some(5_000.0)));
    assert!(!claimed.contains(BEYOND));
    assert!(refused.contains(&format!("<tr><td>7,777</td><td>{BEYOND}</td></tr>")));
}

#[test]
fn a_run_beyond_the_generator_has_no_latencies() {
    let Outcome::Run(mut run) = run() else { panic!("not a run") };
    run.header.generator_limit = Some(5.0);
    for text in [page(&Outcome::Run(run.clone())), crate::report::terminal::text(&Outcome::Run(run))] {
        assert!(text.contains(BEYOND));
        assert!(!text.contains("3.00 ms"), "{text}");
    }
}

#[test]
fn a_result_survives_being_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    for outcome in [sweep(Some(5_000.0)), run()] {
        outcome.write(&path).unwrap();
        assert_eq!(page(&Outcome::read(&path).unwrap()), page(&outcome));
    }
}
