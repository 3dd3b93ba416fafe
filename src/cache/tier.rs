//! Tiers: places that keep entries.
//!
//! A tier finds an entry by its full key or says why it cannot. It does not judge freshness and it does not
//! compute; the stack does the one and has the other done. A tier outside the process joins behind a boundary of
//! its own ([`remote`]), since there an entry is encoded, every call has a deadline and may fail ([`guard`]).

pub mod memory;

pub mod remote;

pub mod guard;

mod link;

pub mod redis;

pub mod memcached;

pub mod counters;

use std::sync::Arc;

use serde::Serialize;

use super::entry::Entry;
use super::key::Key;
use super::outcome::MissReason;

/// Where an answer came from: `detail` in `Cache-Status`, label of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TierName {
    /// The memory of this process.
    Memory,
    /// A Redis server, or several that are one to their client.
    Redis,
    /// A pool of Memcached servers.
    Memcached,
    /// Computed from the index.
    Index,
}

impl TierName {
    /// Those outside this process, in the order in which they are asked.
    pub const REMOTE: [Self; 2] = [Self::Redis, Self::Memcached];

    /// The place in [`Self::REMOTE`].
    pub fn remote_place(self) -> Option<usize> {
        Self::REMOTE.iter().position(|tier| *tier == self)
    }

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Memcached => "memcached",
            Self::Index => "index",
        }
    }
}

/// Whether a tier took an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It did; it may still evict it at any time.
    Yes,
    /// It is too large.
    TooLarge,
    /// It was not offered.
    No,
}

/// What a tier holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Entries.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Most bytes.
    pub bytes_max: u64,
}

/// A tier inside the process. Any number of threads may use it at once.
pub trait Tier: Send + Sync {
    /// The entry under this key, compared in full; fresh or not.
    ///
    /// # Errors
    /// Why there is none.
    fn get(&self, key: &Key) -> Result<Arc<Entry>, MissReason>;

    /// Keeps an entry in place of the one under its key. May block for some 50 µs under pressure: call it from a
    /// thread that may.
    fn put(&self, entry: &Arc<Entry>) -> Stored;

    /// To be told when an entry has grown by a variant. Cheap, from any thread.
    fn grown(&self, entry: &Arc<Entry>);

    /// What it holds, as of its last housekeeping.
    fn usage(&self) -> Usage;
}
