//! Work that gives way to searches: applying changes, merging, building suggestions.
//!
//! The scheduler knows better than any measurement of ours when a search waits: threads that stepped back get a fifth
//! of a core that searches want whole, and all of one that they don't. So changes slow down when searches need
//! the processor, writers feel it as back-pressure, and an idle node applies at full speed.
//!
//! It owns the priority, not the threads. Invariant: a thread that is started by one that stepped back has stepped
//! back, too; that is how the engine's own threads do.

/// Niceness of background work. In Linux a step of one is a factor of 1.25 (`sched(7)`), so this is a weight of a
/// third of a search's.
const NICENESS: i32 = 5;

/// Lets this thread, and those that it starts from now on, give way to the others. Only Linux has priorities
/// by thread; elsewhere nothing happens, nor where it is forbidden.
pub(crate) fn step_back() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let stepped = getpriority_process(None).and_then(|now| setpriority_process(None, now.max(NICENESS)));
        if let Err(error) = stepped {
            tracing::debug!(error = %error, "the priority of a background thread cannot be lowered");
        }
    }
}

/// Calls `start` on a thread that stepped back, so that the threads that it starts have, and waits for it.
pub(crate) fn start_behind<T: Send>(start: impl FnOnce() -> T + Send) -> T {
    let started = std::thread::scope(|scope| {
        let body = || {
            step_back();
            start()
        };
        scope.spawn(body).join()
    });
    started.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn what_is_started_behind_stays_behind() {
        let niceness = || getpriority_process(None).expect("told");
        let before = niceness();
        let (own, child) = start_behind(|| (niceness(), std::thread::spawn(niceness).join().expect("no panic")));
        assert_eq!([own, child], [before.max(NICENESS); 2]);
        assert_eq!(niceness(), before, "who asked for it is as before");
        step_back();
        step_back();
        assert_eq!(niceness(), before.max(NICENESS), "once is enough");
    }
}
