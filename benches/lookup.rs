//! How much does the stack add to a hit in memory, without HTTP?
//!
//! Corpus: 1,024 entries of 5 KB with 20 products whose prices and stock stand in the body, and three clauses of which two
//! were touched, over a catalog of 2,000 products; asked for in turn by one thread. `stack` is the production lookup: find
//! the entry, compare the key in full, prove it fresh by the touch table, recompute the fold of its products' live rows.
//! `bare_moka` finds the same entries under the same keys in a map of the same kind and does nothing else. The view of the
//! catalog is taken before: a request takes one whatever it finds. The goal: at most 1 µs between the two.
//!
//! Run: `cargo bench --bench lookup`

#[path = "validate/catalog.rs"]
mod catalog;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use moka::sync::Cache;
use storefind::answer::render::live_fields;
use storefind::cache::body::{Body, Hole};
use storefind::cache::entry::Entry;
use storefind::cache::freshness::{Stamp, View};
use storefind::cache::key::{Key, PassThrough};
use storefind::cache::proof::Proof;
use storefind::cache::stack::Stack;
use storefind::cache::tier::memory::MemoryTier;
use storefind::catalog::Change;
use storefind_index::answer::{LiveDependency, LiveShown};
use storefind_index::dependency::{Clause, Dependency, Variant};
use storefind_index::product::Product;
use tokio::time::Instant;

use catalog::touched;

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PRODUCTS: usize = 2_000;
const ENTRIES: usize = 1_024;
/// Products of a page, and the bytes that each takes in it.
const SHOWN: usize = 20;
const SHOWN_BYTES: usize = 250;

fn product(n: usize) -> Change {
    Change::Upsert(Product {
        id: n.to_string(),
        title: format!("touched{n}"),
        price: Some(n as f64),
        stock: Some(1),
        ..Product::default()
    })
}

/// The `n`th entry, computed before any product was written; its holes are empty and filled in by the first lookup.
fn entry(n: usize, view: &View) -> Arc<Entry> {
    let hole = |at: usize| Hole {
        place: (at * SHOWN_BYTES) as u32..(at * SHOWN_BYTES) as u32,
        id: (at * 97 % PRODUCTS).to_string().into(),
        ordinal: Some(((n + at * 97) % PRODUCTS) as u32),
        version: 0,
        in_stock: true,
        shows: LiveShown { price: true, stock: true, in_stock: true },
        follows_content: true,
    };
    let body = Body::new(vec![b' '; SHOWN * SHOWN_BYTES], (0..SHOWN).map(hole).collect());
    let terms = [format!("word:touched{n}"), format!("word:touched{}", n + 500), format!("word:untouched{n}")];
    let clauses = terms.map(|term| Clause { terms: vec![term] }).into();
    let variant = Variant { name: "strict".into(), required: 3, clauses };
    let proof = Proof::new(Dependency { variants: vec![variant] }, LiveDependency::None);
    let key = Arc::new(Key::new(format!("search/v2/shop/1?q=touched{n}+untouched{n}")));
    let stamp = Stamp::new(0, view.now, 1);
    Arc::new(Entry::new(key, stamp, Arc::new(proof), Duration::ZERO, body, Arc::default()))
}

fn lookup(criterion: &mut Criterion) {
    let (_dir, catalog, view) = touched((0..PRODUCTS).map(product));

    let stack: Stack<()> = Stack::new(MemoryTier::new(256 << 20).expect("a thread"), live_fields);
    let bare: Cache<u128, Arc<Entry>, PassThrough> = Cache::builder()
        .max_capacity(256 << 20)
        .weigher(|_, entry: &Arc<Entry>| u32::try_from(entry.weight()).unwrap_or(u32::MAX))
        .build_with_hasher(PassThrough::default());
    let filler = stack.filler();
    // Computed before the touched words, so every proof has to be read to its end.
    let entries = (0..).map(|n| entry(n % PRODUCTS, &view)).take(ENTRIES * 2);
    let keys: Vec<Arc<Key>> = entries
        .filter(|entry| {
            filler.fill(Arc::clone(entry));
            // The first lookup fills in the live values, the second is what is measured. A term in a hundred shares its
            // slot with one that was touched; such an entry is no hit.
            let is_hit = (0..2).all(|_| stack.lookup(entry.key(), &view, Instant::now()).is_ok());
            bare.insert(entry.key().hash(), Arc::clone(entry));
            is_hit
        })
        .map(|entry| Arc::clone(entry.key()))
        .take(ENTRIES)
        .collect();
    assert_eq!(keys.len(), ENTRIES);

    let mut group = criterion.benchmark_group("lookup");
    let mut next = keys.iter().cycle();
    group.bench_function("bare_moka", |bencher| {
        bencher.iter(|| next.next().map(|key| bare.get(black_box(&key.hash()))));
    });
    let (mut next, began) = (keys.iter().cycle(), Instant::now());
    group.bench_function("stack", |bencher| {
        bencher.iter(|| next.next().map(|key| stack.lookup(black_box(key), &view, began).is_ok()));
    });
    group.finish();
    catalog.close();
}

criterion_group!(benches, lookup);
criterion_main!(benches);
