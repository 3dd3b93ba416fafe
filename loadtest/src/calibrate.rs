//! How fast this generator is on this machine: driven against a bare handler, it stands for itself.
//!
//! Owns the search for its limit, and where the figure is kept. It refuses to measure Storefind.
//!
//! The limit is the highest rate at which even a bare handler's answers meet the goal (mean and p99) and none fails.
//! Beyond it, a missed goal could be the generator's fault, so nothing is claimed. Requests that come in bursts ask more
//! of the generator than the same rate at random, so each process of arrivals has its own limit.
//!
//! Invariant: a limit counts only on the machine on which it was found.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::bail;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::arrivals::{Process, Rates};
use crate::bare::Bare;
use crate::client::Client;
use crate::engine::{Clock, Driver, stopped};
use crate::machine::Machine;
use crate::result::{BurstLimit, CalibrationResult, CalibrationStep, Header, Outcome, build};
use crate::run::progress::Progress;
use crate::scenario::{Arrivals, Goal, Phase, shape};
use crate::sweep::knee::{self, Next, Plan};
use crate::traffic::{Ask, Kind, Planned};

/// First and highest rate. No single thread comes near the highest.
const RATE_FIRST: f64 = 1_000.0;
const RATE_LAST: f64 = 512_000.0;
/// The limit is found to a tenth: two runs differ by as much.
const PRECISION: f64 = 0.1;
const WARM_SECONDS: f64 = 0.5;
const STEP_SECONDS: f64 = 3.0;
/// Share of the planned requests that must be answered in their step.
const ANSWERED_MIN: f64 = 0.99;
/// The name of its result.
pub(crate) const NAME: &str = "calibration";

/// Length of a step of bursts: some five of the usual ones, with the calm times between them.
const BURST_STEP_SECONDS: f64 = 10.0;
/// Bursts begin to be tried at this share of what the generator does at random: in a burst it must do all of it.
const BURST_FIRST_SHARE: f64 = 0.5;

/// Finds the limits: at random, in the usual bursts, and in those of a scenario.
pub(crate) async fn calibrate(body_bytes: usize, of_scenario: Option<Arrivals>) -> anyhow::Result<CalibrationResult> {
    let bare = Bare::start(body_bytes)?;
    let settings = shape::Client::default();
    let client = Rc::new(Client::new(bare.address, &settings));
    client.open(settings.connections).await?;
    let (limit, steps) = search(&client, Arrivals::Poisson, RATE_FIRST).await?;
    let mut bursts: Vec<BurstLimit> = Vec::new();
    for arrivals in [Some(Arrivals::usual_bursts()), of_scenario].into_iter().flatten() {
        if let Some(factor) = arrivals.factor()
            && bursts.iter().all(|known| known.arrivals != arrivals)
        {
            let first = (limit / factor * BURST_FIRST_SHARE).max(1.0);
            let (limit, steps) = search(&client, arrivals, first).await?;
            bursts.push(BurstLimit { arrivals, limit, steps });
        }
    }
    let mut header =
        Header::new("calibration", "The generator against a bare hyper handler in its own process: its own limit.");
    header.generator_limit = Some(limit);
    Ok(CalibrationResult { header, body_bytes, limit, steps, bursts })
}

/// The highest rate that holds, and all that were tried.
async fn search(client: &Rc<Client>, arrivals: Arrivals, first: f64) -> anyhow::Result<(f64, Vec<CalibrationStep>)> {
    let plan = Plan { first, last: RATE_LAST, precision: PRECISION, limit: None, tries: 1 };
    let mut steps: Vec<CalibrationStep> = Vec::new();
    loop {
        let tried: Vec<_> = steps.iter().map(|step| (step.rate, step.held)).collect();
        match knee::next(&plan, &tried) {
            Next::Try(rate) if !stopped() => steps.push(step(client, arrivals, rate, steps.len() as u64).await?),
            Next::Try(_) | Next::Done(_) => break,
        }
    }
    if stopped() {
        // A limit that is too low would make every later run refuse its figures.
        bail!("interrupted: the limit was not found, and what was kept before still stands");
    }
    let limit = steps.iter().filter(|step| step.held).map(|step| step.rate).fold(0.0, f64::max);
    Ok((limit, steps))
}

async fn step(client: &Rc<Client>, arrivals: Arrivals, rate: f64, seed: u64) -> anyhow::Result<CalibrationStep> {
    let seconds = if arrivals.factor().is_some() { BURST_STEP_SECONDS } else { STEP_SECONDS };
    let phase = |seconds, counted| Phase::new(&format!("{rate:.0}/s"), seconds, rate, counted);
    let phases = [phase(WARM_SECONDS, false), phase(seconds, true)];
    let rates = Rates::new(&phases);
    let mut process = Process::new(arrivals, rates.clone());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // As long as a search of two words with facets.
    let target = "/v1/demo/search?q=wireless%20headphones&facets=brand%2Ccategories".to_owned();
    let plan = std::iter::from_fn(move || {
        let ask = Ask { kind: Kind::FirstPage, target: target.clone(), prefix_characters: 0 };
        process.next(&mut random).map(|at| Planned { at, ask })
    });
    let in_flight_max = shape::Client::default().in_flight_max;
    let clock = Clock::starting_now();
    let driver = Driver::new(Rc::clone(client), clock, rates.clone(), phases.len(), in_flight_max);
    let progress = Progress::start("calibrate", Rc::clone(&driver), clock, rates.end());
    driver.drive(plan).await?;
    progress.finish();
    // What another step left behind should not weigh on the next.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let recorder = driver.recorder.borrow();
    let (_, measured) = build::phases(&phases, &recorder.phases);
    let goal = Goal { failures: 0.0, ..Goal::default() };
    let answered = crate::result::ratio(measured.answered, measured.planned).unwrap_or(0.0);
    Ok(CalibrationStep {
        rate,
        answered_per_second: measured.answered_per_second,
        failed: measured.failed + measured.shed,
        held: measured.missed(&goal).is_empty() && answered >= ANSWERED_MIN,
        latency: measured.latency,
        generator_lag: recorder.lag.summary(),
    })
}

/// The limit that was found on this machine for a process of arrivals, if one is kept in a folder.
pub(crate) fn limit(folder: &Path, arrivals: Arrivals) -> Option<f64> {
    match Outcome::read(&folder.join(NAME).with_extension("json")) {
        Ok(Outcome::Calibration(kept)) if same_machine(&kept.header.machine, &Machine::read()) => {
            Some(limit_of(&kept, arrivals))
        }
        Ok(
            Outcome::Run(_) | Outcome::Sweep(_) | Outcome::Calibration(_) | Outcome::Saturation(_) | Outcome::Pairs(_),
        )
        | Err(_) => None,
    }
}

/// For bursts that were not tried, what holds at random must be enough for the height of a burst.
fn limit_of(kept: &CalibrationResult, arrivals: Arrivals) -> f64 {
    let tried = kept.bursts.iter().find(|bursts| bursts.arrivals == arrivals).map(|bursts| bursts.limit);
    tried.unwrap_or(kept.limit / arrivals.factor().unwrap_or(1.0))
}

/// A new kernel may be faster or slower, but the machine is the same.
fn same_machine(one: &Machine, other: &Machine) -> bool {
    (one.cores, &one.processor, one.memory_bytes) == (other.cores, &other.processor, other.memory_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_on_its_own_machine_only() {
        let machine = Machine::read();
        assert!(same_machine(&machine, &Machine { kernel: "other".into(), ..machine.clone() }));
        assert!(!same_machine(&machine, &Machine { cores: machine.cores + 1, ..machine.clone() }));
    }

    #[test]
    fn each_process_of_arrivals_has_its_own_limit() {
        let usual = Arrivals::usual_bursts();
        let bursts = vec![BurstLimit { arrivals: usual, limit: 15_000.0, steps: Vec::new() }];
        let header = Header::new("calibration", "");
        let kept = CalibrationResult { header, body_bytes: 1, limit: 40_000.0, steps: Vec::new(), bursts };
        assert_eq!(limit_of(&kept, Arrivals::Poisson), 40_000.0);
        assert_eq!(limit_of(&kept, usual), 15_000.0);
        let other = Arrivals::Bursts { factor: 8.0, burst_ms: 50.0, calm_ms: 950.0 };
        assert_eq!(limit_of(&kept, other), 5_000.0);
    }
}
