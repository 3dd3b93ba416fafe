//! Stale-if-error: when an answer cannot be computed, one that is no longer fresh is served, and says so.
//!
//! Owns which failures that is for, how late such an answer may be and where it is looked for: in memory, which keeps an
//! invalid entry until it is overwritten or evicted, then in the remote tiers, of which Memcached keeps entries far past
//! their age for this. Callers who fail together ask the remote tiers once: under overload there are many.
//!
//! The products in such an answer are those of its own sequence: one that was deleted since may be among them, and one
//! that came since is not. Prices and stock are current where the live table has them.
//!
//! Invariants: a request that names a sequence never gets one; neither does a question that is at fault itself.

use std::sync::Arc;
use std::time::Duration;

use storefind_index::answer::LiveDependency;
use tokio::time::Instant;

use super::{Ask, FetchError, Fresh, Served, Stack};
use crate::cache::body::Stock;
use crate::cache::entry::Entry;
use crate::cache::freshness::{Verdict, View, judge, rescuable};
use crate::cache::outcome::Outcome;
use crate::cache::tier::{Tier, TierName};

/// Longest wait for those who ask the remote tiers in one's place; they take a fraction of it.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// When a stale answer is served. `E` is why a computation failed.
#[derive(Debug)]
pub struct Rescue<E> {
    /// How long past its maximum age an answer may be.
    pub beyond: Duration,
    /// Whether a failure is one of the server's and not of the question.
    pub is_ours: fn(&FetchError<E>) -> bool,
}

impl<E: Clone + Send + Sync + 'static> Stack<E> {
    /// A stale answer in place of a failure, if there is one to be had.
    pub(super) async fn rescued(
        &self,
        ask: &Ask,
        view: &View,
        failed: &FetchError<E>,
        outcome: Outcome,
        began: Instant,
    ) -> Option<Served> {
        let rescue = self.rescue.as_ref().filter(|rescue| view.graced && (rescue.is_ours)(failed))?;
        let late_by = |entry: &Entry| rescuable(entry.stamp(), view, rescue.beyond);
        let held = self.memory.get(&ask.key).ok().and_then(|entry| Some((late_by(&entry)?, entry)));
        let (late, entry, from) = match held {
            Some((late, entry)) => (late, self.with_current_live(entry, view), TierName::Memory),
            None => {
                let (entry, from) = self.rescued_from_afar(ask, view, rescue.beyond).await?;
                (late_by(&entry)?, entry, from)
            }
        };
        let fresh = Fresh { sequence: entry.stamp().as_of, ttl: Duration::ZERO, age: late };
        Some(Served { late: Some(late), ..Served::found(entry, (outcome, from), &fresh, began) })
    }

    /// With current prices and stock, unless these decide the answer: then as it was.
    fn with_current_live(&self, entry: Arc<Entry>, view: &View) -> Arc<Entry> {
        let live = view.visibility.live();
        if *entry.proof().live() != LiveDependency::None || entry.body().current_fold(live) == entry.fold() {
            return entry;
        }
        match entry.body().refilled(live, self.write_live, Stock::MayDiffer) {
            Some(body) => Arc::new(entry.refilled(body)),
            None => entry,
        }
    }

    async fn rescued_from_afar(&self, ask: &Ask, view: &View, beyond: Duration) -> Option<(Arc<Entry>, TierName)> {
        let (remote, remote_ask) = (self.remote.clone()?, ask.remote.clone()?);
        let (memory, key, of_leader) = (Arc::clone(&self.memory), Arc::clone(&ask.key), view.clone());
        let look = || async move {
            let (entry, from) = remote.rescue(&key, &remote_ask, &of_leader, beyond).await?;
            // Whoever fails next finds it here; whoever can compute overwrites it. Not what only its stock made stale: with
            // the current one it would pass for fresh.
            if matches!(judge(entry.stamp(), entry.proof(), &of_leader), Verdict::Stale(_)) {
                memory.put(&entry);
            }
            Some((entry, from))
        };
        let deadline = Instant::now() + WAIT_MAX;
        self.rescues.run(&ask.key, deadline, |_| true, look).await.ok()?.0
    }
}
