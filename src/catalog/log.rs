//! The log of one catalog: the truth, from which everything else can be built again.
//!
//! One total order of events, numbered from 1. [`Log::append`] returns when its events are durable; the numbers are
//! given only then. Everything that can be searched is a projection that walks the log in order
//! ([`Log::read_after`]); a product's last state is read here directly, so that an acknowledged write is seen at once.
//!
//! **A product's state** is its last content event (upsert) with the live fields of its last event, live or not; its
//! sequence is that of the last of both.
//!
//! **Histories.** Each writable opening appends a start event with a random id before anything else. What was learned
//! from this log at a sequence is valid as long as the same id is in force there ([`Log::start_at`]): copies, restores
//! and rolled-back disks differ.
//!
//! **Kept: last states.** For each product the log needs its last content event and its last live event after that, of
//! a deleted one nothing, of start events the last [`STARTS_MAX`], and beside the rules in force the last
//! [`rules::RULES_KEPT`] before them. An event that is superseded stays until every projection holds its successor
//! durably ([`Log::applied_durably`]), then it goes. So disk space follows the catalog's size, not its history. What this means for a reader:
//! - Sequences have gaps. A batch of events says through which sequence it is complete.
//! - Who has walked the log through `S` *as it grew*, holds the state that the log had at `S`.
//! - Who starts from nothing meets last states only: an event that was superseded later than where the reader is, is
//!   missing. The reader holds a state of the log again from [`Log::pruned_through`] on, and must show nothing before.
//! - Who stopped at `S > 0` and comes back when `pruned_through` is beyond `S` may have missed a deletion, and must
//!   start from nothing.
//!
//! **The boundary.** Nothing outside this module knows how events are stored; a replicated stream can take its place.
//! The log refuses to know the index, and its callers never see a store's key.
//!
//! Invariants: an acknowledged event survives `kill -9` and power loss, once and in order; a refused change leaves
//! nothing; readers see an event only when it is durable. A request whose sync failed is neither acknowledged nor
//! refused: after a restart it may be there whole, or not at all. After a failure (disk full), the log goes on as soon
//! as its cause is gone.

mod appender;
mod error;
mod once;
mod prune;
mod record;
mod resolve;
pub mod rules;
mod store;
mod tail;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rusqlite::{Connection, params};
use serde_json::{Map, Value};
use storefind_index::live::LiveFields;
use storefind_index::product::Product;
use storefind_index::settings::Settings;
use tokio::time::Instant;

use self::appender::{Append, Appender, Command};
pub use self::error::LogError;
use self::prune::Pruner;
use self::record::{Latest, State};
use self::resolve::{Resolver, read_product};
use self::rules::RulesChange;
use self::store::{Durability, META_LAST, META_PRUNED, META_SETTINGS, META_WALKED, Store};
use self::tail::Tail;
use super::event::{self, Event, EventError, PutRules};
use super::progress::Progress;
use super::worker::Worker;
use super::{Change, Written};

/// Requests that may wait for the appender. Each belongs to a caller that waits for its answer, and there are never
/// more callers than blocking threads; one more waits for room.
const QUEUE_MAX: usize = 512;

/// Acknowledgements whose time is remembered to tell the lag. The back-pressure of the catalog keeps them fewer; if it
/// ever does not, the lag is told from the oldest.
const ACKNOWLEDGEMENTS_MAX: usize = 65_536;

/// Time that the appender gets to finish its queue when the log is closed: some syncs of a slow disk.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(30);

/// Start events that are kept: a restart a day for three years. A cache entry is older than none of them.
pub const STARTS_MAX: u32 = 1_000;

/// Whether a log may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Writes are taken, and a log that does not exist is created.
    ReadWrite,
    /// Every write is refused, and the log must exist.
    ReadOnly,
}

/// Limits of one [`Log::read_after`].
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// Most events.
    pub events_max: usize,
    /// Stop after this many bytes of events.
    pub bytes_max: usize,
}

/// Events in order.
#[derive(Debug)]
pub struct Batch {
    /// Sequence and event, or why it cannot be read.
    pub events: Vec<(u64, Result<Event, EventError>)>,
    /// The log holds no other event from where the reading began through this sequence.
    pub through: u64,
}

/// A change whose encoding the caller has done, so that the appender need not.
enum Prepared {
    Upsert { product: Box<Product>, bytes: Vec<u8> },
    Live { id: String, price: Option<Option<f64>>, stock: Option<Option<i64>> },
    Patch { id: String, fields: Map<String, Value> },
    Delete { id: String },
    Settings { bytes: Vec<u8>, settings: Arc<Settings> },
    Rules { change: Box<RulesChange>, bytes: usize },
}

impl Prepared {
    /// About how much it adds to the log.
    fn bytes(&self) -> usize {
        match self {
            Self::Upsert { bytes, .. } | Self::Settings { bytes, .. } => bytes.len(),
            Self::Patch { id, .. } | Self::Live { id, .. } | Self::Delete { id } => id.len(),
            Self::Rules { bytes, .. } => *bytes,
        }
    }
}

/// What the appender tells and is told without a message.
#[derive(Debug)]
struct Shared {
    /// Last sequence that is durable.
    last: Progress,
    /// Every projection is durable through this sequence.
    durable: Progress,
    /// Highest superseding sequence among the events that are gone.
    pruned: Progress,
    /// The settings last put, with their sequence.
    settings: ArcSwapOption<(u64, Arc<Settings>)>,
    /// The rules last put, with their sequence.
    rules: ArcSwapOption<(u64, Arc<PutRules>)>,
    /// Sequence and time of acknowledgements that are not yet applied everywhere, oldest first.
    acknowledged: Mutex<VecDeque<(u64, Instant)>>,
    /// The newest events. Taken before `last` is raised past them.
    tail: Mutex<Tail>,
    /// Sequence and id of the start events, oldest first.
    starts: Arc<[(u64, u64)]>,
}

impl Shared {
    /// Makes `sequence` the last one and wakes who waits for it.
    fn acknowledged(&self, sequence: u64) {
        let mut times = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        if times.len() < ACKNOWLEDGEMENTS_MAX {
            times.push_back((sequence, Instant::now()));
        }
        drop(times);
        self.last.raise(sequence);
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Log {
    store: Arc<Store>,
    shared: Arc<Shared>,
    /// `None` when read-only or closed.
    commands: Mutex<Option<SyncSender<Command>>>,
    appender: Mutex<Option<Worker>>,
    access: Access,
}

impl Log {
    /// Opens the log in `path`, recovering what a crash left, and begins another history if it may be written. `name`
    /// names the thread.
    ///
    /// # Errors
    /// The log is in use, was written by a newer program, is damaged, or cannot be read; each names the folder.
    pub fn open(path: &Path, name: &str, access: Access) -> Result<Self, LogError> {
        let (store, mut writer) = Store::open(path, access == Access::ReadWrite)?;
        if let Some(writer) = &mut writer {
            let last = store.number(writer.connection(), META_LAST)?.unwrap_or(0);
            writer.write(Durability::Now, |connection| {
                let mut resolver = Resolver::new(&store, connection, last);
                resolver.start(store::random())?;
                resolver.finish()
            })?;
        }
        let reader = store.reader()?;
        let number = |name| Ok::<_, LogError>(store.number(&reader, name)?.unwrap_or(0));
        let (last, pruned, walked) = (number(META_LAST)?, number(META_PRUNED)?, number(META_WALKED)?);
        let settings = match store.number(&reader, META_SETTINGS)? {
            Some(sequence) => Some(Arc::new((sequence, Arc::new(read_settings(&store, &reader, sequence)?)))),
            None => None,
        };
        let rules = rules::read_latest(&store, &reader)?.map(Arc::new);
        let starts = read_starts(&store, &reader)?;
        drop(reader);
        let shared = Arc::new(Shared {
            last: Progress::new(last),
            durable: Progress::new(0),
            pruned: Progress::new(pruned),
            settings: ArcSwapOption::new(settings),
            rules: ArcSwapOption::new(rules),
            acknowledged: Mutex::default(),
            tail: Mutex::new(Tail::new(last)),
            starts,
        });
        let (mut commands, mut worker) = (None, None);
        if let Some(writer) = writer {
            let (sender, receiver) = sync_channel(QUEUE_MAX);
            let appender = Appender::new(writer, Arc::clone(&shared), receiver, last, Pruner::new(walked));
            let started = Worker::spawn(format!("log-{name}"), move || appender.run());
            worker =
                Some(started.map_err(|source| LogError::Thread { path: path.to_owned(), source: Arc::new(source) })?);
            commands = Some(sender);
        }
        Ok(Self { store, shared, commands: Mutex::new(commands), appender: Mutex::new(worker), access })
    }

    /// Appends the changes, in order and with consecutive places in the total order, and returns when they are
    /// durable. Callers at the same time share a sync. One change may be refused; the others stand. An upsert that
    /// changes nothing makes no event: its outcome is the sequence of the event that made the product so. Blocking.
    ///
    /// # Errors
    /// The log is read-only or closed, or the disk failed: then nothing is acknowledged.
    pub fn append(&self, changes: Vec<Change>) -> Result<Written, LogError> {
        self.send(self.prepare(changes)?, None)
    }

    /// [`Log::append`], once: a request whose `key` came within the last 24 hours (and was among the last 100,000)
    /// changes nothing and gets the answer of the first time. `digest` is one of the whole request. Blocking.
    ///
    /// # Errors
    /// As [`Log::append`]; [`LogError::KeyReused`] if the key came with another digest.
    pub fn append_once(&self, key: &str, digest: u64, changes: Vec<Change>) -> Result<Written, LogError> {
        self.send(self.prepare(changes)?, Some((key.to_owned(), digest)))
    }

    fn prepare(&self, changes: Vec<Change>) -> Result<Vec<Prepared>, LogError> {
        let prepare = |change| match change {
            Change::Upsert(product) => {
                let bytes = event::encode_upsert(&product).map_err(|source| self.encode_error(source))?;
                Ok(Prepared::Upsert { product: Box::new(product), bytes })
            }
            Change::Patch { id, fields } => Ok(Prepared::Patch { id, fields }),
            Change::Live { id, price, stock } => Ok(Prepared::Live { id, price, stock }),
            Change::Delete { id } => Ok(Prepared::Delete { id }),
        };
        changes.into_iter().map(prepare).collect()
    }

    /// Appends other settings; returns their sequence, that of before if they are no others. Blocking.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_settings(&self, settings: Settings) -> Result<u64, LogError> {
        self.send_settings(settings, None)
    }

    /// [`Log::append_settings`], once; see [`Log::append_once`]. Blocking.
    ///
    /// # Errors
    /// As [`Log::append_once`].
    pub fn append_settings_once(&self, key: &str, digest: u64, settings: Settings) -> Result<u64, LogError> {
        self.send_settings(settings, Some((key.to_owned(), digest)))
    }

    fn send_settings(&self, settings: Settings, once: Option<(String, u64)>) -> Result<u64, LogError> {
        let bytes = event::encode_settings(&settings).map_err(|source| self.encode_error(source))?;
        // Reading them back refuses, before it is too late, what JSON cannot hold, such as an infinite weight.
        Event::decode(&bytes).map_err(|source| self.encode_error(source))?;
        let settings = Arc::new(settings);
        Ok(self.send(vec![Prepared::Settings { bytes, settings }], once)?.sequence)
    }

    fn send(&self, changes: Vec<Prepared>, once: Option<(String, u64)>) -> Result<Written, LogError> {
        if self.access == Access::ReadOnly {
            return Err(LogError::ReadOnly { path: self.store.path().to_owned() });
        }
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let commands = commands.ok_or_else(|| self.store.closed())?;
        let (reply, answer) = sync_channel(1);
        commands.send(Command::Append(Append { changes, once, reply })).map_err(|_| self.store.closed())?;
        drop(commands);
        answer.recv().map_err(|_| self.store.closed())?
    }

    /// The last event's sequence; 0 before the first. One atomic load.
    pub fn last(&self) -> u64 {
        self.shared.last.value()
    }

    /// Waits until the last sequence, or what else the condition looks at, satisfies it; see [`Log::wake`]. Returns
    /// whether it does.
    pub fn wait_until(&self, at_most: Duration, condition: impl Fn(u64) -> bool) -> bool {
        self.shared.last.wait_until(at_most, condition)
    }

    /// Makes everyone in [`Log::wait_until`] look again.
    pub fn wake(&self) {
        self.shared.last.wake();
    }

    /// The events after `sequence`, in order. The newest ones come from memory.
    ///
    /// # Errors
    /// The disk failed. An event that cannot be decoded is no error of the reading: it is in the batch.
    pub fn read_after(&self, sequence: u64, limits: ReadLimits) -> Result<Batch, LogError> {
        let last = self.last();
        let mut batch = Batch { events: Vec::new(), through: last.max(sequence) };
        if last <= sequence {
            return Ok(batch);
        }
        let recent = self.shared.tail().after(sequence, last, limits);
        let complete = if let Some((events, complete)) = recent {
            // Copied here, where nobody waits for the lock.
            let copy = |(sequence, event): (u64, Arc<Event>)| (sequence, Ok(Arc::unwrap_or_clone(event)));
            batch.events = events.into_iter().map(copy).collect();
            complete
        } else {
            self.read_store(sequence, last, limits, &mut batch.events)?
        };
        if !complete {
            batch.through = batch.events.last().map_or(sequence, |(sequence, _)| *sequence);
        }
        Ok(batch)
    }

    /// Reads from the store; returns whether it came to `last`.
    fn read_store(
        &self,
        sequence: u64,
        last: u64,
        limits: ReadLimits,
        events: &mut Vec<(u64, Result<Event, EventError>)>,
    ) -> Result<bool, LogError> {
        let reader = self.store.reader()?;
        let mut read = || -> rusqlite::Result<bool> {
            let mut select = reader.prepare_cached(
                "SELECT sequence, event FROM events WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence",
            )?;
            let mut rows = select.query(params![sequence.cast_signed(), last.cast_signed()])?;
            let mut bytes = 0;
            while let Some(row) = rows.next()? {
                if events.len() >= limits.events_max || bytes >= limits.bytes_max {
                    return Ok(false);
                }
                let event = row.get_ref(1)?.as_blob()?;
                bytes += event.len();
                events.push((row.get::<_, i64>(0)?.cast_unsigned(), Event::decode(event)));
            }
            Ok(true)
        };
        read().map_err(|error| self.store.failed(error))
    }

    /// A product's last state and the sequence that made it so.
    ///
    /// # Errors
    /// The disk failed or the event cannot be read.
    pub fn product(&self, id: &str) -> Result<Option<(u64, Product)>, LogError> {
        let reader = self.store.reader()?;
        let Some(latest) = self.store.latest(&reader, id)? else { return Ok(None) };
        let State::Present(present) = latest.state else { return Ok(None) };
        let product = read_product(&self.store, &reader, id, latest.content, present.fields)?;
        Ok(Some((latest.last(), product)))
    }

    /// The last states of at most `limit` products, by id, after `after`.
    ///
    /// # Errors
    /// As [`Log::product`].
    pub fn export(&self, after: Option<&str>, limit: usize) -> Result<Vec<Product>, LogError> {
        let mut products = Vec::new();
        if limit == 0 {
            return Ok(products);
        }
        let reader = self.store.reader()?;
        self.for_each_latest(&reader, after, &mut |id, latest| {
            if let State::Present(present) = latest.state {
                products.push(read_product(&self.store, &reader, id, latest.content, present.fields)?);
            }
            Ok(products.len() < limit)
        })?;
        Ok(products)
    }

    /// Tells the live fields of every product as the log has them now, each with the sequence of the product's last
    /// change, by id.
    ///
    /// # Errors
    /// The disk failed.
    pub fn for_each_live(&self, tell: &mut dyn FnMut(&str, u64, LiveFields)) -> Result<(), LogError> {
        let reader = self.store.reader()?;
        self.for_each_latest(&reader, None, &mut |id, latest| {
            if let State::Present(present) = latest.state {
                tell(id, latest.last(), present.fields);
            }
            Ok(true)
        })
    }

    /// Tells what is known of each id after `after`, by id, until it is told not to go on.
    fn for_each_latest(
        &self,
        connection: &Connection,
        after: Option<&str>,
        tell: &mut dyn FnMut(&str, &Latest) -> Result<bool, LogError>,
    ) -> Result<(), LogError> {
        let failed = |error| self.store.failed(error);
        // No id is empty, so all of them come after the empty one.
        let mut select =
            connection.prepare_cached("SELECT id, record FROM products WHERE id > ?1 ORDER BY id").map_err(failed)?;
        let mut rows = select.query([after.unwrap_or_default()]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let id = row.get_ref(0).and_then(|id| Ok(id.as_str()?)).map_err(failed)?;
            let record = row.get_ref(1).and_then(|record| Ok(record.as_blob()?)).map_err(failed)?;
            let latest = Latest::decode(record).ok_or_else(|| self.store.damaged(id))?;
            if !tell(id, &latest)? {
                break;
            }
        }
        Ok(())
    }

    /// The start events that are kept, as sequence and id, oldest first.
    pub fn starts(&self) -> Arc<[(u64, u64)]> {
        Arc::clone(&self.shared.starts)
    }

    /// The id of the history in force at a sequence; `None` beyond the log's end and before the first start that is
    /// kept.
    pub fn start_at(&self, sequence: u64) -> Option<u64> {
        if sequence > self.last() {
            return None;
        }
        let begun = self.shared.starts.partition_point(|(start, _)| *start <= sequence);
        self.shared.starts[..begun].last().map(|(_, id)| *id)
    }

    /// Copies the log as it is now into the folder `into`, while it is read and written. The copy can be opened like
    /// any log; [`restore`] makes another one of it. Blocking.
    ///
    /// # Errors
    /// There is a log in `into`, or a disk failed.
    pub fn backup(&self, into: &Path) -> Result<(), LogError> {
        self.store.backup(into)
    }

    /// The settings last put, with their sequence; `None` if none ever were.
    pub fn settings(&self) -> Option<(u64, Arc<Settings>)> {
        self.shared.settings.load().as_deref().cloned()
    }

    /// A random number that this log got when it was created. A projection of another log must not be used with it.
    pub fn origin(&self) -> u64 {
        self.store.origin()
    }

    /// From this sequence on, what was built from nothing is a state of the log; see the module.
    pub fn pruned_through(&self) -> u64 {
        self.shared.pruned.value()
    }

    /// Tells the log that every projection is durable through `sequence`, so that older superseded events may go.
    pub fn applied_durably(&self, sequence: u64) {
        self.shared.durable.raise(sequence);
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(commands) = &*commands {
            // A full queue means groups, and a step follows each.
            drop(commands.try_send(Command::Prune));
        }
    }

    /// How long ago the oldest acknowledgement after `sequence` was given; `None` if there is none.
    pub fn oldest_acknowledged_after(&self, sequence: u64) -> Option<Duration> {
        let mut times = self.shared.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        while times.front().is_some_and(|(acknowledged, _)| *acknowledged <= sequence) {
            times.pop_front();
        }
        times.front().map(|(_, at)| at.elapsed())
    }

    /// Bytes on disk.
    ///
    /// # Errors
    /// The disk failed.
    pub fn disk_bytes(&self) -> Result<u64, LogError> {
        self.store.disk_bytes()
    }

    /// Finishes the requests that wait and refuses later ones. Reading still works. Blocking; a second call does
    /// nothing.
    pub fn finish_writes(&self) {
        drop(self.commands.lock().unwrap_or_else(PoisonError::into_inner).take());
        let worker = self.appender.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker {
            worker.join(CLOSE_WAIT_MAX);
        }
    }

    /// [`Log::finish_writes`], whose end leaves the files tidy for a quick start. Blocking.
    pub fn close(&self) {
        self.finish_writes();
    }

    fn encode_error(&self, source: EventError) -> LogError {
        LogError::Encode { path: self.store.path().to_owned(), source }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // The thread holds the store; without this, its lock would outlive the log.
        self.finish_writes();
    }
}

/// Copies the backup in the folder `from` to the folder `into`, which must not exist. Its history is its own from the
/// first writable opening on, and projections of the log that the backup was made of do not fit it.
///
/// # Errors
/// `into` exists, `from` holds no log, or a disk failed.
pub fn restore(from: &Path, into: &Path) -> Result<(), LogError> {
    store::restore(from, into)
}

fn read_settings(store: &Store, connection: &Connection, sequence: u64) -> Result<Settings, LogError> {
    match store.event(connection, sequence)? {
        Event::Settings { settings } => Ok(*settings),
        Event::Upsert { .. }
        | Event::Live { .. }
        | Event::Delete { .. }
        | Event::Rules { .. }
        | Event::Start { .. } => Err(store.damaged(META_SETTINGS)),
    }
}

fn read_starts(store: &Store, connection: &Connection) -> Result<Arc<[(u64, u64)]>, LogError> {
    let read = || -> rusqlite::Result<Arc<[(u64, u64)]>> {
        let mut select = connection.prepare("SELECT sequence, id FROM starts ORDER BY sequence")?;
        let pair = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()))
        };
        select.query_map([], pair)?.collect()
    };
    read().map_err(|error| store.failed(error))
}
