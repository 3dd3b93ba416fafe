//! The open loop over a real socket, held by counts and by orders of moments: a slow machine cannot break them.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use super::*;
use crate::scenario::{Phase, shape};
use crate::traffic::{Ask, Kind};

/// A server that answers nobody until so many requests have come: a stall that only an open loop ends.
async fn stalling_server(opens_at: usize) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, opens_at, Arc::clone(&seen), Arc::clone(&gate)));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, opens_at: usize, seen: Arc<AtomicUsize>, gate: Arc<Semaphore>) {
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        while !buffer.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        }
        if seen.fetch_add(1, Ordering::SeqCst) + 1 == opens_at {
            gate.close();
        }
        // A closed gate lets everybody pass.
        let _ = gate.acquire().await;
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// One request each two milliseconds.
fn plan(count: u32) -> Vec<Planned> {
    let ask = Ask { kind: Kind::FirstPage, target: "/".into(), prefix_characters: 0 };
    (0..count).map(|number| Planned { at: Duration::from_millis(2) * number, ask: ask.clone() }).collect()
}

fn driven(opens_at: usize, requests: u32, in_flight_max: usize, timeout_ms: u64) -> Rc<Driver> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async move {
        let address = stalling_server(opens_at).await;
        let client = Rc::new(Client::new(address, &shape::Client { timeout_ms, ..Default::default() }));
        let phase = Phase::new("p", 1.0, 500.0, true);
        let clock = Clock::starting_now();
        let driver = Driver::new(client, clock, Rates::new(&[phase]), 1, in_flight_max);
        driver.drive(plan(requests).into_iter()).await.unwrap();
        driver
    })
}

#[test]
fn a_stall_is_charged_to_every_request_that_was_meant_to_leave_during_it() {
    // The 250th request leaves 498 ms after the first, no earlier; until then nobody is answered. Request k of the
    // first 250 has thus waited for at least 498 − 2k ms, however fast or slow this machine is.
    let driver = driven(250, 400, 1_000, 60_000);
    let recorder = driver.recorder.borrow();
    let totals = &recorder.phases[0];
    assert_eq!((totals.planned, totals.answered(), totals.failed()), (400, 400, 0));
    let latency = totals.latency(|_, _| true).summary().unpacked().unwrap();
    let slower_than = |milliseconds: u64| latency.count_between(milliseconds * 1_000, u64::MAX);
    // A generator that waits for answers would have recorded a handful.
    for (milliseconds, at_least) in [(400, 49), (200, 149), (100, 199)] {
        assert!(slower_than(milliseconds) >= at_least, "{} over {milliseconds} ms", slower_than(milliseconds));
    }
}

#[test]
fn over_the_cap_requests_are_dropped_and_counted_not_delayed() {
    // The gate never opens, and the time limit is longer than the plan: the first ten wait, the other ninety are over
    // the cap.
    let driver = driven(usize::MAX, 100, 10, 1_000);
    let recorder = driver.recorder.borrow();
    let totals = &recorder.phases[0];
    let dropped = totals.failures.get(Failure::Dropped.as_str()).copied().unwrap_or(0);
    let timed_out = totals.failures.get(Failure::TimedOut.as_str()).copied().unwrap_or(0);
    assert_eq!((totals.planned, totals.answered(), dropped + timed_out), (100, 0, 100));
    // A machine that stops for a second in between may let some more be sent.
    assert!(timed_out >= 10 && dropped > 0, "{timed_out} timed out, {dropped} dropped");
}
