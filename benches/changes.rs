//! How many durable changes a second does a catalog sustain?
//!
//! Corpus: `../shared/data/icecat-products.jsonl.gz`, 19,406 products, or with `STOREFIND_BENCH_PRODUCTS=N` the demo
//! catalog of N; loaded and searchable before the clock starts.
//! Eight writers send batches through `Catalog::write`: each returns when its batch is synced to disk, and waits when
//! the projector is too far behind (back-pressure), so what is measured after a while is what log and projector sustain
//! together. Content: the title of a random product gets a running number. Live: the price of a random product.
//! Nobody searches. The clock stops when the last change is visible. The data lies in `STOREFIND_BENCH_DIR`, or else in
//! the system's temporary folder.
//!
//! Run: `cargo bench --bench changes`, `STOREFIND_BENCH_PRODUCTS=100000 cargo bench --bench changes`

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};
use storefind::catalog::{Catalog, Change};
use storefind_index::feed::{FeedConfig, FeedMapping};
use storefind_index::settings::Settings;

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WRITERS: u64 = 8;
const SECONDS: u64 = 20;
const BOUND: Duration = Duration::from_secs(1);
const VISIBLE_WAIT_MAX: Duration = Duration::from_secs(120);
/// Changes of one request.
const BATCHES: [usize; 2] = [10, 100];

fn main() -> Result<(), Box<dyn Error>> {
    let dir = match std::env::var_os("STOREFIND_BENCH_DIR") {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let catalog = Catalog::open("icecat", dir.path(), &Settings::default(), BOUND, false)?;
    let ids = match std::env::var("STOREFIND_BENCH_PRODUCTS") {
        Ok(products) => load_generated(&catalog, products.parse()?)?,
        Err(_) => load(&catalog)?,
    };
    runtime.block_on(catalog.wait_visible(catalog.status().log_sequence, VISIBLE_WAIT_MAX))?;
    println!("{} products in {}", ids.len(), dir.path().display());
    let title = |id: &str, number: u64| {
        let mut fields = Map::new();
        fields.insert("title".into(), json!(format!("a title of some words, edited {number}")));
        Change::Patch { id: id.to_owned(), fields }
    };
    let price = |id: &str, number: u64| {
        let price = Some(Some(1.0 + (number % 1_000_000) as f64 / 100.0));
        Change::Live { id: id.to_owned(), price, stock: None }
    };
    for batch in BATCHES {
        report("content", batch, &drive(&runtime, &catalog, &ids, batch, title)?);
        report("live", batch, &drive(&runtime, &catalog, &ids, batch, price)?);
    }
    catalog.close();
    Ok(())
}

fn report(kind: &str, batch: usize, run: &Run) {
    let mut waits = run.waits.clone();
    waits.sort();
    let share = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{kind}, {WRITERS} writers, batches of {batch}: {:.0} changes/s acknowledged, {:.0}/s until all was visible; \
         {:.0} µs of processor time a change; acknowledgement p50 {:.1} ms, p99 {:.1} ms",
        run.changes as f64 / run.acknowledged.as_secs_f64(),
        run.changes as f64 / run.visible.as_secs_f64(),
        run.processor.as_secs_f64() * 1e6 / run.changes as f64,
        share(0.5),
        share(0.99),
    );
}

struct Run {
    changes: u64,
    acknowledged: Duration,
    visible: Duration,
    /// Of the whole process, until all was visible.
    processor: Duration,
    waits: Vec<Duration>,
}

/// Processor time that this process has used.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn drive(
    runtime: &tokio::runtime::Runtime,
    catalog: &Arc<Catalog>,
    ids: &[String],
    batch: usize,
    change: impl Fn(&str, u64) -> Change + Sync,
) -> Result<Run, Box<dyn Error>> {
    let (began, number, processor) = (Instant::now(), AtomicU64::new(0), processor_time());
    let write = |writer: u64| {
        let mut waits = Vec::new();
        let mut state = writer;
        while began.elapsed() < Duration::from_secs(SECONDS) {
            let changes = (0..batch).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                change(&ids[(state >> 33) as usize % ids.len()], number.fetch_add(1, Ordering::Relaxed))
            });
            let changes = changes.collect();
            let sent = Instant::now();
            let written = catalog.write(changes).expect("written");
            assert!(written.outcomes.iter().all(Result::is_ok), "no change is refused");
            waits.push(sent.elapsed());
        }
        waits
    };
    let waits = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer + 1))).collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
    });
    let acknowledged = began.elapsed();
    runtime.block_on(catalog.wait_visible(catalog.status().log_sequence, VISIBLE_WAIT_MAX))?;
    let processor = processor_time() - processor;
    Ok(Run { changes: number.into_inner(), acknowledged, visible: began.elapsed(), processor, waits })
}

/// Writes the demo catalog; returns the products' ids.
fn load_generated(catalog: &Catalog, products: u64) -> Result<Vec<String>, Box<dyn Error>> {
    let products: Vec<_> = storefind::demo::products(products).collect();
    let ids = products.iter().map(|product| product.id.clone()).collect();
    for batch in products.chunks(500) {
        catalog.write(batch.iter().cloned().map(Change::Upsert).collect())?;
    }
    Ok(ids)
}

/// Writes the feed; returns the products' ids.
fn load(catalog: &Catalog) -> Result<Vec<String>, Box<dyn Error>> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config: toml::Table = toml::from_str(&std::fs::read_to_string(project.join("config/icecat.toml"))?)?;
    let feed: FeedConfig = config["catalogs"]["icecat"]["feed"].clone().try_into()?;
    let mapping = FeedMapping::new(&feed).map_err(|problems| problems.join("; "))?;
    let path = project.join("../shared/data/icecat-products.jsonl.gz");
    let file = std::fs::File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (mut ids, mut batch) = (Vec::new(), Vec::new());
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let record: Map<String, Value> = serde_json::from_str(&line?)?;
        let (product, _) = mapping.map(record)?;
        ids.push(product.id.clone());
        batch.push(Change::Upsert(product));
        if batch.len() == 500 {
            catalog.write(std::mem::take(&mut batch))?;
        }
    }
    catalog.write(batch)?;
    Ok(ids)
}
