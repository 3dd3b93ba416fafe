//! A deadline that can be handed to a thread, and called off.
//!
//! Owns the question "is this still worth doing?". Invariant: once it has been answered with no, it stays no.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

/// Asked by a computation now and then. Clones answer alike.
#[derive(Debug, Clone)]
pub struct Worth {
    deadline: Instant,
    called_off: Arc<AtomicBool>,
}

impl Worth {
    /// Worth doing until `deadline`.
    pub fn until(deadline: Instant) -> Self {
        Self { deadline, called_off: Arc::default() }
    }

    /// The moment after which nobody waits for it.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether to stop: it was called off, or `now` is past the deadline.
    pub fn is_over_at(&self, now: Instant) -> bool {
        self.called_off.load(Ordering::Relaxed) || now >= self.deadline
    }

    /// [`Self::is_over_at`] now. Some 25 ns.
    pub fn is_over(&self) -> bool {
        self.is_over_at(Instant::now())
    }

    /// Calls it off for every clone.
    pub fn call_off(&self) {
        self.called_off.store(true, Ordering::Relaxed);
    }

    /// Calls it off when dropped.
    pub fn guard(&self) -> CallOffOnDrop {
        CallOffOnDrop(self.clone())
    }
}

/// See [`Worth::guard`].
#[derive(Debug)]
pub struct CallOffOnDrop(Worth);

impl Drop for CallOffOnDrop {
    fn drop(&mut self) {
        self.0.call_off();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_is_worth_doing_until_its_deadline_and_not_at_it() {
        let deadline = Instant::now() + Duration::from_millis(120);
        let worth = Worth::until(deadline);
        assert!(!worth.is_over_at(deadline - Duration::from_nanos(1)));
        assert!(worth.is_over_at(deadline));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_guard_calls_off_every_clone() {
        let worth = Worth::until(Instant::now() + Duration::from_secs(1));
        let (clone, guard) = (worth.clone(), worth.guard());
        assert!(!clone.is_over());
        drop(guard);
        assert!(clone.is_over());
    }
}
