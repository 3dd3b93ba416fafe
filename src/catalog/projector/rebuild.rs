//! A rebuild: the index built anew from the log beside the one in use, then put in its place.
//!
//! A thread of its own reads every product's last state, then the events since it began, into an empty index. When it
//! is nearly at the log's end it hands the index over; the projector, whose walk went on all the while, adds what is
//! missing up to its own position and shows it. No request notices: the running touch table and the ordinals stay, and
//! nothing is shown that is older than what was.
//!
//! While a rebuild runs the log forgets nothing: every event after its beginning is still there to be read.
//!
//! Invariant: what is handed over is the content that the log had at its cursor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use storefind_index::error::IndexError;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;

use super::{Projector, STEP, StopSignal, Target, UNCOMMITTED_MAX, describe, panic_text};
use crate::catalog::event::Event;
use crate::catalog::log::{Log, LogError};
use crate::catalog::progress::Progress;

/// Products read at a time: some megabytes.
const PAGE_PRODUCTS: usize = 1_000;

/// Events that may be left to the projector: a fraction of a second of its work.
const LEFT_OVER_MAX: u64 = 500;

/// How often who waits for a rebuild looks whether the catalog is being closed.
const TURN: Duration = Duration::from_secs(1);

/// An index that waits to be put in place.
struct Rebuilt {
    target: Box<dyn Target>,
    /// Every event through this one is in it.
    cursor: u64,
}

/// What the rebuilding thread and the projector share.
#[derive(Default)]
pub(crate) struct Rebuilds {
    running: AtomicBool,
    rebuilt: Mutex<Option<Rebuilt>>,
    outcome: Mutex<Option<Result<(), String>>>,
    ended: Progress,
}

impl std::fmt::Debug for Rebuilds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rebuilds").field("running", &self.is_running()).finish_non_exhaustive()
    }
}

impl Rebuilds {
    /// Whether one is under way.
    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Takes on a rebuild; `false` if one is under way.
    pub(crate) fn begin(&self) -> bool {
        !self.running.swap(true, Ordering::AcqRel)
    }

    /// Waits until the rebuild that was begun has ended, and tells how.
    pub(crate) fn wait(&self, stop: &StopSignal) -> Result<(), String> {
        // In turns, because nobody wakes who waits here when the catalog is being closed.
        while !self.ended.wait_until(TURN, |_| !self.is_running() || stop.is_set()) {}
        let outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.unwrap_or_else(|| Err("the catalog is being closed".to_owned()))
    }

    /// Ends it.
    fn end(&self, outcome: Result<(), String>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.running.store(false, Ordering::Release);
        self.ended.raise(self.ended.value() + 1);
    }

    /// Whether an index waits to be put in place.
    pub(super) fn is_waiting(&self) -> bool {
        self.rebuilt.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What waits to be put in place.
    fn take(&self) -> Option<Rebuilt> {
        self.rebuilt.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Builds and hands over. `open` opens the empty index.
    pub(crate) fn run(&self, log: &Log, stop: &StopSignal, open: impl FnOnce() -> Result<Box<dyn Target>, IndexError>) {
        let built = catch_unwind(AssertUnwindSafe(|| build(log, stop, open)));
        match built.unwrap_or_else(|panic| Err(panic_text(&*panic))) {
            Ok(Some(rebuilt)) => {
                *self.rebuilt.lock().unwrap_or_else(PoisonError::into_inner) = Some(rebuilt);
                log.wake();
            }
            Ok(None) => self.end(Err("the catalog is being closed".to_owned())),
            Err(reason) => self.end(Err(reason)),
        }
    }
}

fn build(
    log: &Log,
    stop: &StopSignal,
    open: impl FnOnce() -> Result<Box<dyn Target>, IndexError>,
) -> Result<Option<Rebuilt>, String> {
    let failed = |error: IndexError| describe(&error);
    let unread = |error: LogError| describe(&error);
    let mut target = open().map_err(failed)?;
    // Pages may show later states than this one; the events since then bring all of them to one.
    let mut cursor = log.last();
    let mut after: Option<String> = None;
    loop {
        let page = log.export(after.as_deref(), PAGE_PRODUCTS).map_err(unread)?;
        for product in &page {
            target.upsert(product).map_err(|error| format!("product {:?}: {}", product.id, describe(&error)))?;
        }
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        make_room(&mut *target, 0).map_err(failed)?;
        if stop.is_set() {
            return Ok(None);
        }
    }
    while log.last() > cursor + LEFT_OVER_MAX {
        cursor = replay(log, &mut *target, cursor, u64::MAX)?;
        make_room(&mut *target, 0).map_err(failed)?;
        if stop.is_set() {
            return Ok(None);
        }
    }
    // The sequence of a commit that a crash leaves is one that nobody takes up: the folder is not in use yet.
    target.commit(cursor).map_err(failed)?;
    Ok(Some(Rebuilt { target, cursor }))
}

impl Projector {
    /// Puts an index that waits in its place; the one in use stays if that fails.
    pub(super) fn take_rebuilt(&mut self) {
        let Some(mut rebuilt) = self.shared.rebuilds.take() else { return };
        let brought = catch_unwind(AssertUnwindSafe(|| self.bring_up(&mut rebuilt)));
        let outcome = brought.unwrap_or_else(|panic| Err(panic_text(&*panic))).and_then(|snapshot| {
            self.close_target();
            self.open.adopt().map(|()| snapshot).map_err(|error| describe(&error))
        });
        match outcome {
            Ok(snapshot) => {
                self.target = Some(rebuilt.target);
                self.committed = self.cursor;
                self.show(snapshot);
                tracing::info!(catalog = self.name, sequence = self.committed, "the index was rebuilt");
                self.shared.rebuilds.end(Ok(()));
            }
            Err(reason) => {
                rebuilt.target.close();
                self.shared.rebuilds.end(Err(reason));
            }
        }
    }

    /// Brings a rebuilt index to where the walk is.
    fn bring_up(&self, rebuilt: &mut Rebuilt) -> Result<Snapshot, String> {
        if self.cursor < self.hold_until {
            return Err("the index is being built again already".to_owned());
        }
        if !rebuilt.target.set_settings(Arc::clone(&self.settings.1)) {
            return Err("settings with another analysis were put meanwhile".to_owned());
        }
        while rebuilt.cursor < self.cursor {
            rebuilt.cursor = replay(&self.shared.log, &mut *rebuilt.target, rebuilt.cursor, self.cursor)?;
        }
        rebuilt.target.commit(self.cursor).map_err(|error| describe(&error))
    }
}

/// Applies the content of one step of events after `cursor`, none after `through`; returns the new cursor.
fn replay(log: &Log, target: &mut dyn Target, cursor: u64, through: u64) -> Result<u64, String> {
    let batch = log.read_after(cursor, STEP).map_err(|error| describe(&error))?;
    for (sequence, event) in batch.events {
        if sequence > through {
            return Ok(through);
        }
        match event {
            Ok(Event::Upsert { product }) => drop(target.upsert(&product).map_err(|error| describe(&error))?),
            Ok(Event::Delete { id }) => drop(target.delete(&id).map_err(|error| describe(&error))?),
            Ok(Event::Live { .. } | Event::Start { .. } | Event::Settings { .. } | Event::Rules { .. }) => {}
            // Set aside by the walk, too.
            Err(_) => {}
        }
    }
    Ok(batch.through.min(through))
}

/// Commits when too much waits in memory.
fn make_room(target: &mut dyn Target, sequence: u64) -> Result<(), IndexError> {
    if target.uncommitted() > UNCOMMITTED_MAX {
        target.commit(sequence)?;
    }
    Ok(())
}

/// The settings that a rebuild is begun with.
pub(crate) fn settings_of(log: &Log, configured: &Arc<Settings>) -> Arc<Settings> {
    log.settings().map_or_else(|| Arc::clone(configured), |(_, settings)| settings)
}
