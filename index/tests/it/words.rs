//! What words find: forms, units, model numbers, phrases, exclusions, unfinished words, partial matches.

use serde_json::json;
use storefind_index::answer::Relaxation;
use storefind_index::request::SearchRequest;
use storefind_index::settings::{Settings, Synonym, Weights};

use crate::fixture::{ask, catalog, catalog_with, ids, search, titled, titles};

/// The products that have every word are exactly these, in any order, and come before all others.
#[track_caller]
fn check(all: &[&str], query: &str, expected: &[&str]) {
    let request = SearchRequest { typos: false, prefix: false, explain_ranking: true, ..ask(query) };
    let page = search(&titled(all), &request);
    let full = |hit: &&storefind_index::answer::Hit| {
        let ranking = hit.ranking.as_ref().expect("an explanation");
        ranking["words_matched"].as_u64() == Some(ranking["words"].as_array().map_or(0, Vec::len) as u64)
    };
    let count = page.hits.iter().filter(full).count();
    assert_eq!(page.hits.iter().take_while(full).count(), count, "{query} mixes full and partial matches");
    let mut found = titles(&page);
    found.truncate(count);
    found.sort();
    let mut expected: Vec<String> = expected.iter().map(|title| (*title).to_owned()).collect();
    expected.sort();
    assert_eq!(found, expected, "{query}");
    assert!(page.relaxed || page.total as usize == count, "total of {query}");
}

#[test]
fn a_word_finds_its_other_forms_and_spellings() {
    let all = ["Running Shoes", "Écran plat", "Laptop"];
    check(&all, "shoe", &["Running Shoes"]);
    check(&all, "RUN", &["Running Shoes"]);
    check(&all, "ecran", &["Écran plat"]);
    check(&all, "laptops", &["Laptop"]);
}

#[test]
fn a_number_with_its_unit_is_found_however_it_is_written() {
    let all = ["TV 17\" black", "TV 17 inch red", "TV 17in", "TV 19\"", "Stick 8 GB", "Stick 8GB", "Stick 16 GB"];
    for query in ["17\"", "17 inch", "17in", "17-inch"] {
        check(&all, query, &["TV 17\" black", "TV 17 inch red", "TV 17in"]);
    }
    for query in ["8gb", "8 gb", "8 GB"] {
        check(&all, query, &["Stick 8 GB", "Stick 8GB"]);
    }
}

#[test]
fn a_number_attribute_is_found_with_the_unit_of_its_name() {
    let snapshot = catalog(&[
        json!({"title": "Notebook A", "attributes": {"Display diagonal (inch)": 15.6, "RAM GB": 16, "weight_kg": [1.5, 2]}}),
        json!({"title": "Notebook B", "attributes": {"Display diagonal (inch)": 17, "RAM GB": 8, "count": 16}}),
    ]);
    for query in ["15.6 inch", "15,6\"", "16gb", "16 GB", "2 kg", "1.5kg"] {
        let page = search(&snapshot, &SearchRequest { prefix: false, ..ask(query) });
        assert_eq!((titles(&page)[0].as_str(), page.relaxed, page.total), ("Notebook A", false, 1), "{query}");
    }
}

#[test]
fn a_model_number_is_found_by_its_parts_joined_and_with_spaces() {
    let all = ["HP dv7-1211ea", "HP dv7-3100ea", "HP dv6-1211ea"];
    for query in ["dv7-1211ea", "dv71211ea", "dv7 1211ea", "dv7 1211"] {
        check(&all, query, &["HP dv7-1211ea"]);
    }
    check(&all, "dv7", &["HP dv7-1211ea", "HP dv7-3100ea"]);
}

#[test]
fn parts_with_digits_are_found_side_by_side() {
    let all = [
        "ZEL-008Z-1 socks, pack of 24",
        "ZEL-008Z-2 socks",
        "Socks (zel 008z 2)",
        "Socks ZEL008Z2",
        "ZEL 2-008Z socks",
        "ZEL-008Z-24 socks",
    ];
    check(&all, "ZEL-008Z-2", &["ZEL-008Z-2 socks", "Socks (zel 008z 2)", "Socks ZEL008Z2"]);
    check(&all, "socks ZEL-008Z-1", &["ZEL-008Z-1 socks, pack of 24"]);
    check(&all, "zel 2 008z", &["ZEL-008Z-2 socks", "Socks (zel 008z 2)", "ZEL 2-008Z socks"]);
    check(&["MP3 player", "Player for MP3"], "mp3-player", &["MP3 player", "Player for MP3"]);
    check(&["3 for 2", "2 for 3"], "3-for-2", &["3 for 2", "2 for 3"]);
}

#[test]
fn another_model_is_found_for_want_of_the_one_asked_for_and_told() {
    let without_last = Relaxation { step: "details", without: vec!["2".into()], missing_max: 1 };
    let page = search(&titled(&["ZEL-008Z-1 socks, pack of 24"]), &ask("ZEL-008Z-2"));
    assert_eq!((page.total, &page.relaxation), (1, &vec![without_last]));
    let page = search(&titled(&["ZEL-008Z-1 socks, pack of 24", "ZEL-008Z-2 socks"]), &ask("ZEL-008Z-2"));
    assert_eq!(titles(&page), ["ZEL-008Z-2 socks", "ZEL-008Z-1 socks, pack of 24"]);
}

#[test]
fn the_last_part_of_a_number_may_be_unfinished() {
    let page = search(&titled(&["ZEL-008Z-24 socks", "ZEL-008Z-1 socks, pack of 24"]), &ask("ZEL-008Z-2"));
    assert_eq!(titles(&page)[0], "ZEL-008Z-24 socks");
    let page = search(&titled(&["ZEL-008Z-24 socks"]), &ask("ZEL-008Z-2"));
    assert_eq!((page.total, page.relaxed), (1, false));
}

#[test]
fn neighbours_are_also_found_joined() {
    check(&["Laptop bag", "Desk lap"], "lap top", &["Laptop bag"]);
    for query in ["wi-fi", "wifi", "wi fi"] {
        check(&["Wi-Fi router", "Wifi stick"], query, &["Wi-Fi router", "Wifi stick"]);
    }
    check(&["T-Shirts", "Tshirt"], "tshirts", &["T-Shirts", "Tshirt"]);
}

#[test]
fn joined_neighbours_are_told_as_a_correction() {
    let page = search(&titled(&["Laptop bag"]), &ask("lap top"));
    assert_eq!(page.corrected.as_deref(), Some("laptop"));
    let page = search(&titled(&["Laptop bag, top loader"]), &ask("lap top"));
    assert_eq!(page.corrected.as_deref(), Some("laptop"), "also when the product has one half as a word");
}

#[test]
fn a_phrase_must_stand_together() {
    let all = ["Nike Air Max red", "Max Air pump", "Windows 10 licence"];
    check(&all, "\"air max\"", &["Nike Air Max red"]);
    check(&all, "air max", &["Nike Air Max red", "Max Air pump"]);
    check(&all, "\"windows 10\"", &["Windows 10 licence"]);
}

#[test]
fn a_phrase_does_not_span_two_values() {
    let snapshot =
        catalog(&[json!({"title": "x", "tags": ["air", "max"]}), json!({"title": "y", "tags": ["air max"]})]);
    assert_eq!(ids(&search(&snapshot, &ask("\"air max\""))), ["p1"]);
}

#[test]
fn an_excluded_word_excludes_all_its_forms() {
    let all = ["Red shoe", "Red shoes", "Blue shoe"];
    check(&all, "-blue", &["Red shoe", "Red shoes"]);
    check(&all, "red -shoes", &[]);
    check(&["Nike Air Max", "Nike Max Air"], "nike -\"air max\"", &["Nike Max Air"]);
}

#[test]
fn the_last_word_may_be_unfinished() {
    let snapshot = titled(&["Laptop bag", "Lapis necklace", "Desk"]);
    let page = search(&snapshot, &SearchRequest { typos: false, ..ask("lap") });
    assert_eq!(page.total, 2);
    let page = search(&snapshot, &SearchRequest { typos: false, prefix: false, ..ask("lap") });
    assert_eq!(page.total, 0);
    let long = titled(&["Thermoplasticity", "Thermoplasticizer", "Thermoplastic"]);
    let page = search(&long, &SearchRequest { typos: false, ..ask("thermoplasticit") });
    assert_eq!(titles(&page), ["Thermoplasticity"]);
}

#[test]
fn a_whole_word_comes_before_a_longer_one() {
    let snapshot = titled(&["Mousepad XL", "Mouse wireless optical silent", "Mousetrap"]);
    assert_eq!(titles(&search(&snapshot, &ask("mouse")))[0], "Mouse wireless optical silent");
}

#[test]
fn stop_words_need_not_be_there_unless_there_is_nothing_else() {
    let all = ["Bag laptop", "The Boys", "Boys"];
    check(&all, "bag for the laptop", &["Bag laptop"]);
    check(&all, "the", &["The Boys"]);
}

#[test]
fn products_that_lack_words_come_last_and_are_reported() {
    let snapshot = titled(&["Samsung phone", "Samsung fridge", "Nokia phone"]);
    let page = search(&snapshot, &ask("samsung phone"));
    assert!(page.relaxed);
    assert_eq!(page.total, 3);
    assert_eq!(titles(&page)[0], "Samsung phone");
    let page = search(&snapshot, &ask("samsung"));
    assert!(!page.relaxed);
}

#[test]
fn enough_full_matches_are_not_relaxed() {
    let titles: Vec<String> = (0..12).map(|n| format!("Samsung phone {n}")).collect();
    let mut all: Vec<&str> = titles.iter().map(String::as_str).collect();
    all.push("Samsung fridge");
    let page = search(&titled(&all), &ask("samsung phone"));
    assert_eq!((page.total, page.relaxed), (12, false));
}

#[test]
fn synonyms_work_one_way_or_both() {
    let synonyms = vec![
        Synonym { from: None, to: vec!["laptop".into(), "notebook".into(), "portable computer".into()], weight: 0.8 },
        Synonym { from: Some("tv".into()), to: vec!["television".into()], weight: 0.8 },
    ];
    let settings = Settings { synonyms, generic_synonyms: false, ..Settings::default() };
    let products: Vec<_> = ["Laptop A", "Notebook B", "Portable gaming computer", "Television C", "TV D"]
        .iter()
        .map(|title| json!({"title": title}))
        .collect();
    let snapshot = catalog_with(settings, &products);
    let total = |q: &str| search(&snapshot, &SearchRequest { typos: false, prefix: false, ..ask(q) }).total;
    assert_eq!((total("laptops"), total("laptop")), (3, 3), "any form of the word has the synonym");
    assert_eq!((total("notebook"), total("tv"), total("television")), (3, 2, 1));
    assert_eq!(total("portable computer"), 3);
}

#[test]
fn a_field_without_weight_is_not_searched() {
    let searchable = Weights { description: 0.0, ..Weights::default() };
    let settings = Settings { searchable, ..Settings::default() };
    let snapshot = catalog_with(settings, &[json!({"title": "Lamp", "description": "warm light"})]);
    assert_eq!(search(&snapshot, &ask("lamp")).total, 1);
    assert_eq!(search(&snapshot, &SearchRequest { typos: false, ..ask("light") }).total, 0);
}

#[test]
fn highlights_mark_what_matched_in_the_text_as_written() {
    let snapshot = catalog(&[json!({"title": "Écran 17\" für Läptop-Taschen", "tags": ["ecran", "other"]})]);
    let request =
        SearchRequest { highlight: vec!["title".into(), "tags".into(), "brand".into()], ..ask("17in ecrans") };
    let page = search(&snapshot, &request);
    let expected = [
        ("title".to_owned(), vec!["<em>Écran</em> <em>17\"</em> für Läptop-Taschen".to_owned()]),
        ("tags".to_owned(), vec!["<em>ecran</em>".to_owned(), "other".to_owned()]),
    ];
    assert_eq!(page.hits[0].highlights, expected);
}

#[test]
fn any_query_is_answered() {
    let snapshot = titled(&["Laptop", "日本 TV"]);
    let long = "a".repeat(500);
    for query in
        ["\"", "-", "--", "\"\"", "🦀", "\0", "日", "\u{202e}abc", "'", "17\"\"", &long, "- \"a\" -b", "c++ && || ( )"]
    {
        search(&snapshot, &ask(query));
    }
    assert_eq!(search(&snapshot, &ask("日本")).total, 1);
}
