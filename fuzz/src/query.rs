//! Query text, from the parser through plan, matching and highlights to a page.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use storefind_index::product::Product;
use storefind_index::request::SearchRequest;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::writer::Writer;

/// What stands around a match; no product has it.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

const PRODUCTS: [(&str, &str, &str); 10] = [
    ("HP Pavilion dv7-1211ea 17\" laptop", "HP", "Computers > Laptops"),
    ("Laptop bag, 15.6 in, black", "Velumo", "Computers > Bags"),
    ("Air Max running shoes", "Nike", "Shoes > Running"),
    ("Copper kettle 1.7 l", "Harlow", "Kitchen > Kettles"),
    ("Kettle descaler", "Harlow", "Kitchen > Care"),
    ("USB-C cable 2m", "Norvik", "Accessories"),
    ("Écouteurs sans fil", "Norvik", "Audio"),
    ("سماعات لاسلكية", "Norvik", "Audio"),
    ("笔记本电脑 16GB", "Lenovo", "Computers > Laptops"),
    ("Night & Day: a novel (1919)", "", "Books"),
];

static SHOP: LazyLock<Snapshot> = LazyLock::new(|| {
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).expect("an index in memory");
    for (number, (title, brand, category)) in PRODUCTS.into_iter().enumerate() {
        let product = Product {
            id: number.to_string(),
            title: title.to_owned(),
            brand: (!brand.is_empty()).then(|| brand.to_owned()),
            categories: vec![category.to_owned()],
            ..Product::default()
        };
        writer.upsert(&product).expect("is written");
    }
    writer.commit(1).expect("is published")
});

/// Any text has a page, the same one each time, whose hits are products of the shop with matches marked in their own
/// text. The first byte chooses between the options.
pub fn check(bytes: &[u8]) {
    let Some((options, text)) = bytes.split_first() else { return };
    let request = SearchRequest {
        q: String::from_utf8_lossy(text).into_owned(),
        typos: options & 1 == 0,
        prefix: options & 2 == 0,
        facets: if options & 4 == 0 { Vec::new() } else { vec!["brand".into(), "categories".into()] },
        highlight: vec!["title".into()],
        highlight_pre: MARKS[0].into(),
        highlight_post: MARKS[1].into(),
        ..SearchRequest::default()
    };
    let page = SHOP.search(&request, &|| false).expect("any text has a page");
    assert!(page.total >= page.hits.len() as u64 && page.hits.len() <= request.per_page);
    let ids: HashSet<&str> = page.hits.iter().map(|hit| hit.id.as_str()).collect();
    assert_eq!(ids.len(), page.hits.len(), "a product comes twice");
    for hit in &page.hits {
        let (title, _, _) = PRODUCTS[hit.id.parse::<usize>().expect("an id of the shop")];
        assert!(hit.score.is_finite(), "{} scores {}", hit.id, hit.score);
        for marked in hit.highlights.iter().flat_map(|(_, texts)| texts) {
            assert_eq!(marked.replace(MARKS, ""), title, "a highlight changes the text");
            assert_eq!(marked.matches(MARKS[0]).count(), marked.matches(MARKS[1]).count(), "{marked}");
        }
    }
    let again = SHOP.search(&request, &|| false).expect("any text has a page");
    let order = |hits: &[storefind_index::answer::Hit]| hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>();
    assert_eq!((order(&again.hits), again.total, &again.facets), (order(&page.hits), page.total, &page.facets));
}
