//! A lease across nodes: of those who would compute the same dear answer at once, one does and the others look again.
//!
//! A mark in Redis with a short life, put only if there is none. It orders nothing and guards nothing: whoever finds it
//! taken waits a little for the answer to appear, and then computes too. So a holder that dies, a mark that outlives its
//! reason and a Redis that loses it cost a bounded wait or a second computation, never an answer.
//!
//! Invariants: nobody waits longer than [`WAIT_MAX`], nor than computing is expected to take, nor into the time that the
//! request needs to compute; a lease is given back whatever became of the computation.

use std::time::Duration;

use super::{
    Arc, CameOf, Entry, Instant, Key, RemoteAsk, RemoteKey, RemoteTiers, TierName, Tried, View, came_of, note,
};
use crate::cache::tier::guard::GuardedTier;

/// Cheaper answers are computed twice: a lease costs a round trip, and those who wait for it some more.
pub const COST_MIN: Duration = Duration::from_millis(5);
/// Longest wait for another node's computation.
pub const WAIT_MAX: Duration = Duration::from_millis(50);
/// How often one who waits looks, in shares of the expected cost.
const LOOKS: u32 = 4;
/// Shortest pause between two looks: the timer's resolution, twice.
const PAUSE_MIN: Duration = Duration::from_millis(2);
/// A lease lives for so many times the expected cost, so that a computation which takes longer than most is covered.
const LIFE_COSTS: u32 = 4;
/// Longest life of a lease: what a node that died can cost the others, once each.
const LIFE_MAX: Duration = Duration::from_secs(2);

/// A lease of this node, given back when this value goes: after the fill, or when there will be none.
#[derive(Debug)]
pub struct Lease {
    tier: Arc<GuardedTier>,
    key: RemoteKey,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (tier, key) = (Arc::clone(&self.tier), self.key.lease());
        // Without a runtime the process ends, and the lease by itself; so does one that cannot be given back.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(async move { tier.delete(&key).await }));
        }
    }
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Leased {
    /// It is ours: compute, and let it go with the fill.
    Ours(Lease),
    /// Another node's answer appeared meanwhile.
    Theirs {
        /// The answer.
        entry: Arc<Entry>,
        /// Which tier it appeared in.
        from: TierName,
        /// What came of the wait.
        tried: Tried,
    },
    /// There is none to be had, or none that helps: compute.
    None,
}

impl RemoteTiers {
    /// Claims the computation of an answer that is expected to be dear, or waits for the one who has. `trail` is what came
    /// of the lookups; only a tier that has just answered is asked.
    ///
    /// It ends by `until`.
    pub async fn lease(
        &self,
        key: &Arc<Key>,
        ask: &RemoteAsk,
        view: &View,
        (trail, until): (&[Tried], Instant),
    ) -> Leased {
        let Some(cost) = ask.catalog.costs.expected(ask.class).filter(|cost| *cost >= COST_MIN) else {
            return Leased::None;
        };
        let remote_key = RemoteKey::of(&ask.catalog.name, key);
        for tier in self.tiers.iter().filter(|tier| answered(tier, trail)) {
            let life = (cost * LIFE_COSTS).min(LIFE_MAX);
            let left = self.budget.min(until.saturating_duration_since(Instant::now()));
            match tier.claim(&remote_key, life, left).await {
                // Not used for that.
                None => {}
                Some(Ok(true)) => return Leased::Ours(Lease { tier: Arc::clone(tier), key: remote_key }),
                Some(Ok(false)) => return self.wait(tier, &remote_key, key, ask, view, (cost, until)).await,
                Some(Err(_)) => return Leased::None,
            }
        }
        Leased::None
    }

    async fn wait(
        &self,
        tier: &GuardedTier,
        remote_key: &RemoteKey,
        key: &Arc<Key>,
        ask: &RemoteAsk,
        view: &View,
        (cost, until): (Duration, Instant),
    ) -> Leased {
        let began = Instant::now();
        let end = (began + cost.min(WAIT_MAX)).min(until);
        let pause = (cost / LOOKS).max(PAUSE_MIN);
        loop {
            let next = (Instant::now() + pause).min(end);
            tokio::time::sleep_until(next).await;
            let last = (Instant::now() + self.budget).min(until);
            let found = self.look_in(tier, remote_key, key, ask, view, last).await;
            note(tier, ask, came_of(&found));
            let tried = Tried { tier: tier.name(), came_of: came_of(&found), time: began.elapsed() };
            match found {
                Ok(entry) => return Leased::Theirs { entry, from: tier.name(), tried },
                Err(CameOf::Passed(_)) => return Leased::None,
                Err(CameOf::Hit | CameOf::Stale(_) | CameOf::Miss(_)) => {}
            }
            if Instant::now() >= end {
                return Leased::None;
            }
        }
    }
}

fn answered(tier: &GuardedTier, trail: &[Tried]) -> bool {
    let gave = |tried: &Tried| matches!(tried.came_of, CameOf::Miss(_) | CameOf::Stale(_));
    trail.iter().any(|tried| tried.tier == tier.name() && gave(tried))
}
