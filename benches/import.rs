//! Question: what does importing a feed cost over bare tantivy?
//!
//! Corpus: `../shared/data/icecat-products.jsonl.gz`, 19,406 products. Storefind is the `import` command into an empty
//! data directory, as a user runs it: unzip, parse, map, append durably to the log, project, until all is searchable.
//! Bare tantivy unzips and parses the same file and adds the same kinds of fields in one commit: five text fields
//! with positions (lower-cased, not stemmed: that is less than Storefind does), one of all words, one of prefixes,
//! filter terms, columns and the stored product; one writer thread with the same memory. Both run in turns; the figure
//! is the median of the rounds' ratios (bare ÷ Storefind) with their range.
//!
//! Run: `cargo bench --bench import`

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

#[path = "../index/benches/touch/bare.rs"]
mod bare;

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use tantivy::schema::{FAST, Field, Schema};
use tantivy::{Index, TantivyDocument};

use self::bare::{ATTRIBUTES, BRAND, DESCRIPTION, Fields, SKU, TITLE};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let feed = root.join("../shared/data/icecat-products.jsonl.gz");
    std::fs::File::open(&feed).map_err(|error| format!("{}: {error}", feed.display()))?;
    let mut ratios = Vec::with_capacity(ROUNDS);
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bares.push(bare(&feed)?);
        ours.push(storefind(root, &feed)?);
        ratios.push(bares[bares.len() - 1].as_secs_f64() / ours[ours.len() - 1].as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "import {:.2} s, bare tantivy {:.2} s, bare ÷ import {:.2} ({:.2}–{:.2})",
        median(ours).as_secs_f64(),
        median(bares).as_secs_f64(),
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1],
    );
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn storefind(root: &Path, feed: &Path) -> Result<Duration, Box<dyn Error>> {
    let data = tempfile::tempdir()?;
    let config: PathBuf = root.join("config/icecat.toml");
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_storefind"))
        .arg("import")
        .arg("icecat")
        .arg(feed)
        .arg("--config")
        .arg(config)
        .env("STOREFIND_DATA_DIR", data.path())
        .output()?;
    let time = start.elapsed();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(time)
}

/// Those of a product, and its price, which Storefind's index does without.
struct BareFields {
    product: Fields,
    price: Field,
}

fn bare(feed: &Path) -> Result<Duration, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let start = Instant::now();
    let mut schema = Schema::builder();
    let fields = BareFields { product: Fields::add_to(&mut schema), price: schema.add_f64_field("price", FAST) };
    let mut writer = bare::writer(&Index::create_in_dir(dir.path(), schema.build())?)?;
    for line in BufReader::new(GzDecoder::new(std::fs::File::open(feed)?)).lines() {
        let line = line?;
        writer.add_document(document(&fields, &line)?)?;
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    Ok(start.elapsed())
}

fn document(fields: &BareFields, line: &str) -> Result<TantivyDocument, Box<dyn Error>> {
    let record: Map<String, Value> = serde_json::from_str(line)?;
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let product = &fields.product;
    let mut document = product.document(text("id"), line);
    for (at, name) in [(TITLE, "title"), (BRAND, "supplier"), (SKU, "name")] {
        product.add_name(&mut document, at, text(name));
    }
    product.add_text(&mut document, DESCRIPTION, text("short_description"));
    for (name, value) in &record {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        product.add_value(&mut document, name, &shown);
        if name.starts_with("attr_t_") {
            product.add_text(&mut document, ATTRIBUTES, &shown);
        }
    }
    if let Some(price) = record.get("price").and_then(Value::as_f64) {
        document.add_f64(fields.price, price / 100.0);
    }
    Ok(document)
}
