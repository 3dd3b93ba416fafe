//! Two scenarios in turns: is one faster than the other on a machine that is not the same from minute to minute?
//!
//! Owns the order of the runs and what is kept between them. It refuses to compare runs of different pairs.
//!
//! **Why pairs.** The same program needs a fifth more time for the same load at another hour of the same shared machine.
//! Two runs that follow each other see nearly the same machine, so their ratio says more than any two figures. The order
//! turns around with each pair (A B, B A, …), so that a machine that grows steadily slower favours neither.
//!
//! **What is kept.** Both servers are prepared before the first pair: started, filled and warmed up by the phases before
//! the first counted one. Then, as its own scenario says,
//! - a server *stays up* (usual): it is idle while the other is driven. To start and fill it for each run would take
//!   minutes and measure cold caches; an idle server costs the other little, as both have the same catalog and rest as
//!   long. What it still does (a commit, new suggestions after changes) it does beside the other's run, and the other
//!   beside its.
//! - or it is *started anew* for each run (`[pairs] restart = true`) and stopped after it: what was in its memory is
//!   gone, while its folder, and Redis and Memcached beside it, are kept. The first counted second is the first after
//!   it is ready. Only one such server runs at any time, so both scenarios may share a folder that took long to make.
//!
//! Where both scenarios ask alike, both runs of a pair ask the same requests at the same moments; each pair asks others.
//!
//! Invariant: only whole pairs are in a result.

pub(crate) mod measures;
pub(crate) mod statistics;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::engine::stopped;
use crate::report::html::others;
use crate::report::terminal::say;
use crate::result::Header;
use crate::result::pairs::{PairRun, PairsResult};
use crate::run;
use crate::scenario::{Phase, Scenario};
use crate::setup::Setup;
use measures::{Figure, measures};

/// Rest between two runs: what a server still does for its last requests is not to be done during the other's.
const REST: Duration = Duration::from_millis(500);

/// Runs two scenarios in turns.
pub(crate) async fn pairs(
    (a, b): (Scenario, Scenario),
    program: &Path,
    mut header: Header,
    wanted: usize,
    figures: &[Figure],
) -> anyhow::Result<PairsResult> {
    for scenario in [&a, &b] {
        let counted = scenario.phases.iter().any(|phase| phase.counted);
        ensure!(counted, "phases: {} has none that is counted", scenario.name);
    }
    // A server that stays up keeps its address.
    let one_at_a_time = a.pairs.restart && b.pairs.restart;
    ensure!(one_at_a_time || a.address != b.address, "address: both servers would listen on {}", a.address);
    let asks_alike = asks_alike(&a, &b);
    let watches = [&a, &b].into_iter().flat_map(|scenario| &scenario.phases).any(|phase| !phase.faults.is_empty());

    let first = Side::warmed(Setup::prepare(a.clone(), program).await?, watches).await?;
    header.server_command = first.command();
    let second = match asks_alike {
        true => Setup::prepare_like(&first.setup, b.clone(), program).await?,
        false => Setup::prepare(b.clone(), program).await?,
    };
    let mut sides = [first, Side::warmed(second, watches).await?];

    let mut runs: Vec<PairRun> = Vec::with_capacity(2 * wanted);
    for pair in 0..wanted {
        let mut of_pair = Vec::with_capacity(2);
        for is_b in order(pair) {
            say(&format!("pair {} of {wanted}: {}", pair + 1, sides[usize::from(is_b)].setup.scenario.name));
            of_pair.push(sides[usize::from(is_b)].run(&header, pair, is_b).await?);
        }
        if stopped() {
            // A run that was broken off is no figure, and a pair without it none either.
            break;
        }
        runs.extend(of_pair);
    }
    ensure!(!runs.is_empty(), "interrupted before the first pair was measured");
    Ok(PairsResult {
        header,
        b_server_command: sides[1].command(),
        a,
        b,
        asks_alike,
        interrupted: stopped(),
        pairs: runs.len() / 2,
        measures: measures(&runs, figures),
        runs,
    })
}

/// Whether B runs first, and then the other: A B, B A, A B, …
fn order(pair: usize) -> [bool; 2] {
    let b_first = pair % 2 == 1;
    [b_first, !b_first]
}

/// Whether two scenarios ask the same requests and write the same changes at the same moments.
fn asks_alike(a: &Scenario, b: &Scenario) -> bool {
    let asked = |scenario: &Scenario| {
        let mut asked = scenario.clone();
        // What a server is, where, and what is done to it is what may differ.
        asked.name.clone_from(&b.name);
        asked.about.clone_from(&b.about);
        asked.address = b.address;
        asked.server.clone_from(&b.server);
        asked.pairs = b.pairs;
        asked.keys.clone_from(&b.keys);
        for phase in &mut asked.phases {
            phase.name.clear();
            phase.faults.clear();
        }
        serde_json::to_value(asked).ok()
    };
    asked(a) == asked(b)
}

/// One of the two scenarios with its server.
#[derive(Debug)]
struct Side {
    setup: Setup,
    /// From the first counted one on.
    phases: Vec<Phase>,
}

impl Side {
    /// Runs the phases that warm up, once; then stops a server that is started anew for each run.
    async fn warmed(mut setup: Setup, watches_breakers: bool) -> anyhow::Result<Self> {
        // Looking at breakers is load: if one side does, both do.
        setup.watches_breakers = watches_breakers;
        let scenario = &setup.scenario;
        let warm = scenario.phases.iter().take_while(|phase| !phase.counted).count();
        let (warm, phases) = scenario.phases.split_at(warm);
        if !warm.is_empty() {
            run::drive(&setup, warm, scenario.seed, &format!("{}: warm-up", scenario.name)).await?;
        }
        let phases = phases.to_vec();
        let mut side = Self { setup, phases };
        side.rest().await;
        Ok(side)
    }

    fn command(&self) -> Option<String> {
        self.setup.server.as_ref().map(|server| server.command.clone())
    }

    async fn run(&mut self, header: &Header, pair: usize, is_b: bool) -> anyhow::Result<PairRun> {
        let start_seconds = match self.setup.scenario.pairs.restart {
            true => {
                let begun = Instant::now();
                self.setup.start_again().await?;
                Some(begun.elapsed().as_secs_f64())
            }
            false => None,
        };
        let scenario = &self.setup.scenario;
        // Both runs of a pair have one seed; the warm-up has had the scenario's own.
        let seed = scenario.seed.wrapping_add(1 + pair as u64);
        let driven = run::drive(&self.setup, &self.phases, seed, &scenario.name).await?;
        let result = run::result(&self.setup, header.clone(), &self.phases, &driven);
        let (content, live) = (&result.content, &result.live);
        let run = PairRun {
            pair,
            is_b,
            generator_lag_p99_us: result.generator_lag.p99_us,
            others_cores: others(&result),
            changes_due: content.due + live.due,
            changes_accepted: content.accepted + live.accepted,
            start_seconds,
            total: result.total,
            faults: result.faults,
        };
        self.rest().await;
        Ok(run)
    }

    /// After a run.
    async fn rest(&mut self) {
        if self.setup.scenario.pairs.restart
            && let Some(server) = &mut self.setup.server
        {
            server.stop();
        }
        tokio::time::sleep(REST).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    #[test]
    fn the_order_turns_around_with_each_pair() {
        let order: Vec<bool> = (0..4).flat_map(order).collect();
        assert_eq!(order, [false, true, true, false, false, true, true, false]);
    }

    #[test]
    fn scenarios_ask_alike_when_only_their_servers_differ() {
        let scenario = |name: &str, rate: u32, server: &str, more: &str| {
            let text = format!(
                "name = \"{name}\"\ncatalog = \"demo\"\n{more}[[phases]]\nname = \"a\"\nseconds = 1\nrate = {rate}\n{server}"
            );
            scenario::parse(&text).unwrap()
        };
        let a = scenario("a", 10, "[server]\ncommand = [\"s\"]\n[pairs]\nrestart = true\n", "");
        assert!(asks_alike(&a, &scenario("b", 10, "", "address = \"127.0.0.1:9\"\n")));
        let frozen = "[[phases.faults]]\nat_seconds = 0\nprocess = \"r\"\nact = \"freeze\"\n\
            [server]\ncommand = [\"s\"]\nbeside = [[\"r\"]]\n";
        assert!(asks_alike(&a, &scenario("b", 10, frozen, "")));
        let pair = |name| scenario::load(&crate::server::root().join("loadtest/scenarios").join(name)).unwrap();
        for (a, b) in [("tiers-auto", "tiers-none"), ("million-warm", "million-none"), ("redis-frozen", "redis-sound")]
        {
            assert!(asks_alike(&pair(format!("pair-{a}.toml")), &pair(format!("pair-{b}.toml"))), "{a}");
        }
        assert!(!asks_alike(&a, &scenario("b", 11, "", "")));
        assert!(!asks_alike(&a, &scenario("b", 10, "", "seed = 2\n")));
    }
}
