//! A process that ends with its value, politely first.
//!
//! Owns starting, signalling and ending. It refuses to know what a process is for.
//!
//! Invariant: what this program started and has not ended stands in [`RUNNING`], so that a second Ctrl-C leaves none
//! behind.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to stop when asked; then it is killed.
const STOP_WAIT_MAX: Duration = Duration::from_secs(10);
/// Time between two looks at whether it has stopped.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// The processes that run for this one.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Ctrl-C on the terminal is for the generator, which ends its processes when it is done.
    pub(crate) fn start(mut command: Command) -> std::io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        running().push(child.id());
        Ok(Self(child))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, which: Signal) {
        signal(self.id(), which);
    }

    /// Its status, if it has ended by itself.
    pub(crate) fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// What it writes, for whoever started it with a pipe.
    pub(crate) fn output(&mut self) -> Option<std::process::ChildStdout> {
        self.0.stdout.take()
    }

    /// What it reads, for whoever started it with a pipe.
    pub(crate) fn input(&mut self) -> Option<std::process::ChildStdin> {
        self.0.stdin.take()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        // What has ended already needs no killing; the value's end waits for it.
        let _ = self.0.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.id();
        self.signal(Signal::TERM);
        // A frozen process hears nothing until it goes on.
        self.signal(Signal::CONT);
        let deadline = Instant::now() + STOP_WAIT_MAX;
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(LOOK_INTERVAL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
        running().retain(|other| *other != id);
    }
}

/// Ends what runs without waiting, when the program is about to end without cleaning up.
pub(crate) fn kill_now() {
    for process in running().iter() {
        signal(*process, Signal::KILL);
    }
}

/// A list of numbers is whole between any two statements.
fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn signal(process: u32, which: Signal) {
    if let Some(process) = Pid::from_raw(process.cast_signed()) {
        // It may have ended by itself.
        let _ = kill_process(process, which);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_ends_with_its_value_even_when_frozen() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let process = Process::start(command).unwrap();
        let id = process.id();
        process.signal(Signal::STOP);
        assert!(running().contains(&id));
        drop(process);
        assert!(!running().contains(&id));
        assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    }
}
