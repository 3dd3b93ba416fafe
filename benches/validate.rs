//! What does it cost to judge that an entry is still fresh?
//!
//! Corpus: a catalog of 2,000 products, every one of them changed after the entries were computed; its touch table has
//! the least size, 2^20 slots (8 MB of sequences). 4,096 entries are judged in turn, so that their terms lie all over
//! the table. Each has one variant of 1, 3 or 6 clauses with a term each, of which every one but the last was touched:
//! the dearest hit there is. Beside it: one read of an array of the table's size at as many random places.
//!
//! Run: `cargo bench --bench validate`

#[path = "validate/catalog.rs"]
mod catalog;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, criterion_group, criterion_main};
use storefind::cache::freshness::{StaleReason, Stamp, Verdict, judge};
use storefind::cache::proof::Proof;
use storefind::catalog::Change;
use storefind_index::answer::LiveDependency;
use storefind_index::dependency::{Clause, Dependency, Variant};
use storefind_index::product::Product;
use storefind_index::touch::touch_hash;

use catalog::touched;

const PRODUCTS: usize = 2_000;
const ENTRIES: usize = 4_096;
const SLOTS: usize = 1 << 20;

fn product(number: usize) -> Change {
    Change::Upsert(Product { id: number.to_string(), title: format!("touched{number}"), ..Product::default() })
}

/// An entry's proof: `touched` clauses that were, then `untouched` ones that were not.
fn proof(entry: usize, touched: usize, untouched: usize) -> Proof {
    let touched = (0..touched).map(|clause| format!("word:touched{}", (entry * 7 + clause * 311) % PRODUCTS));
    let untouched = (0..untouched).map(|clause| format!("word:untouched{}", entry * 8 + clause));
    let clauses: Vec<_> = touched.chain(untouched).map(|term| Clause { terms: vec![term] }).collect();
    let variant = Variant { name: "strict".into(), required: clauses.len(), clauses };
    Proof::new(Dependency { variants: vec![variant] }, LiveDependency::None)
}

fn validate(criterion: &mut Criterion) {
    let (_dir, catalog, view) = touched((0..PRODUCTS).map(product));
    let stamp = Stamp::new(0, view.now, 1);
    let all_touched = judge(&stamp, &proof(1, 3, 0), &view);
    assert_eq!(all_touched, Verdict::Stale(StaleReason::Touched), "the words are touched under these names");

    let mut group = criterion.benchmark_group("validate");
    for clauses in [1, 3, 6] {
        // A term in a hundred shares its slot with one that was touched; such an entry is no hit.
        let hits = (0..).map(|entry| proof(entry, clauses - 1, 1));
        let hits = hits.filter(|proof| matches!(judge(&stamp, proof, &view), Verdict::Fresh { .. }));
        let hits: Vec<Proof> = hits.take(ENTRIES).collect();
        let mut next = hits.iter().cycle();
        group.bench_function(format!("{clauses}_clauses"), |bencher| {
            bencher.iter(|| next.next().map(|proof| judge(black_box(&stamp), proof, &view)));
        });
    }
    let array: Vec<AtomicU64> = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
    let places: Vec<usize> =
        (0..ENTRIES).map(|entry| touch_hash(&format!("word:untouched{}", entry * 8)) as usize % SLOTS).collect();
    let mut next = places.iter().cycle();
    group.bench_function("bare_array_read", |bencher| {
        bencher.iter(|| next.next().map(|place| array[*place].load(Ordering::Acquire)));
    });
    group.finish();
    catalog.close();
}

criterion_group!(benches, validate);
criterion_main!(benches);
