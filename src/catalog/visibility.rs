//! What readers see: the published snapshot, and the sequence through which answers are validated (`V`).
//!
//! Owns the order of the two: a snapshot is stored first, then `V` is raised, then waiters are woken. A reader who
//! sees `V` therefore gets a snapshot that is at least as new. It refuses to know where snapshots come from.
//!
//! Invariant: `V` never falls and is never ahead of the snapshot.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use tokio::sync::watch;
use xxhash_rust::xxh3::xxh3_64;

use super::progress::Progress;

/// A snapshot and the version of its settings, as one value.
#[derive(Clone)]
pub struct Published {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Equal for equal settings, also over restarts, so that what was cached under them stays of use.
    pub settings_version: u64,
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
    fn new(snapshot: Snapshot) -> Self {
        let settings_version = settings_version(snapshot.settings());
        Self { snapshot, settings_version }
    }
}

/// The digest of the settings' JSON.
fn settings_version(settings: &Settings) -> u64 {
    // Settings that JSON cannot hold never pass the log; should they come from elsewhere, they share one version.
    xxh3_64(&serde_json::to_vec(settings).unwrap_or_default())
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Visibility {
    published: ArcSwap<Published>,
    validated: Progress,
    /// The same number for those who wait without a thread.
    waiters: watch::Sender<u64>,
}

impl Visibility {
    /// Starts with the snapshot that a projection begins from.
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        let sequence = snapshot.sequence();
        Self {
            published: ArcSwap::from_pointee(Published::new(snapshot)),
            validated: Progress::new(sequence),
            waiters: watch::Sender::new(sequence),
        }
    }

    /// Shows a newer snapshot. Only the projector calls it, with sequences that do not fall.
    pub(crate) fn publish(&self, snapshot: Snapshot) {
        let sequence = snapshot.sequence();
        self.published.store(Arc::new(Published::new(snapshot)));
        // In this order: who sees the sequence also sees the snapshot.
        self.validated.raise(sequence);
        self.waiters.send_replace(sequence);
    }

    pub(crate) fn published(&self) -> Arc<Published> {
        self.published.load_full()
    }

    pub(crate) fn validated(&self) -> u64 {
        self.validated.value()
    }

    /// Blocks until `condition` holds for `V`, at most `at_most`; see [`Progress::wait_until`].
    pub(crate) fn wait_until(&self, at_most: Duration, condition: impl Fn(u64) -> bool) -> bool {
        self.validated.wait_until(at_most, condition)
    }

    /// Makes everyone in [`Visibility::wait_until`] look again.
    pub(crate) fn wake(&self) {
        self.validated.wake();
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
