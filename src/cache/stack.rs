//! The stack: the order in which a lookup asks, and what becomes of an answer that had to be computed.
//!
//! Memory first; further tiers join between it and computing, in [`Stack::fetch`]. A fault of a tier is an outcome
//! and never an error for the caller. On anything but a hit one caller computes and the rest wait
//! (`single_flight`); a waiter judges the result like an entry from a tier, by the sequence that it saw validated
//! when its own request began.
//!
//! The stack does not know how an answer is computed: it is handed a computation, which gets a [`Filler`] so that it
//! can put the entry into the tiers from the thread it runs on, which may block.
//!
//! Invariant: whatever [`Stack::fetch`] returns was judged fresh by the caller's own view, or computed after the request
//! began, and tells the sequence that it reflects: within the grace that is the entry's own.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use storefind_index::answer::LiveDependency;
use storefind_index::switch::{Rule, is_off};
use tokio::time::Instant;

use super::body::WriteLive;
use super::entry::Entry;
use super::freshness::{StaleReason, Verdict, View, judge};
use super::key::Key;
use super::outcome::Outcome;
use super::single_flight::{FlightError, Part, SingleFlight};
use super::tier::memory::MemoryTier;
use super::tier::{Stored, Tier, TierName, Usage};

/// The tiers in order. `E` is why a computation failed.
#[derive(Debug)]
pub struct Stack<E> {
    memory: Arc<MemoryTier>,
    write_live: WriteLive,
    flights: SingleFlight<Result<Computed, E>>,
}

/// A computed answer.
#[derive(Debug, Clone)]
pub struct Computed {
    /// The answer.
    pub entry: Arc<Entry>,
    /// Whether the memory tier keeps it.
    pub stored: Stored,
}

impl Computed {
    /// An answer that no tier is to keep.
    pub fn unstored(entry: Entry) -> Self {
        Self { entry: Arc::new(entry), stored: Stored::No }
    }
}

/// Puts entries into the tiers from wherever they are made.
#[derive(Debug, Clone)]
pub struct Filler(Arc<MemoryTier>);

impl Filler {
    /// Keeps the entry. May block for some 50 µs under pressure; meant for query threads.
    pub fn fill(&self, entry: Entry) -> Computed {
        let entry = Arc::new(entry);
        let stored = self.0.put(&entry);
        Computed { entry, stored }
    }

    /// To be told when an entry has grown by a variant. Cheap, from any thread.
    pub fn grown(&self, entry: &Arc<Entry>) {
        self.0.grown(entry);
    }
}

/// An answer on its way to the caller, and how it was come by.
#[derive(Debug, Clone)]
pub struct Served {
    /// The answer.
    pub entry: Arc<Entry>,
    /// What the lookup came to.
    pub outcome: Outcome,
    /// Which tier gave it.
    pub from: TierName,
    /// The catalog sequence that it reflects.
    pub sequence: u64,
    /// Time until its maximum age.
    pub ttl: Duration,
    /// Time since it was last proven fresh: none, but within the grace.
    pub age: Duration,
    /// Whether the memory tier keeps what was computed.
    pub stored: bool,
    /// Whether this caller waited for another's computation.
    pub collapsed: bool,
    /// Time that the lookup took.
    pub cache_time: Duration,
    /// Time that computing, or waiting for it, took.
    pub compute_time: Option<Duration>,
}

/// How an entry is fresh.
struct Fresh {
    sequence: u64,
    ttl: Duration,
    age: Duration,
}

/// The entry under this key, judged, with the current live fields. An answer that live fields decide is served as it
/// was assembled: newer values under an older selection would contradict it.
fn look(memory: &MemoryTier, write_live: WriteLive, key: &Key, view: &View) -> Result<(Arc<Entry>, Fresh), Outcome> {
    let entry = memory.get(key).map_err(Outcome::Miss)?;
    let fresh = match judge(entry.stamp(), entry.proof(), view) {
        Verdict::Stale(reason) => return Err(Outcome::Stale(reason)),
        Verdict::Fresh { sequence, ttl, age } => Fresh { sequence, ttl, age },
    };
    let live = view.visibility.live();
    let is_current = *entry.proof().live() != LiveDependency::None
        || entry.body().current_fold(live) == entry.fold()
        || is_off(Rule::Fold);
    if is_current {
        return Ok((entry, fresh));
    }
    let body = entry.body().refilled(live, write_live).ok_or(Outcome::Stale(StaleReason::StockChanged))?;
    let entry = Arc::new(entry.refilled(body));
    memory.put(&entry);
    Ok((entry, fresh))
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError<E> {
    /// Computing failed.
    #[error(transparent)]
    Compute(E),
    /// Waiting for it did.
    #[error(transparent)]
    Flight(#[from] FlightError),
}

impl<E: Clone + Send + Sync + 'static> Stack<E> {
    /// A stack over this memory tier. `write_live` fills the holes of bodies.
    pub fn new(memory: MemoryTier, write_live: WriteLive) -> Self {
        Self { memory: Arc::new(memory), write_live, flights: SingleFlight::default() }
    }

    /// Looks without computing. Never waits: this is the whole way of a hit.
    ///
    /// # Errors
    /// Why there is nothing to serve: [`Outcome::Stale`] or [`Outcome::Miss`].
    pub fn lookup(&self, key: &Key, view: &View, began: Instant) -> Result<Served, Outcome> {
        let (entry, fresh) = look(&self.memory, self.write_live, key, view)?;
        Ok(Served {
            entry,
            outcome: Outcome::Hit,
            from: TierName::Memory,
            sequence: fresh.sequence,
            ttl: fresh.ttl,
            age: fresh.age,
            stored: false,
            collapsed: false,
            cache_time: began.elapsed(),
            compute_time: None,
        })
    }

    /// Looks, and has the answer computed if need be. `compute` runs in a task of its own at most once, with a
    /// deadline of its own making; `deadline` is how long this caller waits.
    ///
    /// # Errors
    /// [`FetchError`].
    ///
    /// # Cancel safety
    /// Dropping the returned future gives up waiting; what it had computed is kept for others.
    pub async fn fetch<C, F>(
        &self,
        key: &Arc<Key>,
        view: View,
        deadline: Instant,
        compute: C,
    ) -> Result<Served, FetchError<E>>
    where
        C: FnOnce(Filler) -> F + Send + 'static,
        F: Future<Output = Result<Computed, E>> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = match self.lookup(key, &view, began) {
            Ok(served) => return Ok(served),
            Err(outcome) => outcome,
        };
        let cache_time = began.elapsed();
        let verdict = |entry: &Entry| judge(entry.stamp(), entry.proof(), &view.having_waited_for(entry.stamp()));
        let suits = |result: &Result<Computed, E>| match result {
            Ok(computed) => matches!(verdict(&computed.entry), Verdict::Fresh { .. }),
            Err(_) => true,
        };
        let (write_live, again) = (self.write_live, view.clone());
        let computation = || {
            let (memory, key) = (Arc::clone(&self.memory), Arc::clone(key));
            async move {
                // A flight may have landed between this caller's lookup and its entering.
                if let Ok((entry, _)) = look(&memory, write_live, &key, &again) {
                    return Ok(Computed { entry, stored: Stored::Yes });
                }
                compute(Filler(memory)).await
            }
        };
        let (result, part) = self.flights.run(key, deadline, suits, computation).await?;
        let computed = result.map_err(FetchError::Compute)?;
        let stamp = computed.entry.stamp();
        let fresh = match verdict(&computed.entry) {
            Verdict::Fresh { sequence, ttl, age } => Fresh { sequence, ttl, age },
            // One's own answer, and a change that it has not seen was published since.
            Verdict::Stale(_) => Fresh { sequence: stamp.as_of, ttl: stamp.max_age, age: Duration::ZERO },
        };
        Ok(Served {
            outcome,
            from: TierName::Index,
            sequence: fresh.sequence,
            ttl: fresh.ttl,
            age: fresh.age,
            stored: computed.stored == Stored::Yes,
            collapsed: part == Part::Waited,
            cache_time,
            compute_time: Some(began.elapsed().saturating_sub(cache_time)),
            entry: computed.entry,
        })
    }

    /// For those who make entries, or make them grow.
    pub fn filler(&self) -> Filler {
        Filler(Arc::clone(&self.memory))
    }

    /// What the memory tier holds.
    pub fn usage(&self) -> Usage {
        self.memory.usage()
    }

    /// Puts the memory tier in order now, so that [`Self::usage`] is exact.
    pub fn settle(&self) {
        self.memory.settle();
    }
}

#[cfg(test)]
mod tests;
