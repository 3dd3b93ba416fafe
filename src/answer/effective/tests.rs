//! Same meaning, same key; another meaning, another key.

use proptest::prelude::*;
use storefind_index::analysis::fold::fold;
use storefind_index::settings::Settings;

use super::*;
use crate::answer::params::{Params, complete as complete_params, search as search_params};

const SCOPE: KeyScope<'static> = KeyScope { catalog: "demo", settings_version: 3, rules: 0 };

fn effective(raw: &str) -> SearchRequest {
    let params = Params::from_query(raw, search_params::NAMES).expect(raw);
    normal(search_params::read(params).expect(raw).request)
}

fn normal(request: SearchRequest) -> SearchRequest {
    search(request, &Settings::default())
}

fn key(raw: &str) -> String {
    search_key(SCOPE, &effective(raw)).text().to_owned()
}

fn complete_of(raw: &str) -> CompleteRequest {
    let params = Params::from_query(raw, complete_params::NAMES).expect(raw);
    complete(complete_params::read(params).expect(raw))
}

#[test]
fn spelling_variants_of_one_question_share_a_key() {
    let same: &[&[&str]] = &[
        &[
            "q=laptop",
            "q=LapTop",
            "q=+laptop++",
            "q=laptop%09",
            "q=laptop&page=1&per_page=20&sort=relevance&typos=true",
        ],
        &["q=caf%C3%A9", "q=CAF%C3%89", "q=cafe%CC%81", "q=CAFE%CC%81"],
        &["q=air+max", "q=air++max", "q=air%C2%A0max", "q=air%00max"],
        &["", "q=", "q=+", "typos=false", "prefix=false", "facet_limit=7", "highlight_pre=[", "fields=*"],
        &["facets=brand,price", "facets=price,brand", "facets=brand,price,brand", "facets=price&facets=brand"],
        &["facets=*", "facets=price,brand,categories"],
        &["fields=title,price", "fields=price,title"],
        &["sort=price", "sort=price:asc", "sort=price:asc,price:desc"],
        &["filter=brand:HP+AND+color:red", "filter=color:red+and+brand:HP", "filter=(brand:HP)+AND+(color:red)"],
        &["q=a&min_sequence=7", "q=a&explain=cache", "q=a"],
    ];
    for variants in same {
        for variant in *variants {
            assert_eq!(key(variant), key(variants[0]), "{variant}");
        }
    }
}

#[test]
fn different_questions_have_different_keys() {
    let raws = [
        "",
        "q=laptop",
        "q=laptops",
        "q=cafe",
        "q=caf%C3%A9",
        "q=lap+top",
        "q=%22lap+top%22",
        "q=laptop&filter=brand:HP",
        "q=laptop&filter=brand:%22HP+2%22",
        "q=laptop&facets=brand",
        "q=laptop&facets=brand,price",
        "q=laptop&facets=brand&facet_limit=7",
        "q=laptop&sort=price",
        "q=laptop&sort=price:desc",
        "q=laptop&sort=price,brand",
        "q=laptop&sort=brand,price",
        "q=laptop&page=2",
        "q=laptop&per_page=2",
        "q=laptop&per_page=0",
        "q=laptop&group=color",
        "q=laptop&fields=title",
        "q=laptop&highlight=title",
        "q=laptop&highlight=title&highlight_pre=[",
        "q=laptop&highlight=title&highlight_post=]",
        "q=laptop&typos=false",
        "q=laptop&prefix=false",
        "q=laptop%26page%3D2",
    ];
    let mut keys: Vec<_> = raws.iter().map(|raw| key(raw)).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), raws.len());
}

#[test]
fn an_empty_list_of_fields_is_not_all_fields() {
    let none = normal(SearchRequest { fields: Some(vec![]), ..SearchRequest::default() });
    assert_ne!(search_key(SCOPE, &none).text(), key(""));
}

#[test]
fn another_window_of_ranking_is_another_question() {
    let narrow = normal(SearchRequest { window: 3, ..SearchRequest::default() });
    assert_ne!(search_key(SCOPE, &narrow).text(), key(""));
}

#[test]
fn how_much_is_enough_and_whether_wording_is_told_are_other_questions() {
    let content = normal(SearchRequest { enough: 3, ..SearchRequest::default() });
    assert_ne!(search_key(SCOPE, &content).text(), key(""));
    let silent = normal(SearchRequest { tells_wording: false, ..SearchRequest::default() });
    assert_ne!(search_key(SCOPE, &silent).text(), key(""));
}

#[test]
fn names_with_commas_and_colons_cannot_be_mistaken_for_several() {
    let request = |facets: &[&str]| {
        let facets = facets.iter().map(|facet| (*facet).to_owned()).collect();
        search_key(SCOPE, &normal(SearchRequest { facets, ..SearchRequest::default() })).text().to_owned()
    };
    assert_ne!(request(&["a,b"]), request(&["a", "b"]));
    assert_ne!(request(&["a&facets=b"]), request(&["a", "b"]));
}

#[test]
fn catalog_settings_rules_kind_and_suggestions_are_part_of_the_key() {
    let request = effective("q=a");
    let other_catalog = KeyScope { catalog: "demo/3?", ..SCOPE };
    let other_settings = KeyScope { settings_version: 4, ..SCOPE };
    let with_rules = KeyScope { rules: 10, ..SCOPE };
    let completed = complete_of("q=a");
    let keys = [
        search_key(SCOPE, &request),
        search_key(other_catalog, &request),
        search_key(other_settings, &request),
        search_key(with_rules, &request),
        search_key(SCOPE, &effective("q=a&context=b,a")),
        complete_key(with_rules, 1, &completed),
        complete_key(SCOPE, 1, &completed),
        complete_key(SCOPE, 2, &completed),
    ];
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key), "{}", key.text());
    }
    assert_eq!(keys[0].text(), "search/v5/demo/3?q=a");
}

#[test]
fn a_blank_at_the_end_of_a_prefix_is_kept_once() {
    assert_eq!(complete_of("q=HP++").q, "hp ");
    assert_eq!(complete_of("q=HP").q, "hp");
    assert_eq!(complete_of("q=++").q, "");
}

#[test]
fn letters_with_two_small_forms_are_folded_like_the_index_does() {
    for (q, normal) in
        [("ΟΔΟΣ", "οδοσ"), ("İstanbul", "i̇stanbul"), ("STRAßE", "straße"), ("K", "k"), ("\u{3f9}", "\u{3f2}")]
    {
        assert_eq!(normalise(q), normal);
        assert_eq!(fold(&normalise(q)), fold(q), "{q}");
    }
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(q in "(\\PC|[ \\tA-Zé\u{301}]){0,40}") {
        let once = normalise(&q);
        prop_assert_eq!(normalise(&once), once.clone());
        prop_assert!(!once.contains("  ") && once == once.trim());
    }

    #[test]
    fn normalising_keeps_what_the_index_reads(q in "\\PC{0,40}") {
        prop_assert_eq!(squeeze(&fold(&normalise(&q))), squeeze(&fold(&q)));
    }

    #[test]
    fn case_and_blanks_make_no_other_key(words in prop::collection::vec("[a-zäöüéñ0-9]{1,8}", 0..5), blanks in 1..4_usize) {
        let plain = SearchRequest { q: words.join(" "), ..SearchRequest::default() };
        let spelled = words.join(&" ".repeat(blanks)).to_uppercase().nfd().collect::<String>();
        let spelled = SearchRequest { q: format!(" {spelled}\t"), ..SearchRequest::default() };
        // `ß` alone grows when it is put in capitals, and it is not among the letters.
        prop_assert_eq!(search_key(SCOPE, &normal(plain)), search_key(SCOPE, &normal(spelled)));
    }

    #[test]
    fn equal_keys_mean_equal_requests(a in request(), b in request()) {
        let (a, b) = (normal(a), normal(b));
        prop_assert_eq!(search_key(SCOPE, &a) == search_key(SCOPE, &b), a == b);
    }
}

/// Small enough that two are often nearly alike.
fn request() -> impl Strategy<Value = SearchRequest> {
    let names = || prop::collection::vec(prop::sample::select(vec!["a", "b", "a,b", "a&facets=b"]), 0..3);
    let owned = |names: Vec<&str>| names.into_iter().map(String::from).collect::<Vec<_>>();
    (
        "[aA ]{0,3}",
        names().prop_map(owned),
        prop::option::of(names().prop_map(owned)),
        1..3_usize,
        any::<bool>(),
        prop::option::of(prop::sample::select(vec!["g", "sort=g"])),
        prop::sample::select(vec!["[", "<em>"]),
    )
        .prop_map(|(q, facets, fields, page, typos, group, pre)| SearchRequest {
            q,
            facets: facets.clone(),
            highlight: facets,
            fields,
            page,
            typos,
            group: group.map(String::from),
            highlight_pre: pre.into(),
            ..SearchRequest::default()
        })
}

#[test]
fn a_bound_is_another_question_than_the_same_words_as_a_selection() {
    let filter = |text: &str| Some(storefind_index::filter::parse(text).expect("a filter"));
    let bounded = |within: &str, request: SearchRequest| {
        let request = normal(SearchRequest { within: filter(within), ..request });
        search_key(SCOPE, &request).text().to_owned()
    };
    let (none, selected) = (effective("q=a"), effective("q=a&filter=brand:HP"));
    let keys = [
        search_key(SCOPE, &none).text().to_owned(),
        search_key(SCOPE, &selected).text().to_owned(),
        bounded("brand:HP", none.clone()),
        bounded("brand:Dell", none.clone()),
        bounded("brand:HP", selected.clone()),
        // Nobody forges a bound from behind the question mark.
        key("q=a%26within%3Dbrand%253AHP"),
    ];
    for (at, one) in keys.iter().enumerate() {
        assert!(keys[at + 1..].iter().all(|other| other != one), "{one}");
    }
    assert_eq!(bounded("brand:HP AND color:red", none.clone()), bounded("(color:red) AND brand:HP", none));
    let complete_key =
        |within| complete_key(SCOPE, 1, &complete(CompleteRequest { within, ..complete_of("q=a") })).text().to_owned();
    assert_ne!(complete_key(filter("brand:HP")), complete_key(None));
    assert_ne!(complete_key(filter("brand:HP")), complete_key(filter("brand:Dell")));
}
