//! The shops that queries are asked in: the same few products in English and in German, with synonyms, stop words,
//! rules and suggestions.

use std::sync::{Arc, LazyLock};

use serde_json::json;
use storefind_index::live::LiveFields;
use storefind_index::product::Product;
use storefind_index::rules::{RuleBook, Rules};
use storefind_index::settings::{Language, Settings};
use storefind_index::snapshot::Snapshot;
use storefind_index::suggest::{SuggestBuilder, SuggestIndex};
use storefind_index::writer::Writer;

/// Title, brand, category and price. A product's id is its place. The volumes are as many as are found without widening
/// a query, and as many times a product with `carry` as make `harry` worth an offer.
pub(super) const PRODUCTS: [(&str, &str, &str, f64); 24] = [
    ("HP Pavilion dv7-1211ea 17\" laptop", "HP", "Computers > Laptops", 499.0),
    ("Laptop bag, 15.6 in, black", "Velumo", "Computers > Bags", 39.9),
    ("Air Max running shoes", "Nike", "Shoes > Running", 120.0),
    ("Copper kettle 1.7 l", "Harlow", "Kitchen > Kettles", 79.0),
    ("Kettle descaler", "Harlow", "Kitchen > Care", 0.0),
    ("USB-C cable 2m", "Norvik", "Accessories", 9.99),
    ("Écouteurs sans fil", "Norvik", "Audio", 59.0),
    ("سماعات لاسلكية", "Norvik", "Audio", 59.0),
    ("笔记本电脑 16GB", "Lenovo", "Computers > Laptops", 1_299.0),
    ("Night & Day: a novel (1919)", "", "Books", 12.5),
    ("Harry Potter carry bag", "Velumo", "Computers > Bags", 25.0),
    ("Wasserkocher für Hundefutter", "Harlow", "Kitchen > Kettles", 45.0),
    ("Smart TV 55\", 4K", "Lenovo", "TV", 500.0),
    ("Discontinued kettle", "Harlow", "Kitchen > Kettles", 1.0),
    ("Harry Potter, volume 1", "", "Books", 10.0),
    ("Harry Potter, volume 2", "", "Books", 11.0),
    ("Harry Potter, volume 3", "", "Books", 12.0),
    ("Harry Potter, volume 4", "", "Books", 13.0),
    ("Harry Potter, volume 5", "", "Books", 14.0),
    ("Harry Potter, volume 6", "", "Books", 15.0),
    ("Harry Potter, volume 7", "", "Books", 16.0),
    ("Harry Potter, volume 8", "", "Books", 17.0),
    ("Harry Potter, volume 9", "", "Books", 18.0),
    ("Harry Potter, volume 10", "", "Books", 19.0),
];

/// Pinned by a rule for every search with a context.
pub(super) const PINNED: &str = "9";
/// Its place.
pub(super) const PINNED_POSITION: usize = 2;
/// Hidden by a rule for every search.
pub(super) const HIDDEN: &str = "13";
/// The context that the rules name.
pub(super) const CONTEXT: &str = "reader";

/// What is asked.
pub(super) struct Shop {
    pub(super) snapshot: Snapshot,
    pub(super) rules: RuleBook,
    pub(super) suggestions: SuggestIndex,
}

pub(super) static ENGLISH: LazyLock<Shop> = LazyLock::new(|| Shop::new(Language::English));
pub(super) static GERMAN: LazyLock<Shop> = LazyLock::new(|| Shop::new(Language::German));

impl Shop {
    fn new(language: Language) -> Self {
        let settings = Arc::new(Settings { language, ..settings() });
        let rules = rules();
        let mut writer = Writer::in_memory(Arc::clone(&settings), Arc::default()).expect("an index in memory");
        let mut suggestions = SuggestBuilder::new(language);
        for (number, (title, brand, category, price)) in PRODUCTS.into_iter().enumerate() {
            let product = Product {
                id: number.to_string(),
                title: title.to_owned(),
                brand: (!brand.is_empty()).then(|| brand.to_owned()),
                categories: vec![category.to_owned()],
                price: Some(price),
                ..Product::default()
            };
            writer.upsert(&product).expect("is written");
            let ordinal = writer.live().ordinal_or_new(&product.id).expect("has room");
            writer.live().set(ordinal, 1, LiveFields::of(&product));
            suggestions.add(title, product.brand.as_deref(), &product.categories, None);
        }
        suggestions.add_learned("copper kettle with whistle", 3.0, 1);
        Self {
            rules: RuleBook::new(Arc::new(rules), &settings),
            snapshot: writer.commit(1).expect("is published"),
            suggestions: suggestions.build(),
        }
    }
}

fn settings() -> Settings {
    let settings = json!({
        "synonyms": [
            {"from": "computer", "to": ["laptop"], "weight": 0.5},
            {"to": ["headphones", "ear phones", "écouteurs", "سماعات"]},
            {"to": ["4k", "ultra high definition", "2160 p"]},
        ],
        "stop_words": ["the", "with", "für"],
    });
    serde_json::from_value(settings).expect("settings")
}

/// One of each kind: what all of them hide and pin, and words compared in each way.
fn rules() -> Rules {
    let rules = json!([
        {"id": "hidden", "then": {"hide": [HIDDEN]}},
        {"id": "pinned", "when": {"context": CONTEXT}, "then": {"pin": [{"id": PINNED, "position": PINNED_POSITION}]}},
        {
            "id": "exact",
            "when": {"query": "smart tvs"},
            "then": {"boost": [{"filter": "brand:Lenovo"}], "redirect": "/tv"},
        },
        {
            "id": "side by side",
            "when": {"query": "copper kettle", "match": "contains"},
            "then": {"filter": "price < 100"},
        },
        {
            "id": "start",
            "when": {"query": "usb-c", "match": "starts_with"},
            "then": {"bury": [{"filter": "price < 10"}]},
        },
    ]);
    let rules: Rules = serde_json::from_value(rules).expect("rules");
    rules.check().expect("sound rules");
    rules
}
