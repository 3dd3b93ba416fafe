//! The log's files: an embedded store (fjall) with four keyspaces.
//!
//! | keyspace | key | value |
//! | --- | --- | --- |
//! | `events` | sequence | the event |
//! | `latest` | product id | sequence, kind and digest of its last event |
//! | `garbage` | (superseding sequence, superseded sequence) | id of a deleted product, else empty |
//! | `meta` | name | format, origin, last sequence, sequence of the settings, how far it was pruned |
//!
//! Owns opening with its checks, and reads. Only the appender's thread writes, through [`Store::batch`]. It refuses
//! to know what a change means.
//!
//! Invariant: one batch is one atomic step across all keyspaces, so every [`fjall::Snapshot`] is a state of the log
//! that existed. fjall 3.1 alone does not promise that: a flush or compaction that ends while a batch is applied moves
//! the visible number past the batch's own (read in its source), and a snapshot of that moment may see half of it. So
//! no snapshot is taken while a batch is applied.

use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable, Snapshot};

use super::error::LogError;
use super::record::{self, Latest};
use crate::catalog::event::Event;

/// Format of the keyspaces. Raised when a program that knows only the old one would misread them.
pub(super) const LOG_FORMAT: u64 = 1;

/// Blocks kept in memory per catalog: reads are mostly of the newest events, which the memtable holds anyway, so half
/// of the store's default.
const BLOCK_CACHE_BYTES: u64 = 16 << 20;

/// Memtable of `events`. What is in it is inserted again after a crash, so a quarter of the store's default bounds
/// that to about a tenth of a second.
const EVENTS_MEMTABLE_BYTES: u64 = 16 << 20;

/// Memtable of the keyspaces with small records: a hundred thousand of them.
const RECORDS_MEMTABLE_BYTES: u64 = 8 << 20;

/// Threads that flush and compact, per catalog: two, so that a flush never waits behind a compaction.
const STORE_THREADS: usize = 2;

const META_FORMAT: &str = "format";
const META_ORIGIN: &str = "origin";
pub(super) const META_LAST: &str = "last_sequence";
pub(super) const META_SETTINGS: &str = "settings_sequence";
pub(super) const META_PRUNED: &str = "pruned_through";

/// The open files.
pub(super) struct Store {
    path: PathBuf,
    /// The keyspaces come before the database, so that its threads are stopped last.
    pub(super) events: Keyspace,
    pub(super) latest: Keyspace,
    pub(super) garbage: Keyspace,
    pub(super) meta: Keyspace,
    database: Database,
    /// Held to apply a batch, shared to take a snapshot; see the module.
    applying: RwLock<()>,
    origin: u64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the log in `path`. If there is none, `create` decides between a new one and [`LogError::Missing`].
    pub(super) fn open(path: &Path, create: bool) -> Result<Self, LogError> {
        if !create && !path.is_dir() {
            return Err(LogError::Missing { path: path.to_owned() });
        }
        // The store has assertions about its files; a damaged one must end in an error that names the folder.
        match catch_unwind(AssertUnwindSafe(|| Self::open_keyspaces(path))) {
            Ok(Ok(mut store)) => {
                store.check_format()?;
                Ok(store)
            }
            Ok(Err(error)) => Err(open_error(path, error)),
            Err(panic) => Err(LogError::Unreadable { path: path.to_owned(), reason: panic_text(&*panic) }),
        }
    }

    fn open_keyspaces(path: &Path) -> Result<Self, fjall::Error> {
        let database = Database::builder(path).cache_size(BLOCK_CACHE_BYTES).worker_threads(STORE_THREADS).open()?;
        let records = || KeyspaceCreateOptions::default().max_memtable_size(RECORDS_MEMTABLE_BYTES);
        Ok(Self {
            path: path.to_owned(),
            events: database.keyspace("events", || {
                KeyspaceCreateOptions::default()
                    .max_memtable_size(EVENTS_MEMTABLE_BYTES)
                    // Sequences are only looked up when a record names them.
                    .expect_point_read_hits(true)
            })?,
            latest: database.keyspace("latest", records)?,
            garbage: database.keyspace("garbage", records)?,
            meta: database.keyspace("meta", records)?,
            database,
            applying: RwLock::default(),
            origin: 0,
        })
    }

    /// Refuses the log of a newer program; marks a new log with the format and a random origin.
    fn check_format(&mut self) -> Result<(), LogError> {
        let snapshot = self.snapshot();
        match self.number(&snapshot, META_FORMAT)? {
            Some(LOG_FORMAT) => {
                self.origin = self.number(&snapshot, META_ORIGIN)?.ok_or_else(|| self.damaged(META_ORIGIN))?;
                Ok(())
            }
            Some(found) => Err(LogError::Format { path: self.path.clone(), found, expected: LOG_FORMAT }),
            None => {
                // The standard library seeds its hashers from the system's randomness.
                self.origin = RandomState::new().hash_one(LOG_FORMAT);
                let mut batch = self.batch();
                batch.insert(&self.meta, META_FORMAT, record::encode_number(LOG_FORMAT));
                batch.insert(&self.meta, META_ORIGIN, record::encode_number(self.origin));
                self.commit_durably(batch)
            }
        }
    }

    /// A random number given when the log was created: projections of another log carry another.
    pub(super) fn origin(&self) -> u64 {
        self.origin
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let _whole = self.applying.read().unwrap_or_else(PoisonError::into_inner);
        self.database.snapshot()
    }

    pub(super) fn batch(&self) -> OwnedWriteBatch {
        self.database.batch()
    }

    /// Makes the batch durable, then visible: the store syncs its journal before it shows the batch to readers.
    pub(super) fn commit_durably(&self, batch: OwnedWriteBatch) -> Result<(), LogError> {
        self.commit(batch.durability(Some(PersistMode::SyncData)))
    }

    /// Applies the batch; the next durable one makes it durable.
    pub(super) fn commit(&self, batch: OwnedWriteBatch) -> Result<(), LogError> {
        let _whole = self.applying.write().unwrap_or_else(PoisonError::into_inner);
        batch.commit().map_err(|error| self.failed(error))
    }

    /// A number from `meta`.
    pub(super) fn number(&self, snapshot: &Snapshot, name: &str) -> Result<Option<u64>, LogError> {
        let bytes = snapshot.get(&self.meta, name).map_err(|error| self.failed(error))?;
        bytes.map(|bytes| record::decode_number(&bytes).ok_or_else(|| self.damaged(name))).transpose()
    }

    /// The last event of an id.
    pub(super) fn latest(&self, snapshot: &Snapshot, id: &str) -> Result<Option<Latest>, LogError> {
        let bytes = snapshot.get(&self.latest, id).map_err(|error| self.failed(error))?;
        bytes.map(|bytes| Latest::decode(&bytes).ok_or_else(|| self.damaged(id))).transpose()
    }

    /// The bytes of an event that a record names.
    pub(super) fn event_bytes(&self, snapshot: &Snapshot, sequence: u64) -> Result<fjall::Slice, LogError> {
        let bytes = snapshot.get(&self.events, record::encode_number(sequence)).map_err(|error| self.failed(error))?;
        bytes.ok_or_else(|| self.damaged(&format!("event {sequence}")))
    }

    /// An event that a record names.
    pub(super) fn event(&self, snapshot: &Snapshot, sequence: u64) -> Result<Event, LogError> {
        let bytes = self.event_bytes(snapshot, sequence)?;
        Event::decode(&bytes).map_err(|source| LogError::Event { path: self.path.clone(), sequence, source })
    }

    pub(super) fn damaged(&self, record: &str) -> LogError {
        LogError::Damaged { path: self.path.clone(), record: record.to_owned() }
    }

    pub(super) fn failed(&self, error: fjall::Error) -> LogError {
        LogError::Storage { path: self.path.clone(), source: Arc::new(error) }
    }

    pub(super) fn closed(&self) -> LogError {
        LogError::Closed { path: self.path.clone() }
    }

    /// Writes what is in memory to tables, so that the next start need not insert it from the journal again.
    pub(super) fn flush(&self) -> Result<(), LogError> {
        for keyspace in [&self.events, &self.latest, &self.garbage, &self.meta] {
            keyspace.rotate_memtable_and_wait().map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    /// Bytes on disk.
    pub(super) fn disk_bytes(&self) -> Result<u64, LogError> {
        self.database.disk_space().map_err(|error| self.failed(error))
    }
}

fn open_error(path: &Path, error: fjall::Error) -> LogError {
    let path = path.to_owned();
    match error {
        fjall::Error::Locked => LogError::Locked { path },
        fjall::Error::InvalidVersion(_) => LogError::Foreign { path, source: Arc::new(error) },
        other => LogError::Storage { path, source: Arc::new(other) },
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no reason given").to_owned()
}
