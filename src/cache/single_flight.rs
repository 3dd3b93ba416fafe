//! Single flight: of all who ask the same at once, one computes and the rest wait.
//!
//! A key has at most one *flight*. Who comes first leads it: the computation runs in a task of its own, so that a
//! leader who goes away cancels nobody. Whoever comes while it is in the air waits, up to their own deadline, and
//! then decides whether the result will do for them (a waiter may know of a newer sequence than the leader did).
//!
//! What becomes of a flight is one of [`Fate`], and each has one consequence:
//!
//! | the leader … | its flight | the waiters |
//! | --- | --- | --- |
//! | succeeds | lands | take the value, if it will do for them; otherwise enter again |
//! | fails | lands with the error | share the error: trying again at once would repeat it, or add to its cause |
//! | panics, is aborted | is lost | enter again, so that one of them leads |
//! | is slow | stays in the air | wait until their own deadline |
//! | has a caller who leaves | stays in the air | notice nothing |
//!
//! A waiter who leaves gives up its place. Nobody enters more than [`ENTRIES_MAX`] times: then they compute for
//! themselves alone. Waiters of one flight are limited; the number of flights is limited by what computing them is
//! limited by (the query pool).
//!
//! Invariant: a flight is out of the map before its value is seen, so nobody can wait for one that has landed, and
//! who enters again after an unsuitable value never meets it again.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::key::{Key, PassThrough};

/// Waiters of one flight. More connections than the server accepts by default; a limit all the same, since each
/// holds a task.
pub const WAITERS_MAX: usize = 16_384;
/// How often one caller enters: once, again after an unsuitable value or a lost flight, and once more.
pub const ENTRIES_MAX: usize = 3;

type Map<T> = HashMap<Arc<Key>, Flight<T>, PassThrough>;
type Shared<T> = Arc<Mutex<Map<T>>>;

/// The flights of one kind of value. Values are cheap to clone.
#[derive(Debug)]
pub struct SingleFlight<T> {
    flights: Shared<T>,
    waiters_max: usize,
}

#[derive(Debug)]
struct Flight<T> {
    landing: watch::Receiver<Option<T>>,
    /// Every waiter holds a clone.
    seats: Arc<()>,
}

/// How a caller came by its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It had it computed.
    Led,
    /// It waited for another's.
    Waited,
}

/// What became of a flight, seen by one who waited for it.
#[derive(Debug, PartialEq, Eq)]
enum Fate<T> {
    Landed(T),
    Lost,
    StillInTheAir,
}

/// Why a caller has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlightError {
    /// The caller's deadline passed.
    #[error("the computation took longer than the deadline")]
    TimedOut,
    /// Too many wait already.
    #[error("too many callers wait for the same computation")]
    Crowded,
    /// The computation panicked or was aborted.
    #[error("the computation was lost")]
    Lost,
}

enum Role<T> {
    Lead(Leader<T>, Waiter<T>),
    Wait(Waiter<T>),
    Crowded,
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self { flights: Arc::default(), waiters_max: WAITERS_MAX }
    }
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// The value of `compute`, ours or that of one who began before us if it `suits` us.
    ///
    /// `compute` is called when this caller leads, and its future runs in a task of its own. One's own value is
    /// never asked whether it suits: it was computed after one asked.
    ///
    /// # Errors
    /// [`FlightError`].
    ///
    /// # Cancel safety
    /// Dropping the returned future gives up waiting; a computation that it leads goes on for the others.
    pub async fn run<C, F>(
        &self,
        key: &Arc<Key>,
        deadline: Instant,
        suits: impl Fn(&T) -> bool,
        compute: C,
    ) -> Result<(T, Part), FlightError>
    where
        C: FnOnce() -> F,
        F: Future<Output = T> + Send + 'static,
    {
        for _ in 0..ENTRIES_MAX {
            let waiter = match self.enter(key) {
                Role::Crowded => return Err(FlightError::Crowded),
                Role::Wait(waiter) => waiter,
                Role::Lead(leader, waiter) => {
                    let computing = compute();
                    tokio::spawn(async move { leader.land(computing.await) });
                    return own(waiter.fate(deadline).await);
                }
            };
            match waiter.fate(deadline).await {
                Fate::Landed(value) if suits(&value) => return Ok((value, Part::Waited)),
                Fate::Landed(_) | Fate::Lost => {}
                Fate::StillInTheAir => return Err(FlightError::TimedOut),
            }
        }
        // Out of the map: nobody can join, and this caller depends on nobody.
        let (leader, waiter) = Leader::apart();
        let computing = compute();
        tokio::spawn(async move { leader.land(computing.await) });
        own(waiter.fate(deadline).await)
    }

    /// Flights in the air.
    pub fn len(&self) -> usize {
        lock(&self.flights).len()
    }

    /// Whether none is in the air.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn enter(&self, key: &Arc<Key>) -> Role<T> {
        let mut flights = lock(&self.flights);
        if let Some(flight) = flights.get(key) {
            // The map's own seat is not a waiter.
            if Arc::strong_count(&flight.seats) > self.waiters_max {
                return Role::Crowded;
            }
            return Role::Wait(Waiter { landing: flight.landing.clone(), _seat: Arc::clone(&flight.seats) });
        }
        let (mut leader, waiter) = Leader::apart();
        leader.place = Some((Arc::clone(&self.flights), Arc::clone(key)));
        flights.insert(Arc::clone(key), Flight { landing: waiter.landing.clone(), seats: Arc::new(()) });
        Role::Lead(leader, waiter)
    }
}

fn own<T>(fate: Fate<T>) -> Result<(T, Part), FlightError> {
    match fate {
        Fate::Landed(value) => Ok((value, Part::Led)),
        Fate::Lost => Err(FlightError::Lost),
        Fate::StillInTheAir => Err(FlightError::TimedOut),
    }
}

/// A map of flights is whole between any two statements, so a panic of another thread leaves nothing to repair.
fn lock<T>(flights: &Mutex<Map<T>>) -> MutexGuard<'_, Map<T>> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The duty to land a flight. Dropped without landing, the flight is lost.
struct Leader<T> {
    landing: watch::Sender<Option<T>>,
    place: Option<(Shared<T>, Arc<Key>)>,
}

impl<T> Leader<T> {
    /// A flight that is in no map yet, and the leader's own seat.
    fn apart() -> (Self, Waiter<T>) {
        let (landing, seen) = watch::channel(None);
        (Self { landing, place: None }, Waiter { landing: seen, _seat: Arc::new(()) })
    }

    fn land(mut self, value: T) {
        self.leave();
        self.landing.send_replace(Some(value));
    }

    fn leave(&mut self) {
        if let Some((flights, key)) = self.place.take() {
            lock(&flights).remove(&key);
        }
    }
}

impl<T> Drop for Leader<T> {
    fn drop(&mut self) {
        self.leave();
    }
}

struct Waiter<T> {
    landing: watch::Receiver<Option<T>>,
    _seat: Arc<()>,
}

impl<T: Clone> Waiter<T> {
    async fn fate(mut self, deadline: Instant) -> Fate<T> {
        match tokio::time::timeout_at(deadline, self.landing.wait_for(Option::is_some)).await {
            Err(_) => Fate::StillInTheAir,
            Ok(Err(_)) => Fate::Lost,
            Ok(Ok(value)) => value.clone().map_or(Fate::Lost, Fate::Landed),
        }
    }
}

#[cfg(test)]
mod tests;
