//! What readers see: the published snapshot, the sequence through which answers are validated (`V`), and all that an
//! answer proves its freshness by: touch table, live table, times of recent events, start ids.
//!
//! Owns the order of publishing: a snapshot is stored first, then the terms are touched, then `V` is raised, then its
//! time is noted and waiters are woken. A reader who sees `V` therefore gets a snapshot that is at least as new, and
//! sees every touch through `V`. It refuses to know where snapshots come from, and to judge an answer
//! (`cache::freshness`).
//!
//! Invariant: `V` never falls and is never ahead of the snapshot or of the touches.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use storefind_index::live::LiveTable;
use storefind_index::request::SearchRequest;
use storefind_index::rules::{RuleBook, Rules};
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use tokio::sync::watch;
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64;

use super::log::Log;
use super::progress::Progress;
use super::recent::Recent;
use super::touch_file::{self, Saved};
use super::touch_table::TouchTable;
use super::warm::Warm;

/// A snapshot, the version of its settings and the rules, as one value.
#[derive(Clone)]
pub struct Published {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Equal for equal settings, also over restarts, so that what was cached under them stays of use.
    pub settings_version: u64,
    /// The rules in force.
    pub rules: Arc<RuleBook>,
    /// Equal for equal settings and rules: all that the way from a request to its key depends on beside the request.
    pub version: u64,
    /// Every touch behind this sequence was known when it was published; what was computed before it proves nothing.
    pub touches_from: u64,
}

impl std::fmt::Debug for Published {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Published")
            .field("sequence", &self.snapshot.sequence())
            .field("settings_version", &self.settings_version)
            .finish()
    }
}

impl Published {
    fn new(snapshot: Snapshot, rules: Arc<RuleBook>, touches: &TouchTable) -> Self {
        let settings_version = settings_version(snapshot.settings());
        let version = settings_version.rotate_left(1) ^ rules.digest();
        Self { snapshot, settings_version, rules, version, touches_from: touches.complete_from() }
    }

    /// No answer that was kept in one epoch is of use in another.
    pub(crate) fn epoch(&self) -> (u64, u64) {
        (self.settings_version, self.touches_from)
    }
}

/// What readers see of a log and a projection of it that is being opened. A saved table of touches that fits is taken
/// up; the walk adds what it lacks. Without one the table begins where the walk begins.
pub(crate) fn start(
    log: &Log,
    snapshot: Snapshot,
    live: Arc<LiveTable>,
    freshness_bound: Duration,
    saved: Option<&Path>,
) -> Visibility {
    let slots = TouchTable::slots_for(snapshot.product_count());
    // From here on the walk passes through every change.
    let known_from = snapshot.sequence().max(log.pruned_through());
    let fits = |saved: &Saved| log.start_at(saved.sequence) == Some(saved.start) && saved.sequence >= known_from;
    let loaded = saved.and_then(touch_file::load).filter(|(_, saved)| fits(saved)).map(|(table, _)| table);
    let touches = loaded.unwrap_or_else(|| TouchTable::new(slots, known_from));
    let visibility = Visibility::new(snapshot.clone(), live, touches, freshness_bound, log.starts());
    let latest = log.rules();
    visibility.put_rules(latest.version, Arc::new(latest.put.rules.clone()), snapshot.settings());
    visibility.published.store(Arc::new(visibility.to_publish(snapshot)));
    visibility
}

/// The digest of the settings' JSON.
fn settings_version(settings: &Settings) -> u64 {
    // Settings that JSON cannot hold never pass the log; should they come from elsewhere, they share one version.
    xxh3_64(&serde_json::to_vec(settings).unwrap_or_default())
}

/// A term's hash and the sequence of a change that touched it.
pub(crate) type Touch = (u64, u64);

/// See the module.
#[derive(Debug)]
pub struct Visibility {
    published: ArcSwap<Published>,
    validated: Progress,
    /// The same number for those who wait without a thread.
    waiters: watch::Sender<u64>,
    touches: TouchTable,
    live: Arc<LiveTable>,
    /// Half of the freshness bound.
    grace: Duration,
    publications: Recent,
    live_changes: Recent,
    /// Entries touched through this sequence get no grace: somebody was promised to see it.
    floor: AtomicU64,
    starts: Arc<[(u64, u64)]>,
    /// The rules of the next publication, with their sequence.
    rules: ArcSwap<(u64, Arc<RuleBook>)>,
    warm: Warm,
}

impl Visibility {
    /// Starts with the snapshot that a projection begins from. `starts` are the log's start ids with their sequences,
    /// ascending.
    pub(crate) fn new(
        snapshot: Snapshot,
        live: Arc<LiveTable>,
        touches: TouchTable,
        freshness_bound: Duration,
        starts: Arc<[(u64, u64)]>,
    ) -> Self {
        let sequence = snapshot.sequence();
        let rules = Arc::new(RuleBook::new(Arc::default(), snapshot.settings()));
        Self {
            published: ArcSwap::from_pointee(Published::new(snapshot, Arc::clone(&rules), &touches)),
            rules: ArcSwap::from_pointee((0, rules)),
            validated: Progress::new(sequence),
            waiters: watch::Sender::new(sequence),
            touches,
            grace: freshness_bound / 2,
            publications: Recent::new(freshness_bound, sequence),
            live_changes: Recent::new(freshness_bound, live.applied()),
            live,
            floor: AtomicU64::new(0),
            starts,
            warm: Warm::default(),
        }
    }

    /// Notes a search that the index has answered, so that the next snapshot is warmed by it.
    pub(crate) fn asked(&self, request: &SearchRequest, cost: Duration) {
        self.warm.note(request, cost);
    }

    /// Has a snapshot answer what was asked lately, before it is published.
    pub(crate) fn warm(&self, snapshot: &Snapshot) {
        self.warm.run(|request, is_over| snapshot.search(request, is_over));
    }

    /// Shows a newer snapshot with what was touched since the one before. Only the projector calls it, with sequences
    /// that do not fall.
    pub(crate) fn publish(&self, snapshot: Snapshot, touched: &[Touch], now: Instant) {
        let sequence = snapshot.sequence();
        self.published.store(Arc::new(self.to_publish(snapshot)));
        // In this order: who sees the sequence also sees the snapshot and the touches.
        self.touch(touched);
        self.publications.note(sequence, now);
        self.validated.raise(sequence);
        self.waiters.send_replace(sequence);
    }

    fn to_publish(&self, snapshot: Snapshot) -> Published {
        Published::new(snapshot, Arc::clone(&self.rules.load().1), &self.touches)
    }

    /// Puts rules in force from the next publication on. Only the projector calls it.
    pub(crate) fn put_rules(&self, sequence: u64, rules: Arc<Rules>, settings: &Arc<Settings>) {
        self.rules.store(Arc::new((sequence, Arc::new(RuleBook::new(rules, settings)))));
    }

    /// Reads the same rules under the settings of the next publication, which say what a word's forms are.
    pub(crate) fn put_settings(&self, settings: &Arc<Settings>) {
        let (sequence, rules) = &**self.rules.load();
        self.rules.store(Arc::new((*sequence, Arc::new(rules.under(settings)))));
    }

    /// Sequence of the rules of the next publication; 0 for none.
    pub(crate) fn rules_sequence(&self) -> u64 {
        self.rules.load().0
    }

    /// Touches terms before their publication, which is always allowed: it only makes entries invalid early.
    pub(crate) fn touch(&self, touched: &[Touch]) {
        for &(hash, sequence) in touched {
            self.touches.touch(hash, sequence);
        }
    }

    /// Notes that live fields are applied through `sequence`.
    pub(crate) fn live_applied(&self, sequence: u64, now: Instant) {
        self.live_changes.note(sequence, now);
        self.live.applied_through(sequence);
    }

    /// The latest published snapshot.
    pub(crate) fn published(&self) -> Arc<Published> {
        self.published.load_full()
    }

    pub(crate) fn validated(&self) -> u64 {
        self.validated.value()
    }

    /// The touch table.
    pub(crate) fn touches(&self) -> &TouchTable {
        &self.touches
    }

    /// The live table.
    pub(crate) fn live(&self) -> &Arc<LiveTable> {
        &self.live
    }

    /// How long an answer that a change may have altered is still served: half of the freshness bound.
    pub(crate) fn grace(&self) -> Duration {
        self.grace
    }

    /// When snapshots became visible.
    pub(crate) fn publications(&self) -> &Recent {
        &self.publications
    }

    /// When live changes took effect.
    pub(crate) fn live_changes(&self) -> &Recent {
        &self.live_changes
    }

    /// Entries that were touched through this sequence get no grace.
    pub(crate) fn floor(&self) -> u64 {
        self.floor.load(Ordering::Acquire)
    }

    /// Raises [`Self::floor`].
    pub(crate) fn raise_floor(&self, sequence: u64) {
        self.floor.fetch_max(sequence, Ordering::AcqRel);
    }

    /// The id of the history that was in force at `sequence`: 0 before the first start that is remembered.
    pub(crate) fn start_at(&self, sequence: u64) -> u64 {
        let at = self.starts.partition_point(|(from, _)| *from <= sequence);
        at.checked_sub(1).map_or(0, |at| self.starts[at].1)
    }

    /// Blocks until `condition` holds for `V`, at most `at_most`; see [`Progress::wait_until`].
    pub(crate) fn wait_until(&self, at_most: Duration, condition: impl Fn(u64) -> bool) -> bool {
        self.validated.wait_until(at_most, condition)
    }

    /// Makes everyone in [`Visibility::wait_until`] look again.
    pub(crate) fn wake(&self) {
        self.validated.wake();
    }

    /// To be told of every publication; the value is its `V`.
    pub(crate) fn publications_to_come(&self) -> watch::Receiver<u64> {
        self.waiters.subscribe()
    }

    /// Waits until `V` reaches `sequence`, at most `at_most`; returns whether it did. Dropping the future is harmless.
    pub(crate) async fn wait(&self, sequence: u64, at_most: Duration) -> bool {
        if self.validated() >= sequence {
            return true;
        }
        let mut waiter = self.waiters.subscribe();
        let reached = waiter.wait_for(|validated| *validated >= sequence);
        matches!(tokio::time::timeout(at_most, reached).await, Ok(Ok(_)))
    }
}

#[cfg(test)]
mod tests;
