//! Figure: what memory does a product cost for freshness and live fields? Counted from sizes and lengths, for icecat.

use std::sync::{Arc, OnceLock};

use storefind_index::live::LiveTable;
use storefind_index::writer::Writer;

use super::shop;
use crate::catalog::touch_table::TouchTable;

/// A row of the live table: stamp, price and stock.
const LIVE_ROW_BYTES: usize = 24;
/// Rows that the live table allocates together.
const LIVE_CHUNK_ROWS: usize = 1 << 14;
/// The two counts of a shared text.
const COUNTS_BYTES: usize = 16;
/// What the allocator adds to a small block, about.
const ALLOCATION_BYTES: usize = 8;

/// Bytes of a hash table of so many pairs: at most seven eighths full, a power of two of places, a byte beside each.
fn table_bytes(pairs: usize, pair_bytes: usize) -> usize {
    (pairs * 8).div_ceil(7).next_power_of_two() * (pair_bytes + 1)
}

#[test]
#[ignore = "a figure, to be run by name"]
fn memory_for_each_product() {
    let products = shop::products();
    let count = products.len();
    let live = Arc::new(LiveTable::default());
    let mut writer = Writer::in_memory(Arc::default(), Arc::clone(&live)).expect("an index");
    let mut touches = 0;
    for product in &products {
        live.ordinal_or_new(&product.id).expect("room");
        touches += writer.upsert(product).expect("written").len();
    }
    let snapshot = writer.commit(count as u64).expect("committed");
    let touch_table = TouchTable::new(TouchTable::slots_for(count as u64), 0).bytes();
    let vocabulary = writer.vocabulary_len();
    let ids: usize = products.iter().map(|product| product.id.len() + COUNTS_BYTES + ALLOCATION_BYTES).sum();
    let rows = count.div_ceil(LIVE_CHUNK_ROWS) * LIVE_CHUNK_ROWS;
    let parts = [
        ("touch table", touch_table),
        ("vocabulary counts", table_bytes(vocabulary, 16)),
        ("live rows", rows * LIVE_ROW_BYTES),
        ("ids to ordinals", table_bytes(count, size_of::<(Arc<str>, u32)>()) + ids),
        ("ordinals to ids", rows * size_of::<OnceLock<Arc<str>>>()),
        ("ordinals of documents", count * size_of::<u32>()),
    ];
    println!(
        "{count} products, {} segments, {vocabulary} words and prefixes counted, {:.0} hashes touched by a product",
        snapshot.segment_count(),
        touches as f64 / count as f64
    );
    let mut sum = 0;
    for (name, bytes) in parts {
        sum += bytes;
        println!("{name}: {bytes} bytes, {:.0} a product", bytes as f64 / count as f64);
    }
    println!("together: {sum} bytes, {:.0} a product", sum as f64 / count as f64);
    for products in [1_000_000, 10_000_000] {
        let bytes = TouchTable::slots_for(products) * 12;
        println!("touch table for {products} products: {bytes} bytes, {} a product", bytes as u64 / products);
    }
}
