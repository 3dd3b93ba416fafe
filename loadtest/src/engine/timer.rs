//! Waiting for a moment, to some tens of microseconds.
//!
//! Owns a timer of the kernel's. It refuses to spin: the second core is the server's.
//!
//! tokio's timers end at whole milliseconds. Latencies count from the intended moment, so that up to a millisecond
//! would be added to each, as much as the mean that is allowed. A `timerfd` wakes the same thread without a second one.
//!
//! Invariant: a wait never ends before its moment, unless the program is told to stop.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;

use super::stopped;

/// How often a long wait looks whether it is to stop.
const WAIT_MAX: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Timer {
    /// A timer is read like a pipe, and tokio's pipe is the one wrapper of any readable file that asks for no `unsafe`.
    file: Receiver,
}

impl Timer {
    pub(crate) fn new() -> std::io::Result<Self> {
        let file = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { file: Receiver::from_owned_fd_unchecked(file)? })
    }

    /// Waits until a moment; returns at once when it has passed, and soon when the program is told to stop.
    pub(crate) async fn until(&self, moment: Instant) -> std::io::Result<()> {
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() || stopped() {
                return Ok(());
            }
            self.arm(left.min(WAIT_MAX))?;
            self.file.readable().await?;
            // What is read is how often it fired; the clock above says whether the moment has come.
            match self.file.try_read(&mut [0_u8; 8]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn arm(&self, left: Duration) -> std::io::Result<()> {
        let seconds = left.as_secs().min(i64::MAX.unsigned_abs());
        let it_value = Timespec { tv_sec: seconds.cast_signed(), tv_nsec: i64::from(left.subsec_nanos()) };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        timerfd_settime(&self.file, TimerfdTimerFlags::empty(), &Itimerspec { it_interval, it_value })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_never_ends_before_its_moment() {
        let timer = Timer::new().unwrap();
        for microseconds in [0, 50, 300, 2_000] {
            let moment = Instant::now() + Duration::from_micros(microseconds);
            timer.until(moment).await.unwrap();
            assert!(Instant::now() >= moment);
        }
    }
}
