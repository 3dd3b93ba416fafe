//! What an asker may see at all.

use serde_json::{Value, json};
use storefind_index::filter;
use storefind_index::request::{SearchRequest, check_within};
use storefind_index::snapshot::Snapshot;

use crate::fixture::{ask, catalog, filtered, ids, search};

fn shop() -> Snapshot {
    catalog(&[
        json!({"id": "a", "brand": "HP", "price": 10.0, "attributes": {"tenant": "north"}}),
        json!({"id": "b", "brand": "HP", "price": 20.0, "attributes": {"tenant": "south"}}),
        json!({"id": "c", "brand": "Dell", "price": 30.0, "attributes": {"tenant": "south"}}),
    ])
}

fn within(text: &str, request: SearchRequest) -> SearchRequest {
    SearchRequest { within: Some(filter::parse(text).expect("a filter")), ..request }
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let page = search(&shop(), &within(text, ask("")));
    let mut found = ids(&page);
    found.sort_unstable();
    assert_eq!(found, expected, "{text}");
    assert_eq!(page.total, expected.len() as u64, "{text}");
}

#[test]
fn nothing_else_is_found() {
    check("tenant:north", &["a"]);
    check("brand:HP AND price > 10", &["b"]);
    check("tenant:north OR brand:Dell", &["a", "c"]);
}

#[test]
fn a_field_that_no_product_has_holds_for_none() {
    check("secret:true", &[]);
    check("secret >= 1", &[]);
    check("NOT secret:true", &["a", "b", "c"]);
}

#[test]
fn a_facet_on_its_field_counts_nothing_beyond_it() {
    let facets = |request| SearchRequest { facets: vec!["brand".into(), "tenant".into()], ..request };
    let counts = |request: SearchRequest| {
        let page = search(&shop(), &facets(request));
        let facets = page.facets.iter();
        let values = facets.flat_map(|facet| facet.values.iter().map(|value| (value.value.clone(), value.count)));
        values.collect::<Vec<(Value, u64)>>()
    };
    // A selection widens its own facet, the bounds do not.
    assert_eq!(counts(filtered("tenant:north")).len(), 3);
    assert_eq!(counts(within("tenant:north", ask(""))), [(json!("HP"), 1), (json!("north"), 1)]);
    let both = counts(within("tenant:south", filtered("brand:HP")));
    assert_eq!(both, [(json!("Dell"), 1), (json!("HP"), 1), (json!("south"), 1)]);
}

#[test]
fn a_change_inside_the_bounds_is_stated_and_one_outside_is_not() {
    let page = search(&shop(), &within("tenant:north", ask("")));
    let terms: Vec<&str> = page
        .dependency
        .variants
        .iter()
        .flat_map(|variant| &variant.clauses)
        .flat_map(|clause| clause.terms.iter().map(String::as_str))
        .collect();
    assert!(terms.iter().any(|term| term.ends_with("tenant=north")), "{terms:?}");
    assert!(!terms.iter().any(|term| term.ends_with("tenant=south")), "{terms:?}");
}

#[test]
fn a_value_that_a_field_cannot_have_is_refused_without_a_catalog() {
    for (text, ok) in [("price:10 TO 20", true), ("tenant:x", true), ("price:cheap", false), ("in_stock:maybe", false)]
    {
        assert_eq!(check_within(&filter::parse(text).expect("a filter")).is_ok(), ok, "{text}");
    }
}
