//! A remote tier with what keeps it from doing harm: deadlines, a breaker for each server, a bulkhead, a pause.
//!
//! Owns everything that happens around a call to a server, and the figures of it. It does not know what the bytes mean.
//! Every call ends within its deadline, whatever the client does, and what ends it is one of a closed set of words
//! ([`Passed`]). A fault is logged when a server begins to fail in that way and when it answers again, not for each call.
//!
//! Invariant: no call takes longer than it was given, and none makes a caller fail.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::TierName;
use super::remote::{Fault, Remote, RemoteKey, Reply};
use crate::cache::admission::{Odds, Share};
use crate::resilience::breaker::{Breaker, Pass, Phase};
use crate::resilience::bulkhead::Bulkhead;
use crate::resilience::chance::Chance;
use crate::resilience::latency::Latency;
use crate::telemetry::histogram::DurationHistogram;

/// Calls to one tier at a time. More than a healthy tier ever has under way (at 0.2 ms each: a million a second), few
/// enough that what a hanging one holds is small.
pub const CALLS_MAX: usize = 256;
/// Least time that a server is given: the timer's own resolution.
pub const DEADLINE_MIN: Duration = Duration::from_millis(1);
/// Time for a call that nobody waits for, such as filling.
pub const BACKGROUND_DEADLINE: Duration = Duration::from_millis(250);

/// Why a tier gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Passed {
    /// Asking it is not expected to pay.
    Skipped,
    /// An engineer has paused it.
    Paused,
    /// Its breaker is open.
    BreakerOpen,
    /// As many calls are under way as may be.
    Busy,
    /// The request has no time left for it.
    NoTime,
    /// It did not answer in time.
    TimedOut,
    /// There is no connection.
    Unreachable,
    /// It answered with an error.
    Refused,
    /// It answered nonsense.
    Garbled,
}

impl Passed {
    /// Every reason, for tables of counters.
    pub const ALL: [Self; 9] = [
        Self::Skipped,
        Self::Paused,
        Self::BreakerOpen,
        Self::Busy,
        Self::NoTime,
        Self::TimedOut,
        Self::Unreachable,
        Self::Refused,
        Self::Garbled,
    ];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Paused => "paused",
            Self::BreakerOpen => "breaker_open",
            Self::Busy => "busy",
            Self::NoTime => "no_time",
            Self::TimedOut => "timeout",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Garbled => "garbled",
        }
    }

    /// Whether the server was asked and failed; otherwise it was not asked.
    pub fn is_fault(self) -> bool {
        match self {
            Self::Skipped | Self::Paused | Self::BreakerOpen | Self::Busy | Self::NoTime => false,
            Self::TimedOut | Self::Unreachable | Self::Refused | Self::Garbled => true,
        }
    }
}

impl From<&Fault> for Passed {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::TimedOut => Self::TimedOut,
            Fault::Unreachable(_) => Self::Unreachable,
            Fault::Refused(_) => Self::Refused,
            Fault::Garbled(_) => Self::Garbled,
        }
    }
}

/// A remote tier. See the module.
#[derive(Debug)]
pub struct GuardedTier {
    name: TierName,
    servers: Box<[Server]>,
    bulkhead: Bulkhead,
    paused: AtomicBool,
    deadline_max: Duration,
    ttl_factor: u32,
    chance: Chance,
    /// How often it has what it is asked for.
    pub hit_share: Share,
    /// Time of its answers, also of those that it did not give in time.
    pub get_latency: DurationHistogram,
    /// Time of fills.
    pub put_latency: DurationHistogram,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
}

/// What a tier is made of.
#[derive(Debug)]
pub struct Setup {
    /// Which one.
    pub name: TierName,
    /// Its servers: a name for people, without secrets, and the way to it.
    pub servers: Vec<(String, Box<dyn Remote>)>,
    /// Longest wait for an answer.
    pub deadline_max: Duration,
    /// How many times its maximum age an entry is kept.
    pub ttl_factor: u32,
}

#[derive(Debug)]
struct Server {
    address: String,
    remote: Box<dyn Remote>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    breaker: Breaker,
    latency: Latency,
    /// How reads and writes failed last, if none has succeeded since. Apart, since a server that is full refuses writes
    /// and answers reads.
    failing: [Option<Passed>; 2],
}

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Read,
    Write,
}

/// One server of a tier, for people.
#[derive(Debug, Clone)]
pub struct ServerStats {
    /// Its name.
    pub address: String,
    /// What its breaker does.
    pub breaker: Phase,
    /// How often the breaker has opened.
    pub openings: u64,
    /// Mean of its latest answers.
    pub latency: Option<Duration>,
    /// How long it is given.
    pub deadline: Duration,
    /// How it fails, if it does.
    pub failing: Option<Passed>,
}

impl GuardedTier {
    /// A tier of these servers. Connects to none of them yet.
    pub fn new(setup: Setup) -> Self {
        let now = Instant::now();
        let state = || State { breaker: Breaker::new(now), latency: Latency::default(), failing: [None; 2] };
        let server = |(address, remote)| Server { address, remote, state: Mutex::new(state()) };
        Self {
            name: setup.name,
            servers: setup.servers.into_iter().map(server).collect(),
            bulkhead: Bulkhead::new(CALLS_MAX),
            paused: AtomicBool::new(false),
            deadline_max: setup.deadline_max,
            ttl_factor: setup.ttl_factor,
            chance: Chance::of_process(),
            hit_share: Share::default(),
            get_latency: DurationHistogram::default(),
            put_latency: DurationHistogram::default(),
            bytes_read: AtomicU64::new(0),
            bytes_written: AtomicU64::new(0),
        }
    }

    /// Which tier it is.
    pub fn name(&self) -> TierName {
        self.name
    }

    /// Stops asking and filling it, or begins again.
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Bytes of values read and written.
    pub fn bytes(&self) -> (u64, u64) {
        (self.bytes_read.load(Ordering::Relaxed), self.bytes_written.load(Ordering::Relaxed))
    }

    /// Its servers.
    pub fn servers(&self) -> Vec<ServerStats> {
        let stats = |server: &Server| {
            let state = server.lock();
            ServerStats {
                address: server.address.clone(),
                breaker: state.breaker.phase(),
                openings: state.breaker.openings(),
                latency: state.latency.mean(),
                deadline: state.latency.deadline(DEADLINE_MIN, self.deadline_max),
                failing: state.failing[0].or(state.failing[1]),
            }
        };
        self.servers.iter().map(stats).collect()
    }

    /// What is known of the chances that asking for this key pays.
    pub fn odds(&self, key: &RemoteKey, cost: Option<Duration>) -> Odds {
        let latency = self.server(key).and_then(|server| server.lock().latency.mean());
        Odds { cost, latency, hit_share: self.hit_share.value() }
    }

    /// The bytes under this key; `left` is what the request has left for remote tiers.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn get(&self, key: &RemoteKey, left: Duration) -> Result<Option<Bytes>, Passed> {
        let server = self.server(key).ok_or(Passed::Skipped)?;
        let found = self.call(server, Purpose::Read, left, || server.remote.get(key)).await?;
        let bytes = found.as_ref().map_or(0, Bytes::len);
        self.bytes_read.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(found)
    }

    /// Keeps bytes for an entry that may get `max_age` older.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn put(&self, key: &RemoteKey, value: Bytes, max_age: Duration) -> Result<(), Passed> {
        let server = self.server(key).ok_or(Passed::Skipped)?;
        let (bytes, ttl) = (value.len() as u64, max_age * self.ttl_factor);
        self.call(server, Purpose::Write, BACKGROUND_DEADLINE, || server.remote.put(key, value, ttl)).await?;
        self.bytes_written.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Forgets what is under this key.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn delete(&self, key: &RemoteKey) -> Result<(), Passed> {
        let server = self.server(key).ok_or(Passed::Skipped)?;
        self.call(server, Purpose::Write, BACKGROUND_DEADLINE, || server.remote.delete(key)).await
    }

    /// Claims the computation of an entry for this node; `None` if this tier is not used for that.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn claim(&self, key: &RemoteKey, ttl: Duration, left: Duration) -> Option<Result<bool, Passed>> {
        let server = self.server(key)?;
        let lease = key.lease();
        let claim = server.remote.claim(&lease, ttl)?;
        Some(self.call(server, Purpose::Read, left, || claim).await)
    }

    /// The server that keeps this key: the one with the greatest hash of both (rendezvous hashing), so that one more or
    /// one less moves only its own share of the keys.
    fn server(&self, key: &RemoteKey) -> Option<&Server> {
        match &*self.servers {
            [only] => Some(only),
            servers => servers.iter().max_by_key(|server| weight(key, &server.address)),
        }
    }

    async fn call<'a, T, F>(
        &'a self,
        server: &'a Server,
        purpose: Purpose,
        left: Duration,
        call: F,
    ) -> Result<T, Passed>
    where
        T: Send + 'a,
        F: FnOnce() -> Reply<'a, T>,
    {
        if self.is_paused() {
            return Err(Passed::Paused);
        }
        if left < DEADLINE_MIN {
            return Err(Passed::NoTime);
        }
        let _seat = self.bulkhead.enter().ok_or(Passed::Busy)?;
        let began = Instant::now();
        let (pass, deadline) = server.enter(began, self.deadline_max).ok_or(Passed::BreakerOpen)?;
        let deadline = match purpose {
            Purpose::Read => deadline.min(left),
            Purpose::Write => left,
        };
        // A client's bug must not cost an answer either.
        let guarded = async { AssertUnwindSafe(call()).catch_unwind().await };
        let result = match tokio::time::timeout(deadline, guarded).await {
            Err(_) => Err(Fault::TimedOut),
            Ok(Err(_)) => Err(Fault::Garbled("the client panicked".into())),
            Ok(Ok(result)) => result,
        };
        let took = began.elapsed();
        match purpose {
            Purpose::Read => self.get_latency.observe(took),
            Purpose::Write => self.put_latency.observe(took),
        }
        let outcome = result.as_ref().map(|_| ());
        self.report(server, pass, purpose, outcome, took);
        result.map_err(|fault| Passed::from(&fault))
    }

    fn report(&self, server: &Server, pass: Pass, purpose: Purpose, result: Result<(), &Fault>, took: Duration) {
        let random = self.chance.share();
        let mut state = server.lock();
        let succeeded = match result {
            Ok(()) => true,
            // A server that is full refuses writes at once and goes on answering: that is no reason not to ask it.
            // As a probe it proves nothing: a wrong password refuses everything.
            Err(Fault::Refused(_)) => purpose == Purpose::Write && state.breaker.phase() == Phase::Closed,
            Err(_) => false,
        };
        // Writes carry more and are given more time: they would blur what a lookup takes.
        if purpose == Purpose::Read && matches!(result, Ok(()) | Err(Fault::TimedOut)) {
            state.latency.record(took);
        }
        let before = state.breaker.phase();
        state.breaker.report(pass, succeeded, Instant::now(), random);
        let after = state.breaker.phase();
        let failing = result.err().map(Passed::from);
        let news = std::mem::replace(&mut state.failing[purpose as usize], failing) != failing;
        drop(state);
        let (tier, address) = (self.name.as_str(), &server.address);
        match result {
            Err(fault) if news => tracing::warn!(cache.tier = tier, server = %address, "a remote tier fails: {fault}"),
            Ok(()) if news => tracing::info!(cache.tier = tier, server = %address, "a remote tier answers again"),
            _ => {}
        }
        if before == Phase::Closed && after == Phase::Open {
            tracing::warn!(cache.tier = tier, server = %address, "the breaker of a remote tier has opened");
        }
    }
}

impl Server {
    /// A state is whole between any two statements, so a poisoned lock needs no repair.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, now: Instant, deadline_max: Duration) -> Option<(Pass, Duration)> {
        let mut state = self.lock();
        let pass = state.breaker.enter(now)?;
        Some((pass, state.latency.deadline(DEADLINE_MIN, deadline_max)))
    }
}

fn weight(key: &RemoteKey, address: &str) -> u64 {
    xxh3_64_with_seed(address.as_bytes(), xxh3_64_with_seed(key.as_str().as_bytes(), 0))
}

#[cfg(test)]
mod tests;
