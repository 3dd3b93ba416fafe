//! Faults: what a run does to the processes beside the server, and when.
//!
//! Owns the plan of faults and carrying it out. It refuses to judge what came of them; the record has its windows, and
//! the [`breakers`] their changes.
//!
//! Invariant: a fault is done no earlier than its moment, and in order. What is frozen when the run ends is thawed, so
//! that no fault outlives its run.

pub(crate) mod breakers;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;

use crate::engine::timer::Timer;
use crate::engine::{Clock, stopped};
use crate::scenario::{Act, Phase};
use crate::server::Server;
use crate::server::beside::Beside;
use crate::server::places::Places;

/// A fault with its moment in the run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    pub(crate) at: Duration,
    pub(crate) process: String,
    pub(crate) act: Act,
}

/// The faults of some phases, in order.
pub(crate) fn planned(phases: &[Phase]) -> Vec<Planned> {
    let mut start = 0.0;
    let mut planned = Vec::new();
    for phase in phases {
        planned.extend(phase.faults.iter().map(|fault| Planned {
            at: Duration::from_secs_f64(start + fault.at_seconds),
            process: fault.process.clone(),
            act: fault.act,
        }));
        start += phase.seconds;
    }
    planned.sort_by_key(|fault| fault.at);
    planned
}

/// Where the record is cut: the first counted phase, each fault, the end. Nothing without faults.
pub(crate) fn edges(phases: &[Phase]) -> Vec<Duration> {
    let faults = planned(phases);
    if faults.is_empty() {
        return Vec::new();
    }
    let warm: f64 = phases.iter().take_while(|phase| !phase.counted).map(|phase| phase.seconds).sum();
    let all: f64 = phases.iter().map(|phase| phase.seconds).sum();
    let warm = Duration::from_secs_f64(warm);
    let inside = faults.into_iter().map(|fault| fault.at).filter(|at| *at > warm);
    let mut edges: Vec<_> = std::iter::once(warm).chain(inside).chain([Duration::from_secs_f64(all)]).collect();
    edges.dedup();
    edges
}

/// Does the faults of one run.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) planned: Vec<Planned>,
    /// When each was done.
    pub(crate) done: RefCell<Vec<Duration>>,
    beside: Vec<Rc<Beside>>,
    places: Option<Rc<Places>>,
}

impl Faults {
    pub(crate) fn new(phases: &[Phase], server: Option<&Server>) -> Self {
        Self {
            planned: planned(phases),
            done: RefCell::default(),
            beside: server.map_or_else(Vec::new, |server| server.beside.clone()),
            places: server.map(|server| Rc::clone(&server.places)),
        }
    }

    /// Does each fault at its moment. Must run within a `LocalSet`.
    pub(crate) async fn inflict(self: Rc<Self>, clock: Clock) -> anyhow::Result<()> {
        let timer = Timer::new()?;
        for fault in &self.planned {
            timer.until(clock.instant(fault.at)).await?;
            if stopped() {
                break;
            }
            self.suffer(&fault.process, fault.act)?;
            self.done.borrow_mut().push(clock.now());
        }
        Ok(())
    }

    fn suffer(&self, process: &str, act: Act) -> anyhow::Result<()> {
        let beside = self.beside.iter().find(|beside| beside.name == process);
        let beside = beside.with_context(|| format!("faults: nothing named {process} stands beside the server"))?;
        beside.suffer(act, self.places.as_ref().context("faults: the server is not ours")?)
    }

    /// Thaws whatever the run has frozen.
    pub(crate) fn end(&self) -> anyhow::Result<()> {
        let frozen = self.planned.iter().filter(|fault| fault.act == Act::Freeze);
        frozen.into_iter().try_for_each(|fault| self.suffer(&fault.process, Act::Thaw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Fault;

    fn phase(seconds: f64, counted: bool, faults: &[(f64, Act)]) -> Phase {
        let faults = faults.iter().map(|(at_seconds, act)| Fault {
            at_seconds: *at_seconds,
            process: "redis-server".into(),
            act: *act,
        });
        Phase { faults: faults.collect(), ..Phase::new("p", seconds, 1.0, counted) }
    }

    #[test]
    fn faults_count_from_their_phase_and_cut_the_record() {
        let phases = [
            phase(10.0, false, &[]),
            phase(6.0, true, &[(4.0, Act::Thaw), (2.0, Act::Freeze)]),
            phase(4.0, false, &[(1.0, Act::Kill)]),
        ];
        let acts: Vec<_> = planned(&phases).into_iter().map(|fault| (fault.at.as_secs(), fault.act)).collect();
        assert_eq!(acts, [(12, Act::Freeze), (14, Act::Thaw), (17, Act::Kill)]);
        let edges: Vec<_> = edges(&phases).iter().map(Duration::as_secs).collect();
        assert_eq!(edges, [10, 12, 14, 17, 20]);
    }

    #[test]
    fn without_faults_nothing_is_cut() {
        assert_eq!(edges(&[phase(10.0, true, &[])]), []);
        let at_once = edges(&[phase(10.0, true, &[(0.0, Act::Freeze)])]);
        assert_eq!(at_once, [0, 10].map(Duration::from_secs));
    }
}
