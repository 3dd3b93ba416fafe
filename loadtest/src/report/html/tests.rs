//! The page says what it must, for every sort of result.

use std::time::Duration;

use super::*;
use crate::client::{CacheStatus, Head, Tier};
use crate::pairs::measures::{Figure, measures};
use crate::record::Recorder;
use crate::record::distribution::Recording;
use crate::report::BEYOND;
use crate::result::faults::{FaultResult, FaultsResult};
use crate::result::pairs::{PairRun, PairsResult};
use crate::result::{Header, Measured, Step, Verdict, build};
use crate::scenario::{self, Act};
use crate::server::usage::Samples;
use crate::traffic::{Ask, Kind};

fn header(limit: Option<f64>) -> Header {
    Header { generator_limit: limit, ..Header::new("a <b> & c", "what it shows") }
}

fn measured(rate: f64) -> Measured {
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
        faults: Some(faults()),
        scenario,
    }))
}

fn faults() -> FaultsResult {
    let fault = |act, opened_after_ms, closed_after_ms| FaultResult {
        process: "redis-server".into(),
        act,
        at_seconds: 2.5,
        opened_after_ms,
        closed_after_ms,
    };
    FaultsResult {
        faults: vec![fault(Act::Freeze, Some(61.0), None), fault(Act::Thaw, None, Some(512.0))],
        windows: vec![Measured { name: "after freeze redis-server".into(), ..measured(10.0) }],
        breakers: Vec::new(),
        looked_every_ms: 20,
    }
}

/// Two pairs in which A took twice as long as B.
fn pairs(limit: Option<f64>) -> Outcome {
    let scenario = |name: &str| {
        let text = format!("name = \"{name}\"\ncatalog = \"demo\"\n[[phases]]\nname = \"a\"\nseconds = 1\nrate = 10\n");
        scenario::parse(&text).unwrap()
    };
    let latency = |microseconds: u64| {
        let mut recording = Recording::default();
        (0..9).for_each(|_| recording.record(Duration::from_micros(microseconds)));
        recording.summary()
    };
    let run = |pair, is_b: bool| PairRun {
        pair,
        is_b,
        total: Measured { latency: latency(if is_b { 4_000 } else { 8_000 }), ..Measured::default() },
        faults: (!is_b).then(faults),
        ..PairRun::default()
    };
    let runs = vec![run(0, false), run(0, true), run(1, true), run(1, false)];
    Outcome::Pairs(Box::new(PairsResult {
        header: header(limit),
        a: scenario("with"),
        b: scenario("without"),
        b_server_command: None,
        asks_alike: false,
        interrupted: false,
        pairs: 2,
        measures: measures(&runs, &[Figure::Mean]),
        runs,
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
    for outcome in [sweep(Some(5_000.0)), run(), pairs(None)] {
        outcome.write(&path).unwrap();
        assert_eq!(page(&Outcome::read(&path).unwrap()), page(&outcome));
    }
}

/// Both ways of showing a result.
fn shown(outcome: &Outcome) -> [String; 2] {
    [page(outcome), crate::report::terminal::text(outcome)]
}

#[test]
fn two_scenarios_in_turns_show_ratio_interval_and_level() {
    for text in shown(&pairs(Some(100.0))) {
        assert!(
            text.contains("with ÷ without: mean, all requests 2.000 (2.000–2.000, level 50.0 %), 2 pairs"),
            "{text}"
        );
        assert!(text.contains("A and B do not ask the same"), "{text}");
        assert!(text.contains("A: freeze redis-server") && text.contains("61 ms"), "{text}");
    }
}

#[test]
fn two_scenarios_beyond_the_generator_have_no_ratio() {
    for text in shown(&pairs(Some(5.0))) {
        assert!(text.contains(BEYOND), "{text}");
        assert!(!text.contains("2.000") && !text.contains("8.00 ms"), "{text}");
    }
}

#[test]
fn faults_stand_with_their_windows_and_breakers() {
    for text in shown(&run()) {
        for expected in ["after freeze redis-server", "thaw redis-server", "61 ms", "512 ms", "every 20 ms"] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}

#[test]
fn a_step_tells_what_became_of_its_writes() {
    let Outcome::Sweep(mut sweep) = sweep(None) else { panic!("not a sweep") };
    sweep.steps[0].content = crate::result::StreamResult { due: 1_000, accepted: 940, ..Default::default() };
    for text in shown(&Outcome::Sweep(sweep)) {
        assert!(text.contains("940 of 1,000"), "{text}");
    }
}

#[test]
fn a_comparison_leaves_out_what_the_generator_cannot_claim() {
    let Outcome::Run(mut beyond) = run() else { panic!("not a run") };
    beyond.header.generator_limit = Some(5.0);
    let text = crate::compare::text(&run(), &Outcome::Run(beyond));
    assert!(text.contains(&format!("B: 10 requests/s are {BEYOND} of 5")), "{text}");
    assert!(text.contains("A: the generator was not calibrated"), "{text}");
    assert!(!text.contains("\np99 ") && !text.contains("answered/s"), "{text}");
    let calibrated = |limit| {
        let Outcome::Run(mut run) = run() else { panic!("not a run") };
        run.header.generator_limit = Some(limit);
        Outcome::Run(run)
    };
    let text = crate::compare::text(&calibrated(50.0), &calibrated(50.0));
    assert!(text.contains("\np99 ") && text.contains("answered/s") && !text.contains("A: "), "{text}");
}
