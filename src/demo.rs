//! The demo catalog: a believable, invented shop of any size.
//!
//! Owns the generator behind `storefind demo`, the benches and the load tests. It refuses to know files, indexes or
//! HTTP: it makes [`Product`]s and nothing else. Brands and products are invented; likeness to real ones is accidental.
//!
//! Invariant: the `k`-th product of a catalog of `n` is a pure function of `(k, n)` and [`SEED`]. So catalogs are
//! made in constant memory, in any order and by several threads, and are the same on every machine. `n` only caps how
//! popular a single product can be; everything else is the same in a small and in a large catalog.
//!
//! How a product comes about:
//! 1. [`family`] finds the family that `k` belongs to (one product, or its variants by colour, size or storage).
//! 2. [`facts`] draws the family's facts (RAM, material, …) from the tables in [`kinds`] and moves the variant along
//!    its axes.
//! 3. [`commerce`] makes price, stock, popularity, rating, dates and numbers.
//! 4. [`wording`] fills title and description patterns with the facts.

mod brands;
mod commerce;
mod facts;
mod family;
mod kind;
mod kinds;
mod naming;
mod random;
#[cfg(test)]
mod tests;
mod wording;

use storefind_index::product::{Attribute, Product, Scalar};

use self::facts::Facts;
use self::family::Family;
use self::wording::Words;

/// Seed of every draw. Changing it makes another shop, so figures measured on the demo catalog name the old one.
const SEED: u64 = 0x5707_ef1d_0000_0001;

/// First id, so that ids have the look of a shop's article numbers and the same length up to nine million products.
const FIRST_ID: u64 = 1_000_000;

/// The products of a demo catalog of `n`, in order of `k`, each made when it is asked for.
pub fn products(n: u64) -> impl Iterator<Item = Product> {
    (0..n).zip(Family::all()).map(move |(k, (family, variant))| make(&family, variant, k, n))
}

/// The `k`-th product (from 0) of a demo catalog of `n`.
pub fn product(k: u64, n: u64) -> Product {
    let (family, variant) = Family::of(k);
    make(&family, variant, k, n)
}

fn make(family: &Family, variant: usize, k: u64, n: u64) -> Product {
    let facts = Facts::draw(family, variant);
    let words = Words::new(family, &facts);
    let sales = commerce::sales(family, &facts, variant, k, n);

    let mut attributes = Vec::with_capacity(facts.len() + 1);
    if let Some(model) = words.model() {
        attributes.push(("model".to_owned(), Attribute::One(Scalar::Text(model.to_owned()))));
    }
    facts.push_attributes(&mut attributes);

    let mut tags: Vec<String> = family.kind.tags.iter().map(|&tag| tag.to_owned()).collect();
    tags.extend(sales.tags().map(str::to_owned));

    Product {
        id: (FIRST_ID + k).to_string(),
        title: words.title(),
        description: Some(words.description()),
        brand: Some(facts.brand().name.to_owned()),
        categories: vec![words.category()],
        sku: Some(naming::sku(facts.brand().name, family.number, variant)),
        identifiers: vec![commerce::ean(k)],
        price: Some(sales.price),
        stock: Some(sales.stock),
        in_stock: None,
        popularity: Some(sales.popularity),
        rating: sales.rating,
        image: None,
        url: None,
        released: Some(sales.released),
        group: (family.variants > 1).then(|| naming::group(family.number)),
        tags,
        attributes,
    }
}
