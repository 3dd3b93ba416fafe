//! A shop that changes while it is searched: content and live changes at set rates.
//!
//! Owns when batches leave and what became of them. It refuses to measure when changes become visible; that is the
//! [`probe`](crate::probe)'s.
//!
//! Batches leave at even distances, in an open loop like requests: acknowledgement is timed from the intended moment.
//! A `429` is what the contract says it is, a request to wait: the batch waits, is sent again, and the waiting counts.
//!
//! Invariant: every batch that was due is counted as acknowledged, failed or not sent.

pub(crate) mod lines;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use tokio::task::JoinSet;

use crate::client::{Body, Client, Failure};
use crate::engine::timer::Timer;
use crate::engine::{Clock, stopped};
use crate::record::distribution::Recording;
use crate::scenario::Phase;
use lines::Lines;

/// Wait after a 429 that says nothing of it.
const WAIT_DEFAULT_SECONDS: u32 = 1;
/// Times that one batch is sent at most: a server that still refuses will not take it in this run.
const TRIES_MAX: u32 = 20;

/// What kind of change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stream {
    Content,
    Live,
}

/// What became of the changes of one stream.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Changes that were due.
    pub(crate) due: u64,
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) failed: u64,
    /// Over the cap of writes in flight.
    pub(crate) not_sent: u64,
    /// Answers that said 429.
    pub(crate) waits: u64,
    /// From the intended moment of a batch to its acknowledgement.
    pub(crate) acknowledgement: Recording,
    /// Accepted in each second of the run.
    pub(crate) seconds: Vec<u64>,
    /// When the first batch was due, and when the last was acknowledged.
    pub(crate) first: Option<Duration>,
    pub(crate) last: Duration,
}

/// One stream of changes.
#[derive(Debug)]
pub(crate) struct Writer {
    stream: Stream,
    client: Rc<Client>,
    clock: Clock,
    phases: Vec<Phase>,
    target: String,
    batch: usize,
    in_flight: Cell<usize>,
    in_flight_max: usize,
    lines: RefCell<Lines>,
    pub(crate) written: RefCell<Written>,
}

/// Where a stream writes to, and how much at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) stream: Stream,
    pub(crate) catalog: &'a str,
    pub(crate) batch: usize,
    pub(crate) in_flight_max: usize,
}

impl Writer {
    pub(crate) fn new(
        target: Target<'_>,
        client: Rc<Client>,
        clock: Clock,
        phases: &[Phase],
        lines: Lines,
    ) -> Rc<Self> {
        let path = match target.stream {
            // Exported products are product fields already.
            Stream::Content => format!("/v1/{}/products?feed=false", target.catalog),
            Stream::Live => format!("/v1/{}/live", target.catalog),
        };
        Rc::new(Self {
            stream: target.stream,
            client,
            clock,
            phases: phases.to_vec(),
            target: path,
            batch: target.batch,
            in_flight: Cell::new(0),
            in_flight_max: target.in_flight_max,
            lines: RefCell::new(lines),
            written: RefCell::default(),
        })
    }

    /// Writes until the phases end, then waits for the last acknowledgement. Must run within a `LocalSet`.
    pub(crate) async fn run(self: Rc<Self>) -> anyhow::Result<()> {
        let timer = Timer::new()?;
        let mut batches = JoinSet::new();
        let rates: Vec<_> = self.phases.iter().map(|phase| (phase.seconds, self.rate(phase))).collect();
        for (at, size) in batch_times(&rates, self.batch) {
            timer.until(self.clock.instant(at)).await?;
            if stopped() {
                break;
            }
            {
                let mut written = self.written.borrow_mut();
                written.due += size as u64;
                written.first.get_or_insert(at);
            }
            if self.in_flight.get() >= self.in_flight_max {
                self.written.borrow_mut().not_sent += size as u64;
                continue;
            }
            self.in_flight.set(self.in_flight.get() + 1);
            let body = self.lines.borrow_mut().batch(self.stream, size);
            batches.spawn_local(Rc::clone(&self).write(at, size as u64, body));
            while batches.try_join_next().is_some() {}
        }
        while batches.join_next().await.is_some() {}
        Ok(())
    }

    fn rate(&self, phase: &Phase) -> f64 {
        match self.stream {
            Stream::Content => phase.content,
            Stream::Live => phase.live,
        }
    }

    async fn write(self: Rc<Self>, at: Duration, size: u64, body: Vec<u8>) {
        let outcome = self.acknowledged(&body).await;
        self.in_flight.set(self.in_flight.get() - 1);
        let now = self.clock.now();
        let mut written = self.written.borrow_mut();
        match outcome {
            Ok(answer) => {
                written.accepted += answer.accepted;
                written.rejected += answer.rejected;
                written.acknowledgement.record(now.saturating_sub(at));
                written.last = now;
                let second = usize::try_from(now.as_secs()).unwrap_or(0);
                if written.seconds.len() <= second {
                    written.seconds.resize(second + 1, 0);
                }
                written.seconds[second] += answer.accepted;
            }
            Err(_) => written.failed += size,
        }
    }

    async fn acknowledged(&self, body: &[u8]) -> anyhow::Result<Acknowledgement> {
        let request = self.client.post_request(&self.target, body);
        for _ in 0..TRIES_MAX {
            let answer = self.client.send(&request, Body::Kept).await?;
            match answer.head.status {
                200..=299 => return Ok(serde_json::from_slice(&answer.body)?),
                429 if !stopped() => {
                    self.written.borrow_mut().waits += 1;
                    let seconds = answer.head.retry_after_seconds.unwrap_or(WAIT_DEFAULT_SECONDS);
                    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                }
                status => anyhow::bail!("status {status}"),
            }
        }
        Err(Failure::TimedOut.into())
    }
}

/// The answer to a write.
#[derive(Debug, Deserialize)]
pub(crate) struct Acknowledgement {
    #[serde(default)]
    pub(crate) accepted: u64,
    #[serde(default)]
    pub(crate) rejected: u64,
}

/// When batches are due, and their sizes: even distances at the rate of each phase.
fn batch_times(rates: &[(f64, f64)], batch: usize) -> Vec<(Duration, usize)> {
    let mut times = Vec::new();
    let mut start = 0.0;
    for (seconds, rate) in rates {
        if *rate > 0.0 {
            // A low rate sends single changes rather than a batch a minute: at least one write a second.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is above zero")]
            let size = batch.min(rate.ceil() as usize).max(1);
            #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
            let step = size as f64 / rate;
            let mut number = 0.5;
            while number * step < *seconds {
                times.push((Duration::from_secs_f64(start + number * step), size));
                number += 1.0;
            }
        }
        start += seconds;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_the_rate_of_each_phase() {
        let times = batch_times(&[(10.0, 100.0), (5.0, 0.0), (10.0, 2_315.0)], 50);
        let between = |from: u64, to: u64| {
            let range = Duration::from_secs(from)..Duration::from_secs(to);
            times.iter().filter(|(at, _)| range.contains(at)).map(|(_, size)| size).sum::<usize>()
        };
        assert_eq!((between(0, 10), between(10, 15)), (1_000, 0));
        assert!(between(15, 25).abs_diff(23_150) <= 50, "{}", between(15, 25));
        assert!(times.windows(2).all(|two| two[0].0 < two[1].0));
    }

    #[test]
    fn a_low_rate_sends_single_changes() {
        let times = batch_times(&[(10.0, 1.0)], 50);
        assert_eq!(times.len(), 10);
        assert!(times.iter().all(|(_, size)| *size == 1));
    }
}
