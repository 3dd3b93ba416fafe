//! Mistyped words.

use storefind_index::request::SearchRequest;

use crate::fixture::{ask, search, titled, titles};

#[test]
fn the_budget_grows_with_the_length() {
    let snapshot = titled(&["Tasche rot", "Laptop", "Headphones"]);
    for (query, found) in [
        ("rto", false),
        ("laptpo", true),
        ("labtop", true),
        ("labtpo", false),
        ("haedphoens", true),
        ("leadphones", false),
    ] {
        let request = SearchRequest { prefix: false, ..ask(query) };
        assert_eq!(search(&snapshot, &request).total == 1, found, "{query}");
    }
}

#[test]
fn words_with_digits_are_neither_corrected_nor_targets() {
    let snapshot = titled(&["Printer TN2110", "Galaxy phone", "Galax1y phone"]);
    assert_eq!(search(&snapshot, &ask("tn2111")).total, 0);
    let page = search(&snapshot, &SearchRequest { prefix: false, ..ask("galaxz") });
    assert_eq!(titles(&page), ["Galaxy phone"]);
}

#[test]
fn exact_comes_before_corrected() {
    let mut all = vec!["Carry case"];
    all.extend(["Harry Potter", "Carrz", "Carra carra carra"]);
    let page = search(&titled(&all), &SearchRequest { prefix: false, ..ask("carry") });
    assert_eq!(titles(&page)[0], "Carry case");
    assert_eq!(page.corrected, None);
    assert!(page.total > 1, "corrections are united with the word itself");
}

#[test]
fn a_correction_is_told() {
    let page = search(&titled(&["Gaming laptop"]), &ask("Gaming labtop"));
    assert_eq!(page.corrected.as_deref(), Some("Gaming laptop"));
}

#[test]
fn an_unfinished_and_mistyped_word_is_completed() {
    let page = search(&titled(&["Headphones black", "Desk"]), &ask("haedph"));
    assert_eq!(titles(&page), ["Headphones black"]);
}

#[test]
fn corrections_can_be_switched_off() {
    let request = SearchRequest { typos: false, ..ask("labtop") };
    assert_eq!(search(&titled(&["Laptop"]), &request).total, 0);
}
