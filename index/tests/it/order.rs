//! Order, paging, and answers that do not depend on how products lie in segments.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use storefind_index::product::Product;
use storefind_index::request::{Order, SearchRequest};
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::writer::Writer;

use crate::fixture::{ask, catalog, filtered, ids, product, put, search, sorted, try_search};

#[test]
fn an_empty_query_lists_everything_by_popularity_then_id() {
    let snapshot = catalog(&[
        json!({"id": "c", "popularity": 1}),
        json!({"id": "b"}),
        json!({"id": "a"}),
        json!({"id": "d", "popularity": 7}),
    ]);
    assert_eq!(ids(&search(&snapshot, &ask(""))), ["d", "c", "a", "b"]);
}

#[test]
fn missing_values_come_last_in_both_directions() {
    let snapshot = catalog(&[
        json!({"id": "a"}),
        json!({"id": "b", "price": 2, "attributes": {"size": 3, "color": "red"}}),
        json!({"id": "c", "price": 0, "attributes": {"size": [1, 9], "color": "Blue"}}),
    ]);
    for (field, order, expected) in [
        ("price", Order::Ascending, ["c", "b", "a"]),
        ("price", Order::Descending, ["b", "c", "a"]),
        ("size", Order::Ascending, ["c", "b", "a"]),
        ("size", Order::Descending, ["c", "b", "a"]),
        ("color", Order::Ascending, ["c", "b", "a"]),
        ("color", Order::Descending, ["b", "c", "a"]),
    ] {
        let request = SearchRequest { sort: sorted(&[(field, order)]), ..ask("") };
        assert_eq!(ids(&search(&snapshot, &request)), expected, "{field} {order:?}");
    }
}

#[test]
fn paging_ends_at_the_result_window() {
    let snapshot = catalog(&[json!({})]);
    let window = |page, per_page| try_search(&snapshot, &SearchRequest { page, per_page, ..ask("") }).is_ok();
    assert!(window(100, 100));
    assert!(!window(101, 100));
    assert!(!window(0, 20));
    assert!(window(1, 0));
    assert!(!window(usize::MAX, 2));
}

#[test]
fn a_cancelled_search_stops() {
    let products: Vec<Value> = (0..3000).map(|n| json!({"title": format!("thing {n}")})).collect();
    let error = catalog(&products).search(&ask(""), &|| true).unwrap_err();
    assert!(matches!(error, storefind_index::error::IndexError::Cancelled));
}

/// The same products, cut into commits at different places, some of them replaced and deleted on the way.
fn in_segments(products: &[Product], cuts: &[usize]) -> Snapshot {
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).expect("an index in memory");
    for (at, product) in products.iter().enumerate() {
        if at % 3 == 0 {
            put(&mut writer, &Product { title: "replaced later".into(), ..product.clone() }, 2 * at as u64 + 1);
        }
        if cuts.contains(&at) {
            writer.commit(at as u64).expect("a commit");
        }
        put(&mut writer, product, 2 * at as u64 + 2);
    }
    writer.upsert(&Product { id: "gone".into(), ..products[0].clone() }).expect("an upsert");
    writer.commit(1000).expect("a commit");
    writer.delete("gone").expect("a deletion");
    writer.commit(1001).expect("a commit")
}

fn products() -> impl Strategy<Value = Vec<Product>> {
    let word = prop::sample::select(vec!["red", "blue", "shoe", "shoes", "bag", "air", "max", "nike"]);
    let title = prop::collection::vec(word, 1..4).prop_map(|words| words.join(" "));
    let brand = prop::option::of(prop::sample::select(vec!["Nike", "nike", "HP"]));
    let one = (title, brand, prop::option::of(0..5i64), prop::option::of(0..3i64), prop::option::of(0..3i64));
    prop::collection::vec(one, 1..40).prop_map(|rows| {
        let object = |(at, (title, brand, price, group, size)): (usize, (String, Option<&str>, _, Option<i64>, _))| {
            let group = group.map(|group| format!("g{group}"));
            product(&json!({"id": format!("{}", at * 7 % 50), "title": title, "brand": brand, "price": price,
                            "group": group, "attributes": {"size": size}}))
        };
        rows.into_iter().enumerate().map(object).collect()
    })
}

fn requests() -> Vec<SearchRequest> {
    let facets = ["brand", "price", "attributes.size"].map(String::from).to_vec();
    let by_size = sorted(&[("attributes.size", Order::Descending), ("price", Order::Ascending)]);
    let by_brand = sorted(&[("brand", Order::Ascending)]);
    vec![
        SearchRequest { facets: facets.clone(), sort: by_size.clone(), ..ask("") },
        SearchRequest { facets: facets.clone(), sort: by_brand.clone(), ..ask("shoe") },
        SearchRequest { facets: facets.clone(), sort: by_size, ..filtered("brand:nike OR price >= 3") },
        SearchRequest { facets: facets.clone(), sort: by_brand.clone(), ..filtered("brand:nike AND NOT price:2") },
        SearchRequest { facets, sort: by_brand, group: Some("group".into()), ..ask("red") },
    ]
}

fn shape(snapshot: &Snapshot, request: &SearchRequest) -> Option<(u64, Option<u64>, Vec<String>, String)> {
    // An attribute that no product has is an unknown field, however the products lie.
    let page = try_search(snapshot, request).ok()?;
    let ids = page.hits.iter().map(|hit| format!("{} {:?} {:?}", hit.id, hit.live, hit.group_count)).collect();
    Some((page.total, page.total_products, ids, format!("{:?} {}", page.facets, page.relaxed)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_does_not_depend_on_segments(products in products(), cuts in prop::collection::vec(0usize..40, 0..5)) {
        let (whole, parts) = (in_segments(&products, &[]), in_segments(&products, &cuts));
        for request in requests() {
            prop_assert_eq!(shape(&whole, &request), shape(&parts, &request), "{:?}", request);
        }
    }

    #[test]
    fn pages_neither_repeat_nor_skip(products in products(), per_page in 1usize..7) {
        let snapshot = in_segments(&products, &[5, 11]);
        let sort = sorted(&[("price", Order::Descending)]);
        let all = search(&snapshot, &SearchRequest { per_page: 100, sort: sort.clone(), ..ask("") });
        let mut paged = Vec::new();
        for page in 1..=all.hits.len().div_ceil(per_page) {
            let page = search(&snapshot, &SearchRequest { page, per_page, sort: sort.clone(), ..ask("") });
            paged.extend(page.hits.into_iter().map(|hit| hit.id));
        }
        prop_assert_eq!(paged, ids(&all));
    }

    #[test]
    fn filters_and_facets_agree_with_a_scan(products in products()) {
        let snapshot = in_segments(&products, &[7]);
        let mut last = std::collections::BTreeMap::new();
        for product in &products {
            last.insert(product.id.clone(), product.clone());
        }
        let request = SearchRequest { facets: vec!["brand".into()], per_page: 100, ..filtered("price:1 TO 3 AND NOT brand:hp") };
        let page = search(&snapshot, &request);
        let priced = |p: &&Product| p.price.is_some_and(|price| (1.0..=3.0).contains(&price));
        let hp = |p: &&Product| p.brand.as_deref() == Some("HP");
        let expected: Vec<&str> = last.values().filter(priced).filter(|p| !hp(p)).map(|p| p.id.as_str()).collect();
        let mut found = ids(&page);
        found.sort_unstable();
        prop_assert_eq!(&found, &expected);
        let branded = |name: &str| last.values().filter(priced).filter(|p| p.brand.as_deref().is_some_and(|b| b.eq_ignore_ascii_case(name))).count() as u64;
        for value in &page.facets[0].values {
            prop_assert_eq!(value.count, branded(value.value.as_str().unwrap_or_default()));
        }
    }
}
