//! Question: what does importing a feed cost over bare tantivy?
//!
//! Corpus: `../shared/data/icecat-products.jsonl.gz`, 19,406 products. Storefind is the `import` command into an empty
//! data directory, as a user runs it: unzip, parse, map, append durably to the log, project, until all is searchable.
//! Bare tantivy unzips and parses the same file and adds the same kinds of fields in one commit: five text fields
//! with positions (lower-cased, not stemmed: that is less than Storefind does), one of all words, one of prefixes, filter terms, columns and the stored product; one writer
//! thread with the same memory. Both run in turns; the figure is the median of the rounds' ratios (bare ÷ Storefind)
//! with their range.
//!
//! Run: `cargo bench --bench import`

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{LowerCaser, NgramTokenizer, SimpleTokenizer, TextAnalyzer};
use tantivy::{Index, IndexWriter, TantivyDocument};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 7;
const WRITER_BYTES: usize = 128 << 20;

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

struct BareFields {
    id: Field,
    stored: Field,
    texts: [Field; 5],
    words: Field,
    prefix: Field,
    keyword: Field,
    column: Field,
    price: Field,
}

fn schema() -> (Schema, BareFields) {
    let mut schema = Schema::builder();
    let mut text = |name: &str, tokenizer: &str, record| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
        schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
    };
    let placed = IndexRecordOption::WithFreqsAndPositions;
    let texts = ["title", "brand", "sku", "attributes", "description"].map(|name| text(name, "words", placed));
    let words = text("words", "words", IndexRecordOption::Basic);
    let prefix = text("prefix", "prefixes", IndexRecordOption::Basic);
    let fields = BareFields {
        texts,
        words,
        prefix,
        id: schema.add_text_field("id", STRING | FAST),
        stored: schema.add_text_field("stored", STORED),
        keyword: schema.add_bytes_field("keyword", BytesOptions::default().set_indexed()),
        column: schema.add_bytes_field("column", BytesOptions::default().set_fast()),
        price: schema.add_f64_field("price", FAST),
    };
    (schema.build(), fields)
}

fn bare(feed: &Path) -> Result<Duration, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let start = Instant::now();
    let (schema, fields) = schema();
    let index = Index::create_in_dir(dir.path(), schema)?;
    let words = TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser);
    index.tokenizers().register("words", words.build());
    let prefixes = TextAnalyzer::builder(NgramTokenizer::prefix_only(1, 12)?).filter(LowerCaser);
    index.tokenizers().register("prefixes", prefixes.build());
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
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
    let mut document = TantivyDocument::new();
    document.add_text(fields.id, text("id"));
    document.add_text(fields.stored, line);
    let named = [text("title"), text("supplier"), text("name")];
    for (field, value) in fields.texts.iter().zip(named) {
        document.add_text(*field, value);
        document.add_text(fields.words, value);
        for word in value.split_whitespace() {
            document.add_text(fields.prefix, word);
        }
    }
    document.add_text(fields.texts[4], text("short_description"));
    document.add_text(fields.words, text("short_description"));
    for (name, value) in &record {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let term = format!("{name}\0{shown}");
        document.add_bytes(fields.keyword, term.as_bytes());
        document.add_bytes(fields.column, term.as_bytes());
        if name.starts_with("attr_t_") {
            document.add_text(fields.texts[3], &shown);
            document.add_text(fields.words, &shown);
        }
    }
    if let Some(price) = record.get("price").and_then(Value::as_f64) {
        document.add_f64(fields.price, price / 100.0);
    }
    Ok(document)
}
