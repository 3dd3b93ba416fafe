//! A named thread that can be waited for with a limit.
//!
//! It owns the handle, not the way to tell the thread to stop: that differs from thread to thread. The invariant is
//! that stopping a catalog never hangs on a thread that is stuck in a disk: it is left behind and said so.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::background;

/// See the module.
#[derive(Debug)]
pub(crate) struct Worker {
    handle: JoinHandle<()>,
    /// Disconnected when the thread has ended, also by a panic.
    ended: Receiver<()>,
}

impl Worker {
    /// Starts `body` on a thread called `name`.
    pub(crate) fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
        let (alive, ended): (SyncSender<()>, _) = sync_channel(1);
        let handle = std::thread::Builder::new().name(name).spawn(move || {
            let _alive = alive;
            body();
        })?;
        Ok(Self { handle, ended })
    }

    /// Starts `body` on a thread that gives way to searches.
    pub(crate) fn spawn_behind(name: String, body: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
        Self::spawn(name, || {
            background::step_back();
            body();
        })
    }

    /// Waits until the thread has ended, at most `at_most`. Returns whether it has; otherwise it is left to itself.
    pub(crate) fn join(self, at_most: Duration) -> bool {
        let name = self.handle.thread().name().unwrap_or_default().to_owned();
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(at_most) {
            tracing::warn!(thread = name, "a thread did not stop in time and is left behind");
            return false;
        }
        if self.handle.join().is_err() {
            tracing::error!(thread = name, "a thread ended in a panic");
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_thread_that_ends_is_joined() {
        assert!(Worker::spawn("ends".into(), || ()).expect("starts").join(LONG));
    }

    #[test]
    fn a_thread_that_panics_is_joined() {
        assert!(Worker::spawn("panics".into(), || panic!("on purpose")).expect("starts").join(LONG));
    }

    #[test]
    fn a_stuck_thread_is_left_behind() {
        let (release, stuck) = sync_channel::<()>(0);
        let worker = Worker::spawn("stuck".into(), move || assert!(stuck.recv().is_err())).expect("starts");
        assert!(!worker.join(Duration::from_millis(1)));
        drop(release);
    }
}
