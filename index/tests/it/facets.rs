//! Facets and groups.

use serde_json::{Value, json};
use storefind_index::answer::{Facet, NumberStats};
use storefind_index::request::SearchRequest;
use storefind_index::snapshot::Snapshot;

use crate::fixture::{ask, catalog, filtered, ids, search};

fn shop() -> Snapshot {
    catalog(&[
        json!({"brand": "HP", "price": 10.0, "categories": ["PC > Laptop", "Sale"], "attributes": {"ram": 8, "color": "red"}}),
        json!({"brand": "HP", "price": 20.0, "categories": ["PC > Laptop"], "attributes": {"ram": 16}}),
        json!({"brand": "hp", "price": 20.0, "categories": ["PC"], "attributes": {"ram": "lots", "color": ["Red", "blue"]}}),
        json!({"brand": "Dell", "price": 30.0, "categories": ["PC > Desktop"], "attributes": {"color": "blue"}}),
    ])
}

fn facet<'a>(facets: &'a [Facet], name: &str) -> &'a Facet {
    facets.iter().find(|facet| facet.field == name).expect("the facet that was asked for")
}

fn counts(facet: &Facet) -> Vec<(Value, u64)> {
    facet.values.iter().map(|value| (value.value.clone(), value.count)).collect()
}

fn with_facets(request: SearchRequest, facets: &[&str]) -> SearchRequest {
    SearchRequest { facets: facets.iter().map(|name| (*name).to_owned()).collect(), ..request }
}

#[test]
fn values_come_by_count_then_value_in_their_commonest_spelling() {
    let page = search(&shop(), &with_facets(ask(""), &["brand", "color", "ram"]));
    assert_eq!(counts(facet(&page.facets, "brand")), [(json!("HP"), 3), (json!("Dell"), 1)]);
    // `Red` and `red` are one value, equally common: the first in their order is shown.
    assert_eq!(counts(facet(&page.facets, "color")), [(json!("blue"), 2), (json!("Red"), 2)]);
    assert_eq!(counts(facet(&page.facets, "ram")), [(json!(8), 1), (json!(16), 1), (json!("lots"), 1)]);
    assert_eq!(facet(&page.facets, "ram").distinct, 3);
}

#[test]
fn every_level_of_a_category_path_is_counted_once() {
    let page = search(&shop(), &with_facets(ask(""), &["categories"]));
    let expected = [("PC", 4), ("PC > Laptop", 2), ("PC > Desktop", 1), ("Sale", 1)];
    assert_eq!(counts(facet(&page.facets, "categories")), expected.map(|(value, count)| (json!(value), count)));
}

#[test]
fn numbers_have_statistics_and_values_while_few_differ() {
    let page = search(&shop(), &with_facets(ask(""), &["price", "in_stock"]));
    let price = facet(&page.facets, "price");
    assert_eq!(price.stats, Some(NumberStats { min: 10.0, max: 30.0, avg: 20.0, count: 4 }));
    assert_eq!(counts(price), [(json!(20), 2), (json!(10), 1), (json!(30), 1)]);
    assert_eq!(counts(facet(&page.facets, "in_stock")), [(json!(true), 4)]);
    let many: Vec<Value> = (0..150).map(|n| json!({"price": n, "attributes": {"weight": n}})).collect();
    let page = search(&catalog(&many), &with_facets(ask(""), &["price", "weight"]));
    for facet in &page.facets {
        assert!(facet.values.is_empty(), "{} lists {} values", facet.field, facet.values.len());
        assert_eq!(facet.stats.map(|stats| (stats.max, stats.count)), Some((149.0, 150)), "{}", facet.field);
    }
}

#[test]
fn a_facets_own_selection_does_not_shrink_its_counts() {
    let request = with_facets(filtered("brand:hp AND price:20 TO 30"), &["brand", "price", "color"]);
    let page = search(&shop(), &request);
    assert_eq!(page.total, 2);
    assert_eq!(counts(facet(&page.facets, "brand")), [(json!("HP"), 2), (json!("Dell"), 1)]);
    assert_eq!(counts(facet(&page.facets, "price")), [(json!(20), 2), (json!(10), 1)]);
    assert_eq!(counts(facet(&page.facets, "color")), [(json!("blue"), 1), (json!("Red"), 1)]);
}

#[test]
fn a_selected_value_is_always_listed() {
    let request = with_facets(filtered("brand:dell AND ram:8"), &["brand", "ram"]);
    let page = search(&shop(), &SearchRequest { facet_limit: 1, ..request });
    assert_eq!(counts(facet(&page.facets, "brand")), [(json!("HP"), 1), (json!("dell"), 0)]);
    assert_eq!(counts(facet(&page.facets, "ram")), [(json!(8), 0)]);
}

#[test]
fn groups_show_their_best_member_and_count_the_matching_ones() {
    let snapshot = catalog(&[
        json!({"id": "a", "group": "shirt", "price": 10, "attributes": {"color": "red"}}),
        json!({"id": "b", "group": "shirt", "price": 8, "attributes": {"color": "red"}}),
        json!({"id": "c", "group": "hat", "price": 9, "attributes": {"color": "red"}}),
        json!({"id": "d", "price": 1, "attributes": {"color": "blue"}}),
    ]);
    let request = SearchRequest {
        group: Some("group".into()),
        sort: crate::fixture::sorted(&[("price", storefind_index::request::Order::Ascending)]),
        ..with_facets(filtered("price > 1"), &["color"])
    };
    let page = search(&snapshot, &request);
    assert_eq!((page.total, page.total_products), (2, Some(3)));
    assert_eq!(ids(&page), ["b", "c"]);
    assert_eq!(page.hits.iter().map(|hit| hit.group_count).collect::<Vec<_>>(), [Some(2), Some(1)]);
    assert_eq!(counts(facet(&page.facets, "color")), [(json!("red"), 2)]);
}
