//! The icecat catalog with its queries and edits; fixed seeds, so that every run sees the same.

use std::collections::HashSet;
use std::path::Path;

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};
use storefind_index::feed::{FeedConfig, FeedMapping};
use storefind_index::product::Product;

use crate::answer::model::shop::Random;
use crate::catalog::Change;
use crate::catalog::feeds::{open, read};

/// Different queries.
pub(super) const QUERIES: usize = 100_000;

/// Every product of the shared feed, mapped as `config/icecat.toml` says.
pub(super) fn products() -> Vec<Product> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(project.join("config/icecat.toml")).expect("the shipped configuration");
    let config: toml::Table = toml::from_str(&text).expect("TOML");
    let feed: FeedConfig = config["catalogs"]["icecat"]["feed"].clone().try_into().expect("a mapping");
    let mapping = FeedMapping::new(&feed).expect("valid");
    let path = project.join("../shared/data/icecat-products.jsonl.gz");
    let source = open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let product = |(_, record): (_, Result<_, _>)| mapping.map(record.expect("a record")).expect("a product").0;
    read(source.format, source.input, &mapping).map(product).collect()
}

/// A uniform number in [0, 1).
pub(super) fn unit(random: &mut Random) -> f64 {
    (random.next() >> 11) as f64 / (1_u64 << 53) as f64
}

/// The words of a text as a shopper types them: lower-case, without the punctuation around them.
fn words(text: &str) -> Vec<String> {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    text.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect()
}

/// Different queries, the most asked first. Each is one to three neighbouring words of the title of a product (all as
/// likely), or, one in five, its brand and one word of its title. What is drawn again is not taken twice, so words that
/// many products have come early: they are asked most, and changed most.
pub(super) fn queries(products: &[Product]) -> Vec<String> {
    let mut random = Random::overlapping(1);
    let (mut seen, mut queries) = (HashSet::new(), Vec::with_capacity(QUERIES));
    while queries.len() < QUERIES {
        let product = random.of(products);
        let title = words(&product.title);
        if title.is_empty() {
            continue;
        }
        let first = random.below(title.len());
        let last = (first + 1 + random.below(3)).min(title.len());
        let query = match &product.brand {
            Some(brand) if random.percent(20) => format!("{} {}", words(brand).join(" "), title[first]),
            _ => title[first..last].join(" "),
        };
        if seen.insert(query.clone()) {
            queries.push(query);
        }
    }
    queries
}

/// Which query is asked how often: rank r with weight r^-exponent.
pub(super) struct Zipf {
    sums: Vec<f64>,
}

impl Zipf {
    pub(super) fn new(ranks: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let add = |rank: usize| {
            sum += (rank as f64).powf(-exponent);
            sum
        };
        Self { sums: (1..=ranks).map(add).collect() }
    }

    /// A rank, from 0.
    pub(super) fn draw(&self, random: &mut Random) -> usize {
        let total = self.sums[self.sums.len() - 1];
        let at = unit(random) * total;
        self.sums.partition_point(|sum| *sum <= at).min(self.sums.len() - 1)
    }
}

/// The shop's clerk: edits products, each as likely as any other.
pub(super) struct Clerk {
    random: Random,
    products: Vec<Product>,
    /// By name, the values that products have.
    values: FxHashMap<String, Vec<Value>>,
}

impl Clerk {
    pub(super) fn new(products: Vec<Product>) -> Self {
        let mut values = FxHashMap::<_, Vec<_>>::default();
        for product in &products {
            for (name, value) in attributes(product) {
                values.entry(name).or_default().push(value);
            }
        }
        Self { random: Random::overlapping(2), products, values }
    }

    /// A change of content: in equal parts a word of the title or of the description is replaced by one of another
    /// product's, or an attribute gets the value that another product has. A product without the chosen field gets
    /// another title.
    pub(super) fn content(&mut self) -> Change {
        loop {
            let at = self.random.below(self.products.len());
            let other = self.random.below(self.products.len());
            let kind = self.random.below(3);
            let (product, other) = (&self.products[at], &self.products[other]);
            let change = match (kind, &product.description, &other.description) {
                (0, Some(text), Some(other)) => {
                    replaced(&mut self.random, text, other).map(|text| ("description".to_owned(), json!(text)))
                }
                (1, ..) if !product.attributes.is_empty() => {
                    let name = product.attributes[self.random.below(product.attributes.len())].0.clone();
                    let value = self.random.of(&self.values[&name]).clone();
                    Some((format!("attributes.{name}"), value))
                }
                _ => replaced(&mut self.random, &product.title, &other.title)
                    .map(|text| ("title".to_owned(), json!(text))),
            };
            let Some((name, value)) = change else { continue };
            let id = product.id.clone();
            let mut fields = Map::new();
            fields.insert(name, value);
            let patched = patched(product, &fields);
            if patched == *product {
                continue;
            }
            self.products[at] = patched;
            return Change::Patch { id, fields };
        }
    }

    /// Another price: up to a tenth more or less.
    pub(super) fn price(&mut self) -> Change {
        let at = self.random.below(self.products.len());
        let product = &mut self.products[at];
        let before = product.price.unwrap_or(100.0);
        let price = (before * (0.9 + 0.2 * unit(&mut self.random)) * 100.0).round() / 100.0 + 0.01;
        product.price = Some(price);
        Change::Live { id: product.id.clone(), price: Some(Some(price)), stock: None }
    }
}

fn attributes(product: &Product) -> Vec<(String, Value)> {
    let json = product.to_json();
    let Some(Value::Object(attributes)) = json.get("attributes") else { return Vec::new() };
    attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn patched(product: &Product, fields: &Map<String, Value>) -> Product {
    let mut object = product.to_json();
    for (name, value) in fields {
        match name.strip_prefix("attributes.") {
            Some(name) => object["attributes"][name] = value.clone(),
            None => object[name.as_str()] = value.clone(),
        }
    }
    Product::from_json(object).expect("an edit leaves a product")
}

/// The text with one of its words replaced by one of another; `None` if there is none.
fn replaced(random: &mut Random, text: &str, other: &str) -> Option<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let others: Vec<&str> = other.split_whitespace().collect();
    if words.is_empty() || others.is_empty() {
        return None;
    }
    let at = random.below(words.len());
    words[at] = *random.of(&others);
    Some(words.join(" "))
}
