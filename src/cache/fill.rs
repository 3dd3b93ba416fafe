//! Filling: putting entries into remote tiers, off the way of any response.
//!
//! A bounded queue and a few tasks that drain it. Encoding, compressing and waiting for servers happen here. When more
//! comes than goes, entries are dropped and counted: a tier that is not filled costs a computation later, a queue that
//! grows costs memory now. The tasks start with the first entry and end when the queue is dropped.
//!
//! Invariant: at most [`ENTRIES_MAX`] entries of [`BYTES_MAX`] bytes together wait, whatever the tiers do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::codec::{Unsuited, encode};
use super::entry::Entry;
use super::freshness::{Stamp, UnixMillis};
use super::remote_tiers::CatalogTiers;
use super::remote_tiers::lease::Lease;
use super::tier::guard::GuardedTier;
use super::tier::remote::RemoteKey;

/// Entries that wait: what a second of misses at full load brings.
pub const ENTRIES_MAX: usize = 1_024;
/// Their bytes: some thousand pages, and little beside the memory tier, which holds most of them anyway.
pub const BYTES_MAX: usize = 8 << 20;
/// Tasks that drain the queue: one waits for a server while another encodes.
const TASKS: usize = 2;
/// Larger bodies are encoded on a thread that may block.
const ENCODE_INLINE_BYTES_MAX: usize = 64 << 10;

/// The queue. See the module.
#[derive(Debug)]
pub struct FillQueue {
    tiers: Arc<[Arc<GuardedTier>]>,
    sender: Sender<Fill>,
    /// Until the tasks have it.
    receiver: Mutex<Option<Receiver<Fill>>>,
    room: Arc<Semaphore>,
    counters: Arc<Counters>,
}

/// One entry on its way.
#[derive(Debug)]
struct Fill {
    entry: Arc<Entry>,
    catalog: Arc<CatalogTiers>,
    key: RemoteKey,
    /// Given back when the entry is where those who wait for it look.
    _lease: Option<Lease>,
    /// Which tiers are to have it, by their place.
    wanted: Vec<bool>,
    _room: OwnedSemaphorePermit,
}

#[derive(Debug, Default)]
struct Counters {
    offered: AtomicU64,
    dropped: AtomicU64,
    live: AtomicU64,
    too_large: AtomicU64,
    under_way: AtomicU64,
}

/// What filling has come to, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FillStats {
    /// Entries that wait, or are being put.
    pub queued: u64,
    /// Bytes of those that wait.
    pub queued_bytes: u64,
    /// Entries that were offered.
    pub offered: u64,
    /// Entries dropped because the queue was full.
    pub dropped: u64,
    /// Entries that stay in memory because live fields decide them.
    pub live: u64,
    /// Entries that are too large for a remote tier.
    pub too_large: u64,
}

impl FillQueue {
    /// A queue to these tiers.
    pub fn new(tiers: Vec<Arc<GuardedTier>>) -> Self {
        let (sender, receiver) = channel(ENTRIES_MAX);
        let room = Arc::new(Semaphore::new(BYTES_MAX));
        let receiver = Mutex::new(Some(receiver));
        Self { tiers: tiers.into(), sender, receiver, room, counters: Arc::default() }
    }

    /// Has an entry put into the tiers that are `wanted`. Never waits. Called within the runtime.
    pub(super) fn offer(
        &self,
        entry: &Arc<Entry>,
        catalog: &Arc<CatalogTiers>,
        key: RemoteKey,
        lease: Option<Lease>,
        wanted: impl Fn(&GuardedTier) -> bool,
    ) {
        let wanted: Vec<bool> = self.tiers.iter().map(|tier| !tier.is_paused() && wanted(tier)).collect();
        if !wanted.contains(&true) {
            return;
        }
        self.counters.offered.fetch_add(1, Ordering::Relaxed);
        self.start();
        let bytes = u32::try_from(entry.weight()).unwrap_or(u32::MAX);
        let queued = Arc::clone(&self.room).try_acquire_many_owned(bytes).ok().and_then(|room| {
            let (entry, catalog) = (Arc::clone(entry), Arc::clone(catalog));
            self.counters.under_way.fetch_add(1, Ordering::Relaxed);
            let fill = Fill { entry, catalog, key, _lease: lease, wanted, _room: room };
            self.sender.try_send(fill).inspect_err(|_| self.counters.finished()).ok()
        });
        if queued.is_none() {
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The figures now.
    pub fn stats(&self) -> FillStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        FillStats {
            queued: read(&counters.under_way),
            queued_bytes: (BYTES_MAX - self.room.available_permits().min(BYTES_MAX)) as u64,
            offered: read(&counters.offered),
            dropped: read(&counters.dropped),
            live: read(&counters.live),
            too_large: read(&counters.too_large),
        }
    }

    fn start(&self) {
        // Taken once; later this is an uncontended lock beside a computation.
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(receiver) = receiver else { return };
        let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
        for _ in 0..TASKS {
            let (receiver, tiers, counters) =
                (Arc::clone(&receiver), Arc::clone(&self.tiers), Arc::clone(&self.counters));
            tokio::spawn(async move {
                loop {
                    let fill = receiver.lock().await.recv().await;
                    let Some(fill) = fill else { return };
                    fill.put(&tiers, &counters).await;
                    counters.finished();
                }
            });
        }
    }
}

impl Counters {
    fn finished(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    fn unsuited(&self, unsuited: Unsuited) {
        let counter = match unsuited {
            Unsuited::Live => &self.live,
            Unsuited::TooLarge => &self.too_large,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Fill {
    async fn put(self, tiers: &[Arc<GuardedTier>], counters: &Counters) {
        let Some(left) = left(self.entry.stamp(), UnixMillis::now()) else { return };
        let entry = Arc::clone(&self.entry);
        let encoded = if entry.body().text().len() <= ENCODE_INLINE_BYTES_MAX {
            encode(&entry)
        } else {
            // Only a runtime that shuts down makes it fail.
            tokio::task::spawn_blocking(move || encode(&entry)).await.unwrap_or(Err(Unsuited::TooLarge))
        };
        let value = match encoded {
            Ok(value) => value,
            Err(unsuited) => return counters.unsuited(unsuited),
        };
        for (tier, _) in tiers.iter().zip(&self.wanted).filter(|(_, wanted)| **wanted) {
            let filled = tier.put(&self.key, value.clone(), left).await;
            if let Some(counters) = self.catalog.counters.of(tier.name()) {
                counters.fill(filled);
            }
        }
    }
}

/// How much older the entry may become; `None` if it is not worth keeping.
fn left(stamp: &Stamp, now: UnixMillis) -> Option<Duration> {
    Some(stamp.left(now)).filter(|left| *left >= Duration::from_secs(1))
}

#[cfg(test)]
mod tests;
