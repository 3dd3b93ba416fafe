//! How fast the log is: no test, but the program behind the figures in `docs/LOG.md`.

use super::*;

/// Products, and events measured of each kind.
const PRODUCTS: usize = 200_000;
const EVENTS: usize = 200_000;
/// Changes of one request, and so of one sync.
const GROUP: usize = 2_000;

fn id(n: usize) -> String {
    format!("product-{:08}", (n as u32).wrapping_mul(2_654_435_761))
}

fn content(n: usize, version: usize) -> Change {
    Change::Upsert(Product {
        description: Some(format!("{version} {}", "a kettle that whistles ".repeat(22))),
        price: Some(version as f64),
        ..product(&id(n), "Kettle")
    })
}

fn measure(log: &Log, name: &str, events: usize, change: impl Fn(usize) -> Change) {
    let began = Instant::now();
    let mut worst = Duration::ZERO;
    for start in (0..events).step_by(GROUP) {
        let changes = (start..start + GROUP).map(&change).collect();
        let asked = Instant::now();
        log.append(changes).expect("appends");
        worst = worst.max(asked.elapsed());
        log.applied_durably(log.last().saturating_sub(20_000));
    }
    let megabytes = log.disk_bytes().expect("reads") >> 20;
    let rate = events as f64 / began.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} events/s, worst request {worst:?}, {megabytes} MB on disk");
}

#[test]
#[ignore = "a measurement: run it alone, with --nocapture"]
fn rates() {
    let dir = tempfile::tempdir().expect("a folder");
    store::CHECKPOINT_EARLY.store(false, std::sync::atomic::Ordering::Relaxed);
    let log = open(dir.path());
    let spread = |n: usize| n.wrapping_mul(7_919) % PRODUCTS;
    measure(&log, "load", PRODUCTS, |n| content(n, 0));
    for round in 1..=3 {
        measure(&log, "content", EVENTS, |n| content(spread(n), round));
    }
    let live = |round: usize| {
        move |n: usize| Change::Live { id: id(spread(n)), price: None, stock: Some(Some((n + round) as i64)) }
    };
    for round in 1..=3 {
        measure(&log, "live", EVENTS, live(round * EVENTS));
    }
    let began = Instant::now();
    let mut count = 0;
    log.for_each_live(&mut |_, _, _| count += 1).expect("reads");
    println!("for_each_live: {count} in {:?}", began.elapsed());
    let (began, mut cursor, mut count) = (Instant::now(), 0, 0);
    while cursor < log.last() {
        let batch = log.read_after(cursor, ReadLimits { events_max: 500, ..ALL }).expect("reads");
        (cursor, count) = (batch.through, count + batch.events.len());
    }
    println!("read_after in steps of 500: {count} in {:?}", began.elapsed());
    let began = Instant::now();
    log.close();
    drop(log);
    println!("close: {:?}", began.elapsed());
    let began = Instant::now();
    drop(open(dir.path()));
    println!("open and close: {:?}", began.elapsed());
}
