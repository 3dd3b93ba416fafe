//! Autocomplete that learns: what is suggested because shoppers searched it, and what never is.

use serde_json::json;
use storefind::app::Mode;

use super::{send, shop, shoppers, suggested, until_learning};
use crate::support::server::{TestServer, until};

fn cache(server: &TestServer, prefix: &str) -> String {
    server.get(&format!("/v1/shop/autocomplete?q={prefix}")).header("cache-status").unwrap()
}

#[test]
fn what_enough_shoppers_search_is_suggested_at_once_and_after_a_restart() {
    let server = shop("");
    assert!(suggested(&server, "blue k").is_empty());
    until("it is kept", || cache(&server, "blue%20k").contains("hit"));
    shoppers(&server, "Blue Kettle", 0..9);
    shoppers(&server, "blue kettle", 9..12);
    // The kept answer says nothing, and gives way as soon as there is something to say.
    until("it is suggested", || suggested(&server, "blue k") == ["blue kettle"]);
    let answer = server.get("/v1/shop/autocomplete?q=blue%20k").json();
    let suggestion = &answer["suggestions"][0];
    assert_eq!((&suggestion["results"], &suggestion["highlight"]), (&json!(1), &json!("<em>blue k</em>ettle")));
    until("it is kept again", || cache(&server, "blue%20k").contains("hit"));

    let server = TestServer::over(server.into_data(), "", Mode::ReadWrite);
    until("it is suggested after a restart", || suggested(&server, "blue k") == ["blue kettle"]);
}

#[test]
fn a_suggestion_finds_what_can_be_bought_and_tells_on_nobody() {
    let server = shop("");
    shoppers(&server, "unicorn", 0..20);
    shoppers(&server, "green tea pot", 0..20);
    shoppers(&server, "red kettle", 0..9);
    shoppers(&server, "jane@example.org kettle", 0..20);
    shoppers(&server, "red kettel", 20..40);
    shoppers(&server, "blue kettle", 0..20);
    until("learned suggestions are there", || suggested(&server, "blue k") == ["blue kettle"]);
    for prefix in ["unic", "green t", "jane", "red kettel"] {
        assert!(!suggested(&server, prefix).iter().any(|text| text.starts_with(prefix)), "{prefix}");
    }
    // Nine sessions were too few, but those who mistyped it meant the same.
    assert_eq!(suggested(&server, "red k"), ["red kettle"]);
    // What is sold out is suggested once it can be bought.
    let live = "{\"id\":\"3\",\"stock\":5}\n";
    server.request("POST", "/v1/shop/live?wait=searchable", &[super::NDJSON], live.as_bytes());
    let server = TestServer::over(server.into_data(), "", Mode::ReadWrite);
    until_learning(&server);
    until("it can be bought", || suggested(&server, "green t") == ["green tea pot"]);
}

#[test]
fn a_blocked_word_is_not_suggested_from_the_moment_that_it_is_set() {
    let server = shop("");
    shoppers(&server, "blue kettle", 0..20);
    until("it is suggested", || suggested(&server, "blue k") == ["blue kettle"]);
    let put = |settings: &str| {
        let headers = ["Content-Type: application/json"];
        server.request("PUT", "/v1/shop/settings?wait=searchable", &headers, settings.as_bytes()).status
    };
    assert_eq!(put("{\"autocomplete\":{\"blocked\":[\"k3ttle\"]}}"), 202);
    assert!(suggested(&server, "blue k").is_empty());
    assert!(suggested(&server, "k").is_empty(), "names are blocked as well");
    assert_eq!(put("{}"), 202);
    until("it is suggested again", || suggested(&server, "blue k") == ["blue kettle"]);
}

#[test]
fn what_shoppers_want_comes_before_what_products_are_called() {
    let server = shop("");
    let names = suggested(&server, "kettle");
    assert!(!names.contains(&"kettle red".to_owned()), "{names:?}");
    for session in 0..30 {
        // Typing: only the last one counts.
        let typed = ["ke", "kettl", "kettle r", "kettle red"]
            .map(|query| json!({"type": "search", "session": session, "query": query}));
        send(&server, &typed);
    }
    until("they rested on it", || {
        suggested(&server, "kettle").first().is_some_and(|text| text.to_lowercase() == "kettle red")
    });
    let texts = suggested(&server, "ke");
    assert!(!texts.iter().any(|text| ["ke", "kettl", "kettle r"].contains(&text.as_str())), "{texts:?}");
}
