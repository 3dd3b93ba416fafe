//! What counts beside the words: heads, sorts learned from the catalog, names, popularity, sold out; and that it changes
//! the order only.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use storefind_index::request::SearchRequest;
use storefind_index::settings::{Language, Ranking, Settings};
use storefind_index::snapshot::Snapshot;

use crate::fixture::{ask, catalog, ids, search, titled, titles};

fn first(snapshot: &Snapshot, q: &str) -> String {
    titles(&search(snapshot, &ask(q))).swap_remove(0)
}

#[test]
fn a_bag_for_laptops_is_no_laptop() {
    let snapshot =
        titled(&["Laptop bag for laptop", "Sleeve for laptop", "Zorg 15-db large gaming laptop 15.6\" silver"]);
    assert_eq!(first(&snapshot, "laptop"), "Zorg 15-db large gaming laptop 15.6\" silver");
    assert_eq!(first(&snapshot, "laptop bag"), "Laptop bag for laptop");
    assert_eq!(first(&snapshot, "sleeve for laptop"), "Sleeve for laptop");
}

#[test]
fn heads_are_found_in_other_forms_and_through_corrections() {
    let snapshot = titled(&["Printer cable printer cable", "Zorg office printer white"]);
    for q in ["printers", "printer", "prinetr"] {
        assert_eq!(first(&snapshot, q), "Zorg office printer white", "{q}");
    }
}

#[test]
fn a_brand_is_no_head() {
    let bag = json!({"title": "Bag for laptops", "brand": "Zorg"});
    let laptop = json!({"title": "Large and heavy, old laptop", "brand": "Zorg"});
    let snapshot = catalog(&[bag, laptop]);
    assert_eq!(first(&snapshot, "laptop zorg"), "Large and heavy, old laptop");
}

/// Cameras, of which some do not say so at the end of a phrase, and what belongs to cameras; each with a colour.
fn shop() -> Vec<Value> {
    let mut products = Vec::new();
    for at in 0..4 {
        let attributes = json!({"colour": "black", "sensor": "CMOS", "megapixels": 12 + at, "zoom": 3});
        products.push(json!({"title": format!("Zorg {at}0 compact camera"), "attributes": attributes}));
    }
    let attributes = json!({"colour": "red", "sensor": "CCD", "megapixels": 8, "zoom": 5});
    products.push(json!({"id": "untold", "title": "Zorg camera body kit ultra wide", "attributes": attributes}));
    for at in 0..20 {
        let attributes = json!({"colour": "black", "length": at});
        products.push(json!({"title": format!("Zorg {at}5 camera strap"), "attributes": attributes}));
    }
    products
}

fn place(snapshot: &Snapshot, q: &str, id: &str) -> usize {
    let page = search(snapshot, &SearchRequest { per_page: 100, ..ask(q) });
    ids(&page).iter().position(|found| *found == id).expect("a hit")
}

#[test]
fn a_product_is_known_by_what_it_has_in_common_with_the_best() {
    let snapshot = catalog(&shop());
    assert_eq!(place(&snapshot, "camera", "untold"), 4, "behind the cameras that say so, before every strap");
    let ranking = Ranking { kind: 0.0, ..Ranking::default() };
    let without = snapshot.with_settings(Settings { ranking, ..Settings::default() }).unwrap();
    assert!(place(&without, "camera", "untold") > 4);
}

/// The word alone is at the end of a phrase in paper, too; there are more computers.
#[test]
fn the_sort_is_that_of_most_products_that_are_called_so() {
    let mut products = Vec::new();
    for at in 0..30 {
        let attributes = json!({"processor": "Z80", "screen": 14, "ram": at, "battery": "Li"});
        let title = format!("Zorg {at}5 notebook silver 35 cm 1920 x 1080 pixels {at} GB");
        products.push(json!({"title": title, "attributes": attributes}));
    }
    for at in 0..5 {
        let attributes = json!({"sheets": at, "ruled": true, "cover": "soft", "paper": "A4"});
        products.push(json!({"id": format!("paper {at}"), "title": "Zorg notebook", "attributes": attributes}));
    }
    let snapshot = catalog(&products);
    assert!(place(&snapshot, "notebook", "paper 0") >= 30);
}

#[test]
fn where_no_match_says_what_it_is_the_catalog_does() {
    let mut products = shop();
    let attributes = json!({"colour": "red", "sensor": "CCD", "megapixels": 8, "zoom": 5});
    let title = "Zorg zoom camera body kit ultra wide steady silver old";
    products.push(json!({"id": "zoom", "title": title, "attributes": attributes}));
    products.push(json!({"id": "strap", "title": "camera zoom strap", "attributes": {"colour": "black", "length": 3}}));
    assert_eq!(first(&catalog(&products), "zoom camera"), title);
}

#[test]
fn generic_synonyms_find_and_weigh_less_than_the_word_itself() {
    let titles = ["Zorg notebook", "Zorg laptop", "Zorg lamp", "Zorg solid state drive"];
    let snapshot = titled(&titles);
    let found = |snapshot: &Snapshot, q: &str| -> Vec<String> {
        crate::fixture::titles(&search(snapshot, &SearchRequest { prefix: false, typos: false, ..ask(q) }))
    };
    assert_eq!(found(&snapshot, "laptops"), ["Zorg laptop", "Zorg notebook"]);
    assert_eq!(found(&snapshot, "notebook"), ["Zorg notebook", "Zorg laptop"]);
    assert_eq!(found(&snapshot, "ssd"), ["Zorg solid state drive"]);
    let off = Settings { generic_synonyms: false, ..Settings::default() };
    let off = snapshot.with_settings(off).unwrap();
    assert_eq!(found(&off, "laptops"), ["Zorg laptop"]);
}

#[test]
fn a_product_that_is_called_like_the_query_comes_first() {
    let snapshot = catalog(&[
        json!({"id": "title", "title": "Zorg Air 90", "description": "shoe"}),
        json!({"id": "case", "title": "Zorg Air 90 Zorg Air 90", "sku": "ab-12-cd"}),
        json!({"id": "other", "title": "ab 12 cd ab 12 cd ab12cd"}),
    ]);
    assert_eq!(ids(&search(&snapshot, &ask("zorg air-90")))[0], "title");
    assert_eq!(ids(&search(&snapshot, &ask("AB12CD")))[0], "case");
}

#[test]
fn popularity_and_stock_tip_the_scales_among_equals() {
    let snapshot = catalog(&[
        json!({"id": "a", "title": "red mug", "stock": 0, "popularity": 5}),
        json!({"id": "b", "title": "red mug", "stock": 3}),
        json!({"id": "c", "title": "red mug", "stock": 3, "popularity": 900}),
        json!({"id": "d", "title": "handle for red mug", "stock": 3, "popularity": 1_000}),
    ]);
    assert_eq!(ids(&search(&snapshot, &ask("mug"))), ["c", "b", "a", "d"]);
}

#[test]
fn only_the_order_changes_and_pages_do_not_overlap() {
    // More than the window, so that some pages lie behind it.
    let products: Vec<Value> = (0..500)
        .map(|at| {
            let title = if at % 3 == 0 { format!("mug {at}") } else { format!("mug holder {at}") };
            json!({"title": title, "popularity": at % 7, "categories": [format!("C > {}", at % 3)]})
        })
        .collect();
    let snapshot = catalog(&products);
    let text = Settings { ranking: Ranking::TEXT_ONLY, ..Settings::default() };
    let text = snapshot.with_settings(text).unwrap();
    let all = |snapshot: &Snapshot| {
        let pages = (1..=10).map(|page| search(snapshot, &SearchRequest { page, per_page: 50, ..ask("mug") }));
        pages.flat_map(|page| page.hits.into_iter().map(|hit| hit.id)).collect::<Vec<_>>()
    };
    let (ranked, unranked) = (all(&snapshot), all(&text));
    assert_ne!(ranked, unranked);
    let distinct: BTreeSet<&String> = ranked.iter().collect();
    assert_eq!((ranked.len(), distinct.len()), (500, 500));
    assert_eq!(distinct, unranked.iter().collect());
    // The same first products, however large the page.
    let at_once = search(&snapshot, &SearchRequest { per_page: 100, ..ask("mug") });
    assert_eq!(ids(&at_once), ranked[..100].iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn explain_tells_the_factors() {
    let snapshot = catalog(&shop());
    let page = search(&snapshot, &SearchRequest { explain_ranking: true, ..ask("camera") });
    let ranking = page.hits[0].ranking.as_ref().unwrap();
    assert_eq!((ranking["head"].as_bool(), ranking["named"].as_bool()), (Some(true), Some(false)));
    assert!(ranking["kind"].as_f64().unwrap() > 0.5, "{ranking}");
    let factors = ["wanted", "name", "popularity", "sold_out"].map(|name| ranking["factors"][name].as_f64().unwrap());
    let product = ranking["text"].as_f64().unwrap() * factors.iter().product::<f64>();
    assert!((ranking["score"].as_f64().unwrap() - product).abs() < 1e-3 * product, "{ranking}");
    assert!(factors[0] > 2.0 && factors[1] == 1.0, "{ranking}");
}

#[test]
fn other_settings_are_taken_unless_texts_would_be_read_in_another_way() {
    let snapshot = titled(&["mug"]);
    assert!(snapshot.with_settings(Settings { stop_words: vec!["x".into()], ..Settings::default() }).is_some());
    assert!(snapshot.with_settings(Settings { language: Language::German, ..Settings::default() }).is_none());
}

#[test]
fn the_plain_baseline_wants_every_word() {
    let snapshot = titled(&["red mug", "blue mug", "the mug"]);
    let found = |q: &str| snapshot.search_plain(q, 10).unwrap().len();
    assert_eq!((found("mugs"), found("red mugs"), found("the mug"), found("mugg"), found("")), (3, 1, 3, 0, 0));
}

#[test]
fn what_something_is_does_not_hang_on_its_price() {
    let mut products = Vec::new();
    for at in 0..12 {
        let attributes = json!({"processor": "i5", "display": 15.6, "memory": 8, "battery": at});
        let price = if at == 0 { 40 } else { 400 };
        let title = format!("Zorg {at} long and winding name of a silver notebook");
        products.push(json!({"title": title, "price": price, "attributes": attributes}));
    }
    for at in 0..3 {
        let attributes = json!({"ruling": "squared", "sheets": 80 + at, "cover": "hard"});
        products.push(json!({"title": "Leitz hardcover notebook", "price": 4 + at, "attributes": attributes}));
    }
    let snapshot = catalog(&products);
    assert_eq!(ids(&search(&snapshot, &ask("notebook under 50")))[0], "p0");
    let request = SearchRequest { facets: vec!["price".into()], ..ask("notebook under 50") };
    assert_eq!(ids(&search(&snapshot, &request))[0], "p0", "also where the facet selects");
}
