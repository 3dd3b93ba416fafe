//! What does a changed product cost the writer, and how much of that is analysing its old version and telling what is
//! touched?
//!
//! Corpus: `../shared/data/icecat-products.jsonl.gz`, 19,406 products, indexed and committed in memory. In each round,
//! products that lie a fixed step apart are changed (a word is added to the title) in four ways, each with a commit
//! that is timed apart:
//! - *new*: under an id that the index does not have, so there is no old version;
//! - *changed*: as it is; the old version is read from the snapshot, analysed and touched;
//! - *changed again*: before the commit; the old version is still in memory;
//! - *bare tantivy*: the same number of deletions by id and additions of finished documents, of the same kinds of
//!   fields (those of `benches/import.rs`), to an index of the same products: no analysis of ours, no old version.
//!
//! So *changed again* − *new* is analysing the old version and gathering its touches, *changed* − *changed again* is
//! reading it. The figures are medians over the rounds of the mean of a product, with their range, in processor time,
//! so that what else runs on the machine counts little: of the calling thread for the differences (the building of the
//! document is in it, tantivy's own indexing thread is not), and of the whole process (in steps of 10 ms) for a
//! change with its share of the commit. Processor times are read from Linux's `/proc`.
//!
//! Run: `cargo bench -p storefind-index --bench touch`

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::GzDecoder;
use storefind_index::feed::{FeedConfig, FeedMapping};
use storefind_index::product::Product;
use storefind_index::settings::Settings;
use storefind_index::writer::Writer;
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{LowerCaser, NgramTokenizer, SimpleTokenizer, TextAnalyzer};
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 9;
/// Products changed in a round, between two commits: what 2,300 changes a second bring in 0.35 s.
const CHANGED: usize = 800;
const WRITER_BYTES: usize = 128 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let products = products()?;
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default())?;
    let mut bare = Bare::new()?;
    for product in &products {
        writer.upsert(product)?;
        bare.writer.add_document(bare.document(product))?;
    }
    let mut sequence = 1;
    writer.commit(sequence)?;
    bare.writer.commit()?;
    println!("{} products, {CHANGED} changed between two commits, {ROUNDS} rounds", products.len());
    let mut times: [Vec<Duration>; 7] = Default::default();
    let mut whole: [Vec<Duration>; 7] = Default::default();
    let mut touched = 0;
    for round in 0..ROUNDS {
        let step = products.len() / CHANGED;
        let edited: Vec<Product> = (0..CHANGED)
            .map(|number| {
                let mut product = products[number * step + round].clone();
                product.title.push_str(" edited");
                product
            })
            .collect();
        let mut fresh = edited.clone();
        for product in &mut fresh {
            product.id = format!("new-{round}-{}", product.id);
        }
        let mut timed = |at: usize, act: &mut dyn FnMut() -> Result<(), Box<dyn Error>>| {
            let (thread, process) = (thread_time()?, process_time()?);
            act()?;
            times[at].push((thread_time()? - thread) / CHANGED as u32);
            whole[at].push((process_time()? - process) / CHANGED as u32);
            Ok::<(), Box<dyn Error>>(())
        };
        timed(0, &mut || upsert(&mut writer, &fresh).map(drop))?;
        sequence += 1;
        timed(1, &mut || Ok(writer.commit(sequence).map(drop)?))?;
        for product in &fresh {
            writer.delete(&product.id)?;
        }
        writer.commit(sequence)?;
        timed(2, &mut || {
            touched += upsert(&mut writer, &edited)?;
            Ok(())
        })?;
        sequence += 1;
        timed(3, &mut || Ok(writer.commit(sequence).map(drop)?))?;
        // Into the overlay first, not timed.
        upsert(&mut writer, &edited)?;
        timed(4, &mut || upsert(&mut writer, &edited).map(drop))?;
        sequence += 1;
        writer.commit(sequence)?;
        let documents: Vec<_> = edited.iter().map(|product| (&product.id, bare.document(product))).collect();
        let mut documents = Some(documents);
        timed(5, &mut || {
            for (id, document) in documents.take().into_iter().flatten() {
                bare.writer.delete_term(Term::from_field_text(bare.id, id));
                bare.writer.add_document(document)?;
            }
            Ok(())
        })?;
        timed(6, &mut || Ok(bare.writer.commit().map(drop)?))?;
    }
    let names = [
        "new",
        "new: commit",
        "changed",
        "changed: commit",
        "changed again",
        "bare tantivy delete and add",
        "bare tantivy: commit",
    ];
    for (name, times) in names.into_iter().zip(&times) {
        println!("{name}: {} of its thread", shown(times));
    }
    let together = |a: usize| -> Vec<Duration> { whole[a].iter().zip(&whole[a + 1]).map(|(a, b)| *a + *b).collect() };
    let (changed, bare) = (together(2), together(5));
    println!("changed with its share of the commit: {} of the process", shown(&changed));
    println!("bare tantivy with its share of the commit: {} of the process", shown(&bare));
    let ratios = changed.iter().zip(&bare).map(|(changed, bare)| changed.as_secs_f64() / bare.as_secs_f64());
    println!("changed ÷ bare, with the commit: {}", range(ratios.collect()));
    let difference = |a: usize, b: usize| -> Vec<f64> {
        times[a].iter().zip(&times[b]).map(|(a, b)| (a.as_secs_f64() - b.as_secs_f64()) * 1e6).collect()
    };
    println!("analysing the old version and touching it (changed again − new): {}", range(difference(4, 0)));
    println!("reading the old version (changed − changed again): {}", range(difference(2, 4)));
    println!("hashes touched by a change: {:.0}", touched as f64 / (ROUNDS * CHANGED) as f64);
    println!("words and prefixes counted: {}", writer.vocabulary_len());
    Ok(())
}

/// Processor time that the calling thread has used.
fn thread_time() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(text.split_whitespace().next().ok_or("no time")?.parse()?))
}

/// Processor time that all threads have used.
fn process_time() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the name, which may have blanks: user and system time are the 14th and 15th of all fields.
    let (_, fields) = text.rsplit_once(") ").ok_or("no fields")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// Returns how many hashes were touched.
fn upsert(writer: &mut Writer, products: &[Product]) -> Result<usize, Box<dyn Error>> {
    let mut touched = 0;
    for product in products {
        touched += writer.upsert(product)?.len();
    }
    Ok(touched)
}

fn shown(times: &[Duration]) -> String {
    range(times.iter().map(|time| time.as_secs_f64() * 1e6).collect()) + " µs a product"
}

/// The median with the range.
fn range(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    format!("{:.1} ({:.1}–{:.1})", values[values.len() / 2], values[0], values[values.len() - 1])
}

fn products() -> Result<Vec<Product>, Box<dyn Error>> {
    let feed: FeedConfig = serde_json::from_value(serde_json::json!({
        "id": "id", "title": "title", "sku": "name", "brand": "supplier", "description": "short_description",
        "price": {"field": "price", "scale": 0.01}, "image": "img_500x500", "released": "date_released",
        "identifiers": "ean", "attributes": ["attr_t_*", "attr_n_*", "attr_b_*"],
    }))?;
    let mapping = FeedMapping::new(&feed).map_err(|problems| problems.join("; "))?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/icecat-products.jsonl.gz");
    let file = std::fs::File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut products = Vec::new();
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        products.push(mapping.map(serde_json::from_str(&line?)?)?.0);
    }
    Ok(products)
}

/// Bare tantivy.
struct Bare {
    writer: IndexWriter,
    id: Field,
    stored: Field,
    texts: [Field; 5],
    words: Field,
    prefix: Field,
    keyword: Field,
    column: Field,
}

impl Bare {
    fn new() -> Result<Self, Box<dyn Error>> {
        let mut schema = Schema::builder();
        let mut text = |name: &str, tokenizer: &str, record| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record);
            schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
        };
        let placed = IndexRecordOption::WithFreqsAndPositions;
        let texts = ["title", "brand", "sku", "attributes", "description"].map(|name| text(name, "words", placed));
        let words = text("words", "words", IndexRecordOption::Basic);
        let prefix = text("prefix", "prefixes", IndexRecordOption::Basic);
        let id = schema.add_text_field("id", STRING | FAST);
        let stored = schema.add_text_field("stored", STORED);
        let keyword = schema.add_bytes_field("keyword", BytesOptions::default().set_indexed());
        let column = schema.add_bytes_field("column", BytesOptions::default().set_fast());
        let index = Index::create_in_ram(schema.build());
        let tokens = TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser);
        index.tokenizers().register("words", tokens.build());
        let prefixes = TextAnalyzer::builder(NgramTokenizer::prefix_only(1, 12)?).filter(LowerCaser);
        index.tokenizers().register("prefixes", prefixes.build());
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        Ok(Self { writer, id, stored, texts, words, prefix, keyword, column })
    }

    fn document(&self, product: &Product) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.id, &product.id);
        let json = product.to_json();
        document.add_text(self.stored, serde_json::to_string(&json).unwrap_or_default());
        let short = [Some(&product.title), product.brand.as_ref(), product.sku.as_ref()];
        for (field, value) in self.texts.iter().zip(short) {
            let Some(value) = value else { continue };
            document.add_text(*field, value);
            document.add_text(self.words, value);
            for word in value.split_whitespace() {
                document.add_text(self.prefix, word);
            }
        }
        if let Some(text) = &product.description {
            document.add_text(self.texts[4], text);
            document.add_text(self.words, text);
        }
        let attributes = json.get("attributes").and_then(serde_json::Value::as_object).into_iter().flatten();
        for (name, value) in attributes {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let term = format!("{name}\0{shown}");
            document.add_bytes(self.keyword, term.as_bytes());
            document.add_bytes(self.column, term.as_bytes());
            if value.is_string() {
                document.add_text(self.texts[3], &shown);
                document.add_text(self.words, &shown);
            }
        }
        document
    }
}
