//! A number that only rises, and threads that wait for it.
//!
//! The log's last sequence and the projector's position are such numbers. Readers load an atomic; only those who wait
//! take the lock. It refuses to know what the number means.
//!
//! Invariant: the value never falls, and a waiter misses neither a rise nor a [`Progress::wake`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    value: AtomicU64,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Progress {
    pub(crate) fn new(value: u64) -> Self {
        Self { value: AtomicU64::new(value), ..Self::default() }
    }

    pub(crate) fn value(&self) -> u64 {
        self.value.load(Ordering::Acquire)
    }

    /// Raises the value to `value` if that is higher, and wakes all waiters.
    pub(crate) fn raise(&self, value: u64) {
        self.value.fetch_max(value, Ordering::AcqRel);
        self.wake();
    }

    /// Makes every waiter look at its condition again.
    pub(crate) fn wake(&self) {
        // The empty critical section orders this wake after a waiter's check: it is either seen or waited for.
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Waits until `condition` holds for the value, at most `at_most`; returns whether it holds.
    pub(crate) fn wait_until(&self, at_most: Duration, condition: impl Fn(u64) -> bool) -> bool {
        let deadline = Instant::now() + at_most;
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if condition(self.value()) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            guard = self.changed.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_value_never_falls() {
        let progress = Progress::new(7);
        progress.raise(3);
        assert_eq!(progress.value(), 7);
    }

    #[test]
    fn a_waiter_sees_a_rise_of_another_thread() {
        let progress = Progress::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| (1..=100).for_each(|value| progress.raise(value)));
            assert!(progress.wait_until(LONG, |value| value >= 100));
        });
    }

    #[test]
    fn a_wake_makes_a_waiter_look_again() {
        let (progress, flag) = (Progress::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                flag.store(true, Ordering::Release);
                progress.wake();
            });
            assert!(progress.wait_until(LONG, |_| flag.load(Ordering::Acquire)));
        });
    }

    #[test]
    fn a_condition_that_never_holds_ends_the_wait_at_its_limit() {
        assert!(!Progress::new(0).wait_until(Duration::from_millis(1), |value| value > 0));
    }
}
