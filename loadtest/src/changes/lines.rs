//! Lines that change products: a whole product with another title, or a price and a stock.
//!
//! Owns their text, prepared once so that a change costs little when it is due. It refuses to send.
//!
//! Invariant: each line is JSON and names a product of the catalog; products that a probe watches are left alone.

use std::collections::HashSet;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

use super::Stream;
use crate::catalog::Product;

/// Titles of a product differ by one of so many endings: words that the catalog soon knows, as real edits use.
const REVISIONS: u32 = 20;
/// Products that are changed in turn.
const PRODUCTS_MAX: usize = 20_000;

/// One product, ready to be changed.
#[derive(Debug)]
struct Changed {
    id: String,
    price: f64,
    /// The line up to the end of the title's text, and what follows.
    before: String,
    after: String,
}

#[derive(Debug)]
pub(crate) struct Lines {
    products: Vec<Changed>,
    next: usize,
    random: ChaCha8Rng,
}

impl Lines {
    pub(crate) fn new(products: &[Product], watched: &HashSet<String>, seed: u64) -> Self {
        let unwatched = products.iter().filter(|product| !watched.contains(&product.id));
        let products = unwatched.take(PRODUCTS_MAX).filter_map(changed).collect();
        Self { products, next: 0, random: ChaCha8Rng::seed_from_u64(seed) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// The lines of one batch: products in turn, so that a batch names none twice.
    pub(crate) fn batch(&mut self, stream: Stream, size: usize) -> Vec<u8> {
        let mut lines = String::with_capacity(size * 64);
        for _ in 0..size.min(self.products.len()) {
            let product = &self.products[self.next];
            self.next = (self.next + 1) % self.products.len();
            let line = match stream {
                Stream::Content => {
                    let revision = self.random.random_range(0..REVISIONS);
                    format!("{} revised {revision}{}\n", product.before, product.after)
                }
                Stream::Live => {
                    let price = product.price * self.random.random_range(0.8..1.2);
                    let stock = self.random.random_range(0..50);
                    format!("{{\"id\":{},\"price\":{price:.2},\"stock\":{stock}}}\n", product.id)
                }
            };
            lines.push_str(&line);
        }
        lines.into_bytes()
    }
}

fn changed(product: &Product) -> Option<Changed> {
    let mut fields: Map<String, Value> = serde_json::from_str(&product.line).ok()?;
    fields.remove("title");
    let title = serde_json::to_string(&product.title).ok()?;
    let rest = serde_json::to_string(&fields).ok()?;
    Some(Changed {
        id: serde_json::to_string(&product.id).ok()?,
        price: product.price.unwrap_or(10.0),
        before: format!("{{\"title\":{}", title.strip_suffix('"')?),
        after: format!("\",{}", rest.strip_prefix('{')?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: &str) -> Product {
        let line = format!(r#"{{"id":"{id}","title":"A \"b\" 15\"","price":19.5,"tags":["x"]}}"#);
        let mut product: Product = serde_json::from_str(&line).unwrap();
        product.line = line;
        product
    }

    fn batch(stream: Stream) -> Vec<Value> {
        let products = ["1", "2", "3", "4"].map(product);
        let mut lines = Lines::new(&products, &HashSet::from(["2".to_owned()]), 1);
        let batch = String::from_utf8(lines.batch(stream, 3)).unwrap();
        batch.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_content_change_is_the_whole_product_with_another_title() {
        let batch = batch(Stream::Content);
        let ids: Vec<_> = batch.iter().map(|line| line["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["1", "3", "4"]);
        for line in batch {
            assert!(line["title"].as_str().unwrap().starts_with("A \"b\" 15\" revised "), "{line}");
            assert_eq!((&line["price"], &line["tags"][0]), (&Value::from(19.5), &Value::from("x")));
        }
    }

    #[test]
    fn a_live_change_names_price_and_stock() {
        for line in batch(Stream::Live) {
            assert!((15.6..=23.4).contains(&line["price"].as_f64().unwrap()), "{line}");
            assert!(line["stock"].is_u64());
        }
    }
}
