//! A sweep: the same traffic at one rate after the other, until the knee is known.
//!
//! Owns the steps. It refuses to throw any away, but for one that was interrupted: each stands in the result
//! with all its figures.
//!
//! The server and its caches live on from step to step, as they would. Each step has seconds that are not counted, and
//! a seed of its own, so that it asks other fresh queries.
//!
//! Invariant: no rate above the generator's limit is tried.

pub(crate) mod knee;

use anyhow::{Context as _, bail};

use crate::engine::stopped;
use crate::result::{Header, Step, SweepResult, Verdict, build};
use crate::run;
use crate::scenario::Phase;
use crate::setup::Setup;
use knee::{Next, Plan};

/// Finds the knee of a scenario.
pub(crate) async fn sweep(setup: &Setup, mut header: Header) -> anyhow::Result<SweepResult> {
    let scenario = &setup.scenario;
    let settings = scenario.sweep.as_ref().context("sweep: the scenario has no [sweep]")?;
    header.server_command = setup.server.as_ref().map(|server| server.command.clone());
    // Phases of the scenario come first: they warm up.
    if !scenario.phases.is_empty() {
        run::drive(setup, &scenario.phases, scenario.seed, "warm-up").await?;
    }
    let plan = Plan {
        first: settings.from,
        last: settings.to,
        precision: settings.precision,
        limit: header.generator_limit,
        tries: settings.tries,
    };
    let mut steps: Vec<Step> = Vec::new();
    let verdict = loop {
        let tried: Vec<_> = steps.iter().map(|step| (step.rate, step.missed.is_empty())).collect();
        let rate = match knee::next(&plan, &tried) {
            Next::Try(rate) if !stopped() => rate,
            Next::Try(_) => break knee::verdict(&plan, &tried),
            Next::Done(verdict) => break verdict,
        };
        let phase = |seconds, counted| Phase {
            content: settings.content,
            live: settings.live,
            ..Phase::new(&format!("{rate:.0}/s"), seconds, rate, counted)
        };
        let phases = [phase(settings.warm_seconds.max(f64::EPSILON), false), phase(settings.seconds, true)];
        let seed = scenario.seed.wrapping_add(1 + steps.len() as u64);
        let driven = run::drive(setup, &phases, seed, &format!("{rate:.0}/s")).await?;
        if stopped() {
            // Half a step proves nothing.
            break knee::verdict(&plan, &tried);
        }
        let (_, measured) = driven.measured(&phases);
        let seconds = |per_second: f64| if per_second > 0.0 { settings.warm_seconds + settings.seconds } else { 0.0 };
        let content = build::stream(&driven.content.written.borrow(), seconds(settings.content));
        let live = build::stream(&driven.live.written.borrow(), seconds(settings.live));
        let mut missed = measured.missed(&scenario.goal);
        missed.extend([content.missed("content"), live.missed("live")].into_iter().flatten());
        steps.push(Step { rate, generator_lag: driven.lag(), content, live, missed, measured });
    };
    if steps.is_empty() && stopped() {
        bail!("interrupted before the first rate was measured");
    }
    Ok(SweepResult {
        header,
        scenario: scenario.clone(),
        sampled_products: setup.products.len(),
        known_queries: setup.pool.len(),
        interrupted: stopped(),
        steps,
        verdict,
    })
}

impl Verdict {
    /// The rate of the knee, where one is claimed.
    pub(crate) fn rate(&self) -> Option<f64> {
        match self {
            Self::Knee { rate, .. } | Self::AboveLast { rate } => Some(*rate),
            Self::BelowFirst { .. } | Self::BeyondGenerator { .. } => None,
        }
    }
}
