//! The products that benches index: `../shared/data/icecat-products.jsonl.gz`, mapped as `config/icecat.toml` says.
//!
//! Owns reading them and loading them as a projector does. It refuses to be timed.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use storefind_index::feed::{FeedConfig, FeedMapping};
use storefind_index::live::LiveFields;
use storefind_index::product::Product;
use storefind_index::writer::Writer;

/// Every product of the feed.
pub(crate) fn products() -> Result<Vec<Product>, Box<dyn Error>> {
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

/// Adds each product, its live fields first: without them it has no price, and a facet of prices is empty. Returns the
/// sequence of the last, which is to be committed.
pub(crate) fn load(writer: &mut Writer, products: &[Product]) -> Result<u64, Box<dyn Error>> {
    let mut sequence = 0;
    for product in products {
        sequence += 1;
        let ordinal = writer.live().ordinal_or_new(&product.id).ok_or("more products than ordinals")?;
        writer.live().set(ordinal, sequence, LiveFields::of(product));
        writer.upsert(product)?;
    }
    writer.live().applied_through(sequence);
    Ok(sequence)
}
