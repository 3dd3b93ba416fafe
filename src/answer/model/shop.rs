//! Random products and changes, over few words that have much to do with each other: forms of one stem, halves of a
//! compound, one edit apart, long ones that share their beginning, model numbers, units.

use serde_json::{Value, json};
use storefind_index::product::Product;

/// SplitMix64 (Steele, Lea, Flood 2014): a seed tells the whole run.
#[derive(Debug)]
pub(in crate::answer) struct Random(u64);

impl Random {
    /// Seeds side by side make streams that have nothing in common.
    pub(in crate::answer) fn new(seed: u64) -> Self {
        Self(xxhash_rust::xxh3::xxh3_64(&seed.to_le_bytes()))
    }

    /// As seeds were taken at first: the stream of each was that of the one before without its first number, so worlds
    /// were much alike. What was found, and figures that were taken so, can be had again.
    pub(in crate::answer) fn overlapping(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(in crate::answer) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(in crate::answer) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(in crate::answer) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(in crate::answer) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

pub(super) const WORDS: &[&str] = &[
    "lamp",
    "lamps",
    "lampe",
    "laptop",
    "lap",
    "top",
    "labtop",
    "red",
    "read",
    "shoe",
    "shoes",
    "shore",
    "sneaker",
    "sneakers",
    "notebook",
    "note",
    "book",
    "books",
    "waterproof",
    "water",
    "proof",
    "dv7-1211ea",
    "dv7",
    "17\"",
    "17",
    "inch",
    "8gb",
    "8 GB",
    "usb",
    "usb-c",
    "charger",
    "chargers",
    "changer",
    "ultracharacteristic",
    "ultracharacteristics",
    "photo",
    "foto",
    "running",
    "runner",
    "garden",
    "gardening",
    "wireless",
    "wires",
    "the",
];
pub(super) const BRANDS: &[&str] = &["Nike", "HP", "Acer", "Laptop King"];
pub(super) const CATEGORIES: &[&str] = &["Shoes", "Shoes > Running", "Computers", "Computers > Laptops", "Garden"];
pub(super) const COLORS: &[&str] = &["red", "Red", "blue", "dark blue"];
pub(super) const GROUPS: &[&str] = &["g1", "g2", "g3"];

/// Products of one world: few, so that changes and queries meet.
pub(super) const IDS: usize = 24;

pub(super) fn id(random: &mut Random) -> String {
    format!("p{}", random.below(IDS))
}

fn text(random: &mut Random, words: usize) -> String {
    let words: Vec<_> = (0..=random.below(words)).map(|_| *random.of(WORDS)).collect();
    words.join(" ")
}

pub(super) fn price(random: &mut Random) -> Value {
    if random.percent(15) { Value::Null } else { json!((random.below(8) * 5) as f64 + 0.5) }
}

pub(super) fn stock(random: &mut Random) -> Value {
    if random.percent(30) { Value::Null } else { json!(random.below(3)) }
}

fn field(random: &mut Random, name: &str) -> Value {
    match name {
        "title" => json!(text(random, 3)),
        "description" => json!(text(random, 4)),
        "brand" => json!(random.of(BRANDS)),
        "categories" => json!([random.of(CATEGORIES)]),
        "tags" => json!([random.of(WORDS)]),
        "sku" => json!(format!("SKU-{}", random.below(30))),
        "popularity" => json!(random.below(5)),
        "released" => json!(format!("2026-0{}-11", 1 + random.below(9))),
        "group" => json!(random.of(GROUPS)),
        "price" => price(random),
        "stock" => stock(random),
        "in_stock" => json!(random.percent(70)),
        "color" => json!(random.of(COLORS)),
        "ram" => match random.below(3) {
            0 => json!(8),
            1 => json!(8.0),
            _ => json!(["8 GB", 16]),
        },
        _ => json!(random.percent(50)),
    }
}

const OPTIONAL: &[&str] = &[
    "description",
    "brand",
    "categories",
    "tags",
    "sku",
    "popularity",
    "released",
    "group",
    "price",
    "stock",
    "in_stock",
    "color",
    "ram",
    "wifi",
];

pub(super) fn product(random: &mut Random) -> Product {
    let mut value = json!({"id": id(random), "title": field(random, "title")});
    for name in OPTIONAL {
        if random.percent(45) {
            value[*name] = field(random, name);
        }
    }
    read(value)
}

pub(super) fn read(mut value: Value) -> Product {
    let object = value.as_object_mut().expect("an object");
    object.retain(|_, value| !value.is_null());
    Product::from_json(object.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// Some fields of a product changed.
pub(super) fn patch(random: &mut Random) -> serde_json::Map<String, Value> {
    let mut fields = serde_json::Map::new();
    for _ in 0..=random.below(2) {
        let name = *random.of(OPTIONAL);
        let is_attribute = matches!(name, "color" | "ram" | "wifi");
        let value = if random.percent(20) && !is_attribute { Value::Null } else { field(random, name) };
        let name = if is_attribute { format!("attributes.{name}") } else { name.to_owned() };
        fields.insert(name, value);
    }
    if random.percent(30) {
        fields.insert("title".into(), field(random, "title"));
    }
    fields
}
