//! The way of one who leads a flight: from a miss in memory to an entry, whoever gives it.
//!
//! Owns the order: memory once more, remote tiers, a lease, the computation. It runs in the flight's own task, so nobody
//! who leaves interrupts it. Invariant: it computes at most once.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Ask, Computed, Filler, Fresh, Served, look};
use crate::cache::body::WriteLive;
use crate::cache::entry::Entry;
use crate::cache::freshness::View;
use crate::cache::outcome::Outcome;
use crate::cache::remote_tiers::lease::Leased;
use crate::cache::remote_tiers::{RemoteAsk, RemoteTiers, Trail, Tried};
use crate::cache::single_flight::Part;
use crate::cache::tier::memory::MemoryTier;
use crate::cache::tier::{Stored, Tier, TierName};

/// See the module.
pub(super) struct Way {
    pub(super) memory: Arc<MemoryTier>,
    pub(super) write_live: WriteLive,
    pub(super) remote: Option<Arc<RemoteTiers>>,
    pub(super) ask: Ask,
    pub(super) view: View,
    /// When the one who leads has no use for an answer any more.
    pub(super) deadline: Instant,
}

/// Share of what is left of a request's time that goes to other nodes and tiers at most; the rest is for computing.
const SHARE_AFAR: f64 = 0.5;

/// What a flight lands with.
#[derive(Debug, Clone)]
pub(super) struct Landed {
    pub(super) entry: Arc<Entry>,
    stored: Stored,
    from: TierName,
    trail: Option<Trail>,
}

impl Way {
    pub(super) async fn go<E, C, F>(self, compute: C) -> Result<Landed, E>
    where
        C: FnOnce(Filler) -> F,
        F: Future<Output = Result<Computed, E>>,
    {
        // A flight may have landed between this caller's lookup and its entering.
        if let Ok((entry, _)) = look(&self.memory, self.write_live, &self.ask.key, &self.view) {
            return Ok(Landed { entry, stored: Stored::Yes, from: TierName::Index, trail: None });
        }
        let (Some(remote), Some(ask)) = (&self.remote, &self.ask.remote) else {
            let Computed { entry, stored } = compute(Filler(self.memory)).await?;
            return Ok(Landed { entry, stored, from: TierName::Index, trail: None });
        };
        let now = Instant::now();
        let until = now + self.deadline.saturating_duration_since(now).mul_f64(SHARE_AFAR);
        let looked = remote.look(&self.ask.key, ask, &self.view, until).await;
        if let Some((entry, from)) = looked.found {
            return Ok(self.keep(entry, from, &looked.trail, (remote, ask)));
        }
        let lease = match remote.lease(&self.ask.key, ask, &self.view, (&looked.trail, until)).await {
            Leased::Theirs { entry, from, tried } => return Ok(self.keep(entry, from, &[tried], (remote, ask))),
            Leased::Ours(lease) => Some(lease),
            Leased::None => None,
        };
        let Computed { entry, stored } = compute(Filler(Arc::clone(&self.memory))).await?;
        // What does not suit its key is for the one who asked alone.
        if stored != Stored::No {
            remote.computed(&entry, ask, &looked.trail, lease);
        }
        Ok(Landed { entry, stored, from: TierName::Index, trail: Some(looked.trail.into()) })
    }

    /// Takes an entry of a remote tier into memory.
    fn keep(
        &self,
        entry: Arc<Entry>,
        from: TierName,
        trail: &[Tried],
        (remote, ask): (&RemoteTiers, &RemoteAsk),
    ) -> Landed {
        let stored = self.memory.put(&entry);
        remote.found_behind(&entry, ask, trail);
        Landed { entry, stored, from, trail: Some(trail.into()) }
    }
}

impl Landed {
    /// For the caller who led, or waited. One who led to a tier's entry has hit; one who waited for it has not.
    pub(super) fn served(
        self,
        part: Part,
        outcome: Outcome,
        fresh: &Fresh,
        (began, cache_time): (Instant, Duration),
    ) -> Served {
        let is_hit = part == Part::Led && self.from != TierName::Index;
        let took = began.elapsed();
        Served {
            outcome: if is_hit { Outcome::Hit } else { outcome },
            from: self.from,
            sequence: fresh.sequence,
            ttl: fresh.ttl,
            age: fresh.age,
            stored: !is_hit && self.stored == Stored::Yes,
            collapsed: part == Part::Waited,
            cache_time: if is_hit { took } else { cache_time },
            compute_time: (!is_hit).then(|| took.saturating_sub(cache_time)),
            trail: self.trail,
            late: None,
            entry: self.entry,
        }
    }
}
