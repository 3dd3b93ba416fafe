//! The projector: one thread per catalog that walks the log in order and shows it in the index.
//!
//! **A cycle.** Wait for events or for the time to publish; read some events; apply each, its live fields at once to the
//! live table, its content to the index writer, which tells what is touched; publish if it is time: commit, store the
//! snapshot, touch, raise `V`, wake who waits (`visibility`). What is published at `S` is the content that the log had
//! at `S`, no earlier and no later event; live fields are never behind it.
//!
//! **Durability.** The log is the truth, so a publication need not be durable. The log is told how far the index is on
//! disk, and forgets no superseded event beyond. A checkpoint follows every [`CHECKPOINT_INTERVAL`].
//!
//! **Starting from nothing** (first start, lost index, other analysis). The log keeps last states only, so what was
//! walked is a state of the log again from some sequence on. Until then nothing is published (*hold*): readers keep
//! the snapshot that they have. Settings that need another analysis are the same case: an empty index is opened,
//! and the walk begins again, holding through the log's end of that moment.
//!
//! **Failures.** A writer that failed may be in any state, so it is dropped and opened again at its last commit, after
//! a pause that doubles, and the walk goes on from there; readers notice nothing but lag. An event that seems to be
//! the culprit is a *suspect*: next time everything before it is committed first. If that succeeds, the engine is well,
//! and if the suspect then fails again, the fault is its own: it is set aside, with its reason, and never blocks those
//! behind it. If the commit fails, the engine is ill (disk full), and no event is blamed. A panic counts as a failure.
//!
//! Owns the writer and the position. It refuses to know HTTP, caches, or how the log stores events.
//!
//! Invariant: `V` is raised only after its snapshot is stored, never falls, and names a state that the log had.

mod pace;
pub(crate) mod rebuild;
#[cfg(test)]
mod steps;
mod stop;
mod target;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use storefind_index::error::IndexError;
use storefind_index::live::{LiveFields, ORDINALS_MAX};
use storefind_index::rules::Rules;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use tokio::time::Instant;

use self::pace::Pace;
use self::rebuild::Rebuilds;
pub(crate) use self::stop::StopSignal;
#[cfg(test)]
pub(crate) use self::target::InMemory;
pub(crate) use self::target::{IndexFolder, OpenTarget, Start, Target};
use super::event::{Event, EventError};
use super::log::{Batch, Log, LogError, ReadLimits};
use super::progress::Progress;
use super::status::Report;
use super::touch_file::Saver;
use super::visibility::{Touch, Visibility};

/// Events read and applied between two looks at the clock and at the stop signal. A bulk import applies some ten
/// thousand a second, so this is well under the shortest publication interval; and the decoded events stay small.
const STEP: ReadLimits = ReadLimits { events_max: 500, bytes_max: 4 << 20 };

/// First pause after a failure: long enough not to spin, short enough not to be seen.
const BACKOFF_MIN: Duration = Duration::from_millis(100);

/// Longest pause: how long after a full disk was freed nothing happens, at most.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// How often what was only published is made durable: the log's tail that a restart walks again, in live events.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(30);

/// Changed products that are kept in memory, to know their old version, while nothing may be published: about 40 MB.
/// Beyond it they are committed without being shown.
const UNCOMMITTED_MAX: usize = 20_000;

/// Touches that wait for their publication: 64 MB. Beyond it terms are touched early, which only costs computations.
const TOUCHES_PENDING_MAX: usize = 4 << 20;

/// Longest sleep without events. Everything that matters wakes the thread; this only bounds a lost wake.
const IDLE_WAIT_MAX: Duration = Duration::from_secs(60);

/// What the projector shares with the catalog.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) log: Arc<Log>,
    pub(crate) visibility: Arc<Visibility>,
    pub(crate) report: Arc<Report>,
    /// How far the log was walked, ever: what back-pressure looks at.
    pub(crate) applied: Arc<Progress>,
    pub(crate) stop: Arc<StopSignal>,
    pub(crate) rebuilds: Arc<Rebuilds>,
    /// Where the touch table is saved with a checkpoint.
    pub(crate) touches: Option<PathBuf>,
}

/// An opened target, before its projector exists.
pub(crate) struct Opened {
    target: Box<dyn Target>,
    open: Box<dyn OpenTarget>,
    settings: (u64, Arc<Settings>),
}

impl Opened {
    /// Opens the target where its last commit left it, or empty if it does not fit the log. `configured` are the
    /// settings in force as long as the log has none.
    pub(crate) fn new(log: &Log, mut open: Box<dyn OpenTarget>, configured: Arc<Settings>) -> Result<Self, IndexError> {
        let settings = log.settings().unwrap_or((0, configured));
        let target = match open_fitting(log, &mut *open, &settings.1) {
            // A newer program's index is not ours to remove; anything else can be built again from the log.
            Err(error @ IndexError::Format { .. }) => return Err(error),
            Err(error) => {
                tracing::warn!(error = %error, "the index cannot be opened and is built again from the log");
                open.open(Arc::clone(&settings.1), Start::Empty)?
            }
            Ok(target) => target,
        };
        Ok(Self { target, open, settings })
    }

    /// What can be shown at once.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.target.snapshot()
    }
}

/// Opens the target; one that is ahead of the log, or so far behind that it may have missed a deletion, empty.
fn open_fitting(log: &Log, open: &mut dyn OpenTarget, settings: &Arc<Settings>) -> Result<Box<dyn Target>, IndexError> {
    let target = open.open(Arc::clone(settings), Start::Resume)?;
    let sequence = target.sequence();
    if sequence == 0 || (log.pruned_through()..=log.last()).contains(&sequence) {
        return Ok(target);
    }
    tracing::info!(sequence, log.last = log.last(), "the index does not fit the log and is built again");
    target.close();
    open.open(Arc::clone(settings), Start::Empty)
}

/// See the module.
pub(crate) struct Projector {
    name: String,
    shared: Shared,
    open: Box<dyn OpenTarget>,
    /// `None` after a failure, until it is opened again.
    target: Option<Box<dyn Target>>,
    pace: Pace,
    /// Everything through this sequence is applied.
    cursor: u64,
    /// Sequence of the last commit.
    committed: u64,
    /// Below this sequence, what is applied is not a state that may be shown.
    hold_until: u64,
    /// Settings in force, with their sequence; 0 for those of the configuration.
    settings: (u64, Arc<Settings>),
    /// An event that failed and is to be tried alone.
    suspect: Option<u64>,
    /// Whether what was touched before the next publication was touched under another analysis.
    other_analysis: bool,
    /// What was touched since the last publication.
    touched: Vec<Touch>,
    /// Saves the touch table with each checkpoint.
    saver: Option<Saver>,
    /// When the target was last made durable.
    checkpointed: Instant,
    /// Events that are skipped, until they are behind a commit.
    set_aside: BTreeSet<u64>,
}

/// Why a cycle ended early; the target is opened again.
struct Failure {
    reason: String,
    /// The event to blame, perhaps.
    suspect: Option<u64>,
    pause: Pause,
}

#[derive(PartialEq, Eq)]
enum Pause {
    /// The same may fail again at once.
    Needed,
    /// The cause is out of the way.
    Needless,
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self { reason: error.to_string(), suspect: None, pause: Pause::Needed }
    }
}

/// What a cycle leads to.
#[derive(PartialEq, Eq)]
enum Flow {
    Continue,
    Stop,
}

/// Where an event leaves the walk.
#[derive(PartialEq, Eq)]
enum Walk {
    On,
    FromTheStart,
}

impl Projector {
    pub(crate) fn new(name: &str, shared: Shared, opened: Opened, freshness_bound: Duration) -> Self {
        let sequence = opened.target.sequence();
        shared.applied.raise(sequence);
        Self {
            name: name.to_owned(),
            open: opened.open,
            target: Some(opened.target),
            pace: Pace::new(freshness_bound),
            cursor: sequence,
            committed: sequence,
            hold_until: shared.log.pruned_through(),
            settings: opened.settings,
            suspect: None,
            other_analysis: false,
            touched: Vec::new(),
            saver: shared.touches.clone().map(Saver::new),
            checkpointed: Instant::now(),
            set_aside: BTreeSet::new(),
            shared,
        }
    }

    /// Works until it is told to stop. Never panics on what the engine does.
    pub(crate) fn run(mut self) {
        self.prepare();
        self.work();
        self.close_target();
        if let Some(saver) = self.saver.take() {
            saver.finish(&self.shared.visibility);
        }
    }

    /// Counts the vocabulary before the first change needs it.
    fn prepare(&mut self) {
        if let Err(reason) = self.guard(|target| target.prepare()) {
            tracing::warn!(catalog = self.name, reason, "the index could not be prepared for changes");
        }
    }

    fn work(&mut self) {
        let mut backoff = BACKOFF_MIN;
        loop {
            let committed = self.committed;
            match self.cycle() {
                Ok(Flow::Stop) => return,
                Ok(Flow::Continue) if self.committed > committed => backoff = BACKOFF_MIN,
                Ok(Flow::Continue) => {}
                Err(failure) => {
                    self.note_failure(&failure);
                    if self.shared.stop.is_set() {
                        // The log has everything; the next start goes on from the last commit.
                        return;
                    }
                    if failure.pause == Pause::Needed {
                        let stop = &self.shared.stop;
                        let deadline = Instant::now() + backoff;
                        self.shared.log.wait_until(backoff, |_| stop.is_set() || Instant::now() >= deadline);
                        backoff = (backoff * 2).min(BACKOFF_MAX);
                    }
                }
            }
        }
    }

    fn close_target(&mut self) {
        if let Some(target) = self.target.take()
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| target.close()))
        {
            tracing::error!(catalog = self.name, reason = panic_text(&*panic), "closing the index failed");
        }
    }

    fn note_failure(&mut self, failure: &Failure) {
        self.close_target();
        self.suspect = failure.suspect;
        if failure.pause == Pause::Needed {
            tracing::warn!(catalog = self.name, reason = failure.reason, "changes cannot be applied; trying again");
            self.shared.report.failed(failure.reason.clone());
        }
    }

    fn cycle(&mut self) -> Result<Flow, Failure> {
        if self.shared.stop.is_abandon() {
            return Ok(Flow::Stop);
        }
        if self.target.is_none() {
            self.reopen()?;
        }
        self.wait_for_work();
        self.take_rebuilt();
        self.walk()?;
        let draining = self.shared.stop.is_set();
        let at_the_end = self.cursor >= self.shared.log.last();
        if self.cursor > self.committed && self.cursor >= self.hold_until {
            let due = self.pace.wait(Instant::now()).is_zero();
            if due || (draining && at_the_end) {
                self.commit()?;
            }
        } else if self.target.as_deref().is_some_and(|target| target.uncommitted() > UNCOMMITTED_MAX) {
            // Held, so not shown; a crash now finds an index that is behind what the log has pruned, and empties it.
            self.commit()?;
        }
        if self.checkpointed.elapsed() >= CHECKPOINT_INTERVAL || (draining && at_the_end) {
            self.checkpoint()?;
        }
        let done = draining && at_the_end && self.committed >= self.cursor;
        Ok(if done { Flow::Stop } else { Flow::Continue })
    }

    /// Sleeps until there are events, or until what was applied is to be published.
    fn wait_for_work(&self) {
        let to_publish = self.cursor > self.committed && self.cursor >= self.hold_until;
        let to_checkpoint = self.target.as_deref().is_some_and(|target| target.durable() < self.committed);
        let at_most = match (to_publish, to_checkpoint) {
            (true, _) => self.pace.wait(Instant::now()),
            (false, true) => CHECKPOINT_INTERVAL.saturating_sub(self.checkpointed.elapsed()),
            (false, false) => IDLE_WAIT_MAX,
        };
        let (cursor, stop, rebuilds) = (self.cursor, &self.shared.stop, &self.shared.rebuilds);
        self.shared.log.wait_until(at_most, |last| last > cursor || stop.is_set() || rebuilds.is_waiting());
    }

    /// Reads and applies one step.
    fn walk(&mut self) -> Result<(), Failure> {
        let batch = self.shared.log.read_after(self.cursor, STEP)?;
        let walked = self.walk_batch(batch);
        self.shared.visibility.live_applied(self.cursor, Instant::now());
        if self.touched.len() > TOUCHES_PENDING_MAX {
            self.shared.visibility.touch(&self.touched);
            self.touched.clear();
        }
        walked
    }

    fn walk_batch(&mut self, batch: Batch) -> Result<(), Failure> {
        for (sequence, event) in batch.events {
            if self.shared.stop.is_abandon() {
                return Ok(());
            }
            if self.apply(sequence, event)? == Walk::FromTheStart {
                return Ok(());
            }
            self.cursor = sequence;
            // At once, so that an answer that reads the new values is not older than they are.
            self.shared.visibility.live().applied_through(sequence);
        }
        self.cursor = self.cursor.max(batch.through);
        self.shared.applied.raise(self.cursor);
        Ok(())
    }

    fn apply(&mut self, sequence: u64, event: Result<Event, EventError>) -> Result<Walk, Failure> {
        if self.set_aside.contains(&sequence) {
            return Ok(Walk::On);
        }
        match event {
            Err(error) => self.put_aside(sequence, error.to_string()),
            Ok(Event::Upsert { product }) => {
                if self.set_live(sequence, &product.id, LiveFields::of(&product)) {
                    self.apply_alone(sequence, |target| target.upsert(&product))?;
                }
            }
            Ok(Event::Live { id, fields }) => {
                self.set_live(sequence, &id, fields);
            }
            Ok(Event::Delete { id }) => self.apply_alone(sequence, |target| target.delete(&id))?,
            Ok(Event::Start { .. }) => {}
            Ok(Event::Settings { settings }) => return self.apply_settings(sequence, Arc::new(*settings)),
            Ok(Event::Rules { rules }) => self.apply_rules(sequence, rules.rules),
        }
        Ok(Walk::On)
    }

    /// Sets live fields; the event is set aside if there is no ordinal left for the product.
    fn set_live(&mut self, sequence: u64, id: &str, fields: LiveFields) -> bool {
        let live = self.shared.visibility.live();
        match live.ordinal_or_new(id) {
            Some(ordinal) => {
                live.set(ordinal, sequence, fields);
                true
            }
            None => {
                let reason = format!("this process has numbered {ORDINALS_MAX} products and can number no more");
                self.put_aside(sequence, reason);
                false
            }
        }
    }

    /// Applies one event; a suspect only after everything before it is committed.
    fn apply_alone(
        &mut self,
        sequence: u64,
        apply: impl FnOnce(&mut dyn Target) -> Result<&[u64], IndexError>,
    ) -> Result<(), Failure> {
        let is_suspect = self.suspect == Some(sequence);
        if is_suspect {
            self.commit()?;
        }
        let mut touched = std::mem::take(&mut self.touched);
        let note = |hashes: &[u64]| touched.extend(hashes.iter().map(|hash| (*hash, sequence)));
        let applied = self.guard(|target| apply(target).map(note));
        self.touched = touched;
        match applied {
            Ok(()) => {
                if is_suspect {
                    self.suspect = None;
                }
                Ok(())
            }
            Err(reason) if is_suspect => {
                self.put_aside(sequence, reason.clone());
                Err(Failure { reason, suspect: None, pause: Pause::Needless })
            }
            Err(reason) => Err(Failure { reason, suspect: Some(sequence), pause: Pause::Needed }),
        }
    }

    fn apply_settings(&mut self, sequence: u64, settings: Arc<Settings>) -> Result<Walk, Failure> {
        if sequence <= self.settings.0 {
            // The walk began with later ones in force.
            return Ok(Walk::On);
        }
        // What came before is shown under the settings of before.
        if self.cursor > self.committed {
            self.commit()?;
        }
        self.settings = (sequence, Arc::clone(&settings));
        self.shared.visibility.put_settings(&settings);
        let failed = |reason| Failure { reason, suspect: None, pause: Pause::Needed };
        if self.guard(|target| Ok(target.set_settings(Arc::clone(&settings)))).map_err(failed)? {
            return Ok(Walk::On);
        }
        self.close_target();
        self.open_target(|open| open.open(settings, Start::Empty))?;
        tracing::info!(catalog = self.name, sequence, "settings need another analysis; all products are indexed again");
        self.other_analysis = true;
        self.cursor = 0;
        self.committed = 0;
        self.hold_until = self.shared.log.last().max(self.hold_until).max(self.shared.visibility.validated());
        Ok(Walk::FromTheStart)
    }

    /// Rules concern no index: they are published with the next snapshot, which this event brings about.
    fn apply_rules(&mut self, sequence: u64, rules: Rules) {
        // The walk may have begun with later ones in force.
        if sequence > self.shared.visibility.rules_sequence() {
            self.shared.visibility.put_rules(sequence, Arc::new(rules), &self.settings.1);
        }
    }

    /// Commits what is applied, and shows it unless it must be held.
    fn commit(&mut self) -> Result<(), Failure> {
        let (began, sequence) = (Instant::now(), self.cursor);
        let snapshot = self.guard(|target| target.commit(sequence)).map_err(|reason| Failure {
            reason,
            suspect: self.suspect,
            pause: Pause::Needed,
        })?;
        let ended = Instant::now();
        self.committed = sequence;
        // Those behind what is durable may be met again after a failure.
        let durable = self.target.as_deref().map_or(0, Target::durable);
        self.set_aside = self.set_aside.split_off(&(durable + 1));
        self.shared.report.committed(ended - began);
        let waiting = self.shared.log.last().saturating_sub(sequence);
        self.pace.published(began, ended, waiting);
        self.show(snapshot);
        Ok(())
    }

    fn show(&mut self, snapshot: Snapshot) {
        if self.committed < self.hold_until {
            return;
        }
        if std::mem::take(&mut self.other_analysis) {
            // The old versions of what has changed were touched in other words, so who was computed under these
            // settings before they were last in force can prove nothing.
            self.shared.visibility.touches().incomplete_through(self.committed);
        }
        self.shared.visibility.warm(&snapshot);
        self.shared.visibility.publish(snapshot, &self.touched, Instant::now());
        self.touched.clear();
        self.note_durable();
    }

    /// Makes what was committed durable.
    fn checkpoint(&mut self) -> Result<(), Failure> {
        self.checkpointed = Instant::now();
        self.guard(|target| target.checkpoint().map(drop)).map_err(|reason| Failure {
            reason,
            suspect: self.suspect,
            pause: Pause::Needed,
        })?;
        self.note_durable();
        if let Some(saver) = &mut self.saver {
            saver.save(&self.shared.visibility);
        }
        Ok(())
    }

    /// Lets the log forget what is superseded and durable here.
    fn note_durable(&self) {
        let durable = self.target.as_deref().map_or(0, Target::durable);
        // A rebuild reads every event since it began.
        if durable >= self.hold_until && !self.shared.rebuilds.is_running() {
            self.shared.log.applied_durably(durable);
        }
    }

    /// Opens the target again at its last commit.
    fn reopen(&mut self) -> Result<(), Failure> {
        let (log, settings) = (Arc::clone(&self.shared.log), Arc::clone(&self.settings.1));
        self.open_target(|open| open_fitting(&log, open, &settings))?;
        let Some(target) = self.target.as_deref() else { return Ok(()) };
        let (sequence, snapshot) = (target.sequence(), target.snapshot());
        let validated = self.shared.visibility.validated();
        self.cursor = sequence;
        self.committed = self.cursor;
        self.hold_until = self.shared.log.pruned_through().max(validated);
        if self.committed > validated {
            // The commit that seemed to fail had succeeded.
            self.show(snapshot);
        }
        Ok(())
    }

    fn open_target(
        &mut self,
        open: impl FnOnce(&mut dyn OpenTarget) -> Result<Box<dyn Target>, IndexError>,
    ) -> Result<(), Failure> {
        let opened = catch_unwind(AssertUnwindSafe(|| open(&mut *self.open).map_err(|error| describe(&error))));
        let target = opened.unwrap_or_else(|panic| Err(panic_text(&*panic))).map_err(|reason| Failure {
            reason,
            suspect: self.suspect,
            pause: Pause::Needed,
        })?;
        self.target = Some(target);
        Ok(())
    }

    fn put_aside(&mut self, sequence: u64, reason: String) {
        tracing::error!(catalog = self.name, sequence, reason, "an event cannot be applied and is set aside");
        self.set_aside.insert(sequence);
        self.shared.report.set_aside(sequence, reason);
    }

    /// Calls the target; an error or a panic becomes its description.
    fn guard<T>(&mut self, call: impl FnOnce(&mut dyn Target) -> Result<T, IndexError>) -> Result<T, String> {
        let Some(target) = self.target.as_deref_mut() else { return Err("the index is not open".to_owned()) };
        match catch_unwind(AssertUnwindSafe(|| call(target))) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(describe(&error)),
            Err(panic) => Err(panic_text(&*panic)),
        }
    }
}

/// An error with its causes, which tell a full disk from a wrong event.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("no reason given"))
}
