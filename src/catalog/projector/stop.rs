//! How a projector is told to end.

use std::sync::atomic::{AtomicU8, Ordering};

/// Told once, in either way; the graver one counts.
#[derive(Debug, Default)]
pub(crate) struct StopSignal(AtomicU8);

const DRAIN: u8 = 1;
const ABANDON: u8 = 2;

impl StopSignal {
    /// End when the log's end is committed.
    pub(crate) fn drain(&self) {
        self.0.fetch_max(DRAIN, Ordering::AcqRel);
    }

    /// End now; the next start replays.
    pub(crate) fn abandon(&self) {
        self.0.fetch_max(ABANDON, Ordering::AcqRel);
    }

    /// Whether to end, in either way.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire) >= DRAIN
    }

    /// Whether to end now.
    pub(super) fn is_abandon(&self) -> bool {
        self.0.load(Ordering::Acquire) >= ABANDON
    }
}
