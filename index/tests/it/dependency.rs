//! What answers state that they depend on.

use serde_json::json;
use storefind_index::dependency::Variant;
use storefind_index::request::SearchRequest;
use storefind_index::settings::{Settings, Synonym};

use crate::fixture::{ask, catalog, catalog_with, filtered, search, titled};

fn variant<'a>(variants: &'a [Variant], name: &str) -> &'a Variant {
    variants.iter().find(|variant| variant.name == name).unwrap_or_else(|| panic!("{name} of {variants:?}"))
}

fn clauses(variant: &Variant) -> Vec<Vec<&str>> {
    variant.clauses.iter().map(|clause| clause.terms.iter().map(String::as_str).collect()).collect()
}

#[test]
fn a_word_states_its_forms_and_synonyms() {
    let synonyms = vec![Synonym { from: Some("shoe".into()), to: vec!["sneaker".into()], weight: 0.8 }];
    let products = [json!({"title": "Red shoe", "brand": "Nike"})];
    let snapshot = catalog_with(Settings { synonyms, ..Settings::default() }, &products);
    let request = SearchRequest { typos: false, prefix: false, ..filtered("brand:Nike AND price > 3") };
    let page = search(&snapshot, &SearchRequest { q: "red shoe".into(), ..request });
    let strict = variant(&page.dependency.variants, "strict");
    let expected =
        [vec!["stem:red", "stem:redsho"], vec!["stem:redsho", "stem:shoe", "stem:sneaker"], vec!["brand=nike"]];
    assert_eq!(clauses(strict), expected);
    assert_eq!(strict.required, 3);
}

#[test]
fn an_unfinished_word_states_its_prefix() {
    let page = search(&titled(&["Laptop"]), &SearchRequest { typos: false, ..ask("lapt") });
    assert_eq!(clauses(&page.dependency.variants[0]), [vec!["prefix:lapt", "stem:lapt"]]);
    let page = search(&titled(&["Laptop"]), &SearchRequest { typos: false, ..ask("uncharacteristic") });
    assert!(clauses(&page.dependency.variants[0])[0].contains(&"prefix:uncharacteri"));
}

#[test]
fn a_corrected_word_states_alternatives_and_reachable_buckets() {
    let page = search(&titled(&["Laptop", "Labtap"]), &SearchRequest { prefix: false, ..ask("labtop") });
    let typos = variant(&page.dependency.variants, "typos");
    let expected = [
        "bucket:l5",
        "bucket:l6",
        "bucket:l7",
        "stem:lab",
        "stem:labtop",
        "stem:notebook",
        "word:labtap",
        "word:laptop",
    ];
    assert_eq!(clauses(typos), [expected.to_vec()]);
}

#[test]
fn every_evaluated_variant_is_stated() {
    let page = search(&titled(&["Samsung phone"]), &ask("samsung phone"));
    let names: Vec<&str> = page.dependency.variants.iter().map(|variant| variant.name.as_str()).collect();
    assert_eq!(names, ["strict", "typos", "partial"]);
    assert_eq!(page.dependency.variants[2].required, 1);
}

#[test]
fn a_split_word_states_one_half_of_every_seam_whether_there_is_such_a_word_or_not() {
    let request = SearchRequest { typos: false, prefix: false, ..ask("laptopbag") };
    let page = search(&titled(&["Desk"]), &request);
    let splits = variant(&page.dependency.variants, "splits");
    let stated = clauses(splits);
    assert_eq!(stated.len(), 1);
    assert!(stated[0].contains(&"stem:laptop") && stated[0].contains(&"stem:topbag"), "{stated:?}");
    assert_eq!(stated[0].len(), 1 + 4, "the word itself and a half of each of four seams: {stated:?}");
    assert_eq!(clauses(variant(&page.dependency.variants, "apart")), stated);
}

#[test]
fn a_word_that_finds_enough_states_no_split() {
    let titles: Vec<String> = (0..10).map(|n| format!("Smartwatch {n}")).collect();
    let page = search(&titled(&titles.iter().map(String::as_str).collect::<Vec<_>>()), &ask("smartwatch"));
    let names: Vec<&str> = page.dependency.variants.iter().map(|variant| variant.name.as_str()).collect();
    assert_eq!(names, ["strict"]);
}

#[test]
fn a_rung_states_the_words_that_it_needs() {
    let page = search(
        &titled(&["Canon printer"]),
        &SearchRequest { typos: false, prefix: false, ..ask("canon printer 42 in black") },
    );
    let details = variant(&page.dependency.variants, "details");
    assert_eq!((details.required, details.clauses.len()), (2, 2));
    let partial = variant(&page.dependency.variants, "partial");
    assert_eq!((partial.required, partial.clauses.len()), (1, 2));
    assert!(page.dependency.variants.iter().all(|variant| variant.name != "any"), "something was found");
}

#[test]
fn a_price_in_words_states_what_its_filter_would() {
    let snapshot = catalog(&[json!({"title": "Lamp", "price": 30}), json!({"title": "Lamp", "price": 60})]);
    let plain = SearchRequest { typos: false, ..filtered("price < 50") };
    let plain = search(&snapshot, &SearchRequest { q: "lamp".into(), prefix: false, ..plain });
    let read = search(&snapshot, &SearchRequest { typos: false, ..ask("lamp under 50") });
    assert_eq!((read.total, &read.live), (1, &plain.live));
    assert_eq!(read.dependency, plain.dependency);
    assert_ne!(read.live, storefind_index::answer::LiveDependency::None);
}

#[test]
fn a_price_that_finds_nothing_states_both_readings() {
    let snapshot = catalog(&[json!({"title": "Lamp under 50 watts", "price": 60})]);
    let page = search(&snapshot, &SearchRequest { typos: false, prefix: false, ..ask("lamp under 50") });
    let names: Vec<&str> = page.dependency.variants.iter().map(|variant| variant.name.as_str()).collect();
    assert_eq!((page.total, page.interpreted.is_none()), (1, true));
    assert_eq!(names[..2], ["strict", "strict"]);
    let live = storefind_index::answer::LiveDependency::None;
    assert_ne!(page.live, live, "a cheaper lamp would be found by the reading");
}

#[test]
fn conditions_that_no_term_tells_give_no_clause() {
    let snapshot = catalog(&[json!({"brand": "Nike", "price": 3, "attributes": {"color": "red", "size": 3}})]);
    for (filter, expected) in [
        ("brand:nike OR color:red", vec![vec!["brand=nike", "@color=red"]]),
        ("brand:nike OR price:3", vec![]),
        ("(brand:nike AND color:red) OR color:blue", vec![vec!["brand=nike", "@color=blue"]]),
        ("NOT brand:nike", vec![]),
        ("size > 2", vec![]),
        ("size:3", vec![vec!["@size=3", "@size=3"]]),
    ] {
        let page = search(&snapshot, &filtered(filter));
        assert_eq!(clauses(&page.dependency.variants[0]), expected, "{filter}");
    }
}

#[test]
fn a_disjunctive_facet_states_the_query_without_its_own_selection() {
    let snapshot = catalog(&[json!({"brand": "Nike", "attributes": {"color": "red"}})]);
    let request = SearchRequest { facets: vec!["brand".into()], ..filtered("brand:nike AND color:red") };
    let page = search(&snapshot, &request);
    assert_eq!(clauses(variant(&page.dependency.variants, "facet:brand")), [vec!["@color=red"]]);
}

#[test]
fn an_empty_query_depends_on_every_change() {
    let page = search(&titled(&["Laptop"]), &ask(""));
    assert_eq!(page.dependency.variants.len(), 1);
    assert!(page.dependency.variants[0].clauses.is_empty());
}

#[test]
fn a_filter_states_its_value_as_products_have_it_however_it_is_written() {
    let snapshot = catalog(&[json!({"title": "Freezer", "attributes": {"degrees": -0.0}})]);
    for written in ["0", "-0", "0.0", "-0.0", "0e5"] {
        let page = search(&snapshot, &filtered(&format!("degrees:{written}")));
        assert_eq!(page.total, 1, "{written}");
        let stated = clauses(&page.dependency.variants[0]);
        assert!(stated[0].contains(&"@degrees=0"), "{written}: {stated:?}");
    }
}
