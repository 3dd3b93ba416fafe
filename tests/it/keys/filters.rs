//! What a key's filter hides, and from whom.

use std::sync::Barrier;

use serde_json::Value;

use super::{ask, get, key};
use crate::support::server::{Answer, TestServer};

/// Two shops in one catalog; what is theirs alone says so.
const PRODUCTS: &str = r#"{"id":"n1","title":"Northern kettle","brand":"Northbrand","price":10,"categories":["Norths > Kettles"],"tenant":"north"}
{"id":"n2","title":"Northern lamp","brand":"Northbrand","price":20,"categories":["Norths > Lamps"],"tenant":"north"}
{"id":"s1","title":"Southern kettle","brand":"Southbrand","price":30,"categories":["Souths > Kettles"],"tenant":"south","southernness":"high"}
"#;

fn server() -> TestServer {
    let limited = |name: &str, filter: &str| {
        key(name, &format!("scopes = [\"search\"]\ncatalogs = [\"shop\"]\nfilter = {filter:?}"))
    };
    let keys = [
        limited("north", "tenant:north"),
        limited("south", "tenant:south"),
        limited("nobody", "tenant:nobody AND secret_field:true"),
        key("all", "scopes = [\"search\", \"write\", \"merchandise\", \"admin\"]\ncatalogs = [\"*\"]"),
    ];
    let server = TestServer::with(&keys.concat());
    let headers = ["Authorization: Bearer all", "Content-Type: application/x-ndjson"];
    let answer = server.request("POST", "/v1/shop/products?wait=searchable", &headers, PRODUCTS.as_bytes());
    assert_eq!((answer.status, answer.json()["accepted"].as_u64()), (202, Some(3)), "{}", answer.text());
    // Suggestions are made in the background, and each new set of them is a new question to autocomplete.
    crate::support::server::until("there are suggestions", || {
        let answer = get(&server, "all", "/v1/shop/autocomplete?q=").json();
        answer["suggestions"].as_array().is_some_and(|suggestions| !suggestions.is_empty())
    });
    server
}

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let hits = body["hits"].as_array().or_else(|| body["products"].as_array()).unwrap();
    let mut ids: Vec<_> = hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// Nothing of an answer tells of the other shop.
fn assert_clean(answer: &Answer, other: &str) {
    let text = format!("{}{}", answer.head, answer.text()).to_lowercase();
    assert!(!text.contains(other), "{text}");
}

#[test]
fn rules_show_a_key_nothing_beyond_its_filter() {
    let server = server();
    let rules = serde_json::json!({"rules": [{
        "id": "southern rule", "when": {"query": "kettle"},
        "then": {"pin": [{"id": "s1"}], "boost": [{"filter": "tenant:north OR tenant:south"}]}
    }]});
    let headers = ["Authorization: Bearer all", "Content-Type: application/json"];
    let put = server.request("PUT", "/v1/shop/rules?wait=searchable", &headers, rules.to_string().as_bytes());
    assert_eq!(put.status, 202, "{}", put.text());
    for path in ["/v1/shop/search?q=kettle", "/v1/shop/search?q=kettle&explain=ranking,cache"] {
        let answer = get(&server, "north", path);
        assert_eq!(ids(&answer), ["n1"]);
        assert_clean(&answer, "south");
        assert_clean(&answer, "s1");
    }
    assert_eq!(ids(&get(&server, "all", "/v1/shop/search?q=kettle")), ["n1", "s1"]);
}

#[test]
fn two_keys_never_see_each_others_answers_from_any_path() {
    let server = server();
    let paths = [
        "/v1/shop/search?q=kettle",
        "/v1/shop/search",
        "/v1/shop/search?facets=brand,tenant,categories,price",
        "/v1/shop/search?q=kettle&filter=tenant:north%20OR%20tenant:south&facets=tenant",
        "/v1/shop/autocomplete?q=ke",
        "/v1/shop/autocomplete?q=",
        "/v1/shop/autocomplete?q=&filter=price%3E0",
    ];
    for path in paths {
        // Three rounds: computed, from memory, from the raw-URL front; each after the other key's.
        for round in 0..3 {
            for (name, own, other) in [("north", "n", "south"), ("south", "s", "north")] {
                let answer = get(&server, name, path);
                let found = ids(&answer);
                assert!(!found.is_empty() && found.iter().all(|id| id.starts_with(own)), "{name} {path}: {found:?}");
                if !path.contains("tenant:south") {
                    assert_clean(&answer, other);
                }
                let control = answer.header("cache-control").unwrap_or_default();
                assert!(control.starts_with("private") && !control.contains("public"), "{control}");
                let is_hit = answer.header("cache-status").unwrap_or_default().contains("; hit");
                assert_eq!(is_hit, round > 0, "{name} {path} {round}: {}", answer.head);
            }
        }
        let all = get(&server, "all", path);
        assert_eq!(ids(&all).len(), if path.contains("kettle") || path.contains("q=ke") { 2 } else { 3 }, "{path}");
        assert!(all.header("cache-control").is_some_and(|control| control.starts_with("public")), "{}", all.head);
    }
}

#[test]
fn a_body_by_post_is_bounded_like_a_query_string() {
    let server = server();
    for round in 0..2 {
        for (name, expected) in [("north", &["n1"][..]), ("south", &["s1"]), ("all", &["n1", "s1"])] {
            let answer = ask(&server, name, "POST", "/v1/shop/search", "{\"q\":\"kettle\"}");
            assert_eq!(ids(&answer), expected, "{name} {round}");
        }
    }
}

#[test]
fn a_bound_is_no_selection_of_its_facet() {
    let server = server();
    let values = |answer: &Answer, facet: &str| -> Vec<String> {
        let body = answer.json();
        let values = body["facets"][facet]["values"].as_array().unwrap();
        values.iter().map(|value| value["value"].as_str().unwrap().to_owned()).collect()
    };
    // The same words as a selection widen the facet; the key's do not.
    let selected = get(&server, "all", "/v1/shop/search?filter=tenant:north&facets=tenant,brand");
    assert_eq!(values(&selected, "tenant"), ["north", "south"]);
    let bounded = get(&server, "north", "/v1/shop/search?facets=tenant,brand");
    assert_eq!(
        (values(&bounded, "tenant"), values(&bounded, "brand")),
        (vec!["north".into()], vec!["Northbrand".into()])
    );
    let both = get(&server, "north", "/v1/shop/search?filter=tenant:north&facets=tenant,brand");
    assert_eq!(values(&both, "tenant"), ["north"]);
}

#[test]
fn an_answer_held_by_one_key_is_not_confirmed_to_the_other() {
    let server = server();
    let path = "/v1/shop/search?q=kettle";
    let tags = ["north", "south"].map(|name| get(&server, name, path).header("etag").unwrap());
    assert_ne!(tags[0], tags[1]);
    for (name, held, status) in [("north", 0, 304), ("north", 1, 200), ("south", 1, 304), ("south", 0, 200)] {
        let headers = [format!("Authorization: Bearer {name}"), format!("If-None-Match: {}", tags[held])];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = server.request("GET", path, &headers, b"");
        assert_eq!(answer.status, status, "{name} with the tag of {held}");
        assert!(
            answer.header("cache-control").is_some_and(|control| control.starts_with("private")),
            "{}",
            answer.head
        );
    }
}

#[test]
fn who_asks_at_the_same_time_shares_only_with_the_same_key() {
    let server = server();
    let names = ["north", "south", "all"];
    for round in 0..10 {
        let path = format!("/v1/shop/search?q=kettle&per_page={}", round + 5);
        let together = Barrier::new(names.len() * 3);
        std::thread::scope(|scope| {
            for name in names.into_iter().cycle().take(names.len() * 3) {
                let (server, path, together) = (&server, &path, &together);
                scope.spawn(move || {
                    together.wait();
                    let expected: &[&str] = match name {
                        "north" => &["n1"],
                        "south" => &["s1"],
                        _ => &["n1", "s1"],
                    };
                    assert_eq!(ids(&get(server, name, path)), expected, "{name}");
                });
            }
        });
    }
}

#[test]
fn suggestions_tell_nothing_of_products_beyond_the_key() {
    let server = server();
    let texts = |answer: &Answer| -> Vec<(String, u64)> {
        let body = answer.json();
        let suggestions = body["suggestions"].as_array().unwrap().iter();
        suggestions.map(|one| (one["text"].as_str().unwrap().to_owned(), one["results"].as_u64().unwrap())).collect()
    };
    // Suggestions are made in the background.
    crate::support::server::until("there are suggestions for both", || {
        let all = texts(&get(&server, "all", "/v1/shop/autocomplete?q="));
        all.iter().any(|(text, _)| text.contains("outh")) && all.iter().any(|(text, _)| text.contains("orth"))
    });
    for q in ["", "s", "so", "n", "ke", "southern k"] {
        let north = get(&server, "north", &format!("/v1/shop/autocomplete?q={}&limit=20", q.replace(' ', "+")));
        let leaked = texts(&north).into_iter().find(|(text, _)| text.to_lowercase().contains("south"));
        assert_eq!(leaked, None, "{q}");
        assert!(texts(&north).iter().all(|(_, results)| (1..=2).contains(results)), "{:?}", texts(&north));
        if q == "n" {
            let kettle = ("Northern kettle".to_owned(), 1);
            assert!(texts(&north).contains(&kettle), "one has all its words, another one of them: {:?}", texts(&north));
        }
        let body = north.json();
        assert!(!body["suggestions"].to_string().contains("Souths"), "{body}");
    }
}

#[test]
fn what_a_suggestion_finds_is_counted_anew_when_a_synonym_comes() {
    let server = server();
    let put = |line: &str| {
        let headers = ["Authorization: Bearer all", "Content-Type: application/x-ndjson"];
        let answer = server.request("POST", "/v1/shop/products?wait=searchable", &headers, line.as_bytes());
        assert_eq!(answer.status, 202, "{}", answer.text());
    };
    let counted = || {
        let body = get(&server, "north", "/v1/shop/autocomplete?q=lap").json();
        body["suggestions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["text"] == "Laptop")
            .map(|it| it["results"].clone())
    };
    put(r#"{"id":"n3","title":"Laptop","price":1,"tenant":"north"}"#);
    crate::support::server::until("it is suggested", || counted().is_some());
    assert_eq!(counted(), Some(1.into()));
    // It does not begin with `lap`, and suggestions say the same as before.
    put(r#"{"id":"n4","title":"Notebook","price":1,"tenant":"north"}"#);
    assert_eq!(counted(), Some(2.into()));
}

#[test]
fn an_explanation_and_an_error_tell_nothing_beyond_the_key() {
    let server = server();
    let explained = get(&server, "north", "/v1/shop/search?q=southrn+kettle&explain=cache,ranking");
    assert_clean(&explained, "southbrand");
    let account: Value = explained.json()["explain"].clone();
    assert!(account["variants"].as_array().is_some_and(|variants| !variants.is_empty()), "{account}");
    assert!(!account["variants"].to_string().contains("clauses"), "{account}");
    let open = get(&server, "all", "/v1/shop/search?q=southrn+kettle&explain=cache");
    assert!(open.json()["explain"]["variants"].to_string().contains("clauses"));
    // The name that was probably meant, and the list of names, come from every product.
    let unknown = get(&server, "north", "/v1/shop/search?filter=southernnes:high");
    assert_eq!(unknown.error(), (400, "unknown_field".into()));
    assert_clean(&unknown, "southernness");
    assert!(get(&server, "all", "/v1/shop/search?filter=southernnes:high").text().contains("southernness"));
}

#[test]
fn a_filter_on_a_field_that_no_product_has_finds_nothing_and_fails_nothing() {
    let server = server();
    assert_eq!(ids(&get(&server, "nobody", "/v1/shop/search")), Vec::<String>::new());
    assert_eq!(ids(&get(&server, "nobody", "/v1/shop/autocomplete?q=ke")), Vec::<String>::new());
}

#[test]
fn a_product_that_comes_into_sight_is_seen_and_one_that_leaves_is_not() {
    let server = server();
    let path = "/v1/shop/search?q=lamp";
    assert_eq!(ids(&get(&server, "south", path)), Vec::<String>::new());
    assert_eq!(ids(&get(&server, "north", path)), ["n2"]);
    let moved =
        ask(&server, "all", "PATCH", "/v1/shop/products/n2?wait=searchable", "{\"attributes\":{\"tenant\":\"south\"}}");
    assert_eq!(moved.status, 202, "{}", moved.text());
    assert_eq!(ids(&get(&server, "south", path)), ["n2"]);
    assert_eq!(ids(&get(&server, "north", path)), Vec::<String>::new());
}
