//! The stack: the order in which a lookup asks, and what becomes of an answer that had to be computed.
//!
//! Memory first. On anything but a hit one caller goes on and the rest wait (`single_flight`), so that a thousand callers
//! cause one lookup in a remote tier and one computation at most; a waiter judges the result like an entry from a tier,
//! by the sequence that it saw validated when its own request began. Who goes on asks Redis, then Memcached
//! (`remote_tiers`), claims the computation for this node if it is dear, computes, and has the remote tiers filled beside
//! the response. A fault of a tier is an outcome and never an error for the caller.
//!
//! When computing fails, an entry that is no longer fresh is better than no answer (`rescue`).
//!
//! The stack does not know how an answer is computed: it is handed a computation, which gets a [`Filler`] so that it
//! can put the entry into the memory tier from the thread it runs on, which may block.
//!
//! Invariant: whatever [`Stack::fetch`] returns was judged fresh by the caller's own view, or computed after the request
//! began, and tells the sequence that it reflects: within the grace that is the entry's own. The one exception says so
//! ([`Served::late`]).

mod rescue;
mod way;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use storefind_index::answer::LiveDependency;
use storefind_index::switch::{Rule, is_off};
use tokio::time::Instant;

use super::body::{Stock, WriteLive};
use super::entry::Entry;
use super::freshness::{StaleReason, Stamp, Verdict, View, judge};
use super::key::Key;
use super::outcome::{MissReason, Outcome};
use super::remote_tiers::{Looked, RemoteAsk, RemoteTiers, Trail};
use super::single_flight::{FlightError, SingleFlight};
use super::tier::memory::MemoryTier;
use super::tier::{Stored, Tier, TierName, Usage};
pub use rescue::Rescue;
use way::{Landed, Way};

/// The tiers in order. `E` is why a computation failed.
#[derive(Debug)]
pub struct Stack<E> {
    memory: Arc<MemoryTier>,
    write_live: WriteLive,
    flights: SingleFlight<Result<Landed, E>>,
    remote: Option<Arc<RemoteTiers>>,
    rescue: Option<Rescue<E>>,
    rescues: SingleFlight<Option<(Arc<Entry>, TierName)>>,
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

/// What is asked: under which key, and what remote tiers need to know of it.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The key.
    pub key: Arc<Key>,
    /// `None`: the memory tier alone serves it.
    pub remote: Option<RemoteAsk>,
}

impl Ask {
    /// A question that the memory tier alone serves.
    pub fn of_memory(key: &Arc<Key>) -> Self {
        Self { key: Arc::clone(key), remote: None }
    }
}

/// Puts entries into the tiers from wherever they are made.
#[derive(Debug, Clone)]
pub struct Filler(Arc<MemoryTier>);

impl Filler {
    /// Keeps the entry. May block for some 50 µs under pressure; meant for query threads.
    pub fn fill(&self, entry: impl Into<Arc<Entry>>) -> Computed {
        let entry = entry.into();
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
    /// What came of asking remote tiers, if any were considered.
    pub trail: Option<Trail>,
    /// How late the answer is, if it is served because none better could be had.
    pub late: Option<Duration>,
}

impl Served {
    /// An entry of a remote tier that was looked at apart from any flight.
    pub fn from_afar(
        entry: Arc<Entry>,
        from: TierName,
        outcome: Outcome,
        view: &View,
        trail: Option<Trail>,
        began: Instant,
    ) -> Self {
        let fresh = match judge(entry.stamp(), entry.proof(), view) {
            Verdict::Fresh { sequence, ttl, age } => Fresh { sequence, ttl, age },
            Verdict::Stale(_) => Fresh::until_now(entry.stamp(), view),
        };
        Self { trail, ..Self::found(entry, (outcome, from), &fresh, began) }
    }

    /// An entry that was found, not computed.
    fn found(entry: Arc<Entry>, (outcome, from): (Outcome, TierName), fresh: &Fresh, began: Instant) -> Self {
        Self {
            entry,
            outcome,
            from,
            sequence: fresh.sequence,
            ttl: fresh.ttl,
            age: fresh.age,
            stored: false,
            collapsed: false,
            cache_time: began.elapsed(),
            compute_time: None,
            trail: None,
            late: None,
        }
    }
}

/// How an entry is fresh.
struct Fresh {
    sequence: u64,
    ttl: Duration,
    age: Duration,
}

impl Fresh {
    /// How an answer is told that was right by this view a moment ago, computed or judged, and that a change has touched
    /// which was published since. Without grace it was right at what the view had validated; else at its own sequence.
    fn until_now(stamp: &Stamp, view: &View) -> Self {
        let sequence = if view.graced { stamp.as_of } else { stamp.as_of.max(view.validated) };
        Self { sequence, ttl: stamp.left(view.now), age: Duration::ZERO }
    }
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
    let body =
        entry.body().refilled(live, write_live, Stock::MustAgree).ok_or(Outcome::Stale(StaleReason::StockChanged))?;
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
        Self {
            memory: Arc::new(memory),
            write_live,
            flights: SingleFlight::default(),
            remote: None,
            rescue: None,
            rescues: SingleFlight::default(),
        }
    }

    /// The same with remote tiers behind memory.
    pub fn with_remote(self, remote: Option<RemoteTiers>) -> Self {
        Self { remote: remote.map(Arc::new), ..self }
    }

    /// The same with stale answers where computing fails.
    pub fn with_rescue(self, rescue: Rescue<E>) -> Self {
        Self { rescue: Some(rescue), ..self }
    }

    /// The remote tiers, if there are any.
    pub fn remote(&self) -> Option<&Arc<RemoteTiers>> {
        self.remote.as_ref()
    }

    /// Looks without computing. Never waits: this is the whole way of a hit.
    ///
    /// # Errors
    /// Why there is nothing to serve: [`Outcome::Stale`] or [`Outcome::Miss`].
    pub fn lookup(&self, key: &Key, view: &View, began: Instant) -> Result<Served, Outcome> {
        let (entry, fresh) = look(&self.memory, self.write_live, key, view)?;
        Ok(Served::found(entry, (Outcome::Hit, TierName::Memory), &fresh, began))
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
        ask: &Ask,
        view: View,
        deadline: Instant,
        compute: C,
    ) -> Result<Served, FetchError<E>>
    where
        C: FnOnce(Filler) -> F + Send + 'static,
        F: Future<Output = Result<Computed, E>> + Send + 'static,
    {
        let began = Instant::now();
        let outcome = match self.lookup(&ask.key, &view, began) {
            Ok(served) => return Ok(served),
            Err(outcome) => outcome,
        };
        let cache_time = began.elapsed();
        let verdict = |entry: &Entry| judge(entry.stamp(), entry.proof(), &view.having_waited_for(entry.stamp()));
        let suits = |result: &Result<Landed, E>| match result {
            Ok(landed) => matches!(verdict(&landed.entry), Verdict::Fresh { .. }),
            Err(_) => true,
        };
        let leader = || {
            let way = Way {
                memory: Arc::clone(&self.memory),
                write_live: self.write_live,
                remote: self.remote.clone(),
                ask: ask.clone(),
                view: view.clone(),
                deadline,
            };
            way.go(compute)
        };
        let flown = self.flights.run(&ask.key, deadline, suits, leader).await;
        let failed = match flown {
            Ok((Ok(landed), part)) => {
                let fresh = match verdict(&landed.entry) {
                    Verdict::Fresh { sequence, ttl, age } => Fresh { sequence, ttl, age },
                    Verdict::Stale(_) => Fresh::until_now(landed.entry.stamp(), &view),
                };
                return Ok(landed.served(part, outcome, &fresh, (began, cache_time)));
            }
            Ok((Err(error), _)) => FetchError::Compute(error),
            Err(error) => FetchError::Flight(error),
        };
        self.rescued(ask, &view, &failed, outcome, began).await.ok_or(failed)
    }

    /// Looks in the remote tiers, apart from any flight; nothing is kept of it.
    /// It ends by `until`.
    pub async fn look_further(&self, ask: &Ask, view: &View, until: Instant) -> Option<Looked> {
        let (remote, remote_ask) = (self.remote.as_ref()?, ask.remote.as_ref()?);
        Some(remote.look(&ask.key, remote_ask, view, until).await)
    }

    /// The entry that memory holds under this key, fresh or not.
    ///
    /// # Errors
    /// Why there is none.
    pub fn peek(&self, key: &Key) -> Result<Arc<Entry>, MissReason> {
        self.memory.get(key)
    }

    /// Has memory forget what is under this key; whether there was anything.
    pub fn forget(&self, key: &Key) -> bool {
        self.memory.remove(key)
    }

    /// Has memory forget every entry whose key begins like this; how many there were. Walks through all of them.
    pub fn forget_all(&self, prefix: impl Fn(&Key) -> bool) -> u64 {
        self.memory.remove_all(prefix)
    }

    /// Shows every entry that memory holds. Walks through all of them.
    pub fn for_each(&self, see: impl FnMut(&Arc<Entry>)) {
        self.memory.for_each(see);
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
