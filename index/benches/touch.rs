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
//!   fields (those of `touch/bare.rs`), to an index of the same products: no analysis of ours, no old version.
//!
//! So *changed again* − *new* is analysing the old version and gathering its touches, *changed* − *changed again* is
//! reading it. The figures are medians over the rounds of the mean of a product, with their range, in processor time,
//! so that what else runs on the machine counts little: of the calling thread for the differences (the building of the
//! document is in it, tantivy's own indexing thread is not), and of the whole process (in steps of 10 ms) for a
//! change with its share of the commit. Processor times are read from Linux's `/proc`.
//!
//! Run: `cargo bench -p storefind-index --bench touch`

#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

#[path = "touch/bare.rs"]
mod bare;
#[path = "touch/corpus.rs"]
mod corpus;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use storefind_index::product::Product;
use storefind_index::settings::Settings;
use storefind_index::writer::Writer;
use tantivy::schema::Schema;
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

use self::bare::{ATTRIBUTES, BRAND, DESCRIPTION, Fields, SKU, TITLE};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 9;
/// Products changed in a round, between two commits: what 2,300 changes a second bring in 0.35 s.
const CHANGED: usize = 800;

fn main() -> Result<(), Box<dyn Error>> {
    let products = corpus::products()?;
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default())?;
    let mut bare = Bare::new()?;
    let mut sequence = corpus::load(&mut writer, &products)?;
    for product in &products {
        bare.writer.add_document(bare.document(product))?;
    }
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
                bare.writer.delete_term(Term::from_field_text(bare.fields.id, id));
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

/// Bare tantivy.
struct Bare {
    writer: IndexWriter,
    fields: Fields,
}

impl Bare {
    fn new() -> Result<Self, Box<dyn Error>> {
        let mut schema = Schema::builder();
        let fields = Fields::add_to(&mut schema);
        let writer = bare::writer(&Index::create_in_ram(schema.build()))?;
        Ok(Self { writer, fields })
    }

    fn document(&self, product: &Product) -> TantivyDocument {
        let json = product.to_json();
        let stored = serde_json::to_string(&json).unwrap_or_default();
        let mut document = self.fields.document(&product.id, &stored);
        let names = [(TITLE, Some(&product.title)), (BRAND, product.brand.as_ref()), (SKU, product.sku.as_ref())];
        for (at, value) in names {
            if let Some(value) = value {
                self.fields.add_name(&mut document, at, value);
            }
        }
        if let Some(text) = &product.description {
            self.fields.add_text(&mut document, DESCRIPTION, text);
        }
        let attributes = json.get("attributes").and_then(serde_json::Value::as_object).into_iter().flatten();
        for (name, value) in attributes {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.fields.add_value(&mut document, name, &shown);
            if value.is_string() {
                self.fields.add_text(&mut document, ATTRIBUTES, &shown);
            }
        }
        document
    }
}
