//! When a connection has overstayed: a pure rule, and the stream wrapper that feeds it.
//!
//! hyper's own header timeout also runs while a connection idles between two requests, so it cannot be short for slow
//! headers and long for keep-alive. This watches bytes instead:
//!
//! - a request's headers must be complete within `header_timeout` of its first byte (HTTP/1; in HTTP/2 a frame's
//!   headers count as movement and the next rule bounds them);
//! - while no handler runs, some byte must move within `idle_timeout`, in either direction. That ends idle keep-alive,
//!   clients that never send, and clients that stop reading an answer.
//!
//! While a handler runs nothing is closed here: a wait for visibility is silent and legitimate, and handlers that read
//! a body bound each pause themselves.
//!
//! Invariant: [`Activity::verdict`] depends on its arguments and the noted times only; the clock is passed in.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// How an HTTP/2 connection begins. HTTP/1 has no method `PRI`.
const HTTP2_PREFACE: &[u8] = b"PRI ";
/// No head is in progress.
const NO_HEAD: u64 = u64::MAX;

/// How long a connection may take over things.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From a request's first byte to the end of its headers.
    pub header_timeout: Duration,
    /// Without a moving byte and without a running handler.
    pub idle_timeout: Duration,
}

/// What to do with a connection now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing before this moment.
    WaitUntil(Instant),
    /// It overstayed.
    Close,
}

/// What happens on one connection. Times are milliseconds since it was opened, so that each is one atomic cell.
#[derive(Debug)]
pub struct Activity {
    opened: Instant,
    moved_ms: AtomicU64,
    head_ms: AtomicU64,
    running: AtomicU32,
    http2: AtomicBool,
}

/// A handler that runs; dropping it says that it ended, also when it was cancelled.
#[derive(Debug)]
pub struct Running<'a>(&'a Activity);

impl Activity {
    /// A connection opened now.
    pub fn new(now: Instant) -> Self {
        Self {
            opened: now,
            moved_ms: AtomicU64::new(0),
            head_ms: AtomicU64::new(NO_HEAD),
            running: AtomicU32::new(0),
            http2: AtomicBool::new(false),
        }
    }

    /// A request's headers are complete and its handler begins.
    pub fn begin(&self) -> Running<'_> {
        self.head_ms.store(NO_HEAD, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self)
    }

    /// Bytes were read.
    pub fn read(&self, bytes: &[u8], now: Instant) {
        let now_ms = self.ms(now);
        if self.moved_ms.swap(now_ms, Ordering::Relaxed) == 0 && bytes.starts_with(HTTP2_PREFACE) {
            self.http2.store(true, Ordering::Relaxed);
        }
        if self.running.load(Ordering::Relaxed) == 0 && !self.http2.load(Ordering::Relaxed) {
            // Only the first byte of a head counts; what follows does not prolong it.
            let _ = self.head_ms.compare_exchange(NO_HEAD, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Bytes were written.
    pub fn wrote(&self, now: Instant) {
        self.moved_ms.store(self.ms(now).max(1), Ordering::Relaxed);
    }

    /// Whether the connection has overstayed, or when to ask again.
    pub fn verdict(&self, now: Instant, patience: Patience) -> Verdict {
        // A head may begin right after this; asking again after its whole time finds it no later than it is due.
        let soon = now + patience.header_timeout.min(patience.idle_timeout);
        if self.running.load(Ordering::Relaxed) > 0 {
            return Verdict::WaitUntil(soon);
        }
        let idle_until = self.at(&self.moved_ms) + patience.idle_timeout;
        let until = match self.head_ms.load(Ordering::Relaxed) {
            NO_HEAD => idle_until,
            _ => idle_until.min(self.at(&self.head_ms) + patience.header_timeout),
        };
        if until <= now { Verdict::Close } else { Verdict::WaitUntil(until.min(soon)) }
    }

    fn ms(&self, now: Instant) -> u64 {
        // Never 0: that means "no byte yet".
        u64::try_from(now.saturating_duration_since(self.opened).as_millis()).unwrap_or(u64::MAX - 1).max(1)
    }

    fn at(&self, cell: &AtomicU64) -> Instant {
        self.opened + Duration::from_millis(cell.load(Ordering::Relaxed))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // The pause before the next request begins with the end of this one.
        self.0.wrote(Instant::now());
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that tells an [`Activity`] of every byte.
#[derive(Debug)]
pub struct Watched<T> {
    stream: T,
    activity: Arc<Activity>,
}

impl<T> Watched<T> {
    /// Wraps a stream.
    pub fn new(stream: T, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    fn note_written<E>(&self, outcome: &Poll<Result<usize, E>>) {
        if matches!(outcome, Poll::Ready(Ok(1..))) {
            self.activity.wrote(Instant::now());
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let new = buffer.filled().get(before..).unwrap_or_default();
        if !new.is_empty() {
            self.activity.read(new, Instant::now());
        }
        outcome
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_written(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note_written(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience =
        Patience { header_timeout: Duration::from_secs(5), idle_timeout: Duration::from_secs(60) };

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_connection_that_never_sends_is_closed_when_idle_for_too_long() {
        let start = Instant::now();
        let activity = Activity::new(start);
        assert_eq!(activity.verdict(start, PATIENCE), Verdict::WaitUntil(after(start, 5)));
        assert_eq!(activity.verdict(after(start, 59), PATIENCE), Verdict::WaitUntil(after(start, 60)));
        assert_eq!(activity.verdict(after(start, 60), PATIENCE), Verdict::Close);
    }

    #[test]
    fn dripping_headers_do_not_prolong_their_time() {
        let start = Instant::now();
        let activity = Activity::new(start);
        for second in 10..15 {
            activity.read(b"G", after(start, second));
        }
        assert_eq!(activity.verdict(after(start, 14), PATIENCE), Verdict::WaitUntil(after(start, 15)));
        assert_eq!(activity.verdict(after(start, 15), PATIENCE), Verdict::Close);
    }

    #[test]
    fn complete_headers_end_the_time_for_headers() {
        let start = Instant::now();
        let activity = Activity::new(start);
        activity.read(b"GET / HTTP/1.1\r\n\r\n", after(start, 1));
        let running = activity.begin();
        assert!(matches!(activity.verdict(after(start, 1_000), PATIENCE), Verdict::WaitUntil(_)));
        drop(running);
        assert!(matches!(activity.verdict(after(start, 20), PATIENCE), Verdict::WaitUntil(_)));
    }

    #[test]
    fn http2_frames_between_requests_are_movement_not_headers() {
        let start = Instant::now();
        let activity = Activity::new(start);
        activity.read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", after(start, 1));
        activity.read(b"ping", after(start, 50));
        assert!(matches!(activity.verdict(after(start, 109), PATIENCE), Verdict::WaitUntil(_)));
        assert_eq!(activity.verdict(after(start, 110), PATIENCE), Verdict::Close);
    }

    #[test]
    fn a_client_that_stops_reading_is_closed_like_an_idle_one() {
        let start = Instant::now();
        let activity = Activity::new(start);
        activity.wrote(after(start, 30));
        assert!(matches!(activity.verdict(after(start, 89), PATIENCE), Verdict::WaitUntil(_)));
        assert_eq!(activity.verdict(after(start, 90), PATIENCE), Verdict::Close);
    }
}
