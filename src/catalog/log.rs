//! The log of one catalog: the truth, from which everything else can be built again.
//!
//! One total order of events, numbered from 1. [`Log::append`] returns when its events are durable; the numbers are
//! given only then. Everything that can be searched is a projection that walks the log in order
//! ([`Log::read_after`]); a product's last state is read here directly, so that an acknowledged write is seen at once.
//!
//! **Kept: last states.** For each product the log needs its last event only, and of a deleted one nothing. An event
//! that is superseded stays until every projection holds its successor durably ([`Log::applied_durably`]), then it
//! goes. So disk space follows the catalog's size, not its history. What this means for a reader:
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
//! refused: after a restart it may be there whole, or not at all.

mod appender;
mod error;
mod prune;
mod record;
mod resolve;
mod store;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Bound;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use fjall::Readable;
use serde_json::{Map, Value};
use storefind_index::live::LiveFields;
use storefind_index::product::Product;
use storefind_index::settings::Settings;
use tokio::time::Instant;

use self::appender::{Append, Appender, Command};
pub use self::error::LogError;
use self::record::{Latest, State};
use self::store::{META_LAST, META_PRUNED, META_SETTINGS, Store};
use super::event::{self, Event, EventError};
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
    Upsert { id: String, bytes: Vec<u8> },
    Patch { id: String, fields: Map<String, Value> },
    Delete { id: String },
    Settings { bytes: Vec<u8>, settings: Arc<Settings> },
}

impl Prepared {
    /// About how much it adds to the log.
    fn bytes(&self) -> usize {
        match self {
            Self::Upsert { bytes, .. } | Self::Settings { bytes, .. } => bytes.len(),
            Self::Patch { id, .. } | Self::Delete { id } => id.len(),
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
    /// Sequence and time of acknowledgements that are not yet applied everywhere, oldest first.
    acknowledged: Mutex<VecDeque<(u64, Instant)>>,
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
    /// Opens the log in `path`, recovering what a crash left. `name` names the thread.
    ///
    /// # Errors
    /// The log is in use, was written by a newer program, is damaged, or cannot be read; each names the folder.
    pub fn open(path: &Path, name: &str, access: Access) -> Result<Self, LogError> {
        let store = Arc::new(Store::open(path, access == Access::ReadWrite)?);
        let snapshot = store.snapshot();
        let last = store.number(&snapshot, META_LAST)?.unwrap_or(0);
        let pruned = store.number(&snapshot, META_PRUNED)?.unwrap_or(0);
        let settings = match store.number(&snapshot, META_SETTINGS)? {
            Some(sequence) => Some(Arc::new((sequence, Arc::new(read_settings(&store, &snapshot, sequence)?)))),
            None => None,
        };
        drop(snapshot);
        let shared = Arc::new(Shared {
            last: Progress::new(last),
            durable: Progress::new(0),
            pruned: Progress::new(pruned),
            settings: ArcSwapOption::new(settings),
            acknowledged: Mutex::default(),
        });
        let (mut commands, mut worker) = (None, None);
        if access == Access::ReadWrite {
            let (sender, receiver) = sync_channel(QUEUE_MAX);
            let appender = Appender::new(Arc::clone(&store), Arc::clone(&shared), receiver, last);
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
        let prepare = |change| match change {
            Change::Upsert(product) => {
                let bytes = event::encode_upsert(&product).map_err(|source| self.encode_error(source))?;
                Ok(Prepared::Upsert { id: product.id, bytes })
            }
            Change::Patch { id, fields } => Ok(Prepared::Patch { id, fields }),
            Change::Delete { id } => Ok(Prepared::Delete { id }),
        };
        self.send(changes.into_iter().map(prepare).collect::<Result<_, _>>()?)
    }

    /// Appends other settings; returns their sequence, that of before if they are no others. Blocking.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_settings(&self, settings: Settings) -> Result<u64, LogError> {
        let bytes = event::encode_settings(&settings).map_err(|source| self.encode_error(source))?;
        // Reading them back refuses, before it is too late, what JSON cannot hold, such as an infinite weight.
        Event::decode(&bytes).map_err(|source| self.encode_error(source))?;
        let settings = Arc::new(settings);
        Ok(self.send(vec![Prepared::Settings { bytes, settings }])?.sequence)
    }

    fn send(&self, changes: Vec<Prepared>) -> Result<Written, LogError> {
        if self.access == Access::ReadOnly {
            return Err(LogError::ReadOnly { path: self.store.path().to_owned() });
        }
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let commands = commands.ok_or_else(|| self.store.closed())?;
        let (reply, answer) = sync_channel(1);
        commands.send(Command::Append(Append { changes, reply })).map_err(|_| self.store.closed())?;
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

    /// The events after `sequence`, in order.
    ///
    /// # Errors
    /// The disk failed. An event that cannot be decoded is no error of the reading: it is in the batch.
    pub fn read_after(&self, sequence: u64, limits: ReadLimits) -> Result<Batch, LogError> {
        let last = self.last();
        let mut batch = Batch { events: Vec::new(), through: last.max(sequence) };
        if last <= sequence {
            return Ok(batch);
        }
        let snapshot = self.store.snapshot();
        let range = record::encode_number(sequence + 1)..=record::encode_number(last);
        let mut bytes = 0;
        for entry in snapshot.range(&self.store.events, range) {
            if batch.events.len() >= limits.events_max || bytes >= limits.bytes_max {
                batch.through = batch.events.last().map_or(sequence, |(sequence, _)| *sequence);
                break;
            }
            let (key, value) = entry.into_inner().map_err(|error| self.store.failed(error))?;
            let sequence = record::decode_number(&key).ok_or_else(|| self.store.damaged("an event's key"))?;
            bytes += value.len();
            batch.events.push((sequence, Event::decode(&value)));
        }
        Ok(batch)
    }

    /// A product's last state and the sequence that made it so.
    ///
    /// # Errors
    /// The disk failed or the event cannot be read.
    pub fn product(&self, id: &str) -> Result<Option<(u64, Product)>, LogError> {
        let snapshot = self.store.snapshot();
        let Some(Latest { sequence, state: State::Present { .. } }) = self.store.latest(&snapshot, id)? else {
            return Ok(None);
        };
        Ok(Some((sequence, self.read_product(&snapshot, id, sequence)?)))
    }

    /// The last states of at most `limit` products, by id, after `after`.
    ///
    /// # Errors
    /// As [`Log::product`].
    pub fn export(&self, after: Option<&str>, limit: usize) -> Result<Vec<Product>, LogError> {
        let snapshot = self.store.snapshot();
        let start = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.as_bytes()));
        let mut products = Vec::new();
        for entry in snapshot.range::<&[u8], _>(&self.store.latest, (start, Bound::Unbounded)) {
            if products.len() >= limit {
                break;
            }
            let (key, value) = entry.into_inner().map_err(|error| self.store.failed(error))?;
            let id = String::from_utf8_lossy(&key);
            let latest = Latest::decode(&value).ok_or_else(|| self.store.damaged(&id))?;
            if latest.state != State::Deleted {
                products.push(self.read_product(&snapshot, &id, latest.sequence)?);
            }
        }
        Ok(products)
    }

    fn read_product(&self, snapshot: &fjall::Snapshot, id: &str, sequence: u64) -> Result<Product, LogError> {
        match self.store.event(snapshot, sequence)? {
            Event::Upsert { product } => Ok(*product),
            _ => Err(self.store.damaged(id)),
        }
    }

    /// The settings last put, with their sequence; `None` if none ever were.
    pub fn settings(&self) -> Option<(u64, Arc<Settings>)> {
        self.shared.settings.load().as_deref().cloned()
    }

    /// x
    pub fn for_each_live(&self, each: &mut dyn FnMut(&str, u64, LiveFields)) -> Result<(), LogError> {
        for product in self.export(None, usize::MAX)? {
            each(&product.id, self.last(), LiveFields::of(&product));
        }
        Ok(())
    }

    /// x
    pub fn starts(&self) -> Arc<[(u64, u64)]> {
        Arc::new([(0, self.origin())])
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

    /// [`Log::finish_writes`], and tidies up for a quick start. Blocking.
    pub fn close(&self) {
        self.finish_writes();
        if self.access == Access::ReadWrite
            && let Err(error) = self.store.flush()
        {
            // Nothing is lost: the next start reads it from the journal.
            tracing::warn!(error = %error, "the log could not be tidied up for a quick start");
        }
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

fn read_settings(store: &Store, snapshot: &fjall::Snapshot, sequence: u64) -> Result<Settings, LogError> {
    match store.event(snapshot, sequence)? {
        Event::Settings { settings } => Ok(*settings),
        _ => Err(store.damaged(META_SETTINGS)),
    }
}
