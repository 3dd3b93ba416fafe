//! Drives load: takes planned requests, sends each at its moment, and records what comes of it.
//!
//! Owns the loop and the cap of requests in flight. It refuses to make requests and to judge results.
//!
//! One thread does everything: it shares the machine with the server, so it must be cheap, and one thread needs no
//! locks. A request that is due is sent whatever became of those before it (open loop). When the cap is reached the
//! request is dropped and counted as a failure: a generator that waits instead would hide the very stall that it is
//! meant to show. When the thread itself is late, the latency still runs from the intended moment, and the lateness is
//! recorded by itself.
//!
//! Invariant: the plan alone decides when a request is due.

pub(crate) mod timer;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::arrivals::Rates;
use crate::client::{Body, Client, Failure};
use crate::record::Recorder;
use crate::traffic::Planned;
use timer::Timer;

/// Sends in a row without a look at the sockets while the thread is behind its plan.
const SENDS_IN_A_ROW: u32 = 16;
/// Time from the end of the preparations to the first request.
const START_DELAY: Duration = Duration::from_millis(20);
/// How often a task that waits for an end looks for it.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Set by Ctrl-C: everything ends early and in order.
pub(crate) static STOP: AtomicBool = AtomicBool::new(false);

pub(crate) fn stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// The common clock of a run: all moments count from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn starting_now() -> Self {
        Self { start: Instant::now() + START_DELAY }
    }

    /// Time since the start; zero before it.
    pub(crate) fn now(self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn instant(self, at: Duration) -> Instant {
        self.start + at
    }
}

/// Sends requests and records them.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) client: Rc<Client>,
    pub(crate) recorder: RefCell<Recorder>,
    clock: Clock,
    rates: Rates,
    in_flight: Cell<usize>,
    in_flight_max: usize,
}

impl Driver {
    pub(crate) fn new(client: Rc<Client>, clock: Clock, rates: Rates, phases: usize, in_flight_max: usize) -> Rc<Self> {
        let recorder = RefCell::new(Recorder::new(phases));
        Rc::new(Self { client, recorder, clock, rates, in_flight: Cell::new(0), in_flight_max })
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.get()
    }

    /// Sends every planned request at its moment, then waits for the last answers. Must run within a `LocalSet`.
    pub(crate) async fn drive(self: &Rc<Self>, plan: impl Iterator<Item = Planned>) -> anyhow::Result<()> {
        let timer = Timer::new().context("cannot make a timer")?;
        let mut in_a_row = 0;
        for planned in plan {
            if stopped() {
                break;
            }
            if self.clock.now() < planned.at {
                timer.until(self.clock.instant(planned.at)).await?;
                in_a_row = 0;
            } else {
                in_a_row += 1;
                if in_a_row % SENDS_IN_A_ROW == 0 {
                    tokio::task::yield_now().await;
                }
            }
            self.dispatch(planned);
        }
        if !stopped() {
            timer.until(self.clock.instant(self.rates.end())).await?;
        }
        // Every request ends by itself within the client's time limit.
        while self.in_flight.get() > 0 {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }

    fn dispatch(self: &Rc<Self>, planned: Planned) {
        let Planned { at, ask } = planned;
        let Some(phase) = self.rates.phase(at) else { return };
        let in_flight = self.in_flight.get();
        let asked = self.recorder.borrow_mut().planned(at, phase, &ask, in_flight);
        if in_flight >= self.in_flight_max {
            self.recorder.borrow_mut().finished(asked, Err(Failure::Dropped), self.clock.now().saturating_sub(at));
            return;
        }
        self.in_flight.set(in_flight + 1);
        let driver = Rc::clone(self);
        tokio::task::spawn_local(async move {
            let request = driver.client.request(&ask.target);
            driver.recorder.borrow_mut().sent(driver.clock.now().saturating_sub(at));
            let outcome = driver.client.send(&request, Body::Dropped).await;
            let latency = driver.clock.now().saturating_sub(at);
            let outcome = outcome.as_ref().map(|answer| &answer.head).map_err(|failure| *failure);
            driver.recorder.borrow_mut().finished(asked, outcome, latency);
            driver.in_flight.set(driver.in_flight.get() - 1);
        });
    }
}

#[cfg(test)]
mod tests;
