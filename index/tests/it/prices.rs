//! Prices in words.

use serde_json::json;
use storefind_index::answer::Interpreted;
use storefind_index::request::SearchRequest;
use storefind_index::settings::{Language, Settings};
use storefind_index::snapshot::Snapshot;

use crate::fixture::{ask, catalog, catalog_with, ids, search};

fn shop() -> Snapshot {
    catalog(&[
        json!({"title": "Laptop A", "price": 399.99}),
        json!({"title": "Laptop B", "price": 500}),
        json!({"title": "Laptop C", "price": 1200}),
        json!({"title": "Desk", "price": 100}),
        json!({"title": "Laptop without a price"}),
    ])
}

#[track_caller]
fn check(query: &str, found: &[&str], filter: &str) {
    let page = search(&shop(), &ask(query));
    let mut sorted = ids(&page);
    sorted.sort();
    assert_eq!(sorted, found, "{query}");
    assert_eq!(page.interpreted.map(|told| told.filter), Some(filter.to_owned()), "{query}");
}

#[test]
fn a_price_in_words_is_a_condition() {
    check("laptop under 500", &["p0"], "price < 500");
    check("laptop up to $500", &["p0", "p1"], "price <= 500");
    check("laptop over 500", &["p2"], "price > 500");
    check("laptop between 400 and 1200", &["p1", "p2"], "price:400 TO 1200");
    check("500-1200 € laptop", &["p1", "p2"], "price:500 TO 1200");
    check("under 200", &["p3"], "price < 200");
}

#[test]
fn what_was_understood_is_told() {
    let page = search(&shop(), &ask("laptop under 500 euro"));
    let told = Interpreted { words: "under 500 euro".into(), filter: "price < 500".into() };
    assert_eq!(page.interpreted, Some(told));
    assert_eq!(search(&shop(), &ask("laptop")).interpreted, None);
}

#[test]
fn a_price_is_one_more_condition_beside_a_filter_and_a_selection_of_its_facet() {
    let filter = storefind_index::filter::parse("id:p0 OR id:p3").expect("a filter");
    let request = SearchRequest { filter: Some(filter), facets: vec!["price".into()], ..ask("under 200") };
    let page = search(&shop(), &request);
    assert_eq!(ids(&page), ["p3"]);
    let stats = page.facets[0].stats.expect("numbers");
    assert_eq!(stats.count, 2, "as with a filter, the facet still shows what else could be chosen");
}

#[test]
fn words_that_find_nothing_as_a_price_are_searched_as_words() {
    let snapshot = catalog(&[json!({"title": "Under 500 calories, a cookbook", "price": 900})]);
    let page = search(&snapshot, &ask("cookbook under 500"));
    assert_eq!((page.total, page.interpreted, page.relaxation.len()), (1, None, 0));
}

#[test]
fn quotes_keep_words_words() {
    let snapshot = catalog(&[
        json!({"title": "Under 500 calories, a cookbook", "price": 900}),
        json!({"title": "Cookbook", "price": 9}),
    ]);
    let page = search(&snapshot, &ask("cookbook \"under 500\""));
    assert_eq!((ids(&page), &page.interpreted), (vec!["p0"], &None));
}

#[test]
fn a_price_is_read_in_the_language_of_the_catalog() {
    let products = [json!({"title": "Kopfhörer", "price": 40}), json!({"title": "Kopfhörer", "price": 1400})];
    let german = catalog_with(Settings { language: Language::German, ..Settings::default() }, &products);
    assert_eq!(ids(&search(&german, &ask("Kopfhörer unter 50 €"))), ["p0"]);
    assert_eq!(ids(&search(&german, &ask("Kopfhörer über 1.000 €"))), ["p1"]);
    let page = search(&german, &ask("Kopfhörer under 50"));
    assert_eq!(page.interpreted, None);
}

#[test]
fn a_mistyped_word_beside_a_price_is_corrected() {
    let page = search(&shop(), &ask("labtop under 500"));
    assert_eq!((ids(&page), page.corrected.as_deref()), (vec!["p0"], Some("laptop under 500")));
}
