//! The log's files: one SQLite database in WAL mode, in a folder of its own.
//!
//! | table | key | other columns |
//! | --- | --- | --- |
//! | `events` | sequence | the events that it supersedes (at most two), the id that it deletes, its bytes |
//! | `products` | id | what is known of it without its events: see [`Latest`] |
//! | `starts` | sequence | the id of the history that began there |
//! | `once` | number, unique key | digest, time and outcome of a request with an idempotency key |
//! | `meta` | name | format, origin, last sequence, sequences of the settings and of the rules, how far it was pruned |
//!
//! Owns the one connection that writes ([`Writer`]) and those that read ([`Reader`]). How the folder is made and opened
//! is in `open`, what is copied of it in `copy`. It refuses to know what a change means.
//!
//! Invariants: a transaction is one atomic step across all tables, and every reader sees a state that existed. What
//! [`Writer::write`] returned with [`Durability::Now`] is on the disk, and so is everything before it. Only one process has
//! the folder open to write.

mod copy;
mod open;

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

pub(super) use self::copy::restore;
use super::error::LogError;
use super::record::Latest;
use crate::catalog::event::Event;

/// The database; SQLite adds `-wal` and `-shm`.
pub(super) const FILE_NAME: &str = "log.db";
/// A database that is being made. It gets its name when it is complete, so that an empty file is known as damage.
const NEW_FILE_NAME: &str = "log.db.new";
/// Bytes of a page. An update of one record in a million costs a page in the WAL, so half of the usual is faster here.
const PAGE_BYTES: u32 = 2048;

/// Page cache of the writing connection, per catalog: the upper levels and most leaves of a million products' records.
const WRITER_CACHE_KIB: i64 = 64 << 10;

/// Page cache of a reading connection: it mostly looks up one product.
const READER_CACHE_KIB: i64 = 4 << 10;

/// Mapped part of the database: pages that no cache holds are read without a system call.
const MMAP_BYTES: i64 = 1 << 30;

/// Bytes written after which the WAL is copied into the database. More saves copying the same page twice, and costs
/// disk and time to open after a crash (some 20 ms).
const CHECKPOINT_BYTES: u64 = 64 << 20;

/// In tests, that is done all the time, so that faults meet it; the measurement switches this off.
#[cfg(test)]
pub(super) static CHECKPOINT_EARLY: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(true);

#[cfg(test)]
fn checkpoint_bytes() -> u64 {
    const EARLY_BYTES: u64 = 64 << 10;
    if CHECKPOINT_EARLY.load(std::sync::atomic::Ordering::Relaxed) { EARLY_BYTES } else { CHECKPOINT_BYTES }
}

#[cfg(not(test))]
const fn checkpoint_bytes() -> u64 {
    CHECKPOINT_BYTES
}

/// What one written row adds to the WAL, about: its page.
const ROW_BYTES: u64 = PAGE_BYTES as u64;

/// Idle reading connections that are kept. More at the same time are opened and closed again.
const READERS_KEPT_MAX: usize = 4;

/// Prepared statements that a connection keeps: more than there are.
const STATEMENTS_MAX: usize = 48;

/// Longest time that settling after a failure waits for readers.
const SETTLE_WAIT_MAX: Duration = Duration::from_secs(2);

const META_ORIGIN: &str = "origin";
pub(super) const META_LAST: &str = "last_sequence";
pub(super) const META_SETTINGS: &str = "settings_sequence";
pub(super) const META_RULES: &str = "rules_sequence";
pub(super) const META_PRUNED: &str = "pruned_through";
pub(super) const META_WALKED: &str = "walked_through";

/// The open folder.
pub(super) struct Store {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    origin: u64,
    /// Held as long as the folder is in use; a read-only folder may have none.
    _lock: Option<File>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    fn connect(&self, write: bool) -> Result<Connection, LogError> {
        let access = if write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        // Each connection has one owner at a time.
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let set_up = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(self.file(), flags)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
            let cache = if write { WRITER_CACHE_KIB } else { READER_CACHE_KIB };
            connection.pragma_update(None, "cache_size", -cache)?;
            connection.pragma_update(None, "mmap_size", MMAP_BYTES)?;
            if write {
                // A restored or copied database may be in another mode.
                connection.pragma_update(None, "journal_mode", "wal")?;
                connection.pragma_update(None, "synchronous", Durability::Now.level())?;
                // Done by `Writer::checkpoint`, when nobody waits for an answer.
                connection.pragma_update(None, "wal_autocheckpoint", 0)?;
            }
            Ok(connection)
        };
        set_up().map_err(|error| self.failed(error))
    }

    /// A random number given when the log was created: projections of another log carry another.
    pub(super) fn origin(&self) -> u64 {
        self.origin
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn file(&self) -> PathBuf {
        self.path.join(FILE_NAME)
    }

    /// A connection that sees one state until it is dropped.
    pub(super) fn reader(&self) -> Result<Reader<'_>, LogError> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = kept.map_or_else(|| self.connect(false), Ok)?;
        connection.execute_batch("BEGIN").map_err(|error| self.failed(error))?;
        Ok(Reader { store: self, connection: Some(connection) })
    }

    /// A number from `meta`.
    pub(super) fn number(&self, connection: &Connection, name: &str) -> Result<Option<u64>, LogError> {
        let read = || {
            let mut select = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
            select.query_row([name], |row| row.get(0)).optional()
        };
        Ok(read().map_err(|error| self.failed(error))?.map(i64::cast_unsigned))
    }

    fn required(&self, connection: &Connection, name: &str) -> Result<u64, LogError> {
        self.number(connection, name)?.ok_or_else(|| self.damaged(name))
    }

    /// What is known of an id.
    pub(super) fn latest(&self, connection: &Connection, id: &str) -> Result<Option<Latest>, LogError> {
        let read = || {
            let mut select = connection.prepare_cached("SELECT record FROM products WHERE id = ?1")?;
            select.query_row([id], |row| Ok(Latest::decode(row.get_ref(0)?.as_blob()?))).optional()
        };
        let latest = read().map_err(|error| self.failed(error))?;
        latest.map(|latest| latest.ok_or_else(|| self.damaged(id))).transpose()
    }

    /// The bytes of an event that a record names.
    pub(super) fn event_bytes(&self, connection: &Connection, sequence: u64) -> Result<Vec<u8>, LogError> {
        let read = || {
            let mut select = connection.prepare_cached("SELECT event FROM events WHERE sequence = ?1")?;
            select.query_row([sequence.cast_signed()], |row| row.get(0)).optional()
        };
        read().map_err(|error| self.failed(error))?.ok_or_else(|| self.damaged(&format!("event {sequence}")))
    }

    /// An event that a record names.
    pub(super) fn event(&self, connection: &Connection, sequence: u64) -> Result<Event, LogError> {
        let bytes = self.event_bytes(connection, sequence)?;
        Event::decode(&bytes).map_err(|source| LogError::Event { path: self.path.clone(), sequence, source })
    }

    /// Bytes on disk.
    pub(super) fn disk_bytes(&self) -> Result<u64, LogError> {
        let sum = || -> std::io::Result<u64> { self.path.read_dir()?.map(|entry| Ok(entry?.metadata()?.len())).sum() };
        sum().map_err(|error| self.file_failed(error))
    }

    pub(super) fn damaged(&self, record: &str) -> LogError {
        LogError::Damaged { path: self.path.clone(), record: record.to_owned() }
    }

    pub(super) fn failed(&self, error: rusqlite::Error) -> LogError {
        if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
            return LogError::Foreign { path: self.path.clone() };
        }
        LogError::Storage { path: self.path.clone(), source: Arc::new(error) }
    }

    fn file_failed(&self, error: std::io::Error) -> LogError {
        LogError::File { path: self.path.clone(), source: Arc::new(error) }
    }

    pub(super) fn closed(&self) -> LogError {
        LogError::Closed { path: self.path.clone() }
    }
}

/// A reading connection, on loan.
pub(super) struct Reader<'a> {
    store: &'a Store,
    /// `None` only while it is dropped.
    connection: Option<Connection>,
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a reader has its connection until it is dropped")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if connection.execute_batch("ROLLBACK").is_err() {
            return;
        }
        let mut readers = self.store.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT_MAX {
            readers.push(connection);
        }
    }
}

/// When a transaction has to be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Before it returns.
    Now,
    /// With the next one that is [`Durability::Now`].
    Later,
}

impl Durability {
    fn level(self) -> &'static str {
        match self {
            Self::Now => "FULL",
            Self::Later => "NORMAL",
        }
    }
}

/// The one connection that writes.
pub(super) struct Writer {
    pub(super) store: Arc<Store>,
    connection: Connection,
    /// What the connection is set to.
    sync: Durability,
    /// A transaction failed for another reason than a full disk. If that was a sync, the system may have forgotten
    /// pages that it could not write, of earlier transactions that were not synced, too.
    unsettled: bool,
    /// Bytes written since the last checkpoint, about.
    written: u64,
}

impl Writer {
    /// Does `work` as one atomic step: all of it, or, after an error, nothing. `bytes` are about those of its events.
    pub(super) fn write<T>(
        &mut self,
        sync: Durability,
        work: impl FnOnce(&Connection) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        self.settle()?;
        let before = self.connection.total_changes();
        let result = self.transact(sync, work);
        self.written += self.connection.total_changes().saturating_sub(before) * ROW_BYTES;
        if let Err(error) = &result {
            self.unsettled |= !is_disk_full(error);
        }
        result
    }

    fn transact<T>(
        &mut self,
        sync: Durability,
        work: impl FnOnce(&Connection) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        if self.sync != sync {
            let level = sync.level();
            self.connection.pragma_update(None, "synchronous", level).map_err(|error| self.store.failed(error))?;
            self.sync = sync;
        }
        self.execute("BEGIN IMMEDIATE")?;
        let result = work(&self.connection).and_then(|value| self.execute("COMMIT").map(|()| value));
        if result.is_err() && !self.connection.is_autocommit() {
            // If this fails too, the next BEGIN does, and says so.
            drop(self.execute("ROLLBACK"));
        }
        result
    }

    fn execute(&self, statement: &str) -> Result<(), LogError> {
        let run = || self.connection.prepare_cached(statement)?.execute([]).map(drop);
        run().map_err(|error| self.store.failed(error))
    }

    /// For reading what was written last.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// After a failure that may have been a sync: nothing is acknowledged again before all of the WAL is in the
    /// database, and that is synced. Trying the sync again would be no proof (the second one succeeds).
    fn settle(&mut self) -> Result<(), LogError> {
        if !self.unsettled {
            return Ok(());
        }
        let wait = |time| self.connection.busy_timeout(time).map_err(|error| self.store.failed(error));
        wait(SETTLE_WAIT_MAX)?;
        let complete = self.copy_wal()?;
        wait(Duration::ZERO)?;
        self.unsettled = !complete;
        if complete { Ok(()) } else { Err(self.store.damaged("the write-ahead log, after a failure")) }
    }

    /// Copies the WAL into the database if enough was written, so that it stays short.
    pub(super) fn checkpoint(&mut self) {
        if self.written < checkpoint_bytes() {
            return;
        }
        self.tidy_up();
    }

    /// Copies the WAL into the database.
    pub(super) fn tidy_up(&mut self) {
        match self.copy_wal() {
            // A reader still needs it: the next time, soon.
            Ok(false) => self.written = checkpoint_bytes() / 2,
            Ok(true) => self.written = 0,
            Err(error) => {
                // Nothing is lost: everything is in the WAL, which grows.
                tracing::warn!(error = %error, "the log's files could not be tidied up");
                self.written = checkpoint_bytes() / 2;
                self.unsettled |= !is_disk_full(&error);
            }
        }
    }

    /// Whether all of it was copied, and the WAL emptied. It is emptied so that no later damage can mix its old pages
    /// with newer ones.
    fn copy_wal(&self) -> Result<bool, LogError> {
        let busy: i64 = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(|error| self.store.failed(error))?;
        Ok(busy == 0)
    }
}

fn is_disk_full(error: &LogError) -> bool {
    matches!(error, LogError::Storage { source, .. } if source.sqlite_error_code() == Some(ErrorCode::DiskFull))
}

/// Sets a number in `meta`.
pub(super) fn put_number(connection: &Connection, name: &str, number: u64) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached("INSERT OR REPLACE INTO meta(name, value) VALUES (?1, ?2)")?;
    put.execute(params![name, number.cast_signed()]).map(drop)
}

/// A number that no other log has: the standard library seeds its hashers from the system's randomness.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(std::time::SystemTime::now())
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}
