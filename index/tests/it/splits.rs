//! Words written as one, and words written apart.

use serde_json::json;
use storefind_index::request::SearchRequest;

use crate::fixture::{ask, catalog, search, titled, titles};

#[track_caller]
fn check(all: &[&str], query: &str, found: &[&str], corrected: Option<&str>) {
    let page = search(&titled(all), &SearchRequest { prefix: false, ..ask(query) });
    let mut sorted = titles(&page);
    sorted.sort();
    assert_eq!(sorted, found, "{query}");
    assert_eq!(page.corrected.as_deref(), corrected, "{query}");
}

#[test]
fn a_compound_finds_its_halves() {
    let all = ["Laptop bag red", "Smart watch", "Waterproof jacket", "Desk"];
    check(&all, "laptopbag", &["Laptop bag red"], Some("laptop bag"));
    check(&all, "laptopbags", &["Laptop bag red"], Some("laptop bags"));
    check(&all, "smartwatch", &["Smart watch"], Some("smart watch"));
    check(&all, "waterproofjacket", &["Waterproof jacket"], Some("waterproof jacket"));
    check(&all, "red laptopbag", &["Laptop bag red"], Some("red laptop bag"));
    check(&["Smart TV stand"], "tvstand", &["Smart TV stand"], Some("tv stand"));
    check(&["Apple iPhone 15", "Apple iPhone 14"], "iphone15", &["Apple iPhone 15"], Some("iphone 15"));
}

#[test]
fn both_halves_must_be_there_and_together() {
    let all = ["Laptop", "Bag", "Bag of a laptop", "Red laptop bag", "Keyboard", "Board game with key"];
    check(&all, "laptopbag", &["Red laptop bag"], Some("laptop bag"));
    check(&all, "keyboard", &["Keyboard"], None);
}

#[test]
fn where_nothing_else_is_found_halves_may_stand_apart() {
    let all = ["Laptop", "Bag", "Bag of a laptop"];
    check(&all, "laptopbag", &["Bag of a laptop"], Some("laptop bag"));
    check(&all, "laptopbug", &[], None);
    let page = search(&titled(&all), &SearchRequest { prefix: false, ..ask("laptopbag zzqqx") });
    assert_eq!((titles(&page), page.relaxed), (vec!["Bag of a laptop".to_owned()], true));
    let page = search(&titled(&all), &SearchRequest { prefix: false, ..ask("laptopbag") });
    assert!(!page.relaxed, "no word is missing");
}

#[test]
fn the_word_itself_comes_before_its_halves() {
    let page = search(&titled(&["Smart watch", "Smartwatch with a very long title indeed"]), &ask("smartwatch"));
    assert_eq!(titles(&page), ["Smartwatch with a very long title indeed", "Smart watch"]);
    assert_eq!(page.corrected, None);
}

#[test]
fn a_word_that_finds_enough_is_not_split() {
    let mut all: Vec<String> = (0..10).map(|n| format!("Laptop {n}")).collect();
    all.push("Lap top desk".into());
    let page = search(&titled(&all.iter().map(String::as_str).collect::<Vec<_>>()), &ask("laptop"));
    assert_eq!(page.total, 10);
}

#[test]
fn halves_are_found_in_any_field_but_not_across_fields() {
    let snapshot = catalog(&[
        json!({"title": "Nice", "description": "Our smart watch."}),
        json!({"title": "Smart", "description": "Watch it."}),
    ]);
    let page = search(&snapshot, &SearchRequest { prefix: false, ..ask("smartwatch") });
    assert_eq!(titles(&page), ["Nice"]);
}

#[test]
fn a_split_is_marked() {
    let request = SearchRequest { highlight: vec!["title".into()], prefix: false, ..ask("laptopbag") };
    let page = search(&titled(&["Red laptop bag"]), &request);
    assert_eq!(page.hits[0].highlights, [("title".to_owned(), vec!["Red <em>laptop</em> <em>bag</em>".to_owned()])]);
}

#[test]
fn splitting_is_no_correction_of_typing_errors() {
    let request = SearchRequest { typos: false, prefix: false, ..ask("laptopbag") };
    assert_eq!(search(&titled(&["Laptop bag"]), &request).total, 1);
}

#[test]
fn words_written_apart_are_joined_wherever_they_stand() {
    for (query, corrected) in [
        ("lap top", "laptop"),
        ("lap top bag", "laptop bag"),
        ("red lap top", "red laptop"),
        ("red lap top bag", "red laptop bag"),
        ("lap top for lap top", "laptop for laptop"),
    ] {
        check(&["Red laptop bag"], query, &["Red laptop bag"], Some(corrected));
    }
}

#[test]
fn a_number_of_which_only_a_part_is_found_is_told_as_typed() {
    let all = ["Adapter 520 black", "Cable"];
    check(&all, "adapter 520black", &["Adapter 520 black"], Some("adapter 520 black"));
    let page = search(&titled(&all), &SearchRequest { prefix: false, ..ask("SW-520BLACK") });
    assert_eq!((titles(&page), page.relaxed), (vec!["Adapter 520 black".to_owned()], true));
    assert_eq!(page.corrected, None);
}
