//! What rules make of an answer: pins, hidden products, factors, filters.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};
use storefind_index::answer::SearchPage;
use storefind_index::error::IndexError;
use storefind_index::filter;
use storefind_index::request::SearchRequest;
use storefind_index::rules::{Arrangement, Factor, Pinned, RuleBook};
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::writer::Writer;

use crate::fixture::{ask, catalog, filtered, ids, product, put, search};

/// Five shoes, by popularity `a` to `e`, two lamps.
fn shop() -> Snapshot {
    catalog(&[
        json!({"id": "a", "title": "red shoe", "brand": "Nike", "popularity": 9, "group": "g1", "price": 10}),
        json!({"id": "b", "title": "blue shoe", "brand": "Puma", "popularity": 8, "group": "g1", "price": 20}),
        json!({"id": "c", "title": "green shoe", "brand": "Puma", "popularity": 7, "group": "g2", "price": 30}),
        json!({"id": "d", "title": "black shoe", "brand": "Nike", "popularity": 6, "group": "g2", "price": 40}),
        json!({"id": "e", "title": "white shoe", "brand": "Asics", "popularity": 5, "price": 50}),
        json!({"id": "x", "title": "desk lamp", "brand": "Nike", "popularity": 1, "price": 60}),
        json!({"id": "y", "title": "floor lamp", "brand": "Ikea", "popularity": 1, "price": 70}),
    ])
}

fn pins(pins: &[(&str, usize)]) -> Arrangement {
    let pinned = |(id, position): &(&str, usize)| Pinned { id: (*id).into(), position: *position, rule: "r".into() };
    Arrangement { pins: pins.iter().map(pinned).collect(), ..Arrangement::default() }
}

fn arranged(snapshot: &Snapshot, request: &SearchRequest, arrangement: &Arrangement) -> SearchPage {
    snapshot.search_arranged(request, arrangement, &|| false).expect("an answer")
}

#[track_caller]
fn check(request: &SearchRequest, arrangement: &Arrangement, expected: &[&str], total: u64) {
    let page = arranged(&shop(), request, arrangement);
    assert_eq!((ids(&page), page.total), (expected.to_vec(), total), "{request:?}");
}

#[test]
fn a_pinned_product_takes_its_place_and_is_shown_once() {
    check(&ask("shoe"), &pins(&[]), &["a", "b", "c", "d", "e"], 5);
    check(&ask("shoe"), &pins(&[("d", 1)]), &["d", "a", "b", "c", "e"], 5);
    check(&ask("shoe"), &pins(&[("e", 2), ("a", 3)]), &["b", "e", "a", "c", "d"], 5);
    // Two that want one place stand one behind the other.
    check(&ask("shoe"), &pins(&[("d", 2), ("e", 2)]), &["a", "d", "e", "b", "c"], 5);
}

#[test]
fn a_pinned_product_that_does_not_match_is_found_all_the_same() {
    check(&ask("shoe"), &pins(&[("x", 2)]), &["a", "x", "b", "c", "d", "e"], 6);
    check(&ask("shoe"), &pins(&[("x", 99)]), &["a", "b", "c", "d", "e", "x"], 6);
    check(&ask("nothing like it"), &pins(&[("x", 1), ("y", 5)]), &["x", "y"], 2);
    let facets = |facets: &[&str]| facets.iter().map(|&name| name.to_owned()).collect();
    let request = SearchRequest { facets: facets(&["brand"]), ..ask("shoe") };
    let page = arranged(&shop(), &request, &pins(&[("x", 1), ("y", 2)]));
    let counts: Vec<_> = page.facets[0].values.iter().map(|value| (value.value.clone(), value.count)).collect();
    let expected = [("Nike", 3), ("Puma", 2), ("Asics", 1), ("Ikea", 1)];
    assert_eq!((counts, page.total), (expected.map(|(value, count)| (json!(value), count)).to_vec(), 7));
    // A facet's own selection does not shrink it, for pinned products neither.
    let selected = SearchRequest { facets: facets(&["brand"]), ..filtered("brand:Puma") };
    let page = arranged(&shop(), &SearchRequest { q: "shoe".into(), ..selected }, &pins(&[("x", 1)]));
    let nike = page.facets[0].values.iter().find(|value| value.value == "Nike").map(|value| value.count);
    assert_eq!((ids(&page), nike), (vec!["b", "c"], Some(3)));
}

#[test]
fn filters_hold_for_pinned_products() {
    let request = |filter: &str| SearchRequest { q: "shoe".into(), ..filtered(filter) };
    check(&request("brand:Nike"), &pins(&[("x", 1), ("c", 2)]), &["x", "a", "d"], 3);
    check(&request("price < 55"), &pins(&[("x", 1)]), &["a", "b", "c", "d", "e"], 5);
    check(&request("price > 35"), &pins(&[("x", 1)]), &["x", "d", "e"], 3);
    let within = SearchRequest { within: Some(filter::parse("brand:Puma").unwrap()), ..ask("shoe") };
    check(&within, &pins(&[("x", 1), ("c", 1)]), &["c", "b"], 2);
}

#[test]
fn a_product_that_does_not_exist_is_no_pin() {
    check(&ask("shoe"), &pins(&[("gone", 1), ("e", 2)]), &["a", "e", "b", "c", "d"], 5);
}

#[test]
fn a_pinned_product_stands_for_its_group() {
    let request = SearchRequest { group: Some("group".into()), ..ask("shoe") };
    check(&request, &pins(&[]), &["a", "c", "e"], 3);
    check(&request, &pins(&[("d", 1)]), &["d", "a", "e"], 3);
    check(&request, &pins(&[("d", 1), ("x", 2)]), &["d", "x", "a", "e"], 4);
    let page = arranged(&shop(), &request, &pins(&[("b", 1), ("a", 2)]));
    assert_eq!(page.hits.iter().map(|hit| (&*hit.id, hit.group_count)).collect::<Vec<_>>()[0], ("b", Some(2)));
    assert_eq!((ids(&page), page.total_products), (vec!["b", "c", "e"], Some(5)));
}

#[test]
fn hidden_products_are_not_found_counted_or_pinned() {
    let hiding = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
    let arrangement = Arrangement { hidden: hiding(&["b", "gone", "x"]), ..pins(&[("b", 1), ("x", 1), ("e", 1)]) };
    check(&ask("shoe"), &arrangement, &["e", "a", "c", "d"], 4);
    let request = SearchRequest { facets: vec!["brand".into()], ..ask("shoe") };
    let page = arranged(&shop(), &request, &Arrangement { hidden: hiding(&["b", "c"]), ..Arrangement::default() });
    assert!(page.facets[0].values.iter().all(|value| value.value != "Puma"));
}

#[test]
fn hidden_products_are_looked_up_once_a_snapshot_and_looking_can_be_cancelled() {
    let (snapshot, asked) = (shop(), AtomicUsize::new(0));
    let hiding = |ids: &[&str]| Arrangement { hidden: ids.iter().map(|&id| id.into()).collect(), ..pins(&[]) };
    let search = |arrangement: &Arrangement, request: &SearchRequest| {
        let before = asked.load(Ordering::Relaxed);
        let cancel = || asked.fetch_add(1, Ordering::Relaxed) == usize::MAX;
        let page = snapshot.search_arranged(request, arrangement, &cancel).expect("an answer");
        (ids(&page).join(" "), asked.load(Ordering::Relaxed) - before)
    };
    let hidden = hiding(&["a", "gone", "e"]);
    assert_eq!(search(&hidden, &ask("shoe")), ("b c d".to_owned(), 3));
    assert_eq!(search(&hidden, &ask("red shoe")).1, 0, "another query has the same products hidden");
    assert_eq!(search(&hiding(&["a"]), &ask("shoe")), ("b c d e".to_owned(), 1));
    let stopped = shop().search_arranged(&ask("shoe"), &hidden, &|| true);
    assert!(matches!(stopped, Err(IndexError::Cancelled)), "{stopped:?}");
}

#[test]
fn an_explained_answer_calls_no_word_found_that_a_pinned_product_lacks() {
    let request = SearchRequest { explain_ranking: true, ..ask("lam") };
    let page = arranged(&shop(), &request, &pins(&[("a", 1)]));
    assert_eq!(ids(&page), ["a", "x", "y"]);
    let how = |at: usize| page.hits[at].ranking.as_ref().expect("explained")["words"][0]["match"].clone();
    assert_eq!((how(0), how(1)), (json!("missing"), json!("direct")));
}

fn factors(factors: &[(&str, f32)]) -> Arrangement {
    let factor = |(text, factor): &(&str, f32)| Factor {
        filter: filter::parse(text).expect("a filter"),
        factor: *factor,
        rule: "r".into(),
    };
    Arrangement { factors: factors.iter().map(factor).collect(), ..Arrangement::default() }
}

#[test]
fn factors_reorder_and_change_nothing_else() {
    check(&ask("shoe"), &factors(&[("brand:Puma", 2.0)]), &["b", "c", "a", "d", "e"], 5);
    check(&ask("shoe"), &factors(&[("brand:Puma", 0.5)]), &["a", "d", "e", "b", "c"], 5);
    check(&ask("shoe"), &factors(&[("price > 15", 2.0), ("brand:Puma", 0.1)]), &["d", "e", "a", "b", "c"], 5);
    check(&ask("shoe"), &factors(&[("nobody_has_it:1", 2.0)]), &["a", "b", "c", "d", "e"], 5);
    // Without words, too: a category's page has an order.
    check(&ask(""), &factors(&[("brand:Puma", 2.0), ("brand:Nike", 0.5)]), &["b", "c", "e", "y", "a", "d", "x"], 7);
    // What lacks a word stays behind what has them all.
    check(&ask("red shoe"), &factors(&[("brand:Puma", 100.0)]), &["a", "b", "c", "d", "e"], 5);
}

#[test]
fn a_factor_on_a_live_field_makes_the_answer_depend_on_it() {
    let page = arranged(&shop(), &ask("shoe"), &factors(&[("price > 15", 2.0)]));
    assert!(matches!(page.live, storefind_index::answer::LiveDependency::Products(products) if products.len() == 5));
}

#[test]
fn a_filter_restricts_what_is_found_and_its_facets() {
    let only = |text: &str| Arrangement { filters: vec![filter::parse(text).unwrap()], ..Arrangement::default() };
    check(&ask("shoe"), &only("brand:Puma"), &["b", "c"], 2);
    check(&ask("shoe"), &only("nobody_has_it:1"), &[], 0);
    let request = SearchRequest { facets: vec!["brand".into()], ..ask("shoe") };
    let page = arranged(&shop(), &request, &only("NOT brand:Nike"));
    let values: Vec<_> = page.facets[0].values.iter().map(|value| value.value.clone()).collect();
    assert_eq!(values, [json!("Puma"), json!("Asics")]);
}

#[test]
fn a_pin_is_a_variant_of_its_own() {
    let page = arranged(&shop(), &ask("shoe"), &pins(&[("X 1", 1)]));
    let variant = page.dependency.variants.iter().find(|variant| variant.name == "pin:1").expect("stated");
    assert_eq!((variant.required, &*variant.clauses[0].terms), (1, &["id=x 1".to_owned()][..]));
}

#[test]
fn ranking_tells_what_rules_did() {
    let request = SearchRequest { explain_ranking: true, ..ask("shoe") };
    let arrangement = Arrangement { pins: pins(&[("x", 1)]).pins, ..factors(&[("brand:Puma", 2.0)]) };
    let page = arranged(&shop(), &request, &arrangement);
    let ranking = |at: usize| page.hits[at].ranking.clone().expect("explained");
    assert_eq!(ranking(0)["pinned"], json!({"rule": "r", "position": 1}));
    assert_eq!((&*page.hits[1].id, &ranking(1)["rule_factors"]), ("b", &json!([{"rule": "r", "factor": 2.0}])));
    assert_eq!((&ranking(3)["rule_factors"], &ranking(3)["pinned"]), (&Value::Null, &Value::Null));
}

#[test]
fn rules_reach_the_answer() {
    let rules = json!([{"id": "r", "when": {"query": "shoes"}, "then": {"pin": [{"id": "e"}], "hide": ["a"]}}]);
    let book = RuleBook::new(Arc::new(serde_json::from_value(rules).unwrap()), &Arc::default());
    let request = ask("shoe");
    check(&request, &book.arrange(&request, 0), &["e", "b", "c", "d"], 4);
}

proptest! {
    #[test]
    fn pages_neither_repeat_nor_skip_wherever_something_is_pinned(
        places in proptest::collection::btree_map("[a-exyz]", 1usize..9, 0..5),
        hidden in proptest::option::of("[a-exyz]"),
        per_page in 1usize..4,
        cut in 1usize..7,
        grouped: bool,
    ) {
        let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::default()).expect("an index in memory");
        for (at, id) in ["a", "b", "c", "d", "e", "x", "y"].iter().enumerate() {
            let title = if at < 5 { "shoe" } else { "lamp" };
            let group = ["g1", "g2", "g3"][at % 3];
            put(&mut writer, &product(&json!({"id": id, "title": title, "popularity": 9 - at, "group": group})), at as u64 + 1);
            if at == cut {
                writer.commit(at as u64).expect("a commit");
            }
        }
        let snapshot = writer.commit(9).expect("a commit");
        let mut placed: Vec<_> = places.iter().map(|(id, position)| (id.as_str(), *position)).collect();
        placed.sort_by_key(|(_, position)| *position);
        let arrangement = Arrangement { hidden: hidden.iter().cloned().collect(), ..pins(&placed) };
        let whole = SearchRequest { group: grouped.then(|| "group".to_owned()), ..ask("shoe") };
        let all = arranged(&snapshot, &whole, &arrangement);
        prop_assert_eq!(all.total as usize, all.hits.len());
        let mut paged = Vec::new();
        for page in 1..=9 {
            let request = SearchRequest { page, per_page, ..whole.clone() };
            let page = arranged(&snapshot, &request, &arrangement);
            prop_assert!(page.hits.len() <= per_page && page.total == all.total);
            paged.extend(ids(&page).into_iter().map(str::to_owned));
        }
        prop_assert_eq!(&paged, &ids(&all));
        // Everything that is not pinned stays in its order.
        let plain = search(&snapshot, &whole);
        let rest = |page: &SearchPage| -> Vec<String> {
            let free = |id: &&str| !places.contains_key(*id) && hidden.as_deref() != Some(*id);
            ids(page).into_iter().filter(free).map(str::to_owned).collect()
        };
        if !grouped {
            prop_assert_eq!(rest(&all), rest(&plain));
        }
    }
}
