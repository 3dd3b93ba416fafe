//! Question: what do importing a feed, and rebuilding an index from the log, cost over bare tantivy?
//!
//! Corpus: `../shared/data/icecat-products.jsonl.gz`, 19,406 products; with `STOREFIND_BENCH_PRODUCTS=N` the demo catalog
//! of N products instead, written as JSONL before the clock starts. Storefind is the `import` command into an empty
//! data directory, as a user runs it: unzip, parse, map, append durably to the log, project, until all is searchable;
//! then the `rebuild` command on the same directory. Bare tantivy parses the same file and adds the same kinds of
//! fields in one commit: five text fields with positions (lower-cased, not stemmed: that is less than Storefind does),
//! one of all words, one of prefixes, filter terms, columns and the stored product; one writer thread with the same
//! memory. All run in turns; the figures are the medians of the rounds' ratios (bare ÷ Storefind) with their range.
//!
//! Run: `cargo bench --bench import`, `STOREFIND_BENCH_PRODUCTS=1000000 cargo bench --bench import`

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

#[path = "../index/benches/touch/bare.rs"]
mod bare;

use std::error::Error;
use std::io::{BufRead, BufReader, BufWriter, Write};
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

/// A median of seven stands against a noisy machine; a large catalog takes minutes and averages by itself.
const ROUNDS: usize = 7;
const ROUNDS_LARGE: usize = 1;
const LARGE: u64 = 200_000;

/// A file of products, and how to read it.
struct Corpus {
    catalog: &'static str,
    file: PathBuf,
    config: PathBuf,
    /// Names of title, brand, sku and description.
    names: [&'static str; 4],
    /// Attributes: in an object, or by the beginning of their names.
    attributes: Attributes,
    rounds: usize,
}

enum Attributes {
    In(&'static str),
    Prefixed(&'static str),
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = tempfile::tempdir()?;
    let corpus = match std::env::var("STOREFIND_BENCH_PRODUCTS") {
        Ok(products) => generated(products.parse()?, made.path())?,
        Err(_) => icecat(root),
    };
    let mut rounds = Vec::with_capacity(corpus.rounds);
    for round in 1..=corpus.rounds {
        let bare = bare(&corpus)?.as_secs_f64();
        let (import, rebuild) = storefind(&corpus)?;
        println!("round {round}: bare tantivy {bare:.2} s, import {import:.2} s, rebuild {rebuild:.2} s");
        rounds.push([bare / import, bare / rebuild]);
    }
    for (at, name) in ["import", "rebuild"].into_iter().enumerate() {
        let mut ratios: Vec<f64> = rounds.iter().map(|round| round[at]).collect();
        ratios.sort_by(f64::total_cmp);
        let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
        println!("bare ÷ {name}: {:.2} ({least:.2}–{most:.2})", ratios[ratios.len() / 2]);
    }
    Ok(())
}

fn icecat(root: &Path) -> Corpus {
    Corpus {
        catalog: "icecat",
        file: root.join("../shared/data/icecat-products.jsonl.gz"),
        config: root.join("config/icecat.toml"),
        names: ["title", "supplier", "name", "short_description"],
        attributes: Attributes::Prefixed("attr_t_"),
        rounds: ROUNDS,
    }
}

fn generated(products: u64, dir: &Path) -> Result<Corpus, Box<dyn Error>> {
    let (file, config) = (dir.join("products.jsonl"), dir.join("config.toml"));
    let mut out = BufWriter::new(std::fs::File::create(&file)?);
    for product in storefind::demo::products(products) {
        serde_json::to_writer(&mut out, &Value::Object(product.to_json()))?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    std::fs::write(&config, "[catalogs.demo]\n")?;
    let rounds = if products > LARGE { ROUNDS_LARGE } else { ROUNDS };
    let names = ["title", "brand", "sku", "description"];
    Ok(Corpus { catalog: "demo", file, config, names, attributes: Attributes::In("attributes"), rounds })
}

/// Seconds that the import and the rebuild took.
fn storefind(corpus: &Corpus) -> Result<(f64, f64), Box<dyn Error>> {
    let data = tempfile::tempdir()?;
    let run = |arguments: &[&std::ffi::OsStr]| -> Result<f64, Box<dyn Error>> {
        let began = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_storefind"))
            .args(arguments)
            .arg("--config")
            .arg(&corpus.config)
            // Else the program would take them for keys of its configuration.
            .env_remove("STOREFIND_BENCH_PRODUCTS")
            .env_remove("STOREFIND_BENCH_DIR")
            .env("STOREFIND_DATA_DIR", data.path())
            .output()?;
        let time = began.elapsed();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(time.as_secs_f64())
    };
    let catalog = corpus.catalog.as_ref();
    let import = run(&["import".as_ref(), catalog, corpus.file.as_os_str()])?;
    Ok((import, run(&["rebuild".as_ref(), catalog])?))
}

/// Those of a product, and its price, which Storefind's index does without.
struct BareFields {
    product: Fields,
    price: Field,
}

fn bare(corpus: &Corpus) -> Result<Duration, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let began = Instant::now();
    let mut schema = Schema::builder();
    let fields = BareFields { product: Fields::add_to(&mut schema), price: schema.add_f64_field("price", FAST) };
    let mut writer = bare::writer(&Index::create_in_dir(dir.path(), schema.build())?)?;
    let file = std::fs::File::open(&corpus.file).map_err(|error| format!("{}: {error}", corpus.file.display()))?;
    let is_zipped = corpus.file.extension().is_some_and(|extension| extension == "gz");
    let lines: Box<dyn BufRead> =
        if is_zipped { Box::new(BufReader::new(GzDecoder::new(file))) } else { Box::new(BufReader::new(file)) };
    for line in lines.lines() {
        let line = line?;
        writer.add_document(document(corpus, &fields, &line)?)?;
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    Ok(began.elapsed())
}

fn document(corpus: &Corpus, fields: &BareFields, line: &str) -> Result<TantivyDocument, Box<dyn Error>> {
    let record: Map<String, Value> = serde_json::from_str(line)?;
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let product = &fields.product;
    let mut document = product.document(text("id"), line);
    let [title, brand, sku, description] = corpus.names;
    for (at, name) in [(TITLE, title), (BRAND, brand), (SKU, sku)] {
        product.add_name(&mut document, at, text(name));
    }
    product.add_text(&mut document, DESCRIPTION, text(description));
    let mut value = |name: &str, value: &Value, is_attribute: bool| {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        product.add_value(&mut document, name, &shown);
        if is_attribute {
            product.add_text(&mut document, ATTRIBUTES, &shown);
        }
    };
    for (name, held) in &record {
        match (&corpus.attributes, held) {
            (Attributes::In(object), Value::Object(attributes)) if name == object => {
                attributes.iter().for_each(|(name, held)| value(name, held, true));
            }
            (Attributes::In(_), Value::Array(values)) => values.iter().for_each(|held| value(name, held, false)),
            (Attributes::Prefixed(prefix), _) => value(name, held, name.starts_with(prefix)),
            (Attributes::In(_), _) => value(name, held, false),
        }
    }
    if let Some(price) = record.get("price").and_then(Value::as_f64) {
        document.add_f64(fields.price, price);
    }
    Ok(document)
}
