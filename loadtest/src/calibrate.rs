//! How fast this generator is on this machine: driven against a bare handler, it stands for itself.
//!
//! Owns the search for its limit, and where the figure is kept. It refuses to measure Storefind.
//!
//! The limit is the highest rate at which even a bare handler's answers meet the goal (mean and p99) and none fails.
//! Beyond it, a missed goal could be the generator's fault, so nothing is claimed.
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
use crate::result::{CalibrationResult, CalibrationStep, Header, Outcome, build};
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

/// Finds the limit.
pub(crate) async fn calibrate(body_bytes: usize) -> anyhow::Result<CalibrationResult> {
    let bare = Bare::start(body_bytes)?;
    let settings = shape::Client::default();
    let client = Rc::new(Client::new(bare.address, &settings));
    client.open(settings.connections).await?;
    let plan = Plan { first: RATE_FIRST, last: RATE_LAST, precision: PRECISION, limit: None, tries: 1 };
    let mut steps: Vec<CalibrationStep> = Vec::new();
    loop {
        let tried: Vec<_> = steps.iter().map(|step| (step.rate, step.held)).collect();
        match knee::next(&plan, &tried) {
            Next::Try(rate) if !stopped() => {
                steps.push(step(&client, rate, settings.in_flight_max, steps.len() as u64).await?);
            }
            Next::Try(_) | Next::Done(_) => break,
        }
    }
    if stopped() {
        // A limit that is too low would make every later run refuse its figures.
        bail!("interrupted: the limit was not found, and what was kept before still stands");
    }
    let limit = steps.iter().filter(|step| step.held).map(|step| step.rate).fold(0.0, f64::max);
    let mut header =
        Header::new("calibration", "The generator against a bare hyper handler in its own process: its own limit.");
    header.generator_limit = Some(limit);
    Ok(CalibrationResult { header, body_bytes, limit, steps })
}

async fn step(client: &Rc<Client>, rate: f64, in_flight_max: usize, seed: u64) -> anyhow::Result<CalibrationStep> {
    let phase = |seconds, counted| Phase {
        name: format!("{rate:.0}/s"),
        seconds,
        rate,
        content: 0.0,
        live: 0.0,
        flash: 0.0,
        counted,
    };
    let phases = [phase(WARM_SECONDS, false), phase(STEP_SECONDS, true)];
    let rates = Rates::new(&phases);
    let mut process = Process::new(Arrivals::Poisson, rates.clone());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // As long as a search of two words with facets.
    let target = "/v1/demo/search?q=wireless%20headphones&facets=brand%2Ccategories".to_owned();
    let plan = std::iter::from_fn(move || {
        let ask = Ask { kind: Kind::FirstPage, target: target.clone(), prefix_characters: 0 };
        process.next(&mut random).map(|at| Planned { at, ask })
    });
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

/// The limit that was found on this machine, if one is kept in a folder.
pub(crate) fn limit(folder: &Path) -> Option<f64> {
    match Outcome::read(&folder.join(NAME).with_extension("json")) {
        Ok(Outcome::Calibration(kept)) => same_machine(&kept.header.machine, &Machine::read()).then_some(kept.limit),
        Ok(Outcome::Run(_) | Outcome::Sweep(_) | Outcome::Saturation(_)) | Err(_) => None,
    }
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
}
