//! One drive: requests, changes and probes side by side for the length of some phases.
//!
//! Owns putting the parts together. It refuses to know what the phases are for: a run, a step of a sweep.
//!
//! Invariant: all parts count from one clock and end with the last phase.

pub(crate) mod progress;

use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::arrivals::Rates;
use crate::changes::{Stream, Target, Writer};
use crate::engine::{Clock, Driver, stopped};
use crate::faults::breakers::Watch;
use crate::faults::{self, Faults};
use crate::machine;
use crate::probe::{Prober, watch};
use crate::record::Recorder;
use crate::record::distribution::Distribution;
use crate::record::windows::Windows;
use crate::result::{Header, Measured, RunResult, build};
use crate::scenario::Phase;
use crate::server::usage::{Sampler, Samples};
use crate::setup::Setup;
use crate::traffic::Traffic;
use crate::traffic::urls::Urls;
use progress::Progress;

/// Seeds of the parts of a run, so that none repeats another's choices.
const SEED_CHANGES: u64 = 0x000c_0ffe;
const SEED_PROBES: u64 = 0x0b0b_0b0b;

/// Everything that a drive recorded.
#[derive(Debug)]
pub(crate) struct Driven {
    pub(crate) driver: Rc<Driver>,
    pub(crate) content: Rc<Writer>,
    pub(crate) live: Rc<Writer>,
    pub(crate) prober: Rc<Prober>,
    pub(crate) samples: Samples,
    pub(crate) rates: Rates,
    pub(crate) faults: Rc<Faults>,
    pub(crate) breakers: Rc<Watch>,
}

impl Driven {
    pub(crate) fn lag(&self) -> Distribution {
        self.driver.recorder.borrow().lag.summary()
    }

    /// Each phase, and the counted ones together.
    pub(crate) fn measured(&self, phases: &[Phase]) -> (Vec<Measured>, Measured) {
        build::phases(phases, &self.driver.recorder.borrow().phases)
    }
}

/// Drives the phases. `seed` differs between the steps of a sweep. Must run within a `LocalSet`.
pub(crate) async fn drive(setup: &Setup, phases: &[Phase], seed: u64, title: &str) -> anyhow::Result<Driven> {
    let scenario = &setup.scenario;
    let rates = Rates::new(phases);
    let urls = Urls::new(&scenario.catalog, &scenario.search);
    let popular = match scenario.probe.price_per_second > 0.0 {
        true => watch::popular(&setup.client, &urls, &setup.pool).await,
        false => Vec::new(),
    };
    let watched: HashSet<String> = popular.iter().map(|popular| popular.id.clone()).collect();
    let mut traffic = Traffic::new(scenario, setup.pool.clone(), rates.clone(), seed).peekable();
    // The sessions of the time before the run are simulated on the way to the first request: not while a clock runs.
    traffic.peek();
    let lines = || crate::changes::lines::Lines::new(&setup.products, &watched, seed ^ SEED_CHANGES);
    let (content_lines, live_lines) = (lines(), lines());
    if content_lines.is_empty() && phases.iter().any(|phase| phase.content + phase.live > 0.0) {
        anyhow::bail!("phases: changes need products, and the catalog's export has none");
    }

    let clock = Clock::starting_now();
    let driver =
        Driver::new(Rc::clone(&setup.client), clock, rates.clone(), phases.len(), scenario.client.in_flight_max);
    driver.recorder.borrow_mut().windows = Windows::new(faults::edges(phases));
    let faults = Rc::new(Faults::new(phases, setup.server.as_ref()));
    let breakers = Rc::new(Watch::default());
    let writer = |stream, batch, lines| {
        let in_flight_max = scenario.changes.in_flight_max;
        let target = Target { stream, catalog: &scenario.catalog, batch, in_flight_max };
        Writer::new(target, Rc::clone(&setup.client), clock, phases, lines)
    };
    let content = writer(Stream::Content, scenario.changes.content_batch, content_lines);
    let live = writer(Stream::Live, scenario.changes.live_batch, live_lines);
    let prober = Rc::new(Prober {
        client: Rc::clone(&setup.client),
        clock,
        catalog: scenario.catalog.clone(),
        settings: scenario.probe.clone(),
        counted: phases.iter().map(|phase| phase.counted).collect(),
        rates: rates.clone(),
        content: Default::default(),
        published: Default::default(),
        price: Default::default(),
    });
    let sampler = Sampler::start(setup.server.as_ref().and_then(crate::server::Server::process));
    let progress = Progress::start(title, Rc::clone(&driver), clock, rates.end());

    let mut beside = JoinSet::new();
    beside.spawn_local(Rc::clone(&content).run());
    beside.spawn_local(Rc::clone(&live).run());
    beside.spawn_local(Rc::clone(&prober).probe_content(seed ^ SEED_PROBES));
    beside.spawn_local(Rc::clone(&prober).probe_prices(popular));
    beside.spawn_local(Rc::clone(&faults).inflict(clock));
    if setup.watches_breakers {
        beside.spawn_local(Rc::clone(&breakers).run(Rc::clone(&setup.client), clock, rates.end()));
    }
    let driven = driver.drive(traffic).await;
    faults.end()?;
    while let Some(ended) = beside.join_next().await {
        ended??;
    }
    progress.finish();
    let samples = sampler.finish();
    driven?;
    Ok(Driven { driver, content, live, prober, samples, rates, faults, breakers })
}

/// Runs the phases of a scenario.
pub(crate) async fn run(setup: &Setup, mut header: Header) -> anyhow::Result<RunResult> {
    let scenario = &setup.scenario;
    header.server_command = setup.server.as_ref().map(|server| server.command.clone());
    header.machine = machine::Machine::read();
    let driven = drive(setup, &scenario.phases, scenario.seed, &scenario.name).await?;
    Ok(result(setup, header, &scenario.phases, &driven))
}

/// What a drive came to.
pub(crate) fn result(setup: &Setup, header: Header, driven_phases: &[Phase], driven: &Driven) -> RunResult {
    let scenario = &setup.scenario;
    let (phases, total) = driven.measured(driven_phases);
    let due_seconds = |rate: fn(&Phase) -> f64| -> f64 {
        driven_phases.iter().filter(|phase| rate(phase) > 0.0).map(|phase| phase.seconds).sum()
    };
    let (content, live) = (driven.content.written.borrow(), driven.live.written.borrow());
    let recorder = driven.driver.recorder.borrow();
    let Recorder { series, lag, windows, .. } = &*recorder;
    let phase_at = |at: Duration| driven.rates.phase(at);
    RunResult {
        header,
        scenario: scenario.clone(),
        sampled_products: setup.products.len(),
        known_queries: setup.pool.len(),
        interrupted: stopped(),
        phases,
        total,
        generator_lag: lag.summary(),
        connections_opened: setup.client.opened(),
        sent_again: setup.client.sent_again(),
        content: build::stream(&content, due_seconds(|phase| phase.content)),
        live: build::stream(&live, due_seconds(|phase| phase.live)),
        freshness_content: build::freshness(&driven.prober.content.borrow()),
        freshness_published: build::freshness(&driven.prober.published.borrow()),
        freshness_price: build::freshness(&driven.prober.price.borrow()),
        series: build::series(&series.seconds, phase_at, &driven.samples, (&content.seconds, &live.seconds)),
        faults: setup.watches_breakers.then(|| build::faults::result(&driven.faults, &driven.breakers, windows)),
    }
}
