//! The memory tier: moka, weighed in bytes.
//!
//! Found by the key's 128-bit hash and compared in full. No expiry of moka's: freshness is proven per lookup, and
//! its timer wheels would cost every read. moka runs its housekeeping inside some caller's read or write; one thread
//! here does it every [`HOUSEKEEPING_INTERVAL`] instead, so that a request rarely pays for it.
//!
//! moka's admission (W-TinyLFU) may drop a new entry that is asked for less often than what it would push out; that
//! is what it is for, and looks like any eviction.
//!
//! Invariant: the weights of what is held exceed the limit only until the next housekeeping.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use moka::ops::compute::Op;
use moka::sync::Cache;
use tokio::time::Instant;

use super::{Stored, Tier, Usage};
use crate::cache::entry::Entry;
use crate::cache::key::{Key, PassThrough};
use crate::cache::outcome::MissReason;

/// How often the housekeeping thread evicts. moka itself would after 300 ms or 64 operations, in a caller.
pub const HOUSEKEEPING_INTERVAL: Duration = Duration::from_millis(100);
/// Entries waiting to be weighed again. Beyond it the one who made a variant weighs it; that bounds the queue to
/// the entries of a few milliseconds at full load.
const GROWN_MAX: usize = 1_024;
/// An entry larger than this share of the tier is not kept: it would push out hundreds that are asked for more.
const ENTRY_SHARE_MAX: u64 = 16;

type Map = Cache<u128, Arc<Entry>, PassThrough>;

/// The memory tier.
#[derive(Debug)]
pub struct MemoryTier {
    map: Map,
    bytes_max: u64,
    grown: SyncSender<Arc<Entry>>,
}

impl MemoryTier {
    /// A tier of at most `bytes_max` bytes, and its housekeeping thread, which ends when the tier is dropped.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn new(bytes_max: u64) -> std::io::Result<Self> {
        let map: Map = Cache::builder()
            .name("answers")
            .max_capacity(bytes_max)
            .weigher(|_, entry: &Arc<Entry>| u32::try_from(entry.weight()).unwrap_or(u32::MAX))
            .build_with_hasher(PassThrough::default());
        let (grown, waiting) = sync_channel(GROWN_MAX);
        let kept = map.clone();
        std::thread::Builder::new().name("cache-upkeep".into()).spawn(move || keep_house(&kept, &waiting))?;
        Ok(Self { map, bytes_max, grown })
    }

    /// Forgets the entry under this key; whether there was one.
    pub fn remove(&self, key: &Key) -> bool {
        self.get(key).is_ok() && self.map.remove(&key.hash()).is_some()
    }

    /// Forgets every entry whose key is `doomed`; how many. Walks through all of them: for an engineer, not for a request.
    pub fn remove_all(&self, doomed: impl Fn(&Key) -> bool) -> u64 {
        let found: Vec<u128> =
            self.map.iter().filter(|(_, entry)| doomed(entry.key())).map(|(hash, _)| *hash).collect();
        found.into_iter().map(|hash| u64::from(self.map.remove(&hash).is_some())).sum()
    }

    /// Shows every entry that is held. Walks through all of them, some 100 ns each, without holding anybody up.
    pub fn for_each(&self, mut see: impl FnMut(&Arc<Entry>)) {
        self.map.iter().for_each(|(_, entry)| see(&entry));
    }

    /// Evicts now what is over the limit; for tests and before reading exact figures.
    pub fn settle(&self) {
        self.map.run_pending_tasks();
    }
}

impl Tier for MemoryTier {
    fn get(&self, key: &Key) -> Result<Arc<Entry>, MissReason> {
        let entry = self.map.get(&key.hash()).ok_or(MissReason::Absent)?;
        if std::ptr::eq(&**entry.key(), key) || **entry.key() == *key { Ok(entry) } else { Err(MissReason::OtherKey) }
    }

    fn put(&self, entry: &Arc<Entry>) -> Stored {
        if entry.weight() as u64 > self.bytes_max / ENTRY_SHARE_MAX {
            return Stored::TooLarge;
        }
        if let Ok(old) = self.get(entry.key())
            && !Arc::ptr_eq(&old, entry)
        {
            entry.succeed(&old);
        }
        self.map.insert(entry.key().hash(), Arc::clone(entry));
        Stored::Yes
    }

    fn grown(&self, entry: &Arc<Entry>) {
        match self.grown.try_send(Arc::clone(entry)) {
            Ok(()) => {}
            Err(TrySendError::Full(entry) | TrySendError::Disconnected(entry)) => weigh_again(&self.map, &entry),
        }
    }

    fn usage(&self) -> Usage {
        Usage { entries: self.map.entry_count(), bytes: self.map.weighted_size(), bytes_max: self.bytes_max }
    }
}

fn keep_house(map: &Map, grown: &Receiver<Arc<Entry>>) {
    let mut due = Instant::now() + HOUSEKEEPING_INTERVAL;
    loop {
        match grown.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(entry) => weigh_again(map, &entry),
            Err(RecvTimeoutError::Timeout) => {
                map.run_pending_tasks();
                due = Instant::now() + HOUSEKEEPING_INTERVAL;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// moka weighs a value when it is put, so it is put again, if it is still the one that is held.
fn weigh_again(map: &Map, entry: &Arc<Entry>) {
    map.entry(entry.key().hash()).and_compute_with(|held| match held {
        Some(held) if Arc::ptr_eq(held.value(), entry) => Op::Put(Arc::clone(entry)),
        _ => Op::Nop,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::body::Body;
    use crate::cache::coding::Coding;
    use crate::cache::freshness::{Stamp, UnixMillis};

    fn entry(key: Key, body_bytes: usize) -> Arc<Entry> {
        let stamp = Stamp::new(1, UnixMillis(0), 1);
        let body = Body::new(vec![b' '; body_bytes], Vec::new());
        Arc::new(Entry::new(Arc::new(key), stamp, Arc::default(), Duration::ZERO, body, Arc::default()))
    }

    fn key(n: usize) -> Key {
        Key::new(format!("search:1:demo:1:q={n}"))
    }

    #[test]
    fn an_entry_is_found_by_an_equal_key_and_replaced_by_a_newer_one() {
        let tier = MemoryTier::new(1_000_000).expect("thread");
        assert_eq!(tier.get(&key(1)).err(), Some(MissReason::Absent));
        assert_eq!(tier.put(&entry(key(1), 10)), Stored::Yes);
        assert_eq!(tier.get(&key(1)).map(|found| found.body().text().len()).ok(), Some(10));
        tier.put(&entry(key(1), 20));
        assert_eq!(tier.get(&key(1)).map(|found| found.body().text().len()).ok(), Some(20));
    }

    #[test]
    fn a_key_with_the_same_hash_but_another_text_is_a_miss_with_its_reason() {
        let tier = MemoryTier::new(1_000_000).expect("thread");
        tier.put(&entry(Key::with_hash(7, "search:1:demo:1:q=laptop"), 10));
        assert!(tier.get(&Key::with_hash(7, "search:1:demo:1:q=laptop")).is_ok());
        assert_eq!(tier.get(&Key::with_hash(7, "search:1:demo:1:q=phone")).err(), Some(MissReason::OtherKey));
    }

    #[test]
    fn ten_times_what_fits_leaves_no_more_than_the_limit() {
        let tier = MemoryTier::new(1_000_000).expect("thread");
        for n in 0..10_000 {
            tier.put(&entry(key(n), 200));
        }
        tier.settle();
        let usage = tier.usage();
        assert!(usage.bytes <= 1_000_000 && usage.bytes > 900_000, "{usage:?}");
        let held: Vec<_> = (0..10_000).filter_map(|n| tier.get(&key(n)).ok()).collect();
        assert_eq!(held.iter().map(|entry| entry.weight() as u64).sum::<u64>(), usage.bytes);
    }

    #[test]
    fn a_variant_is_weighed_once_it_is_made_even_by_an_inline_weighing() {
        let tier = MemoryTier::new(10_000_000).expect("thread");
        let entry = entry(key(1), 50_000);
        tier.put(&entry);
        tier.settle();
        let before = tier.usage().bytes;
        let weight = entry.weight() as u64;
        entry.representation(Coding::Gzip);
        let made = entry.weight() as u64 - weight;
        assert!(made > 0);
        weigh_again(&tier.map, &entry);
        tier.settle();
        assert_eq!(tier.usage().bytes, before + made);
    }

    #[test]
    fn weighing_again_never_brings_back_what_was_replaced() {
        let tier = MemoryTier::new(10_000_000).expect("thread");
        let (old, new) = (entry(key(1), 10), entry(key(1), 20));
        tier.put(&old);
        tier.put(&new);
        weigh_again(&tier.map, &old);
        assert!(tier.get(&key(1)).is_ok_and(|found| Arc::ptr_eq(&found, &new)));
    }

    #[test]
    fn an_entry_over_its_share_is_refused_and_one_at_it_is_kept() {
        let entry = entry(key(1), 10_000);
        let share = entry.weight() as u64 * ENTRY_SHARE_MAX;
        assert_eq!(MemoryTier::new(share).expect("thread").put(&entry), Stored::Yes);
        assert_eq!(MemoryTier::new(share - 1).expect("thread").put(&entry), Stored::TooLarge);
    }
}
