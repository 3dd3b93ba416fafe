//! Mistyped words.

use serde_json::json;
use storefind_index::request::SearchRequest;

use crate::fixture::{ask, catalog, ids, search, titled, titles};

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

#[test]
fn no_model_number_year_or_size_becomes_another() {
    let all = [
        "Toner TN2110",
        "Toner TN2120",
        "Guide 2024",
        "Guide 2025",
        "TV 55 inch",
        "TV 50 inch",
        "Stick 16GB",
        "Stick 18GB",
    ];
    let snapshot = titled(&all);
    for (query, others) in [("tn2110", "TN2120"), ("2024", "2025"), ("55 inch", "50 inch"), ("16gb", "18GB")] {
        let page = search(&snapshot, &SearchRequest { prefix: false, ..ask(query) });
        assert_eq!((page.total, page.corrected.as_deref()), (1, None), "{query}");
        assert!(!titles(&page)[0].contains(others), "{query}");
    }
    for query in ["tn2111", "2023", "52 inch", "17gb", "guide 2023", "toner tn2111"] {
        let page = search(&snapshot, &SearchRequest { prefix: false, ..ask(query) });
        assert_eq!((page.corrected.as_deref(), page.did_you_mean.as_deref()), (None, None), "{query}");
    }
}

#[test]
fn an_exact_word_with_enough_results_is_not_corrected() {
    let mut all: Vec<String> = (0..10).map(|n| format!("Carry case {n}")).collect();
    all.extend((0..10).map(|n| format!("Curry powder {n}")));
    let snapshot = titled(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let page = search(&snapshot, &SearchRequest { prefix: false, ..ask("carry") });
    assert_eq!((page.total, page.corrected), (10, None));
}

/// `carry` finds something, `harry` ten times as much.
fn wizards() -> Vec<String> {
    let mut all: Vec<String> = vec!["Carry potter pot".into(), "Carry case".into()];
    all.extend((0..40).map(|n| format!("Harry Potter book {n}")));
    all
}

#[test]
fn a_rare_word_near_a_common_one_is_offered_and_not_replaced() {
    let all = wizards();
    let snapshot = titled(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let page = search(&snapshot, &SearchRequest { prefix: false, ..ask("Carry potter") });
    assert_eq!((page.corrected.as_deref(), page.did_you_mean.as_deref()), (None, Some("harry potter")));
    assert_eq!(titles(&page)[0], "Carry potter pot", "what was typed comes first");
    let page = search(&snapshot, &SearchRequest { prefix: false, ..ask("harry potter") });
    assert_eq!(page.did_you_mean, None, "a common word is no mistake");
    let page = search(&snapshot, &SearchRequest { prefix: false, ..ask("carry case") });
    assert_eq!(page.did_you_mean, None, "no harry has a case");
}

#[test]
fn nothing_is_offered_that_the_asker_cannot_see_or_did_not_want() {
    let all = wizards();
    let snapshot = titled(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let within = storefind_index::filter::parse("id:p0 OR id:p1").expect("a filter");
    let request = SearchRequest { prefix: false, within: Some(within), ..ask("carry potter") };
    assert_eq!(search(&snapshot, &request).did_you_mean, None);
    let request = SearchRequest { prefix: false, typos: false, ..ask("carry potter") };
    assert_eq!(search(&snapshot, &request).did_you_mean, None);
}

#[test]
fn another_form_of_a_word_is_no_offer() {
    let mut all: Vec<String> = (0..40).map(|n| format!("Laptop {n}")).collect();
    all.push("Laptops".into());
    let snapshot = titled(&all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(search(&snapshot, &SearchRequest { prefix: false, ..ask("laptops") }).did_you_mean, None);
}

#[test]
fn a_mistyped_word_is_corrected_although_another_word_is_missing() {
    let snapshot = titled(&["Gaming laptop", "Desk"]);
    let page = search(&snapshot, &ask("laptop zzqqx"));
    assert_eq!((titles(&page), page.relaxed, page.corrected), (vec!["Gaming laptop".to_owned()], true, None));
    let page = search(&snapshot, &ask("labtop zzqqx"));
    assert_eq!((titles(&page), page.relaxed), (vec!["Gaming laptop".to_owned()], true));
    assert_eq!(page.corrected.as_deref(), Some("laptop zzqqx"));
}

#[test]
fn what_is_told_as_a_correction_is_a_word() {
    for (title, typed, told) in [
        ("Samsung phone", "samsnu", "samsung"),
        ("Samsung-phone", "samsnu", "samsung"),
        ("Wireless Headphones", "haedph", "headphones"),
        ("Phone of Samsungs", "phone samsnu", "phone samsungs"),
    ] {
        let page = search(&titled(&[title, "Desk"]), &ask(typed));
        assert_eq!((titles(&page), page.corrected.as_deref()), (vec![title.to_owned()], Some(told)), "{typed}");
    }
}

#[test]
fn a_mistyped_word_has_the_synonyms_of_what_was_meant() {
    let snapshot = titled(&["Silver notebook", "Notebook bag", "Desk"]);
    let page = search(&snapshot, &ask("labtop"));
    assert_eq!((titles(&page)[0].as_str(), page.total), ("Silver notebook", 2));
    assert_eq!(page.corrected.as_deref(), Some("laptop"));
    assert_eq!(search(&snapshot, &SearchRequest { typos: false, ..ask("labtop") }).total, 0);
}

#[test]
fn a_corrected_word_ranks_products_as_the_word_itself_does() {
    let snapshot = catalog(&[
        json!({"id": "1", "title": "Lamp", "description": "Stands well beside any pot, pan, cup, or kettle on a shelf"}),
        json!({"id": "2", "title": "Limescale remover strips for the long life of a kettle and of coffee machines"}),
        json!({"id": "3", "title": "Lamp kettle stand", "description": "A kettle stand for every kettle"}),
        json!({"id": "4", "title": "Steel kettle"}),
        json!({"id": "5", "title": "Lamp", "categories": ["Kitchen > Kettle"]}),
    ]);
    let ranked = |q: &str| {
        let page = search(&snapshot, &SearchRequest { prefix: false, ..ask(q) });
        ids(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let right = ranked("kettle");
    assert_eq!((right.len(), right[0].as_str()), (5, "4"));
    assert_eq!(ranked("kettel"), right);
}
