//! A closed loop: as many requests as a number of connections can make, one after the other on each.
//!
//! Owns rows of throughput by connections. It refuses to be mistaken for load: callers of a shop do not wait for
//! each other, so that latencies found here say nothing about what shoppers see. What it is good for is comparing
//! answers with each other and with a bare handler in the same run.
//!
//! Invariant: a row is whole or left out, and counts only what began and ended in its time.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::task::JoinSet;

use crate::bare::Bare;
use crate::client::connection::Connection;
use crate::client::{Answer, Body, Client, Failure, Request};
use crate::engine::stopped;
use crate::record::distribution::Recording;
use crate::result::{Header, SaturationResult, SaturationRow};
use crate::scenario::shape;

/// Connections of each row, as the issue asks.
pub(crate) const CONNECTIONS: [usize; 4] = [1, 8, 64, 512];
/// An answer that takes longer is a failure: a program that waits for ever tells nothing.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);
/// Part of each row's time that is not counted.
const WARM_SHARE: f64 = 0.2;

/// What the callers of a row ask.
pub(crate) enum Asked {
    /// All the same.
    Same(Rc<Request>),
    /// Each something else, as long as there is anything.
    Each(RefCell<Box<dyn Iterator<Item = Request>>>),
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Same(_) => "Same",
            Self::Each(_) => "Each",
        })
    }
}

impl Asked {
    pub(crate) fn same(request: Request) -> Rc<Self> {
        Rc::new(Self::Same(Rc::new(request)))
    }

    pub(crate) fn each(requests: impl Iterator<Item = Request> + 'static) -> Rc<Self> {
        Rc::new(Self::Each(RefCell::new(Box::new(requests))))
    }

    fn next(&self) -> Option<Rc<Request>> {
        match self {
            Self::Same(request) => Some(Rc::clone(request)),
            Self::Each(requests) => requests.borrow_mut().next().map(Rc::new),
        }
    }
}

#[derive(Debug, Default)]
struct Counted {
    latency: Recording,
    kept: u64,
    shed: u64,
    failed: u64,
}

impl Counted {
    fn count(&mut self, outcome: Result<&Answer, Failure>, took: Duration) {
        match outcome.map(|answer| &answer.head) {
            Ok(head) if head.status == 200 => {
                self.latency.record(took);
                self.kept += u64::from(head.cache.tier.is_hit());
            }
            Ok(head) if head.status == 503 => self.shed += 1,
            Ok(_) | Err(_) => self.failed += 1,
        }
    }
}

/// URLs, each beside a bare handler in this process that answers as many bytes.
pub(crate) async fn saturate(
    address: SocketAddr,
    targets: &[String],
    seconds: f64,
) -> anyhow::Result<SaturationResult> {
    let client = Client::new(address, &shape::Client::default());
    let mut rows = Vec::new();
    for target in targets {
        let answer = client.send(&client.request(target), Body::Kept).await.context("cannot reach the server")?;
        if answer.head.status != 200 {
            bail!("{target}: status {}", answer.head.status);
        }
        let bare = Bare::start(answer.body.len())?;
        let bare_name = format!("bare handler, {} bytes", answer.body.len());
        let bare_request = Client::new(bare.address, &shape::Client::default()).request(target);
        let (asked, bare_asked) = (Asked::same(client.request(target)), Asked::same(bare_request));
        for connections in CONNECTIONS {
            let answer = row(address, target, &asked, connections, seconds).await?;
            let bare = row(bare.address, &bare_name, &bare_asked, connections, seconds).await?;
            let (Some(answer), Some(bare)) = (answer, bare) else { break };
            rows.extend([compared(answer, &bare), bare]);
        }
    }
    let header = Header::new("saturate", "A closed loop: throughput by connections, beside a bare handler.");
    Ok(SaturationResult { header, seconds, rows })
}

/// A row with its share of a bare handler's throughput.
pub(crate) fn compared(mut row: SaturationRow, bare: &SaturationRow) -> SaturationRow {
    row.of_bare = (bare.answered_per_second > 0.0).then(|| row.answered_per_second / bare.answered_per_second);
    row
}

/// One row; none when the program was told to stop: part of a row, counted as if it were whole, would be a lie.
pub(crate) async fn row(
    address: SocketAddr,
    name: &str,
    asked: &Rc<Asked>,
    connections: usize,
    seconds: f64,
) -> anyhow::Result<Option<SaturationRow>> {
    let counted = Rc::new(RefCell::new(Counted::default()));
    let mut callers = JoinSet::new();
    let mut opened = Vec::with_capacity(connections);
    for _ in 0..connections {
        opened.push(Connection::open(address).await.context("cannot connect")?);
    }
    let begin = Instant::now() + Duration::from_secs_f64(seconds * WARM_SHARE);
    let end = begin + Duration::from_secs_f64(seconds);
    for mut connection in opened {
        let (asked, counted) = (Rc::clone(asked), Rc::clone(&counted));
        callers.spawn_local(async move {
            while Instant::now() < end && !stopped() {
                let Some(request) = asked.next() else { anyhow::bail!("there is nothing left to ask") };
                let sent = Instant::now();
                let exchange = connection.exchange(&request.0, Body::Dropped);
                let outcome = tokio::time::timeout(ANSWER_WAIT_MAX, exchange).await.unwrap_or(Err(Failure::TimedOut));
                let done = Instant::now();
                if sent >= begin && done <= end {
                    let outcome = outcome.as_ref().map(|(answer, _)| answer).map_err(|failure| *failure);
                    counted.borrow_mut().count(outcome, done - sent);
                }
                if !matches!(outcome, Ok((_, true))) {
                    connection =
                        Connection::open(address).await.context("a connection was lost and could not be made again")?;
                }
            }
            Ok(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended?.with_context(|| name.to_owned())?;
    }
    if stopped() {
        return Ok(None);
    }
    let counted = counted.borrow();
    let latency = counted.latency.summary();
    #[expect(clippy::cast_precision_loss, reason = "counts of some seconds")]
    let answered_per_second = latency.count as f64 / seconds;
    let (shed, failed, kept) = (counted.shed, counted.failed, counted.kept);
    let target = name.to_owned();
    Ok(Some(SaturationRow { target, connections, answered_per_second, shed, failed, kept, latency, of_bare: None }))
}

#[cfg(test)]
mod tests;
