//! A closed loop: as many requests as a number of connections can make, one after the other on each.
//!
//! Owns the table of throughput by connections. It refuses to be mistaken for load: callers of a shop do not wait for
//! each other, so that latencies found here say nothing about what shoppers see. What it is good for is comparing
//! answers with each other and with a bare handler in the same run.
//!
//! Invariant: each URL is followed by a bare handler that answers as many bytes.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::task::JoinSet;

use crate::bare::Bare;
use crate::client::connection::Connection;
use crate::client::{Body, Client, Failure};
use crate::engine::stopped;
use crate::record::distribution::Recording;
use crate::result::{Header, SaturationResult, SaturationRow, ratio};
use crate::scenario::shape;

/// Connections of each row, as the issue asks.
pub(crate) const CONNECTIONS: [usize; 4] = [1, 8, 64, 512];
/// An answer that takes longer is a failure: a program that waits for ever tells nothing.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);
/// Part of each row's time that is not counted.
const WARM_SHARE: f64 = 0.2;

#[derive(Debug, Default)]
struct Counted {
    latency: Recording,
    failed: u64,
}

pub(crate) async fn saturate(
    address: SocketAddr,
    targets: &[String],
    seconds: f64,
) -> anyhow::Result<SaturationResult> {
    let settings = shape::Client::default();
    let client = Client::new(address, &settings);
    let mut rows = Vec::new();
    for target in targets {
        let answer = client.send(&client.request(target), Body::Kept).await.context("cannot reach the server")?;
        if answer.head.status != 200 {
            bail!("{target}: status {}", answer.head.status);
        }
        let bare = Bare::start(answer.body.len())?;
        let bare_name = format!("bare handler, {} bytes", answer.body.len());
        for connections in CONNECTIONS {
            if stopped() {
                break;
            }
            let two = [
                row(address, target, target, connections, seconds).await?,
                row(bare.address, &bare_name, target, connections, seconds).await?,
            ];
            if stopped() {
                // Part of a row, counted as if it were whole, would be a lie.
                break;
            }
            rows.extend(two);
        }
    }
    let header = Header::new("saturate", "A closed loop: throughput by connections, beside a bare handler.");
    Ok(SaturationResult { header, seconds, rows })
}

async fn row(
    address: SocketAddr,
    name: &str,
    target: &str,
    connections: usize,
    seconds: f64,
) -> anyhow::Result<SaturationRow> {
    let request = Rc::new(Client::new(address, &shape::Client::default()).request(target));
    let counted = Rc::new(RefCell::new(Counted::default()));
    let begin = Instant::now() + Duration::from_secs_f64(seconds * WARM_SHARE);
    let end = begin + Duration::from_secs_f64(seconds);
    let mut callers = JoinSet::new();
    for _ in 0..connections {
        let mut connection = Connection::open(address).await.context("cannot connect")?;
        let (request, counted) = (Rc::clone(&request), Rc::clone(&counted));
        callers.spawn_local(async move {
            loop {
                let sent = Instant::now();
                if sent >= end || stopped() {
                    return Ok::<_, Failure>(());
                }
                let exchange = connection.exchange(&request.0, Body::Dropped);
                let outcome = tokio::time::timeout(ANSWER_WAIT_MAX, exchange).await.unwrap_or(Err(Failure::TimedOut));
                let done = Instant::now();
                let answered = outcome.as_ref().is_ok_and(|(answer, _)| answer.head.status == 200);
                if sent >= begin && done <= end {
                    let mut counted = counted.borrow_mut();
                    if answered {
                        counted.latency.record(done - sent);
                    } else {
                        counted.failed += 1;
                    }
                }
                if !matches!(outcome, Ok((_, true))) {
                    connection = Connection::open(address).await?;
                }
            }
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended?.context("a connection was lost and could not be made again")?;
    }
    let counted = counted.borrow();
    let latency = counted.latency.summary();
    #[expect(clippy::cast_precision_loss, reason = "counts of some seconds")]
    let answered_per_second = latency.count as f64 / seconds;
    Ok(SaturationRow { target: name.to_owned(), connections, answered_per_second, failed: counted.failed, latency })
}

/// Each row beside the bare handler that follows it: the share of its throughput.
pub(crate) fn shares(rows: &[SaturationRow]) -> Vec<Option<f64>> {
    let share = |two: &[SaturationRow]| match two {
        [row, bare] => vec![ratio(row.latency.count, bare.latency.count), None],
        _ => vec![None],
    };
    rows.chunks(2).flat_map(share).collect()
}
