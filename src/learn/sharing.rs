//! What nodes tell each other of what they learned, through Redis where there is one.
//!
//! Each node has a *slot* for each catalog, a value that goes by itself when it is not written again, and writes there
//! what it suggests: phrases for queries that **enough of its own sessions** searched and that may be suggested, with
//! their weights. It reads the slots of
//! the others and adds their weights to its own. So nothing is counted twice when a write is repeated, nothing is lost
//! but time when Redis is away, no session leaves its node in any form, and a query that too few sessions of each node
//! searched is nobody's suggestion. The price: sessions of two nodes are not added up.
//!
//! A node takes the first slot that is free, and another one when it finds somebody else in its own: two that take the
//! same at once sort it out in the next round. A node that starts again is a new one, and what it told before goes
//! within [`LIST_AGE_MAX`].
//!
//! Owns the rounds. Calls have the deadline and the breaker of every remote tier. Invariant: no request waits for a round.

mod list;

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use self::list::List;
use super::{Learned, Learner, now_ms};
use crate::cache::tier::TierName;
use crate::cache::tier::guard::{BACKGROUND_DEADLINE, GuardedTier, Passed, Setup};
use crate::cache::tier::redis::Redis;
use crate::cache::tier::remote::{Fault, Remote, RemoteKey};
use crate::catalog::Catalog;
use crate::config::RedisConfig;

/// Time between two rounds: soon enough for a suggestion, which is thought over for seconds anyway.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a list stays when its node does not write it again.
const LIST_AGE_MAX: Duration = Duration::from_secs(120);
/// Slots of a catalog: nodes that can tell. More read only.
const SLOTS: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Sharing {
    tier: GuardedTier,
    /// This process among the nodes.
    node: u64,
}

/// What becomes of the slots of one catalog in a round.
#[derive(Debug, PartialEq)]
struct Round {
    /// Where this node may write, if anywhere.
    slot: Option<usize>,
    /// What the others have learned.
    others: Vec<Learned>,
}

impl Sharing {
    /// Sharing through the configured Redis. Connects to nothing yet.
    ///
    /// # Errors
    /// The URL leads nowhere.
    pub(super) fn new(config: &RedisConfig, node: u64) -> Result<Self, Fault> {
        let address = config.urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        Ok(Self::over((address, Box::new(Redis::new(config)?)), node))
    }

    fn over(server: (String, Box<dyn Remote>), node: u64) -> Self {
        let setup = Setup {
            name: TierName::Redis,
            servers: vec![server],
            // Nobody waits for it.
            deadline_max: BACKGROUND_DEADLINE,
            ttl_factor: 1,
        };
        Self { tier: GuardedTier::new(setup), node }
    }

    /// Tells and listens until the catalog is gone.
    pub(super) async fn run(self: Arc<Self>, catalog: Weak<Catalog>, learner: Weak<Learner>) {
        let mut rounds = tokio::time::interval(INTERVAL);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut slot = None;
        loop {
            rounds.tick().await;
            let (Some(catalog), Some(learner)) = (catalog.upgrade(), learner.upgrade()) else { return };
            let now = now_ms();
            let snapshot = catalog.snapshot();
            let own = learner.told(now, &snapshot.settings().autocomplete, list::QUERIES_MAX);
            match self.round(catalog.name(), slot, (own, now)).await {
                Ok(round) => {
                    slot = round.slot;
                    learner.hear(round.others);
                }
                // The tier has told the log; what was heard before stays.
                Err(passed) => {
                    tracing::debug!(catalog = catalog.name(), reason = passed.as_str(), "nodes did not talk")
                }
            }
        }
    }

    /// Reads every slot and writes this node's own.
    async fn round(
        &self,
        catalog: &str,
        slot: Option<usize>,
        (own, now): (Vec<Learned>, u64),
    ) -> Result<Round, Passed> {
        let mut slots = Vec::with_capacity(SLOTS);
        for number in 0..SLOTS {
            let value = self.tier.get(&RemoteKey::learned(catalog, number), BACKGROUND_DEADLINE).await?;
            slots.push(value.map(|value| List::decode(&value)));
        }
        let round = self.judge(slot, &slots, now);
        // Who has nothing to tell takes no slot; what was told before goes by itself.
        if let Some(number) = round.slot.filter(|_| !own.is_empty()) {
            let list = List { node: self.node, time: now, learned: own };
            self.tier.put(&RemoteKey::learned(catalog, number), list.encode().into(), LIST_AGE_MAX).await?;
        }
        Ok(round)
    }

    /// What the slots say: `None` is free, `Some(None)` taken by something that cannot be read.
    fn judge(&self, slot: Option<usize>, slots: &[Option<Option<List>>], now: u64) -> Round {
        let is_mine = |at: usize| match &slots[at] {
            None => true,
            Some(list) => list.as_ref().is_some_and(|list| list.node == self.node),
        };
        // From a place of its own on, so that nodes that start together rarely take the same.
        let first = (self.node % SLOTS as u64) as usize;
        let places = slot.into_iter().chain((first..SLOTS).chain(0..first));
        let slot = places.into_iter().find(|at| is_mine(*at));
        let lists = slots.iter().flatten().flatten().filter(|list| list.node != self.node);
        Round { slot, others: lists.flat_map(|list| list.at(now)).collect() }
    }
}

#[cfg(test)]
mod tests;
