//! One catalog: its event log, its projector and what they publish.
//!
//! A write goes through the log (`log`): validated, ordered, durable, acknowledged with its sequence. The projector
//! (`projector`) walks the log and publishes snapshots (`visibility`), which is all that a search sees. Suggestions
//! follow the snapshots in their own time. The log is the truth; everything else is built from it.
//!
//! Owns the threads and the order in which they start and end, and how far writers may run ahead of readers. It
//! refuses to know HTTP and caches.
//!
//! Invariants: an acknowledged change is durable and will become visible; `V` is never ahead of the snapshot; nothing
//! here blocks a reader.

mod background;
mod error;
pub mod event;
pub mod feeds;
pub mod log;
mod progress;
pub(crate) mod projector;
mod recent;
pub mod registry;
pub mod status;
mod suggestions;
mod touch_file;
pub(crate) mod touch_table;
pub(crate) mod visibility;
mod warm;
mod worker;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use storefind_index::live::LiveTable;
use storefind_index::product::Product;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;

pub use self::error::{CatalogError, Refusal};
pub use self::log::rules::{RulesChange, RulesVersion};
use self::log::{Access, Log};
use self::progress::Progress;
use self::projector::rebuild::{self, Rebuilds};
use self::projector::{IndexFolder, OpenTarget, Opened, Projector, StopSignal};
use self::status::{Report, Status};
use self::suggestions::Suggester;
pub use self::suggestions::Suggestions;
pub use self::visibility::Published;
use self::visibility::Visibility;
use self::worker::Worker;
use crate::learn::Learner;

/// Acknowledged events that may wait for the projector. It applies some ten thousand a second, so this is about two
/// seconds of work; letting more wait would only lengthen the time until an acknowledged change is seen.
pub const UNAPPLIED_EVENTS_MAX: u64 = 20_000;

/// Longest time that a write waits for the projector before it is refused as [`CatalogError::Busy`]. It slows a
/// running upload to what the projector can take, without holding the caller past the patience of common clients.
pub const WRITE_WAIT_MAX: Duration = Duration::from_secs(10);

/// Time that the projector gets for the rest of the log when the catalog closes. What it does not reach is replayed at
/// the next start.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(30);

/// Time that a dropped catalog gives its projector to notice: it only has to end one step or one commit.
const DROP_WAIT_MAX: Duration = Duration::from_secs(5);

/// Products of one [`Catalog::export`]: a page that fits a response without thought.
pub const EXPORT_LIMIT_MAX: usize = 10_000;

/// A change that a caller asks for.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every change of a large batch is an upsert; a box each would cost"
)]
pub enum Change {
    /// Add or replace a product.
    Upsert(Product),
    /// Change the named fields of a product; `null` removes one.
    Patch {
        /// The product.
        id: String,
        /// Fields as in the product's JSON.
        fields: serde_json::Map<String, serde_json::Value>,
    },
    /// Change live fields of a product: `None` is not mentioned, `Some(None)` removes.
    Live {
        /// The product.
        id: String,
        /// Its price.
        price: Option<Option<f64>>,
        /// Its stock, from which follows whether it can be bought.
        stock: Option<Option<i64>>,
    },
    /// Remove a product.
    Delete {
        /// The product.
        id: String,
    },
}

/// What became of a batch of changes, in order.
#[derive(Debug, Clone)]
pub struct Written {
    /// Sequence of the last event of the batch (of the log, if nothing was accepted).
    pub sequence: u64,
    /// Per change: its sequence, or why it was refused.
    pub outcomes: Vec<Result<u64, Refusal>>,
}

/// How far writers may run ahead.
#[derive(Debug, Clone, Copy)]
struct BackPressure {
    unapplied_events_max: u64,
    write_wait_max: Duration,
}

/// A catalog, open.
#[derive(Debug)]
pub struct Catalog {
    name: String,
    configured: Arc<Settings>,
    back_pressure: BackPressure,
    access: Access,
    closed: AtomicBool,
    log: Arc<Log>,
    visibility: Arc<Visibility>,
    report: Arc<Report>,
    applied: Arc<Progress>,
    stop: Arc<StopSignal>,
    rebuilds: Arc<Rebuilds>,
    folder: Option<IndexFolder>,
    /// The log's end at the start: once it is visible, the catalog is ready.
    ready_at: u64,
    projector: Mutex<Option<Worker>>,
    suggester: Suggester,
    /// The index of a read-only node, removed with it.
    _temporary: Option<tempfile::TempDir>,
}

impl Catalog {
    /// Opens or creates the catalog in `dir` and starts its projector thread, which first replays what the index lacks.
    /// `settings` are in force until others are put. A read-only catalog must exist, and its index is built in a
    /// temporary folder. Blocking, but it waits neither for the replay ([`Catalog::is_ready`]) nor for suggestions, not
    /// even for those that were saved.
    ///
    /// # Errors
    /// The log is in use by another process, was written by a newer program or cannot be read; or the index cannot be
    /// opened. Each names the folder.
    pub fn open(
        name: &str,
        dir: &Path,
        settings: &Settings,
        freshness_bound: Duration,
        read_only: bool,
    ) -> Result<Arc<Self>, CatalogError> {
        let access = if read_only { Access::ReadOnly } else { Access::ReadWrite };
        let log = Arc::new(Log::open(&dir.join("log"), name, access)?);
        let temporary = if read_only { Some(tempfile::tempdir()?) } else { None };
        let index_dir = temporary.as_ref().map_or(dir, tempfile::TempDir::path);
        let live = Arc::new(LiveTable::default());
        let folder = IndexFolder::new(index_dir, log.origin(), Arc::clone(&live));
        let target = Box::new(folder.clone());
        let back_pressure = BackPressure { unapplied_events_max: UNAPPLIED_EVENTS_MAX, write_wait_max: WRITE_WAIT_MAX };
        let parts = Parts {
            settings,
            freshness_bound,
            access,
            back_pressure,
            touches: Some(index_dir.join("touches")),
            folder: Some(folder),
        };
        Self::start(name, log, (target, live), temporary, &parts)
    }

    fn start(
        name: &str,
        log: Arc<Log>,
        (target, live): (Box<dyn OpenTarget>, Arc<LiveTable>),
        temporary: Option<tempfile::TempDir>,
        parts: &Parts<'_>,
    ) -> Result<Arc<Self>, CatalogError> {
        let configured = Arc::new(parts.settings.clone());
        load_live(&log, &live)?;
        let ready_at = log.last();
        let opened = background::start_behind(|| Opened::new(&log, target, Arc::clone(&configured)))?;
        let visibility =
            visibility::start(&log, opened.snapshot(), live, parts.freshness_bound, parts.touches.as_deref());
        let shared = projector::Shared {
            log: Arc::clone(&log),
            visibility: Arc::new(visibility),
            report: Arc::default(),
            applied: Arc::default(),
            stop: Arc::default(),
            rebuilds: Arc::default(),
            touches: parts.touches.clone(),
        };
        let projector = Projector::new(name, shared.clone(), opened, parts.freshness_bound);
        let worker = Worker::spawn_behind(format!("project-{name}"), move || projector.run())?;
        let saved = parts.touches.as_ref().filter(|_| parts.access == Access::ReadWrite);
        let saved = saved.map(|touches| touches.with_file_name("suggestions"));
        let suggester = match Suggester::start(name, Arc::clone(&shared.visibility), saved) {
            Ok(suggester) => suggester,
            Err(error) => {
                shared.stop.abandon();
                log.wake();
                worker.join(DROP_WAIT_MAX);
                return Err(error.into());
            }
        };
        Ok(Arc::new(Self {
            name: name.to_owned(),
            configured,
            back_pressure: parts.back_pressure,
            access: parts.access,
            closed: AtomicBool::new(false),
            log,
            visibility: shared.visibility,
            report: shared.report,
            applied: shared.applied,
            stop: shared.stop,
            rebuilds: shared.rebuilds,
            folder: parts.folder.clone(),
            ready_at,
            projector: Mutex::new(Some(worker)),
            suggester,
            _temporary: temporary,
        }))
    }

    /// The catalog's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The latest published snapshot. One atomic load.
    pub fn snapshot(&self) -> Snapshot {
        self.visibility.published().snapshot.clone()
    }

    /// What readers see and prove freshness by.
    pub(crate) fn visibility(&self) -> &Arc<Visibility> {
        &self.visibility
    }

    /// The latest published snapshot with its settings' version, as one value. One atomic load.
    pub fn published(&self) -> Arc<Published> {
        self.visibility.published()
    }

    /// Sequence through which answers can be validated (`V`); never ahead of the snapshot. One atomic load.
    pub fn validated(&self) -> u64 {
        self.visibility.validated()
    }

    /// Version of the settings in force in the snapshot, part of cache keys: equal settings, equal versions. To read
    /// it together with the snapshot, use [`Catalog::published`].
    pub fn settings_version(&self) -> u64 {
        self.visibility.published().settings_version
    }

    /// Version of settings and rules together: as long as it stays, equal requests have equal keys.
    pub fn version(&self) -> u64 {
        self.visibility.published().version
    }

    /// Suggestions, at most 60 s older than the snapshot; after the start none for a moment, then those that were saved.
    pub fn suggestions(&self) -> Arc<Suggestions> {
        self.suggester.current()
    }

    /// Also suggests what this learner learns.
    pub fn learn_from(&self, learner: Arc<Learner>) {
        self.suggester.learn_from(Some(learner));
    }

    /// Nothing will be learned: what was suggested because it was learned before gives way.
    pub fn learn_from_nobody(&self) {
        self.suggester.learn_from(None);
    }

    /// Writes a batch; returns when it is durable. If the projector is far behind, it first waits up to
    /// [`WRITE_WAIT_MAX`], which slows a running upload. Blocking: call it from a blocking thread.
    ///
    /// # Errors
    /// [`CatalogError::Busy`], [`CatalogError::ReadOnly`], [`CatalogError::Closed`], or a failing log; in each case
    /// nothing is acknowledged. A single change that is refused is no error: see [`Written::outcomes`].
    pub fn write(&self, changes: Vec<Change>) -> Result<Written, CatalogError> {
        self.wait_for_room()?;
        Ok(self.log.append(changes)?)
    }

    /// Whether a new upload should begin now. One that runs is slowed by [`Catalog::write`] instead.
    ///
    /// # Errors
    /// As [`Catalog::write`], but without waiting.
    pub fn admit(&self) -> Result<(), CatalogError> {
        self.check_writable()?;
        if self.has_room(self.applied.value()) { Ok(()) } else { Err(CatalogError::Busy) }
    }

    fn wait_for_room(&self) -> Result<(), CatalogError> {
        self.check_writable()?;
        let is_closed = || self.closed.load(Ordering::Acquire);
        let wait_max = self.back_pressure.write_wait_max;
        let in_time = self.applied.wait_until(wait_max, |applied| self.has_room(applied) || is_closed());
        self.check_writable()?;
        if in_time { Ok(()) } else { Err(CatalogError::Busy) }
    }

    fn has_room(&self, applied: u64) -> bool {
        self.log.last().saturating_sub(applied) < self.back_pressure.unapplied_events_max
    }

    fn check_writable(&self) -> Result<(), CatalogError> {
        if self.access == Access::ReadOnly {
            return Err(CatalogError::ReadOnly);
        }
        if self.closed.load(Ordering::Acquire) { Err(CatalogError::Closed) } else { Ok(()) }
    }

    /// A product's last acknowledged state and its sequence. Blocking, but short.
    ///
    /// # Errors
    /// A failing log.
    pub fn product(&self, id: &str) -> Result<Option<(u64, Product)>, CatalogError> {
        Ok(self.log.product(id)?)
    }

    /// At most `limit` products (never more than [`EXPORT_LIMIT_MAX`]), by id in byte order, after `after`. Blocking.
    ///
    /// # Errors
    /// A failing log.
    pub fn export(&self, after: Option<&str>, limit: usize) -> Result<Vec<Product>, CatalogError> {
        Ok(self.log.export(after, limit.min(EXPORT_LIMIT_MAX))?)
    }

    /// The settings last acknowledged.
    pub fn settings(&self) -> Arc<Settings> {
        self.log.settings().map_or_else(|| Arc::clone(&self.configured), |(_, settings)| settings)
    }

    /// Replaces the settings; returns the sequence. Settings that need another analysis become visible once all
    /// products are indexed again. Blocking.
    ///
    /// # Errors
    /// As [`Catalog::write`].
    pub fn put_settings(&self, settings: Settings) -> Result<u64, CatalogError> {
        self.wait_for_room()?;
        Ok(self.log.append_settings(settings)?)
    }

    /// The rules last acknowledged; their version is 0 as long as none were put.
    pub fn rules(&self) -> RulesVersion {
        self.log.rules()
    }

    /// The rules of a version: that in force, or one that it names as former; `None` for any other. Blocking.
    ///
    /// # Errors
    /// A failing log.
    pub fn rules_of(&self, version: u64) -> Result<Option<RulesVersion>, CatalogError> {
        Ok(self.log.rules_of(version)?)
    }

    /// Replaces the rules; returns their version, which is the sequence of the change, that of before if they are no
    /// others. Refused if others are in force than `change` expects. With `once`, a key and a digest of the request, as
    /// [`Catalog::write_once`]. Blocking.
    ///
    /// # Errors
    /// As [`Catalog::write_once`].
    pub fn put_rules(
        &self,
        change: RulesChange,
        once: Option<(String, u64)>,
    ) -> Result<Result<u64, Refusal>, CatalogError> {
        self.wait_for_room()?;
        Ok(self.log.append_rules(change, once)?)
    }

    /// Builds the index anew from the log beside the one in use, then puts it in its place; readers and writers notice
    /// nothing. Returns when that is done. Blocking, for as long as an import of the catalog takes.
    ///
    /// # Errors
    /// [`CatalogError::Rebuild`]: one is under way, the catalog is being closed, or the engine failed. The index in use
    /// stays.
    pub fn rebuild(&self) -> Result<(), CatalogError> {
        let refuse = |reason: &str| Err(CatalogError::Rebuild(reason.to_owned()));
        let Some(folder) = self.folder.clone() else { return refuse("this index cannot be rebuilt") };
        if !self.is_ready() {
            return refuse("the index is still being built");
        }
        if !self.rebuilds.begin() {
            return refuse("a rebuild is under way");
        }
        let (rebuilds, log, stop) = (Arc::clone(&self.rebuilds), Arc::clone(&self.log), Arc::clone(&self.stop));
        let settings = rebuild::settings_of(&log, &self.configured);
        let worker = Worker::spawn_behind(format!("rebuild-{}", self.name), move || {
            rebuilds.run(&log, &stop, || folder.open_beside(settings));
        })?;
        let outcome = self.rebuilds.wait(&self.stop).map_err(CatalogError::Rebuild);
        worker.join(DROP_WAIT_MAX);
        outcome
    }

    /// Waits until `validated() >= sequence`. Dropping the future is harmless.
    ///
    /// # Errors
    /// [`CatalogError::NotYetVisible`] after `at_most`.
    pub async fn wait_visible(&self, sequence: u64, at_most: Duration) -> Result<(), CatalogError> {
        if self.visibility.wait(sequence, at_most).await { Ok(()) } else { Err(CatalogError::NotYetVisible(sequence)) }
    }

    /// [`Catalog::wait_visible`] for callers without a runtime. Blocking.
    ///
    /// # Errors
    /// [`CatalogError::NotYetVisible`] after `at_most`.
    pub fn wait_visible_blocking(&self, sequence: u64, at_most: Duration) -> Result<(), CatalogError> {
        let reached = self.visibility.wait_until(at_most, |validated| validated >= sequence);
        if reached { Ok(()) } else { Err(CatalogError::NotYetVisible(sequence)) }
    }

    /// Whether the projector has caught up with the log once since the start.
    pub fn is_ready(&self) -> bool {
        self.visibility.validated() >= self.ready_at
    }

    /// How the catalog is.
    pub fn status(&self) -> Status {
        // The log's end is read last, so that the lag is never negative.
        let (validated, applied) = (self.validated(), self.applied.value());
        let log_sequence = self.log.last();
        let details = self.report.details();
        let (suggestions, snapshot) = (self.suggestions(), self.snapshot());
        Status {
            log_sequence,
            applied,
            validated,
            lag_events: log_sequence.saturating_sub(validated),
            lag: self.log.oldest_acknowledged_after(validated).unwrap_or_default(),
            products: snapshot.product_count(),
            segments: snapshot.segment_count(),
            ready: self.is_ready(),
            set_aside: self.report.set_aside.load(Ordering::Relaxed),
            set_aside_last: details.set_aside_last,
            failing: details.failing,
            failures: details.failures,
            commits: details.commits,
            commit_last: details.commit_last,
            suggestions_generation: suggestions.generation,
            suggestions: suggestions.index.len(),
            touch_table_bytes: self.visibility.touches().bytes() as u64,
            log_bytes: self.log.disk_bytes().ok(),
        }
    }

    /// Refuses further writes, finishes those that wait, lets the projector show and commit the rest of the log, and
    /// ends the threads. Readers go on with the last snapshot. The folder is free for another process once the last
    /// handle is dropped. Blocking; a second call does nothing.
    pub fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.applied.wake();
        self.suggester.stop();
        self.log.finish_writes();
        self.stop.drain();
        self.log.wake();
        self.join_projector(CLOSE_WAIT_MAX);
        self.log.close();
    }

    fn join_projector(&self, at_most: Duration) {
        let worker = self.projector.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(worker) = worker {
            worker.join(at_most);
        }
    }

    /// [`Catalog::write`], once: a request whose `key` came within the last 24 hours (and was among the last 100,000)
    /// changes nothing and gets the answer of the first time. `digest` is one of the whole request. Blocking.
    ///
    /// # Errors
    /// As [`Catalog::write`]; [`LogError::KeyReused`](log::LogError::KeyReused) if the key came with another digest.
    pub fn write_once(&self, key: &str, digest: u64, changes: Vec<Change>) -> Result<Written, CatalogError> {
        self.wait_for_room()?;
        Ok(self.log.append_once(key, digest, changes)?)
    }

    /// [`Catalog::put_settings`], once; see [`Catalog::write_once`]. Blocking.
    ///
    /// # Errors
    /// As [`Catalog::write_once`].
    pub fn put_settings_once(&self, key: &str, digest: u64, settings: Settings) -> Result<u64, CatalogError> {
        self.wait_for_room()?;
        Ok(self.log.append_settings_once(key, digest, settings)?)
    }

    /// Promises that every answer of this node sees the changes through `sequence` from now on: what they touched gets
    /// no grace. To be called once they are visible.
    pub fn promise_seen(&self, sequence: u64) {
        self.visibility.raise_floor(sequence);
    }

    /// Copies the log as it is now into the folder `into`, while it is read and written; [`log::restore`] makes a
    /// catalog's log of the copy. Blocking, for as long as the copying takes.
    ///
    /// # Errors
    /// There is a log in `into`, or a disk failed.
    pub fn backup(&self, into: &Path) -> Result<(), CatalogError> {
        Ok(self.log.backup(into)?)
    }
}

/// Fills the live table with the last live fields of every product. They may be newer than the snapshot, never older.
pub(crate) fn load_live(log: &Log, live: &LiveTable) -> Result<(), CatalogError> {
    let through = log.last();
    log.for_each_live(&mut |id, sequence, fields| {
        if let Some(ordinal) = live.ordinal_or_new(id) {
            live.set(ordinal, sequence, fields);
        }
    })?;
    live.applied_through(through);
    Ok(())
}

/// What [`Catalog::start`] needs beside its log and index.
struct Parts<'a> {
    /// Where a rebuild builds; `None` for a target that cannot be rebuilt.
    folder: Option<IndexFolder>,
    /// Where the touch table is saved.
    touches: Option<PathBuf>,
    settings: &'a Settings,
    freshness_bound: Duration,
    access: Access,
    back_pressure: BackPressure,
}

impl Drop for Catalog {
    /// Ends the threads without waiting for the rest of the log: the next start replays it.
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        self.stop.abandon();
        self.log.wake();
        self.suggester.stop();
        self.join_projector(DROP_WAIT_MAX);
    }
}
