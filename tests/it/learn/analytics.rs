//! What merchandisers are told: figures of answers and of deeds, by day.

use serde_json::{Value, json};
use storefind::app::Mode;

use super::{NDJSON, shop, shoppers, until_learning};
use crate::support::server::{TestServer, until};

fn analytics(server: &TestServer) -> Value {
    let answer = server.get("/v1/shop/analytics");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn queries(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|query| query["query"].as_str().unwrap()).collect()
}

#[test]
fn answers_count_from_the_cache_as_from_the_index_and_over_restarts() {
    let server = shop("");
    for _ in 0..3 {
        server.get("/v1/shop/search?q=unicorn");
        server.get("/v1/shop/search?q=unicorn&facets=*");
        server.get("/v1/shop/search?q=kettel");
        // Neither further pages, nor narrowed answers, nor autocompletes are searches.
        server.get("/v1/shop/search?q=kettle&page=2");
        server.get("/v1/shop/search?q=kettle&filter=in_stock:true");
        server.get("/v1/shop/autocomplete?q=kettle");
        server.get("/v1/shop/search?q=jane@example.org");
    }
    let told = analytics(&server);
    assert_eq!(queries(&told["top"]), ["unicorn", "kettel"]);
    assert_eq!((queries(&told["zero_results"]), &told["zero_results"][0]["answered"]), (vec!["unicorn"], &json!(6)));
    assert_eq!(
        (&told["typos"]["queries"][0]["corrected_to"], &told["typos"]["corrected"]["answered"]),
        (&json!("kettle"), &json!(3))
    );
    assert_eq!(told["days"][0]["answered"], 9);
    server.get("/v1/shop/search?q=unicorn");

    let server = TestServer::over(server.into_data(), "", Mode::ReadWrite);
    until_learning(&server);
    assert_eq!(analytics(&server)["zero_results"][0]["answered"], 7, "what was not counted yet is, when it stops");
}

#[test]
fn deeds_are_told_beside_answers() {
    let server = shop("cache.warm_up.limit = \"0s\"");
    for _ in 0..4 {
        server.get("/v1/shop/search?q=kettle");
    }
    shoppers(&server, "kettle", 0..20);
    let purchase = json!({"type": "purchase", "session": 3, "ids": ["1"]}).to_string();
    server.request("POST", "/v1/shop/events", &[NDJSON], purchase.as_bytes());
    let told = analytics(&server);
    let kettle = &told["top"][0];
    for (figure, expected) in
        [("answered", 4), ("searches", 20), ("clicks", 20), ("purchases", 1), ("found_nothing", 0)]
    {
        assert_eq!(kettle[figure], expected, "{figure}");
    }
    assert_eq!((&kettle["click_rate"], &kettle["mean_position"]), (&json!(1.0), &json!(1.0)));
    assert_eq!(queries(&told["low_clicks"]), ["kettle"]);
}

#[test]
fn days_and_limits_are_checked_and_obeyed() {
    let server = shop("");
    for query in ["kettle", "red", "blue"] {
        for _ in 0..3 {
            server.get(&format!("/v1/shop/search?q={query}"));
        }
    }
    until("all are counted", || analytics(&server)["top"].as_array().unwrap().len() == 3);
    assert_eq!(server.get("/v1/shop/analytics?limit=2").json()["top"].as_array().unwrap().len(), 2);
    let past = server.get("/v1/shop/analytics?from=2020-01-01&to=2020-12-31").json();
    assert_eq!((&past["from"], &past["days"], &past["top"]), (&json!("2020-01-01"), &json!([]), &json!([])));
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("from=today", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-02-02&to=2026-02-01", "from"),
    ] {
        let answer = server.get(&format!("/v1/shop/analytics?{query}"));
        assert_eq!((answer.status, &answer.json()["error"]["parameter"]), (400, &json!(parameter)), "{query}");
    }
    assert_eq!(server.get("/v1/none/analytics").error(), (404, "unknown_catalog".into()));
}

#[test]
fn a_personal_query_that_was_answered_is_counted_and_on_no_disk() {
    let server = shop("");
    for _ in 0..3 {
        server.get("/v1/shop/search?q=jane%40example.org");
        server.get("/v1/shop/search?q=%2B49+171+5556677");
        server.get("/v1/shop/search?q=kettle");
    }
    let day = &analytics(&server)["days"][0];
    assert_eq!((&day["withheld"], &day["answered"]), (&json!(6), &json!(3)));
    let server = TestServer::over(server.into_data(), "", Mode::ReadWrite);
    until_learning(&server);
    assert_eq!(analytics(&server)["days"][0]["withheld"], 6, "over a restart, too");
    let data = server.into_data();
    let questions = std::fs::read(data.path().join("catalogs/shop/questions")).unwrap();
    let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    assert!(holds(&questions, "kettle") && !holds(&questions, "jane") && !holds(&questions, "5556677"));
}
