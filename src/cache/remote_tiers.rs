//! The remote tiers together: in which order they are asked, whether that is expected to pay, and how an entry that one
//! of them holds becomes one of this process.
//!
//! A lookup asks Redis, then Memcached, within one budget. What they hold is bytes until it has passed, in this order,
//! the codec, the judgement that every entry passes ([`judge`]), and the assembly with this node's live values. Whatever
//! goes wrong is a word in the [`Trail`] and never an error.
//!
//! Filling happens beside ([`fill`](super::fill)). An engineer can have everything dropped: entries that were computed
//! before that moment are not accepted by this node any more, wherever they lie. Nothing is deleted on servers for it and
//! no other node hears of it; the first computation afterwards overwrites what all of them share.
//!
//! Invariant: a lookup takes no longer than the budget, plus, for dear questions, the bounded wait for a lease.

pub mod lease;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::admission::{Class, Costs};
use super::body::{Stock, WriteLive};
use super::codec::{Decoded, bytes_to_handle, decode};
use super::entry::{Entry, Holding};
use super::fill::FillQueue;
use super::freshness::{StaleReason, UnixMillis, Verdict, View, judge, rescuable};
use super::key::Key;
use super::outcome::{MissReason, Outcome};
use super::tier::TierName;
use super::tier::counters::{CameOf, CatalogTierCounters};
use super::tier::guard::{GuardedTier, Passed};
use super::tier::remote::RemoteKey;
use crate::config::Admission;
use crate::resilience::chance::Chance;
use lease::Lease;

/// Tiers' deadlines that a request spends on lookups at most: two servers that hang cost no more than this.
const BUDGET_DEADLINES: u32 = 2;
/// Values that are larger, or unpack to more, are decoded on a thread that may block: an async one owes its other
/// connections an answer.
const DECODE_INLINE_BYTES_MAX: usize = 64 << 10;

/// What remote tiers know about one catalog: what they did for it, and what its questions cost.
#[derive(Debug, Default)]
pub struct CatalogTiers {
    name: Box<str>,
    /// What the tiers did.
    pub counters: CatalogTierCounters,
    /// What computing costs.
    pub costs: Arc<Costs>,
    dropped_through: Arc<AtomicU64>,
    /// Whether these are questions of the server's own.
    own: bool,
}

impl CatalogTiers {
    /// Nothing is known yet of the catalog `name`.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same for questions that no shopper asked: counted apart, and not taken for what shoppers will find.
    pub fn of_our_own(&self) -> Self {
        Self {
            name: self.name.clone(),
            counters: CatalogTierCounters::default(),
            costs: Arc::clone(&self.costs),
            dropped_through: Arc::clone(&self.dropped_through),
            own: true,
        }
    }

    /// Accepts no remote entry any more that was computed up to `now`.
    pub fn drop_through(&self, now: UnixMillis) {
        self.dropped_through.fetch_max(now.0, Ordering::Relaxed);
    }

    fn is_dropped(&self, computed_at: UnixMillis) -> bool {
        computed_at.0 <= self.dropped_through.load(Ordering::Relaxed)
    }
}

/// A question as remote tiers see it.
#[derive(Debug, Clone)]
pub struct RemoteAsk {
    /// Whose.
    pub catalog: Arc<CatalogTiers>,
    /// What computing it costs is learned by.
    pub class: Class,
    /// Where entries that come from a tier are counted.
    pub holding: Arc<Holding>,
}

/// What came of asking one tier.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    /// Which.
    pub tier: TierName,
    /// What.
    pub came_of: CameOf,
    /// The time that it took.
    pub time: Duration,
}

/// What came of asking each tier, in order.
pub type Trail = Arc<[Tried]>;

/// A lookup in all of them.
#[derive(Debug)]
pub struct Looked {
    /// An entry that proved fresh, and which tier had it.
    pub found: Option<(Arc<Entry>, TierName)>,
    /// What came of each.
    pub trail: Vec<Tried>,
}

/// The remote tiers. See the module.
#[derive(Debug)]
pub struct RemoteTiers {
    tiers: Vec<Arc<GuardedTier>>,
    admission: Admission,
    budget: Duration,
    write_live: WriteLive,
    chance: Chance,
    filling: FillQueue,
}

impl RemoteTiers {
    /// These tiers in this order. `deadline_max` is the longest wait for one of them.
    pub fn new(
        tiers: Vec<GuardedTier>,
        admission: Admission,
        deadline_max: Duration,
        write_live: WriteLive,
        chance: Chance,
    ) -> Self {
        let tiers: Vec<_> = tiers.into_iter().map(Arc::new).collect();
        let filling = FillQueue::new(tiers.clone());
        Self { tiers, admission, budget: deadline_max * BUDGET_DEADLINES, write_live, chance, filling }
    }

    /// The tiers in order.
    pub fn tiers(&self) -> &[Arc<GuardedTier>] {
        &self.tiers
    }

    /// What is on its way to them.
    pub fn filling(&self) -> &FillQueue {
        &self.filling
    }

    /// Looks in each tier that is expected to pay, until one has a fresh entry.
    ///
    /// It ends by `until`.
    pub async fn look(&self, key: &Arc<Key>, ask: &RemoteAsk, view: &View, until: Instant) -> Looked {
        let remote_key = RemoteKey::of(&ask.catalog.name, key);
        let end = (Instant::now() + self.budget).min(until);
        let mut trail = Vec::with_capacity(self.tiers.len());
        for tier in &self.tiers {
            let began = Instant::now();
            let odds = tier.odds(&remote_key, ask.catalog.costs.expected(ask.class));
            let found = if odds.ask(self.admission, self.chance.share()) {
                self.look_in(tier, &remote_key, key, ask, view, end).await
            } else {
                Err(CameOf::Passed(Passed::Skipped))
            };
            note(tier, ask, came_of(&found));
            trail.push(Tried { tier: tier.name(), came_of: came_of(&found), time: began.elapsed() });
            if let Ok(entry) = found {
                return Looked { found: Some((entry, tier.name())), trail };
            }
        }
        Looked { found: None, trail }
    }

    /// An entry that is no longer fresh but better than no answer, if a tier has one. Admission is not asked: there is
    /// nothing else to be had.
    pub async fn rescue(
        &self,
        key: &Arc<Key>,
        ask: &RemoteAsk,
        view: &View,
        beyond: Duration,
    ) -> Option<(Arc<Entry>, TierName)> {
        if self.admission == Admission::Never {
            return None;
        }
        let remote_key = RemoteKey::of(&ask.catalog.name, key);
        let end = Instant::now() + self.budget;
        for tier in &self.tiers {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(Some(value)) = tier.get(&remote_key, left).await else { continue };
            let Ok(decoded) = decode_apart(value, key).await else { continue };
            if ask.catalog.is_dropped(decoded.stamp().computed_at) || rescuable(decoded.stamp(), view, beyond).is_none()
            {
                continue;
            }
            if let Ok(entry) = self.assemble(decoded, key, ask, view, Stock::MayDiffer) {
                return Some((entry, tier.name()));
            }
        }
        None
    }

    /// Learns from a computation, and has the tiers filled that are expected to be asked for it.
    pub fn computed(&self, entry: &Arc<Entry>, ask: &RemoteAsk, trail: &[Tried], lease: Option<Lease>) {
        ask.catalog.costs.record(ask.class, entry.cost());
        let remote_key = RemoteKey::of(&ask.catalog.name, entry.key());
        let pays = |tier: &GuardedTier| tier.odds(&remote_key, Some(entry.cost())).fill(self.admission);
        // One that has just failed would fail again.
        let failed = |tier: &GuardedTier| {
            let passed = |tried: &Tried| matches!(tried.came_of, CameOf::Passed(passed) if passed.is_fault());
            trail.iter().any(|tried| tried.tier == tier.name() && passed(tried))
        };
        self.filling.offer(entry, &ask.catalog, remote_key.clone(), lease, |tier| pays(tier) && !failed(tier));
    }

    /// Has an entry that a later tier held put into the earlier ones that had none.
    pub fn found_behind(&self, entry: &Arc<Entry>, ask: &RemoteAsk, trail: &[Tried]) {
        let remote_key = RemoteKey::of(&ask.catalog.name, entry.key());
        let lacks = |tier: &GuardedTier| {
            let lacked = |tried: &Tried| matches!(tried.came_of, CameOf::Miss(_) | CameOf::Stale(_));
            trail.iter().any(|tried| tried.tier == tier.name() && lacked(tried))
        };
        if trail.len() > 1 {
            self.filling.offer(entry, &ask.catalog, remote_key, None, lacks);
        }
    }

    /// What a tier holds under a key: its size and, if it can be read, what a lookup would say of it.
    pub async fn peek(&self, tier: &GuardedTier, key: &Arc<Key>, ask: &RemoteAsk, view: &View) -> Peeked {
        let remote_key = RemoteKey::of(&ask.catalog.name, key);
        match tier.get(&remote_key, self.budget).await {
            Err(passed) => Peeked { bytes: None, came_of: CameOf::Passed(passed) },
            Ok(None) => Peeked { bytes: None, came_of: CameOf::Miss(MissReason::Absent) },
            Ok(Some(value)) => {
                let bytes = Some(value.len());
                let came_of = self.read(value, key, ask, view).await.err().unwrap_or(CameOf::Hit);
                Peeked { bytes, came_of }
            }
        }
    }

    /// Has every tier forget what is under a key; what came of it, by tier.
    pub async fn forget(&self, key: &Key, catalog: &CatalogTiers) -> Vec<(TierName, Result<(), Passed>)> {
        let remote_key = RemoteKey::of(&catalog.name, key);
        let mut done = Vec::with_capacity(self.tiers.len());
        for tier in &self.tiers {
            done.push((tier.name(), tier.delete(&remote_key).await));
        }
        done
    }

    async fn look_in(
        &self,
        tier: &GuardedTier,
        remote_key: &RemoteKey,
        key: &Arc<Key>,
        ask: &RemoteAsk,
        view: &View,
        end: Instant,
    ) -> Result<Arc<Entry>, CameOf> {
        let left = end.saturating_duration_since(Instant::now());
        let value = tier.get(remote_key, left).await.map_err(CameOf::Passed)?;
        self.read(value.ok_or(CameOf::Miss(MissReason::Absent))?, key, ask, view).await
    }

    /// From bytes to an entry that may be served.
    async fn read(&self, value: Bytes, key: &Arc<Key>, ask: &RemoteAsk, view: &View) -> Result<Arc<Entry>, CameOf> {
        let decoded = decode_apart(value, key).await.map_err(CameOf::Miss)?;
        if ask.catalog.is_dropped(decoded.stamp().computed_at) {
            return Err(CameOf::Miss(MissReason::Dropped));
        }
        ask.catalog.costs.record(ask.class, decoded.cost());
        // From beyond what this node has walked: its live values would be older than the content that they stand in.
        if decoded.stamp().as_of > view.validated.max(view.visibility.live().applied()) {
            return Err(CameOf::Stale(StaleReason::OtherHistory));
        }
        if let Verdict::Stale(reason) = judge(decoded.stamp(), decoded.proof(), view) {
            return Err(CameOf::Stale(reason));
        }
        self.assemble(decoded, key, ask, view, Stock::MustAgree).map_err(|outcome| match outcome {
            Outcome::Stale(reason) => CameOf::Stale(reason),
            Outcome::Miss(reason) => CameOf::Miss(reason),
            Outcome::Hit | Outcome::Bypass => CameOf::Miss(MissReason::Damaged),
        })
    }

    fn assemble(
        &self,
        decoded: Decoded,
        key: &Arc<Key>,
        ask: &RemoteAsk,
        view: &View,
        stock: Stock,
    ) -> Result<Arc<Entry>, Outcome> {
        let live = view.visibility.live();
        let holding = Arc::clone(&ask.holding);
        decoded.assemble(Arc::clone(key), live, self.write_live, stock, holding).map(Arc::new)
    }
}

/// See [`RemoteTiers::peek`].
#[derive(Debug, Clone, Copy)]
pub struct Peeked {
    /// Size of the value, if there is one.
    pub bytes: Option<usize>,
    /// What a lookup would say.
    pub came_of: CameOf,
}

fn came_of(found: &Result<Arc<Entry>, CameOf>) -> CameOf {
    found.as_ref().err().copied().unwrap_or(CameOf::Hit)
}

fn note(tier: &GuardedTier, ask: &RemoteAsk, came_of: CameOf) {
    if let Some(counters) = ask.catalog.counters.of(tier.name()) {
        counters.lookup(came_of);
    }
    if ask.catalog.own {
        return;
    }
    match came_of {
        CameOf::Hit => tier.hit_share.record(true),
        CameOf::Stale(_) | CameOf::Miss(_) => tier.hit_share.record(false),
        CameOf::Passed(_) => {}
    }
}

/// Decodes where it keeps nobody waiting.
async fn decode_apart(value: Bytes, key: &Arc<Key>) -> Result<Decoded, MissReason> {
    if bytes_to_handle(&value) <= DECODE_INLINE_BYTES_MAX {
        return decode(&value, key);
    }
    let key = Arc::clone(key);
    let decoded = tokio::task::spawn_blocking(move || decode(&value, &key)).await;
    // Only a runtime that shuts down, or a panic, which the codec's tests rule out.
    decoded.unwrap_or(Err(MissReason::Damaged))
}

#[cfg(test)]
mod tests;
